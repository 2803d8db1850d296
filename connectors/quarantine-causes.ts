/**
 * Which rows of a quarantine have which cause, and how many they are: kept beside the rows and changed with them, so
 * that a page of one cause and the counts of all cost the same whatever there is. Keys begin with `~`, which no id of a
 * row does.
 */
import { hash } from 'node:crypto';
import type { FieldProblem } from '../contracts/errors.js';

/** Why a row is held back: the first thing that is wrong with it. */
export interface QuarantineCause {
  readonly code: string;
  /** Of the contract; empty where the row as a whole is wrong. */
  readonly field: string;
}

export type CauseCount = QuarantineCause & { readonly rows: number };

interface Table<V> {
  get(key: string): V | undefined;
  getRange(options: { readonly start?: string; readonly end?: string }): Iterable<{ key: string; value: V }>;
  getKeys(options: { readonly start: string; readonly end: string; readonly limit?: number }): Iterable<string>;
  putSync(key: string, value: V): unknown;
  removeSync(key: string): unknown;
}

interface WithProblems {
  readonly id: string;
  readonly problems: readonly FieldProblem[];
}

/** Behind every id, before every key of the index. */
export const ROWS_END = '~';
const COUNT = '~c';
const ROW = '~r';
/** Written last, when an index was made of what was there before. */
const MADE = '~made';

export const causeOf = ({ problems: [first] }: Pick<WithProblems, 'problems'>): QuarantineCause => ({
  code: first?.code ?? '',
  field: first?.field ?? '',
});

const nameOf = ({ code, field }: QuarantineCause): string =>
  hash('sha256', JSON.stringify([code, field]), 'hex').slice(0, 16);

/** The one cast: keys that begin with `~` hold counts and marks, all others rows. */
export class CauseIndex<R extends WithProblems> {
  readonly #db: Table<R | CauseCount | 1>;

  constructor(db: Table<R>) {
    this.#db = db as unknown as Table<R | CauseCount | 1>;
  }

  /** Of a store that was written without one. */
  get missing(): boolean {
    return this.#db.get(MADE) === undefined;
  }

  /** Within a transaction: made anew of the rows. */
  make(): void {
    for (const key of [...this.#db.getKeys({ start: ROWS_END, end: '\u007f' })]) this.#db.removeSync(key);
    const counts = new Map<string, CauseCount>();
    const found: (readonly [id: string, cause: QuarantineCause])[] = [];
    for (const { value } of this.#db.getRange({ end: ROWS_END })) found.push([(value as R).id, causeOf(value as R)]);
    for (const [id, cause] of found) {
      const name = nameOf(cause);
      this.#db.putSync(`${ROW}${name}${id}`, 1);
      counts.set(name, { ...cause, rows: (counts.get(name)?.rows ?? 0) + 1 });
    }
    for (const [name, count] of counts) this.#db.putSync(`${COUNT}${name}`, count);
    this.#db.putSync(MADE, 1);
  }

  /** Within a transaction, with the row itself: what it was, and what it is. */
  changed(before: R | undefined, after: R | undefined): void {
    const [was, is] = [
      before === undefined ? undefined : causeOf(before),
      after === undefined ? undefined : causeOf(after),
    ];
    if (was !== undefined && is !== undefined && was.code === is.code && was.field === is.field) return;
    if (before !== undefined && was !== undefined) {
      this.#db.removeSync(`${ROW}${nameOf(was)}${before.id}`);
      this.#count(was, -1);
    }
    if (after !== undefined && is !== undefined) {
      this.#db.putSync(`${ROW}${nameOf(is)}${after.id}`, 1);
      this.#count(is, 1);
    }
  }

  #count(cause: QuarantineCause, by: 1 | -1): void {
    const key = `${COUNT}${nameOf(cause)}`;
    const rows = ((this.#db.get(key) as CauseCount | undefined)?.rows ?? 0) + by;
    if (rows <= 0) this.#db.removeSync(key);
    else this.#db.putSync(key, { code: cause.code, field: cause.field, rows });
  }

  /** The most frequent first. */
  causes(): readonly CauseCount[] {
    return [...this.#db.getRange({ start: COUNT, end: `${COUNT}~` })]
      .map(({ value }) => value as CauseCount)
      .sort((a, b) => b.rows - a.rows);
  }

  rows(): number {
    return this.causes().reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Ids of rows with that cause, in their order, from behind `after`. */
  idsOf(cause: QuarantineCause, after: string, limit: number): readonly string[] {
    const prefix = `${ROW}${nameOf(cause)}`;
    return [...this.#db.getKeys({ start: `${prefix}${after}\0`, end: `${prefix}~`, limit })].map((key) =>
      key.slice(prefix.length),
    );
  }
}
