/**
 * LMDB's package opens stores here and nowhere else, but for `heal.ts`: one handle of a file in each thread, however
 * often the file is opened there (`env.ts`), and all its transactions.
 *
 * LMDB has a fault (ITS#9496, in all that the package `lmdb` ships): a process that opens a store writes the number of
 * the newest commit, as it read it a moment ago, into the memory that all processes share. If another process commits
 * in that moment, the number goes back by one, and the next transaction takes the place of that commit: what was
 * acknowledged is gone. So each transaction looks, before it writes, whether it comes right behind the newest commit
 * that stands in the file. If not, it is not used: while it holds the lock of all writers, another process opens the
 * store (`heal.ts`), which puts the number right, and the work is done in a new transaction. Each opening looks as
 * well, so that readers do not see the state of before for long.
 *
 * Why one handle: an asynchronous write holds the lock of all writers on a thread beside, and waits there until the
 * main thread has done its part. A second handle of the file knows nothing of that: its next synchronous write, or its
 * opening alone, would wait for the lock in the main thread; neither would ever end, and no other process could write
 * any more. One handle knows of the write that is under way: it ends that transaction, does its own, and the other goes
 * on in a new one behind it.
 *
 * A transaction is on disk when `write` resolves or `writeSync` returns (LMDB's overlapping sync is off: it locks with
 * a second mutex, and a process that is killed while it holds that one makes the next one of another process fail for
 * ever).
 *
 * A map grows by itself: the package `lmdb` maps the file anew, twice as large, when a transaction needs a page behind
 * its end, and so does each other process with its next look; maps of before stay, so what somebody holds of them stays
 * as it is. `mapSize` is only what it begins with.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  ABORT,
  type Database,
  type DatabaseOptions,
  type Key,
  open,
  type RootDatabase,
  type RootDatabaseOptions,
} from 'lmdb';
import { identityOf, pathOf } from './file.js';

export type Encodings = Pick<DatabaseOptions, 'encoding' | 'keyEncoding'>;

export type HandleOptions = Encodings &
  Pick<RootDatabaseOptions, 'maxDbs' | 'maxReaders' | 'mapSize'> & {
    readonly file: string;
    /** Its commits do not wait for the disk. */
    readonly noSync: boolean;
    /** Its user may not write the file: no transaction is begun, and an opening cannot look whether it did harm. */
    readonly looksOnly: boolean;
  };

const CHANGES = [
  'put',
  'putSync',
  'remove',
  'removeSync',
  'clearSync',
  'clearAsync',
  'batch',
  'ifVersion',
  'ifNoExists',
  'transaction',
  'transactionSync',
] as const;
/** Tries before a store whose number of commits cannot be put right is given up. */
const TRIES = 20;
const HEAL = fileURLToPath(new URL('heal.js', import.meta.url));

/** Of the newest commit that stands in the file. */
interface Stats {
  readonly lastTxnId: number;
  readonly lastPageNumber: number;
  readonly pageSize: number;
}

/** Of this thread, by the place of the file on its disk. */
const handles = new Map<string, Handle>();

/**
 * Each is let go by `close`. What the first one sets for a file holds for the others as well, except encodings.
 * @throws Error of LMDB or of the file system
 */
export function takeHandle(options: HandleOptions): Handle {
  const known = handles.get(identityOf(options.file) ?? '');
  const handle = known ?? new Handle(options);
  const identity = identityOf(options.file);
  if (known === undefined && identity !== undefined) handles.set(identity, handle);
  handle.holders++;
  return handle;
}

export function giveUp(tries: number): void {
  if (tries >= TRIES) throw new Error('the store does not say which commit is its newest');
}

export class Handle {
  holders = 0;
  readonly #root: RootDatabase<unknown, Key>;
  readonly #file: string;
  readonly #looksOnly: boolean;
  readonly #async: RootDatabase['transaction'];
  readonly #sync: RootDatabase['transactionSync'];
  readonly #tables = new Map<string, Database<unknown, Key>>();
  /** Transactions within one another. */
  #writing = 0;
  /** A transaction under a wrong number was begun here: what LMDB remembers of free pages may be of that number. */
  #isStale = false;

  /** Call `takeHandle`. */
  constructor({ file, noSync, looksOnly, ...options }: HandleOptions) {
    this.#file = file;
    this.#looksOnly = looksOnly;
    this.#root = open<unknown, Key>({
      ...options,
      ...pathOf(file),
      overlappingSync: false,
      ...(noSync ? { noSync } : {}),
      ...(looksOnly ? { readOnly: true } : {}),
    });
    this.#async = this.#root.transaction.bind(this.#root);
    this.#sync = this.#root.transactionSync.bind(this.#root);
    this.#guard(this.#root);
    this.#tables.set(tableKey(undefined, options), this.#root);
  }

  get isWriting(): boolean {
    return this.#writing > 0;
  }

  /** Of the newest commit. The one cast: `mdb_env_info`, which the package's types do not name. */
  stats(): Stats {
    return this.#root.getStats() as unknown as Stats;
  }

  /** The table of that name, or the one without a name that every file has; undefined where it is not to be made. */
  table(name: string | undefined, encodings: Encodings, isMade: boolean): Database<unknown, Key> | undefined {
    const key = tableKey(name, encodings);
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const { encoding, keyEncoding } = encodings;
    const make = (): Database<unknown, Key> | undefined =>
      this.#root.openDB<unknown, Key>({
        ...(encoding === undefined ? {} : { encoding }),
        ...(keyEncoding === undefined ? {} : { keyEncoding }),
        // the one cast: null is the table without a name, which the package's types do not say
        name: (name ?? null) as string,
        ...(isMade ? {} : { create: false }),
      });
    const table = this.#looksOnly ? make() : this.writeSync(make);
    if (table === undefined) return undefined;
    this.#guard(table);
    // one that a transaction makes is gone again if that is undone
    if (!this.isWriting) this.#tables.set(key, table);
    return table;
  }

  async write<T>(work: () => T): Promise<T> {
    for (let tries = 0; ; tries++) {
      let refused = false;
      const result = await this.#async(() => {
        refused = this.#isBehind();
        return refused ? undefined : this.#within(work);
      });
      // the one cast: it is undefined where it was refused only
      if (!refused) return result as T;
      this.settle();
      giveUp(tries);
    }
  }

  writeSync<T>(work: () => T): T {
    if (this.isWriting) return this.undone(work);
    for (let tries = 0; ; tries++) {
      let refused = false;
      const result = this.#sync(() => {
        refused = this.#isBehind();
        return refused ? ABORT : this.#within(work);
      });
      // the one cast: ABORT comes back where it was refused only
      if (!refused) return result as T;
      // an aborted transaction forgets the free pages
      this.#isStale = false;
      giveUp(tries);
    }
  }

  undone<T>(work: () => T): T {
    // the one cast: `work` does not wait, so neither does this
    return this.#root.childTransaction(work) as T;
  }

  /**
   * Looks whether the number that readers go by is that of the newest commit, and puts it right; waits for whoever
   * writes.
   */
  settle(): void {
    if (!this.#looksOnly) this.writeSync(() => undefined);
  }

  /** By whoever has nothing under way in it; the last one closes the file. */
  async close(): Promise<void> {
    if (--this.holders > 0) return;
    for (const [identity, handle] of handles) if (handle === this) handles.delete(identity);
    await this.#root.close();
  }

  #within<T>(work: () => T): T {
    this.#writing++;
    try {
      return work();
    } finally {
      this.#writing--;
    }
  }

  /**
   * At the beginning of a transaction: whether another commit stands in its place already. Then the number is put
   * right.
   */
  #isBehind(): boolean {
    if (this.#isStale) return true;
    if (this.#root.getWriteTxnId() === this.stats().lastTxnId + 1) return false;
    this.#isStale = true;
    // nobody else writes before this transaction ends
    spawnSync(process.execPath, [HEAL, this.#file], { stdio: 'ignore', env: {}, timeout: 60_000 });
    return true;
  }

  /** What would change a table by itself does not look first. */
  #guard<TV, TK extends Key>(table: Database<TV, TK>): void {
    for (const name of CHANGES) {
      const change: (...args: never[]) => unknown = table[name].bind(table);
      Object.assign(table, {
        [name]: (...args: never[]) => {
          if (!this.isWriting) throw new Error('a change outside of a transaction');
          return change(...args);
        },
      });
    }
  }
}

const tableKey = (name: string | undefined, { encoding, keyEncoding }: Encodings): string =>
  JSON.stringify([name ?? null, encoding ?? null, keyEncoding ?? null]);
