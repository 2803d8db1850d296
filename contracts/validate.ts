/**
 * The one place where ajv stands: a JSON schema becomes a check that turns `unknown` into a type or names what is
 * wrong.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { type ErrorCode, type Place, YitongError } from './errors.js';

const ajv = new Ajv2020({
  allErrors: false,
  strict: true,
  allowUnionTypes: true,
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
});
// ajv-formats is CommonJS with a default export beside its namespace
const addFormats = addFormatsModule.default ?? addFormatsModule;
addFormats(ajv);

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
  let check: ValidateFunction<T> | undefined;
  return (value, place) => {
    check ??= ajv.compile<T>(schema);
    if (check(value)) return value;
    const first = check.errors?.[0];
    throw new YitongError(code, first === undefined ? 'malformed' : describe(first), { place });
  };
}
