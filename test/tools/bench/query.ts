/**
 * `query` and `query-p99`: five datasets of one company over mTLS, against bare Fastify answering the same number of
 * bytes.
 */
import { join } from 'node:path';
import { companies, stories } from '../../e2e/stories.js';
import type { LoadOptions, LoadResult } from './load.js';
import { answerBytes, writeBodies } from './question.js';
import { type BenchRow, ratioRow } from './rows.js';
import { childrenOf, keepAwake, load, pinMainThread, startCity, startReference } from './servers.js';

const CONNECTIONS = 32;
/** How much is measured. */
export const queryMeasure = (quick: boolean) =>
  quick
    ? { companies: 500, rounds: 3, warmupMs: 1000, ms: 2000 }
    : { companies: 2000, rounds: 5, warmupMs: 1500, ms: 4000 };

export async function queryRows(dir: string, quick: boolean): Promise<BenchRow[]> {
  const measure = queryMeasure(quick);
  const city = await startCity(join(dir, 'query'), ['--companies', String(measure.companies)]);
  try {
    const { client } = stories.allowed;
    const subjects = await companies(city.data);
    const file = join(dir, 'bodies');
    writeBodies(file, subjects);
    // the reference answers the average size of the real answers
    const bytes = await answerBytes(city, subjects);
    const reference = await startReference(city.pki, bytes);
    const worker = childrenOf(city.process.pid ?? 0, 'worker.js')[0];
    if (worker === undefined || reference.process.pid === undefined) throw new Error('no worker process was found');
    pinMainThread(worker, 0);
    pinMainThread(reference.process.pid, 0);
    const options = (port: number, pid: number): LoadOptions => ({
      port,
      ca: join(city.pki, 'ca.pem'),
      cert: join(city.pki, 'clients', client, 'cert.pem'),
      key: join(city.pki, 'clients', client, 'key.pem'),
      connections: CONNECTIONS,
      warmupMs: measure.warmupMs,
      ms: measure.ms,
      path: '/v1/query',
      bodies: file,
      pid,
    });
    const sleep = keepAwake([0, 1]);
    const apiPort = Number(new URL(city.api).port);
    const rounds: { ours: LoadResult; bare: LoadResult }[] = [];
    for (let i = 0; i < measure.rounds; i++) {
      const bare = await load(options(Number(reference.line), reference.process.pid), 1);
      const ours = await load(options(apiPort, worker), 1);
      if (ours.errors > 0 || bare.errors > 0)
        throw new Error(`${ours.errors} of our answers and ${bare.errors} of the reference's were errors`);
      rounds.push({ ours, bare });
    }
    sleep();
    await reference.stop();
    const micros = rounds.map(({ ours, bare }) => ours.serverMicros / bare.serverMicros);
    const note =
      `${bytes} B answers, ${CONNECTIONS} connections; main-thread CPU a request ` +
      `${rounds.map(({ ours }) => ours.serverMicros.toFixed(0)).join('/')} µs, reference ` +
      `${rounds.map(({ bare }) => bare.serverMicros.toFixed(0)).join('/')} µs ` +
      `(×${(micros.reduce((a, b) => a + b, 0) / micros.length).toFixed(2)})`;
    return [
      ratioRow(
        {
          id: 'query',
          what: 'cross-department query, 5 datasets, mTLS kept alive, decision, durable audit',
          unit: 'requests/s',
          floor: '≥ 0.45',
          aim: '0.75',
          note,
        },
        rounds.map(({ ours, bare }) => ({ value: ours.perSecond, reference: bare.perSecond })),
        (ratio) => ratio >= 0.45,
      ),
      ratioRow(
        { id: 'query-p99', what: 'the same, 99th percentile of latency', unit: 'ms', floor: '≤ 4', aim: '2' },
        rounds.map(({ ours, bare }) => ({ value: ours.p99, reference: bare.p99 })),
        (ratio) => ratio <= 4,
      ),
    ];
  } finally {
    await city.stop();
  }
}
