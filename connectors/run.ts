/** One run of a feed: source → mapping → publishing → withdrawals → watermark → the source's cursor. */
import { createHmac } from 'node:crypto';
import { YitongError } from '../contracts/errors.js';
import type { Contract, Workspace } from '../contracts/types.js';
import type { Bus, Watermark } from './bus/port.js';
import type { Feed } from './feed.js';
import { KeptRows } from './kept.js';
import { compileMapping, type CompiledMapping } from './mapping/index.js';
import { openCrosswalks, type Crosswalks } from './crosswalk/index.js';
import { createPublisher, recogniseTopic, sendWatermark, takeTurn, type Publisher, type PublishResult, type PublishRow, type State } from './publish/index.js';
import { identifier, type JsonForm } from './publish/identity.js';
import { Quarantine } from './quarantine.js';
import { retryInTurn } from './retry.js';
import { joinReports, Tally, type RunReport } from './report.js';
import { loadSourceKinds } from './sources/load.js';
import type { Backlog, BrokenRow, Keys, Outcome, SourceBatch, SourceKind, SourceRow, SourceRun } from './sources/port.js';

export type { RunReport } from './report.js';

export interface Progress {
  readonly rows: number;
  /** How far, in the unit of `total`; both undefined where the source does not know. */
  readonly done?: number;
  readonly total?: number;
}

export interface RunOptions {
  readonly feed: Feed;
  readonly workspace: Workspace;
  readonly bus: Bus;
  /** Shared by all feeds of a process. */
  readonly state: State;
  readonly dataDir: string;
  readonly signal: AbortSignal;
  readonly now?: () => Date;
  /** Relative paths of the feed; default the workspace's folder. */
  readonly baseDir?: string;
  readonly onProgress?: (progress: Progress) => void;
  /** `again: 'true'` reads what was read before; `acceptShrink: 'true'` withdraws whatever left. The rest is the source's. */
  readonly options?: Readonly<Record<string, string>>;
  readonly kinds?: ReadonlyMap<string, SourceKind>;
  /** Of scheduled feeds: asks for another run at once. */
  readonly wake?: () => void;
}

/** Where so many rows cannot be read, and those are most of them, the source is not what the feed says: the rest is one bad row. */
const MAX_BROKEN = 10_000;
/** Batches that may be on their way to the bus while the next is read. */
const AHEAD = 8;
/** Characters of a pseudonym. */
const PSEUDONYM = 32;

/**
 * Runs the feed until its source has nothing new. After a crash anywhere the next run starts over; what the bus has is then `unchanged`, or
 * comes a second time with the same position and is kept once by the view.
 * @throws YitongError after a `failed` watermark was sent, if the bus could still take it
 */
export async function runFeed(options: RunOptions): Promise<RunReport> {
  const { feed, workspace } = options;
  const contract = workspace.contracts.get(feed.dataset);
  if (contract === undefined) throw new YitongError('bad_feed', `there is no contract of \`${feed.dataset}\``, { place: { file: feed.file } });
  return takeTurn(options.state, feed.dataset, { signal: options.signal }, () => run(options, contract));
}

async function run(options: RunOptions, contract: Contract): Promise<RunReport> {
  const { feed } = options;
  const now = options.now ?? (() => new Date());
  const quarantine = Quarantine.open(options.dataDir, feed.dataset, now);
  const reports: RunReport[] = [];
  // what was read before is read again once, not with each run that follows
  const { again: _again, ...later } = options.options ?? {};
  let crosswalks: Crosswalks | undefined;
  try {
    crosswalks = await openCrosswalks(options);
    for (;;) {
      const { report, more } = await new Run(reports.length === 0 ? options : { ...options, options: later }, contract, quarantine, crosswalks, now).once();
      reports.push(report);
      if (more && !options.signal.aborted) continue;
      const tied = await retryTied(options, quarantine, crosswalks, now);
      const joined = joinReports(reports) ?? report;
      return tied === 0 ? joined : { ...joined, notes: { ...joined.notes, tied_by_crosswalk: tied } };
    }
  } catch (error) {
    await failed(options, contract, now).catch(() => undefined);
    throw error;
  } finally {
    await quarantine.close();
    await crosswalks?.close();
  }
}

/** Rows that waited for a crosswalk, once more when it has changed, since the source need not give them again. Returns how many are published now. */
async function retryTied({ feed, workspace, bus, state, signal }: RunOptions, quarantine: Quarantine, crosswalks: Crosswalks, now: () => Date): Promise<number> {
  const { version } = crosswalks;
  if (version === undefined || state.read('crosswalks', feed.dataset) === version || signal.aborted) return 0;
  const ids = (await quarantine.list()).filter(({ problems }) => problems.some(({ code }) => code === 'not_in_crosswalk' || code === 'ambiguous_crosswalk')).map(({ id }) => id);
  const report = ids.length === 0 ? undefined : await retryInTurn({ workspace, feed, bus, state, quarantine, now, ids }, crosswalks);
  state.write('crosswalks', feed.dataset, version);
  return (report?.published ?? 0) + (report?.unchanged ?? 0);
}

async function failed({ bus, workspace, state, feed }: RunOptions, contract: Contract, now: () => Date): Promise<void> {
  const last = lastWatermark(state, feed);
  await sendWatermark(bus, workspace, contract, { dataset: feed.dataset, sourceTime: last?.sourceTime ?? now().toISOString(), snapshot: feed.snapshot, rows: 0, state: 'failed' });
}

/** What this program wrote under that name; nobody else does. */
const lastWatermark = (state: State, feed: Feed): Watermark | undefined => state.read('watermark', feed.dataset) as Watermark | undefined;

class Run {
  private readonly tally = new Tally();
  private readonly mapping: CompiledMapping;
  private readonly started: number;
  private readonly name: string;
  private readonly secret: Buffer;
  private pendingMemory: { readonly value: unknown } | undefined;
  /** Rows of which nobody can say which record they are. */
  private nameless = 0;
  /** Rows that the source itself could not read. */
  private broken = 0;
  private tail = false;
  private whole = false;
  private emptied = false;
  private events = false;

  constructor(
    private readonly options: RunOptions,
    private readonly contract: Contract,
    private readonly quarantine: Quarantine,
    crosswalks: Crosswalks,
    private readonly now: () => Date,
  ) {
    this.mapping = compileMapping(options.feed.mapping, contract, options.workspace.schemes, options.feed.file, crosswalks.find);
    this.secret = options.state.secret();
    this.started = now().getTime();
    this.name = `${new Date(this.started).toISOString()}-${process.pid}-${process.hrtime.bigint()}`;
  }

  async once(): Promise<{ readonly report: RunReport; readonly more: boolean }> {
    const { feed, workspace, bus, state } = this.options;
    const kept = new KeptRows({ contract: this.contract, declared: feed.mapping, mapping: this.mapping, quarantine: this.quarantine, run: this.name });
    // before the source is asked what is new: for a topic that is new, everything is
    await recogniseTopic(bus, state, workspace, this.contract);
    const source = await this.open(kept);
    if (source === undefined) {
      const last = lastWatermark(state, feed);
      if (last !== undefined) await sendWatermark(bus, workspace, this.contract, last);
      return { report: this.report('nothing-new', last?.sourceTime), more: false };
    }
    if ('unchanged' in source) {
      const last = lastWatermark(state, feed);
      if (last === undefined) return { report: this.report('nothing-new', undefined, source.backlog), more: false };
      // a refused snapshot stays refused however often it is delivered
      const renewed = state.read('refused', feed.dataset) !== true && source.sourceTime > last.sourceTime ? { ...last, sourceTime: source.sourceTime } : last;
      await sendWatermark(bus, workspace, this.contract, renewed);
      if (renewed !== last) state.write('watermark', feed.dataset, renewed);
      return { report: this.report('nothing-new', renewed.sourceTime, source.backlog), more: false };
    }
    this.events = source.events === true;
    const publisher = await createPublisher({
      workspace,
      contract: this.contract,
      bus,
      state,
      quarantine: this.quarantine,
      now: this.now,
      ...(this.events ? { mode: 'stream', knownOnly: true } : { mode: 'run', snapshot: source.whole?.() ?? feed.snapshot, onDuplicate: feed.onDuplicate }),
      // a source that says itself what it saw may not name a record again that it named before a crash
      intents: source.whole !== undefined,
      run: this.name,
    });
    kept.publisher = publisher;
    try {
      await this.publishAll(source, publisher);
      for (const [name, count] of Object.entries(source.notes?.() ?? {})) this.tally.note(name, count);
      const republished = await publisher.finish();
      this.tally.add('merged', -republished);
      this.tally.add('published', republished);
      this.whole = this.emptied || (source.whole?.() ?? feed.snapshot);
      const outcome = this.whole ? await this.withdraw(publisher, source.sourceTime, kept.nameless ?? this.nameless) : { refused: false };
      if (!outcome.refused && outcome.held !== true) publisher.forgetIntents();
      await this.complete(source, outcome);
      return { report: this.report(outcome.refused ? 'refused' : 'complete', source.sourceTime, source.backlog), more: source.more === true };
    } finally {
      await publisher.close();
    }
  }

  private report(state: RunReport['state'], sourceTime: string | undefined, backlog?: Backlog): RunReport {
    if (backlog?.high === true) this.tally.note('backlog_high');
    return { ...this.tally.report(state, this.now().getTime() - this.started, sourceTime), ...(backlog === undefined ? {} : { backlogBytes: backlog.bytes }) };
  }

  private async open(keys: Keys): ReturnType<SourceKind['open']> {
    const { feed, workspace, state, signal, options = {} } = this.options;
    const kind = (this.options.kinds ?? (await loadSourceKinds())).get(feed.source.kind);
    if (kind === undefined) throw new YitongError('bad_feed', `there is no source kind \`${feed.source.kind}\``, { place: { file: feed.file } });
    return kind.open({
      feed,
      workspace,
      baseDir: this.options.baseDir ?? workspace.dir,
      now: this.now,
      memory: {
        get: () => (this.pendingMemory === undefined ? state.read('memory', feed.dataset) : this.pendingMemory.value),
        set: (value) => (this.pendingMemory = { value }),
        keep: async (value) => {
          state.write('memory', feed.dataset, value);
          await state.flushed();
        },
      },
      ...(this.options.wake === undefined ? {} : { wake: this.options.wake }),
      signal,
      pseudonym: (text) => createHmac('sha256', this.secret).update(text).digest('hex').slice(0, PSEUDONYM),
      keys,
      options,
    });
  }

  private async publishAll(source: SourceRun, publisher: Publisher): Promise<void> {
    const ahead: Promise<void>[] = [];
    for await (const batch of source.rows) {
      if (this.options.signal.aborted) throw new YitongError('shutting_down', 'the run was stopped; the next one starts over');
      if (batch.emptied === true) {
        // the rows before it are decided on already: `publish` decides before it returns
        this.emptied = true;
        publisher.forgetSeen();
        continue;
      }
      this.tally.add('rows', batch.length);
      const rows = this.mapBatch(batch, source.sourceTime, publisher);
      const sent = publisher.publish(rows).then((results) => this.count(results));
      // the rejection is met where it is awaited below; until then Node must not take it for a forgotten one
      sent.catch(() => undefined);
      ahead.push(sent);
      if (ahead.length > AHEAD) await ahead.shift();
      await this.quarantine.room();
      this.progress(source);
      if (this.broken > MAX_BROKEN && this.broken > this.tally.counts.rows / 2) {
        this.giveUp(batch.at(-1), source.sourceTime, publisher);
        break;
      }
    }
    await Promise.all(ahead);
    this.progress(source);
  }

  private progress(source: SourceRun): void {
    const done = source.progress?.();
    this.options.onProgress?.({
      rows: this.tally.counts.rows,
      ...(done === undefined ? {} : { done }),
      ...(source.total === undefined ? {} : { total: source.total }),
    });
  }

  private mapBatch(batch: SourceBatch, sourceTime: string, publisher: Publisher): PublishRow[] {
    const rows: PublishRow[] = [];
    for (const row of batch) {
      const { position, rowNumber } = row;
      if ('broken' in row) {
        this.unreadable(row, sourceTime, publisher);
        continue;
      }
      const place = { position, rowNumber, sourceTime: row.sourceTime ?? sourceTime };
      if (row.withdrawn !== undefined) {
        this.withdrawn(row, row.withdrawn.reason, place, publisher, rows);
        continue;
      }
      const mapped = this.mapping.map(row.cells);
      if ('skipped' in mapped) {
        if (this.events && this.isOnRecord(row, rows, publisher)) {
          // it was the dataset's until this change
          this.withdrawn(row, 'skipped', place, publisher, rows);
          continue;
        }
        this.tally.add('skipped');
        this.quarantine.good(position);
      } else if (mapped.ok) {
        for (const note of mapped.notes) this.tally.note(note);
        rows.push({ ...place, value: mapped.value, cells: row.cells });
      } else {
        if (publisher.markSeen(this.mapping.identify(row.cells)) === 'nameless') this.nameless += 1;
        this.quarantine.add({ ...place, problems: mapped.problems, cells: row.cells }, this.name);
        this.tally.quarantined(mapped.problems[0]?.code ?? 'bad_value');
      }
    }
    return rows;
  }

  private unreadable({ position, rowNumber, broken, raw, tail, cells }: BrokenRow, sourceTime: string, publisher: Publisher): void {
    if (cells === undefined || publisher.markSeen(this.mapping.identify(cells)) === 'nameless') this.nameless += 1;
    this.broken += 1;
    if (tail === true) this.tail = true;
    this.quarantine.add({ position, rowNumber, sourceTime, problems: [{ ...broken, field: '' }], raw }, this.name);
    this.tally.quarantined(broken.code);
  }

  /** What stands behind `last` is not read. */
  private giveUp(last: SourceRow | BrokenRow | undefined, sourceTime: string, publisher: Publisher): void {
    if (last === undefined || this.tail) return;
    const reason = `the rest was not read: most of ${this.tally.counts.rows} rows cannot be read`;
    this.tally.add('rows', 1);
    this.unreadable({ position: `${last.position}+`, rowNumber: last.rowNumber + 1, broken: { code: 'bad_row', reason }, raw: '', tail: true }, sourceTime, publisher);
  }

  private identityOf(row: SourceRow) {
    const value = this.mapping.identify(row.cells);
    return value === undefined ? undefined : identifier(this.contract, this.options.workspace.schemes).of(value);
  }

  /** Of events: published, or about to be by an earlier row of the same batch. */
  private isOnRecord(row: SourceRow, before: readonly PublishRow[], publisher: Publisher): boolean {
    const found = this.identityOf(row);
    if (found?.ok !== true) return false;
    const { subject, recordId } = found.identity;
    const same = (value: JsonForm): boolean => {
      const other = identifier(this.contract, this.options.workspace.schemes).of(value);
      return other.ok && other.identity.subject === subject && other.identity.recordId === recordId;
    };
    return publisher.isPublished(subject, recordId) || before.some((one) => 'value' in one && same(one.value));
  }

  /** The source says that a record is gone: its cells need only name it. */
  private withdrawn(row: SourceRow, reason: string, place: { position: string; rowNumber: number; sourceTime: string }, publisher: Publisher, rows: PublishRow[]): void {
    const found = this.identityOf(row);
    if (found?.ok === true) {
      // a source that marks what it deleted says so again each time that the row is read; of events the publisher knows, as it takes them in order
      if (!this.events && !publisher.isPublished(found.identity.subject, found.identity.recordId)) {
        this.tally.add('unchanged');
        this.quarantine.good(place.position);
        return;
      }
      rows.push({ ...place, withdraw: { subject: found.identity.subject, recordId: found.identity.recordId, reason } });
      return;
    }
    this.nameless += 1;
    const problems = found?.ok === false ? found.problems : [{ code: 'missing_value' as const, field: this.contract.subject.field, reason: 'the withdrawal does not name its record' }];
    this.quarantine.add({ ...place, problems, cells: row.cells }, this.name);
    this.tally.quarantined(problems[0]?.code ?? 'missing_value');
  }

  private count(results: readonly PublishResult[]): void {
    for (const { status, code, normalised, nameless } of results) {
      if (nameless === true) this.nameless += 1;
      if (normalised === true) this.tally.note('key_normalised');
      if (status === 'quarantined') this.tally.quarantined(code ?? 'bad_value');
      else this.tally.add(status);
    }
  }

  /** Withdraws what the snapshot no longer has. */
  private async withdraw(publisher: Publisher, sourceTime: string, nameless: number): Promise<Outcome> {
    const { feed, state, options = {} } = this.options;
    if (this.tail) {
      this.tally.note('unreadable_tail');
      return { refused: true };
    }
    const { gone, all } = await publisher.unseen();
    const accept = options['acceptShrink'] === 'true';
    if (!accept && gone.length > feed.maxWithdrawShare * all) {
      this.tally.note('snapshot_shrunk', gone.length);
      return { refused: true };
    }
    // a row that cannot be read may be one of the missing records: nothing is withdrawn while there are more of them than there were
    const before = Number(state.read('nameless', feed.dataset) ?? 0);
    if (!accept && gone.length > 0 && nameless > before) {
      this.tally.note('withdrawals_held', gone.length);
      return { refused: false, held: true };
    }
    for (let at = 0; at < gone.length; at += 1000) {
      const piece = gone.slice(at, at + 1000);
      await publisher.publish(
        piece.map(({ subject, recordId }) => ({ position: `left_snapshot@${sourceTime}`, rowNumber: 0, sourceTime, withdraw: { subject, recordId, reason: 'left_snapshot' } })),
      );
      this.tally.add('withdrawn', piece.length);
    }
    state.write('nameless', feed.dataset, nameless);
    return { refused: false };
  }

  private async complete(source: SourceRun, outcome: Outcome): Promise<void> {
    const { feed, workspace, bus, state } = this.options;
    const { refused } = outcome;
    if (this.whole && !this.tail) await this.quarantine.keepOnly(this.name);
    // the order is the promise: quarantined rows are on disk before the watermark says that the run saw everything
    await this.quarantine.flushed();
    const watermark: Watermark = { dataset: feed.dataset, sourceTime: source.sourceTime, snapshot: this.whole, rows: this.tally.counts.rows, state: refused ? 'refused' : 'complete' };
    await sendWatermark(bus, workspace, this.contract, watermark);
    await source.complete?.(outcome);
    if (this.pendingMemory !== undefined) state.write('memory', feed.dataset, this.pendingMemory.value);
    if (!refused) state.write('watermark', feed.dataset, watermark);
    state.write('refused', feed.dataset, refused);
    await state.flushed();
  }
}
