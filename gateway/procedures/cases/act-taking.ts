/**
 * Acts of departments' systems, taken from their topics by one process at a time. Whoever may write the topic of an
 * authority acts for it. An act is done as one over HTTP is, under the id that its record has, so that one that comes
 * again does nothing; one that may not be done goes to the quarantine of its topic with its reason; one that cannot be
 * done now is waited with. How far each topic was read stands in the state: it is written when all before it is done or
 * held.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Bus,
  caseActsTopic,
  caseTopicSpec,
  type InRecord,
  type TopicState,
} from '../../../connectors/bus/port.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { type ErrorCode, isYitongError } from '../../../contracts/errors.js';
import type { State } from '../../ground/state/port.js';
import type { Receipt } from '../../log/entries/port.js';
import { readAct } from './act-record.js';
import { actsQuarantine } from './held-acts.js';
import type { CaseActor, CaseDeed, Cases } from './types.js';

/** Where a record stands. */
export interface ActPlace {
  readonly topic: string;
  readonly offset: number;
  /** Its own id. */
  readonly record: string;
}

export interface ActTakingOptions {
  readonly state: State;
  readonly bus: Bus;
  readonly dataDir: string;
  /** Names this process among those that could take them. */
  readonly holder: string;
  /** Of the workspace's topics. */
  readonly prefix: string;
  /** Those whose acts are taken. */
  readonly authorities: readonly string[];
  readonly cases: () => Promise<Cases>;
  /** @throws YitongError `audit_unavailable`; then nothing happens */
  readonly record: (deed: CaseDeed, by: ActPlace) => Promise<Receipt>;
  readonly onTrouble: (error: unknown) => void;
  /** What went to quarantine, without what it says. */
  readonly onHeld: (topic: string, code: ErrorCode) => void;
  readonly now: () => number;
  /** ms between two looks at how far it is; default 1000. */
  readonly everyMs?: number;
}

interface ActTaking {
  /** ms since it knew last that nothing waits, or that another process takes them. */
  age(): number;
  /** Since the start: what was done, what was held. */
  counts(): { readonly done: number; readonly held: number };
  stop(): Promise<void>;
}

const ACTS_LEASE = 'case-acts';
const KIND = 'case-acts';
const LEASE_MS = 20_000;
/** ms until what cannot be done now is tried again, and at most. */
const AGAIN = 100;
const AGAIN_MOST = 5000;
/** Tries of an act that ends by an error of the program: then it is held, and those behind it go on. */
const TRIES = 3;
/** What may pass by itself: the act is waited with. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'state_unavailable',
  'state_conflict',
  'audit_unavailable',
  'view_unavailable',
  'ticket_moved',
  'bad_bundle',
  'bad_calendar',
]);

interface Position {
  /** Of the topic: one that was made anew begins anew. */
  readonly topic: string;
  readonly next: number;
}

class Stopped extends Error {}

export const takeActs = (options: ActTakingOptions): ActTaking => new TakingActs(options);

class TakingActs implements ActTaking {
  readonly #options: ActTakingOptions;
  /** By topic. */
  readonly #authorities: ReadonlyMap<string, string>;
  readonly #done: Promise<void>;
  readonly #stop = new AbortController();
  #freshAt = performance.now();
  #counts = { done: 0, held: 0 };
  #told = '';

  constructor(options: ActTakingOptions) {
    this.#options = options;
    const { prefix, authorities } = options;
    this.#authorities = new Map(authorities.map((authority) => [caseActsTopic(prefix, authority), authority]));
    this.#done = this.#run();
  }

  age(): number {
    return Math.round(performance.now() - this.#freshAt);
  }

  counts(): { readonly done: number; readonly held: number } {
    return this.#counts;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  #trouble(error: unknown): void {
    if (error instanceof Stopped) return;
    const text = isYitongError(error) ? error.code : String(error);
    if (text !== this.#told) this.#options.onTrouble(error);
    this.#told = text;
  }

  async #wait(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { state, holder, everyMs = 1000 } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        const lease = await state.lease(ACTS_LEASE, holder, LEASE_MS);
        if (lease === undefined) this.#freshAt = performance.now();
        else await this.#serve(lease.token);
      } catch (error) {
        this.#trouble(error);
      }
      await this.#wait(everyMs);
    }
  }

  /** Until it is stopped, the lease is another's, or something fails. */
  async #serve(token: number): Promise<void> {
    const { bus, state, holder, everyMs = 1000 } = this.#options;
    const topics = [...this.#authorities.keys()];
    await bus.ensureTopics(topics.map(caseTopicSpec));
    const positions = new Map<string, Position>();
    for (const topic of topics) positions.set(topic, await this.#position(topic));
    const consumption = await bus.consume({
      topics,
      from: (topic) => positions.get(topic)?.next ?? 0,
      onBatch: async (batch) => {
        const topic = batch[0]?.topic ?? '';
        const id = positions.get(topic)?.topic ?? '';
        for (const record of batch) await this.#take(record, id);
        const next = (batch.at(-1)?.offset ?? -1) + 1;
        await state.commit([
          { do: 'expect-lease', lease: ACTS_LEASE, token },
          { do: 'put', kind: KIND, id: topic, body: { topic: id, next } },
        ]);
        positions.set(topic, { topic: id, next });
      },
      onOffsetLost: ({ topic, wanted, low }) => {
        this.#options.onTrouble(
          new Error(`${topic}: acts from offset ${String(wanted)} on are there no more; it goes on at ${String(low)}`),
        );
        return low;
      },
    });
    let failure: unknown;
    const ended = consumption.done.catch((error: unknown) => void (failure = error));
    try {
      while (!this.#stop.signal.aborted && failure === undefined) {
        await Promise.race([this.#wait(everyMs), ended]);
        const lease = await state.lease(ACTS_LEASE, holder, LEASE_MS);
        if (lease?.token !== token) return;
        await this.#look(positions);
      }
    } finally {
      await consumption.stop();
      await ended;
      if (this.#stop.signal.aborted) await state.release(ACTS_LEASE, token).catch(() => undefined);
    }
    if (failure !== undefined) throw failure;
  }

  async #topicState(topic: string): Promise<TopicState> {
    const found = await this.#options.bus.topicState(topic);
    if (found === undefined) throw new Error(`${topic} is not there any more`);
    return found;
  }

  async #position(topic: string): Promise<Position> {
    const { id, partitions } = await this.#topicState(topic);
    const kept = (await this.#options.state.document(KIND, topic))?.body as unknown as Position | undefined;
    return kept?.topic === id ? kept : { topic: id, next: partitions[0]?.low ?? 0 };
  }

  /** It is fresh if all that was there when it looked has been taken. */
  async #look(positions: ReadonlyMap<string, Position>): Promise<void> {
    const begun = performance.now();
    for (const topic of this.#authorities.keys()) {
      const { id, partitions } = await this.#topicState(topic);
      const position = positions.get(topic);
      if (position?.topic !== id) throw new Error(`${topic} was made anew`);
      if (position.next < (partitions[0]?.high ?? 0)) return;
    }
    this.#freshAt = begun;
    this.#told = '';
  }

  /** Done, done before, or held. @throws Stopped where it is not over */
  async #take(record: InRecord, topicId: string): Promise<void> {
    let broken = 0;
    for (let wait = AGAIN; ; wait = Math.min(wait * 2, AGAIN_MOST)) {
      if (this.#stop.signal.aborted) throw new Stopped();
      try {
        await this.#act(record);
        this.#counts = { ...this.#counts, done: this.#counts.done + 1 };
        return;
      } catch (error) {
        const code = isYitongError(error) ? error.code : 'internal';
        const passes = PASSING.has(code) || (code === 'internal' && ++broken < TRIES);
        if (passes || !(await this.#held(record, topicId, code, error))) {
          // what somebody else was faster at is no trouble
          if (code !== 'ticket_moved') this.#trouble(error);
          await this.#wait(wait);
          continue;
        }
        return;
      }
    }
  }

  async #act({ topic, offset, value }: InRecord): Promise<void> {
    const cases = await this.#options.cases();
    const authority = this.#authorities.get(topic) ?? '';
    const actor: CaseActor = { kind: 'authority', authority, client: topic };
    const { case: id, id: key, doing } = await readAct(value, topic, cases, actor);
    const place: ActPlace = { topic, offset, record: key };
    await cases.act(id, doing, { actor, key, record: (deed) => this.#options.record(deed, place) });
  }

  /** @returns false where it could not be written: it is tried again */
  async #held({ topic, offset, timestamp, value, key }: InRecord, topicId: string, code: ErrorCode, error: unknown) {
    const { dataDir, now, onHeld } = this.#options;
    const authority = this.#authorities.get(topic) ?? '';
    try {
      const quarantine = Quarantine.open(dataDir, actsQuarantine(authority), () => new Date(now()));
      try {
        const reason = isYitongError(error) ? error.message : 'an error of the program; its log has it';
        const time = new Date(timestamp).toISOString();
        quarantine.add(
          {
            position: `${topicId}:${String(offset)}`,
            rowNumber: offset,
            sourceTime: time,
            problems: [{ code, field: '', reason }],
            value: { key, record: value?.toString('base64') ?? null },
          },
          time,
        );
      } finally {
        await quarantine.close();
      }
    } catch (cause) {
      this.#trouble(cause);
      return false;
    }
    this.#counts = { ...this.#counts, held: this.#counts.held + 1 };
    onHeld(topic, code);
    return true;
  }
}
