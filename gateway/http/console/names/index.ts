/**
 * /console/names: companies by a part of their name, for the field that offers them while somebody types. The same
 * look-up as that of a form, as JSON.
 */

import { keyOf } from '../../../../contracts/ids.js';
import type { Service } from '../../../documents/context.js';
import { namesOfCompanies } from '../../../documents/names/lookup.js';
import { ROLES } from '../../../ground/identity/person.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { tellOf } from '../../ui/choose.js';

interface Body {
  readonly name?: string;
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const names = await namesOfCompanies(context);
    app.addHook('onClose', () => names.close());
    const { definition } = names;
    if (definition === undefined) return;
    const roles = ROLES.filter((role) => definition.roles.has(role));
    // sent by POST: what somebody looks for stands in no address
    app.post<{ Body: Body }>(
      '/console/names',
      { schema: { hide: true }, config: { roles, offers: ['application/json'] } },
      async (request, reply) => {
        const { language } = request;
        const { person } = sessionOf(request);
        const found = await names.find(request.body.name ?? '', {
          person,
          role: roleOf(request, person),
          requestId: request.id,
          record: app.people.record,
        });
        void reply.header('cache-control', 'no-store');
        if (found.kind !== 'found') return reply.send({ kind: found.kind, choices: [], more: false });
        return reply.send({
          kind: found.kind,
          more: found.more,
          choices: found.choices.map((one) => ({
            key: keyOf(one.subject),
            name: one.name,
            tell: tellOf(one, language),
          })),
        });
      },
    );
  },
};
export default service;
