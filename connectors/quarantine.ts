/**
 * Rows that broke their contract, one LMDB file a dataset (`<data>/quarantine/<dataset>.mdb`), readable by its owner only: it holds what
 * the source sent. Keyed by position, so that a run replaces what an earlier one left, and what became good leaves.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { FieldProblem } from '../contracts/errors.js';
import type { DatasetId } from '../contracts/ids.js';
import type { Cell } from './sources/port.js';

export interface QuarantinedRow {
  readonly position: string;
  readonly rowNumber: number;
  readonly sourceTime: string;
  readonly problems: readonly FieldProblem[];
  /** What there is of the row: cells of a source, the line that could not be read, a record or a withdrawal that was pushed. */
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

export const entryId = (position: string): string => hash('sha256', position, 'hex').slice(0, 16);

export class Quarantine {
  private readonly known: Set<string>;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly db: RootDatabase<QuarantineEntry, string>,
    private readonly now: () => Date,
  ) {
    this.known = new Set(db.getKeys());
  }

  static exists(dataDir: string, dataset: DatasetId): boolean {
    return existsSync(join(dataDir, 'quarantine', `${dataset}.mdb`));
  }

  static open(dataDir: string, dataset: DatasetId, now: () => Date): Quarantine {
    const dir = join(dataDir, 'quarantine');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, `${dataset}.mdb`);
    const db = open<QuarantineEntry, string>({ path, noSubdir: true, encoding: 'json' });
    for (const file of [path, `${path}-lock`]) if (existsSync(file)) chmodSync(file, 0o600);
    return new Quarantine(db, now);
  }

  /** Durable after `flushed`. */
  add(row: QuarantinedRow, run: string): void {
    const id = entryId(row.position);
    const firstSeen = (this.known.has(id) ? this.db.get(id)?.firstSeen : undefined) ?? this.now().toISOString();
    this.known.add(id);
    this.last = this.db.put(id, { ...row, id, firstSeen, run });
  }

  /** The row at this position is good now. */
  good(position: string): void {
    if (this.known.size === 0) return;
    const id = entryId(position);
    if (this.known.delete(id)) this.last = this.db.remove(id);
  }

  /** The run that saw the row at this position last; undefined if it is not here. */
  runOf(position: string): string | undefined {
    if (this.known.size === 0) return undefined;
    const id = entryId(position);
    return this.known.has(id) ? this.db.get(id)?.run : undefined;
  }

  remove(id: string): void {
    this.known.delete(id);
    this.last = this.db.remove(id);
  }

  /** After a run that saw the whole source: what it did not see again is gone. */
  async keepOnly(run: string): Promise<void> {
    for (const entry of await this.list()) if (entry.run !== run) this.remove(entry.id);
  }

  async get(id: string): Promise<QuarantineEntry | undefined> {
    await this.last;
    return this.db.get(id);
  }

  /** By row number within their file, at most `limit`. */
  async list(limit = Number.POSITIVE_INFINITY): Promise<QuarantineEntry[]> {
    await this.last;
    const entries = [...this.db.getRange()].map(({ value }) => value);
    return entries.sort((a, b) => (a.rowNumber === b.rowNumber ? (a.position < b.position ? -1 : 1) : a.rowNumber - b.rowNumber)).slice(0, limit);
  }

  count(): number {
    return this.known.size;
  }

  async flushed(): Promise<void> {
    await this.last;
    await this.db.flushed;
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.db.close();
  }
}
