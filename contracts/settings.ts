/** A section of configuration: what yitong.json says, under what the environment says. */

export interface Property {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
}
export type Properties = Readonly<Record<string, Property>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** `gateway`, `peoplePort` → `YITONG_GATEWAY_PEOPLE_PORT` */
export const variable = (section: string, key: string): string => `YITONG_${section}_${key.replace(/[A-Z]/g, '_$&')}`.toUpperCase();

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
export function readSection(name: string, properties: Properties, given: unknown, env: Environment): Record<string, unknown> {
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
