/**
 * Defaults stand in a schema in Avro's own JSON form (bytes as ISO-8859-1 text, dates as days); this turns them into
 * ours.
 */
import { bytesToUnscaled, daysToDate, millisToTimestamp, unscaledToDecimal } from './logical.js';
import type { Shape } from './schema.js';

const latin1 = (value: unknown): Buffer | undefined =>
  typeof value === 'string' ? Buffer.from(value, 'latin1') : undefined;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The JSON form of a default, or undefined if it cannot be one of that shape. A nullable's default is of its first
 * branch (Avro 1.11).
 */
export function defaultOf(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'nullable':
      if (shape.nullIndex === 0) return value === null ? null : undefined;
      return value === null ? undefined : defaultOf(shape.of, value);
    case 'date':
      return typeof value === 'number' && Number.isInteger(value) ? daysToDate(value) : undefined;
    case 'timestamp':
      return typeof value === 'number' ? millisToTimestamp(value) : undefined;
    case 'decimal': {
      const bytes = latin1(value);
      const unscaled = bytes === undefined ? undefined : bytesToUnscaled(bytes);
      return unscaled === undefined ? undefined : unscaledToDecimal(unscaled, shape.precision, shape.scale);
    }
    case 'bytes':
    case 'fixed':
      return latin1(value)?.toString('base64');
    case 'array':
      return Array.isArray(value) ? value.map((item: unknown) => defaultOf(shape.items, item)) : undefined;
    case 'map':
      return isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, defaultOf(shape.values, member)]))
        : undefined;
    case 'record': {
      if (!isObject(value)) return undefined;
      const types = new Map(shape.fields.map((field) => [field.name, field.shape]));
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => {
          const inner = types.get(key);
          return [key, inner === undefined ? member : defaultOf(inner, member)];
        }),
      );
    }
    default:
      return value;
  }
}
