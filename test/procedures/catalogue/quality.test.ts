/** The day's measuring over a real bus: figures as they can be counted by hand, a row a day, and its age seen. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { dataTopic } from '../../../connectors/bus/port.js';
import { encodeFramed } from '../../../contracts/avro.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import type { DatasetState } from '../../../gateway/answer/view/port.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { type QualityDay, qualityDays } from '../../../gateway/procedures/catalogue/days.js';
import { qualityOf, trendOf, worriesOf } from '../../../gateway/procedures/catalogue/trend.js';
import { QualityWatch } from '../../../gateway/procedures/catalogue/watch.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const city = await loadWorkspace(packageRoot());
const ID = 'samr.food-licence' as Contract['id'];
const contract = city.contracts.get(ID)!;
const dir = join(contract.dir, 'examples/valid');
const example = JSON.parse(readFileSync(join(dir, 'licence.json'), 'utf8')) as Readonly<Record<string, unknown>>;

/** A bus with the dataset alone, a view that says what it is told, and the measuring, which only looks when told. */
async function measuring(t: Test, workspace: Workspace) {
  const dataDir = t.testdir();
  const bus = await openEmbeddedBus({ dir: join(dataDir, 'bus') });
  const topic = dataTopic(workspace.prefix, ID);
  await bus.ensureTopics([{ topic, partitions: contract.partitions, history: contract.history }]);
  const producer = await bus.producer();
  const clock = { now: Date.parse('2026-03-01T02:00:00Z') };
  const state: { now: DatasetState } = { now: { records: 0, versions: 0, poisoned: 0 } };
  const tickets: { readonly head: { readonly dataset: string }; readonly state: { readonly openedAt: number } }[] = [];
  const troubles: string[] = [];
  const watch = new QualityWatch({
    dataDir,
    bus,
    onTrouble: (message) => troubles.push(message),
    open: () => ({
      workspace,
      view: { datasetState: () => state.now, close: () => Promise.resolve() },
      tickets: { all: () => Promise.resolve(tickets as never) },
    }),
    now: () => clock.now,
    interval: 2 ** 30,
  });
  t.teardown(async () => {
    await watch.stop();
    await producer.close();
    await bus.close();
  });
  let sent = 0;
  const send = async (...values: readonly object[]): Promise<void> => {
    const records = values.map((value) => {
      const framed = encodeFramed(contract.latest, value, { codelists: city.codelists });
      if (!framed.ok) throw new Error(JSON.stringify(framed.problems));
      return { subject: `uscc:${String(sent++)}`, recordId: '1', value: framed.body, headers: {} };
    });
    await producer.send(topic, records);
    const seen = {
      dataset: ID,
      sourceTime: new Date(clock.now).toISOString(),
      snapshot: true,
      rows: sent,
      state: 'complete' as const,
      receivedAt: clock.now,
    };
    state.now = { records: sent, versions: sent, poisoned: 0, complete: seen, watermark: seen };
  };
  return { dataDir, watch, clock, state, tickets, troubles, send, days: () => qualityDays(dataDir, ID) };
}

const only = (workspace: Workspace): Workspace => ({ ...workspace, contracts: new Map([[ID, contract]]) });

t.test('figures are those that one counts by hand', async (t) => {
  // a list of which one code is gone since the records were let in
  const [listId, list] = [...city.codelists].find(([id]) =>
    contract.latest.fields.some(({ path, codelist }) => path === 'status' && codelist === id),
  )!;
  const codes = new Map(list.codes);
  codes.delete(String(example['status']));
  const workspace = only({ ...city, codelists: new Map([...city.codelists, [listId, { ...list, codes }]]) });
  const here = await measuring(t, workspace);
  const plain = contract.latest.fields.filter(({ branch, path }) => !branch && !path.includes('[]'));
  const fillable = plain.filter(({ nullable }) => nullable).map(({ path }) => path);
  const checked = plain.filter(({ codelist, path }) => codelist !== undefined || path === contract.subject.field);
  const at = (path: string): unknown =>
    path
      .split('.')
      .reduce<unknown>((value, part) => (value as Readonly<Record<string, unknown>> | null)?.[part], example);
  const filled = fillable.filter((path) => at(path) !== null && at(path) !== undefined).length;
  const there = checked.filter(({ path }) => at(path) !== null && at(path) !== undefined).length;
  await here.send(example, example, example);
  here.tickets.push(
    { head: { dataset: ID }, state: { openedAt: here.clock.now - DAY } },
    { head: { dataset: ID }, state: { openedAt: here.clock.now - 91 * DAY } },
    { head: { dataset: 'x.y' }, state: { openedAt: here.clock.now } },
  );
  await here.watch.look();
  const [day] = here.days();
  t.ok(there > 1);
  t.match(day, {
    day: '2026-03-01',
    records: 3,
    sampled: 3,
    fresh: true,
    corrections: 1,
    validity: (there - 1) / there,
  });
  t.equal(day?.completeness, fillable.length === 0 ? undefined : filled / fillable.length);
  t.equal(day?.perThousand, 1000 / 3);
  t.equal(day?.held, undefined, 'where no feed ran nobody knows what is held back');
  t.strictSame(
    worriesOf(here.days()).map(({ measure }) => measure),
    ['validity', 'perThousand'],
  );
  const figures = here.watch.figures();
  t.strictSame(figures.find(({ name }) => name === 'yitong_dataset_quality_worries')?.values, [
    { labels: { dataset: ID }, value: 2 },
  ]);
  t.strictSame(here.troubles, []);
});

t.test('a row a day, the last measure of a day counts, and not more than one an hour', async (t) => {
  const here = await measuring(t, only(city));
  mkdirSync(join(here.dataDir, 'connectors'));
  // what it must have come to, told apart from how it is done
  const model = new Map<string, { at: number; records: number }>();
  let seen = '';
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  for (let step = 0; step < 120; step++) {
    here.clock.now += random(20) * HOUR + random(60) * 60_000;
    if (random(3) === 0) await here.send(example);
    await here.watch.look();
    const today = new Date(here.clock.now + 8 * HOUR).toISOString().slice(0, 10);
    const { records, complete } = here.state.now;
    const mark = `${String(records)} ${complete?.sourceTime ?? ''}`;
    const last = model.get(today);
    if (last === undefined || (mark !== seen && (last.records === 0 || here.clock.now - last.at >= HOUR))) {
      model.set(today, { at: here.clock.now, records });
      seen = mark;
    }
    t.equal(here.watch.passedAt(), here.clock.now);
  }
  t.strictSame(
    here.days().map(({ day, at, records }) => ({ day, at, records })),
    [...model].map(([day, of]) => ({ day, ...of })),
  );
  t.ok(model.size > 10);
  t.ok(here.days().some(({ fresh }) => fresh === false) && here.days().some(({ fresh }) => fresh === true));
});

t.test('a bus that is away is told once, and its age is seen; a torn file is begun anew', async (t) => {
  const here = await measuring(t, only(city));
  await here.send(example);
  mkdirSync(join(here.dataDir, 'quality'));
  writeFileSync(join(here.dataDir, 'quality', `${ID}.json`), '[{"day":');
  await here.watch.look();
  t.equal(here.days().length, 1);
  const before = here.watch.passedAt();
  here.state.now = { ...here.state.now, versions: 9 };
  here.clock.now += DAY;
  const broken = { ...city, prefix: undefined as never };
  const failing = new QualityWatch({
    dataDir: here.dataDir,
    bus: { topicState: () => Promise.reject(new Error('away')) } as never,
    onTrouble: (message) => here.troubles.push(message),
    open: () => ({
      workspace: only(broken),
      view: { datasetState: () => here.state.now, close: () => Promise.resolve() },
      tickets: { all: () => Promise.resolve([]) },
    }),
    now: () => here.clock.now,
    interval: 2 ** 30,
  });
  const since = failing.passedAt();
  here.clock.now += HOUR;
  await failing.look();
  await failing.look();
  await failing.stop();
  t.equal(failing.passedAt(), since, 'it did not come forward');
  t.equal(here.troubles.length, 1, 'told once');
  t.equal(here.watch.passedAt(), before);
  t.equal(here.days().length, 1, 'and nothing was made up');
});

t.test('trends over 30 and 90 days, and what is worth a word', (t) => {
  const day = (ago: number, more: Partial<QualityDay>): QualityDay => ({
    day: new Date(Date.parse('2026-06-30') - ago * DAY).toISOString().slice(0, 10),
    at: 0,
    records: 1,
    sampled: 1,
    corrections: 0,
    ...more,
  });
  const days = [
    day(91, { completeness: 0 }),
    day(90, { completeness: 0.6 }),
    day(31, { completeness: 0.6 }),
    day(30, { completeness: 0.9 }),
    day(1, { completeness: 0.8 }),
    day(0, { completeness: 0.7 }),
  ];
  const { now, days30 = 0, days90 = 0 } = trendOf(days, 'completeness');
  t.equal(now, 0.7);
  t.equal(days30.toFixed(6), '0.850000');
  t.equal(days90.toFixed(6), ((0.6 + 0.6 + 0.9 + 0.8) / 4).toFixed(6));
  t.strictSame(worriesOf(days), [{ measure: 'completeness', kind: 'fell' }]);
  t.strictSame(worriesOf([day(0, { fresh: false, validity: 0.97, heldShare: 0.06, perThousand: 6 })]), [
    { measure: 'validity', kind: 'low' },
    { measure: 'freshness', kind: 'low' },
    { measure: 'accepted', kind: 'low' },
    { measure: 'perThousand', kind: 'many' },
  ]);
  t.strictSame(worriesOf([]), []);
  t.strictSame(qualityOf([]), { mean30: {}, mean90: {}, worries: [] });
  t.end();
});
