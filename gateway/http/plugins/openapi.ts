/** The API's own description, made from the routes' schemas and served at /v1/openapi.json. */

import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { ErrorCode } from '../../../contracts/errors.js';
import { open, problemSchema } from '../../answer/question/schemas.js';
import type { GatewayContext } from '../../documents/context.js';
import { errorAnswers } from './openapi/errors.js';
import { loadExamples, withExamples } from './openapi/examples.js';
import { GROUPS } from './openapi/groups.js';
import { type Described, withFile } from './openapi/operation.js';
import { unchanging } from './unchanging.js';

const { version } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What this route is likely to refuse with, beside what every route may: for its description. */
    errors?: readonly ErrorCode[];
  }
}

/** OpenAPI 3.1 knows mutual TLS; the plugin's types know 3.0 only, so it is added to what the plugin made. */
const securitySchemes = {
  mutualTLS: { type: 'mutualTLS', description: 'a client certificate bound to a client of the workspace' },
};

const named = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}');

export async function openApiPlugin(app: FastifyInstance, context: GatewayContext): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `Yitong gateway: ${context.workspace.name.en}`,
        version,
        description:
          'Cross-department queries for a stated purpose. Every request presents a client certificate; every ' +
          'decision is on record before its answer leaves.',
      },
      tags: Object.entries(GROUPS).map(([name, { about }]) => ({ name, description: about })),
    },
  });
  const errors = new Map<string, readonly ErrorCode[]>();
  const files = new Map<string, readonly string[]>();
  app.addHook('onRoute', ({ method, url, config, schema }: RouteOptions) => {
    for (const one of [method].flat().map((name) => `${name.toLowerCase()} ${named(url)}`)) {
      if (config?.errors !== undefined) errors.set(one, config.errors);
      // a body that is a file has no schema
      if (schema?.consumes !== undefined && schema.body === undefined) files.set(one, schema.consumes);
    }
  });
  const examples = await loadExamples(context.workspace);
  const made = (): Described => {
    const { paths = {}, ...rest } = app.swagger() as Partial<Described>;
    const operations = Object.entries(paths).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [
          method,
          withExamples(
            errorAnswers(
              withFile(operation, files.get(`${method} ${path}`) ?? []),
              errors.get(`${method} ${path}`) ?? [],
            ),
            examples,
          ),
        ]),
      ),
    ]);
    return {
      ...rest,
      paths: Object.fromEntries(operations),
      security: [{ mutualTLS: [] }],
      components: {
        ...rest.components,
        schemas: { ...rest.components?.schemas, Problem: problemSchema },
        securitySchemes,
      },
    };
  };
  let described: Described | undefined;
  const describe = (): Described => (described ??= made());
  app.decorate('describe', describe);
  app.get(
    '/v1/openapi.json',
    {
      schema: {
        operationId: 'openapi',
        summary: 'this description',
        description: 'OpenAPI 3.1 of the mTLS port. Examples are those of the workspace.',
        tags: ['about'],
        response: { 200: open },
      },
      serializerCompiler: () => JSON.stringify,
    },
    unchanging(describe),
  );
}
