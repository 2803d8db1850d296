/** A section of configuration: what yitong.json says, under what the environment says. */
import { isYitongError, type Place, YitongError } from './errors.js';

export interface Property {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
}
export type Properties = Readonly<Record<string, Property>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** `gateway`, `peoplePort` → `YITONG_GATEWAY_PEOPLE_PORT` */
export const variable = (section: string, key: string): string =>
  `YITONG_${section}_${key.replace(/[A-Z]/g, '_$&')}`.toUpperCase();

/** A setting as the environment gives it; what is not of its type is left as it is and refused by the schema. */
function fromText(text: string, { type }: Property): unknown {
  if (type === 'integer' || type === 'number') return text.trim() === '' ? text : Number(text);
  if (type !== 'array' && type !== 'object' && type !== 'boolean') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Unchecked: a key of `given` that the schema does not know is kept, so that the check refuses it. */
export function readSection(
  name: string,
  properties: Properties,
  given: unknown,
  env: Environment,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(properties)) {
    const text = env[variable(name, key)];
    if (text !== undefined) value[key] = fromText(text, property);
    else if (property.default !== undefined) value[key] = property.default;
  }
  if (typeof given !== 'object' || given === null) return value;
  for (const [key, own] of Object.entries(given)) {
    if (env[variable(name, key)] === undefined) value[key] = own;
  }
  return value;
}

/**
 * A section, checked. What is wrong in the environment is said of its variable, and not of a file in which it does not
 * stand; all that is missing is said at once.
 * @param required keys that somebody must say
 * @throws YitongError `bad_config`
 */
export function checkedSection<T>(
  name: string,
  properties: Properties,
  check: (value: unknown, place: Place) => T,
  {
    given,
    env,
    place,
    over = {},
    required = [],
  }: {
    readonly given: unknown;
    readonly env: Environment;
    readonly place: Place;
    readonly over?: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  },
): T {
  const value = { ...readSection(name, properties, given, env), ...over };
  const missing = required.filter((key) => value[key] === undefined);
  if (missing.length > 0) {
    const named = missing.map((key) => `\`${name}.${key}\` (\`${variable(name, key)}\`)`).join(', ');
    throw new YitongError(
      'bad_config',
      `${named} ${missing.length === 1 ? 'is' : 'are'} not set, in yitong.json or in the environment`,
      { place },
    );
  }
  try {
    return check(value, place);
  } catch (error) {
    if (!isYitongError(error)) throw error;
    const [whole, key = ''] = /^`(\w+)[^`]*`/.exec(error.message) ?? [];
    const from = variable(name, key);
    if (whole === undefined || env[from] === undefined || over[key] !== undefined) throw error;
    const json = ['array', 'object', 'boolean'].includes(properties[key]?.type ?? '') ? '; it is written as JSON' : '';
    throw new YitongError(error.code, `\`${from}\`${error.message.slice(whole.length)}${json}`, { cause: error });
  }
}
