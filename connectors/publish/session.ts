/**
 * A publication session: what files, folders, tables, events, pushes and retries have in common. Opened, given rows,
 * finished; then what left the source is withdrawn or held, and the watermark says what was seen. To be used within the
 * dataset's turn (`turn.ts`).
 */
import { recordKey } from '../../contracts/ids.js';
import type { Span } from '../../contracts/tracing.js';
import { type Bus, controlSpec, dataTopic, type Producer, type Watermark } from '../bus/port.js';
import { type Before, digest, judgeGone, type Unreadable } from './holds.js';
import type { JsonForm } from './identity.js';
import type { PublisherOptions, PublishResult, PublishRow } from './options.js';
import { stateKey } from './published.js';
import { type Gone, Publisher } from './publisher.js';
import { restOfValue } from './rest.js';
import { recogniseTopic } from './topic.js';
import { sendWatermarkBy } from './watermark.js';

export interface SessionOptions extends PublisherOptions {
  /** Of what is published, at most this share is withdrawn because it left. */
  readonly maxWithdrawShare: number;
  /**
   * Somebody looked, and what left may be withdrawn however much it is. Rows that cannot be read hold what they hold
   * all the same. Default false.
   */
  readonly acceptShrink?: boolean;
  /** Name of the run. */
  readonly run: string;
}

/** What became of the records that a session did not name although it saw the whole source. */
export interface Settled {
  /** They were too many to believe, or the source could not be read to its end: none was withdrawn. */
  readonly refused?: { readonly why: 'shrunk' | 'tail'; readonly gone: number; readonly all: number };
  readonly withdrawn: number;
  /** Rows that cannot be read may be theirs; of those that had left before as well. */
  readonly held: number;
  /** Of them, those that this session found. */
  readonly newlyHeld: number;
}

/** Withdrawals of one send. */
const PIECE = 1000;
/**
 * Of rows that name no record, what is kept of each is small; of more than this, only how many there are: then nothing
 * is withdrawn at all.
 */
const MAX_UNREADABLE = 200_000;

/** Over a bus that is there; closes what it opens. @throws YitongError `topic_mismatch`, `bus_unavailable` */
export async function openSession(options: SessionOptions & { readonly bus: Bus }): Promise<Session> {
  const { bus, contract, workspace } = options;
  await bus.ensureTopics([
    { topic: dataTopic(workspace.prefix, contract.id), partitions: contract.partitions, history: contract.history },
    controlSpec(workspace.prefix, contract.authority),
  ]);
  await recogniseTopic(bus, options.state, workspace, contract);
  return new Session(options, await bus.producer());
}

export class Session {
  readonly #options: SessionOptions;
  readonly #producer: Producer;
  readonly #publisher: Publisher;
  /** By position: a row may be looked at by its key and then be read. */
  readonly #unreadable = new Map<string, Unreadable>();
  #tooMany = false;

  constructor(options: SessionOptions, producer: Producer) {
    this.#options = options;
    this.#producer = producer;
    const { state, contract } = options;
    const held = new Set(
      state.holders(contract.id).map(({ subject, recordId }) => stateKey(contract.id, subject, recordId)),
    );
    this.#publisher = new Publisher(held.size === 0 ? options : { ...options, held }, producer);
  }

  /**
   * One result a row, in order, once the bus has acknowledged what changed. Rows are decided on before this returns.
   * @throws YitongError `bus_unavailable`, `state_unavailable`: then none of the rows counts as published
   */
  async publish(rows: readonly PublishRow[], span?: Span): Promise<PublishResult[]> {
    const sent = span === undefined ? this.#publisher.publish(rows) : this.#publisher.publish(rows, span);
    const results = await sent;
    const named = this.#publisher.takeNamedAgain();
    if (named.length > 0) await this.#unhold(named);
    results.forEach(({ nameless }, i) => {
      const row = rows[i];
      if (nameless === true && row !== undefined && 'value' in row)
        this.#namelessValue(row.position, row.value, row.rest);
    });
    return results;
  }

  async #unhold(named: readonly { readonly key: string; readonly withdrawn: boolean }[]): Promise<void> {
    const { state, contract } = this.#options;
    const withdrawn = new Map(named.map(({ key, withdrawn: gone }) => [key, gone]));
    const about = state
      .holders(contract.id)
      .filter(({ subject, recordId }) => withdrawn.has(stateKey(contract.id, subject, recordId)));
    const gone = about.filter(
      ({ subject, recordId }) => withdrawn.get(stateKey(contract.id, subject, recordId)) === true,
    );
    await state.changeHeld(
      contract.id,
      about.filter((one) => !gone.includes(one)).map((one) => ({ ...one, dormant: true as const })),
      gone,
    );
  }

  #namelessValue(position: string, value: JsonForm, rest: string | undefined): void {
    const partly = this.#publisher.partly(value);
    const { field } = this.#options.contract.subject;
    this.unreadable({
      position,
      ...partly,
      key: digest(JSON.stringify([value[field.split('.')[0] ?? ''] ?? null, partly.recordId ?? ''])),
      whole: digest(JSON.stringify(value)),
      rest: rest ?? restOfValue(value, field),
    });
  }

  /** A row of which nobody can say which record it is. */
  unreadable(row: Unreadable): void {
    if (row.whole === undefined && this.#unreadable.has(row.position)) return;
    if (this.#unreadable.size < MAX_UNREADABLE) this.#unreadable.set(row.position, row);
    else this.#tooMany = true;
  }

  /** What a row that names no record says all the same. @param failed fields that could not be read */
  partly(value: JsonForm, failed: ReadonlySet<string>): Pick<Unreadable, 'subject' | 'recordId'> {
    return this.#publisher.partly(value, failed);
  }

  /** A row that is not published now, but may name its record: the record has not left the source. */
  markSeen(value: JsonForm | undefined): 'published' | 'not_published' | 'nameless' {
    return this.#publisher.markSeen(value);
  }

  /** Everything has left the source at once; what comes after this is seen anew. */
  forgetSeen(): void {
    this.#publisher.forgetSeen();
    this.#unreadable.clear();
  }

  isPublished(subject: string, recordId: string): boolean {
    return this.#publisher.isPublished(subject, recordId);
  }

  /**
   * After the last row: returns how many rows that counted as merged were published after all (`onDuplicate: last`).
   */
  async finish(): Promise<number> {
    return await this.#publisher.finish();
  }

  /**
   * Of a session that saw the whole source: withdraws what it did not name, or says why not.
   * @param tail nothing after some row could be read
   */
  async settle(seen: { readonly tail: boolean }, sourceTime: string): Promise<Settled> {
    const { state, contract, acceptShrink, maxWithdrawShare, run, now } = this.#options;
    const before = readBefore(this.#options);
    if (seen.tail || this.#tooMany)
      return {
        refused: { why: 'tail', gone: 0, all: 0 },
        withdrawn: 0,
        held: state.held(contract.id).length,
        newlyHeld: 0,
      };
    const { gone, all } = await this.#publisher.unseen();
    const waiting = new Set(before.held.map(({ subject, recordId }) => recordKey(subject, recordId)));
    // what is held was looked at when it left; it does not count again
    const left = gone.filter(({ subject, recordId }) => !waiting.has(recordKey(subject, recordId)));
    if (acceptShrink !== true && left.length > maxWithdrawShare * all)
      return {
        refused: { why: 'shrunk', gone: left.length, all },
        withdrawn: 0,
        held: state.held(contract.id).length,
        newlyHeld: 0,
      };
    const judged = judgeGone(run, now().toISOString(), [...this.#unreadable.values()], gone, before);
    // on disk before anything is withdrawn: a crash in between must not make a new row one that stood there before
    await state.changeHeld(contract.id, judged.held, judged.over);
    await this.withdraw(judged.withdraw, `left_snapshot@${sourceTime}`, sourceTime, 'left_snapshot');
    state.write('unreadable', contract.id, judged.rows);
    state.write('groups', contract.id, judged.groups);
    const had = new Set(before.held.map(({ subject, recordId }) => recordKey(subject, recordId)));
    return {
      withdrawn: judged.withdraw.length,
      held: judged.held.length,
      newlyHeld: judged.held.filter(({ subject, recordId }) => !had.has(recordKey(subject, recordId))).length,
    };
  }

  /** Withdraws records by name. */
  async withdraw(
    records: readonly Pick<Gone, 'subject' | 'recordId'>[],
    position: string,
    sourceTime: string,
    reason: string,
  ): Promise<void> {
    for (let at = 0; at < records.length; at += PIECE) {
      await this.#publisher.publish(
        records.slice(at, at + PIECE).map(({ subject, recordId }) => ({
          position,
          rowNumber: 0,
          sourceTime,
          withdraw: { subject, recordId, reason },
        })),
      );
    }
    await this.#publisher.finish();
  }

  /** Says what was seen; durable when it resolves, and everything that was published before it. */
  async watermark(watermark: Watermark): Promise<void> {
    await sendWatermarkBy(this.#producer, this.#options.workspace, this.#options.contract, watermark);
  }

  /** Resolves when all of it is on disk; closes the producer. @throws YitongError `state_unavailable` if it is not */
  async close(): Promise<void> {
    try {
      await this.#options.state.flushed();
    } finally {
      await this.#producer.close();
    }
  }
}

function readBefore({ state, contract }: Pick<SessionOptions, 'state' | 'contract'>): Before {
  return {
    rows: (state.read('unreadable', contract.id) as Before['rows'] | undefined) ?? [],
    groups: (state.read('groups', contract.id) as Before['groups'] | undefined) ?? {},
    held: state.holders(contract.id),
  };
}
