/**
 * `audit-added-p99`: what waiting for the durable entry adds to the 99th percentile of an answer, against the same
 * process with a journal that does nothing.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { companies, stories } from '../../e2e/stories.js';
import type { LoadResult } from './load.js';
import { writeBodies } from './question.js';
import { type BenchRow, median, round, spread } from './rows.js';
import { keepAwake, load, pinMainThread, start, startCity } from './servers.js';

const CONNECTIONS = 32;
const ROUNDS = 5;
const MS = 4000;
/** ms */
const FLOOR = 10;

export async function addedRow(dir: string): Promise<BenchRow[]> {
  const data = join(dir, 'added');
  const city = await startCity(data, ['--companies', '2000']);
  const bodies = join(dir, 'bodies');
  writeBodies(bodies, await companies(city.data));
  await city.stop();
  const gateway = await start(fileURLToPath(new URL('./audited.js', import.meta.url)), [
    JSON.stringify({ workspace: packageRoot(), data, pki: city.pki }),
  ]);
  const { pid } = gateway.process;
  if (pid === undefined) throw new Error('the gateway has no process');
  const sleep = keepAwake([0, 1]);
  try {
    pinMainThread(pid, 0);
    const run = async (): Promise<LoadResult> => {
      const own = join(city.pki, 'clients', stories.allowed.client);
      const result = await load(
        {
          port: Number(gateway.line),
          ca: join(city.pki, 'ca.pem'),
          cert: join(own, 'cert.pem'),
          key: join(own, 'key.pem'),
          connections: CONNECTIONS,
          warmupMs: 1500,
          ms: MS,
          path: '/v1/query',
          bodies,
          pid,
        },
        1,
      );
      if (result.errors > 0) throw new Error(`${result.errors} answers were errors`);
      process.kill(pid, 'SIGUSR2');
      return result;
    };
    const rounds: { readonly waits: LoadResult; readonly not: LoadResult }[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push({ waits: await run(), not: await run() });
    const added = rounds.map(({ waits, not }) => waits.p99 - not.p99);
    const of = (what: (result: LoadResult) => number, from: 'waits' | 'not'): number =>
      round(median(rounds.map((one) => what(one[from]))));
    return [
      {
        id: 'audit-added-p99',
        what:
          'what the durable entry adds to the p99 of an answer; reference: the p99 with a journal that does ' +
          'nothing',
        value: round(median(added)),
        unit: 'ms',
        reference: of(({ p99 }) => p99, 'not'),
        ratio: round(median(rounds.map(({ waits, not }) => waits.p99 / not.p99))),
        floor: `< ${FLOOR} added`,
        aim: '2',
        holds: median(added) < FLOOR,
        runs: ROUNDS,
        spread: [round(spread(added)[0]), round(spread(added)[1])],
        note:
          `p99 ${of(({ p99 }) => p99, 'waits')} ms and ${of(({ p99 }) => p99, 'not')} ms, p50 ` +
          `${of(({ p50 }) => p50, 'waits')} ms and ${of(({ p50 }) => p50, 'not')} ms, ` +
          `${of(({ perSecond }) => perSecond, 'waits')} and ${of(({ perSecond }) => perSecond, 'not')} ` +
          `requests/s, ${CONNECTIONS} connections`,
      },
    ];
  } finally {
    sleep();
    await gateway.stop();
  }
}
