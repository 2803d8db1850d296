/**
 * A projection is compiled once for a schema and a set of released fields, and then turns Avro bytes into JSON bytes of
 * just those fields in one pass: nothing that is not released is ever made into a value. The JSON form is that of
 * `contracts/avro.ts`; fields stand in the order of the schema.
 */
import { leastBytes } from '../../../contracts/decode.js';
import type { FieldPath } from '../../../contracts/ids.js';
import { bytesToUnscaled, daysToDate, millisToTimestamp, unscaledToDecimal } from '../../../contracts/logical.js';
import { FORBIDDEN_NAMES, type RecordShape, readSchema, type Shape } from '../../../contracts/schema.js';
import type { ContractVersion } from '../../../contracts/types.js';
import type { Out } from './answer-buffer.js';
import { Cursor, fail, type Step } from './cursor.js';
import { type Form, writeForm } from './forms.js';
import { EVERYTHING, type Released, releasedOf, releasedTree } from './released.js';
import { skip } from './skip.js';

export interface Projection {
  /**
   * Appends one JSON object to `out`. After an error `out` stands where it stood.
   * @param bytes holds an Avro body, without the five-byte header, from `start` to `end`
   * @throws YitongError `wire_format` for bytes that are not of the schema
   */
  write(bytes: Uint8Array, start: number, end: number, out: Out): void;
}

const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const COMMA = 44;
export const NO_FORMS: ReadonlyMap<FieldPath, Form> = new Map();

const cursor = new Cursor();

/**
 * @param fields paths of `ContractVersion.fields`; a branch releases all below it. Paths that this version does not
 * have are left out: an older record does not have what a newer contract added.
 * @param forms what is released in another form than its value; a form goes before the value, also before that of a
 * branch above
 */
export function compileProjection(
  version: Pick<ContractVersion, 'schema'>,
  fields: readonly FieldPath[],
  forms: ReadonlyMap<FieldPath, Form> = NO_FORMS,
): Projection {
  const run = writeRecord(readSchema(version.schema), releasedTree(fields, forms));
  return {
    write(bytes, start, end, out) {
      const mark = out.pos;
      const c = cursor;
      c.bytes = bytes;
      c.at = start;
      c.end = Math.min(end, bytes.length);
      c.out = out;
      try {
        run(c);
        if (c.at !== c.end) fail('has bytes after its end');
      } catch (error) {
        out.pos = mark;
        throw error;
      }
    },
  };
}

/** Reads a body as strictly as if all of it were released. Paths play no part. */
export function compileCheck(
  version: Pick<ContractVersion, 'schema'>,
  scratch: Out,
): (bytes: Uint8Array, start: number, end: number) => void {
  const run = writeRecord(readSchema(version.schema), EVERYTHING);
  return (bytes, start, end) => {
    const c = cursor;
    c.bytes = bytes;
    c.at = start;
    c.end = Math.min(end, bytes.length);
    c.out = scratch;
    scratch.pos = 0;
    run(c);
    if (c.at !== c.end) fail('has bytes after its end');
  };
}

function writeRecord(shape: RecordShape, released: Released): Step {
  const steps: Step[] = [];
  let first = true;
  for (const field of shape.fields) {
    const form = released.below.get(field.name)?.form;
    if (form !== undefined) {
      const told = writeForm(field.shape, form);
      steps.push(told === undefined ? skip(field.shape) : named(fieldName(field.name, first), told));
      if (told !== undefined) first = false;
      continue;
    }
    const below = releasedOf(released, field.name, field.shape);
    if (below === undefined) {
      steps.push(skip(field.shape));
      continue;
    }
    steps.push(named(fieldName(field.name, first), write(field.shape, below)));
    first = false;
  }
  const close = Buffer.from(first ? '{}' : '}');
  return (c) => {
    for (let i = 0; i < steps.length; i++) steps[i]!(c);
    c.put(close);
  };
}

const fieldName = (name: string, first: boolean): Buffer => Buffer.from(`${first ? '{' : ','}${JSON.stringify(name)}:`);

function named(name: Buffer, value: Step): Step {
  return (c) => {
    c.put(name);
    value(c);
  };
}

function write(shape: Shape, released: Released): Step {
  switch (shape.kind) {
    case 'record':
      return writeRecord(shape, released);
    case 'nullable': {
      const inner = write(shape.of, released);
      const { nullIndex } = shape;
      return (c) => {
        const branch = c.long();
        if (branch === nullIndex) c.put(NULL);
        else if (branch === 1 - nullIndex) inner(c);
        else fail('has an unknown branch of a union');
      };
    }
    case 'array':
      return writeList(91, 93, write(shape.items, released), leastBytes(shape.items));
    case 'map': {
      const value = write(shape.values, released);
      return writeList(123, 125, (c) => (writeKey(c), value(c)), 1 + leastBytes(shape.values));
    }
    case 'string':
      return (c) => c.string();
    case 'boolean':
      return (c) => c.put(c.boolean() ? TRUE : FALSE);
    case 'int':
      return (c) => c.integer(c.int());
    case 'long':
      return (c) => c.integer(c.long());
    case 'double':
      return (c) => c.ascii(JSON.stringify(c.double()));
    case 'date':
      return (c) => c.quoted(daysToDate(c.long()) ?? fail('has a date outside the years 1 to 9999'));
    case 'timestamp':
      return (c) => c.quoted(millisToTimestamp(c.long()) ?? fail('has a time outside the years 1 to 9999'));
    case 'decimal': {
      const { precision, scale } = shape;
      return (c) => {
        const length = c.long();
        const start = c.take(length);
        c.quoted(decimalText(c.bytes, start, length, precision, scale));
      };
    }
    case 'enum': {
      const symbols = shape.symbols.map((symbol) => Buffer.from(JSON.stringify(symbol)));
      return (c) => c.put(symbols[c.long()] ?? fail('has an unknown symbol of an enum'));
    }
    case 'bytes':
      return (c) => {
        const length = c.long();
        c.base64(c.take(length), length);
      };
    case 'fixed':
      return (c) => c.base64(c.take(shape.size), shape.size);
  }
}

function decimalText(bytes: Uint8Array, start: number, length: number, precision: number, scale: number): string {
  const unscaled = length > 17 ? undefined : bytesToUnscaled(bytes.subarray(start, start + length));
  return (
    (unscaled === undefined ? undefined : unscaledToDecimal(unscaled, precision, scale)) ??
    fail('has a decimal beyond its precision')
  );
}

function writeList(open: number, close: number, item: Step, each: number): Step {
  return (c) => {
    c.one(open);
    let first = true;
    for (let count = c.block(each); count > 0; count = c.block(each)) {
      for (let i = 0; i < count; i++) {
        if (!first) c.one(COMMA);
        first = false;
        item(c);
      }
    }
    c.one(close);
  };
}

function writeKey(c: Cursor): void {
  const start = c.out.pos;
  c.string();
  if (FORBIDDEN_NAMES.has(c.out.buf.toString('latin1', start + 1, c.out.pos - 1)))
    fail('has a map key that is refused');
  c.one(58);
}
