/**
 * What people asked of the guide, so that the words of bundles can be bettered: how often which matter was named, what
 * was said in conversations and to which question no answer was understood; and the sentences that led nowhere, masked
 * before they are kept, with the day and never the moment, and without who asked. All of it goes by itself after a
 * while. It stands in the state; who answers does not wait for it, and what was not written when a process is killed is
 * lost.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Workspace } from '../../../contracts/types.js';
import type { GuideSettings } from '../../ground/config/guide.js';
import type { StateSettings } from '../../ground/config/state.js';
import { localMinute } from '../../ground/language/time.js';
import { openState } from '../../ground/state/open.js';
import { type Change, type State, StateConflict } from '../../ground/state/port.js';
import type { Guidance } from './guide.js';
import { maskedToKeep } from './mask.js';

const DAY_MS = 86_400_000;
const FLUSH_AFTER = 5000;
/** Sentences that are kept of one day, and that wait in one process. */
const MOST_A_DAY = 2000;
const MOST_WAITING = 200;
const PAGE = 500;
const SENTENCE = 'guide-sentence';
const COUNTS = 'guide-heard';

/** `named`, `unsure`, `off-topic`: of a sentence; the others of the conversation about a matter. */
export type Heard =
  | 'named'
  | 'unsure'
  | 'off-topic'
  | 'asked'
  | 'answered'
  | 'not-understood'
  | 'handed-over'
  | 'submitted';

export interface HeardSentence {
  /** Masked. */
  readonly text: string;
  readonly outcome: 'unsure' | 'off-topic';
  /** Ids of the matters that were nearest. */
  readonly nearest: readonly string[];
  /** `2026-11-24` */
  readonly day: string;
}

export interface HeardCount {
  readonly day: string;
  readonly what: Heard;
  /** Empty where none was named. */
  readonly bundle: string;
  /** Of the conversation, where an answer was not understood: to which question or element. */
  readonly turn: string;
  readonly n: number;
}

interface Surroundings {
  readonly workspace: Pick<Workspace, 'schemes'>;
  readonly settings: { readonly guide: Pick<GuideSettings, 'keptDays'>; readonly state: StateSettings };
  readonly dataDir: string;
  /** Undefined: that of the data folder. */
  readonly state?: State;
  readonly now: () => number;
}

export interface HeardBook {
  /** @param turn the question whose answer was not understood */
  note(what: Exclude<Heard, 'named' | 'unsure' | 'off-topic'>, bundle: string, turn?: string): void;
  /** What came of a sentence; it is masked, and kept where it led nowhere. */
  sentence(sentence: string, guidance: Guidance, words: Words): void;
  /** @param from, to days, both included @throws YitongError `state_unavailable` */
  between(
    from: string,
    to: string,
  ): Promise<{
    readonly counts: readonly HeardCount[];
    readonly sentences: readonly HeardSentence[];
  }>;
  /** Written when it resolves. @throws YitongError `state_unavailable` */
  flush(): Promise<void>;
  /** May be called by each service that has it. Never rejects. */
  close(): Promise<void>;
}

/** The words of a sentence, those of the workspace whole. */
type Words = (text: string) => readonly string[];

/** Of the city. */
export const dayAt = (at: number): string => localMinute(at).slice(0, 10);

const books = new WeakMap<object, HeardBook>();

/** The one book of all services of this port. */
export function heardOf(context: Surroundings): HeardBook {
  let book = books.get(context);
  if (book === undefined) books.set(context, (book = new Book(context)));
  return book;
}

interface Batch {
  /** Of its commit: made again under the same id it is made once. */
  readonly id: string;
  readonly changes: readonly Change[];
}

class Book implements HeardBook {
  readonly #around: Surroundings;
  #opened: Promise<State> | undefined;
  /** By name of the counter. */
  #counts = new Map<string, { n: number; readonly until: number }>();
  #sentences: HeardSentence[] = [];
  /** What is being written, or has to be written again. */
  #batches: Batch[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  note(what: Heard, bundle: string, turn = ''): void {
    if (this.#keptFor() === 0) return;
    const now = this.#around.now();
    const name = `${COUNTS}/${dayAt(now)}/${what}/${bundle}/${turn}`;
    const count = this.#counts.get(name);
    if (count === undefined) this.#counts.set(name, { n: 1, until: now + this.#keptFor() });
    else count.n++;
    this.#soon();
  }

  sentence(sentence: string, { bundle, offTopic, candidates }: Guidance, words: Words): void {
    const outcome = bundle !== null ? 'named' : offTopic ? 'off-topic' : 'unsure';
    this.note(outcome, bundle ?? '');
    if (outcome === 'named' || this.#keptFor() === 0 || this.#sentences.length >= MOST_WAITING) return;
    const nearest = candidates.map((one) => one.bundle);
    const text = maskedToKeep(sentence, this.#around.workspace, words);
    this.#sentences.push({ text, outcome, nearest, day: dayAt(this.#around.now()) });
  }

  #keptFor(): number {
    return this.#around.settings.guide.keptDays * DAY_MS;
  }

  #soon(): void {
    if (this.#closed !== undefined) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // a state that is away is said by others; it is tried again with the next
      this.flush().catch(() => undefined);
    }, FLUSH_AFTER).unref();
  }

  async flush(): Promise<void> {
    // what came while another was written goes with the next
    await this.#flushing?.catch(() => undefined);
    this.#flushing ??= this.#write().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  async #write(): Promise<void> {
    this.#take();
    if (this.#batches.length === 0) return;
    const state = await this.#state();
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      await state.commit(batch.changes, batch.id).catch((error: unknown) => {
        // more sentences than one day keeps
        if (!(error instanceof StateConflict)) throw error;
      });
      this.#batches.shift();
    }
  }

  #take(): void {
    const counts = [...this.#counts].map(([counter, { n, until }]): Change => ({ do: 'count', counter, by: n, until }));
    if (counts.length > 0) this.#batches.push({ id: randomUUID(), changes: counts });
    this.#counts = new Map();
    const until = this.#around.now() + this.#keptFor();
    for (const day of new Set(this.#sentences.map((one) => one.day))) {
      const kept = this.#sentences.filter((one) => one.day === day);
      const puts = kept.map(
        ({ text, outcome, nearest }): Change => ({
          do: 'put',
          kind: SENTENCE,
          id: randomBytes(16).toString('hex'),
          links: [`${day}/`],
          until,
          body: { text, outcome, nearest },
        }),
      );
      const counter = `${SENTENCE}/${day}`;
      const most: Change = { do: 'count', counter, by: kept.length, most: MOST_A_DAY, until };
      this.#batches.push({ id: randomUUID(), changes: [most, ...puts] });
    }
    this.#sentences = [];
    // while the state is away for long
    this.#batches.splice(0, Math.max(0, this.#batches.length - MOST_WAITING));
  }

  async #state(): Promise<State> {
    const { state, settings, dataDir, now } = this.#around;
    if (state !== undefined) return state;
    const place = { file: join(dataDir, 'state') };
    this.#opened ??= openState({ settings: settings.state, data: dataDir, baseDir: dataDir, place, now });
    this.#opened.catch(() => (this.#opened = undefined));
    return await this.#opened;
  }

  async between(from: string, to: string): ReturnType<HeardBook['between']> {
    const state = await this.#state();
    const counts: HeardCount[] = [];
    for (const [name, n] of await state.counters(`${COUNTS}/`)) {
      const [, day = '', what = '', bundle = '', turn = ''] = name.split('/');
      if (day >= from && day <= to) counts.push({ day, what: what as Heard, bundle, turn, n });
    }
    const sentences: HeardSentence[] = [];
    for (let after: string | undefined; ; ) {
      const page = await state.documents(SENTENCE, {
        link: '2',
        descending: true,
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { links, body } of page.documents) {
        const day = links[0]?.slice(0, -1) ?? '';
        if (day >= from && day <= to) sentences.push({ ...(body as unknown as Omit<HeardSentence, 'day'>), day });
      }
      const last = page.documents.at(-1)?.links[0] ?? '';
      if (page.next === undefined || last < from) break;
      after = page.next;
    }
    return { counts, sentences };
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      clearTimeout(this.#timer);
      await this.flush().catch(() => undefined);
      await (await this.#opened?.catch(() => undefined))?.close();
    })();
    return this.#closed;
  }
}
