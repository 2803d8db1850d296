/**
 * `query-peer`: the question of `query`, against what a department would write by hand: Fastify, `pg` and Cedar, with a
 * committed audit row an answer. It is measured tuned; the note says what the plain one does.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { companies, stories } from '../../e2e/stories.js';
import type { LoadOptions, LoadResult } from './load.js';
import { differing, PEER_DATASETS, sampleQuestions } from './peer/same.js';
import type { PeerOptions } from './peer/server.js';
import { fillPeer } from './peer/store.js';
import { type BenchPostgres, benchPostgres } from './postgres.js';
import { queryMeasure } from './query.js';
import { writeBodies } from './question.js';
import { type BenchRow, median, ratioRow, round } from './rows.js';
import {
  type CityAddresses,
  childrenOf,
  keepAwake,
  load,
  pinMainThread,
  type Running,
  start,
  startCity,
} from './servers.js';

const CONNECTIONS = 32;
/** Of the peer's pool: with fewer its commits share fewer writes to the disk. */
export const POOL = 32;
const FLOOR = 6;
/** Companies of which both are asked alike before anything is measured. */
const SAMPLE = 25;

export const startPeer = (options: PeerOptions): Promise<Running> =>
  start(fileURLToPath(new URL('./peer/server.js', import.meta.url)), [JSON.stringify(options)]);

interface Peer {
  readonly running: Running;
  readonly pid: number;
}

/** One of each variant, on one database; each has answered the sample as the gateway does. */
async function startPeers(
  city: CityAddresses,
  postgres: BenchPostgres,
  subjects: readonly string[],
): Promise<{ readonly tuned: Peer; readonly plain: Peer }> {
  const workspace = packageRoot();
  const url = await postgres.database('peer');
  await fillPeer(url, await loadWorkspace(workspace), city.data, PEER_DATASETS, subjects);
  const started = async (variant: PeerOptions['variant'], connections: number): Promise<Peer> => {
    const running = await startPeer({ workspace, pki: city.pki, url, variant, connections });
    const { pid } = running.process;
    if (pid === undefined) throw new Error('the peer has no process');
    const questions = sampleQuestions(subjects, SAMPLE);
    const difference = await differing(city.api, `https://127.0.0.1:${running.line}`, city.pki, questions);
    if (difference !== undefined) throw new Error(`the ${variant} peer does not answer alike: ${difference}`);
    pinMainThread(pid, 0);
    return { running, pid };
  };
  // ten is what `pg` takes where nothing is said
  return { tuned: await started('tuned', POOL), plain: await started('plain', 10) };
}

type Round = Readonly<Record<'ours' | 'tuned' | 'plain', LoadResult>>;

export async function queryPeerRow(dir: string, quick: boolean): Promise<BenchRow[] | undefined> {
  const postgres = await benchPostgres(dir);
  if (postgres === undefined) return undefined;
  const size = queryMeasure(quick);
  try {
    const city = await startCity(join(dir, 'peer'), ['--companies', String(size.companies)]);
    const stops: (() => unknown)[] = [() => city.stop()];
    try {
      const subjects = await companies(city.data);
      const bodies = join(dir, 'bodies');
      writeBodies(bodies, subjects);
      const worker = childrenOf(city.process.pid ?? 0, 'worker.js')[0];
      if (worker === undefined) throw new Error('no worker process was found');
      pinMainThread(worker, 0);
      const peers = await startPeers(city, postgres, subjects);
      stops.unshift(
        ...Object.values(peers).map(
          ({ running }) =>
            () =>
              running.stop(),
        ),
      );
      const own = join(city.pki, 'clients', stories.allowed.client);
      const options = (port: number, pid: number): LoadOptions => ({
        port,
        ca: join(city.pki, 'ca.pem'),
        cert: join(own, 'cert.pem'),
        key: join(own, 'key.pem'),
        connections: CONNECTIONS,
        warmupMs: size.warmupMs,
        ms: size.ms,
        path: '/v1/query',
        bodies,
        pid,
      });
      stops.unshift(keepAwake([0, 1]));
      const rounds: Round[] = [];
      for (let i = 0; i < size.rounds; i++) {
        const of = ({ running, pid }: Peer): Promise<LoadResult> => load(options(Number(running.line), pid), 1);
        const tuned = await of(peers.tuned);
        const ours = await load(options(Number(new URL(city.api).port), worker), 1);
        const plain = await of(peers.plain);
        const errors = ours.errors + tuned.errors + plain.errors;
        if (errors > 0) throw new Error(`${errors} answers were errors`);
        rounds.push({ ours, tuned, plain });
      }
      return [rowOf(rounds, postgres.version)];
    } finally {
      for (const stop of stops) await stop();
    }
  } finally {
    await postgres.stop();
  }
}

function rowOf(rounds: readonly Round[], version: string): BenchRow {
  const of = (who: keyof Round, what: (result: LoadResult) => number): number =>
    round(median(rounds.map((one) => what(one[who]))), 4);
  const times = round(median(rounds.map(({ ours, plain }) => ours.perSecond / plain.perSecond)));
  return ratioRow(
    {
      id: 'query-peer',
      what:
        'the question of `query`, against hand-written Fastify, PostgreSQL and Cedar, tuned: the same answers, a ' +
        'committed audit row each',
      unit: 'requests/s',
      floor: `≥ ${FLOOR}`,
      aim: String(FLOOR),
      note:
        `PostgreSQL ${version}, ${POOL} connections to it, ${CONNECTIONS} to each server; p99 ` +
        `${of('ours', ({ p99 }) => p99)} ms and ${of('tuned', ({ p99 }) => p99)} ms; main-thread CPU a request ` +
        `${of('ours', ({ serverMicros }) => serverMicros)} µs and ` +
        `${of('tuned', ({ serverMicros }) => serverMicros)} µs, without PostgreSQL's own; written plainly ` +
        `${of('plain', ({ perSecond }) => perSecond)} requests/s (×${times})`,
    },
    rounds.map(({ ours, tuned }) => ({ value: ours.perSecond, reference: tuned.perSecond })),
    (ratio) => ratio >= FLOOR,
  );
}
