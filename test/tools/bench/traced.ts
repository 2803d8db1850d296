/**
 * `query-traced`: what a question costs the main thread of one process with traces, against the same process without.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { companies, stories } from '../../e2e/stories.js';
import { writeBodies } from './question.js';
import { type BenchRow, median, ratioRow, round } from './rows.js';
import { keepAwake, load, pinMainThread, start, startCity } from './servers.js';

const ROUNDS = 9;
const MS = 2000;
/** Of questions that are traced: the default, and all. */
const RATIOS = [0.01, 1];
const FLOOR = 1.1;

export async function tracedRow(dir: string): Promise<BenchRow[]> {
  const data = join(dir, 'traced');
  const city = await startCity(data, ['--companies', '1000']);
  const bodies = join(dir, 'bodies');
  writeBodies(bodies, await companies(city.data));
  await city.stop();
  let exports = 0;
  const endpoint = createServer((request, response) => {
    exports += 1;
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  const gateway = await start(fileURLToPath(new URL('./audited.js', import.meta.url)), [
    JSON.stringify({
      workspace: packageRoot(),
      data,
      pki: city.pki,
      endpoint: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`,
      ratios: RATIOS,
    }),
  ]);
  const { pid } = gateway.process;
  if (pid === undefined) throw new Error('the gateway has no process');
  const sleep = keepAwake([0, 1]);
  try {
    pinMainThread(pid, 0);
    const own = join(city.pki, 'clients', stories.allowed.client);
    const ports = gateway.line.split(' ').map(Number);
    const rounds: number[][] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const micros: number[] = [];
      // each in turn first: what else the machine does comes and goes
      for (let n = 0; n < ports.length; n++) {
        const which = (i + n) % ports.length;
        const { errors, serverMicros } = await load(
          {
            port: ports[which] ?? 0,
            ca: join(city.pki, 'ca.pem'),
            cert: join(own, 'cert.pem'),
            key: join(own, 'key.pem'),
            connections: 32,
            warmupMs: 700,
            ms: MS,
            path: '/v1/query',
            bodies,
            pid,
          },
          1,
        );
        if (errors > 0) throw new Error(`${errors} answers were errors`);
        micros[which] = serverMicros;
      }
      rounds.push(micros);
    }
    if (exports === 0) throw new Error('nothing was traced');
    const added = rounds.map(([off = NaN, , every = NaN]) => every - off);
    return [
      ratioRow(
        {
          id: 'query-traced',
          what: 'main-thread CPU of a question where 1 % are traced; reference: the same process, traces off',
          unit: 'µs',
          floor: `≤ ${FLOOR}`,
          aim: '1.01',
          note: `a question that is traced costs ${round(median(added))} µs more (five spans)`,
        },
        rounds.map(([off = NaN, some = NaN]) => ({ value: some, reference: off })),
        (ratio) => ratio <= FLOOR,
      ),
    ];
  } finally {
    sleep();
    await gateway.stop();
    endpoint.close();
    endpoint.closeAllConnections();
  }
}
