/**
 * Terms of cases, in the writer, and calls for a person that nobody answers: how many items wait for whom and how many
 * are past their term, counted again and again from the index of what waits. It decides nothing and changes no case;
 * those that ended go once their term of keeping is over.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Calendar } from '../../../contracts/calendar.js';
import { present } from '../../../contracts/present.js';
import type { StateSettings } from '../../ground/config/state.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { inWords } from '../../ground/logging/words.js';
import type { State } from '../../ground/state/port.js';
import { callsWaiting } from '../../procedures/cases/calls.js';
import { CALENDAR, type CaseGround, openCaseGround } from '../../procedures/cases/opened.js';
import { pruneCases } from '../../procedures/cases/prune.js';
import { type Standing, WaitingIndex } from '../../procedures/cases/waiting.js';

interface CaseTermsParts {
  readonly dataDir: string;
  readonly settings: StateSettings;
  /** That all replicas share; undefined: that of the data folder, once there is one. */
  readonly state: State | undefined;
  readonly calendars: () => ReadonlyMap<string, Calendar>;
  readonly onTrouble: (message: string) => void;
  /** Calls that nobody has answered for too long, in words. */
  readonly onCalls?: (problems: readonly string[]) => void;
  /** ms since 1970; default the clock. */
  readonly now?: () => number;
  /** ms between two counts. */
  readonly interval?: number;
}

export interface CaseTerms {
  /** ms since 1970 when it was counted last, or there was nothing to count. */
  passedAt(): number;
  figures(): Family[];
  /** Cases that ended before. @returns how many went @throws YitongError `state_unavailable` */
  prune(before: number): Promise<number>;
  /** Counts now, or waits for the count under way. Never rejects: what fails is told once, and its age tells. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

const EVERY = 30_000;
/** ms after which somebody has to know that nobody answers; the alert waits as long. */
const CALLS_ANSWERED_IN = 2 * 86_400_000;

export const watchCaseTerms = (parts: CaseTermsParts): CaseTerms => new WatchedCaseTerms(parts);

class WatchedCaseTerms implements CaseTerms {
  readonly #parts: CaseTermsParts;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #opened: Promise<CaseGround> | undefined;
  #looking: Promise<void> | undefined;
  #passedAt: number;
  #standing: readonly Standing[] = [];
  #over: ReadonlyMap<string, number> = new Map();
  /** By authority, ms since 1970. */
  #calls: ReadonlyMap<string, number> = new Map();
  #failure = '';

  constructor(parts: CaseTermsParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#passedAt = this.#now();
    this.#timer = setInterval(() => void this.look(), parts.interval ?? EVERY);
    void this.look();
  }

  /** Undefined where nobody has kept anything yet. */
  async #ground(): Promise<CaseGround | undefined> {
    const { state, settings, dataDir } = this.#parts;
    if (state === undefined && this.#opened === undefined && !existsSync(join(dataDir, 'state'))) return undefined;
    const around = { dataDir, settings: { state: settings }, now: this.#now, ...present({ state }) };
    this.#opened ??= openCaseGround(around).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  look(): Promise<void> {
    return (this.#looking ??= this.#count().finally(() => (this.#looking = undefined)));
  }

  async #count(): Promise<void> {
    try {
      const ground = await this.#ground();
      if (ground !== undefined) this.#calls = await callsWaiting(ground);
      this.#parts.onCalls?.(this.#unanswered());
      const calendar = this.#parts.calendars().get(CALENDAR);
      if (ground !== undefined && calendar !== undefined) {
        const index = new WaitingIndex(ground.state, calendar);
        this.#standing = await index.standing();
        this.#over = await index.over(this.#now());
      }
      this.#passedAt = this.#now();
      this.#failure = '';
    } catch (error) {
      const why = inWords(error);
      if (why !== this.#failure) this.#parts.onTrouble(`terms of cases are not counted: ${why}`);
      this.#failure = why;
    }
  }

  #unanswered(): readonly string[] {
    return [...this.#calls].flatMap(([authority, at]) =>
      this.#now() - at > CALLS_ANSWERED_IN
        ? [`\`${authority}\` has not answered a call for a person since ${new Date(at).toISOString()}`]
        : [],
    );
  }

  passedAt(): number {
    return this.#passedAt;
  }

  figures(): Family[] {
    return [
      gauge(
        'yitong_case_calls_age_seconds',
        [...this.#calls].map(([authority, at]) => [{ authority }, Math.max(0, this.#now() - at) / 1000] as const),
        'max',
      ),
      gauge(
        'yitong_cases_waiting',
        this.#standing.flatMap(({ authority, bundle, held, asked, answer }) =>
          Object.entries({ held, asked, answer }).map(([group, n]) => [{ authority, bundle, group }, n] as const),
        ),
      ),
      gauge(
        'yitong_cases_over',
        this.#standing.map(
          ({ authority, bundle }) => [{ authority, bundle }, this.#over.get(`${authority} ${bundle}`) ?? 0] as const,
        ),
      ),
    ];
  }

  async prune(before: number): Promise<number> {
    const ground = await this.#ground();
    return ground === undefined ? 0 : pruneCases(ground, before);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
  }
}
