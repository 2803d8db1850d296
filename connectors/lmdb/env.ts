/**
 * Every LMDB store of the product is opened and written here, and nowhere else.
 *
 * LMDB has a fault (ITS#9496, in all that the package `lmdb` ships): a process that opens a store writes the number of
 * the newest commit, as it read it a moment ago, into the memory that all processes share. If another process commits
 * in that moment, the number goes back by one, and the next transaction takes the place of that commit: what was
 * acknowledged is gone. So each transaction looks, before it writes, whether it comes right behind the newest commit
 * that stands in the file. If not, it is not used: while it holds the lock of all writers, another process opens the
 * store (`heal.ts`), which puts the number right, and the work is done in a new transaction. Each opening looks as
 * well, so that readers do not see the state of before for long.
 *
 * A transaction is on disk when `write` resolves or `writeSync` returns (LMDB's overlapping sync is off: it locks with
 * a second mutex, and a process that is killed while it holds that one makes the next one of another process fail for
 * ever).
 *
 * A map grows by itself: the package `lmdb` maps the file anew, twice as large, when a transaction needs a page behind
 * its end, and so does each other process with its next look; maps of before stay, so what somebody holds of them stays
 * as it is. `mapSize` is only what it begins with. How much may be in a store is its `limit`; `refuseFull` holds it.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
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
import { YitongError } from '../../contracts/errors.js';
import { writes } from './ending.js';
import { newestOf, pathOf } from './file.js';
import { lookAt } from './looked.js';
import { type Limit, usedBytes } from './room.js';

export { asBinary, type Database, type Key, type RootDatabase } from 'lmdb';

type EnvOptions = Pick<RootDatabaseOptions, 'encoding' | 'keyEncoding' | 'maxDbs' | 'maxReaders' | 'mapSize'> & {
  /** Of the data file: `<folder>/data.mdb`, with `lock.mdb` beside it, or any other name, with `<name>-lock`. */
  readonly file: string;
  /** Commits do not wait for the disk: for what need not outlive a power cut. */
  readonly noSync?: boolean;
  /** What is opened must be there, nothing in it is changed, and tables that it does not have are not made. */
  readonly readOnly?: boolean;
  /** Default: as much as the disk has. */
  readonly limit?: Limit;
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
/**
 * Files of which a transaction under the wrong number has been begun by this process: what LMDB remembers of free pages
 * may be of that number.
 */
const stale = new Set<string>();
/** ms for which a store beyond its limit that has `ROOMY` of it free is not looked at again. */
const ROOM_FRESH = 1000;
const ROOMY = 0.1;
const HEAL = fileURLToPath(new URL('heal.js', import.meta.url));

/** @throws Error of LMDB or of the file system */
export function openEnv<V, K extends Key>(options: EnvOptions): Env<V, K> {
  const { file, readOnly = false, noSync = false, limit, ...rest } = options;
  if (readOnly && statSync(file).size === 0) throw new Error('nothing was ever written to it');
  const looksOnly = readOnly && !writable(file);
  const root = open<V, K>({
    ...rest,
    ...pathOf(file),
    overlappingSync: false,
    ...(noSync ? { noSync } : {}),
    ...(looksOnly ? { readOnly: true } : {}),
  });
  return new Env(root, { file, readOnly, looksOnly, limit });
}

function writable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

interface Opened {
  readonly file: string;
  readonly readOnly: boolean;
  readonly looksOnly: boolean;
  readonly limit: Limit | undefined;
}

export class Env<V, K extends Key> {
  /**
   * The table without a name. Read it at any time; it is changed within `write` and `writeSync` only, as are all
   * tables.
   */
  readonly root: RootDatabase<V, K>;
  readonly #file: string;
  readonly #readOnly: boolean;
  /** Its user may not write the file, so it cannot look whether it did harm by opening it. */
  readonly #looksOnly: boolean;
  readonly #async: RootDatabase<V, K>['transaction'];
  readonly #sync: RootDatabase<V, K>['transactionSync'];
  #writing = 0;
  #ended: (() => void) | undefined;
  readonly #limit: Limit | undefined;
  /** ms of `performance.now()` until which there is room enough. */
  #roomUntil = 0;

  /** Call `openEnv`. */
  constructor(root: RootDatabase<V, K>, { file, readOnly, looksOnly, limit }: Opened) {
    this.root = root;
    this.#file = resolve(file);
    this.#readOnly = readOnly;
    this.#looksOnly = looksOnly;
    this.#limit = limit;
    this.#async = root.transaction.bind(root);
    this.#sync = root.transactionSync.bind(root);
    this.#guard(root);
    this.settle();
  }

  /** A table of its own. @throws Error where the store was opened for reading only and has no such table */
  table<TV, TK extends Key>(
    name: string,
    options: Pick<DatabaseOptions, 'encoding' | 'keyEncoding'>,
  ): Database<TV, TK> {
    const make = (): Database<TV, TK> | undefined =>
      this.root.openDB<TV, TK>({ ...options, name, ...(this.#readOnly ? { create: false } : {}) });
    const table = this.#looksOnly ? make() : this.#inSync(make);
    if (table === undefined) throw new Error(`it has no table \`${name}\``);
    this.#guard(table);
    return table;
  }

  /**
   * Runs `work` under the lock that all processes share; it does not wait for anything. Resolves when what it wrote is
   * on disk. What it wrote before it threw is committed all the same: it throws before its first change, or makes them
   * in `undone`.
   */
  async write<T>(work: () => T): Promise<T> {
    this.#refuseReader();
    // its thread ends with the process, and not by itself
    this.#ended ??= writes();
    for (let tries = 0; ; tries++) {
      let refused = false;
      const result = await this.#async(() => {
        refused = this.#isBehind();
        return refused ? undefined : this.#within(work);
      });
      // the one cast: it is undefined where it was refused only
      if (!refused) return result as T;
      this.settle();
      this.#giveUp(tries);
    }
  }

  /** As `write`, at once. What `work` wrote before it threw is undone. Within a `write`, it is a part of it. */
  writeSync<T>(work: () => T): T {
    this.#refuseReader();
    return this.#inSync(work);
  }

  /** Within `write` only: what `work` wrote before it threw is undone, and nothing else. */
  undone<T>(work: () => T): T {
    if (this.#writing === 0) throw new Error('not within a transaction');
    // the one cast: `work` does not wait, so neither does this
    return this.root.childTransaction(work) as T;
  }

  /**
   * For a transaction that adds something, before its first change: refuses it where the store has reached its limit.
   * What frees room, or is no more than a mark, does not ask. So a store passes its limit by what one transaction
   * brings, or by what comes within a second where it had room until then.
   * @throws YitongError `store_full`
   */
  refuseFull(): void {
    if (this.#writing === 0) throw new Error('not within a transaction');
    const limit = this.#limit;
    if (limit === undefined || performance.now() < this.#roomUntil) return;
    const { lastPageNumber, pageSize } = statsOf(this.root);
    if ((lastPageNumber + 1) * pageSize < limit.bytes) return;
    const used = usedBytes(this.#file) ?? 0;
    if (used >= limit.bytes)
      throw new YitongError(
        'store_full',
        `${limit.what} is full: it holds ${used} bytes, and \`${limit.setting}\` allows ${limit.bytes}; nothing is ` +
          'added to it until the setting is raised, and what is there stays as it is',
      );
    if (limit.bytes - used > limit.bytes * ROOMY) this.#roomUntil = performance.now() + ROOM_FRESH;
  }

  /**
   * Looks at all of what was committed last, on a thread beside; pages that are freed meanwhile are not used again
   * before it ends.
   * @returns what is wrong with it, in words @throws the reason of the signal; Error of the file system
   */
  async look(signal: AbortSignal): Promise<string | undefined> {
    for (let tries = 0; ; tries++) {
      const before = newestOf(this.#file);
      if (typeof before === 'string') return before;
      this.root.resetReadTxn();
      const snapshot = this.root.useReadTransaction();
      try {
        const now = newestOf(this.#file);
        // so the snapshot is of that commit: there was none in between
        if (typeof now !== 'string' && now.txn === before.txn) return await lookAt(this.#file, now, signal);
      } finally {
        snapshot.done();
      }
      this.#giveUp(tries);
    }
  }

  async close(): Promise<void> {
    await this.root.close();
    this.#ended?.();
  }

  #inSync<T>(work: () => T): T {
    if (this.#writing > 0) return this.undone(work);
    for (let tries = 0; ; tries++) {
      let refused = false;
      const result = this.#sync(() => {
        refused = this.#isBehind();
        return refused ? ABORT : this.#within(work);
      });
      // the one cast: ABORT comes back where it was refused only
      if (!refused) return result as T;
      // an aborted transaction forgets the free pages
      stale.delete(this.#file);
      this.#giveUp(tries);
    }
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
    if (stale.has(this.#file)) return true;
    if (this.root.getWriteTxnId() === statsOf(this.root).lastTxnId + 1) return false;
    stale.add(this.#file);
    // nobody else writes before this transaction ends
    spawnSync(process.execPath, [HEAL, this.#file], { stdio: 'ignore', env: {}, timeout: 60_000 });
    return true;
  }

  /**
   * Looks whether the number that readers go by is that of the newest commit, and puts it right; waits for whoever
   * writes. An opening does it by itself.
   */
  settle(): void {
    if (!this.#looksOnly) this.#inSync(() => undefined);
  }

  #giveUp(tries: number): void {
    if (tries >= TRIES) throw new Error('the store does not say which commit is its newest');
  }

  #refuseReader(): void {
    if (this.#readOnly) throw new Error('it was opened for reading only');
  }

  /** What would change a table by itself does not look first. */
  #guard<TV, TK extends Key>(table: Database<TV, TK>): void {
    for (const name of CHANGES) {
      const change: (...args: never[]) => unknown = table[name].bind(table);
      Object.assign(table, {
        [name]: (...args: never[]) => {
          if (this.#writing === 0) throw new Error('a change outside of a transaction');
          return change(...args);
        },
      });
    }
  }
}

/** Of the newest commit that stands in the file. */
interface Stats {
  readonly lastTxnId: number;
  readonly lastPageNumber: number;
  readonly pageSize: number;
}

/** The one cast: `mdb_env_info`, which the package's types do not name. */
const statsOf = <V, K extends Key>(root: RootDatabase<V, K>): Stats => root.getStats() as unknown as Stats;
