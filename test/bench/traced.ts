/** `query-traced`: what a question costs its worker with traces, against the same city without. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { companies, stories } from '../e2e/stories.js';
import { writeBodies } from './question.js';
import { ratioRow, type BenchRow } from './rows.js';
import { childrenOf, keepAwake, load, pinMainThread, startCity } from './servers.js';

const ROUNDS = 9;
const MS = 2000;
/** Of questions that are traced: the default, and all. */
const RATIOS = [0.01, 1];
const FLOOR = 1.1;

export async function tracedRow(dir: string): Promise<BenchRow[]> {
  let exports = 0;
  const endpoint = createServer((request, response) => {
    exports += 1;
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
  const args = ['--companies', '1000'];
  const cities = [await startCity(join(dir, 'off'), args)];
  try {
    for (const ratio of RATIOS) cities.push(await startCity(join(dir, String(ratio)), args, { YITONG_TRACING_ENDPOINT: url, YITONG_TRACING_SAMPLE_RATIO: String(ratio) }));
    const file = join(dir, 'bodies');
    const { client } = stories.allowed;
    writeBodies(file, await companies(cities[0]?.data ?? ''));
    const asked = cities.map(({ process, api, pki }) => {
      const worker = childrenOf(process.pid ?? 0, 'worker.js')[0];
      if (worker === undefined) throw new Error('no worker process was found');
      pinMainThread(worker, 0);
      const identity = { ca: join(pki, 'ca.pem'), cert: join(pki, 'clients', client, 'cert.pem'), key: join(pki, 'clients', client, 'key.pem') };
      return () => load({ port: Number(new URL(api).port), ...identity, connections: 32, warmupMs: 1000, ms: MS, path: '/v1/query', bodies: file, pid: worker }, 1);
    });
    const sleep = keepAwake([0, 1]);
    const rounds: number[][] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const micros: number[] = [];
      // each in turn first: what else the machine does comes and goes
      for (let n = 0; n < asked.length; n++) {
        const which = (i + n) % asked.length;
        const { errors, serverMicros } = (await asked[which]?.()) ?? { errors: NaN, serverMicros: NaN };
        if (errors !== 0) throw new Error(`${errors} answers were errors`);
        micros[which] = serverMicros;
      }
      rounds.push(micros);
    }
    sleep();
    if (exports === 0) throw new Error('nothing was traced');
    const all = rounds.map(([, , every]) => (every ?? NaN).toFixed(0)).join('/');
    const note = `main-thread CPU of the worker a question, processes beside it not counted; with all questions traced ${all} µs`;
    return [
      ratioRow(
        { id: 'query-traced', what: 'a question where 1 % are traced; reference: traces off', unit: 'µs', floor: `≤ ${FLOOR}`, aim: '1.02', note },
        rounds.map(([off = NaN, some = NaN]) => ({ value: some, reference: off })),
        (ratio) => ratio <= FLOOR,
      ),
    ];
  } finally {
    for (const one of cities) await one.stop();
    endpoint.close();
    endpoint.closeAllConnections();
  }
}
