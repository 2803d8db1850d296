/** W3C Trace Context as others send it, and which traces are recorded. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { formatTraceparent, parseTraceparent } from '../../../contracts/tracing.js';
import { sampler } from '../../../gateway/ground/tracing/sampler.js';

const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((text) => !/^0+$/.test(text));
const caller = (sampled: boolean) => fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.constant(sampled) });

t.test('what a span says of itself is read back, and any header that a caller may send is read or left alone', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(hex(32), hex(16), (traceId, spanId) =>
        deepEqual(parseTraceparent(formatTraceparent(traceId, spanId)), { traceId, spanId, sampled: true }),
      ),
    ),
  );
  const like = fc
    .tuple(
      fc.constantFrom('00', '01', 'ff', 'zz'),
      hex(32),
      hex(16),
      fc.constantFrom('00', '01', '1'),
      fc.constantFrom('', '-', '-more', ' '),
    )
    .map(([version, traceId, spanId, flags, more]) => `${version}-${traceId}-${spanId}-${flags}${more}`);
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 80 }), like), (text) => {
        const read = parseTraceparent(text);
        return read === undefined || text.slice(2, 53) === `-${read.traceId}-${read.spanId}-`;
      }),
    ),
  );
  t.end();
});

t.test('the cases of the recommendation (W3C Trace Context, section 3.2)', (t) => {
  const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
  t.match(parseTraceparent(`00-${traceId}-${spanId}-01`), { sampled: true });
  t.match(parseTraceparent(`00-${traceId}-${spanId}-00`), { sampled: false });
  t.match(parseTraceparent(`00-${traceId}-${spanId}-03`), { sampled: true }, 'flags that we do not know');
  t.match(parseTraceparent(`cc-${traceId}-${spanId}-01`), { traceId }, 'a version to come');
  t.match(parseTraceparent(`cc-${traceId}-${spanId}-01-what-is-to-come`), { traceId });
  for (const bad of [
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-01.`,
    `cc-${traceId}-${spanId}-01.more`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-1`,
    ` 00-${traceId}-${spanId}-01`,
    '',
  ])
    t.equal(parseTraceparent(bad), undefined, bad);
  t.end();
});

t.test('of `tracestate` only what samplers say to each other is kept', (t) => {
  const read = (state: string) =>
    parseTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', state)?.state;
  t.equal(read('ot=th:8'), 'ot=th:8');
  t.equal(read('vendor=somebody, ot=th:8;rv:0123456789abcd ,other=1'), 'ot=th:8;rv:0123456789abcd');
  for (const state of [
    '',
    'vendor=somebody',
    'ot=somebody',
    'ot=th:8;note:somebody',
    'bot=th:8',
    `${'a=b,'.repeat(200)}ot=th:8`,
  ])
    t.equal(read(state), undefined, state.slice(0, 40));
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (state) =>
        /^ot=[a-z0-9:;]+$/.test(read(`ot=th:8,${state}`) ?? 'ot=th:0'),
      ),
    ),
  );
  t.end();
});

t.test('traces that begin here are recorded in their share, each under an id of its own', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (ratio, draw) => {
          const traceId = sampler({ ratio, callerTracesPerMinute: 0, now: () => 0, random: () => draw }).begin();
          if (traceId === undefined) return draw < 1 - ratio;
          return draw >= 1 - ratio && parseTraceparent(formatTraceparent(traceId, '00f067aa0ba902b7')) !== undefined;
        },
      ),
    ),
  );
  let drawn = 0;
  // a full round of draws instead of chance
  const even = sampler({
    ratio: 0.01,
    callerTracesPerMinute: 0,
    now: () => 0,
    random: () => (drawn++ % 10_000) / 10_000,
  });
  const begun = Array.from({ length: 10_000 }, () => even.begin()).filter((one) => one !== undefined);
  t.equal(begun.length, 100);
  t.equal(new Set(begun).size, 100);
  t.end();
});

t.test('no caller has more traces recorded than it may, however it asks and whatever ids it chooses', (t) => {
  const asks = fc.array(
    fc.record({ who: fc.constantFrom('a', 'b'), after: fc.nat({ max: 20_000 }), caller: caller(true) }),
    { maxLength: 200 },
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(asks, fc.integer({ min: 0, max: 20 }), (all, limit) => {
        let now = 0;
        const sampling = sampler({ ratio: 0, callerTracesPerMinute: limit, now: () => now });
        const taken: { who: string; at: number }[] = [];
        for (const { who, after, caller: one } of all) {
          now += after;
          if (sampling.follows(one, who)) taken.push({ who, at: now });
        }
        for (const { who, at: from } of taken) {
          for (const { who: other, at: to } of taken) {
            if (other !== who || to < from) continue;
            const within = taken.filter((one) => one.who === who && one.at >= from && one.at <= to).length;
            ok(
              within <= limit + ((to - from) / 60_000) * limit + 1e-6,
              `${within} of ${limit} a minute within ${to - from} ms`,
            );
          }
        }
      }),
      { numRuns: 50 },
    ),
  );
  t.end();
});

t.test('beyond its rate a caller is drawn like anybody else; one that does not record is never recorded here', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        caller(true),
        caller(false),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (one, other, draw, ratio) => {
          const sampling = sampler({ ratio, callerTracesPerMinute: 1, now: () => 0, random: () => draw });
          ok(sampling.follows(one, 'a'));
          equal(sampling.follows(one, 'a'), draw >= 1 - ratio);
          ok(sampling.follows(one, 'b'), 'another caller has a rate of its own');
          ok(!sampling.follows(other, 'c'));
        },
      ),
    ),
  );
  t.end();
});
