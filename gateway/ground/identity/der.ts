/**
 * The DER that certificates and revocation lists are made of (X.690), read in place; enough for RFC 5280, and nothing
 * more. What an element is, `ground/der` says.
 */
import { YitongError } from '../../../contracts/errors.js';
import { BIT_STRING, BOOLEAN, type Element, INTEGER, OCTET_STRING, OID, readElement, SEQUENCE } from '../der/der.js';

/** An element, by its places in the buffer read. */
export type Node = Element;

const malformed = (): never => {
  throw new YitongError('certificate_invalid', 'the certificate or revocation list is not well-formed DER');
};

export { BIT_STRING, BOOLEAN, INTEGER, OID, SEQUENCE };
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const context = (n: number, constructed = true): number => (constructed ? 0xa0 : 0x80) | n;

/** The element that begins at `at` and must end by `end`. */
function element(bytes: Uint8Array, at: number, end: number): Node {
  const found = readElement(bytes, at, end);
  return typeof found === 'string' ? malformed() : found;
}

/** The elements inside `node`. */
export function* inside(bytes: Uint8Array, node: Node): Generator<Node, void> {
  for (let at = node.start; at < node.end; ) {
    const child = element(bytes, at, node.end);
    yield child;
    at = child.end;
  }
}

/**
 * The elements inside, one after the other; `take` refuses another tag, `optional` skips nothing if the tag differs.
 */
interface Cursor {
  take(tag: number): Node;
  optional(...tags: readonly number[]): Node | undefined;
  done(): void;
}
export function cursor(bytes: Uint8Array, node: Node): Cursor {
  let at = node.start;
  const peek = (): Node | undefined => (at < node.end ? element(bytes, at, node.end) : undefined);
  const optional = (...tags: readonly number[]): Node | undefined => {
    const next = peek();
    if (next === undefined || !tags.includes(next.tag)) return undefined;
    at = next.end;
    return next;
  };
  return {
    optional,
    take: (tag) => optional(tag) ?? malformed(),
    done: () => {
      if (at !== node.end) malformed();
    },
  };
}

/** The one element that `bytes` consist of. */
export function whole(bytes: Uint8Array, tag: number): Node {
  const node = element(bytes, 0, bytes.length);
  return node.tag === tag && node.end === bytes.length ? node : malformed();
}

/** The element with tag and length. */
export const encoded = (bytes: Uint8Array, node: Node): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset + node.from, node.end - node.from);
export const content = (bytes: Uint8Array, node: Node): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset + node.start, node.end - node.start);

declare const serialNumber: unique symbol;
/** A serial number in the one form in which two are compared. */
export type Serial = string & { readonly [serialNumber]: true };

/**
 * A serial number of a certificate or a list, from hex in either case: upper case, without leading zeros. Node and DER
 * write it with some.
 */
export const serialHex = (hex: string): Serial => hex.toUpperCase().replace(/^0+(?=.)/, '') as Serial;

/** UTCTime or GeneralizedTime in the forms of RFC 5280, section 4.1.2.5; ms since 1970. */
export function time(bytes: Uint8Array, node: Node): number {
  const text = content(bytes, node).toString('latin1');
  const match = (
    node.tag === UTC_TIME
      ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
      : /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
  ).exec(text);
  if (match === null) return malformed();
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const full = node.tag === UTC_TIME ? (year < 50 ? 2000 + year : 1900 + year) : year;
  return Date.UTC(full, month - 1, day, hour, minute, second);
}

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

/** `Extensions` of a certificate or a list; the identifier as hex. */
export function extensions(bytes: Uint8Array, sequence: Node): Extension[] {
  return [...inside(bytes, sequence)].map((node) => {
    const fields = cursor(bytes, node);
    const oid = content(bytes, fields.take(OID)).toString('hex');
    const flag = fields.optional(BOOLEAN);
    const value = content(bytes, fields.take(OCTET_STRING));
    fields.done();
    return { oid, critical: flag !== undefined && bytes[flag.start] !== 0, value };
  });
}
