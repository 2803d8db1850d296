/**
 * The one place where content is checked by ajv (what requests bring: gateway/http/plugins/validators.ts): a JSON
 * schema becomes a check that turns `unknown` into a type or names what is wrong. Compiling is most of what a check
 * costs at a start, so the bundled program brings its checks compiled; what it does not have is compiled when it is
 * first used.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { type ErrorCode, type Place, YitongError } from './errors.js';

/** What the checks are compiled by; `.bundle.mjs` compiles them beforehand, by the same. */
export function compiler(options: object = {}) {
  const require = createRequire(import.meta.url);
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const addFormats = (require('ajv-formats') as typeof import('ajv-formats')).default;
  const ajv = new Ajv2020({
    allErrors: false,
    strict: true,
    allowUnionTypes: true,
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    ...options,
  });
  addFormats(ajv as never);
  return ajv;
}

/** Under what a schema's compiled check is found. */
export const schemaDigest = (schema: object): string =>
  createHash('sha256').update(JSON.stringify(schema)).digest('hex');

interface Build {
  /** Of the bundled program: checks that were compiled when it was made, by the digests of their schemas. */
  readonly yitongChecks?: () => Readonly<Record<string, ValidateFunction>>;
  /** While it is made: takes every schema. */
  readonly yitongSchemas?: object[];
}
const build = globalThis as Build;
let ajv: ReturnType<typeof compiler> | undefined;

function compiled<T>(schema: object): ValidateFunction<T> {
  const before = build.yitongChecks?.()[schemaDigest(schema)] as ValidateFunction<T> | undefined;
  return before ?? (ajv ??= compiler()).compile<T>(schema);
}

/** `/source/kind` → `source.kind` */
function describe(error: ErrorObject): string {
  const at = error.instancePath === '' ? 'the document' : `\`${error.instancePath.slice(1).replaceAll('/', '.')}\``;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const params = error.params as { additionalProperty?: string; unevaluatedProperty?: string };
      return `${at} has the unknown key \`${params.additionalProperty ?? params.unevaluatedProperty ?? '?'}\``;
    }
    case 'enum': {
      const { allowedValues } = error.params as { allowedValues: unknown[] };
      return `${at} must be one of ${allowedValues.map((value) => `\`${String(value)}\``).join(', ')}`;
    }
    default:
      return `${at} ${error.message ?? 'is malformed'}`;
  }
}

/**
 * Compiles `schema` (JSON schema 2020-12) once, when it is first used: a process that starts needs few of them. The
 * check returns the same value, typed; nothing is coerced, dropped or filled in. Content files only: the message may
 * name keys and allowed values, never what stood in the value.
 * @throws YitongError with `code` and the place
 */
export function shape<T>(schema: object, code: ErrorCode): (value: unknown, place: Place) => T {
  build.yitongSchemas?.push(schema);
  let check: ValidateFunction<T> | undefined;
  return (value, place) => {
    check ??= compiled<T>(schema);
    if (check(value)) return value;
    const first = check.errors?.[0];
    throw new YitongError(code, first === undefined ? 'malformed' : describe(first), { place });
  };
}
