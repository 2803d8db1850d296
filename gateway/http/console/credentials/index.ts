/** What a verifier of credentials needs of their issuer, for everybody: its keys, and which credentials are revoked. */
import { YitongError } from '../../../../contracts/errors.js';
import type { Service } from '../../../documents/context.js';
import { credentialsOf } from '../../../documents/credentials/index.js';

const service: Service = {
  port: 'people',
  register(app, context) {
    const credentials = credentialsOf(context);
    app.addHook('onClose', () => credentials.close());

    // at the root, since the issuer is an address without a path (draft-ietf-oauth-sd-jwt-vc, section "JWT VC Issuer
    // Metadata")
    app.get(
      '/.well-known/jwt-vc-issuer',
      { schema: { hide: true }, config: { offers: ['application/json'], public: true } },
      async (_request, reply) =>
        reply
          .type('application/json')
          .header('cache-control', 'public, max-age=300')
          .send(await credentials.metadata()),
    );
    app.get<{ Params: { list: string } }>(
      '/status/:list',
      { schema: { hide: true }, config: { open: true, offers: ['application/statuslist+jwt'], public: true } },
      async (request, reply) => {
        const { list } = request.params;
        const token = /^\d{1,9}$/.test(list) ? await credentials.list(Number(list)) : undefined;
        if (token === undefined) throw new YitongError('not_found', 'there is no such status list');
        // it is believed for a minute from its signature, whoever kept it
        return reply.type('application/statuslist+jwt').header('cache-control', 'public, max-age=10').send(token);
      },
    );
  },
};
export default service;
