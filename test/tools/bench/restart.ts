/**
 * `restart` and `rebuild`: from the start of a gateway's processes until a query is answered in full, with the view
 * that they left, and without.
 */
import { rmSync } from 'node:fs';
import { connect as reach } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect, connectionOf } from '../../../gateway/client/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { stories } from '../../e2e/stories.js';
import { freePort } from '../../support/servers/ports.js';
import type { LargeCity } from './large.js';
import { question } from './question.js';
import { type BenchRow, median, round, spread } from './rows.js';
import { start } from './servers.js';

const group = fileURLToPath(new URL('./group.js', import.meta.url));
const RESTARTS = 5;
const REBUILDS = 3;
const GIVE_UP_MS = 600_000;

/** The subjects that are asked about. */
const some = (subjects: readonly string[]): string[] =>
  [subjects[0], subjects[Math.floor(subjects.length / 2)], subjects.at(-1)].map((subject) => subject ?? '');

/** How many records of each of them the running city shows. */
export async function recordsOf({ api, pki, subjects }: LargeCity): Promise<ReadonlyMap<string, number>> {
  const gateway = connect(await connectionOf(api, pki, stories.allowed.client));
  const found = new Map<string, number>();
  for (const subject of some(subjects))
    found.set(
      subject,
      (await gateway.query(question(subject))).datasets.reduce((sum, one) => sum + one.records.length, 0),
    );
  gateway.close();
  return found;
}

/** Whether somebody listens there. Costs next to nothing, where a handshake asked for again and again is on both cores. */
const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = reach(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Seconds until the same question has the same answer as before: every dataset current, as many records. */
async function answeredAfter(
  { data, pki, subjects }: LargeCity,
  records: (subject: string) => number,
): Promise<number> {
  const port = await freePort();
  const started = performance.now();
  const running = start(group, [JSON.stringify({ workspace: packageRoot(), data, port })]);
  const connection = await connectionOf(`https://127.0.0.1:${port}`, pki, stories.allowed.client);
  const asked = some(subjects);
  try {
    while (!(await isOpen(port))) {
      if (performance.now() - started > GIVE_UP_MS) throw new Error('the gateway did not listen within ten minutes');
      await wait(5);
    }
    for (;;) {
      const gateway = connect(connection);
      try {
        const answers = await Promise.all(asked.map((subject) => gateway.query(question(subject))));
        const whole = answers.every(
          ({ datasets }, i) =>
            datasets.every(({ status }) => status === 'current') &&
            datasets.reduce((sum, one) => sum + one.records.length, 0) === records(asked[i] ?? ''),
        );
        if (whole) return (performance.now() - started) / 1000;
      } catch {
        // not listening yet, or not ready to answer
      } finally {
        gateway.close();
      }
      if (performance.now() - started > GIVE_UP_MS)
        throw new Error('the gateway did not answer in full within ten minutes');
      // to one part in a hundred: each try is three handshakes and answers on the cores of what is measured
      await wait(Math.max(20, (performance.now() - started) / 100));
    }
  } finally {
    await (await running).stop();
  }
}

function row(id: string, what: string, seconds: readonly number[], floor: number, aim: number): BenchRow {
  const value = median(seconds);
  const [least, most] = spread(seconds);
  return {
    id,
    what,
    value: round(value),
    unit: 's',
    reference: null,
    ratio: null,
    floor: `< ${floor}`,
    aim: `< ${aim}`,
    holds: value < floor,
    runs: seconds.length,
    spread: [round(least), round(most)],
  };
}

/** @param before records of the asked subjects, as the running city answered */
export async function restartRows(
  city: LargeCity,
  wanted: (id: string) => boolean,
  before: ReadonlyMap<string, number>,
): Promise<BenchRow[]> {
  const records = (subject: string): number => before.get(subject) ?? NaN;
  const count = city.records.toLocaleString('en');
  const rows: BenchRow[] = [];
  if (wanted('restart')) {
    const seconds: number[] = [];
    for (let i = 0; i < RESTARTS; i++) seconds.push(await answeredAfter(city, records));
    rows.push(
      row(
        'restart',
        `start of the processes → a query is answered in full, ${count} records in the view`,
        seconds,
        2,
        1,
      ),
    );
  }
  if (wanted('rebuild')) {
    const seconds: number[] = [];
    for (let i = 0; i < REBUILDS; i++) {
      rmSync(join(city.data, 'view'), { recursive: true });
      seconds.push(await answeredAfter(city, records));
      process.stderr.write(`  rebuilt in ${round(seconds.at(-1) ?? NaN)} s\n`);
    }
    rows.push(row('rebuild', `the same with the view deleted: ${count} records from the bus`, seconds, 60, 20));
  }
  return rows;
}
