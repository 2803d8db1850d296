/** What is past its term goes by itself, the rest stays, and it is said where it does not go. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { State } from '../../../connectors/publish/index.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { datasetId } from '../../../contracts/ids.js';
import { readSettings } from '../../../gateway/ground/config/index.js';
import { Told } from '../../../gateway/ground/logging/words.js';
import { type HousekeepingOptions, startHousekeeping } from '../../../gateway/operate/process/housekeeping.js';
import type { Tickets } from '../../../gateway/procedures/lifecycles/tickets.js';
import { type Alert, openAlerts } from '../../../gateway/procedures/watch/store.js';
import { until } from '../../e2e/ask.js';

t.setTimeout(60_000);
const DAY = 86_400_000;
const NOW = Date.parse('2030-06-15T00:00:00Z');
const DATASET = datasetId('office.shops');
const { keep } = readSettings({}, { file: 'yitong.json' }, {});
const none: Pick<Tickets, 'all' | 'prune'> = { all: async () => [], prune: async () => 0 };
const sampleOf = (
  figures: ReturnType<ReturnType<typeof startHousekeeping>['figures']>,
  name: string,
  kind: string,
): number | undefined =>
  figures.find((one) => one.name === name)?.values.find(({ labels }) => labels['kind'] === kind)?.value;

function housekeeping(
  t: Test,
  data: string,
  more: Partial<HousekeepingOptions> = {},
): {
  readonly keeper: ReturnType<typeof startHousekeeping>;
  readonly problems: () => readonly string[];
  readonly said: string[];
} {
  let problems: readonly string[] = [];
  const said: string[] = [];
  const keeper = startHousekeeping({
    dataDir: data,
    keep,
    journals: undefined,
    alerts: { prune: () => 0 },
    tickets: () => none,
    cases: { prune: async () => 0 },
    uploads: () => Promise.resolve(0),
    use: () => Promise.resolve(0),
    workspace: () => ({ contracts: new Map([[DATASET, { id: DATASET } as never]]) }),
    now: () => NOW,
    onProblems: (found) => (problems = found),
    onGone: (message) => said.push(message),
    interval: 3_600_000,
    ...more,
  });
  t.teardown(() => keeper.stop());
  return { keeper, problems: () => problems, said };
}

t.test(
  'pushed rows leave the quarantine after their term, rows of a source stay, and so do younger ones',
  async (t) => {
    const data = t.testdir();
    const at = (days: number): Date => new Date(NOW - days * DAY);
    const add = async (position: string, days: number, what: object): Promise<void> => {
      const quarantine = Quarantine.open(data, DATASET, () => at(days));
      quarantine.add({ position, rowNumber: 1, sourceTime: at(days).toISOString(), problems: [], ...what }, 'run');
      await quarantine.close();
    };
    await add('pushed, old', 91, { value: { name: 'x' } });
    await add('withdrawn, old', 91, { withdraw: { subject: 'uscc:1', recordId: '', reason: 'gone' } });
    await add('pushed, young', 89, { value: { name: 'x' } });
    await add('of a file, old', 400, { cells: { name: 'x' } });
    await add('a line of a file, old', 400, { raw: 'x' });
    const { keeper, said, problems } = housekeeping(t, data);
    await keeper.look();
    const quarantine = Quarantine.open(data, DATASET, () => new Date(NOW));
    t.strictSame((await quarantine.list()).map(({ position }) => position).sort(), [
      'a line of a file, old',
      'of a file, old',
      'pushed, young',
    ]);
    await quarantine.close();
    t.match(said, [/^2 pushed records in quarantine went/]);
    t.equal(sampleOf(keeper.figures(), 'yitong_housekeeping_gone_total', 'quarantine'), 2);
    t.strictSame(problems(), []);
  },
);

t.test('positions of pushes are forgotten after the declared term', async (t) => {
  const data = t.testdir();
  const state = State.open(data);
  await state.putPosition(DATASET, 'p-old', 'a'.repeat(16), NOW - 8 * DAY);
  await state.putPosition(DATASET, 'p-young', 'a'.repeat(16), NOW - 6 * DAY);
  const { keeper } = housekeeping(t, data, { keep: { ...keep, positions: 7 * DAY } });
  await keeper.look();
  await until(
    'that it is forgotten',
    () => Promise.resolve(state.position(DATASET, 'p-old')),
    (found) => found === undefined,
    5000,
  );
  t.equal(state.position(DATASET, 'p-young'), 'a'.repeat(16), 'by the term, not by the thirty days of the default');
  await state.close();
});

t.test(
  'acknowledged alerts go after their term, others stay, and the count of what was ever raised does not fall',
  async (t) => {
    const data = t.testdir();
    const store = openAlerts(join(data, 'alerts'));
    const alert = (id: string, more: Partial<Alert>): Alert =>
      ({ id, rule: 'volume', time: NOW - 2000 * DAY, recorded: true, entries: [], facts: {}, ...more }) as Alert;
    const acknowledged = (days: number): Pick<Alert, 'acknowledged'> => ({
      acknowledged: { at: NOW - days * DAY, pseudonym: 'p', enc: 'e' },
    });
    store.raise([
      alert('a', acknowledged(1097)),
      alert('b', acknowledged(1095)),
      alert('c', {}),
      alert('d', { ...acknowledged(1097), recorded: false }),
      alert('e', acknowledged(1097)),
    ]);
    t.equal(store.prune(NOW - keep.alerts, new Set(['e'])), 1);
    t.strictSame(
      store
        .list()
        .map(({ id }) => id)
        .sort(),
      ['b', 'c', 'd', 'e'],
      'what is young, open, not on record or still so stays',
    );
    t.strictSame(store.counts(), { volume: 5 });
    t.strictSame(store.raise([alert('b', {})]), [], 'and what is there is not raised again');
    await store.close();
  },
);

t.test('a kind that does not go is named, with the reason, and its age is a metric', async (t) => {
  const data = t.testdir();
  let now = NOW;
  const { keeper, problems } = housekeeping(t, data, {
    now: () => now,
    alerts: {
      prune: () => {
        throw new Told('the store is read-only');
      },
    },
    journals: {
      given: () => ({ segments: 3, bytes: 4096 }),
      kept: () => ['the journal `w1-00000000` is not shortened: segment 2 is damaged behind seq 9'],
      lookedAt: () => now,
    },
  });
  await keeper.look();
  t.strictSame(problems(), ['the journal `w1-00000000` is not shortened: segment 2 is damaged behind seq 9']);
  now += 4 * 3_600_000;
  await keeper.look();
  t.match(problems(), [
    /^acknowledged alerts are not given back since 2030-06-15T00:00:00.000Z: the store is read-only/,
    /is not shortened/,
  ]);
  t.equal(sampleOf(keeper.figures(), 'yitong_housekeeping_age_seconds', 'alerts'), 4 * 3600);
  t.equal(sampleOf(keeper.figures(), 'yitong_housekeeping_age_seconds', 'tickets'), 0, 'the others go on');
  t.equal(sampleOf(keeper.figures(), 'yitong_housekeeping_gone_total', 'journals'), 3);
});

t.test('a term that is none refuses the start', (t) => {
  t.throws(() => readSettings({ keep: { journals: 'P1Y' } }, { file: 'yitong.json' }, {}), {
    code: 'bad_config',
    message: /`keep\.journals` is a term in weeks, days and below/,
  });
  t.equal(readSettings({}, { file: 'yitong.json' }, { YITONG_KEEP_TICKETS: 'P2000D' }).keep.tickets, 2000 * DAY);
  t.end();
});
