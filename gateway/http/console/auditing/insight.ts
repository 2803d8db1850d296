/** /console/privileges: what is granted and was not used. */
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { unused } from '../../../../policies/privilege.js';
import { namesOf } from '../../../documents/words/names.js';
import { useOf } from '../../../log/verify/use-of-grants.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { type Auditing, numberOf } from './auditing.js';
import { privilegesPage } from './insight-page.js';

const ROLES = ['auditor'] as const;

export function insightRoutes(app: FastifyInstance, { context, reports, search }: Auditing): void {
  const { workspace, now } = context;
  app.get<{ Querystring: { days?: string } }>(
    '/console/privileges',
    {
      schema: { hide: true },
      config: { roles: ROLES, nav: { title: { zh: '授权使用情况', en: 'Least privilege' }, order: 34 } },
    },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { language } = request;
      const days = numberOf(request.query.days, 'days') ?? 90;
      if (days < 1 || days > 36_500) throw new YitongError('bad_request', '`days` is from 1 to 36500');
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'privileges',
        role: 'auditor',
        detail: { days },
      });
      const { use, begins } = await useOf(search());
      return sendFramed(request, reply, {
        title: language === 'zh' ? '授权使用情况' : 'Least privilege',
        workspace,
        children: privilegesPage({
          language,
          days,
          names: namesOf(context, language, reports),
          report: unused(context.inForce().policies, workspace, use, now(), days),
          logBegins: begins,
        }),
      });
    },
  );
}
