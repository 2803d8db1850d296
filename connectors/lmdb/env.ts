/**
 * Every LMDB store of the product is opened and written here, and nowhere else. What its transactions keep, and what
 * all openings of a thread share, stands in `handle.ts`. How much may be in a store is its `limit`; `refuseFull` holds
 * it.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Database, Key, RootDatabase } from 'lmdb';
import { YitongError } from '../../contracts/errors.js';
import { writes } from './ending.js';
import { newestOf } from './file.js';
import { type Encodings, giveUp, type Handle, type HandleOptions, takeHandle } from './handle.js';
import { lookAt } from './looked.js';
import { type Limit, usedBytes } from './room.js';

export { asBinary, type Database, type Key, type RootDatabase } from 'lmdb';

type EnvOptions = Omit<HandleOptions, 'noSync' | 'looksOnly'> & {
  /** Of the data file: `<folder>/data.mdb`, with `lock.mdb` beside it, or any other name, with `<name>-lock`. */
  readonly file: string;
  /** Commits do not wait for the disk: for what need not outlive a power cut. */
  readonly noSync?: boolean;
  /** What is opened must be there, nothing in it is changed, and tables that it does not have are not made. */
  readonly readOnly?: boolean;
  /** Default: as much as the disk has. */
  readonly limit?: Limit;
};

/** ms for which a store beyond its limit that has `ROOMY` of it free is not looked at again. */
const ROOM_FRESH = 1000;
const ROOMY = 0.1;

/**
 * A file may be opened several times in a thread; what the first opening sets for it (`noSync`, `mapSize`, `maxDbs`,
 * `maxReaders`) holds for the others.
 * @throws Error of LMDB or of the file system
 */
export function openEnv<V, K extends Key>({ readOnly = false, noSync = false, limit, ...rest }: EnvOptions): Env<V, K> {
  const file = resolve(rest.file);
  if (readOnly && statSync(file).size === 0) throw new Error('nothing was ever written to it');
  const handle = takeHandle({ ...rest, file, noSync, looksOnly: readOnly && !writable(file) });
  try {
    handle.settle();
    return new Env<V, K>(handle, rest, { file, readOnly, limit });
  } catch (error) {
    handle.close().catch(() => undefined);
    throw error;
  }
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
  readonly limit: Limit | undefined;
}

export class Env<V, K extends Key> {
  /**
   * The table without a name. Read it at any time; it is changed within `write` and `writeSync` only, as are all
   * tables.
   */
  readonly root: RootDatabase<V, K>;
  readonly #handle: Handle;
  readonly #file: string;
  readonly #readOnly: boolean;
  readonly #limit: Limit | undefined;
  #ended: (() => void) | undefined;
  /** ms of `performance.now()` until which there is room enough. */
  #roomUntil = 0;
  /** Of `write`, begun here and not over. */
  #under = 0;
  #whenOver: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** Call `openEnv`. */
  constructor(handle: Handle, encodings: Encodings, { file, readOnly, limit }: Opened) {
    this.#handle = handle;
    this.#file = file;
    this.#readOnly = readOnly;
    this.#limit = limit;
    // the casts here and in `table`: what its encodings read is its user's word
    this.root = handle.table(undefined, encodings, false) as unknown as RootDatabase<V, K>;
  }

  /** A table of its own. @throws Error where the store was opened for reading only and has no such table */
  table<TV, TK extends Key>(name: string, encodings: Encodings): Database<TV, TK> {
    const table = this.#handle.table(name, encodings, !this.#readOnly);
    if (table === undefined) throw new Error(`it has no table \`${name}\``);
    return table as unknown as Database<TV, TK>;
  }

  /**
   * Runs `work` under the lock that all processes share; it does not wait for anything. Resolves when what it wrote is
   * on disk. What it wrote before it threw is committed all the same: it throws before its first change, or makes them
   * in `undone`.
   */
  async write<T>(work: () => T): Promise<T> {
    this.#refuse();
    // its thread ends with the process, and not by itself
    this.#ended ??= writes();
    this.#under++;
    try {
      return await this.#handle.write(work);
    } finally {
      if (--this.#under === 0) this.#whenOver?.();
    }
  }

  /** As `write`, at once. What `work` wrote before it threw is undone. Within a `write`, it is a part of it. */
  writeSync<T>(work: () => T): T {
    this.#refuse();
    return this.#handle.writeSync(work);
  }

  /** Within `write` only: what `work` wrote before it threw is undone, and nothing else. */
  undone<T>(work: () => T): T {
    if (!this.#handle.isWriting) throw new Error('not within a transaction');
    return this.#handle.undone(work);
  }

  /**
   * For a transaction that adds something, before its first change: refuses it where the store has reached its limit.
   * What frees room, or is no more than a mark, does not ask. So a store passes its limit by what one transaction
   * brings, or by what comes within a second where it had room until then.
   * @throws YitongError `store_full`
   */
  refuseFull(): void {
    if (!this.#handle.isWriting) throw new Error('not within a transaction');
    const limit = this.#limit;
    if (limit === undefined || performance.now() < this.#roomUntil) return;
    const { lastPageNumber, pageSize } = this.#handle.stats();
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
      giveUp(tries);
    }
  }

  /**
   * Looks whether the number that readers go by is that of the newest commit, and puts it right; waits for whoever
   * writes. An opening does it by itself.
   */
  settle(): void {
    this.#handle.settle();
  }

  /** When what it writes is on disk. Called again, it waits for the same. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#under > 0) await new Promise<void>((resolve) => (this.#whenOver = resolve));
    await this.#handle.close();
    this.#ended?.();
  }

  #refuse(): void {
    if (this.#readOnly) throw new Error('it was opened for reading only');
    if (this.#closing !== undefined) throw new Error('it was closed');
  }
}
