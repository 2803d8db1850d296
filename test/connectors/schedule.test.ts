import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseSchedule } from '../../connectors/feeds.js';
import { describeProgress, progressReporter } from '../../connectors/progress.js';
import type { RunReport } from '../../connectors/run.js';
import { scheduleFeeds, type Timers } from '../../connectors/schedule.js';
import { YitongError } from '../../contracts/errors.js';
import { digit9, feed } from './fixtures.js';
import { openOffice } from './office.js';

/** Time that only moves when it is told to. */
function clock() {
  let at = Date.parse('2024-01-01T00:00:00Z');
  let due: { at: number; work: () => void } | undefined;
  const timers: Timers = {
    now: () => at,
    after: (ms, work) => {
      const mine = { at: at + ms, work };
      due = mine;
      return () => void (due === mine && (due = undefined));
    },
  };
  return {
    timers,
    /** Moves to what is due; the wait in ms. */
    next(): number | undefined {
      const mine = due;
      if (mine === undefined) return undefined;
      due = undefined;
      const waited = mine.at - at;
      at = mine.at;
      mine.work();
      return waited;
    },
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const report: RunReport = {
  rows: 0,
  published: 0,
  unchanged: 0,
  merged: 0,
  quarantined: 0,
  skipped: 0,
  withdrawn: 0,
  notes: {},
  codes: {},
  state: 'complete',
  ms: 0,
};

t.test('a feed runs on its schedule, more and more slowly while it fails, never twice at a time', async (t) => {
  const { timers, next } = clock();
  let fail = true;
  let running = 0;
  const waits: number[] = [];
  const scheduler = scheduleFeeds({
    feeds: [feed({ kind: 'csv' }, { schedule: 'PT10S' })],
    baseDir: '.',
    timers,
    onReport: () => undefined,
    onError: (_, __, retryIn) => waits.push(retryIn),
    async run() {
      t.equal(++running, 1);
      await settle();
      running -= 1;
      if (fail) throw new Error('down');
      return report;
    },
  });
  for (let i = 0; i < 6; i++) {
    await settle();
    await settle();
    next();
  }
  t.strictSame(waits.slice(0, 5), [1000, 2000, 4000, 8000, 10_000]);
  fail = false;
  await settle();
  await settle();
  next();
  await settle();
  await settle();
  t.equal(next(), 10_000);
  await scheduler.stop();
  t.equal(running, 0);
});

t.test(
  'what no retry mends is said once, and tried again when a file of the feed changes, or much later',
  async (t) => {
    const dir = t.testdir({ 'in.csv': 'x', 'feed.json': '{}' });
    const { timers, next } = clock();
    let broken: string | undefined = 'the file has no column `code`';
    let runs = 0;
    const said: string[] = [];
    const reports: string[] = [];
    const file = join(dir, 'feed.json');
    const scheduler = scheduleFeeds({
      feeds: [{ ...feed({ kind: 'csv', path: 'in.csv' }, { schedule: 'PT10S' }), file }],
      baseDir: dir,
      timers,
      reload: async (one) => ({ ...one, schedule: 'PT20S' }),
      onReport: ({ schedule }) => void reports.push(schedule),
      onError: (_, error, retryIn, lasting) =>
        void said.push(`${(error as Error).message} ${String(retryIn)} ${String(lasting)}`),
      async run() {
        runs += 1;
        if (broken !== undefined) throw new YitongError('bad_feed', broken);
        return report;
      },
    });
    const turn = async (): Promise<number | undefined> => {
      await settle();
      await settle();
      await settle();
      return next();
    };
    for (let i = 0; i < 100; i++) await turn();
    t.equal(runs, 1, 'its files are looked at, and it is left alone');
    t.same(said, ['the file has no column `code` 3600000 true']);
    for (let i = 0; i < 630; i++) await turn();
    t.equal(runs, 2, 'an hour later');
    t.equal(said.length, 1, 'nothing new to say');
    writeFileSync(join(dir, 'in.csv'), 'other');
    broken = 'the file has no column `name`';
    await turn();
    await settle();
    t.equal(runs, 3);
    t.equal(said.length, 2);
    broken = undefined;
    writeFileSync(file, '{ }');
    await turn();
    await turn();
    t.same(reports[0], 'PT20S', 'by the feed as it stands now');
    await scheduler.stop();
  },
);

t.test('files dropped into a folder are published without anybody asking', async (t) => {
  const dir = t.testdir({ in: {} });
  const office = await openOffice(dir);
  const drop = feed({ kind: 'csv', folder: 'in', settle: 'PT1S' }, { schedule: 'watch', snapshot: false });
  writeFileSync(join(dir, 'in', 'a.csv'), `code,name,status\n${digit9.make(1)},a,\n`);
  writeFileSync(join(dir, 'in', 'b.csv'), `code,name,status\n${digit9.make(1)},b,\n${digit9.make(2)},c,\n`);
  const reports: RunReport[] = [];
  const seen = new Promise<void>((resolve) => {
    const scheduler = scheduleFeeds({
      feeds: [drop],
      baseDir: dir,
      pollMs: 50,
      run: (one, signal) => office.run(one, { feed: one, signal, now: () => new Date('2040-01-01T00:00:00Z') }),
      onError: (_, error) => t.fail(String(error)),
      onReport: (_, done) => {
        reports.push(done);
        if (done.state !== 'nothing-new') void scheduler.stop().then(resolve);
      },
    });
  });
  await seen;
  t.match(
    reports.find(({ rows }) => rows > 0),
    { rows: 3, published: 3, state: 'complete' },
    'a newer file of a changes feed is a change, not a conflict',
  );
  t.strictSame(Object.values(await office.current()).sort(), ['b', 'c']);
  await office.close();
});

t.test('a schedule is one of four ways, or it is refused', (t) => {
  t.strictSame(parseSchedule('PT15M'), { kind: 'every', ms: 900_000 });
  t.strictSame(parseSchedule('0 3 * * *'), { kind: 'cron', cron: '0 3 * * *' });
  t.strictSame(
    [parseSchedule('watch')?.kind, parseSchedule('push')?.kind, parseSchedule('sometimes'), parseSchedule('')],
    ['watch', 'push', undefined, undefined],
  );
  t.end();
});

t.test('progress is a bar for a person, lines for a log, nothing for a machine', (t) => {
  t.equal(describeProgress({ rows: 5000, done: 50, total: 100 }, 2000), '5,000 rows, 2,500 rows/s, 50 %, 2 s left');
  const written: string[] = [];
  const output = { isTTY: false, write: (text: string) => written.push(text) };
  let at = 0;
  const log = progressReporter({ label: 'x', output, now: () => at });
  for (; at < 11_000; at += 500) log.update({ rows: at });
  t.equal(written.length, 2);
  const tty = progressReporter({ label: 'x', output: { ...output, isTTY: true }, now: () => at });
  tty.update({ rows: 10, done: 1, total: 2 });
  t.match(written.at(-1), /\[#+\.+\]/);
  progressReporter({ label: 'x', output: { ...output, isTTY: true }, quiet: true, now: () => at }).update({ rows: 1 });
  t.equal(written.length, 3);
  t.end();
});
