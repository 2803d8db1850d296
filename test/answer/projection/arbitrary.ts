/** Random dataset schemas, values that fit them, and what a projection of such a value should be. */
import fc from 'fast-check';

type Json = Record<string, unknown>;
export interface Case {
  readonly schema: Json;
  readonly value: Json;
}
interface Typed {
  readonly type: unknown;
  readonly value: fc.Arbitrary<unknown>;
  /** Has fields of its own below: needs no classification. */
  readonly branch?: boolean;
}

const nasty = fc.constantFrom(
  '',
  '"',
  '\\',
  '\u0000',
  '\u001f\b\f\n\r\t',
  '\u2028\u2029',
  '\u007f',
  '上海市黄浦区',
  '😀é',
  '\uFFFD',
  '</script>',
  'a'.repeat(300),
);
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), nasty);
const iso = (date: Date): string => date.toISOString();
const dates = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});
const base64 = (length: { minLength: number; maxLength: number }) =>
  fc.uint8Array(length).map((bytes) => Buffer.from(bytes).toString('base64'));
const double = fc.double({ noNaN: true, noDefaultInfinity: true });

function decimal(precision: number, scale: number): fc.Arbitrary<string> {
  const top = 10n ** BigInt(precision) - 1n;
  return fc.bigInt({ min: -top, max: top }).map((unscaled) => {
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
    const whole = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return unscaled < 0n ? `-${whole}` : whole;
  });
}

const scalar = (name: string): fc.Arbitrary<Typed> =>
  fc.oneof(
    fc.constantFrom<Typed>(
      { type: 'string', value: text },
      { type: 'boolean', value: fc.boolean() },
      { type: 'int', value: fc.integer() },
      { type: 'long', value: fc.maxSafeInteger() },
      { type: 'double', value: double },
      { type: { type: 'int', logicalType: 'date' }, value: dates.map((date) => iso(date).slice(0, 10)) },
      { type: { type: 'long', logicalType: 'timestamp-millis' }, value: dates.map(iso) },
      { type: 'bytes', value: base64({ minLength: 0, maxLength: 30 }) },
      { type: { type: 'fixed', name: `F${name}`, size: 7 }, value: base64({ minLength: 7, maxLength: 7 }) },
      {
        type: { type: 'enum', name: `E${name}`, symbols: ['A', 'b_2', '_C'] },
        value: fc.constantFrom('A', 'b_2', '_C'),
      },
    ),
    fc.tuple(fc.integer({ min: 1, max: 38 }), fc.nat()).map(([precision, n]): Typed => {
      const scale = n % (precision + 1);
      return { type: { type: 'bytes', logicalType: 'decimal', precision, scale }, value: decimal(precision, scale) };
    }),
  );

const isRecord = (type: unknown): boolean =>
  Array.isArray(type) ? type.some(isRecord) : (type as Json)['type'] === 'record';

function typed(name: string, depth: number): fc.Arbitrary<Typed> {
  const plain = scalar(name);
  const inner: fc.Arbitrary<Typed> =
    depth === 0
      ? plain
      : fc.oneof(
          { weight: 4, arbitrary: plain },
          { weight: 2, arbitrary: recordOf(name, depth - 1) },
          {
            weight: 2,
            arbitrary: typed(`${name}i`, depth - 1).map(
              ({ type, value }): Typed => ({
                type: { type: 'array', items: type },
                value: fc.array(value, { maxLength: 3 }),
                // a list of lists is one leaf
                branch: isRecord(type),
              }),
            ),
          },
          {
            weight: 1,
            arbitrary: scalar(`${name}m`).map(
              ({ type, value }): Typed => ({
                type: { type: 'map', values: type },
                value: fc
                  .array(
                    fc.tuple(
                      fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== '__proto__'),
                      value,
                    ),
                    { maxLength: 3 },
                  )
                  .map(Object.fromEntries),
              }),
            ),
          },
        );
  return fc.tuple(inner, fc.constantFrom('', 'first', 'last')).map(([{ type, value, branch }, nullable]) => {
    const about = branch === true ? { branch } : {};
    if (nullable === '') return { type, value, ...about };
    return { type: nullable === 'first' ? ['null', type] : [type, 'null'], value: fc.option(value), ...about };
  });
}

function recordOf(name: string, depth: number): fc.Arbitrary<Typed> {
  return fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }).chain((slots) =>
    fc.tuple(...slots.map((_, i) => typed(`${name}_${i}`, depth))).map(
      (fields): Typed => ({
        type: {
          type: 'record',
          name: `R${name}`,
          fields: fields.map(({ type, branch }, i) => ({
            name: `f${i}`,
            type,
            title: { zh: '字段', en: 'field' },
            ...(branch === true ? {} : { classification: 'public' }),
          })),
        },
        value: fc
          .tuple(...fields.map(({ value }) => value))
          .map((values) => Object.fromEntries(values.map((value, i) => [`f${i}`, value]))),
        branch: true,
      }),
    ),
  );
}

/**
 * Nested unions in a list of nullables are fine; unions of unions do not come up, because each name is wrapped once.
 */
export const cases: fc.Arbitrary<Case> = recordOf('x', 3).chain(({ type, value }) =>
  value.map((one) => ({ schema: type as Json, value: one as Json })),
);

/**
 * What should come out, computed from the decoded JSON: released leaves, branches with something released, and nulls.
 */
export function reference(
  schema: Json,
  value: unknown,
  fields: readonly string[],
  prefix = '',
  told: (path: string, value: unknown) => unknown = () => undefined,
): unknown {
  const record = value as Json;
  const out: Json = {};
  for (const field of schema['fields'] as Json[]) {
    const name = field['name'] as string;
    const path = `${prefix}${name}`;
    const other = told(path, record[name]);
    if (other !== undefined) {
      out[name] = other;
      continue;
    }
    if (fields.includes(path)) {
      out[name] = record[name];
      continue;
    }
    let type = field['type'];
    if (Array.isArray(type)) type = type.find((one) => one !== 'null');
    const list = (type as Json)?.['type'] === 'array';
    if (list) type = (type as Json)['items'];
    if (Array.isArray(type)) type = type.find((one) => one !== 'null');
    if ((type as Json)?.['type'] !== 'record') continue;
    const below = `${path}${list ? '[]' : ''}.`;
    if (!fields.some((one) => one.startsWith(below))) continue;
    const inner = record[name];
    const one = (item: unknown): unknown => (item === null ? null : reference(type as Json, item, fields, below, told));
    out[name] = inner === null ? null : list ? (inner as unknown[]).map(one) : one(inner);
  }
  return out;
}
