/** Publishing one dataset: check against the contract, find what changed, send, remember. */
import type { FieldProblem } from '../../contracts/errors.js';
import { dataTopic, HEADER, type OutRecord, type Producer } from '../bus/port.js';
import { fitter } from './fitting.js';
import { identifier, type JsonForm, type Partly } from './identity.js';
import type { Place, PublisherOptions, PublishResult, PublishRow } from './options.js';
import { Outbox } from './outbox.js';
import { HASH_BYTES, hasHash, namesOf, stateKey } from './published.js';
import { restOfValue } from './rest.js';
import { Sender } from './sender.js';
import { SeenSlots } from './slots.js';
import { contentHash } from './topic.js';

type Headers = { readonly [name in (typeof HEADER)['sourceTime' | 'position' | 'contractVersion']]: string };

const MAX_POSITION = 1024;
const MAX_SUPERSEDED = 8 * HASH_BYTES;

/** A record that is published and was not seen. */
export interface Gone {
  readonly subject: string;
  readonly recordId: string;
  /** As in `Published`. */
  readonly rest: string;
}

export class Publisher {
  private readonly identify;
  private readonly outbox: Outbox;
  private seen = new SeenSlots();
  /**
   * Records that a row of this run named which is not published; only those of which the bus may have something are
   * asked for.
   */
  private readonly named = new Set<string>();
  /** Records that were held and that a row has named since, until somebody takes them. */
  private namedAgain: { readonly key: string; readonly withdrawn: boolean }[] = [];
  /** `onDuplicate: last`: rows that a later row replaced in the last run, and in this one not yet. */
  private readonly deferred = new Map<string, () => PublishResult>();
  private readonly versionText: string;
  private readonly fit;
  private readonly dataset: string;
  private lastTime = '';
  private lastMillis = 0;

  constructor(
    private readonly options: PublisherOptions,
    producer: Producer,
  ) {
    const { contract, workspace } = options;
    this.dataset = contract.id;
    this.versionText = String(contract.latest.version);
    this.identify = identifier(contract, workspace.schemes);
    this.fit = fitter(contract, workspace, this.identify);
    this.outbox = new Outbox(options, new Sender(producer, dataTopic(workspace.prefix, contract.id)));
  }

  /**
   * One result a row, in order, once the bus has acknowledged what changed. Rows are decided on before this returns, so
   * that calls may follow each other without waiting. @param span under which they are published, where it is not that
   * of all
   * @throws YitongError `bus_unavailable`: then none of the rows counts as published
   */
  async publish(rows: readonly PublishRow[], span = this.options.span): Promise<PublishResult[]> {
    this.outbox.ready();
    const results = rows.map((row) => this.decide(row));
    await this.outbox.send(span);
    return results;
  }

  /** A row that is not published now, but may name its record: the record has not left the source. */
  markSeen(value: JsonForm | undefined): 'published' | 'not_published' | 'nameless' {
    const found = value === undefined ? undefined : this.identify.of(value);
    if (found === undefined || !found.ok) return 'nameless';
    const key = stateKey(this.dataset, found.identity.subject, found.identity.recordId);
    if (this.outbox.isUncertain(key)) this.named.add(key);
    const published = this.outbox.current(key);
    if (published === undefined) return 'not_published';
    this.seen.add(published.slot);
    return 'published';
  }

  /** Everything has left the source at once; what comes after this is seen anew. */
  forgetSeen(): void {
    this.seen = new SeenSlots();
    this.named.clear();
  }

  /** Whether the bus has, or may have, something of the record that was not withdrawn. */
  isPublished(subject: string, recordId: string): boolean {
    return this.outbox.mayHave(stateKey(this.dataset, subject, recordId));
  }

  /**
   * Ends a run of rows: returns how many rows that counted as merged were published after all (`onDuplicate: last`).
   */
  async finish(): Promise<number> {
    this.outbox.ready();
    const count = this.deferred.size;
    for (const publish of this.deferred.values()) publish();
    this.deferred.clear();
    if (this.options.mode === 'run') this.outbox.settleUnsure();
    await this.outbox.send(this.options.span);
    return count;
  }

  /** Records that this run has not seen, and how many there are in all. */
  async unseen(): Promise<{ readonly gone: readonly Gone[]; readonly all: number }> {
    const gone: Gone[] = [];
    let all = 0;
    for await (const { subject, recordId, slot, rest } of this.options.state.all(this.dataset)) {
      all += 1;
      if (!this.seen.has(slot)) gone.push({ subject, recordId, rest });
    }
    for (const key of this.outbox.leftKeys()) {
      if (this.outbox.current(key) !== undefined || this.named.has(key)) continue;
      all += 1;
      gone.push({ ...namesOf(key), rest: '' });
    }
    return { gone, all };
  }

  /** Records that were held and are named, or withdrawn, by now; each is given once. */
  takeNamedAgain(): readonly { readonly key: string; readonly withdrawn: boolean }[] {
    const taken = this.namedAgain;
    this.namedAgain = [];
    return taken;
  }

  /** What a row that names no record says all the same of the one that it stands for. */
  partly(value: JsonForm, failed?: ReadonlySet<string>): Partly {
    return this.identify.partly(value, failed);
  }

  private refuse(row: PublishRow, problems: readonly FieldProblem[]): PublishResult {
    const { position, rowNumber, sourceTime } = row;
    const kept =
      'value' in row
        ? row.cells === undefined
          ? { value: row.value }
          : { cells: row.cells }
        : { withdraw: row.withdraw };
    this.options.quarantine.add({ position, rowNumber, sourceTime, problems, ...kept }, this.options.run ?? '');
    return { position, status: 'quarantined', code: problems[0]?.code ?? 'bad_value' };
  }

  private decide(row: PublishRow): PublishResult {
    const { position } = row;
    if (position.length > MAX_POSITION / 3 && Buffer.byteLength(position) > MAX_POSITION) {
      return this.refuse(row, [
        { code: 'bad_row', field: '', reason: `the position is longer than ${MAX_POSITION} bytes` },
      ]);
    }
    if ('withdraw' in row) return this.decideWithdrawal(row);
    const fitting = this.fit(row.value);
    if (!fitting.ok && fitting.nameless) return { ...this.refuse(row, fitting.problems), nameless: true };
    const { subject, recordId, normalised } = fitting.identity;
    const key = stateKey(this.dataset, subject, recordId);
    if (!fitting.ok) {
      const published = this.outbox.current(key);
      if (published !== undefined) this.seen.add(published.slot);
      else if (this.outbox.isUncertain(key)) this.named.add(key);
      return this.refuse(row, fitting.problems);
    }
    const { framed } = fitting;
    const content = contentHash(framed);
    const record: OutRecord = { subject, recordId, value: framed, headers: this.headers(row) };
    const result =
      this.options.mode === 'run'
        ? this.decideInRun(row, key, content, record)
        : this.decideInStream(row, key, content, record);
    if (result.status !== 'quarantined') {
      this.options.quarantine.good(position);
      if (this.options.held?.delete(key) === true) this.namedAgain.push({ key, withdrawn: false });
    }
    return normalised ? { ...result, normalised: true } : result;
  }

  private decideInRun(row: PublishRow, key: string, content: string, record: OutRecord): PublishResult {
    const { position } = row;
    const published = this.outbox.current(key);
    const again = published !== undefined && this.seen.has(published.slot);
    if (published === undefined) return this.change(row, key, this.options.state.newSlot(), content, '', record);
    this.seen.add(published.slot);
    if (this.outbox.hasExactly(key, published, content)) {
      this.deferred.delete(key);
      return { position, status: again ? 'merged' : 'unchanged' };
    }
    if (!again && this.options.skipOlder === true && published.sourceTime > this.millis(row.sourceTime))
      return { position, status: 'merged' };
    const last = this.options.onDuplicate === 'last';
    if (!again || this.deferred.has(key)) {
      // in the last run a later row replaced this content: wait for that row instead of publishing both each time
      if (last && this.options.snapshot === true && hasHash(published.superseded, content)) {
        this.deferred.set(key, () => this.change(row, key, published.slot, content, '', record));
        return { position, status: 'merged' };
      }
      this.deferred.delete(key);
      return this.change(row, key, published.slot, content, again ? published.superseded : '', record);
    }
    if (!last) {
      return this.refuse(row, [
        {
          code: 'conflicting_duplicate',
          field: this.options.contract.subject.field,
          reason: 'an earlier row of this run has the same key and other content',
        },
      ]);
    }
    const superseded = (published.superseded + published.hash).slice(-MAX_SUPERSEDED);
    return this.change(row, key, published.slot, content, superseded, record);
  }

  private decideInStream(row: PublishRow, key: string, content: string, record: OutRecord): PublishResult {
    const { position } = row;
    const known = this.outbox.knownPosition(position);
    if (known !== undefined) {
      if (known === content) return { position, status: 'unchanged' };
      return this.refuse(row, [
        { code: 'conflicting_duplicate', field: '', reason: 'the position came before with other content' },
      ]);
    }
    const published = this.outbox.current(key);
    if (published !== undefined && this.outbox.hasExactly(key, published, content)) {
      this.seen.add(published.slot);
      this.outbox.remember(position, content);
      return { position, status: 'unchanged' };
    }
    if (
      this.options.skipOlder === true &&
      published !== undefined &&
      published.sourceTime > this.millis(row.sourceTime)
    ) {
      return { position, status: 'merged' };
    }
    return this.change(row, key, published?.slot ?? this.options.state.newSlot(), content, '', record);
  }

  private decideWithdrawal(row: Extract<PublishRow, { withdraw: unknown }>): PublishResult {
    const { position, withdraw } = row;
    const subject = this.identify.subject(withdraw.subject);
    if (typeof subject !== 'string') return this.refuse(row, [subject]);
    const content = contentHash(`${subject}|${withdraw.recordId}|${withdraw.reason}`);
    const known = this.outbox.knownPosition(position);
    if (known === content) return { position, status: 'unchanged' };
    // another withdrawal, or a record, came under this position: dropping this one would leave a record standing in
    // silence
    if (known !== undefined)
      return this.refuse(row, [
        {
          code: 'conflicting_duplicate',
          field: this.options.contract.subject.field,
          reason: 'the position came before with other content',
        },
      ]);
    const record: OutRecord = {
      subject,
      recordId: withdraw.recordId,
      value: null,
      headers: { ...this.headers(row), [HEADER.reason]: withdraw.reason },
    };
    const key = stateKey(this.dataset, subject, withdraw.recordId);
    const current = this.outbox.current(key);
    this.options.quarantine.good(position);
    if (this.options.knownOnly === true && !this.outbox.mayHave(key)) return { position, status: 'unchanged' };
    if (this.options.held?.delete(key) === true) this.namedAgain.push({ key, withdrawn: true });
    const slot = current?.slot ?? 0;
    return this.change(row, key, slot, content, '', record, true);
  }

  /** The row goes out; the state follows when the bus has it. */
  private change(
    row: PublishRow,
    key: string,
    slot: number,
    content: string,
    superseded: string,
    record: OutRecord,
    withdrawn = false,
  ): PublishResult {
    const { position } = row;
    const rest = 'value' in row ? (row.rest ?? restOfValue(row.value, this.options.contract.subject.field)) : '';
    this.outbox.add(
      {
        slot,
        hash: content,
        content,
        sourceTime: this.millis(row.sourceTime),
        superseded,
        rest,
        key,
        position,
        withdrawn,
      },
      record,
    );
    if (!withdrawn) this.seen.add(slot);
    return { position, status: 'published' };
  }

  private headers(row: Place): Readonly<Record<string, string>> {
    const { sourceTime, position } = row;
    // literal names make one cheap shape; the compiler holds them to HEADER
    const headers: Headers = {
      'yt-source-time': sourceTime,
      'yt-position': position,
      'yt-contract-version': this.versionText,
    };
    return headers;
  }

  /** ms since 1970; rows of one batch mostly share it. */
  private millis(sourceTime: string): number {
    if (sourceTime !== this.lastTime) {
      this.lastTime = sourceTime;
      this.lastMillis = Date.parse(sourceTime);
    }
    return this.lastMillis;
  }
}
