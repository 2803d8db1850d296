/**
 * The environment and its five maps (`../packed/maps.ts`).
 *
 * Each value stands with its checksum (`checked.ts`).
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../../connectors/lmdb/env.js';
import { YitongError } from '../../../../contracts/errors.js';
import { CheckedMap } from './checked.js';

export const VIEW_FILE = 'view.mdb';

export interface Store {
  /** Which file it is: another one once the view was built anew. */
  readonly file: number;
  readonly heads: CheckedMap;
  readonly records: CheckedMap;
  readonly history: CheckedMap;
  readonly poison: CheckedMap;
  readonly state: CheckedMap;
  /** All of it or nothing; on disk, and seen by readers, when this returns. */
  write<T>(work: () => T): T;
  /** Within `write` only, before its first change. @throws YitongError `store_full` */
  refuseFull(): void;
  /** What is read next is read in the newest snapshot. */
  newest(): void;
  /**
   * Where the newest snapshot is older than one that was read: waits until it is the newest again
   * (`connectors/lmdb/env.ts`).
   */
  settle(): void;
  /**
   * A number that changes with every commit of any process, as the snapshot of this turn of the event loop shows it.
   */
  stamp(): number;
  /** Commits of this process. */
  writes(): number;
  /** Another thread of this process has committed: what is read next is read behind it. */
  written(): void;
  /** As `Env.look`. */
  look(signal: AbortSignal): Promise<string | undefined>;
  /** Frees the slots of readers that were killed. */
  reapReaders(): void;
  close(): Promise<void>;
}

const STAMP = Buffer.from('stamp');

export interface StoreSize {
  /** Of what may be in it; 0, the default: as many as the disk has. */
  readonly maxBytes?: number;
  /** Bytes of address space that it begins with: no memory, and no disk until it is written. Default 64 GiB. */
  readonly mapSize?: number;
}

/** @throws YitongError `view_unavailable` */
export function openStore(dir: string, readOnly: boolean, size: StoreSize = {}): Store {
  const { maxBytes = 0, mapSize = 64 * 2 ** 30 } = size;
  try {
    const env = openEnv<Buffer, Buffer>({
      file: join(dir, VIEW_FILE),
      readOnly,
      maxDbs: 8,
      maxReaders: 512,
      // so large that a process seldom has to map it anew
      mapSize,
      ...(maxBytes > 0 ? { limit: { bytes: maxBytes, setting: 'gateway.viewMaxBytes', what: 'the view' } } : {}),
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    const { root } = env;
    const binary = (name: string): CheckedMap =>
      new CheckedMap(env.table<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' }));
    const heads = binary('heads');
    const records = binary('records');
    const history = binary('history');
    const poison = binary('poison');
    const state = binary('state');
    let writes = 0;
    const readStamp = (): number => state.read(STAMP)?.readDoubleLE(0) ?? 0;
    return {
      file: statSync(join(dir, VIEW_FILE)).ino,
      heads,
      records,
      history,
      poison,
      state,
      write: (work) => {
        const result = env.writeSync(() => {
          const done = work();
          const stamp = Buffer.allocUnsafe(8);
          stamp.writeDoubleLE(readStamp() + 1);
          state.put(STAMP, stamp);
          return done;
        });
        writes++;
        return result;
      },
      refuseFull: () => env.refuseFull(),
      // lmdb keeps one snapshot for about a millisecond, over turns of the event loop: what another process has
      // committed would not be seen yet
      newest: () => root.resetReadTxn(),
      settle() {
        env.settle();
        root.resetReadTxn();
      },
      stamp: readStamp,
      writes: () => writes,
      written() {
        writes++;
        root.resetReadTxn();
      },
      look: (signal) => env.look(signal),
      reapReaders: () => void root.readerCheck(),
      close: () => env.close(),
    };
  } catch (cause) {
    throw new YitongError(
      'view_unavailable',
      'the view cannot be opened; is its writer running, and its disk local and writable?',
      { cause },
    );
  }
}
