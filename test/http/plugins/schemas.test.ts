/**
 * Each schema of each route is one, and compiles: a worker compiles the schema of a route when it is asked for the
 * first time, and does not check then whether it is a schema at all.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Ajv, type AnySchema } from 'ajv';
import addFormatsModule from 'ajv-formats';
import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { faces } from '../api/faces.js';

const addFormats = addFormatsModule.default ?? addFormatsModule;
const PARTS = ['body', 'querystring', 'params', 'headers'] as const;

t.test('every schema by which a request is checked', async (t) => {
  const schemas: { readonly where: string; readonly schema: AnySchema }[] = [];
  // each app tells of itself when it is made
  const begun = (message: unknown): void => {
    (message as { readonly fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url, schema }) => {
      for (const part of PARTS) {
        const one = schema?.[part] as AnySchema | undefined;
        if (one !== undefined) schemas.push({ where: `${String(method)} ${url}: ${part}`, schema: one });
      }
    });
  };
  subscribe('fastify.initialization', begun);
  t.teardown(() => unsubscribe('fastify.initialization', begun));
  await faces(t);
  const ajv = new Ajv({ addUsedSchema: false, allErrors: true });
  addFormats(ajv);
  for (const { where, schema } of schemas) {
    if (ajv.validateSchema(schema) !== true) t.fail(`${where}: ${ajv.errorsText()}`);
    else t.doesNotThrow(() => ajv.compile(schema), where);
  }
  // it found them
  t.ok(schemas.length > 100, String(schemas.length));
});
