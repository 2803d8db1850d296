/** The API's own description, made from the routes' schemas and served at /v1/openapi.json. */

import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { ErrorCode } from '../../../contracts/errors.js';
import { open, problemSchema } from '../../answer/question/schemas.js';
import type { GatewayContext } from '../../documents/context.js';
import { errorAnswers } from './openapi/errors.js';
import { loadExamples, withExamples } from './openapi/examples.js';
import type { Operation } from './openapi/operation.js';
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

/** Of each tag one line, in the order in which they are shown. */
const TAGS: Readonly<Record<string, string>> = {
  query: 'asking about subjects, for a stated purpose',
  verify: 'comparing what somebody states with what departments have on record (核验)',
  regions: 'asking other regions (跨省通办)',
  catalogue: 'what can be asked for',
  publish: 'bringing records in, and what broke its contract',
  objections: 'objections and repairs that wait for an authority',
  reports: 'reports on companies, and who may ask for them',
  documents: 'whether documents are genuine, and what has changed since',
  credentials: 'what a company presents of a report',
  compliance: 'one question by a code that a company shows (合规一码通)',
  audit: 'what the audit log proves',
  registry: "schemas of the topics, for others' deserialisers",
  about: 'the API itself',
};

const named = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}');

interface Described {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: object };
}

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
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    },
  });
  const errors = new Map<string, readonly ErrorCode[]>();
  app.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
    if (config?.errors !== undefined)
      for (const one of [method].flat()) errors.set(`${one.toLowerCase()} ${named(url)}`, config.errors);
  });
  const examples = await loadExamples(context.workspace);
  const describe = (): object => {
    const made = app.swagger() as Described;
    const operations = Object.entries(made.paths ?? {}).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [
          method,
          withExamples(errorAnswers(operation, errors.get(`${method} ${path}`) ?? []), examples),
        ]),
      ),
    ]);
    return {
      ...made,
      paths: Object.fromEntries(operations),
      security: [{ mutualTLS: [] }],
      components: {
        ...made.components,
        schemas: { ...made.components?.schemas, Problem: problemSchema },
        securitySchemes,
      },
    };
  };
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
