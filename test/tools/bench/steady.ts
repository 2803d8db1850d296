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

type Kind = 'supervisor' | 'writer' | 'workers';

interface Look {
  /** Bytes. */
  readonly memory: Readonly<Record<Kind, number>>;
  readonly files: number;
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

type Pids = Readonly<Record<Kind, readonly number[]>>;

/** Nothing that takes long: what the log holds on disk is counted before and behind, not meanwhile. */
function look(pids: Pids): Look {
  const held = (kind: Kind): number => pids[kind].reduce((sum, pid) => sum + rssAnon(pid), 0);
  return {
    memory: { supervisor: held('supervisor'), writer: held('writer'), workers: held('workers') },
    files: Object.values(pids)
      .flat()
      .reduce((sum, pid) => sum + readdirSync(`/proc/${String(pid)}/fd`).length, 0),
  };
}

/** Medians of the second quarter and of the last one: the first quarter fills what is allowed to fill. */
function grown(looks: readonly Look[], of: (look: Look) => number): readonly [number, number] {
  const quarter = Math.max(1, Math.floor(looks.length / 4));
  const part = (from: number): number => median(looks.slice(from, from + quarter).map(of));
  return [part(Math.min(quarter, looks.length - 1)), part(Math.max(0, looks.length - quarter))];
}

const mb = (bytes: number): string => `${String(Math.round(bytes / 1e6))} MB`;

function memoryIn(looks: readonly Look[]): { readonly grows: boolean; readonly text: string } {
  const all = (['supervisor', 'writer', 'workers'] as const).map((kind) => ({
    kind,
    of: grown(looks, ({ memory }) => memory[kind]),
  }));
  const sum = (at: 0 | 1): number => all.reduce((total, { of }) => total + of[at], 0);
  const each = all.map(({ kind, of }) => `${kind} ${mb(of[0])} → ${mb(of[1])}`).join(', ');
  return { grows: sum(1) > sum(0) * 1.1, text: `memory ${mb(sum(0))} → ${mb(sum(1))} (${each})` };
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
    const pids: Pids = { supervisor: [parent], writer: writers ?? [], workers: workers ?? [] };
    const log = join(city.data, 'audit');
    const looks: Look[] = [];
    const before = bytesBelow(log);
    const timer = setInterval(() => looks.push(look(pids)), MINUTE);
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
    const bytes = bytesBelow(log) - before;
    if (looks.length === 0) looks.push(look(pids));
    const asked = PER_SECOND * (minutes * 60 + WARM_UP_MS / 1000);
    const [memory, files] = [memoryIn(looks), grown(looks, (one) => one.files)];
    const { p50, p99, p999 = NaN, longest = NaN, errors, perSecond } = result;
    const grows = memory.grows || files[1] > files[0] + 10;
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
          `longest ${longest.toFixed(0)} ms; ${memory.text}; open files ${String(files[0])} → ${String(files[1])}; ` +
          `${(bytes / asked).toFixed(0)} B of log an answer, on disk`,
      },
    ];
  } finally {
    await city.stop();
  }
}
