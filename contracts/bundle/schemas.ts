/** JSON schemas of values, narrowed: what several forms ask of one element holds of the one value that all get. */
import type { Json, JsonSchema } from './types.js';

const LEAST = ['minLength', 'minimum', 'minItems'];
const MOST = ['maxLength', 'maximum', 'maxItems'];

function both(key: string, a: Json, b: Json): Json {
  if (LEAST.includes(key)) return Math.max(Number(a), Number(b));
  if (MOST.includes(key)) return Math.min(Number(a), Number(b));
  if (key === 'enum') return (a as readonly Json[]).filter((one) => (b as readonly Json[]).includes(one));
  if (key === 'items') return narrowed(a as JsonSchema, b as JsonSchema);
  if (key === 'allOf') return [...(a as readonly Json[]), ...(b as readonly Json[])];
  return a;
}

/**
 * What a form says of a list it says of the whole, except for what is said of text and numbers: that is of each one.
 */
function placed(schema: JsonSchema, more: JsonSchema): JsonSchema {
  if (schema['type'] !== 'array' || more['items'] !== undefined) return more;
  const whole = Object.entries(more).filter(([key]) => key.endsWith('Items') || key === 'type');
  const each = Object.entries(more).filter(([key]) => !key.endsWith('Items') && key !== 'type');
  return { ...Object.fromEntries(whole), ...(each.length === 0 ? {} : { items: Object.fromEntries(each) }) };
}

/** The schema of values that both take. */
export function narrowed(schema: JsonSchema, more: JsonSchema): JsonSchema {
  const result: Record<string, Json> = { ...schema };
  for (const [key, value] of Object.entries(placed(schema, more))) {
    const before = result[key];
    if (key === 'pattern' && before !== undefined && before !== value)
      result['allOf'] = [...((result['allOf'] as readonly Json[] | undefined) ?? []), { pattern: value }];
    else result[key] = before === undefined ? value : both(key, before, value);
  }
  return result;
}

/** Whether no value can have such a schema; what patterns leave is not looked at. */
export function isEmpty(schema: JsonSchema): boolean {
  const over = (least: string, most: string): boolean => {
    const [a, b] = [schema[least], schema[most]];
    return a !== undefined && b !== undefined && Number(a) > Number(b);
  };
  const items = schema['items'] as JsonSchema | undefined;
  return (
    over('minLength', 'maxLength') ||
    over('minimum', 'maximum') ||
    over('minItems', 'maxItems') ||
    (Array.isArray(schema['enum']) && schema['enum'].length === 0) ||
    (items !== undefined && isEmpty(items))
  );
}
