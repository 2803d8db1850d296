/**
 * `query-peer`: the question of `query`, against what a department would write by hand: Fastify, `pg` and Cedar, with a
 * committed audit row an answer. It is measured tuned; the note says what the plain one does.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { credentialFiles } from '../../../gateway/client/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { companies, stories } from '../../e2e/stories.js';
import type { LoadResult } from './load.js';
import { differing, PEER_DATASETS, sampleQuestions } from './peer/same.js';
import type { PeerOptions } from './peer/server.js';
import { fillPeer } from './peer/store.js';
import { benchPostgres } from './postgres.js';
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
/** Sizes of the peer's pool of which the fastest here is measured; under `--quick` the middle one is taken untried. */
const POOLS = [8, 16, 32];
const QUICK_POOLS = [16];
/** Of the plain peer: what `pg` takes where nothing is said. */
const PLAIN_POOL = 10;
/** ms of one trial of a pool. */
const TRIAL = 1500;
const FLOOR = 6;
/** Companies of which both are asked alike before anything is measured. */
const SAMPLE = 25;

export const startPeer = (options: PeerOptions): Promise<Running> =>
  start(fileURLToPath(new URL('./peer/server.js', import.meta.url)), [JSON.stringify(options)]);

interface Peer {
  readonly running: Running;
  readonly pid: number;
  readonly connections: number;
}

interface Rig {
  readonly city: CityAddresses;
  readonly subjects: readonly string[];
  /** Of the database that is filled as the city is. */
  readonly url: string;
  /** What ends all that was started, the last first. */
  readonly stops: (() => unknown)[];
  /** One measurement, of a server on a port with its main thread in this process. */
  load(port: number, pid: number, ms?: number): Promise<LoadResult>;
}

/** A peer that has answered a sample as the gateway does. */
async function peerOf(
  { city, url, subjects, stops }: Rig,
  variant: PeerOptions['variant'],
  connections: number,
): Promise<Peer> {
  const running = await startPeer({ workspace: packageRoot(), pki: city.pki, url, variant, connections });
  stops.unshift(() => running.stop());
  const { pid } = running.process;
  if (pid === undefined) throw new Error('the peer has no process');
  const questions = sampleQuestions(subjects, SAMPLE);
  const difference = await differing(city.api, `https://127.0.0.1:${running.line}`, city.pki, questions);
  if (difference !== undefined) throw new Error(`the ${variant} peer does not answer alike: ${difference}`);
  pinMainThread(pid, 0);
  return { running, pid, connections };
}

/** The tuned peer with the pool that answers most here. */
async function fastest(rig: Rig, pools: readonly number[]): Promise<Peer> {
  const tried: { readonly peer: Peer; readonly perSecond: number }[] = [];
  for (const connections of pools) {
    const peer = await peerOf(rig, 'tuned', connections);
    if (pools.length === 1) return peer;
    const { perSecond, errors } = await rig.load(Number(peer.running.line), peer.pid, TRIAL);
    if (errors > 0) throw new Error(`${errors} answers of the peer were errors`);
    tried.push({ peer, perSecond });
  }
  const [best, ...others] = tried.sort((a, b) => b.perSecond - a.perSecond);
  if (best === undefined) throw new Error('no size of pool was given');
  for (const { peer } of others) await peer.running.stop();
  return best.peer;
}

type Round = Readonly<Record<'ours' | 'tuned' | 'plain', LoadResult>>;

export async function queryPeerRow(dir: string, quick: boolean): Promise<BenchRow[] | undefined> {
  const postgres = await benchPostgres(dir);
  if (postgres === undefined) return undefined;
  const measure = queryMeasure(quick);
  const stops: (() => unknown)[] = [() => postgres.stop()];
  try {
    const city = await startCity(join(dir, 'peer'), ['--companies', String(measure.companies)]);
    stops.unshift(() => city.stop());
    const subjects = await companies(city.data);
    const bodies = join(dir, 'bodies');
    writeBodies(bodies, subjects);
    const worker = childrenOf(city.process.pid ?? 0, 'worker.js')[0];
    if (worker === undefined) throw new Error('no worker process was found');
    pinMainThread(worker, 0);
    const url = await postgres.database('peer');
    await fillPeer(url, await loadWorkspace(packageRoot()), city.data, PEER_DATASETS, subjects);
    const { warmupMs } = measure;
    const files = credentialFiles(city.pki, stories.allowed.client);
    const rig: Rig = {
      city,
      subjects,
      url,
      stops,
      load: (port, pid, ms = measure.ms) =>
        load({ port, ...files, connections: CONNECTIONS, warmupMs, ms, path: '/v1/query', bodies, pid }, 1),
    };
    stops.unshift(keepAwake([0, 1]));
    const tuned = await fastest(rig, quick ? QUICK_POOLS : POOLS);
    const plain = await peerOf(rig, 'plain', PLAIN_POOL);
    const of = ({ running, pid }: Peer): Promise<LoadResult> => rig.load(Number(running.line), pid);
    const rounds: Round[] = [];
    for (let i = 0; i < measure.rounds; i++) {
      const one: Round = {
        tuned: await of(tuned),
        ours: await rig.load(Number(new URL(city.api).port), worker),
        plain: await of(plain),
      };
      const errors = one.ours.errors + one.tuned.errors + one.plain.errors;
      if (errors > 0) throw new Error(`${errors} answers were errors`);
      rounds.push(one);
    }
    return [rowOf(rounds, postgres.version, tuned.connections)];
  } finally {
    for (const stop of stops) await stop();
  }
}

function rowOf(rounds: readonly Round[], version: string, pool: number): BenchRow {
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
        `PostgreSQL ${version}, ${pool} connections to it, ${CONNECTIONS} to each server; p99 ` +
        `${of('ours', ({ p99 }) => p99)} ms and ${of('tuned', ({ p99 }) => p99)} ms; main-thread CPU a request ` +
        `${of('ours', ({ serverMicros }) => serverMicros)} µs and ` +
        `${of('tuned', ({ serverMicros }) => serverMicros)} µs, without PostgreSQL's own; written plainly ` +
        `${of('plain', ({ perSecond }) => perSecond)} requests/s (×${times})`,
    },
    rounds.map(({ ours, tuned }) => ({ value: ours.perSecond, reference: tuned.perSecond })),
    (ratio) => ratio >= FLOOR,
  );
}
