/**
 * Calls a day of a grant, counted over all processes and replicas by a counter of the state. A process takes some of
 * them at a time, so that most calls cost no commit; what it takes is counted at once, so never more are made than the
 * grant has, whoever dies. Portions become smaller towards the end, down to single calls, and what is left of one is
 * given back when nobody used it for a while; with a process that is killed it is lost: at most a sixteenth of what was
 * left of the day, and at most `MOST`.
 */
import { randomUUID } from 'node:crypto';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { dayOf } from '../../../policies/dates.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { type State, StateConflict } from '../../ground/state/port.js';

/** A grant that has a volume. */
export interface Volume {
  readonly grant: string;
  readonly callsADay: number;
}

interface Portion {
  readonly day: number;
  readonly limit: number;
  /** Calls that may be made without asking. */
  left: number;
  /** Counted in the state when it was asked last, those not made so far included. */
  counted: number;
  /** Used since it was looked at last. */
  used: boolean;
  /** ms of `performance.now()` until which nothing is asked, since all were used up. */
  exhaustedUntil: number;
  taking: Promise<void> | undefined;
}

/** Calls in one portion. */
const MOST = 1000;
/** What is left of the day is taken in so many portions. */
const PARTS = 16;
/** ms after which what nobody used is given back. */
const IDLE = 5000;
/** ms for which nobody asks again whether something was given back. */
const EXHAUSTED = 1000;
const DAY_MS = 86_400_000;
/** Counters are kept a while, so that yesterday can be shown. */
const KEPT = 3 * DAY_MS;
const UNKNOWN_TRIES = 3;
const PREFIX = 'volume/';

/** First ms of a day of Shanghai. */
const startOf = (day: number): number => day * DAY_MS - 8 * 3_600_000;
const counterOf = (grant: string, day: number): string => `${PREFIX}${String(day)}/${grant}`;

/** Calls of a day that are counted, by grant. */
export async function callsOf(state: Pick<State, 'counters'>, now: number): Promise<ReadonlyMap<string, number>> {
  const prefix = `${PREFIX}${String(dayOf(now))}/`;
  return new Map([...(await state.counters(prefix))].map(([name, calls]) => [name.slice(prefix.length), calls]));
}

export class Volumes {
  readonly #open: () => Promise<Pick<State, 'commit' | 'counter'>>;
  readonly #now: () => number;
  readonly #portions = new Map<string, Portion>();
  readonly #idle: NodeJS.Timeout;

  constructor(open: () => Promise<Pick<State, 'commit' | 'counter'>>, now: () => number) {
    this.#open = open;
    this.#now = now;
    // it never rejects
    this.#idle = setInterval(() => this.giveBack(false).catch(() => undefined), IDLE).unref();
  }

  /**
   * One call of each grant, or of none of them.
   * @throws YitongError `volume_exhausted`; `state_unavailable` where it cannot be counted
   */
  async take(volumes: readonly Volume[]): Promise<void> {
    const taken: Portion[] = [];
    try {
      for (const volume of volumes) {
        taken.push(await this.#one(volume));
      }
    } catch (error) {
      for (const portion of taken) portion.left++;
      throw error;
    }
  }

  /** One call is taken of it when it resolves: nothing waits between seeing that there is one and taking it. */
  async #one(volume: Volume): Promise<Portion> {
    for (;;) {
      const portion = await this.#portionOf(volume);
      if (portion.left > 0) {
        portion.left--;
        portion.used = true;
        return portion;
      }
      if (performance.now() < portion.exhaustedUntil) throw exhausted(volume);
      portion.taking ??= this.#fill(volume, portion).finally(() => (portion.taking = undefined));
      await portion.taking;
    }
  }

  async #portionOf({ grant, callsADay: limit }: Volume): Promise<Portion> {
    const day = dayOf(this.#now());
    const known = this.#portions.get(grant);
    if (known?.day === day && known.limit === limit) return known;
    const made: Portion = { day, limit, left: 0, counted: 0, used: true, exhaustedUntil: 0, taking: undefined };
    this.#portions.set(grant, made);
    // one of a volume that was another is given back before more is taken
    if (known?.day === day) await this.#return(grant, known);
    return made;
  }

  async #fill({ grant, callsADay }: Volume, portion: Portion): Promise<void> {
    const state = await this.#open();
    const counter = counterOf(grant, portion.day);
    for (let left = callsADay - (await state.counter(counter)); left > 0; ) {
      const calls = Math.max(1, Math.min(MOST, Math.floor(left / PARTS)));
      try {
        const until = startOf(portion.day) + KEPT;
        portion.counted = await count(state, { counter, by: calls, most: callsADay, until });
        portion.left += calls;
        return;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
        // others took them meanwhile
        left = callsADay - (await state.counter(counter));
      }
    }
    portion.counted = callsADay;
    portion.exhaustedUntil = performance.now() + EXHAUSTED;
  }

  /** What nobody used since this was called last; or all of it. Never rejects: what cannot be given back is lost. */
  async giveBack(all: boolean): Promise<void> {
    const today = dayOf(this.#now());
    await Promise.all(
      [...this.#portions].map(async ([grant, portion]) => {
        if (portion.day !== today) this.#portions.delete(grant);
        else if (all || !portion.used) await this.#return(grant, portion);
        portion.used = false;
      }),
    );
  }

  async #return(grant: string, portion: Portion): Promise<void> {
    const { left } = portion;
    if (left <= 0) return;
    portion.left = 0;
    try {
      const change = { counter: counterOf(grant, portion.day), by: -left };
      portion.counted = await count(await this.#open(), change);
    } catch {
      // lost for this day
    }
  }

  /** Of each grant the share of its calls of this day that are counted, as this process saw it last. */
  figures(): Family {
    const today = dayOf(this.#now());
    const shares = [...this.#portions].filter(([, { day }]) => day === today);
    return gauge(
      'yitong_grant_volume_ratio',
      shares.map(([grant, { counted, left, limit }]) => [{ grant }, (counted - left) / limit]),
      'max',
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#idle);
    await this.giveBack(true);
  }
}

const exhausted = ({ callsADay }: Volume): YitongError =>
  new YitongError(
    'volume_exhausted',
    `the grant has ${String(callsADay)} calls a day, and they are used up; the next day begins at 00:00 in Shanghai`,
  );

interface Counting {
  readonly counter: string;
  readonly by: number;
  readonly most?: number;
  readonly until?: number;
}

/** Once, also where the answer to it is lost. @returns what the counter is then */
async function count(state: Pick<State, 'commit'>, change: Counting): Promise<number> {
  const id = randomUUID();
  for (let tries = 1; ; tries++) {
    try {
      return (await state.commit([{ do: 'count', ...change }], id)).counts[change.counter] ?? 0;
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'state_unavailable' || tries === UNKNOWN_TRIES) throw error;
    }
  }
}
