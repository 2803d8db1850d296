/**
 * DER as certificates and signatures are made of it (X.690), read and written. In plain TypeScript, so that a browser
 * and the gateway share it.
 */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What was read is not what it has to be. `message` is a few English words for a log. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}
export const malformed = (what: string): never => {
  throw new Malformed(what);
};

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OID = 0x06;
export const BOOLEAN = 0x01;
export const SEQUENCE = 0x30;
export const SET = 0x31;
/** Constructed, class context. */
export const context = (n: number): number => 0xa0 | n;

export interface Der {
  readonly tag: number;
  /** With tag and length. */
  readonly raw: Bytes;
  readonly body: Bytes;
}

/** Where one element stands in the bytes that it was read from. */
export interface Element {
  readonly tag: number;
  /** Of the value. */
  readonly start: number;
  readonly end: number;
  /** Where the whole element begins. */
  readonly from: number;
}

/**
 * The one reader of an element: it begins at `at` and must end by `end`. Tags of one byte, definite lengths of up to
 * four bytes in their shortest form.
 * @returns in a few words what is wrong, where it is not so
 */
export function readElement(bytes: Uint8Array, at: number, end: number): Element | string {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > end || (tag & 0x1f) === 0x1f) return 'DER is cut short';
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) return 'DER has a length of another form';
    if (start + count > end) return 'DER is cut short';
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] ?? 0);
    if (length < 0x80 || (bytes[start] ?? 0) === 0) return 'DER has a length of another form';
    start += count;
  }
  if (start + length > end) return 'DER is cut short';
  return { tag, start, end: start + length, from: at };
}

function next(bytes: Bytes, at: number): Der {
  const found = readElement(bytes, at, bytes.length);
  if (typeof found === 'string') return malformed(found);
  return { tag: found.tag, raw: bytes.subarray(at, found.end), body: bytes.subarray(found.start, found.end) };
}

/** The one element that `bytes` consist of. */
export function whole(bytes: Bytes, tag: number): Der {
  const one = next(bytes, 0);
  return one.tag === tag && one.raw.length === bytes.length ? one : malformed('DER has something else in this place');
}

export function children(parent: Der): readonly Der[] {
  const all: Der[] = [];
  for (let at = 0; at < parent.body.length; ) {
    const child = next(parent.body, at);
    all.push(child);
    at += child.raw.length;
  }
  return all;
}

/** The element, if it has this tag. */
export const taken = (one: Der | undefined, tag: number): Der =>
  one?.tag === tag ? one : malformed('DER has something else in this place');

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function encode(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const body = joined(...parts);
  if (body.length < 0x80) return joined(Uint8Array.of(tag, body.length), body);
  const digits: number[] = [];
  for (let length = body.length; length > 0; length = Math.floor(length / 256)) digits.unshift(length % 256);
  return joined(Uint8Array.of(tag, 0x80 | digits.length, ...digits), body);
}

export function objectId(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift(0x80 | (left & 0x7f));
    bytes.push(...groups);
  }
  return encode(OID, Uint8Array.from(bytes));
}

export const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
export const hex = (data: Uint8Array): string =>
  Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
/** Bytes as one character each. */
export function latin1(data: Uint8Array): string {
  let text = '';
  for (let at = 0; at < data.length; at += 4096) text += String.fromCharCode(...data.subarray(at, at + 4096));
  return text;
}
