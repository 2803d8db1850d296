/** JSON that others wrote, for the sources that read it: bounded, exact, and as cells. */
import { deeperThan } from '../../contracts/depth.js';
import type { BrokenCode, Cell } from './port.js';

/** Objects and arrays inside one another, the item itself included. */
export const MAX_DEPTH = 32;
export const MAX_ITEM_BYTES = 1_048_576;
/** Characters of a row that cannot be read that go to the quarantine. */
export const RAW = 4_096;

export interface Refusal {
  readonly code: BrokenCode;
  readonly reason: string;
}

export type Parsed = { readonly ok: true; readonly value: Cell } | { readonly ok: false; readonly refusal: Refusal };

/** Digits that a double may not keep, or an exponent that it does not reach. */
const SUSPECT = /[\d.]{16}|[eE]\+?\d{3}/;
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g;
const SURROGATE = /\\u[dD][89a-fA-F]/;
const LONE_SURROGATE = /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/;

const kept = (token: string): boolean => {
  const number = Number(token);
  return Number.isFinite(number) && (token.length < 16 || String(number) === token);
};

/** True if a value has at most so many objects and arrays inside one another. */
export function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  for (const inner of Array.isArray(value) ? value : Object.values(value))
    if (!isWithin(inner, depth - 1)) return false;
  return true;
}

const refuse = (code: Refusal['code'], reason: string): Parsed => ({ ok: false, refusal: { code, reason } });
export const tooLarge = (bytes: number): Refusal => ({
  code: 'record_too_large',
  reason: `an item is larger than ${bytes} bytes`,
});
export const tooDeep = (depth: number): Refusal => ({
  code: 'nested_too_deep',
  reason: `an item is nested deeper than ${depth} levels`,
});

/**
 * One JSON text. A number whose digits a double does not keep, such as a key of 18 digits that was sent as a number,
 * becomes text with all its digits: a number that is nearly right is worse than none.
 */
export function parseJson(text: string, maxDepth: number = MAX_DEPTH): Parsed {
  if (deeperThan(text, maxDepth)) return { ok: false, refusal: tooDeep(maxDepth) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('bad_row', 'is not JSON');
  }
  if (SURROGATE.test(text) && LONE_SURROGATE.test(JSON.stringify(value)))
    return refuse('bad_row', 'holds half of a character');
  if (SUSPECT.test(text))
    value = JSON.parse(
      text.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') || kept(token) ? token : `"${token}"`)),
    );
  return { ok: true, value: value as Cell };
}

/** True if `text` takes more than `bytes` in UTF-8. */
export const exceeds = (text: string, bytes: number): boolean =>
  text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);

/** `exceeds` for the JSON of a value from JSON, which is written only where its characters leave that open. */
export const jsonExceeds = (value: Cell, bytes: number): boolean =>
  isLonger(value, bytes / 3) && (isLonger(value, bytes) || exceeds(JSON.stringify(value), bytes));

/** Whether the JSON of a value has more characters than that. */
function isLonger(value: Cell, most: number): boolean {
  let left = most;
  const fits = (one: unknown): boolean => {
    if (typeof one === 'string') left -= one.length > left ? left + 1 : JSON.stringify(one).length;
    else if (Array.isArray(one)) {
      // brackets, and a comma between two
      left -= Math.max(2, one.length + 1);
      for (const inner of one as readonly unknown[]) if (left < 0 || !fits(inner)) return false;
    } else if (isObject(one)) {
      const keys = Object.keys(one);
      left -= Math.max(2, 2 * keys.length + 1);
      for (const key of keys) if (left < 0 || !fits(key) || !fits(one[key])) return false;
    } else left -= String(one).length;
    return left >= 0;
  };
  return !fits(value);
}

/** The first characters of the JSON of a value that was read from JSON; the rest of it is not written. */
export function jsonStart(value: Cell, most: number): string {
  let text = '';
  const write = (one: unknown): void => {
    if (Array.isArray(one)) {
      text += '[';
      for (const [at, inner] of (one as readonly unknown[]).entries()) {
        if (text.length >= most) return;
        if (at > 0) text += ',';
        write(inner);
      }
      text += ']';
    } else if (isObject(one)) {
      text += '{';
      for (const [at, key] of Object.keys(one).entries()) {
        if (text.length >= most) return;
        if (at > 0) text += ',';
        write(key);
        text += ':';
        write(one[key]);
      }
      text += '}';
    } else text += JSON.stringify(typeof one === 'string' && one.length > most ? one.slice(0, most) : one);
  };
  write(value);
  return text.slice(0, most);
}

const isObject = (value: unknown): value is Readonly<Record<string, Cell>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An item as cells: what is nested gets dotted names (`address.city`), arrays stay arrays. A column of `wanted` that is
 * an object is given whole as well.
 */
export function toCells(
  item: Cell,
  wanted: ReadonlySet<string>,
): { readonly cells: Readonly<Record<string, Cell>> } | { readonly reason: string } {
  if (!isObject(item)) return { reason: 'an item is not an object' };
  const cells: Record<string, Cell> = {};
  const reason = spread(item, '', wanted, cells);
  return reason === undefined ? { cells } : { reason };
}

function spread(
  object: Readonly<Record<string, Cell>>,
  prefix: string,
  wanted: ReadonlySet<string>,
  cells: Record<string, Cell>,
): string | undefined {
  for (const [key, value] of Object.entries(object)) {
    if (key === '__proto__') return 'a key has a name that cannot be used';
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (Object.hasOwn(cells, name)) return 'two keys of an item give one column';
    if (!isObject(value)) cells[name] = value;
    else {
      if (wanted.has(name)) cells[name] = value;
      const reason = spread(value, name, wanted, cells);
      if (reason !== undefined) return reason;
    }
  }
  return undefined;
}

/** A JSON pointer (RFC 6901); the empty text is the whole document. */
export const POINTER_PATTERN = '^(?:/(?:[^~/]|~[01])*)*$';

export const pointerParts = (pointer: string): readonly string[] =>
  pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** What stands at a pointer; undefined if nothing does. */
export function valueAt(value: unknown, parts: readonly string[]): unknown {
  let at = value;
  for (const part of parts) {
    if (Array.isArray(at)) at = /^(?:0|[1-9]\d*)$/.test(part) ? (at as readonly unknown[])[Number(part)] : undefined;
    else at = isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined;
  }
  return at;
}
