/**
 * Cases under way in a running gateway while its processes, the whole of it, and the server of its state are killed:
 * in the end all that was meant must have happened, once.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openBus } from '../../../../connectors/bus/open.js';
import { present } from '../../../../contracts/present.js';
import { openEmbeddedState } from '../../../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../../../gateway/ground/state/port.js';
import { PostgresState } from '../../../../gateway/ground/state/postgres/state.js';
import { busOf } from '../../../../gateway/operate/bus.js';
import { freePorts } from '../../../support/servers/ports.js';
import { type Random, randomOf } from '../random.js';
import { Service } from '../service.js';
import { makeWorkspace, type WorkspaceOptions } from '../workspace.js';
import { content, OVER_API, OVER_BUS } from './content.js';
import { type CaseVerdict, judgeCases } from './judge.js';
import { applicant, type Meant, overApi, overBus, type Playing } from './play.js';
import { type CrashingServer, startCrashingServer } from './server.js';

export const CASE_TARGETS = ['worker', 'writer', 'group', 'server'] as const;
type CaseTarget = (typeof CASE_TARGETS)[number];
export const STORES = ['embedded', 'postgres'] as const;
export type Store = (typeof STORES)[number];

interface CaseKillOptions {
  readonly seed: number;
  /** Where the state stands; a server can be killed only of `postgres`. */
  readonly store: Store;
  readonly kills: number;
  readonly kafka?: WorkspaceOptions['kafka'];
  /** Cases that are under way at once; default 4. */
  readonly applicants?: number;
  readonly told?: (text: string) => void;
}

export interface CaseKillReport extends CaseVerdict {
  readonly seed: number;
  readonly store: Store;
  /** By what was killed. */
  readonly kills: Readonly<Record<string, number>>;
  /** ms from a kill until an act that was begun after it was answered, of those that were waited for. */
  readonly again: readonly number[];
  readonly seconds: number;
  /** Where the files are, of a run in which something was found. */
  readonly dir?: string;
}

const READY_WITHIN = 90_000;
const OVER_WITHIN = 180_000;
/** Share of kills that are not waited for. */
const AT_ONCE = 0.2;
/**
 * The supervisor starts what dies soon after its start more and more slowly: a group is made anew before that takes the
 * time of the run.
 */
const BEFORE_RENEWAL = 4;

const folders = new Set<string>();
process.once('exit', () => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

class CaseWorld {
  readonly #options: CaseKillOptions;
  readonly #dir: string;
  readonly #prefix: string;
  readonly #server: CrashingServer | undefined;
  readonly #meant: Meant = { cases: [], answered: new Set(), over: new Set(), wrong: [], hung: [] };
  readonly #noMore = new AbortController();
  readonly #stop = new AbortController();
  readonly #waiting = new Set<{ readonly from: number; readonly done: (ms: number) => void }>();
  readonly #gateway: Service;
  #ready = (): void => undefined;
  #playing: Promise<unknown> = Promise.resolve();
  #applying: Promise<unknown> = Promise.resolve();

  constructor(options: CaseKillOptions, dir: string, server: CrashingServer | undefined) {
    this.#options = options;
    this.#dir = dir;
    this.#prefix = `cases-${String(options.seed)}`;
    this.#server = server;
    const args = ['gateway', '--workspace', this.#workspace, '--data', this.#data, '--json'];
    this.#gateway = new Service(args, (line) => {
      if (line.includes('"ready":true')) this.#ready();
    });
  }

  get #workspace(): string {
    return join(this.#dir, 'workspace');
  }

  get #data(): string {
    return join(this.#dir, 'data');
  }

  async start(): Promise<void> {
    const [api = 0, people = 0, health = 0] = await freePorts(3);
    const pki = join(this.#workspace, 'pki');
    const { kafka } = this.#options;
    const passwordFile = join(this.#dir, 'password');
    if (this.#server !== undefined) await writeFile(passwordFile, this.#server.password, { mode: 0o600 });
    await makeWorkspace({
      dir: this.#workspace,
      prefix: this.#prefix,
      ...present({ kafka }),
      ports: { api, people, health },
      apiUrl: 'http://127.0.0.1:9',
      gateway: { caseDrivers: 'development', caseTopics: [OVER_BUS], workers: 2 },
      settings: this.#server === undefined ? {} : { state: { ...this.#server.settings, passwordFile } },
      clients: { [OVER_API.north]: 'north' },
      files: content,
    });
    const ready = new Promise<boolean>((resolve) => (this.#ready = () => resolve(true)));
    this.#gateway.start();
    if (!(await Promise.race([ready, wait(READY_WITHIN, false, { ref: false })])))
      throw new Error(`the gateway was not ready: ${this.#gateway.complaints}`);
    this.#play({
      api: `https://127.0.0.1:${String(api)}`,
      pki,
      meant: this.#meant,
      noMore: this.#noMore.signal,
      signal: this.#stop.signal,
      onAct: (begun) => this.#acted(begun),
    });
  }

  #play(playing: Playing): void {
    const count = this.#options.applicants ?? 4;
    this.#applying = Promise.all(Array.from({ length: count }, (_, number) => applicant(number, playing)));
    this.#playing = Promise.all([
      this.#applying,
      overApi('faults', playing),
      overApi('north', playing),
      this.#overBus(playing),
    ]);
    this.#playing.catch((error: unknown) => void this.#meant.wrong.push(String(error)));
  }

  async #overBus(playing: Playing): Promise<void> {
    const bus = await openBus(await busOf(undefined, this.#workspace, this.#data));
    try {
      await overBus(bus, this.#prefix, playing);
    } finally {
      await bus.close();
    }
  }

  #acted(begun: number): void {
    for (const one of this.#waiting) {
      if (begun < one.from) continue;
      this.#waiting.delete(one);
      one.done(performance.now() - one.from);
    }
  }

  /** ms until an act that is begun from now on is answered. */
  async #again(): Promise<number> {
    const from = performance.now();
    const answered = new Promise<number>((done) => this.#waiting.add({ from, done }));
    const ms = await Promise.race([answered, wait(READY_WITHIN, -1, { ref: false })]);
    if (ms < 0) this.#meant.wrong.push(`no act was answered after a kill: ${this.#gateway.complaints}`);
    return ms;
  }

  /** @returns whether there was something to kill */
  async #kill(target: CaseTarget, random: Random): Promise<boolean> {
    if (target === 'group') return this.#gateway.kill(random.chance(0.5));
    if (target === 'server') {
      await this.#server?.crash(random.between(0, 20) / 10);
      return true;
    }
    const [pid] = random.shuffled([...this.#gateway.children(`process/${target}.js`)]);
    if (pid === undefined) return false;
    process.kill(pid, 'SIGKILL');
    return true;
  }

  /** One after the other, at random moments. */
  async killAll(): Promise<Pick<CaseKillReport, 'kills' | 'again'>> {
    const { seed, kills, told = () => undefined } = this.#options;
    const random = randomOf(seed, 'kills');
    const counts: Record<string, number> = {};
    const again: number[] = [];
    const targets: readonly CaseTarget[] = CASE_TARGETS.filter(
      (target) => target !== 'server' || this.#server !== undefined,
    );
    let sinceRenewal = 0;
    for (let done = 0; done < kills; ) {
      await wait(random.between(0, 700));
      const target = sinceRenewal >= BEFORE_RENEWAL ? 'group' : random.pick([...targets]);
      if (!(await this.#kill(target, random))) {
        await wait(50);
        continue;
      }
      done++;
      sinceRenewal = target === 'group' ? 0 : sinceRenewal + 1;
      counts[target] = (counts[target] ?? 0) + 1;
      if (!random.chance(AT_ONCE)) again.push(await this.#again());
      if (done % 20 === 0) told(`${String(done)} kills, ${String(this.#meant.over.size)} cases at their end`);
    }
    return { kills: counts, again };
  }

  /** Every case comes to its end, everything reaches the bus, and the gateway ends in order. */
  async finish(): Promise<CaseVerdict> {
    this.#noMore.abort();
    const ended = this.#applying.then(() => true);
    if (!(await Promise.race([ended, wait(OVER_WITHIN, false, { ref: false })])))
      this.#meant.wrong.push(`cases do not come to their end: ${this.#gateway.complaints}`);
    const state = await this.#openState();
    try {
      const end = Date.now() + READY_WITHIN;
      while ((await state.outbox(1)).length > 0 && Date.now() < end) await wait(100);
      // tasks that a refusal left are settled by their departments meanwhile
      await wait(1500);
      this.#stop.abort();
      await this.#playing;
      const code = await this.#gateway.stop();
      if (code !== 0) this.#meant.wrong.push(`the group did not end in order: ${this.#gateway.complaints}`);
      const bus = await openBus(await busOf(undefined, this.#workspace, this.#data));
      try {
        return await judgeCases({ state, bus, data: this.#data, prefix: this.#prefix, meant: this.#meant });
      } finally {
        await bus.close();
      }
    } finally {
      await state.close();
    }
  }

  async #openState(): Promise<State> {
    if (this.#server === undefined) return openEmbeddedState({ dir: join(this.#data, 'state') });
    const { server, schema, user } = this.#server;
    return new PostgresState({ server, schema, user });
  }

  async remove(): Promise<void> {
    this.#stop.abort();
    this.#gateway.kill(true);
    await this.#gateway.stop();
    await this.#playing.catch(() => undefined);
  }
}

export async function caseKills(options: CaseKillOptions): Promise<CaseKillReport> {
  const { seed, store } = options;
  const started = performance.now();
  const dir = await mkdtemp(join(tmpdir(), 'yitong-cases-'));
  folders.add(dir);
  const places = store === 'postgres' ? await mkdtemp(join(tmpdir(), 'yitong-cases-server-')) : undefined;
  if (places !== undefined) folders.add(places);
  const server = places === undefined ? undefined : await startCrashingServer(places);
  const world = new CaseWorld(options, dir, server);
  let found = true;
  try {
    await world.start();
    const killed = await world.killAll();
    const verdict = await world.finish();
    found = verdict.findings.length > 0;
    const seconds = Math.round((performance.now() - started) / 1000);
    return { seed, store, ...killed, ...verdict, seconds, ...(found ? { dir } : {}) };
  } finally {
    await world.remove();
    await server?.stop();
    // what was found will be looked at
    if (found) folders.delete(dir);
    else await rm(dir, { recursive: true, force: true });
    if (places !== undefined) await rm(places, { recursive: true, force: true });
  }
}
