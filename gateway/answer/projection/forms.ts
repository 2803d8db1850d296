/**
 * Fields that are released in another form than their value. Each is told inside an object that names its form, so that
 * nobody takes it for the value: `{"exists":true}`, `{"count":3}`, `{"band":"100–500"}`, `{"masked":"王**"}`. What can
 * be told without the value is told without it: lengths and branches are read, text is not decoded beyond its first
 * character.
 */
import { leastBytes } from '../../../contracts/decode.js';
import { bytesToUnscaled } from '../../../contracts/logical.js';
import type { Shape } from '../../../contracts/schema.js';
import { ORDER_SCALE, orderOf, readBand } from '../../../policies/bands.js';
import { type Cursor, fail, type Step } from './cursor.js';
import { skip } from './skip.js';

export type Form =
  | { readonly kind: 'exists' }
  | { readonly kind: 'count' }
  | { readonly kind: 'band'; readonly bands: readonly string[] }
  /** `mask` is a key scheme's, and undefined of what is no key of it; without it, the first character and `**`. */
  | { readonly kind: 'masked'; readonly mask?: (text: string) => string | undefined };

const DAY = 86_400_000n;
const SCALE = 10n ** BigInt(ORDER_SCALE);

/** Undefined where this schema's field cannot be released in that form: then it is not released at all. */
export function writeForm(shape: Shape, form: Form): Step | undefined {
  switch (form.kind) {
    case 'exists': {
      const there = existence(shape);
      return (c) => c.ascii(there(c) ? '{"exists":true}' : '{"exists":false}');
    }
    case 'count': {
      const count = counting(shape);
      return count && ((c) => c.ascii(`{"count":${count(c) ?? 'null'}}`));
    }
    case 'band': {
      const order = ordering(shape);
      return order && writeBand(order, form.bands, dated(shape));
    }
    case 'masked':
      return writeMasked(shape, form.mask);
  }
}

type Read<T> = (c: Cursor) => T | undefined;

/** `inner`, or undefined of a null. */
function nullable<T>(shape: Extract<Shape, { kind: 'nullable' }>, inner: Read<T>): Read<T> {
  const { nullIndex } = shape;
  return (c) => {
    const branch = c.long();
    if (branch === nullIndex) return undefined;
    return branch === 1 - nullIndex ? inner(c) : fail('has an unknown branch of a union');
  };
}

/** Null is not there, and neither is a list without items. */
function existence(shape: Shape): Read<boolean> {
  if (shape.kind === 'nullable') return nullable(shape, existence(shape.of));
  if (shape.kind === 'array' || shape.kind === 'map') {
    const count = items(shape);
    return (c) => count(c) > 0;
  }
  const over = skip(shape);
  return (c) => (over(c), true);
}

function counting(shape: Shape): Read<number> | undefined {
  if (shape.kind === 'array') return items(shape);
  if (shape.kind !== 'nullable') return undefined;
  const inner = counting(shape.of);
  return inner && nullable(shape, inner);
}

function items(shape: Extract<Shape, { kind: 'array' | 'map' }>): (c: Cursor) => number {
  const of = shape.kind === 'array' ? shape.items : shape.values;
  const over = skip(of);
  const keyed = shape.kind === 'map';
  const each = leastBytes(of) + (keyed ? 1 : 0);
  return (c) => {
    let total = 0;
    for (let count = c.block(each); count > 0; count = c.block(each)) {
      total += count;
      for (let i = 0; i < count; i++) {
        if (keyed) c.take(c.long());
        over(c);
      }
    }
    return total;
  };
}

const dated = (shape: Shape): boolean =>
  shape.kind === 'nullable' ? dated(shape.of) : shape.kind === 'date' || shape.kind === 'timestamp';

/** Where a value stands, in the unit of `orderOf`. */
function ordering(shape: Shape): Read<bigint> | undefined {
  switch (shape.kind) {
    case 'nullable': {
      const inner = ordering(shape.of);
      return inner && nullable(shape, inner);
    }
    case 'int':
    case 'long':
      return (c) => BigInt(c.long()) * SCALE;
    case 'double':
      // by its shortest decimal text, as the answer would show it
      return (c) => decimalOrder(c.double());
    case 'decimal': {
      const unit = 10n ** BigInt(Math.max(0, ORDER_SCALE - shape.scale));
      return (c) => {
        const length = c.long();
        const start = c.take(length);
        const unscaled = bytesToUnscaled(c.bytes.subarray(start, start + length));
        return unscaled === undefined ? fail('has a decimal beyond its precision') : BigInt(unscaled) * unit;
      };
    }
    case 'date':
      return (c) => BigInt(c.long());
    case 'timestamp':
      return (c) => {
        const millis = BigInt(c.long());
        return millis >= 0n ? millis / DAY : -((DAY - 1n - millis) / DAY);
      };
    default:
      return undefined;
  }
}

/** Beyond what bounds can be (18 digits each side of the point) only the side counts. */
function decimalOrder(value: number): bigint {
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  const [whole = '0', part = ''] = mantissa.split('.');
  const digits = BigInt(whole + part);
  const shift = Math.min(Number(exponent), 20) - part.length + ORDER_SCALE;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const unit = 10n ** BigInt(-shift);
  // what is smaller than a bound can say is still below or above zero
  return digits / unit || (digits < 0n ? -1n : digits > 0n ? 1n : 0n);
}

function writeBand(order: Read<bigint>, texts: readonly string[], dates: boolean): Step {
  const bands = texts.map((text) => {
    const band = readBand(text);
    const bound = (given: string | undefined): bigint | undefined =>
      given === undefined ? undefined : orderOf(given, dates);
    return {
      text: Buffer.from(`{"band":${JSON.stringify(text)}}`),
      valid: band !== undefined,
      from: bound(band?.from),
      below: bound(band?.below),
    };
  });
  const outside = Buffer.from('{"band":"outside"}');
  const none = Buffer.from('{"band":null}');
  return (c) => {
    const at = order(c);
    if (at === undefined) return c.put(none);
    const band = bands.find(
      ({ valid, from, below }) => valid && (from === undefined || at >= from) && (below === undefined || at < below),
    );
    c.put(band?.text ?? outside);
  };
}

function writeMasked(shape: Shape, mask: ((text: string) => string | undefined) | undefined): Step | undefined {
  if (shape.kind === 'nullable') {
    const inner = writeMasked(shape.of, mask);
    const { nullIndex } = shape;
    return (
      inner &&
      ((c) => {
        const branch = c.long();
        if (branch === nullIndex) c.ascii('{"masked":null}');
        else if (branch === 1 - nullIndex) inner(c);
        else fail('has an unknown branch of a union');
      })
    );
  }
  if (shape.kind !== 'string') return undefined;
  return (c) => {
    const length = c.long();
    const start = c.take(length);
    const key = mask?.(textAt(c, start, length));
    c.put(Buffer.from(`{"masked":${JSON.stringify(key ?? `${firstOf(c, start, length)}**`)}}`));
  };
}

const textAt = (c: Cursor, start: number, length: number): string =>
  Buffer.from(c.bytes.buffer, c.bytes.byteOffset + start, length).toString('utf8');

/** The first character; none where there is no second, since it would be the whole. */
function firstOf(c: Cursor, start: number, length: number): string {
  if (length === 0) return '';
  const byte = c.bytes[start]!;
  const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
  return size >= length ? '' : textAt(c, start, size);
}
