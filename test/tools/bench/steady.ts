/**
 * `steady`: so many questions a second for an hour, each sent when it is due and measured from then on, so that a pause
 * counts for all that wait in it. What must not grow is looked at every minute: memory and open files of each process,
 * bytes of log an answer.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { companies, stories } from '../../e2e/stories.js';
import { rssAnon } from '../../ground/sockets/city.js';
import { writeBodies } from './question.js';
import { type BenchRow, median, round } from './rows.js';
import { childrenOf, load, startCity } from './servers.js';

const PER_SECOND = 3000;
const CONNECTIONS = 64;
const COMPANIES = 2000;
const WARM_UP_MS = 20_000;
const MINUTE = 60_000;

interface Look {
  /** Bytes. */
  readonly memory: number;
  readonly files: number;
  readonly log: number;
}

function bytesBelow(dir: string): number {
  let sum = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    try {
      sum += entry.isDirectory() ? bytesBelow(path) : statSync(path).blocks * 512;
    } catch {
      // it went while we looked
    }
  }
  return sum;
}

function look(pids: readonly number[], data: string): Look {
  return {
    memory: pids.reduce((sum, pid) => sum + rssAnon(pid), 0),
    files: pids.reduce((sum, pid) => sum + readdirSync(`/proc/${String(pid)}/fd`).length, 0),
    log: bytesBelow(join(data, 'audit')),
  };
}

/** Medians of the second quarter and of the last one: the first quarter fills what is allowed to fill. */
function grown(looks: readonly Look[], of: 'memory' | 'files'): readonly [number, number] {
  const quarter = Math.max(1, Math.floor(looks.length / 4));
  const part = (from: number): number => median(looks.slice(from, from + quarter).map((one) => one[of]));
  return [part(Math.min(quarter, looks.length - 1)), part(Math.max(0, looks.length - quarter))];
}

export async function steadyRow(dir: string, minutes: number): Promise<BenchRow[]> {
  const city = await startCity(join(dir, 'steady'), ['--companies', String(COMPANIES)]);
  try {
    const { client } = stories.allowed;
    const file = join(dir, 'bodies');
    writeBodies(file, await companies(city.data));
    const parent = city.process.pid ?? 0;
    const [writers, workers] = ['writer.js', 'worker.js'].map((name) => childrenOf(parent, name));
    const worker = workers?.[0];
    if (worker === undefined) throw new Error('no worker process was found');
    const pids = [parent, ...(writers ?? []), ...(workers ?? [])];
    const looks: Look[] = [];
    const first = look(pids, city.data);
    const timer = setInterval(() => looks.push(look(pids, city.data)), MINUTE);
    const result = await load(
      {
        port: Number(new URL(city.api).port),
        ca: join(city.pki, 'ca.pem'),
        cert: join(city.pki, 'clients', client, 'cert.pem'),
        key: join(city.pki, 'clients', client, 'key.pem'),
        connections: CONNECTIONS,
        warmupMs: WARM_UP_MS,
        ms: minutes * MINUTE,
        path: '/v1/query',
        bodies: file,
        pid: worker,
        perSecond: PER_SECOND,
      },
      1,
    );
    clearInterval(timer);
    const last = look(pids, city.data);
    if (looks.length === 0) looks.push(last);
    const asked = PER_SECOND * (minutes * 60 + WARM_UP_MS / 1000);
    const [memory, files] = [grown(looks, 'memory'), grown(looks, 'files')];
    const mb = (bytes: number): string => `${String(Math.round(bytes / 1e6))} MB`;
    const { p50, p99, p999 = NaN, longest = NaN, errors, perSecond } = result;
    const grows = memory[1] > memory[0] * 1.1 || files[1] > files[0] + 10;
    return [
      {
        id: 'steady',
        what: `${String(PER_SECOND)} questions/s for ${String(minutes)} min, 99.9th percentile from when each was due`,
        value: round(p999),
        unit: 'ms',
        reference: null,
        ratio: null,
        floor: '< 250, nothing grows',
        aim: '< 50',
        holds: p999 < 250 && errors === 0 && !grows && perSecond > PER_SECOND * 0.999,
        runs: 1,
        spread: [round(p50), round(longest)],
        note:
          `${perSecond.toFixed(0)}/s answered, ${String(errors)} errors; p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, ` +
          `longest ${longest.toFixed(0)} ms; memory ${mb(memory[0])} → ${mb(memory[1])}; open files ${String(files[0])} → ` +
          `${String(files[1])}; ${((last.log - first.log) / asked).toFixed(0)} B of log an answer, on disk`,
      },
    ];
  } finally {
    await city.stop();
  }
}
