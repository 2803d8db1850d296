/**
 * The environment, its five maps and their keys.
 *
 * - `heads`: subject → one packed value with its current records of every dataset (`head.ts`);
 * - `records`: (subject, dataset, record) → one current record, for datasets of a subject that outgrew the packed
 *   value;
 * - `history`: (subject, dataset, record, offset) → a version that is no longer current, or a withdrawal;
 * - `poison`: (topic, partition, offset) → a raw record that was set aside;
 * - `state`: offsets, dataset numbers and counters, watermarks, identity, as JSON.
 *
 * Each value stands with its checksum (`checked.ts`).
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../../connectors/lmdb/env.js';
import { YitongError } from '../../../../contracts/errors.js';
import { CheckedMap } from './checked.js';

/** Raised with any change of layout; a view of another number is rebuilt from the bus. */
export const FORMAT = 2;
export const VIEW_FILE = 'view.mdb';
/** lmdb's longest key with 4 kB pages is 1,978 bytes; both lengths in UTF-8 bytes. */
export const MAX_SUBJECT = 255;
export const MAX_RECORD_ID = 1024;

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

/** `subject` 0x00 dataset number (2 bytes): what all keys of one subject's dataset begin with. */
export function datasetPrefix(subject: string, dataset: number): Buffer {
  const length = Buffer.byteLength(subject);
  const key = Buffer.allocUnsafe(length + 3);
  key.write(subject, 0);
  key[length] = 0;
  key.writeUInt16BE(dataset, length + 1);
  return key;
}

/** Prefix, record id. */
export function recordKey(prefix: Uint8Array, recordId: Uint8Array): Buffer {
  return Buffer.concat([prefix, recordId]);
}

/** Prefix, record id, 0x00, offset (6 bytes): versions of one record in the order of the bus. */
export function historyKey(prefix: Uint8Array, recordId: Uint8Array, offset: number): Buffer {
  const key = Buffer.allocUnsafe(prefix.length + recordId.length + 7);
  key.set(prefix, 0);
  key.set(recordId, prefix.length);
  key[prefix.length + recordId.length] = 0;
  key.writeUIntBE(offset, prefix.length + recordId.length + 1, 6);
  return key;
}

/** The first key behind all that begin with `prefix`. */
export function behind(prefix: Uint8Array): Buffer {
  const key = Buffer.from(prefix);
  for (let i = key.length - 1; i >= 0; i--) {
    const byte = key[i];
    if (byte !== undefined && byte < 255) {
      key[i] = byte + 1;
      return key.subarray(0, i + 1);
    }
  }
  return Buffer.from([255, 255]);
}

export function poisonKey(topic: string, partition: number, offset: number): Buffer {
  const length = Buffer.byteLength(topic);
  const key = Buffer.allocUnsafe(length + 9);
  key.write(topic, 0);
  key[length] = 0;
  key.writeUInt16BE(partition, length + 1);
  key.writeUIntBE(offset, length + 3, 6);
  return key;
}
