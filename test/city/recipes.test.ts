import fc from 'fast-check';
import t from 'tap';
import type { Feed } from '../../connectors/feed.js';
import { JUST_READING } from '../../connectors/reading/port.js';
import { dateOf, dayOf } from '../../connectors/sources/synthetic/days.js';
import { mix, unit, weighted, wholeBetween } from '../../connectors/sources/synthetic/draws.js';
import synthetic from '../../connectors/sources/synthetic/index.js';
import { datasetId } from '../../contracts/ids.js';
import { rowsOf, town } from './town.js';

const { workspace, feeds } = await town();
const base = feeds.get(datasetId('samr.business-licence'));
if (base === undefined) throw new Error('no feed');

async function first(source: object, day = 330): Promise<Readonly<Record<string, unknown>> | undefined> {
  const feed: Feed = { ...(base as Feed), source: { kind: 'synthetic', for: 'companies', ...source } };
  for await (const row of rowsOf(feed, workspace, { companies: 1, day })) return row.cells;
  return undefined;
}
const valueOf = async (make: object): Promise<unknown> => (await first({ fields: { made: make } }))?.['made'];

t.test('a misspelt recipe is refused with its place, not run as something else', async (t) => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ fields: { a: { pik: ['x'] } } }, /`source.fields.a` must have exactly one of/],
    [{ fields: { a: { pick: ['x'], weight: 1 } } }, /`source.fields.a` has the unknown key `weight`/],
    [{ fields: { a: { of: 'nobody' } } }, /`source.fields.a.of` names `nobody`/],
    [{ fields: { a: { of: 'b' }, b: { const: 1 } } }, /names `b`, which is not known here/],
    [{ fields: { a: { of: 'item' } } }, /only within `each`/],
    [{ fields: { a: { text: '{oops' } } }, /a brace that is not a reference/],
    [{ fields: { a: { pick: {} } } }, /no weight above 0/],
    [{ fields: { a: { table: 'nothing', at: 'industry' } } }, /is not a table/],
    [{ where: { chance: 1.2 }, fields: {} }, /`source.where.chance` must be a number from 0 to 1/],
    [{ count: { const: 2 }, fields: {} }, /must have `most` beside `count`/],
    [{ for: 'ships', fields: {} }, /names `ships`, which is no population/],
    [{ like: 'samr.ships', fields: {} }, /`source.like` names `samr.ships`, which is no register/],
  ];
  for (const [source, message] of wrong) await t.rejects(first(source), { code: 'bad_feed', message }, String(message));
});

t.test('values are what they say', async (t) => {
  t.equal(await valueOf({ const: 'x' }), 'x');
  t.equal(await valueOf({ text: 'A{number:7}' }), 'A0000001');
  t.match(await valueOf({ text: '{digits:6}' }), /^\d{6}$/);
  t.equal(await valueOf({ of: 'today' }), '2026-11-27');
  t.equal(await valueOf({ of: 'month' }), '2026-11-01');
  t.equal(await valueOf({ of: 'today.year' }), '2026');
  t.equal(await valueOf({ date: { after: '2024-02-29', years: 1 } }), '2025-02-28');
  t.equal(await valueOf({ date: { latest: '2001-12-01', every: 5 } }), '2021-12-01');
  t.equal(await valueOf({ date: { latest: '2001-11-27', every: 5 } }), '2026-11-27');
  t.equal(await valueOf({ date: { latest: '2027-01-01', every: 5 } }), '2027-01-01');
  t.match(
    await valueOf({ moment: { on: '2026-01-05', between: ['09:00', '17:00'] } }),
    /^2026-01-05T0[1-8]:\d\d:\d\d\.\d{3}Z$/,
  );
  t.match(await valueOf({ decimal: { from: 5, to: 6, scale: 2 } }), /^[56]\.\d\d$/);
  t.same(await valueOf({ list: { pick: ['a'] }, count: { const: 5 } }), ['a'], 'a list repeats nothing');
  t.same(await valueOf({ record: { a: { const: 2 }, b: { record: { c: { of: 'a' } } }, d: { of: 'a' } } }), {
    a: 2,
    b: { c: 2 },
    d: 2,
  });
  t.equal(
    await valueOf({ case: [{ when: { reached: 'today' }, use: { const: 'yes' } }], else: { const: 'no' } }),
    'yes',
  );
});

t.test('one that is like another register draws as that does, at the same places, and elsewhere not', async (t) => {
  const own = await first({ fields: { a: { text: '{digits:9}' } } });
  t.notSame(await first({ like: 'samr.penalties', fields: { a: { text: '{digits:9}' } } }), own);
  const like = 'samr.business-licence';
  t.same(await first({ like, fields: { a: { text: '{digits:9}' } } }), own, 'as its own');
  t.notSame(await first({ like, fields: { b: { text: '{digits:9}' } } }), { b: own?.['a'] }, 'another place');
});

t.test('a record is there from its first day until the day before its last', async (t) => {
  const source = {
    let: { from: { const: '2026-03-01' }, to: { const: '2026-03-10' } },
    fields: { a: { const: 1 } },
    since: 'from',
    until: 'to',
  };
  const start = dayOf('2026-01-01');
  for (const [date, there] of [
    ['2026-02-28', false],
    ['2026-03-01', true],
    ['2026-03-09', true],
    ['2026-03-10', false],
  ] as const) {
    t.equal((await first(source, dayOf(date) - start)) !== undefined, there, date);
  }
});

t.test('options that are no numbers are refused', async (t) => {
  const feed = base as Feed;
  const context = {
    feed,
    workspace,
    baseDir: '.',
    now: () => new Date(0),
    memory: { get: () => undefined, set: () => undefined },
    ...JUST_READING,
    signal: new AbortController().signal,
  };
  await t.rejects(synthetic.open({ ...context, options: { companies: 'many' } }), { code: 'bad_config' });
});

t.test('a day is the day that the calendar says, both ways', (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.integer({ min: -25_567, max: 47_846 }),
        (day) => dayOf(dateOf(day)) === day && dateOf(day) === new Date(day * 86_400_000).toISOString().slice(0, 10),
      ),
    ),
  );
  t.end();
});

t.test('draws stay within their bounds, and near the weights', (t) => {
  const u = fc.integer({ min: 0, max: 0xffff_ffff }).map(unit);
  fc.assert(
    fc.property(
      u,
      fc.integer({ min: 0, max: 1000 }),
      fc.nat(1000),
      fc.option(fc.constantFrom(0.5, 1, 2, 3), { nil: undefined }),
      (draw, from, more, skew) => {
        const made = wholeBetween(draw, from, from + more, skew);
        return Number.isInteger(made) && made >= from && made <= from + more;
      },
    ),
  );
  const pick = weighted(['a', 'b', 'c'], [1, 0, 3]);
  const counts = { a: 0, b: 0, c: 0 };
  for (let i = 0; i < 20_000; i++) counts[pick(unit(mix(1, 2, i, 0))) as 'a' | 'b' | 'c']++;
  t.equal(counts.b, 0);
  t.ok(Math.abs(counts.a / 20_000 - 0.25) < 0.02);
  t.end();
});
