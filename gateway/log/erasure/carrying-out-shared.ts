/**
 * What one replica does of the erasures that are ordered in the shared state: it looks for orders that go to it, puts
 * each on record in a journal of its own, destroys the key at once, and, when the log has done its part, what else it
 * holds itself. Each step can be done twice, and the phase of the order says which is next, so a crash or a store that
 * is away between any two is gone on from.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { present } from '../../../contracts/present.js';
import { type State, StateConflict } from '../../ground/state/port.js';
import { SubjectKeyDamaged, type SubjectKeys } from '../entries/keys.js';
import type { Journal } from '../entries/port.js';
import { orderErasure, orderErasureOf } from './order.js';
import {
  bringOn,
  doneOrders,
  dropOrder,
  type ErasingReplica,
  erasingReplica,
  type FoundOrder,
  oldestWaiting,
  openOrders,
  type ReplicaOrder,
  registerReplica,
} from './shared-orders.js';

interface SharedErasureOptions {
  readonly state: State;
  /** Of this replica. */
  readonly keys: SubjectKeys;
  readonly journal: Pick<Journal, 'append'>;
  /** Log index of the entry by which a pseudonym was erased from the log; undefined while it is not. */
  readonly erasedFromLog: (pseudonym: string) => Promise<number | undefined>;
  /** Destroys what this replica holds beside the log. */
  readonly eraseHere: (pseudonyms: readonly string[]) => Promise<unknown>;
  /** Of this replica, for people. */
  readonly name: string;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told when it changes. */
  readonly onTrouble: (error: unknown) => void;
  /** ms between two looks; default 500. */
  readonly everyMs?: number;
}

export interface SharedErasures {
  /** Resolves when this replica was made known, or could not be at the first try: then it is tried again. */
  readonly tried: Promise<void>;
  /** One look now, with all that can be done by it. @throws YitongError `state_unavailable` */
  once(): Promise<void>;
  /** ms since 1970 when the orders were looked at last. */
  passedAt(): number;
  /** ms for which the oldest order waits for this replica, and for whichever replica; 0 where none does. */
  ages(): { readonly here: number; readonly anywhere: number };
  stop(): Promise<void>;
}

const LOOKS = 500;

/** Looks by itself from now on. */
export function carryOutSharedErasures(options: SharedErasureOptions): SharedErasures {
  const erasures = new ErasuresOfReplica(options);
  erasures.start();
  return erasures;
}

type Recorded = Extract<ReplicaOrder, { phase: 'recorded' | 'done' }>;
type FoundRecorded = FoundOrder & { readonly order: Recorded };

export class ErasuresOfReplica implements SharedErasures {
  readonly #options: SharedErasureOptions;
  readonly #me: ErasingReplica;
  #registered = false;
  #passedAt: number;
  /** ms since 1970 of the oldest order, here and anywhere. */
  #oldest: { readonly here?: number; readonly anywhere?: number } = {};
  /** What the log has done and this replica has not: apart, so that new keys are not waited with for old journals. */
  #finishing: Promise<void> | undefined;
  #troubled = '';
  readonly #stop = new AbortController();
  #tried: () => void = () => undefined;
  readonly tried = new Promise<void>((resolve) => (this.#tried = resolve));
  #running: Promise<void> | undefined;

  constructor(options: SharedErasureOptions) {
    this.#options = options;
    this.#me = erasingReplica(options.keys.dir);
    this.#passedAt = options.now();
  }

  start(): void {
    this.#running = this.#run();
  }

  async once(): Promise<void> {
    await this.#look();
    await this.#finishing;
  }

  passedAt(): number {
    return this.#passedAt;
  }

  ages(): { readonly here: number; readonly anywhere: number } {
    const { here, anywhere } = this.#oldest;
    const age = (at: number | undefined): number => (at === undefined ? 0 : Math.max(0, this.#options.now() - at));
    return { here: age(here), anywhere: age(anywhere) };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#finishing;
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { everyMs = LOOKS } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#look();
      } catch (error) {
        this.#tell(error);
      }
      this.#tried();
      await pause(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { state, keys, name, now } = this.#options;
    if (!this.#registered) {
      await registerReplica(state, this.#me, name);
      await this.#wantAgain();
      this.#registered = true;
    }
    let failed: unknown;
    const recorded: FoundRecorded[] = [];
    const open = await openOrders(state, this.#me.id);
    for (const found of open) {
      try {
        const ready = found.order.phase === 'wanted' ? await this.#record(found) : (found as FoundRecorded);
        if (ready === undefined) continue;
        keys.destroy(ready.order.pseudonym);
        recorded.push(ready);
      } catch (error) {
        // one that cannot be done does not hold up the others
        failed = error;
      }
    }
    const anywhere = await oldestWaiting(state);
    this.#oldest = present({ here: open[0]?.order.at, anywhere });
    if (recorded.length > 0) this.#finish(recorded);
    if (failed !== undefined) throw failed;
    if (recorded.length === 0) this.#troubled = '';
    this.#passedAt = now();
  }

  /**
   * A folder that was put back from before an erasure has the key again, and its log may not have the order: what the
   * log has not done, and what was done of a key that is there, is put on record once more.
   */
  async #wantAgain(): Promise<void> {
    const { state, keys, now, erasedFromLog } = this.#options;
    for (const found of [...(await openOrders(state, this.#me.id)), ...(await doneOrders(state, this.#me.id))]) {
      const { order } = found;
      if (order.phase === 'wanted') continue;
      const isDone =
        order.phase === 'done' ? !hasKey(keys, order.pseudonym) : (await erasedFromLog(order.pseudonym)) !== undefined;
      if (isDone) continue;
      const { receipt: _, ...rest } = order;
      const at = order.phase === 'done' ? now() : order.at;
      await unlessDone(bringOn(state, found, { ...rest, at, phase: 'wanted' }));
    }
  }

  /** Puts an order on record; undefined where nothing is left of it, or another process brought it on. */
  async #record(found: FoundOrder): Promise<FoundRecorded | undefined> {
    const { state, keys, journal, now } = this.#options;
    const { order } = found;
    if (order.phase !== 'wanted') return undefined;
    const { order: id, replica, at, by, reason, legalBasis } = order;
    const cause = { by, reason, legalBasis };
    const ordered =
      'sealed' in order
        ? await orderErasure({ keys, journal, now }, { subject: this.#me.open(order.sealed), ...cause })
        : await orderErasureOf({ journal, now }, order.pseudonym, cause);
    if (ordered === undefined) {
      await unlessDone(dropOrder(state, found));
      return undefined;
    }
    const { pseudonym, receipt } = ordered;
    // before the key goes: without it nobody could find again what else there is to destroy
    const next = { order: id, replica, at, ...cause, phase: 'recorded', pseudonym, receipt: receipt.id } as const;
    return await unlessDone(bringOn<Recorded>(state, found, next));
  }

  /** Those that the log has done are finished, apart from the looks. */
  #finish(recorded: readonly FoundRecorded[]): void {
    this.#finishing ??= this.#finishAll(recorded)
      .then(
        () => void (this.#troubled = ''),
        (error: unknown) => this.#tell(error),
      )
      .finally(() => (this.#finishing = undefined));
  }

  async #finishAll(recorded: readonly FoundRecorded[]): Promise<void> {
    const { state, erasedFromLog, eraseHere } = this.#options;
    const ready: FoundRecorded[] = [];
    for (const one of recorded) {
      if (this.#stop.signal.aborted) return;
      if ((await erasedFromLog(one.order.pseudonym)) !== undefined) ready.push(one);
    }
    if (ready.length === 0) return;
    await eraseHere(ready.map(({ order }) => order.pseudonym));
    for (const one of ready) await unlessDone(bringOn(state, one, { ...one.order, phase: 'done' }));
  }

  #tell(error: unknown): void {
    const why = error instanceof Error ? error.message : 'unknown';
    if (why !== this.#troubled && !this.#stop.signal.aborted) this.#options.onTrouble(error);
    this.#troubled = why;
  }
}

/** One that is damaged counts as there: what is left of it is destroyed. */
function hasKey(keys: SubjectKeys, pseudonym: string): boolean {
  try {
    return keys.byPseudonym(pseudonym) !== undefined;
  } catch (error) {
    if (error instanceof SubjectKeyDamaged) return true;
    throw error;
  }
}

/** Undefined where another process was faster: it did the same. */
async function unlessDone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StateConflict) return undefined;
    throw error;
  }
}
