/**
 * An Avro body → its JSON form. Bytes may come from anybody: a length is believed only as far as bytes are left, so
 * nothing large is allocated for a small body; whatever does not end exactly at the end is refused.
 */
import { YitongError } from './errors.js';
import { bytesToUnscaled, daysToDate, millisToTimestamp, unscaledToDecimal } from './logical.js';
import { FORBIDDEN_NAMES, type Shape } from './schema.js';

/** Where a body is being read. One is reused: decoding never yields to other work. */
export class Reader {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  begin(bytes: Uint8Array, start: number, end: number): void {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = start;
    this.#end = Math.min(end, this.#buffer.length);
  }
  finish(): void {
    if (this.#at !== this.#end) this.fail('has bytes after its end');
  }
  fail(what: string): never {
    throw new YitongError('wire_format', `the body ${what}`);
  }
  byte(): number {
    if (this.#at >= this.#end) this.fail('ends early');
    return this.#buffer[this.#at++]!;
  }
  long(): number {
    let byte = this.byte();
    if (byte < 128) return byte & 1 ? -(byte >> 1) - 1 : byte >> 1;
    const negative = (byte & 1) === 1;
    let value = (byte & 127) >> 1;
    for (let scale = 64, groups = 1; byte > 127; scale *= 128) {
      if (++groups > 10) this.fail('has a number of more than ten bytes');
      byte = this.byte();
      value += (byte & 127) * scale;
    }
    const signed = negative ? -value - 1 : value;
    if (!Number.isSafeInteger(signed)) this.fail('has a number beyond 2^53');
    return signed;
  }
  /** A length of something that takes at least `each` bytes a piece. */
  #bounded(length: number, each: number): number {
    if (length < 0 || length * each > this.#end - this.#at) this.fail('has a length beyond its end');
    return length;
  }
  /** The number of items of the next block; 0 at the end of the list. */
  block(each: number): number {
    const count = this.long();
    if (count >= 0) return this.#bounded(count, each);
    this.#bounded(this.long(), 1); // the block's size in bytes
    return this.#bounded(-count, each);
  }
  double(): number {
    if (this.#end - this.#at < 8) this.fail('ends early');
    const value = this.#buffer.readDoubleLE(this.#at);
    this.#at += 8;
    if (!Number.isFinite(value)) this.fail('has a number that JSON cannot hold');
    return value;
  }
  bytes(length = this.long()): Buffer {
    const start = this.#at;
    this.#at += this.#bounded(length, 1);
    return this.#buffer.subarray(start, this.#at);
  }
  string(): string {
    const length = this.#bounded(this.long(), 1);
    const start = this.#at;
    this.#at += length;
    const text = this.#buffer.toString(undefined, start, this.#at); // UTF-8; naming it costs a look-up a string
    // toString puts U+FFFD for bytes that are not UTF-8; a U+FFFD of the publisher's own reads back the same
    if (text.includes('\uFFFD') && !Buffer.from(text).equals(this.#buffer.subarray(start, this.#at)))
      this.fail('has text that is not UTF-8');
    return text;
  }
}

export type Read = (from: Reader) => unknown;

/** The fewest bytes that a value takes. Never 0: shapes that take none are refused by `schema.ts`. */
export function leastBytes(shape: Shape): number {
  switch (shape.kind) {
    case 'record':
      return shape.fields.reduce((sum, field) => sum + leastBytes(field.shape), 0);
    case 'fixed':
      return shape.size;
    case 'double':
      return 8;
    default:
      return 1;
  }
}

function list(item: Read, each: number): Read {
  return (from) => {
    const items: unknown[] = [];
    for (let count = from.block(each); count > 0; count = from.block(each)) {
      for (let i = 0; i < count; i++) items.push(item(from));
    }
    return items;
  };
}

function map(value: Read, each: number): Read {
  return (from) => {
    const members: Record<string, unknown> = {};
    for (let count = from.block(each); count > 0; count = from.block(each)) {
      for (let i = 0; i < count; i++) {
        const key = from.string();
        if (FORBIDDEN_NAMES.has(key)) from.fail('has a map key that is refused');
        members[key] = value(from);
      }
    }
    return members;
  };
}

export function compileReader(shape: Shape): Read {
  switch (shape.kind) {
    case 'record': {
      const fields = shape.fields.map(({ name, shape: inner }) => ({ name, read: compileReader(inner) }));
      // copying an object that has every field already gives all records one hidden class
      const empty: Record<string, unknown> = Object.fromEntries(fields.map(({ name }) => [name, null]));
      return (from) => {
        const record = { ...empty };
        for (let i = 0; i < fields.length; i++) {
          const field = fields[i]!;
          record[field.name] = field.read(from);
        }
        return record;
      };
    }
    case 'nullable': {
      const { nullIndex } = shape;
      const inner = compileReader(shape.of);
      return (from) => {
        const branch = from.long();
        if (branch === nullIndex) return null;
        if (branch !== 1 - nullIndex) from.fail('has an unknown branch of a union');
        return inner(from);
      };
    }
    case 'array':
      return list(compileReader(shape.items), leastBytes(shape.items));
    case 'map':
      return map(compileReader(shape.values), 1 + leastBytes(shape.values));
    case 'string':
      return (from) => from.string();
    case 'boolean':
      return (from) => {
        const byte = from.byte();
        return byte > 1 ? from.fail('has a boolean that is neither 0 nor 1') : byte === 1;
      };
    case 'int':
      return (from) => {
        const value = from.long();
        return (value | 0) === value ? value : from.fail('has a number beyond 32 bits');
      };
    case 'long':
      return (from) => from.long();
    case 'double':
      return (from) => from.double();
    case 'date':
      return (from) => daysToDate(from.long()) ?? from.fail('has a date outside the years 1 to 9999');
    case 'timestamp':
      return (from) => millisToTimestamp(from.long()) ?? from.fail('has a time outside the years 1 to 9999');
    case 'decimal': {
      const { precision, scale } = shape;
      return (from) => {
        const unscaled = bytesToUnscaled(from.bytes());
        return (
          (unscaled === undefined ? undefined : unscaledToDecimal(unscaled, precision, scale)) ??
          from.fail('has a decimal beyond its precision')
        );
      };
    }
    case 'enum':
      return (from) => shape.symbols[from.long()] ?? from.fail('has an unknown symbol of an enum');
    case 'bytes':
      return (from) => from.bytes().toString('base64');
    case 'fixed':
      return (from) => from.bytes(shape.size).toString('base64');
  }
}
