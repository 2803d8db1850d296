/** Changes of a state as anybody may make them, drawn. */
import fc from 'fast-check';
import type { Change, Json } from '../../gateway/ground/state/port.js';

const name = fc.string({
  minLength: 1,
  maxLength: 12,
  unit: fc.constantFrom('a', 'b', 'Z', '0', '-', '企', '😀', ' ', '"', '\\'),
});
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const until = fc.option(fc.integer({ min: 4_000_000_000_000, max: 4_100_000_000_000 }), { nil: undefined });
export const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc
    .record({
      kind: name,
      id: name,
      body: json,
      until,
      owner: fc.option(name, { nil: undefined }),
      links: fc.uniqueArray(name, { maxLength: 3 }),
    })
    .map(
      ({ owner, until: end, ...one }): Change => ({
        do: 'put',
        ...one,
        ...(owner === undefined ? {} : { owner }),
        ...(end === undefined ? {} : { until: end }),
      }),
    ),
  fc.record({ kind: name, id: name }).map((one): Change => ({ do: 'remove', ...one })),
  fc
    .record({ stream: name, events: fc.array(json, { minLength: 1, maxLength: 4 }) })
    .map((one): Change => ({ do: 'append', ...one })),
  fc.record({ counter: name, by: fc.integer({ min: -9, max: 99 }) }).map((one): Change => ({ do: 'count', ...one })),
  fc
    .record({ set: name, put: fc.dictionary(name, json, { maxKeys: 3 }) })
    .map((one): Change => ({ do: 'set', ...one })),
  fc
    .record({ topic: name, key: name, value: fc.constantFrom(null, 'AAEC') })
    .map((one): Change => ({ do: 'send', ...one })),
);
