/**
 * The forms of a file: CSV (RFC 4180), NDJSON, and an Avro object container file with the schema of what is released.
 * All are written from the JSON form of records, as queries give it, so that they say the same.
 */
import { randomBytes } from 'node:crypto';
import { compileWriter, Writer } from '../../../contracts/encode.js';
import { YitongError } from '../../../contracts/errors.js';
import type { FieldShape, RecordShape, Shape } from '../../../contracts/schema.js';

export const FORMATS = ['csv', 'ndjson', 'avro'] as const;
export type FileFormat = (typeof FORMATS)[number];

export const MEDIA_TYPES: Readonly<Record<FileFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
  avro: 'application/avro',
};

type Json = Readonly<Record<string, unknown>>;

/** One record as a query gives it, with whose it is. */
export interface Row {
  readonly subject: string;
  readonly record: Json;
  readonly provenance: Json;
  /** `correction`: one of it is under way. */
  readonly marks?: readonly string[];
}

export interface Formatting {
  /** What a file begins with. */
  head(): Buffer;
  /** Lines of rows that are put on record together, each a row as JSON; nothing where there are none. */
  rows(lines: Buffer): Buffer;
}

const rowsOf = (lines: Buffer): readonly Row[] =>
  lines.length === 0
    ? []
    : lines
        .toString('utf8', 0, lines.length - 1)
        .split('\n')
        .map((line) => JSON.parse(line) as Row);

export function formatting(format: FileFormat, record: RecordShape): Formatting {
  switch (format) {
    case 'csv':
      return csv(rowShape(record));
    case 'ndjson':
      return {
        head: () => Buffer.alloc(0),
        rows: (lines) => lines,
      };
    case 'avro':
      return avro(rowShape(record));
  }
}

const field = (name: string, shape: Shape): FieldShape => ({ name, shape, hasDefault: false, attributes: {} });

const rowShape = (record: RecordShape): RecordShape => ({
  kind: 'record',
  name: 'Row',
  fields: [
    field('subject', { kind: 'string' }),
    field('record', record),
    field('provenance', {
      kind: 'record',
      name: 'Provenance',
      fields: [
        field('version', { kind: 'string' }),
        field('publishedAt', { kind: 'timestamp' }),
        field('sourceTime', { kind: 'timestamp' }),
        field('contractVersion', { kind: 'int' }),
      ],
    }),
    {
      name: 'marks',
      shape: { kind: 'nullable', of: { kind: 'array', items: { kind: 'string' } }, nullIndex: 0 },
      hasDefault: true,
      default: null,
      attributes: {},
    },
  ],
});

const CRLF = '\r\n';
/** Of CSV: how one cell is found in a row. */
interface Column {
  readonly name: string;
  readonly path: readonly string[];
}

const inner = (shape: Shape): Shape => (shape.kind === 'nullable' ? inner(shape.of) : shape);

function columnsOf(shape: RecordShape, path: readonly string[]): readonly Column[] {
  return shape.fields.flatMap(({ name, shape: own }): readonly Column[] => {
    const at = [...path, name];
    const below = inner(own);
    return below.kind === 'record' ? columnsOf(below, at) : [{ name: at.join('.'), path: at }];
  });
}

function valueAt(row: object, path: readonly string[]): unknown {
  let value: unknown = row;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Json)[name];
  }
  return value;
}

const quoted = (text: string): string =>
  text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** Nothing for a value that is not there, two quotes for an empty text; a list or a map is its JSON. */
function cellOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return quoted(value);
  return quoted(JSON.stringify(value));
}

function csv(shape: RecordShape): Formatting {
  const columns = columnsOf(shape, []);
  return {
    head: () => Buffer.from(columns.map(({ name }) => quoted(name)).join(',') + CRLF, 'utf8'),
    rows: (lines) =>
      Buffer.from(
        rowsOf(lines)
          .map((row) => columns.map(({ path }) => cellOf(valueAt(row, path))).join(',') + CRLF)
          .join(''),
        'utf8',
      ),
  };
}

/** The schema as Avro writes it. Each type of its own has the name of its place, so that no two are called alike. */
function avroOf(shape: Shape, place: string): unknown {
  switch (shape.kind) {
    case 'record':
      return {
        type: 'record',
        name: place,
        fields: shape.fields.map(({ name, shape: own, hasDefault }) => ({
          name,
          type: avroOf(own, `${place}_${name}`),
          ...(hasDefault ? { default: null } : {}),
        })),
      };
    case 'nullable':
      return ['null', avroOf(shape.of, place)];
    case 'array':
      return { type: 'array', items: avroOf(shape.items, `${place}_item`) };
    case 'map':
      return { type: 'map', values: avroOf(shape.values, `${place}_value`) };
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'timestamp':
      return { type: 'long', logicalType: 'timestamp-millis' };
    case 'decimal':
      return { type: 'bytes', logicalType: 'decimal', precision: shape.precision, scale: shape.scale };
    case 'fixed':
      return { type: 'fixed', name: place, size: shape.size };
    case 'enum':
      return 'string';
    default:
      return shape.kind;
  }
}

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC = 16;

function avro(shape: RecordShape): Formatting {
  const sync = randomBytes(SYNC);
  const write = compileWriter(shape, '', undefined);
  const out = new Writer();
  return {
    head() {
      out.begin(undefined, MAGIC);
      out.long(2);
      out.string('avro.schema');
      const schema = Buffer.from(JSON.stringify(avroOf(shape, 'Row')), 'utf8');
      out.long(schema.length);
      out.raw(schema);
      out.string('avro.codec');
      out.string('null');
      out.byte(0);
      out.raw(sync);
      return Buffer.from(out.body());
    },
    rows(lines) {
      if (lines.length === 0) return Buffer.alloc(0);
      const rows = rowsOf(lines);
      const bodies = rows.map((row) => {
        out.begin(undefined);
        write(row, out);
        // what the view gave and the shape does not have would be a fault of this program: then nothing is made
        if (out.problems.length > 0) throw new YitongError('internal', 'a record does not fit the schema of its file');
        return out.body();
      });
      out.begin(undefined);
      out.long(rows.length);
      out.long(bodies.reduce((sum, { length }) => sum + length, 0));
      const head = out.body();
      return Buffer.concat([head, ...bodies, sync]);
    },
  };
}
