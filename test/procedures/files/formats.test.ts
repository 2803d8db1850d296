/**
 * A record with every type in every form, by the projection of a query: a program of others reads the same from Avro
 * and from CSV, also of records of an older version.
 */
import t from 'tap';
import { compileSchema, encodeRecord } from '../../../contracts/avro.js';
import type { FieldPath } from '../../../contracts/ids.js';
import type { AvroSchema } from '../../../contracts/types.js';
import { type Form, Out, projectionCache, releasedShape } from '../../../gateway/answer/projection/index.js';
import { formatting, type Row } from '../../../gateway/procedures/files/formats.js';
import { avro, csv, ndjson } from './world.js';

const nullable = (type: unknown) => ['null', type];
const person = { type: 'record', name: 'Person', fields: [{ name: 'name', type: 'string' }] };
const fields = [
  { name: 'text', type: 'string' },
  { name: 'maybe', type: nullable('string') },
  { name: 'flag', type: 'boolean' },
  { name: 'count', type: 'int' },
  { name: 'big', type: 'long' },
  { name: 'ratio', type: 'double' },
  { name: 'day', type: { type: 'int', logicalType: 'date' } },
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  { name: 'money', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
  { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
  { name: 'raw', type: 'bytes' },
  { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 4 } },
  { name: 'lead', type: nullable(person) },
  { name: 'members', type: { type: 'array', items: 'Person' } },
  { name: 'names', type: { type: 'map', values: 'string' } },
  { name: 'secret', type: 'string' },
];
const schemaOf = (some: readonly object[]): AvroSchema =>
  ({ type: 'record', name: 'Thing', fields: some }) as unknown as AvroSchema;
const latest = schemaOf(fields);
/** Without what came later. */
const older = schemaOf(fields.filter(({ name }) => !['maybe', 'money', 'names'].includes(name)));

const full = {
  text: 'a "b",\r\n=c 甲',
  maybe: null,
  flag: true,
  count: -7,
  // beyond 2^52 avsc refuses to read
  big: 4_503_599_627_370_495,
  ratio: 0.1,
  day: '2020-02-29',
  at: '2026-12-01T02:03:04.567Z',
  money: '-1234567890.05',
  kind: 'B',
  raw: Buffer.from([0, 255]).toString('base64'),
  hash: Buffer.from([1, 2, 3, 4]).toString('base64'),
  lead: { name: 'L' },
  members: [{ name: 'M' }, { name: '' }],
  names: { x: '1', 'y z': '2' },
  secret: 'never',
};
const paths = fields.flatMap(({ name }) => (name === 'secret' ? [] : [name as FieldPath]));
const forms = new Map<FieldPath, Form>([
  ['secret' as FieldPath, { kind: 'masked' }],
  ['members' as FieldPath, { kind: 'count' }],
  ['maybe' as FieldPath, { kind: 'exists' }],
  ['big' as FieldPath, { kind: 'band', bands: ['<10', '≥10'] }],
]);
const NO_FORMS = new Map<FieldPath, Form>();

function projected(schema: AvroSchema, released: readonly FieldPath[], told: ReadonlyMap<FieldPath, Form>) {
  const known = new Set((schema as unknown as { fields: { name: string }[] }).fields.map(({ name }) => name));
  const record = Object.fromEntries(Object.entries(full).filter(([name]) => known.has(name)));
  const encoded = encodeRecord({ schema }, record);
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
  compileSchema(schema);
  const out = new Out(4096);
  projectionCache()
    .get({ schema } as never, released, told)
    .write(encoded.body, 0, encoded.body.length, out);
  return JSON.parse(out.written().toString()) as Record<string, unknown>;
}

const provenance = {
  version: '0:1',
  publishedAt: '2026-12-01T00:00:00.000Z',
  sourceTime: '2026-11-30T00:00:00.000Z',
  contractVersion: 2,
};

for (const [name, told] of [
  ['values', NO_FORMS],
  ['other forms than values', forms],
] as const) {
  t.test(`records of two versions, with ${name}`, async (t) => {
    const released = paths.filter((path) => !told.has(path));
    const rows: Row[] = [latest, older].map((schema, n) => ({
      subject: `uscc:${String(n)}`,
      record: projected(schema, released, told),
      provenance,
    }));
    const shape = releasedShape({ schema: latest }, released, told);
    const bytesOf = (format: 'csv' | 'ndjson' | 'avro'): Buffer => {
      const made = formatting(format, shape);
      // in two parts, as chunks are written, and none where there is nothing
      const linesOf = (some: readonly Row[]): Buffer =>
        Buffer.from(some.map((row) => `${JSON.stringify(row)}\n`).join(''));
      const parts = [rows.slice(0, 1), [], rows.slice(1)].map((some) => made.rows(linesOf(some)));
      return Buffer.concat([made.head(), ...parts]);
    };
    t.strictSame(ndjson(bytesOf('ndjson')), rows);

    const read = (await avro(bytesOf('avro'))) as unknown as { record: Record<string, unknown> }[];
    t.equal(read.length, 2);
    const [first] = rows;
    const record = read[0]?.record ?? {};
    t.strictSame(Object.keys(record), Object.keys(first?.record ?? {}), 'the same fields, in the same order');
    t.equal(record['text'], full.text);
    t.equal(record['day'], 18_321, 'a date is days since 1970');
    t.equal(record['at'], Date.parse(full.at));
    t.strictSame(record['lead'], { name: 'L' });
    t.equal(read[1]?.record['money'], null, 'what an older version does not have is null');

    const [head, one, two] = csv(bytesOf('csv'));
    const cells = Object.fromEntries((head ?? []).map((column, i) => [column, one?.[i]]));
    t.equal(cells['record.text'], full.text);
    t.equal(cells['record.lead.name'], 'L');
    t.equal(cells['record.money'], full.money);
    t.equal(cells['record.names'], JSON.stringify(full.names));
    t.equal(two?.[(head ?? []).indexOf('record.money')], undefined);
    if (told.size === 0) t.equal(cells['record.members'], JSON.stringify(full.members));
    else
      t.match(cells, {
        'record.members.count': '2',
        'record.maybe.exists': 'false',
        'record.big.band': '≥10',
        'record.secret.masked': 'n**',
      });
    t.notMatch(bytesOf('ndjson').toString() + bytesOf('csv').toString(), 'never');
  });
}
