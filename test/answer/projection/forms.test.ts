import fc from 'fast-check';
import t from 'tap';
import { decodeRecord, encodeRecord } from '../../../contracts/avro.js';
import { fieldsOf } from '../../../contracts/fields.js';
import { type FieldPath, fieldPath } from '../../../contracts/ids.js';
import type { AvroSchema, FieldInfo } from '../../../contracts/types.js';
import { compileProjection, type Form, Out } from '../../../gateway/answer/projection/index.js';
import { cases, reference } from './arbitrary.js';

const NUMBERS = ['<0', '0–1000', '≥5000'];
const DATES = ['<1970-01-01', '1970-01-01–2020-01-01'];

function project(
  schema: AvroSchema,
  value: unknown,
  forms: ReadonlyMap<FieldPath, Form>,
  fields: readonly FieldPath[] = [],
): string {
  const encoded = encodeRecord({ schema }, value);
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
  const out = new Out(16);
  compileProjection({ schema }, fields, forms).write(encoded.body, 0, encoded.body.length, out);
  return out.written().toString();
}

/** The forms that a grant may name for a field. */
function formsFor({ type }: FieldInfo): readonly Form[] {
  const exists: Form = { kind: 'exists' };
  if (type === 'string') return [exists, { kind: 'masked' }];
  if (type === 'array') return [exists, { kind: 'count' }];
  if (type === 'date' || type === 'timestamp') return [exists, { kind: 'band', bands: DATES }];
  return ['int', 'long', 'double', 'decimal'].includes(type) ? [exists, { kind: 'band', bands: NUMBERS }] : [exists];
}

/** The band of a number in the JSON form, a decimal being text. */
function bandOf(value: unknown): string {
  const text = String(value);
  if (/^\d{4}-/.test(text))
    return text.slice(0, 4) < '1970' ? '<1970-01-01' : text.slice(0, 4) < '2020' ? '1970-01-01–2020-01-01' : 'outside';
  if (text.startsWith('-')) return '<0';
  const whole = typeof value === 'number' ? value : BigInt(text.split('.')[0] ?? '');
  return whole < 1000 ? '0–1000' : whole >= 5000 ? '≥5000' : 'outside';
}

function tell(form: Form, value: unknown): object {
  switch (form.kind) {
    case 'exists':
      return { exists: value !== null && !(typeof value === 'object' && Object.keys(value).length === 0) };
    case 'count':
      return { count: value === null ? null : (value as unknown[]).length };
    case 'band':
      return { band: value === null ? null : bandOf(value) };
    case 'masked': {
      if (value === null) return { masked: null };
      const characters = [...(value as string)];
      return { masked: `${characters.length > 1 ? characters[0] : ''}**` };
    }
  }
}

const told = cases.chain((one) =>
  fc
    .array(fc.tuple(fc.constantFrom(...fieldsOf(one.schema)), fc.nat()), { minLength: 1, maxLength: 6 })
    .map((drawn) => {
      const forms = new Map<FieldPath, Form>();
      for (const [info, n] of drawn) {
        const possible = formsFor(info);
        const form = possible[n % possible.length];
        if (form !== undefined) forms.set(info.path, form);
      }
      return { ...one, forms };
    }),
);

t.test('a field that is told in another form is told in that form and in no other, whatever the schema', (t) => {
  fc.assert(
    fc.property(told, fc.boolean(), ({ schema, value, forms }, all) => {
      const fields = all
        ? fieldsOf(schema)
            .filter(({ branch }) => !branch)
            .map(({ path }) => path)
        : [];
      const encoded = encodeRecord({ schema }, value);
      if (!encoded.ok) throw new Error('not encoded');
      const decoded = decodeRecord({ schema }, encoded.body);
      // a form below a branch opens the branch, as a field below it does
      const opened = [...fields, ...forms.keys()];
      const expected = reference(schema, decoded, opened, '', (path, value) => {
        const form = forms.get(fieldPath(path));
        return form === undefined ? undefined : tell(form, value);
      });
      const got: unknown = JSON.parse(project(schema, value, forms, fields));
      return JSON.stringify(got) === JSON.stringify(JSON.parse(JSON.stringify(expected)));
    }),
    { numRuns: 400 },
  );
  t.end();
});

const title = { zh: '项', en: 'item' };
const named = (name: string, type: unknown) => ({ name, type, title, classification: 'personal' });
const schema: AvroSchema = {
  type: 'record',
  name: 'Person',
  fields: [
    named('id', 'string'),
    named('name', ['null', 'string']),
    named('born', { type: 'int', logicalType: 'date' }),
    named('salary', { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 }),
    named('ratio', 'double'),
    named('phones', { type: 'array', items: 'string' }),
  ],
};
/** What stands in every answer: no value. */
const SKELETON =
  '{"id":{"masked":"****"},"name":{"masked":"**"},"born":{"band":"outside"},"salary":{"band":"outside"},"ratio":{"exists":true,false,null},"phones":{"count":0}}';
const marker = fc
  .string({ unit: fc.constantFrom(...'甲乙丙丁ABCdef"\\é😀'), minLength: 3, maxLength: 30 })
  .filter((text) => !SKELETON.includes(text));

t.test('no value can be read off an answer that releases existence, number, band or mask', (t) => {
  const forms = new Map<FieldPath, Form>([
    [fieldPath('id'), { kind: 'masked', mask: (text) => `${text.slice(0, 1)}****` }],
    [fieldPath('name'), { kind: 'masked' }],
    [fieldPath('born'), { kind: 'band', bands: DATES }],
    [fieldPath('salary'), { kind: 'band', bands: NUMBERS }],
    [fieldPath('ratio'), { kind: 'exists' }],
    [fieldPath('phones'), { kind: 'count' }],
  ]);
  fc.assert(
    fc.property(
      marker,
      marker,
      fc.integer({ min: 10_000_001, max: 99_999_999 }),
      fc.array(marker, { maxLength: 5 }),
      (id, name, cents, phones) => {
        const salary = `${String(cents).slice(0, -2)}.${String(cents).slice(-2)}`;
        const text = project(schema, { id, name, born: '1983-07-19', salary, ratio: 0.123456, phones }, forms);
        const raw = [id, name, '1983-07-19', salary, '0.123456', ...phones];
        return raw.every((value) => !text.includes(value) && !text.includes(JSON.stringify(value).slice(1, -1)));
      },
    ),
    { numRuns: 300 },
  );
  const one = project(
    schema,
    { id: '1', name: '王', born: '2020-01-01', salary: '1000.00', ratio: 1, phones: [] },
    forms,
  );
  t.equal(
    one,
    '{"id":{"masked":"1****"},"name":{"masked":"**"},"born":{"band":"outside"},"salary":{"band":"outside"},"ratio":{"exists":true},"phones":{"count":0}}',
  );
  t.end();
});

t.test(
  'a form goes before the value, also where a branch above is released whole, and a schema that cannot tell it ' +
    'leaves it out',
  (t) => {
    const nested: AvroSchema = {
      type: 'record',
      name: 'Outer',
      fields: [
        {
          name: 'a',
          title,
          type: { type: 'record', name: 'Inner', fields: [named('b', 'string'), named('c', 'string')] },
        },
      ],
    };
    const value = { a: { b: 'secret', c: 'open' } };
    t.equal(
      project(nested, value, new Map([[fieldPath('a.b'), { kind: 'exists' }]]), [fieldPath('a')]),
      '{"a":{"b":{"exists":true},"c":"open"}}',
    );
    t.equal(
      project(nested, value, new Map([[fieldPath('a.b'), { kind: 'count' }]]), [fieldPath('a')]),
      '{"a":{"c":"open"}}',
    );
    t.equal(
      project(nested, value, new Map([[fieldPath('a'), { kind: 'exists' }]]), [fieldPath('a.c')]),
      '{"a":{"exists":true}}',
    );
    t.end();
  },
);

t.test('a number stands in its band exactly, at the bounds as well', (t) => {
  const one: AvroSchema = {
    type: 'record',
    name: 'One',
    fields: [named('d', 'double'), named('s', { type: 'long', logicalType: 'timestamp-millis' })],
  };
  const band = (d: number, s = '2020-01-01T00:00:00.000Z') =>
    JSON.parse(
      project(
        one,
        { d, s },
        new Map([
          [fieldPath('d'), { kind: 'band', bands: ['<0', '0–0.1', '0.1–100', '≥100'] }],
          [fieldPath('s'), { kind: 'band', bands: ['<1970-01-01', '≥2020-01-01'] }],
        ]),
      ),
    ) as { d: { band: string }; s: { band: string } };
  for (const [d, expected] of [
    [-1e-30, '<0'],
    [-0, '0–0.1'],
    [1e-30, '0–0.1'],
    [0.1, '0.1–100'],
    [99.999999999999, '0.1–100'],
    [100, '≥100'],
    [1e300, '≥100'],
    [-1e300, '<0'],
  ] as const)
    t.equal(band(d).d.band, expected, String(d));
  t.equal(band(0).s.band, '≥2020-01-01');
  t.equal(band(0, '1969-12-31T23:59:59.999Z').s.band, '<1970-01-01');
  t.equal(band(0, '1970-01-01T00:00:00.000Z').s.band, 'outside');
  t.end();
});
