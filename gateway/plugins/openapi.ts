/** The API's own description, made from the routes' schemas and served at /v1/openapi.json. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { readFileSync } from 'node:fs';
import type { GatewayContext } from '../context.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };

/** OpenAPI 3.1 knows mutual TLS; the plugin's types know 3.0 only, so it is added to what the plugin made. */
const securitySchemes = { mutualTLS: { type: 'mutualTLS', description: 'a client certificate bound to a client of the workspace' } };

export async function openApiPlugin(app: FastifyInstance, context: GatewayContext): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `Yitong gateway: ${context.workspace.name.en}`,
        version,
        description: 'Cross-department queries for a stated purpose. Every request presents a client certificate; every decision is on record before its answer leaves.',
      },
    },
  });
  app.get('/v1/openapi.json', { schema: { summary: 'this description', tags: ['about'], response: { 200: { type: 'object', additionalProperties: true } } } }, () => {
    const described = app.swagger() as { readonly components?: object };
    return { ...described, security: [{ mutualTLS: [] }], components: { ...described.components, securitySchemes } };
  });
}
