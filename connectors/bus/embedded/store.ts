/**
 * The LMDB environment of the embedded bus: the one file here that imports `lmdb`. Several processes may have it open
 * at once.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { syncDir } from '../../../contracts/sync-dir.js';
import { SUM_BYTES, sumOf } from '../../checksum.js';
import { type Database, type Env, openEnv } from '../../lmdb/env.js';
import { damageOf } from '../../lmdb/file.js';
import { holds, seal } from './chunk.js';

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
  /**
   * Compaction of format 1 took whole chunks away: below this offset there may be holes, from it on one chunk follows
   * the other.
   */
  readonly holesBelow: number;
}

/** A chunk as it was found. */
export interface Found {
  readonly first: number;
  /** Undefined where it is not what was stored there. */
  readonly bytes: Buffer | undefined;
}

const NEW_HEAD: Head = { next: 0, low: 0, timestamp: 0, cleaned: 0, kept: 0, holesBelow: 0 };
/**
 * 2: with checksums (`chunk.ts`, heads, rows of topics), and without holes. What format 1 has is read, and gets its
 * heads and rows anew on opening.
 */
const FORMAT = 2;
const FIRST_FORMAT = 1;
const HEAD_FIELDS = 6;
const FIRST_HEAD_FIELDS = 5;
/** First byte of a topic's row, before its checksum; in format 1 it was the brace of its JSON. */
const SUMMED = 2;
const APPENDS = Buffer.from('appends');
// address space only; LMDB makes it larger if that is not enough. Growing it while other processes read is slow, so
// start high
const MAP_BYTES = 256 * 2 ** 30;

const opened = new Map<string, { readonly store: Promise<Store>; users: number }>();

export class Store {
  private readonly meta: Database<Buffer, Buffer>;
  private readonly topics: Database<Buffer, Buffer>;
  private readonly heads: Database<Buffer, Buffer>;
  private readonly chunks: Database<Buffer, Buffer>;

  private constructor(
    private readonly env: Env<Buffer, Buffer>,
    private readonly dir: string,
    /** That its commits are written to. */
    readonly file: string,
  ) {
    const database = (name: string): Database<Buffer, Buffer> =>
      env.table<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' });
    this.meta = database('meta');
    this.topics = database('topics');
    this.heads = database('heads');
    this.chunks = database('chunks');
  }

  /**
   * One store a folder and process, counted: a second one would open its tables on the main thread while a transaction
   * of the first, holding the write lock, waits for the main thread.
   * @param maxBytes of what may be in it, as its first user says; 0: as many as the disk has
   * @throws YitongError `bus_unavailable`
   */
  static async open(dir: string, newId: () => string, maxBytes = 0): Promise<Store> {
    const name = resolve(dir);
    let entry = opened.get(name);
    if (entry === undefined) {
      const store = Store.start(name, newId, maxBytes);
      entry = { store, users: 0 };
      opened.set(name, entry);
      store.catch(() => opened.delete(name));
    }
    entry.users++;
    return await entry.store;
  }

  private static async start(dir: string, newId: () => string, maxBytes: number): Promise<Store> {
    try {
      mkdirSync(dir, { recursive: true });
      const file = join(dir, 'data.mdb');
      const found = damageOf(file);
      if (found !== undefined) throw damaged(`its file: ${found}`);
      const known = clusterBefore(dir);
      if (known !== undefined && (!existsSync(file) || statSync(file).size === 0))
        throw damaged('its file is gone, and what it held with it');
      const env = openEnv<Buffer, Buffer>({
        file,
        encoding: 'binary',
        keyEncoding: 'binary',
        maxDbs: 8,
        mapSize: MAP_BYTES,
        ...(maxBytes > 0 ? { limit: { bytes: maxBytes, setting: 'bus.maxBytes', what: 'the bus' } } : {}),
      });
      const store = new Store(env, dir, file);
      await store.write(() => {
        const format = store.meta.get(Buffer.from('format'));
        if (format === undefined) {
          if (store.chunks.getKeysCount({ limit: 1 }) > 0 || store.topics.getKeysCount({ limit: 1 }) > 0)
            throw damaged('it does not say of which format it is');
          store.putMeta({ cluster: newId(), topics: 0 });
        } else if (format.toString() === String(FIRST_FORMAT)) {
          store.upgrade();
        } else if (format.toString() !== String(FORMAT)) {
          throw new YitongError(
            'bus_unavailable',
            `the bus in \`${dir}\` has format ${format.toString()}; this version reads format ${FORMAT}`,
          );
        }
      });
      store.checkTopics();
      const cluster = store.clusterId();
      if (known !== undefined && known !== cluster) throw damaged('it is another one than stood here before');
      if (known === undefined) rememberCluster(dir, cluster);
      // a new file whose directory entry is not on disk vanishes with a power cut, acknowledged records and all
      for (const folder of [dir, dirname(dir)]) syncDir(folder);
      return store;
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * Runs `action` under the write lock that all processes share and resolves when its writes are on disk. LMDB commits
   * what was written before a throw, so an action throws before its first put or not at all.
   */
  async write<T>(action: () => T): Promise<T> {
    try {
      return await this.env.write(action);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * How many appends were committed, as this snapshot sees it. Not LMDB's own transaction id: that can be seen to have
   * moved some tenths of a millisecond before readers get the records, and whoever waits for it to move again then
   * waits for ever.
   */
  appends(): number {
    return this.meta.get(APPENDS)?.readDoubleLE(0) ?? 0;
  }

  /** Inside `write` only, before its first change. @throws YitongError `store_full` */
  refuseFull(): void {
    this.env.refuseFull();
  }

  /** Inside `write` only: tells waiting consumers, of all processes, to look. */
  countAppend(): void {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleLE(this.appends() + 1, 0);
    this.meta.putSync(APPENDS, bytes);
  }

  /** Reads from now on see what other processes have committed. */
  refresh(): void {
    this.env.root.resetReadTxn();
  }

  clusterId(): string {
    return this.readMeta().cluster;
  }

  private text(key: string): string {
    return this.meta.get(Buffer.from(key))?.toString() ?? '';
  }

  /** @throws YitongError `store_damaged` */
  private readMeta(): { readonly cluster: string; readonly topics: number } {
    const [cluster, topics] = [this.text('cluster'), this.text('topics')];
    if (this.text('sum') !== metaSum(cluster, topics)) throw damaged('what it says of itself');
    return { cluster, topics: Number(topics) };
  }

  /** Inside `write` only. */
  private putMeta({ cluster, topics }: { readonly cluster: string; readonly topics: number }): void {
    const rows = { format: String(FORMAT), cluster, topics: String(topics), sum: metaSum(cluster, String(topics)) };
    for (const [key, value] of Object.entries(rows)) this.meta.putSync(Buffer.from(key), Buffer.from(value));
  }

  /** Inside `write` only: heads and rows of format 1 get their checksums. */
  private upgrade(): void {
    const rows = [...this.topics.getRange({})].map(({ key, value }) => ({
      name: key.toString(),
      row: JSON.parse(value.toString()) as TopicRow,
    }));
    for (const { name, row } of rows) {
      this.topics.putSync(Buffer.from(name), encodeRow(name, row));
      for (let partition = 0; partition < row.partitions; partition++) {
        const bytes = this.heads.get(place(row.number, partition));
        if (bytes === undefined) continue;
        const head = decodeHead(bytes, FIRST_HEAD_FIELDS);
        this.putHead(row.number, partition, { ...head, holesBelow: row.history === 'latest' ? head.next : 0 });
      }
    }
    this.putMeta({ cluster: this.text('cluster'), topics: Number(this.text('topics') || '0') });
  }

  /** @throws YitongError `store_damaged` where the row is, or where it may be one that cannot be found any more */
  topic(name: string): TopicRow | undefined {
    const bytes = this.topics.get(Buffer.from(name));
    if (bytes !== undefined) return decodeRow(name, bytes);
    this.checkTopics();
    return undefined;
  }

  /** Whether each topic that was ever made is there. @throws YitongError `store_damaged` */
  checkTopics(): void {
    const numbers = new Set(
      [...this.topics.getRange({})].map(({ key, value }) => decodeRow(key.toString(), value).number),
    );
    if (numbers.size !== this.readMeta().topics) throw damaged('a topic is gone from it');
  }

  /** Inside `write` only. */
  addTopic(name: string, row: Omit<TopicRow, 'number'>): TopicRow {
    const { cluster, topics } = this.readMeta();
    const full: TopicRow = { number: topics, ...row };
    this.putMeta({ cluster, topics: topics + 1 });
    this.topics.putSync(Buffer.from(name), encodeRow(name, full));
    return full;
  }

  /** @throws YitongError `store_damaged` */
  head(topic: number, partition: number): Head {
    const key = place(topic, partition);
    const bytes = this.heads.get(key);
    if (bytes === undefined) {
      // records of a partition that has no head: the head is gone, and what is appended would take their places
      if (this.chunkAtOrAfter(topic, partition, 0) !== undefined)
        throw damaged('a partition does not say where it ends');
      return NEW_HEAD;
    }
    const end = HEAD_FIELDS * 8;
    if (bytes.length !== end + SUM_BYTES || bytes.readUInt32LE(end) !== sumOf(key, bytes.subarray(0, end)))
      throw damaged('a partition does not say where it ends');
    return decodeHead(bytes, HEAD_FIELDS);
  }

  /** Inside `write` only. */
  putHead(topic: number, partition: number, head: Head): void {
    const key = place(topic, partition);
    const bytes = Buffer.allocUnsafe(HEAD_FIELDS * 8 + SUM_BYTES);
    [head.next, head.low, head.timestamp, head.cleaned, head.kept, head.holesBelow].forEach((field, i) =>
      bytes.writeDoubleLE(field, i * 8),
    );
    bytes.writeUInt32LE(sumOf(key, bytes.subarray(0, HEAD_FIELDS * 8)), HEAD_FIELDS * 8);
    this.heads.putSync(key, bytes);
  }

  /** Inside `write` only. */
  putChunk(topic: number, partition: number, first: number, chunk: Buffer): void {
    const key = place(topic, partition, first);
    seal(key, chunk);
    this.chunks.putSync(key, chunk);
  }

  /** Inside `write` only. */
  removeChunk(topic: number, partition: number, first: number): void {
    this.chunks.removeSync(place(topic, partition, first));
  }

  /** The chunk with the largest first offset that is not above `offset`. */
  chunkAtOrBefore(topic: number, partition: number, offset: number): Found | undefined {
    return this.one({ start: place(topic, partition, offset), end: place(topic, partition), reverse: true, limit: 1 });
  }

  /** The chunk with the smallest first offset that is not below `offset`. */
  chunkAtOrAfter(topic: number, partition: number, offset: number): Found | undefined {
    return this.one({ start: place(topic, partition, offset), end: place(topic, partition + 1), limit: 1 });
  }

  private one(range: { start: Buffer; end: Buffer; reverse?: boolean; limit: number }): Found | undefined {
    for (const { key, value } of this.chunks.getRange(range))
      return {
        first: key.length === PLACE_BYTES ? key.readUIntBE(8, 6) : 0,
        bytes: holds(key, value) ? value : undefined,
      };
    return undefined;
  }

  /** Closes the environment with its last user. */
  async close(): Promise<void> {
    const entry = opened.get(this.dir);
    if (entry === undefined || --entry.users > 0) return;
    opened.delete(this.dir);
    await this.env.close();
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

const PLACE_BYTES = 14;

const metaSum = (cluster: string, topics: string): string =>
  String(sumOf(Buffer.from(`${FORMAT}\n${cluster}\n${topics}`)));

function encodeRow(name: string, row: TopicRow): Buffer {
  const text = Buffer.from(JSON.stringify(row));
  const head = Buffer.alloc(1 + SUM_BYTES);
  head[0] = SUMMED;
  head.writeUInt32LE(sumOf(Buffer.from(name), text), 1);
  return Buffer.concat([head, text]);
}

function decodeRow(name: string, bytes: Buffer): TopicRow {
  const text = bytes.subarray(1 + SUM_BYTES);
  if (bytes[0] !== SUMMED || bytes.length < 1 + SUM_BYTES || bytes.readUInt32LE(1) !== sumOf(Buffer.from(name), text))
    throw damaged('what it says of a topic');
  // written by `encodeRow`
  return JSON.parse(text.toString()) as TopicRow;
}

function decodeHead(bytes: Buffer, fields: number): Head {
  const field = (index: number): number => (index < fields ? bytes.readDoubleLE(index * 8) : 0);
  return {
    next: field(0),
    low: field(1),
    timestamp: field(2),
    cleaned: field(3),
    kept: field(4),
    holesBelow: field(5),
  };
}

/** Stands beside the folder: whoever finds no bus where one was does not begin another one as if nothing had been. */
const clusterFile = (dir: string): string => join(dirname(dir), `${basename(dir)}.cluster`);
function clusterBefore(dir: string): string | undefined {
  const file = clusterFile(dir);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
function rememberCluster(dir: string, cluster: string): void {
  const file = clusterFile(dir);
  // whole or not at all; two processes that come at once write the same
  const fresh = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(fresh, `${cluster}\n`, { mode: 0o600 });
    renameSync(fresh, file);
  } catch (error) {
    // a connector in the gateway's pod has the bus and not the folder above it; the gateway, whose folder it is,
    // remembers, and refuses another bus
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** @param what of the bus is damaged */
export const damaged = (what: string): YitongError =>
  new YitongError(
    'store_damaged',
    `the embedded bus is damaged (${what}); stop what uses it and put \`bus\` back from a backup, or remove ` +
      `\`bus\`, \`bus.cluster\`, \`view\` and \`connectors\`, so that every feed publishes anew; what was pushed ` +
      'has to be pushed again (docs/faults.md)',
  );

function unavailable(error: unknown): YitongError {
  if (error instanceof YitongError) return error;
  return new YitongError(
    'bus_unavailable',
    `the embedded bus cannot be written: ${error instanceof Error ? error.message : 'unknown error'}`,
    { cause: error },
  );
}
