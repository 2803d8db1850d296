/** Publishing one dataset: check against the contract, find what changed, send, remember. */
import { hash } from 'node:crypto';
import { encodeRecord } from '../../contracts/avro.js';
import type { ErrorCode, FieldProblem } from '../../contracts/errors.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import { frame } from '../../contracts/wire.js';
import { HEADER, controlSpec, dataTopic, type Bus, type OutRecord, type Producer } from '../bus/port.js';
import type { Quarantine } from '../quarantine.js';
import type { Cell } from '../sources/port.js';
import { identifier, type JsonForm } from './identity.js';
import { Sender } from './sender.js';
import { HASH_BYTES, hasHash, SeenSlots, stateKey, type Published, type State } from './state.js';

export interface Place {
  /** The source's own; at most 1,024 bytes. */
  readonly position: string;
  readonly rowNumber: number;
  /** ISO 8601 UTC */
  readonly sourceTime: string;
  readonly traceparent?: string;
}

export type PublishRow = Place &
  (
    | { readonly value: JsonForm; /** As the source had it, for the quarantine. */ readonly cells?: Readonly<Record<string, Cell>> }
    | { readonly withdraw: { /** With or without its scheme. */ readonly subject: string; readonly recordId: string; readonly reason: string } }
  );

export type PublishStatus = 'published' | 'unchanged' | 'merged' | 'quarantined';

export interface PublishResult {
  readonly position: string;
  readonly status: PublishStatus;
  readonly code?: ErrorCode;
  /** True where the record's key was brought into normal form. */
  readonly normalised?: true;
  /** True where it cannot be said which record the row is about. */
  readonly nameless?: true;
}

export interface PublisherOptions {
  readonly workspace: Workspace;
  readonly contract: Contract;
  readonly bus: Bus;
  readonly state: State;
  readonly quarantine: Quarantine;
  readonly now: () => Date;
  /**
   * `run`: rows of one run, where a key that comes twice is a duplicate. `stream`: rows in the order of events, where it is a change.
   * Default `stream`.
   */
  readonly mode?: 'run' | 'stream';
  /** Of a run: whether it sees the whole source, and which of two different rows of one key counts. */
  readonly snapshot?: boolean;
  readonly onDuplicate?: 'quarantine' | 'last';
  /** Of a stream: a position that came before is not published again (`http-push`). Default false. */
  readonly rememberPositions?: boolean;
  /** Of a stream: rows older than what is published of their record are `merged` (retries from the quarantine). Default false. */
  readonly skipOlder?: boolean;
  /** Name of the run, for the quarantine. */
  readonly run?: string;
}

interface Live extends Published {
  readonly withdrawn?: true;
}

/** One record on its way, and what the state says of it once the bus has it. */
interface Change {
  readonly key: string;
  readonly position: string;
  readonly entry: Live;
  readonly record: OutRecord;
}

/** What the publisher decided about one row before anything was sent. */
type Decision = { readonly result: PublishResult; readonly change?: Change };

const MAX_POSITION = 1024;
const MAX_SUPERSEDED = 8 * HASH_BYTES;

const contentHash = (content: Buffer | string): string => hash('sha256', content, 'binary').slice(0, HASH_BYTES);

/** @throws YitongError `topic_mismatch`, `bus_unavailable` */
export async function createPublisher(options: PublisherOptions): Promise<Publisher> {
  const { bus, contract, workspace } = options;
  await bus.ensureTopics([
    { topic: dataTopic(workspace.prefix, contract.id), partitions: contract.partitions, history: contract.history },
    controlSpec(workspace.prefix, contract.authority),
  ]);
  return new Publisher(options, await bus.producer());
}

export class Publisher {
  private readonly identify;
  private readonly sender: Sender;
  private readonly seen = new SeenSlots();
  /** What is on its way: newer than the state, until a commit has made the state as new. */
  private readonly live = new Map<string, Live>();
  private readonly livePositions = new Map<string, string>();
  /** `onDuplicate: last`: rows that a later row replaced in the last run, and in this one not yet. */
  private readonly deferred = new Map<string, () => Decision>();
  private readonly version;
  private readonly dataset: string;

  constructor(
    private readonly options: PublisherOptions,
    private readonly producer: Producer,
  ) {
    const { contract, workspace } = options;
    this.dataset = contract.id;
    this.version = contract.latest;
    this.identify = identifier(contract, workspace.schemes);
    this.sender = new Sender(producer, dataTopic(workspace.prefix, contract.id));
  }

  /**
   * One result a row, in order, once the bus has acknowledged what changed. Rows are decided on before this returns, so that calls
   * may follow each other without waiting. @throws YitongError `bus_unavailable`: then none of the rows counts as published
   */
  async publish(rows: readonly PublishRow[]): Promise<PublishResult[]> {
    const decisions = rows.map((row) => this.decide(row));
    await this.sendAll(decisions);
    return decisions.map(({ result }) => result);
  }

  private async sendAll(decisions: readonly Decision[]): Promise<void> {
    const changes: Change[] = [];
    for (const { change } of decisions) if (change !== undefined) changes.push(change);
    try {
      await this.sender.send(
        changes.map(({ record }) => record),
        () => this.settle(changes),
      );
    } catch (error) {
      // nothing on its way is certain any more; what did arrive is recognised by its position when it is sent again
      this.live.clear();
      this.livePositions.clear();
      throw error;
    }
  }

  /** The bus has them: the state follows, in one commit for all. */
  private settle(changes: readonly Change[]): void {
    const { state, rememberPositions, now } = this.options;
    let committed: Promise<unknown> | undefined;
    for (const { key, entry, position } of changes) {
      if (rememberPositions === true) void state.putPosition(this.dataset, position, entry.hash, now().getTime());
      committed = entry.withdrawn === true ? state.remove(key) : state.put(key, entry);
    }
    void committed?.then(() => {
      for (const { key, entry, position } of changes) {
        // a newer change of the same record may be on its way already
        if (this.live.get(key) === entry) this.live.delete(key);
        if (rememberPositions === true) this.livePositions.delete(position);
      }
    });
  }

  /** A row that could not be published, but names its record: the record has not left the source. False if it names none. */
  markSeen(value: JsonForm | undefined): boolean {
    const found = value === undefined ? undefined : this.identify.of(value);
    if (found === undefined || !found.ok) return false;
    const published = this.current(stateKey(this.dataset, found.identity.subject, found.identity.recordId));
    if (published !== undefined) this.seen.add(published.slot);
    return true;
  }

  /** Ends a run of `onDuplicate: last`: returns how many rows that counted as merged were published after all. */
  async finish(): Promise<number> {
    const decisions = [...this.deferred.values()].map((publish) => publish());
    this.deferred.clear();
    await this.sendAll(decisions);
    return decisions.length;
  }

  /** Records that this run has not seen, and how many there are in all. */
  async unseen(): Promise<{ readonly gone: readonly { readonly subject: string; readonly recordId: string }[]; readonly all: number }> {
    const gone: { subject: string; recordId: string }[] = [];
    let all = 0;
    for await (const { subject, recordId, slot } of this.options.state.all(this.dataset)) {
      all += 1;
      if (!this.seen.has(slot)) gone.push({ subject, recordId });
    }
    return { gone, all };
  }

  async close(): Promise<void> {
    await this.options.state.flushed();
    await this.producer.close();
  }

  private current(key: string): Live | undefined {
    const live = this.live.get(key);
    if (live !== undefined) return live.withdrawn === true ? undefined : live;
    return this.options.state.get(key);
  }

  private refuse(row: PublishRow, problems: readonly FieldProblem[]): Decision {
    const { position, rowNumber, sourceTime } = row;
    const kept = 'value' in row ? (row.cells === undefined ? { value: row.value } : { cells: row.cells }) : { withdraw: row.withdraw };
    this.options.quarantine.add({ position, rowNumber, sourceTime, problems, ...kept }, this.options.run ?? '');
    return { result: { position, status: 'quarantined', code: problems[0]?.code ?? 'bad_value' } };
  }

  private decide(row: PublishRow): Decision {
    const { position } = row;
    if (position.length > MAX_POSITION / 3 && Buffer.byteLength(position) > MAX_POSITION) {
      return this.refuse(row, [{ code: 'bad_row', field: '', reason: `the position is longer than ${MAX_POSITION} bytes` }]);
    }
    if ('withdraw' in row) return this.decideWithdrawal(row);
    const found = this.identify.of(row.value);
    if (!found.ok) return { result: { ...this.refuse(row, found.problems).result, nameless: true } };
    const { subject, recordId, value, normalised } = found.identity;
    const key = stateKey(this.dataset, subject, recordId);
    const encoded = encodeRecord(this.version, value, { codelists: this.options.workspace.codelists });
    const problems: readonly FieldProblem[] = !encoded.ok
      ? encoded.problems
      : encoded.body.length > this.options.contract.maxRecordBytes
        ? [{ code: 'record_too_large', field: '', reason: `the record has ${encoded.body.length} bytes, its dataset allows ${this.options.contract.maxRecordBytes}` }]
        : [];
    if (!encoded.ok || problems.length > 0) {
      const published = this.current(key);
      if (published !== undefined) this.seen.add(published.slot);
      return this.refuse(row, problems);
    }
    const framed = frame(this.version.schemaId, encoded.body);
    const content = contentHash(framed);
    const record: OutRecord = { subject, recordId, value: framed, headers: this.headers(row, String(this.version.version)) };
    const decision = this.options.mode === 'run' ? this.decideInRun(row, key, content, record) : this.decideInStream(row, key, content, record);
    if (decision.result.status !== 'quarantined') this.options.quarantine.good(position);
    return normalised ? { ...decision, result: { ...decision.result, normalised: true } } : decision;
  }

  private decideInRun(row: PublishRow, key: string, content: string, record: OutRecord): Decision {
    const { position } = row;
    const published = this.current(key);
    const again = published !== undefined && this.seen.has(published.slot);
    if (published === undefined) return this.change(row, key, { slot: this.options.state.newSlot(), hash: content, superseded: '' }, record);
    this.seen.add(published.slot);
    if (published.hash === content) {
      this.deferred.delete(key);
      return { result: { position, status: again ? 'merged' : 'unchanged' } };
    }
    const last = this.options.onDuplicate === 'last';
    if (!again || this.deferred.has(key)) {
      // in the last run a later row replaced this content: wait for that row instead of publishing both each time
      if (last && this.options.snapshot === true && hasHash(published.superseded, content)) {
        this.deferred.set(key, () => this.change(row, key, { slot: published.slot, hash: content, superseded: '' }, record));
        return { result: { position, status: 'merged' } };
      }
      this.deferred.delete(key);
      return this.change(row, key, { slot: published.slot, hash: content, superseded: again ? published.superseded : '' }, record);
    }
    if (!last) {
      return this.refuse(row, [{ code: 'conflicting_duplicate', field: this.options.contract.subject.field, reason: 'an earlier row of this run has the same key and other content' }]);
    }
    const superseded = (published.superseded + published.hash).slice(-MAX_SUPERSEDED);
    return this.change(row, key, { slot: published.slot, hash: content, superseded }, record);
  }

  private decideInStream(row: PublishRow, key: string, content: string, record: OutRecord): Decision {
    const { position } = row;
    const known = this.knownPosition(position);
    if (known !== undefined) {
      if (known === content) return { result: { position, status: 'unchanged' } };
      return this.refuse(row, [{ code: 'conflicting_duplicate', field: '', reason: 'the position came before with other content' }]);
    }
    const published = this.current(key);
    if (published?.hash === content) {
      this.remember(position, content);
      return { result: { position, status: 'unchanged' } };
    }
    if (this.options.skipOlder === true && published !== undefined && published.sourceTime > Date.parse(row.sourceTime)) {
      return { result: { position, status: 'merged' } };
    }
    return this.change(row, key, { slot: published?.slot ?? this.options.state.newSlot(), hash: content, superseded: '' }, record);
  }

  private decideWithdrawal(row: Extract<PublishRow, { withdraw: unknown }>): Decision {
    const { position, withdraw } = row;
    const subject = this.identify.subject(withdraw.subject);
    if (typeof subject !== 'string') return this.refuse(row, [subject]);
    const content = contentHash(`${subject}|${withdraw.recordId}|${withdraw.reason}`);
    if (this.knownPosition(position) !== undefined) return { result: { position, status: 'unchanged' } };
    const record: OutRecord = {
      subject,
      recordId: withdraw.recordId,
      value: null,
      headers: { ...this.headers(row, String(this.version.version)), [HEADER.reason]: withdraw.reason },
    };
    const key = stateKey(this.dataset, subject, withdraw.recordId);
    const slot = this.current(key)?.slot ?? 0;
    this.options.quarantine.good(position);
    return this.change(row, key, { slot, hash: content, superseded: '', withdrawn: true }, record);
  }

  /** The row goes out; the state follows when the bus has it. */
  private change(row: Place, key: string, next: Omit<Live, 'sourceTime'>, record: OutRecord): Decision {
    const entry: Live = { ...next, sourceTime: Date.parse(row.sourceTime) };
    this.live.set(key, entry);
    if (next.withdrawn !== true) this.seen.add(next.slot);
    if (this.options.rememberPositions === true) this.livePositions.set(row.position, next.hash);
    return { result: { position: row.position, status: 'published' }, change: { key, position: row.position, entry, record } };
  }

  private knownPosition(position: string): string | undefined {
    if (this.options.rememberPositions !== true) return undefined;
    return this.livePositions.get(position) ?? this.options.state.position(this.dataset, position);
  }

  private remember(position: string, content: string): void {
    if (this.options.rememberPositions === true) void this.options.state.putPosition(this.dataset, position, content, this.options.now().getTime());
  }

  private headers(row: Place, version: string): Record<string, string> {
    const headers: Record<string, string> = { [HEADER.sourceTime]: row.sourceTime, [HEADER.position]: row.position, [HEADER.contractVersion]: version };
    if (row.traceparent !== undefined) headers[HEADER.traceparent] = row.traceparent;
    return headers;
  }
}
