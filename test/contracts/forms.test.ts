import fc from 'fast-check';
import t from 'tap';
import { canonicalJson } from '../../contracts/canonical.js';
import { dateToDays, daysToDate, millisToTimestamp, timestampToMillis } from '../../contracts/logical.js';
import { FRAME_BYTES, frame, readFrame } from '../../contracts/wire.js';

t.test('dates and times are those of the calendar', (t) => {
  for (let days = dateToDays('0001-01-01')!; days <= dateToDays('9999-12-31')!; days += 1 + (days % 5 === 0 ? 30 : 0)) {
    const expected = new Date(days * 86_400_000).toISOString().slice(0, 10);
    if (daysToDate(days) !== expected || dateToDays(expected) !== days) return (t.fail(expected), t.end());
  }
  t.same([dateToDays('0001-01-01'), dateToDays('9999-12-31'), dateToDays('1970-01-01')], [-719_162, 2_932_896, 0]);
  for (const text of [
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-01-32',
    '0000-01-01',
    '2024-1-1',
    '20240101',
    '2024/01/01',
    '２024-01-01',
    '',
  ])
    t.equal(dateToDays(text), undefined, text);
  t.equal(daysToDate(2_932_897), undefined);
  t.equal(daysToDate(NaN), undefined);
  fc.assert(
    fc.property(
      fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      (date) => {
        const text = date.toISOString();
        if (timestampToMillis(text) !== date.getTime() || millisToTimestamp(date.getTime()) !== text)
          throw new Error(text);
      },
    ),
  );
  fc.assert(
    fc.property(
      fc.string({ maxLength: 30 }),
      (text) => timestampToMillis(text) === undefined || new Date(text).getTime() === timestampToMillis(text),
    ),
  );
  t.end();
});

t.test('a frame carries its schema id, and what is none is refused', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.uint8Array(), (id, body) => {
      const framed = frame(id, body);
      return framed[0] === 0 && readFrame(framed) === id && Buffer.from(body).equals(framed.subarray(FRAME_BYTES));
    }),
  );
  t.equal(frame(258, Buffer.from('a')).toString('hex'), '000000010261');
  for (const bytes of [[], [0, 0, 0, 1], [1, 0, 0, 0, 1, 2]])
    t.throws(() => readFrame(Uint8Array.from(bytes)), { code: 'wire_format' });
  t.end();
});

t.test('canonical JSON is that of RFC 8785', (t) => {
  // sections 3.2.2 and 3.2.3 of the RFC
  const given: unknown = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  );
  t.equal(
    canonicalJson(given),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const keys: unknown = JSON.parse(
    '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With ' +
      'Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small ' +
      'Letter O With Diaeresis"}',
  );
  t.same(Object.values(JSON.parse(canonicalJson(keys)) as object).slice(1), [
    'Carriage Return',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
  t.equal(canonicalJson({ b: undefined, a: -0 }), '{"a":0}');
  for (const value of [NaN, Infinity, 1n, undefined, () => 1, 'a\ud800', { 'a\udc00': 1 }, [undefined]])
    t.throws(() => canonicalJson(value), { code: 'bad_value' });
  fc.assert(
    fc.property(
      fc.jsonValue({ noUnicodeString: false }),
      (value) => canonicalJson(JSON.parse(canonicalJson(value))) === canonicalJson(value),
    ),
  );
  t.end();
});
