/** The LMDB environment of the embedded bus: the one file here that imports `lmdb`. Several processes may have it open at once. */
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { YitongError } from '../../../contracts/errors.js';
import { syncDir } from '../../../contracts/sync-dir.js';
import { writes } from '../../write-lock.js';

export interface TopicRow {
  /** Stands in keys in place of the name. */
  readonly number: number;
  readonly id: string;
  readonly partitions: number;
  readonly history: 'full' | 'latest';
}

/** Where a partition stands; kept in the same transaction as the append that moves it. */
export interface Head {
  readonly next: number;
  readonly low: number;
  /** Timestamp of the newest record, so that no later one is stamped earlier. */
  readonly timestamp: number;
  /** Compaction has seen all offsets below, and kept this many records of them. */
  readonly cleaned: number;
  readonly kept: number;
}

const NEW_HEAD: Head = { next: 0, low: 0, timestamp: 0, cleaned: 0, kept: 0 };
const FORMAT = 1;
const APPENDS = Buffer.from('appends');
// address space only; LMDB makes it larger if that is not enough. Growing it while other processes read is slow, so start high
const MAP_BYTES = 256 * 2 ** 30;

const opened = new Map<string, { readonly store: Promise<Store>; users: number }>();

export class Store {
  private readonly meta: Database<Buffer, Buffer>;
  private readonly topics: Database<Buffer, Buffer>;
  private readonly heads: Database<Buffer, Buffer>;
  private readonly chunks: Database<Buffer, Buffer>;
  private readonly closed = writes();

  private constructor(
    private readonly root: RootDatabase<Buffer, Buffer>,
    private readonly dir: string,
  ) {
    const database = (name: string): Database<Buffer, Buffer> => root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
    this.meta = database('meta');
    this.topics = database('topics');
    this.heads = database('heads');
    this.chunks = database('chunks');
  }

  /**
   * One store a folder and process, counted: a second one would open its tables on the main thread while a transaction of the
   * first, holding the write lock, waits for the main thread.
   * @throws YitongError `bus_unavailable`
   */
  static async open(dir: string, newId: () => string): Promise<Store> {
    const name = resolve(dir);
    let entry = opened.get(name);
    if (entry === undefined) {
      const store = Store.start(name, newId);
      entry = { store, users: 0 };
      opened.set(name, entry);
      store.catch(() => opened.delete(name));
    }
    entry.users++;
    return await entry.store;
  }

  private static async start(dir: string, newId: () => string): Promise<Store> {
    try {
      mkdirSync(dir, { recursive: true });
      const root = open<Buffer, Buffer>({
        path: dir,
        noSubdir: false,
        encoding: 'binary',
        keyEncoding: 'binary',
        maxDbs: 8,
        mapSize: MAP_BYTES,
        // a commit is on disk before anybody can read it: with overlapping sync a consumer could store the offset of a record
        // that a power cut then takes back, and would skip the record that gets this offset afterwards
        overlappingSync: false,
      });
      const store = new Store(root, dir);
      await store.write(() => {
        const format = store.meta.get(Buffer.from('format'));
        if (format === undefined) {
          store.meta.put(Buffer.from('format'), Buffer.from(String(FORMAT)));
          store.meta.put(Buffer.from('cluster'), Buffer.from(newId()));
        } else if (format.toString() !== String(FORMAT)) {
          throw new YitongError('bus_unavailable', `the bus in \`${dir}\` has format ${format.toString()}; this version reads format ${FORMAT}`);
        }
      });
      // a new file whose directory entry is not on disk vanishes with a power cut, acknowledged records and all
      for (const folder of [dir, dirname(dir)]) syncDir(folder);
      return store;
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * Runs `action` under the write lock that all processes share and resolves when its writes are on disk. LMDB commits what was
   * written before a throw, so an action throws before its first put or not at all.
   */
  async write<T>(action: () => T): Promise<T> {
    try {
      return await this.root.transaction(action);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * How many appends were committed, as this snapshot sees it. Not LMDB's own transaction id: that can be seen to have moved some
   * tenths of a millisecond before readers get the records, and whoever waits for it to move again then waits for ever.
   */
  appends(): number {
    return this.meta.get(APPENDS)?.readDoubleLE(0) ?? 0;
  }

  /** Inside `write` only: tells waiting consumers, of all processes, to look. */
  countAppend(): void {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleLE(this.appends() + 1, 0);
    this.meta.put(APPENDS, bytes);
  }

  /** Reads from now on see what other processes have committed. */
  refresh(): void {
    this.root.resetReadTxn();
  }

  clusterId(): string {
    return this.meta.get(Buffer.from('cluster'))?.toString() ?? '';
  }

  topic(name: string): TopicRow | undefined {
    const bytes = this.topics.get(Buffer.from(name));
    // the one cast of this file: the row was written by `putTopic`
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as TopicRow);
  }

  /** Inside `write` only. */
  addTopic(name: string, row: Omit<TopicRow, 'number'>): TopicRow {
    const counter = Buffer.from('topics');
    const number = Number(this.meta.get(counter)?.toString() ?? '0');
    this.meta.put(counter, Buffer.from(String(number + 1)));
    const full: TopicRow = { number, ...row };
    this.topics.put(Buffer.from(name), Buffer.from(JSON.stringify(full)));
    return full;
  }

  head(topic: number, partition: number): Head {
    const bytes = this.heads.get(place(topic, partition));
    if (bytes === undefined) return NEW_HEAD;
    const field = (index: number): number => bytes.readDoubleLE(index * 8);
    return { next: field(0), low: field(1), timestamp: field(2), cleaned: field(3), kept: field(4) };
  }

  /** Inside `write` only. */
  putHead(topic: number, partition: number, head: Head): void {
    const bytes = Buffer.allocUnsafe(40);
    bytes.writeDoubleLE(head.next, 0);
    bytes.writeDoubleLE(head.low, 8);
    bytes.writeDoubleLE(head.timestamp, 16);
    bytes.writeDoubleLE(head.cleaned, 24);
    bytes.writeDoubleLE(head.kept, 32);
    this.heads.put(place(topic, partition), bytes);
  }

  /** Inside `write` only. */
  putChunk(topic: number, partition: number, first: number, chunk: Buffer): void {
    this.chunks.put(place(topic, partition, first), chunk);
  }

  /** Inside `write` only. */
  removeChunk(topic: number, partition: number, first: number): void {
    this.chunks.remove(place(topic, partition, first));
  }

  /** The chunk with the largest first offset that is not above `offset`. */
  chunkAtOrBefore(topic: number, partition: number, offset: number): { first: number; bytes: Buffer } | undefined {
    return this.one({ start: place(topic, partition, offset), end: place(topic, partition), reverse: true, limit: 1 });
  }

  /** The chunk with the smallest first offset that is not below `offset`. */
  chunkAtOrAfter(topic: number, partition: number, offset: number): { first: number; bytes: Buffer } | undefined {
    return this.one({ start: place(topic, partition, offset), end: place(topic, partition + 1), limit: 1 });
  }

  private one(range: { start: Buffer; end: Buffer; reverse?: boolean; limit: number }): { first: number; bytes: Buffer } | undefined {
    for (const { key, value } of this.chunks.getRange(range)) return { first: key.readUIntBE(8, 6), bytes: value };
    return undefined;
  }

  /** Closes the environment with its last user. */
  async close(): Promise<void> {
    const entry = opened.get(this.dir);
    if (entry === undefined || --entry.users > 0) return;
    opened.delete(this.dir);
    await this.root.close();
    this.closed();
  }
}

/** Big-endian, so that LMDB's order of bytes is the order of offsets: topic u32, partition u32, first offset u48. */
function place(topic: number, partition: number, first?: number): Buffer {
  const key = Buffer.allocUnsafe(first === undefined ? 8 : 14);
  key.writeUInt32BE(topic, 0);
  key.writeUInt32BE(partition, 4);
  if (first !== undefined) key.writeUIntBE(first, 8, 6);
  return key;
}

function unavailable(error: unknown): YitongError {
  if (error instanceof YitongError) return error;
  return new YitongError('bus_unavailable', `the embedded bus cannot be written: ${error instanceof Error ? error.message : 'unknown error'}`, { cause: error });
}
