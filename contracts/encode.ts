/**
 * The JSON form of a record → its Avro body, checked and written in one pass. A schema becomes a tree of closures once;
 * each knows its path, so a problem names its field and the good case builds no strings.
 */
import { defaultOf } from './default.js';
import { type ErrorCode, type FieldProblem, YitongError } from './errors.js';
import { dateToDays, decimalToUnscaled, timestampToMillis, unscaledToBytes } from './logical.js';
import { type FieldShape, FORBIDDEN_NAMES, type RecordShape, type Shape } from './schema.js';
import type { Codelist } from './types.js';

export type Codelists = ReadonlyMap<string, Codelist>;

/**
 * Records are written one behind the other into slabs of this size: a buffer of its own for each costs more than
 * writing it.
 */
const SLAB = 1 << 17;
const MAX_PROBLEMS = 100;
const SHORT = 200;
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;

/** Where a record is being written. One is reused: encoding never yields to other work. */
export class Writer {
  private buffer = Buffer.allocUnsafeSlow(SLAB);
  private start = 0;
  private at = 0;
  problems: FieldProblem[] = [];
  codelists: Codelists | undefined;

  /** `before`: what stands before the record. */
  begin(codelists: Codelists | undefined, before?: Uint8Array): void {
    this.at = this.start;
    if (this.problems.length > 0) this.problems = [];
    this.codelists = codelists;
    if (before !== undefined) this.raw(before);
  }
  /** What was written, in memory that nothing else will write to. */
  body(): Buffer {
    const body = this.buffer.subarray(this.start, this.at);
    this.start = this.at;
    return body;
  }
  problem(code: ErrorCode, field: string, reason: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ code, field, reason });
  }
  private ensure(bytes: number): void {
    if (this.at + bytes > this.buffer.length) this.grow(bytes);
  }
  /** Moves what is written of this record to a new slab. */
  private grow(bytes: number): void {
    const written = this.at - this.start;
    const larger = Buffer.allocUnsafeSlow(Math.max(SLAB, (written + bytes) * 2));
    this.buffer.copy(larger, 0, this.start, this.at);
    this.buffer = larger;
    this.start = 0;
    this.at = written;
  }
  byte(value: number): void {
    this.ensure(1);
    this.buffer[this.at++] = value;
  }
  /**
   * Zigzag variable-length, for any safe integer: the sign goes into the first group, so nothing is doubled past 2^53.
   */
  long(value: number): void {
    this.ensure(10);
    const sign = value < 0 ? 1 : 0;
    let rest = sign === 1 ? -value - 1 : value;
    let group = (rest % 64) * 2 + sign;
    rest = Math.floor(rest / 64);
    while (rest > 0) {
      this.buffer[this.at++] = group | 128;
      group = rest % 128;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.at++] = group;
  }
  /** A safe integer as length and shortest big-endian two's complement. */
  decimal(value: number): void {
    let length = 1;
    for (let limit = 128; value < -limit || value >= limit; limit *= 256) length++;
    this.ensure(8);
    this.buffer[this.at++] = length * 2;
    const end = this.at + length;
    for (let at = end - 1, rest = value; at >= this.at; at--, rest = Math.floor(rest / 256))
      this.buffer[at] = rest - Math.floor(rest / 256) * 256;
    this.at = end;
  }
  double(value: number): void {
    this.ensure(8);
    this.at = this.buffer.writeDoubleLE(value, this.at);
  }
  raw(bytes: Uint8Array): void {
    this.ensure(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }
  /** False where the text holds half a character (a lone surrogate), which UTF-8 cannot say. */
  string(value: string): boolean {
    const length = value.length;
    if (length > SHORT) {
      if (LONE_SURROGATE.test(value)) return false;
      const bytes = Buffer.byteLength(value);
      this.long(bytes);
      this.ensure(bytes);
      this.at += this.buffer.write(value, this.at, 'utf8');
      return true;
    }
    // one pass: most lengths take as many bytes as that of the same text in ASCII would
    this.ensure(length * 3 + 2);
    const buffer = this.buffer;
    const start = this.at + (length < 64 ? 1 : 2);
    let at = start;
    for (let i = 0; i < length; i++) {
      let code = value.charCodeAt(i);
      if (code < 0x80) {
        buffer[at++] = code;
        continue;
      }
      if (code < 0x800) {
        buffer[at++] = 0xc0 | (code >> 6);
      } else {
        if (code >= 0xd800 && code <= 0xdfff) {
          const low = code < 0xdc00 && i + 1 < length ? value.charCodeAt(++i) : 0;
          if (low < 0xdc00 || low > 0xdfff) return false;
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          buffer[at++] = 0xf0 | (code >> 18);
          buffer[at++] = 0x80 | ((code >> 12) & 63);
        } else {
          buffer[at++] = 0xe0 | (code >> 12);
        }
        buffer[at++] = 0x80 | ((code >> 6) & 63);
      }
      buffer[at++] = 0x80 | (code & 63);
    }
    const bytes = at - start;
    if (length < 64 && bytes >= 64) {
      buffer.copyWithin(start + 1, start, at);
      at++;
    }
    // at most 3 × SHORT bytes, so two groups of the length at most
    if (bytes < 64) buffer[this.at] = bytes * 2;
    else {
      buffer[this.at] = ((bytes * 2) & 127) | 128;
      buffer[this.at + 1] = bytes >> 6;
    }
    this.at = at;
    return true;
  }
}

export type Write = (value: unknown, out: Writer) => void;

/** The default of a field as bytes. */
function defaultBytes(field: FieldShape, path: string): Buffer | undefined {
  if (!field.hasDefault) return undefined;
  const out = new Writer();
  const value = defaultOf(field.shape, field.default);
  if (value === undefined) out.problem('bad_value', path, 'has no such default');
  else compileWriter(field.shape, path, undefined)(value, out);
  const problem = out.problems[0];
  if (problem !== undefined)
    throw new YitongError('schema_refused', `\`${path}\` has a default that does not fit it: ${problem.reason}`);
  return Buffer.from(out.body());
}

const wrong = (out: Writer, path: string, value: unknown, expected: string): void => {
  if (value === null || value === undefined) out.problem('missing_value', path, 'has no value');
  else out.problem('bad_value', path, `must be ${expected}`);
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function recordWriter(record: RecordShape, path: string): Write {
  const steps = record.fields.map((field) => {
    const at = path === '' ? field.name : `${path}.${field.name}`;
    const codelist = field.attributes['codelist'];
    return {
      name: field.name,
      path: at,
      write: compileWriter(field.shape, at, typeof codelist === 'string' ? codelist : undefined),
      fallback: defaultBytes(field, at),
    };
  });
  const known = new Set(record.fields.map(({ name }) => name));
  return (value, out) => {
    if (!isObject(value)) return wrong(out, path, value, 'an object');
    let next = 0;
    let inOrder = true;
    // members in the order of the schema, as a mapping gives them, need no look-up by name
    for (const key in value) {
      const step = steps[next];
      const member = value[key];
      if (step === undefined || step.name !== key || member === undefined || typeof member === 'function') {
        inOrder = false;
        break;
      }
      next++;
      step.write(member, out);
    }
    if (inOrder && next === steps.length) return;
    let present = next;
    for (; next < steps.length; next++) {
      const step = steps[next]!;
      const member = value[step.name];
      // a function can only be inherited (a field called `toString`), never data
      if (member !== undefined && typeof member !== 'function') {
        present++;
        step.write(member, out);
      } else if (step.fallback !== undefined) out.raw(step.fallback);
      else out.problem('missing_value', step.path, 'has no value');
    }
    const keys = Object.keys(value);
    if (keys.length === present) return;
    for (const key of keys) {
      if (!known.has(key))
        out.problem(
          'surplus_field',
          `${path === '' ? '' : `${path}.`}${key.slice(0, 100)}`,
          'is not a field of the contract',
        );
    }
  };
}

function stringWriter(path: string, codelist: string | undefined): Write {
  return (value, out) => {
    if (typeof value !== 'string') return wrong(out, path, value, 'text');
    if (
      codelist !== undefined &&
      out.codelists !== undefined &&
      out.codelists.get(codelist)?.codes.has(value) !== true
    ) {
      return out.problem('not_in_codelist', path, `is not in the code list \`${codelist}\``);
    }
    if (!out.string(value)) out.problem('bad_value', path, 'must be well-formed Unicode text');
  };
}

/** `base64` in its one canonical spelling, else undefined. */
function base64(value: string): Buffer | undefined {
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? bytes : undefined;
}

/** A shape of one kind. */
type ShapeOf<K extends Shape['kind']> = Extract<Shape, { readonly kind: K }>;

function nullableWriter({ nullIndex, of }: ShapeOf<'nullable'>, path: string, codelist: string | undefined): Write {
  const inner = compileWriter(of, path, codelist);
  return (value, out) => {
    if (value === null) return out.byte(nullIndex * 2);
    out.byte((1 - nullIndex) * 2);
    inner(value, out);
  };
}

function arrayWriter({ items }: ShapeOf<'array'>, path: string, codelist: string | undefined): Write {
  const item = compileWriter(items, `${path}[]`, codelist);
  return (value, out) => {
    if (!Array.isArray(value)) return wrong(out, path, value, 'a list');
    if (value.length > 0) {
      out.long(value.length);
      for (let i = 0; i < value.length; i++) item(value[i], out);
    }
    out.byte(0);
  };
}

function mapWriter({ values }: ShapeOf<'map'>, path: string, codelist: string | undefined): Write {
  const inner = compileWriter(values, path, codelist);
  return (value, out) => {
    if (!isObject(value)) return wrong(out, path, value, 'an object');
    const keys = Object.keys(value);
    if (keys.length > 0) {
      out.long(keys.length);
      for (const key of keys) {
        if (FORBIDDEN_NAMES.has(key) || !out.string(key)) out.problem('bad_value', path, 'has a key that is refused');
        else inner(value[key], out);
      }
    }
    out.byte(0);
  };
}

function dateWriter(path: string): Write {
  return (value, out) => {
    const days = typeof value === 'string' ? dateToDays(value) : undefined;
    if (days === undefined) wrong(out, path, value, 'a date written `2019-01-02`');
    else out.long(days);
  };
}

function timestampWriter(path: string): Write {
  return (value, out) => {
    const millis = typeof value === 'string' ? timestampToMillis(value) : undefined;
    if (millis === undefined) wrong(out, path, value, 'a time in UTC written `2019-01-02T03:04:05.678Z`');
    else out.long(millis);
  };
}

function decimalWriter({ precision, scale }: ShapeOf<'decimal'>, path: string): Write {
  const expected = `a decimal as text with exactly ${scale} digits after the point and at most ${precision} in all`;
  return (value, out) => {
    const unscaled = typeof value === 'string' ? decimalToUnscaled(value, precision, scale) : undefined;
    if (unscaled === undefined) return wrong(out, path, value, expected);
    if (typeof unscaled === 'number') return out.decimal(unscaled);
    const bytes = unscaledToBytes(unscaled);
    out.long(bytes.length);
    out.raw(bytes);
  };
}

function enumWriter({ symbols }: ShapeOf<'enum'>, path: string): Write {
  const index = new Map(symbols.map((symbol, at) => [symbol, at]));
  return (value, out) => {
    const at = typeof value === 'string' ? index.get(value) : undefined;
    if (at === undefined) wrong(out, path, value, `one of ${symbols.slice(0, 20).join(', ')}`);
    else out.long(at);
  };
}

function bytesWriter(path: string): Write {
  return (value, out) => {
    const bytes = typeof value === 'string' ? base64(value) : undefined;
    if (bytes === undefined) return wrong(out, path, value, 'base64 text');
    out.long(bytes.length);
    out.raw(bytes);
  };
}

function fixedWriter({ size }: ShapeOf<'fixed'>, path: string): Write {
  return (value, out) => {
    const bytes = typeof value === 'string' ? base64(value) : undefined;
    if (bytes?.length !== size) return wrong(out, path, value, `base64 text of ${size} bytes`);
    out.raw(bytes);
  };
}

export function compileWriter(shape: Shape, path: string, codelist: string | undefined): Write {
  switch (shape.kind) {
    case 'record':
      return recordWriter(shape, path);
    case 'nullable':
      return nullableWriter(shape, path, codelist);
    case 'array':
      return arrayWriter(shape, path, codelist);
    case 'map':
      return mapWriter(shape, path, codelist);
    case 'string':
      return stringWriter(path, codelist);
    case 'boolean':
      return (value, out) =>
        typeof value === 'boolean' ? out.byte(value ? 1 : 0) : wrong(out, path, value, 'true or false');
    case 'int':
      return (value, out) =>
        typeof value === 'number' && (value | 0) === value
          ? out.long(value)
          : wrong(out, path, value, 'a whole number of 32 bits');
    case 'long':
      return (value, out) =>
        Number.isSafeInteger(value)
          ? out.long(value as number)
          : wrong(out, path, value, 'a whole number between -2^53 and 2^53');
    case 'double':
      return (value, out) =>
        Number.isFinite(value) ? out.double(value as number) : wrong(out, path, value, 'a finite number');
    case 'date':
      return dateWriter(path);
    case 'timestamp':
      return timestampWriter(path);
    case 'decimal':
      return decimalWriter(shape, path);
    case 'enum':
      return enumWriter(shape, path);
    case 'bytes':
      return bytesWriter(path);
    case 'fixed':
      return fixedWriter(shape, path);
  }
}
