/**
 * Errands of cases on their way to other regions: by one process at a time, those of a case one after the other, so
 * that what comes of one item keeps its order. One that is not taken is brought again, less and less often, until it is
 * taken or can never be; it is sent under its own id, so that the other side does nothing twice.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type State, StateConflict } from '../../ground/state/port.js';
import { type ErrandEnd, errandsPassed, keepErrand, type WaitingErrand, waitingErrands } from './errands.js';

/**
 * `away`: the region does not answer, so others to it are not tried either. `later`: this one is not taken now.
 */
export type Carried = ErrandEnd | 'away' | 'later';

interface ErrandSendingParts {
  readonly state: State;
  /** Names this process among those that could. */
  readonly holder: string;
  /** Decides, puts on record, sends, puts on record what came back. */
  readonly carry: (errand: WaitingErrand) => Promise<{ readonly outcome: Carried; readonly code?: string }>;
  /** ms since 1970 */
  readonly now: () => number;
  readonly onTrouble: (error: unknown) => void;
  readonly everyMs?: number;
  /** ms after which one that was not taken is brought again: the first time, and at most. */
  readonly again?: { readonly first: number; readonly most: number };
}

interface ErrandSending {
  stop(): Promise<void>;
}

const LEASE = 'case-errands';
const LEASE_MS = 30_000;
const MOST = 200;
/** ms after which is said again that they are gone through. */
const PASS_EVERY = 5000;
const AGAIN = { first: 500, most: 15_000 };

export const sendErrands = (parts: ErrandSendingParts): ErrandSending => {
  const carrier = new ErrandCarrier(parts);
  carrier.start();
  return carrier;
};

/** One look at all that waits; a test takes its looks one by one. */
export class ErrandCarrier implements ErrandSending {
  readonly #parts: ErrandSendingParts;
  readonly #stop = new AbortController();
  /** By errand. */
  readonly #rest = new Map<string, { readonly tries: number; readonly until: number }>();
  #running: Promise<void> | undefined;
  #token: number | undefined;
  /** ms since 1970 */
  #passedAt = 0;
  #troubled = false;

  constructor(parts: ErrandSendingParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#token !== undefined) await this.#parts.state.release(LEASE, this.#token).catch(() => undefined);
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.pass();
        this.#troubled = false;
      } catch (error) {
        this.#token = undefined;
        if (!this.#troubled && !(error instanceof StateConflict)) this.#parts.onTrouble(error);
        this.#troubled = true;
      }
      await pause(this.#parts.everyMs ?? 500, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async pass(): Promise<void> {
    const { state, holder, now } = this.#parts;
    const waiting = await waitingErrands(state, MOST);
    // where nothing goes to another region nothing is written, however long nothing happens
    if (waiting.length === 0) return;
    const lease = await state.lease(LEASE, holder, LEASE_MS);
    this.#token = lease?.token;
    if (lease === undefined) return;
    const regions = new Set(waiting.map(({ region }) => region));
    // all of them end before the next pass begins, also where one fails
    const passed = await Promise.allSettled(
      [...regions].map((region) =>
        this.#toOne(
          waiting.filter((one) => one.region === region),
          lease.token,
        ),
      ),
    );
    for (const one of passed) if (one.status === 'rejected') throw one.reason;
    if (now() - this.#passedAt > PASS_EVERY) {
      await errandsPassed(state, now());
      this.#passedAt = now();
    }
  }

  async #toOne(errands: readonly WaitingErrand[], token: number): Promise<void> {
    const behind = new Set<string>();
    for (const errand of errands) {
      if (this.#stop.signal.aborted) return;
      if (behind.has(errand.case)) continue;
      const { until = 0 } = this.#rest.get(errand.id) ?? {};
      if (this.#parts.now() < until) {
        behind.add(errand.case);
        continue;
      }
      const { outcome, code } = await this.#parts.carry(errand);
      if (outcome === 'taken' || outcome === 'void') {
        this.#rest.delete(errand.id);
        await this.#keep({ ...errand, end: outcome, ...(code === undefined ? {} : { code }) }, token);
        continue;
      }
      await this.#later(errand, code ?? outcome, token);
      if (outcome === 'away') return;
      behind.add(errand.case);
    }
  }

  async #later(errand: WaitingErrand, code: string, token: number): Promise<void> {
    const { again = AGAIN, now } = this.#parts;
    const tries = (this.#rest.get(errand.id)?.tries ?? 0) + 1;
    this.#rest.set(errand.id, { tries, until: now() + Math.min(again.most, again.first * 2 ** (tries - 1)) });
    if (errand.code !== code) await this.#keep({ ...errand, code }, token);
  }

  #keep(errand: WaitingErrand, token: number): Promise<void> {
    return keepErrand(this.#parts.state, errand, { lease: LEASE, token });
  }
}
