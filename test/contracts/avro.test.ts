import fc from 'fast-check';
import t from 'tap';
import { compileSchema, decodeRecord, encodeRecord } from '../../contracts/avro.js';
import { canonicalJson } from '../../contracts/canonical.js';
import { isYitongError } from '../../contracts/errors.js';
import type { AvroSchema } from '../../contracts/types.js';

interface Kind {
  readonly schema: AvroSchema;
  readonly value: fc.Arbitrary<unknown>;
}

const text = fc.string({ unit: 'binary', maxLength: 300 });
const date = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
// avsc rounds longs beyond 2^52; ours are held against bigint below
const safe = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
const decimal = (precision: number, scale: number): fc.Arbitrary<string> =>
  fc.bigInt({ min: -(10n ** BigInt(precision) - 1n), max: 10n ** BigInt(precision) - 1n }).map((n) => {
    const digits = (n < 0n ? -n : n).toString().padStart(scale + 1, '0');
    return `${n < 0n ? '-' : ''}${scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`}`;
  });

const scalar: fc.Arbitrary<Kind> = fc.oneof(
  fc.constant({ schema: 'string', value: text }),
  fc.constant({ schema: 'boolean', value: fc.boolean() }),
  fc.constant({ schema: 'int', value: fc.integer() }),
  fc.constant({ schema: 'long', value: safe }),
  fc.constant({ schema: 'double', value: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  fc.constant({
    schema: 'bytes',
    value: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  }),
  fc.constant({
    schema: { type: 'int', logicalType: 'date' },
    value: date.map((when) => when.toISOString().slice(0, 10)),
  }),
  fc.constant({
    schema: { type: 'long', logicalType: 'timestamp-millis' },
    value: date.map((when) => when.toISOString()),
  }),
  fc.integer({ min: 1, max: 38 }).chain((precision) =>
    fc.integer({ min: 0, max: precision }).map((scale) => ({
      schema: { type: 'bytes', logicalType: 'decimal', precision, scale },
      value: decimal(precision, scale),
    })),
  ),
);

let names = 0;
const { kind } = fc.letrec<{ kind: Kind; record: Kind }>((tie) => ({
  kind: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.constantFrom(2, 5).map((size) => ({
      schema: { type: 'fixed', name: `F${names++}`, size },
      value: fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes).toString('base64')),
    })),
    fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 4 }).map((symbols) => ({
      schema: { type: 'enum', name: `E${names++}`, symbols },
      value: fc.constantFrom(...symbols),
    })),
    tie('record'),
    tie('kind').map(({ schema, value }) => ({
      schema: { type: 'array', items: schema },
      value: fc.array(value, { maxLength: 4 }),
    })),
    tie('kind').map(({ schema, value }) => ({
      schema: { type: 'map', values: schema },
      value: fc.dictionary(fc.stringMatching(/^[a-zé中]{1,6}$/), value, { maxKeys: 4, noNullPrototype: true }),
    })),
    // a union inside a union is refused
    fc
      .tuple(tie('kind'), fc.boolean())
      .map(([{ schema, value }, first]) =>
        Array.isArray(schema)
          ? { schema, value }
          : { schema: first ? ['null', schema] : [schema, 'null'], value: fc.option(value) },
      ),
  ),
  record: fc
    .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,5}$|^toString$|^valueOf$/), tie('kind')), {
      minLength: 1,
      maxLength: 4,
      selector: ([name]) => name,
    })
    .map((fields) => ({
      schema: {
        type: 'record',
        name: `R${names++}`,
        fields: fields.map(([name, { schema }]) => ({ name, type: schema })),
      },
      value: fc.record(Object.fromEntries(fields.map(([name, { value }]) => [name, value])), { noNullPrototype: true }),
    })),
}));
const rooted = kind.map(
  ({ schema, value }): Kind => ({
    schema: {
      type: 'record',
      name: `Root${names++}`,
      fields: [
        { name: 'a', type: schema },
        { name: 'b', type: 'string' },
      ],
    },
    value: fc.record({ a: value, b: text }, { noNullPrototype: true }),
  }),
);
const depthOf = (schema: unknown): number =>
  typeof schema === 'object' && schema !== null ? 1 + Math.max(0, ...Object.values(schema).map(depthOf)) : 0;

t.test('what is encoded comes back, and avsc agrees byte by byte', (t) => {
  let bytes = 0;
  fc.assert(
    fc.property(
      rooted
        .filter(({ schema }) => depthOf(schema) < 40)
        .chain(({ schema, value }) => fc.tuple(fc.constant(schema), fc.array(value, { minLength: 1, maxLength: 5 }))),
      ([schema, values]) => {
        const type = compileSchema(schema);
        for (const value of values) {
          const encoded = encodeRecord({ schema }, value);
          if (!encoded.ok) throw new Error(encoded.problems.map(({ field, reason }) => `${field} ${reason}`).join());
          bytes += encoded.body.length;
          const decoded = decodeRecord({ schema }, encoded.body);
          if (canonicalJson(decoded) !== canonicalJson(value)) throw new Error('came back as something else');
          // through avsc: its own reading, written again, is the same body
          if (!type.toBuffer(type.fromBuffer(encoded.body)).equals(encoded.body))
            throw new Error('avsc reads something else');
          const shifted = Buffer.concat([Buffer.from('ab'), encoded.body, Buffer.from('c')]);
          if (canonicalJson(decodeRecord({ schema }, shifted, 2, shifted.length - 1)) !== canonicalJson(value))
            throw new Error('a body inside a buffer reads otherwise');
        }
      },
    ),
    { numRuns: 600 },
  );
  t.ok(bytes > 10_000);
  t.end();
});

t.test('bytes of anybody cost no more than themselves and fail only as wire_format', (t) => {
  const heap = process.memoryUsage().rss;
  fc.assert(
    fc.property(
      fc
        .tuple(rooted, fc.infiniteStream(fc.nat(255)))
        .chain(([{ schema, value }]) =>
          fc.tuple(
            fc.constant(schema),
            value,
            fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
            fc.uint8Array({ maxLength: 64 }),
          ),
        ),
      ([schema, value, flips, noise]) => {
        const encoded = encodeRecord({ schema }, value);
        if (!encoded.ok) return;
        const bent = Buffer.from(encoded.body);
        for (const [at, byte] of flips) bent[at % bent.length] = byte;
        for (const body of [bent, Buffer.from(noise), bent.subarray(0, bent.length >> 1)]) {
          try {
            const decoded = decodeRecord({ schema }, body);
            if (canonicalJson(decoded).length > 200 * (body.length + 10)) throw new Error('a small body grew large');
            const again = encodeRecord({ schema }, decoded);
            if (!again.ok) throw new Error('what decodes does not encode');
          } catch (error) {
            if (!isYitongError(error) || error.code !== 'wire_format') throw error;
          }
        }
      },
    ),
    { numRuns: 800 },
  );
  t.ok(process.memoryUsage().rss - heap < 400e6);
  t.end();
});

const one = (type: AvroSchema, more: object = {}): { schema: AvroSchema } => ({
  schema: { type: 'record', name: 'One', fields: [{ name: 'x', type, ...more }] },
});
const codes = (version: { schema: AvroSchema }, value: unknown): string => {
  const result = encodeRecord(version, value);
  return result.ok ? 'ok' : result.problems.map(({ code, field }) => `${code} ${field}`).join();
};

t.test('nothing is coerced and every problem names its field', (t) => {
  const members = one({
    type: 'array',
    items: { type: 'record', name: 'M', fields: [{ name: 'role', type: 'string' }] },
  });
  const cases: readonly [{ schema: AvroSchema }, unknown, string][] = [
    [one('string'), { x: 1 }, 'bad_value x'],
    [one('string'), { x: null }, 'missing_value x'],
    [one('string'), {}, 'missing_value x'],
    [one('string'), { x: 'a', y: 'b' }, 'surplus_field y'],
    [one('string'), { y: 'b' }, 'missing_value x,surplus_field y'],
    [one('string'), JSON.parse('{"x":"a","__proto__":{"y":1}}'), 'surplus_field __proto__'],
    [one('string'), [], 'bad_value '],
    [one('string'), null, 'missing_value '],
    [one('string'), { x: 'a\ud800' }, 'bad_value x'],
    [one('string'), { x: `${'a'.repeat(400)}\udc00` }, 'bad_value x'],
    [one('int'), { x: 2 ** 31 }, 'bad_value x'],
    [one('int'), { x: 1.5 }, 'bad_value x'],
    [one('int'), { x: '1' }, 'bad_value x'],
    [one('long'), { x: 2 ** 53 }, 'bad_value x'],
    [one('long'), { x: -(2 ** 53 - 1) }, 'ok'],
    [one('double'), { x: NaN }, 'bad_value x'],
    [one('boolean'), { x: 'true' }, 'bad_value x'],
    [one({ type: 'int', logicalType: 'date' }), { x: '2023-02-29' }, 'bad_value x'],
    [one({ type: 'int', logicalType: 'date' }), { x: '2024-02-29' }, 'ok'],
    [one({ type: 'int', logicalType: 'date' }), { x: '2024-2-9' }, 'bad_value x'],
    [one({ type: 'int', logicalType: 'date' }), { x: 19000 }, 'bad_value x'],
    [one({ type: 'long', logicalType: 'timestamp-millis' }), { x: '2024-02-29T24:00:00.000Z' }, 'bad_value x'],
    [one({ type: 'long', logicalType: 'timestamp-millis' }), { x: '2024-02-29T08:00:00.000+08:00' }, 'bad_value x'],
    [one({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }), { x: '12.5' }, 'bad_value x'],
    [one({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }), { x: '123.45' }, 'bad_value x'],
    [one({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }), { x: '-0.00' }, 'bad_value x'],
    [one({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }), { x: 12.5 }, 'bad_value x'],
    [one({ type: 'bytes', logicalType: 'decimal', precision: 2, scale: 2 }), { x: '-0.50' }, 'ok'],
    [one('bytes'), { x: 'a' }, 'bad_value x'],
    [one(['null', 'string']), {}, 'missing_value x'],
    [one(['null', 'string'], { default: null }), {}, 'ok'],
    [one({ type: 'enum', name: 'E', symbols: ['A'] }), { x: 'toString' }, 'bad_value x'],
    [one({ type: 'map', values: 'int' }), JSON.parse('{"x":{"__proto__":1}}'), 'bad_value x'],
    [
      members,
      { x: [{ role: 'a' }, { role: 1 }, { rank: 'b' }] },
      'bad_value x[].role,missing_value x[].role,surplus_field x[].rank',
    ],
  ];
  for (const [version, value, expected] of cases) t.equal(codes(version, value), expected);
  const secret = '110105194912310021';
  t.notMatch(JSON.stringify(encodeRecord(one('int'), { x: secret })), secret);
  t.equal(codes(members, { x: Array.from({ length: 5000 }, () => ({})) }).split(',').length, 100);
  t.end();
});

t.test('longs are exact up to 2^53', (t) => {
  const version = one('long');
  const zigzag = (n: bigint): string => {
    let rest = n < 0n ? -n * 2n - 1n : n * 2n;
    const bytes: number[] = [];
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return Buffer.from([...bytes, Number(rest)]).toString('hex');
  };
  fc.assert(
    fc.property(
      fc.oneof(
        fc.maxSafeInteger(),
        fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 52, -(2 ** 52) - 1, 63, 64, -64, -65),
      ),
      (n) => {
        const encoded = encodeRecord(version, { x: n });
        if (!encoded.ok || encoded.body.toString('hex') !== zigzag(BigInt(n)))
          throw new Error(`${n} is written otherwise`);
        if ((decodeRecord(version, encoded.body) as { x: number }).x !== n)
          throw new Error(`${n} comes back otherwise`);
      },
    ),
    { numRuns: 2000 },
  );
  for (const n of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n])
    t.throws(() => decodeRecord(version, Buffer.from(zigzag(n), 'hex')), { code: 'wire_format' });
  t.end();
});

t.test('defaults are those of the standard', (t) => {
  const version = {
    schema: {
      type: 'record',
      name: 'D',
      fields: [
        { name: 'when', type: { type: 'int', logicalType: 'date' }, default: 0 },
        {
          name: 'sum',
          type: { type: 'bytes', logicalType: 'decimal', precision: 5, scale: 2 },
          default: '\u0001\u0000',
        },
        { name: 'raw', type: 'bytes', default: 'ÿ' },
        { name: 'list', type: { type: 'array', items: 'int' }, default: [1, 2] },
        {
          name: 'inner',
          type: {
            type: 'record',
            name: 'I',
            fields: [
              { name: 'n', type: 'int', default: 7 },
              { name: 's', type: ['string', 'null'], default: 'a' },
            ],
          },
          default: {},
        },
      ],
    },
  };
  const encoded = encodeRecord(version, {});
  t.ok(encoded.ok);
  if (encoded.ok) {
    const expected = { when: '1970-01-01', sum: '2.56', raw: '/w==', list: [1, 2], inner: { n: 7, s: 'a' } };
    t.same(decodeRecord(version, encoded.body), expected);
    const read = compileSchema(version.schema).fromBuffer(encoded.body) as object;
    t.same({ ...read, raw: '/w==' }, expected);
  }
  t.throws(() => encodeRecord(one('int', { default: 'a' }), {}), { code: 'schema_refused' });
  t.throws(() => encodeRecord(one(['null', 'int'], { default: 5 }), {}), { code: 'schema_refused' });
  t.end();
});

t.test('lengths that lie are refused before anything is allocated', (t) => {
  const list = one({ type: 'array', items: 'double' });
  const huge = Buffer.from([0x80, 0x84, 0xaf, 0x5f, 0, 0, 0, 0]); // claims 10^8 items
  const before = process.memoryUsage().arrayBuffers;
  for (const [version, body] of [
    [list, huge],
    [one('string'), Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f])],
    [one('bytes'), Buffer.from([0x01])],
    [one('long'), Buffer.alloc(12, 0xff)],
    [one('string'), Buffer.from([2, 0xff])],
    [one('string'), Buffer.from([0, 0])],
    [one('boolean'), Buffer.from([2])],
    [one(['null', 'int']), Buffer.from([4])],
    [one({ type: 'array', items: 'int' }), Buffer.from([0x01, 0x00])],
    [one({ type: 'map', values: 'int' }), Buffer.from([2, 18, ...Buffer.from('__proto__'), 0, 0])],
  ] as const) {
    t.throws(() => decodeRecord(version, body), { code: 'wire_format' });
  }
  t.ok(process.memoryUsage().arrayBuffers - before < 1e6);
  t.end();
});
