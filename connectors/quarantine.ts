/**
 * Rows that broke their contract, one LMDB file a dataset (`<data>/quarantine/<dataset>.mdb`), readable by its owner
 * only: it holds what the source sent. Keyed by position, so that a run replaces what an earlier one left, and what
 * became good leaves.
 */

import { hash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FieldProblem, YitongError } from '../contracts/errors.js';
import type { DatasetId } from '../contracts/ids.js';
import { type Env, openEnv } from './lmdb/env.js';
import { markMade, refuseDamaged } from './lmdb/file.js';
import { type CauseCount, CauseIndex, type QuarantineCause, ROWS_END } from './quarantine-causes.js';
import type { Cell } from './reading/port.js';

export type { CauseCount, QuarantineCause } from './quarantine-causes.js';

interface QuarantinedRow {
  readonly position: string;
  readonly rowNumber: number;
  readonly sourceTime: string;
  readonly problems: readonly FieldProblem[];
  /**
   * What there is of the row: cells of a source, the line that could not be read, a record or a withdrawal that was
   * pushed.
   */
  readonly cells?: Readonly<Record<string, Cell>>;
  readonly raw?: string;
  readonly value?: { readonly [field: string]: Cell };
  readonly withdraw?: { readonly subject: string; readonly recordId: string; readonly reason: string };
}

export interface QuarantineEntry extends QuarantinedRow {
  /** Short, for the command line: derived from the position. */
  readonly id: string;
  /** ISO 8601 UTC */
  readonly firstSeen: string;
  /** The run that saw it last. */
  readonly run: string;
}

/** Entries that may be on their way to the disk before a reader waits for them. */
const MAX_PENDING = 2_000;

export const entryId = (position: string): string => hash('sha256', position, 'hex').slice(0, 16);

export class Quarantine {
  /** What is being written: whether the entry will be there, and by which run. Reads do not see it yet. */
  private readonly pending = new Map<string, { readonly there: boolean; readonly run: string | undefined }>();
  private entries: number;
  /** Resolves when all that was put is committed, or has failed; never rejects. */
  private last: Promise<unknown> = Promise.resolve();
  private failed: YitongError | undefined;

  /** Of the cause of each row. */
  private readonly index: CauseIndex<QuarantineEntry>;

  private constructor(
    private readonly env: Env<QuarantineEntry, string>,
    private readonly now: () => Date,
  ) {
    this.index = new CauseIndex<QuarantineEntry>(this.db);
    if (this.index.missing) env.writeSync(() => this.index.make());
    this.entries = this.index.rows();
  }

  private get db(): Env<QuarantineEntry, string>['root'] {
    return this.env.root;
  }

  /** Sees what other processes have changed; for whoever keeps it open beyond its own turn (`publish/turn.ts`). */
  async refresh(): Promise<void> {
    await this.last;
    this.db.resetReadTxn();
    this.entries = this.index.rows();
  }

  static fileOf(dataDir: string, dataset: DatasetId): string {
    return join(dataDir, 'quarantine', `${dataset}.mdb`);
  }

  static exists(dataDir: string, dataset: DatasetId): boolean {
    return existsSync(Quarantine.fileOf(dataDir, dataset));
  }

  /** Rows that are held back of it now. @throws YitongError `store_damaged` */
  static async countOf(dataDir: string, dataset: DatasetId): Promise<number> {
    if (!Quarantine.exists(dataDir, dataset)) return 0;
    const quarantine = Quarantine.open(dataDir, dataset, () => new Date());
    try {
      return quarantine.count();
    } finally {
      await quarantine.close();
    }
  }

  /** @throws YitongError `store_damaged` */
  static open(dataDir: string, dataset: DatasetId, now: () => Date): Quarantine {
    const dir = join(dataDir, 'quarantine');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = Quarantine.fileOf(dataDir, dataset);
    refuseDamaged(
      path,
      `the quarantine of \`${dataset}\``,
      'put it back from a backup, or remove it: its rows come again with the next run of their source, those ' +
        'that were pushed do not (docs/faults.md)',
      true,
    );
    const env = openEnv<QuarantineEntry, string>({ file: path, encoding: 'json' });
    for (const file of [path, `${path}-lock`]) if (existsSync(file)) chmodSync(file, 0o600);
    markMade(path);
    return new Quarantine(env, now);
  }

  /** Durable after `flushed`. */
  add(row: QuarantinedRow, run: string): void {
    const id = entryId(row.position);
    const known = this.has(id);
    if (!known) this.entries += 1;
    const firstSeen = (known ? this.db.get(id)?.firstSeen : undefined) ?? this.now().toISOString();
    this.write(
      id,
      run,
      this.env.write(() => {
        const entry = { ...row, id, firstSeen, run };
        this.index.changed(this.db.get(id), entry);
        this.db.putSync(id, entry);
      }),
    );
  }

  /** The row at this position is good now. */
  good(position: string): void {
    if (this.entries > 0) this.remove(entryId(position));
  }

  /** The run that saw the row at this position last; undefined if it is not here. */
  runOf(position: string): string | undefined {
    if (this.entries === 0) return undefined;
    const id = entryId(position);
    const pending = this.pending.get(id);
    return pending === undefined ? this.db.get(id)?.run : pending.run;
  }

  remove(id: string): void {
    if (!this.has(id)) return;
    this.entries -= 1;
    this.write(
      id,
      undefined,
      this.env.write(() => {
        this.index.changed(this.db.get(id), undefined);
        this.db.removeSync(id);
      }),
    );
  }

  /** Not a set of all ids: a source whose every row is bad would fill the memory with them. */
  private has(id: string): boolean {
    return this.entries > 0 && (this.pending.get(id)?.there ?? this.db.doesExist(id));
  }

  /** `run` of an entry that is removed is undefined. */
  private write(id: string, run: string | undefined, written: Promise<unknown>): void {
    const mark = { there: run !== undefined, run };
    this.pending.set(id, mark);
    const done = (): void => {
      if (this.pending.get(id) === mark) this.pending.delete(id);
    };
    // whatever is written after it, a failed write is met by whoever waits for what was put
    const last = written.then(done, (cause: unknown) => {
      done();
      this.failed ??= new YitongError('state_unavailable', 'the quarantine cannot be written; is its disk full?', {
        cause,
      });
    });
    this.last = this.last.then(() => last);
  }

  /** Resolves when there is room for more: rows are read faster than they are written. */
  async room(): Promise<void> {
    if (this.pending.size >= MAX_PENDING) await this.last;
  }

  /** After a run that saw the whole source: what it did not see again is gone. */
  async keepOnly(run: string): Promise<void> {
    await this.last;
    for (const { key, value } of this.db.getRange({ end: ROWS_END, snapshot: false })) {
      if (value.run === run) continue;
      this.remove(key);
      await this.room();
    }
  }

  /**
   * Pushed records that came first before `before` go: whoever pushed them was told at once, and may push them again.
   * Rows of a source stay until it is read again.
   * @returns how many
   */
  async expirePushed(before: Date): Promise<number> {
    await this.last;
    const limit = before.toISOString();
    let gone = 0;
    for (const { key, value } of this.db.getRange({ end: ROWS_END, snapshot: false })) {
      if ((value.value === undefined && value.withdraw === undefined) || value.firstSeen >= limit) continue;
      this.remove(key);
      gone += 1;
      await this.room();
    }
    await this.flushed();
    return gone;
  }

  async get(id: string): Promise<QuarantineEntry | undefined> {
    await this.last;
    return this.db.get(id);
  }

  /** By row number within their file, at most `limit`. */
  async list(limit = Number.POSITIVE_INFINITY): Promise<QuarantineEntry[]> {
    await this.last;
    let entries: QuarantineEntry[] = [];
    const first = (): QuarantineEntry[] =>
      entries
        .sort((a, b) => (a.rowNumber === b.rowNumber ? (a.position < b.position ? -1 : 1) : a.rowNumber - b.rowNumber))
        .slice(0, limit);
    for (const { value } of this.db.getRange({ end: ROWS_END })) {
      entries.push(value);
      // of very many, no more than a few times the wanted ones are held
      if (entries.length > 4 * limit + 1000) entries = first();
    }
    return first();
  }

  /** In the order of ids, from behind `after`: pages stay the same while rows come and go. */
  async page(after: string, limit: number): Promise<QuarantineEntry[]> {
    await this.last;
    return [...this.db.getRange({ start: `${after}\0`, end: ROWS_END, limit })].map(({ value }) => value);
  }

  /** What comes first in how many rows, the most frequent first; kept, not counted. */
  async causes(): Promise<readonly CauseCount[]> {
    await this.last;
    return this.index.causes();
  }

  /** Rows of one cause, in the order of ids from behind `after`; `next` where there are more. */
  async rowsOf(
    cause: QuarantineCause,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<{ readonly rows: readonly QuarantineEntry[]; readonly next?: string }> {
    await this.last;
    const ids = this.index.idsOf(cause, after, limit + 1);
    const rows = ids.slice(0, limit).flatMap((id) => this.db.get(id) ?? []);
    const next = ids.length > limit ? ids[limit - 1] : undefined;
    return { rows, ...(next === undefined ? {} : { next }) };
  }

  count(): number {
    return this.entries;
  }

  /** @throws YitongError `state_unavailable` if anything that was put before could not be written */
  async flushed(): Promise<void> {
    await this.last;
    const { failed } = this;
    this.failed = undefined;
    if (failed !== undefined) throw failed;
  }

  async close(): Promise<void> {
    try {
      await this.flushed();
    } finally {
      await this.env.close();
    }
  }
}
