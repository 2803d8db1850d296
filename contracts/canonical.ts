/** JSON in one spelling, so that it can be hashed and signed (RFC 8785, JSON Canonicalization Scheme). */
import { YitongError } from './errors.js';

const LONE_SURROGATE = /[\uD800-\uDFFF]/u; // in unicode mode a pair is one character and does not match

function text(value: string): string {
  if (LONE_SURROGATE.test(value)) throw new YitongError('bad_value', 'canonical JSON holds no lone surrogates');
  return JSON.stringify(value);
}

/**
 * Keys sorted by UTF-16 code units, numbers as ECMAScript writes them, no white space. Members that are undefined are
 * left out, as JSON.stringify does.
 * @throws YitongError `bad_value` for what JSON cannot hold: NaN, infinities, bigint, functions, lone surrogates
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw new YitongError('bad_value', 'canonical JSON holds finite numbers only');
      return JSON.stringify(value);
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
      const members: string[] = [];
      for (const key of Object.keys(value).sort()) {
        const member = (value as Readonly<Record<string, unknown>>)[key];
        if (member !== undefined) members.push(`${text(key)}:${canonicalJson(member)}`);
      }
      return `{${members.join(',')}}`;
    }
    default:
      throw new YitongError('bad_value', `canonical JSON cannot hold a ${typeof value}`);
  }
}
