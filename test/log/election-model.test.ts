/**
 * Three replicas over one state: whatever dies, sleeps, comes back, or is away, at most one tree is ever signed of each
 * size, each grows out of the one before, and where a replica that may go on is alive somebody does within 30 s.
 */
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { isYitongError, YitongError } from '../../contracts/errors.js';
import { openEmbeddedState } from '../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../gateway/ground/state/port.js';
import { coverage, Election, type Head, type OwnLog } from '../../gateway/log/replicas/election.js';
import type { Tree } from '../../gateway/log/replicas/run-message.js';

t.setTimeout(300_000);

const NAMES = ['a', 'b', 'c'];
/** Of a tree that is written as the entries that it has. */
const treeOf = (entries: readonly string[]): Tree => ({ size: entries.length, root: entries.join(',') });

interface Disk {
  entries: readonly string[];
  pending: { readonly before: number; readonly entries: readonly string[] } | undefined;
}

/** What everybody saw signed: by size, the root. */
class World {
  now = 1_000_000;
  readonly signed = new Map<number, string>();
  /** The longest tree that was signed. */
  newest: readonly string[] = [];
  readonly faults: string[] = [];
  away = false;

  sign(entries: readonly string[], by: string): void {
    const { size, root } = treeOf(entries);
    const before = this.signed.get(size);
    if (before !== undefined && before !== root) this.faults.push(`${by} signed a second tree of ${size} entries`);
    this.signed.set(size, root);
    const shorter = entries.length < this.newest.length ? entries : this.newest;
    const longer = shorter === entries ? this.newest : entries;
    if (shorter.some((entry, i) => longer[i] !== entry)) this.faults.push(`${by} signed another log than was there`);
    this.newest = longer;
  }
}

class Replica {
  disk: Disk = { entries: [], pending: undefined };
  alive = true;
  paused = false;
  /** Cut off from the other replicas. */
  cut = false;
  /** After so many more of its steps it falls asleep; 0: it does not. */
  nap = 0;
  #resume: (() => void) | undefined;
  #resumed: Promise<void> = Promise.resolve();
  #end = new AbortController();
  election: Election;
  #run: Promise<void> | undefined;
  elected = false;
  runs = 0;

  constructor(
    readonly name: string,
    readonly state: State,
    readonly world: World,
  ) {
    this.election = this.#begin();
  }

  #begin(): Election {
    this.elected = false;
    this.#end = new AbortController();
    const own: OwnLog = {
      committed: () => treeOf(this.disk.entries),
      pending: () => this.disk.pending && { before: this.disk.pending.before, next: treeOf(this.disk.pending.entries) },
      rootAt: (size) => (size > this.disk.entries.length ? undefined : treeOf(this.disk.entries.slice(0, size)).root),
    };
    return new Election({ state: this.#seen(), replica: this.name, own, retryMs: 1 });
  }

  /** The state as a process sees it that may sleep before and behind each question, and from which it may be cut. */
  #seen(): State {
    const end = this.#end.signal;
    const asked = async <T>(question: () => Promise<T>): Promise<T> => {
      await this.#awake(end);
      if (this.world.away) throw new YitongError('state_unavailable', 'it is away');
      const answer = await question();
      await this.#awake(end);
      if (this.world.away) throw new YitongError('state_unavailable', 'its answer was lost');
      return answer;
    };
    const { state } = this;
    return {
      ...state,
      lease: (...args: Parameters<State['lease']>) => asked(() => state.lease(...args)),
      release: (...args: Parameters<State['release']>) => asked(() => state.release(...args)),
      document: (...args: Parameters<State['document']>) => asked(() => state.document(...args)),
      commit: (...args: Parameters<State['commit']>) => asked(() => state.commit(...args)),
    } as State;
  }

  async #awake(end: AbortSignal): Promise<void> {
    if (this.nap > 0 && --this.nap === 0) this.pause();
    await this.#resumed;
    end.throwIfAborted();
  }

  pause(): void {
    if (this.paused || !this.alive) return;
    this.paused = true;
    this.#resumed = new Promise((resolve) => (this.#resume = resolve));
  }

  resume(): void {
    this.paused = false;
    this.#resume?.();
  }

  async kill(): Promise<void> {
    this.alive = false;
    this.elected = false;
    this.#end.abort(new Error('killed'));
    this.resume();
    await this.#run?.catch(() => undefined);
    this.#run = undefined;
  }

  start(): void {
    if (this.alive) return;
    this.alive = true;
    this.election = this.#begin();
  }

  get acts(): boolean {
    return this.alive && !this.paused;
  }

  /** One look at the lease; one that is asleep or dead has none. */
  async look(): Promise<void> {
    if (!this.acts) return;
    const before = this.election.token;
    const standing = await Promise.race([this.election.look(), wait(20, undefined)]);
    if (standing === undefined) return;
    if (standing.kind === 'elected') {
      this.elected = true;
      if (standing.settle) {
        const { pending } = this.disk;
        if (pending !== undefined) this.#commit(pending.entries);
      } else if (standing.token !== before) this.disk.pending = undefined;
    } else if (standing.kind !== 'unknown') this.elected = false;
  }

  /** A run as far as it comes: it may be held up by the state, or sleep in the middle. */
  async run(others: readonly Replica[]): Promise<void> {
    if (!this.acts || !this.elected) return;
    this.#run ??= this.#sequence(others, this.#end.signal)
      .catch((error: unknown) => {
        if (isYitongError(error) && error.code === 'sequencer_fenced') this.elected = false;
      })
      .finally(() => (this.#run = undefined));
    await Promise.race([this.#run, wait(4)]);
  }

  async #sequence(others: readonly Replica[], end: AbortSignal): Promise<void> {
    const committed = this.disk.entries;
    const entries = [...committed, `${this.name}${String(++this.runs)}`];
    this.disk.pending = { before: committed.length, entries };
    const copies = [this.name];
    for (const other of others) {
      await this.#awake(end);
      if (this.cut || other.cut || !other.acts) continue;
      if (other.take(committed, { before: committed.length, entries })) copies.push(other.name);
    }
    await this.election.reserve(treeOf(entries), copies, end);
    await this.#awake(end);
    this.#commit(entries);
    for (const other of others) {
      await this.#awake(end);
      if (!this.cut && !other.cut && other.acts) other.take(entries, undefined);
    }
  }

  #commit(entries: readonly string[]): void {
    this.world.sign(entries, this.name);
    if (entries.length > this.disk.entries.length) this.disk = { entries, pending: undefined };
  }

  /** What the one that sequences sends. @returns whether it has all of it now */
  take(committed: readonly string[], pending: Disk['pending']): boolean {
    if (this.elected || committed.length < this.disk.entries.length) return false;
    this.disk = { entries: committed, pending };
    return true;
  }
}

const who = fc.nat(2);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('run' as const), at: who }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('time' as const), at: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const), at: who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('nap' as const), at: fc.nat(26) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resume' as const), at: who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), at: who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('start' as const), at: who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), at: who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at: who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const), at: who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('away' as const), at: who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('back' as const), at: who }) },
);

t.test('never two trees, and never nobody for long', async (t) => {
  const counts = { signed: 0, elections: 0, longest: 0, runs: 0 };
  const root = t.testdir();
  let folder = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 90, size: 'max' }), async (steps) => {
      const world = new World();
      const state = openEmbeddedState({ dir: `${root}/${String(folder++)}`, now: () => world.now });
      const replicas = NAMES.map((name) => new Replica(name, state, world));
      /** ms without one, while somebody could. */
      let without = 0;
      let leader: string | undefined;
      try {
        for (const { kind, at } of steps) {
          const one = replicas[at % 3];
          if (one === undefined) continue;
          switch (kind) {
            case 'time':
              for (let i = 0; i < at; i++) {
                world.now += 1000;
                for (const replica of replicas) await replica.look();
                const head = (await state.document('log', 'head'))?.body as Head | undefined;
                const may = replicas.some(({ acts, disk }) => {
                  const own: OwnLog = {
                    committed: () => treeOf(disk.entries),
                    pending: () => disk.pending && { before: disk.pending.before, next: treeOf(disk.pending.entries) },
                    rootAt: () => undefined,
                  };
                  return acts && typeof coverage(head, own) === 'string';
                });
                const does = replicas.find(({ elected, acts }) => elected && acts)?.name;
                if (does !== undefined && does !== leader) counts.elections++;
                leader = does ?? leader;
                without = !may || world.away || does !== undefined ? 0 : without + 1000;
                counts.longest = Math.max(counts.longest, without);
                if (without > 30_000) world.faults.push('nobody sequences for 30 s');
              }
              break;
            case 'run':
              await one.run(replicas.filter((other) => other !== one));
              break;
            case 'pause':
              one.pause();
              break;
            case 'nap':
              if (one.acts) one.nap = 1 + Math.floor(at / 3);
              break;
            case 'resume':
              one.resume();
              break;
            case 'kill':
              await one.kill();
              break;
            case 'start':
              one.start();
              break;
            case 'lose':
              // a disk: not of the last replica that has the log
              if (one.alive || replicas.filter(({ alive }) => alive).length < 2) break;
              one.disk = { entries: [], pending: undefined };
              break;
            case 'cut':
              one.cut = true;
              break;
            case 'join':
              one.cut = false;
              break;
            case 'away':
              world.away = true;
              break;
            case 'back':
              world.away = false;
              break;
          }
          if (world.faults.length > 0) break;
        }
      } finally {
        world.away = false;
        for (const replica of replicas) {
          counts.runs += replica.runs;
          await replica.kill();
        }
        await state.close();
      }
      counts.signed += world.signed.size;
      if (world.faults.length > 0) throw new Error(world.faults.join('; '));
    }),
    { numRuns: Number(process.env['YITONG_RUNS'] ?? 120) },
  );
  t.comment(JSON.stringify(counts));
  t.ok(counts.signed > 120, 'trees were signed');
  t.ok(counts.elections > 100, 'others were elected');
});
