/**
 * Avro bodies and the JSON form of a record, which examples, mappings, http-push and answers share:
 *
 * | Avro | JSON form |
 * |---|---|
 * | date (int) | `"2019-01-02"` |
 * | timestamp-millis (long) | `"2019-01-02T03:04:05.678Z"` |
 * | decimal (bytes) | `"12.50"`, exactly `scale` digits after the point |
 * | long | a number within ±2^53 |
 * | bytes, fixed | base64 |
 * | enum | its symbol |
 * | null and one type | null, or the value |
 *
 * The only importer of avsc. avsc compiles the type that others inspect and is the yardstick of the tests; the record
 * codec is `encode.ts` and `decode.ts`, because checking and encoding in one pass is what a publisher does for each
 * row.
 */

import type { Schema, Type } from 'avsc';
import avsc from 'avsc';
import { compileReader, type Read, Reader } from './decode.js';
import { type Codelists, compileWriter, type Write, Writer } from './encode.js';
import { type FieldProblem, YitongError } from './errors.js';
import {
  bytesToUnscaled,
  dateToDays,
  daysToDate,
  decimalToUnscaled,
  millisToTimestamp,
  timestampToMillis,
  unscaledToBytes,
  unscaledToDecimal,
} from './logical.js';
import { readSchema } from './schema.js';
import type { AvroSchema, ContractVersion } from './types.js';
import { frame, readFrame } from './wire.js';

type EncodeResult =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

const refuse = (what: string): never => {
  throw new YitongError('bad_value', what);
};

/** What a writer of the same logical type read is already in the reader's form. */
const same = (value: unknown): unknown => value;

class DateType extends avsc.types.LogicalType {
  protected override _fromValue(days: number): string {
    return daysToDate(days) ?? refuse('a date lies outside the years 1 to 9999');
  }
  protected override _toValue(date: string): number {
    return dateToDays(date) ?? refuse('a date must be written `2019-01-02`');
  }
  protected override _resolve(writer: Type): unknown {
    return writer instanceof DateType ? same : undefined;
  }
}

class TimestampType extends avsc.types.LogicalType {
  protected override _fromValue(millis: number): string {
    return millisToTimestamp(millis) ?? refuse('a time lies outside the years 1 to 9999');
  }
  protected override _toValue(time: string): number {
    return timestampToMillis(time) ?? refuse('a time must be written `2019-01-02T03:04:05.678Z`');
  }
  protected override _resolve(writer: Type): unknown {
    return writer instanceof TimestampType ? same : undefined;
  }
}

class DecimalType extends avsc.types.LogicalType {
  readonly #precision: number;
  readonly #scale: number;
  constructor(schema: Schema, options?: object) {
    super(schema, options);
    const { precision, scale } = schema as object as { readonly precision: number; readonly scale?: number };
    this.#precision = precision;
    this.#scale = scale ?? 0;
  }
  protected override _fromValue(bytes: Buffer): string {
    const unscaled = bytesToUnscaled(bytes);
    return (
      (unscaled === undefined ? undefined : unscaledToDecimal(unscaled, this.#precision, this.#scale)) ??
      refuse('a decimal is beyond its precision')
    );
  }
  protected override _toValue(text: string): Buffer {
    const unscaled = decimalToUnscaled(text, this.#precision, this.#scale);
    return unscaled === undefined
      ? refuse('a decimal does not fit its precision and scale')
      : unscaledToBytes(unscaled);
  }
  protected override _resolve(writer: Type): unknown {
    return writer instanceof DecimalType && writer.#precision === this.#precision && writer.#scale === this.#scale
      ? same
      : undefined;
  }
}

/**
 * avsc's type for a schema. Its values are the JSON form above, except that bytes and fixed are Buffers, and that avsc
 * 5 rounds longs beyond 2^52: records go through `encodeRecord` and `decodeRecord`.
 * @throws YitongError `schema_refused`
 */
export function compileSchema(schema: AvroSchema): Type {
  readSchema(schema);
  try {
    return avsc.Type.forSchema(
      schema as Schema,
      {
        wrapUnions: false,
        logicalTypes: { date: DateType, 'timestamp-millis': TimestampType, decimal: DecimalType },
      } as object,
    );
  } catch (cause) {
    throw new YitongError('schema_refused', `avro refuses the schema: ${(cause as Error).message}`, { cause });
  }
}

/** Why data of `writer` cannot be read as `reader` by Avro's schema resolution; undefined if it can. */
export function unreadable(reader: Type, writer: Type): string | undefined {
  try {
    reader.createResolver(writer);
    return undefined;
  } catch (cause) {
    return (cause as Error).message.slice(0, 200);
  }
}

interface Codec {
  readonly write: Write;
  /** Of the last schema id that it was framed with. */
  head: Buffer | undefined;
  readonly read: Read;
}

// by the schema object, which a loaded workspace keeps for as long as its version
const codecs = new WeakMap<object, Codec>();

function codecOf(schema: AvroSchema): Codec {
  if (typeof schema !== 'object') throw new YitongError('schema_refused', 'a dataset schema is an Avro record');
  const known = codecs.get(schema);
  if (known !== undefined) return known;
  const root = readSchema(schema);
  const codec: Codec = { head: undefined, write: compileWriter(root, '', undefined), read: compileReader(root) };
  codecs.set(schema, codec);
  return codec;
}

const writer = new Writer();
const reader = new Reader();

/**
 * Strict: every field of `value` must be the contract's and fit it exactly; nothing is coerced. What is absent takes
 * the schema's default. Code lists are checked where they are given. The size is the caller's to check against
 * `maxRecordBytes`. Problems name paths (`members[].role`), never values; at most 100 of them.
 */
export function encodeRecord(
  version: Pick<ContractVersion, 'schema'>,
  value: unknown,
  options: { readonly codelists?: Codelists } = {},
): EncodeResult {
  const { write } = codecOf(version.schema);
  writer.begin(options.codelists);
  write(value, writer);
  return writer.problems.length > 0 ? { ok: false, problems: writer.problems } : { ok: true, body: writer.body() };
}

/** As `encodeRecord`, in the registry wire format (`wire.ts`): `body` begins with its header. */
export function encodeFramed(
  version: Pick<ContractVersion, 'schema' | 'schemaId'>,
  value: unknown,
  options: { readonly codelists?: Codelists } = {},
): EncodeResult {
  const codec = codecOf(version.schema);
  if (codec.head === undefined || readFrame(codec.head) !== version.schemaId)
    codec.head = frame(version.schemaId, new Uint8Array());
  writer.begin(options.codelists, codec.head);
  codec.write(value, writer);
  return writer.problems.length > 0 ? { ok: false, problems: writer.problems } : { ok: true, body: writer.body() };
}

/**
 * The JSON form of the body in `bytes` from `start` to `end` (without the five-byte header). A body of any content
 * costs memory in proportion to its own length.
 * @throws YitongError `wire_format`
 */
export function decodeRecord(
  version: Pick<ContractVersion, 'schema'>,
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): unknown {
  const { read } = codecOf(version.schema);
  reader.begin(bytes, start, end);
  const value = read(reader);
  reader.finish();
  return value;
}
