/**
 * Reads Avro from one slice and writes JSON into another, byte by byte. Bytes may come from anybody: every length is
 * measured against what is left, every write has its room ensured first.
 */
import { YitongError } from '../../../contracts/errors.js';
import { Out } from './answer-buffer.js';

const QUOTE = 34;
const BACKSLASH = 92;
const HEX = Buffer.from('0123456789abcdef');
/** 0 as it is; 1 the first byte of a longer character; 2 six bytes `\u00xx`; else the letter behind a backslash. */
const CLASS = new Uint8Array(256).map((_, byte) => (byte >= 128 ? 1 : byte < 32 ? 2 : 0));
for (const [byte, letter] of [
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
] as const)
  CLASS[byte] = letter.charCodeAt(0);

export function fail(what: string): never {
  throw new YitongError('wire_format', `the body ${what}`);
}

/** One step of a compiled projection. */
export type Step = (c: Cursor) => void;

/** One is reused: writing a record never yields to other work. */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  out: Out = new Out(0);

  byte(): number {
    if (this.at >= this.end) fail('ends early');
    return this.bytes[this.at++]!;
  }

  /** A zig-zag varint within ±2^53. */
  long(): number {
    const first = this.byte();
    if (first < 128) return (first >>> 1) ^ -(first & 1);
    let value = (first & 127) >>> 1;
    let byte = first;
    for (let scale = 64, groups = 1; byte > 127; scale *= 128) {
      if (++groups > 10) fail('has a number of more than ten bytes');
      byte = this.byte();
      value += (byte & 127) * scale;
    }
    const signed = (first & 1) === 1 ? -value - 1 : value;
    if (!Number.isSafeInteger(signed)) fail('has a number beyond 2^53');
    return signed;
  }
  int(): number {
    const value = this.long();
    return (value | 0) === value ? value : fail('has a number beyond 32 bits');
  }
  boolean(): boolean {
    const byte = this.byte();
    return byte > 1 ? fail('has a boolean that is neither 0 nor 1') : byte === 1;
  }
  /** Moves over `length` bytes and gives where they begin. */
  take(length: number): number {
    const start = this.at;
    if (length < 0 || length > this.end - start) fail('has a length beyond its end');
    this.at = start + length;
    return start;
  }
  double(): number {
    const at = this.take(8);
    const value = new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0, true);
    return Number.isFinite(value) ? value : fail('has a number that JSON cannot hold');
  }
  /** Items of the next block, each of at least `each` bytes; 0 at the end of the list. */
  block(each: number): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      const size = this.long();
      if (size < 0 || size > this.end - this.at) fail('has a length beyond its end');
    }
    if (count * each > this.end - this.at) fail('has a length beyond its end');
    return count;
  }

  /** Bytes that need no escape. */
  put(text: Uint8Array): void {
    const { out } = this;
    const { length } = text;
    out.ensure(length);
    const { buf } = out;
    let { pos } = out;
    for (let i = 0; i < length; i++) buf[pos++] = text[i]!;
    out.pos = pos;
  }
  /** ASCII that needs no escape. */
  ascii(text: string): void {
    const { out } = this;
    const { length } = text;
    out.ensure(length);
    const { buf } = out;
    let { pos } = out;
    for (let i = 0; i < length; i++) buf[pos++] = text.charCodeAt(i);
    out.pos = pos;
  }
  quoted(text: string): void {
    const { out } = this;
    const { length } = text;
    out.ensure(length + 2);
    const { buf } = out;
    let { pos } = out;
    buf[pos++] = QUOTE;
    for (let i = 0; i < length; i++) buf[pos++] = text.charCodeAt(i);
    buf[pos++] = QUOTE;
    out.pos = pos;
  }
  /** One byte. */
  one(byte: number): void {
    const { out } = this;
    out.ensure(1);
    out.buf[out.pos++] = byte;
  }
  integer(value: number): void {
    if (value < 0 || value > 999_999_999) return this.ascii(String(value));
    const { out } = this;
    out.ensure(9);
    const { buf } = out;
    const digits =
      value < 10
        ? 1
        : value < 100
          ? 2
          : value < 1000
            ? 3
            : value < 10_000
              ? 4
              : value < 100_000
                ? 5
                : value < 1_000_000
                  ? 6
                  : value < 10_000_000
                    ? 7
                    : value < 100_000_000
                      ? 8
                      : 9;
    let rest = value;
    for (let at = out.pos + digits - 1; at >= out.pos; at--) {
      const next = (rest / 10) | 0;
      buf[at] = 48 + rest - next * 10;
      rest = next;
    }
    out.pos += digits;
  }
  base64(start: number, length: number): void {
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('base64');
    const { out } = this;
    out.ensure(text.length + 2);
    out.buf[out.pos++] = QUOTE;
    out.pos += out.buf.write(text, out.pos, 'latin1');
    out.buf[out.pos++] = QUOTE;
  }

  /**
   * A length and that many bytes of UTF-8, as a JSON string (RFC 8259 §7). What is escaped is what JSON.stringify
   * escapes.
   */
  string(): void {
    const length = this.long();
    let at = this.take(length);
    const { bytes, at: end, out } = this;
    out.ensure(length * 6 + 2);
    const { buf } = out;
    let { pos } = out;
    buf[pos++] = QUOTE;
    while (at < end) {
      const byte = bytes[at]!;
      const kind = CLASS[byte]!;
      if (kind === 0) {
        buf[pos++] = byte;
        at++;
      } else if (kind === 1) {
        const size = characterAt(bytes, at, end);
        for (const next = at + size; at < next; ) buf[pos++] = bytes[at++]!;
      } else {
        at++;
        buf[pos++] = BACKSLASH;
        if (kind === 2) {
          buf[pos++] = 117;
          buf[pos++] = 48;
          buf[pos++] = 48;
          buf[pos++] = HEX[byte >> 4]!;
          buf[pos++] = HEX[byte & 15]!;
        } else buf[pos++] = kind;
      }
    }
    buf[pos++] = QUOTE;
    out.pos = pos;
  }
}

/** Bytes of the character at `at`: well-formed UTF-8 only (Unicode 15, table 3-7), no overlong form, no surrogate. */
function characterAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + size > end) fail('has text that is not UTF-8');
  const second = bytes[at + 1]!;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) fail('has text that is not UTF-8');
  for (let i = 2; i < size; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) fail('has text that is not UTF-8');
  return size;
}
