/**
 * Records that were accepted while the bus was away: one LMDB folder (`<data>/spool`, its owner's only: it holds
 * records), one queue a dataset, in order. Several processes append to it; one forwards (`forward.ts`). What was
 * appended is on disk.
 *
 * Losing the folder loses records that were acknowledged, unlike the state of connectors beside it, which can be had
 * again.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isYitongError, YitongError } from '../../contracts/errors.js';
import { syncDir } from '../../contracts/sync-dir.js';
import { recordBytes, refuseTooLarge } from '../bus/limits.js';
import type { OutRecord, TopicName } from '../bus/port.js';
import { type Database, type Env, openEnv } from '../lmdb/env.js';
import { refuseDamaged } from '../lmdb/file.js';

interface SpoolOptions {
  /** The gateway's data folder. */
  readonly dataDir: string;
  /** Of keys, values and headers; what would go beyond is refused. */
  readonly maxBytes: number;
  /** ms since 1970 */
  readonly now: () => number;
}

interface Waiting {
  readonly topic: TopicName;
  readonly records: readonly OutRecord[];
  /** What `drop` takes. */
  readonly upTo: number;
}

export interface SpoolSize {
  readonly records: number;
  readonly bytes: number;
  /** ms since 1970, of the oldest; undefined where nothing waits. */
  readonly since?: number;
}

interface Head {
  readonly topic: TopicName;
  readonly subject: string;
  readonly recordId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly withdrawn: boolean;
  /** ms since 1970 */
  readonly at: number;
}

const SIZE = Buffer.from('size');
/** Records of one send, and their bytes. */
const MOST = 1000;
const MOST_BYTES = 4_000_000;

/** Whether there is one at all, so that nobody makes a folder by looking. */
export const spoolExists = (dataDir: string): boolean => existsSync(join(dataDir, 'spool', 'data.mdb'));

export class Spool {
  private constructor(
    private readonly env: Env<Buffer, Buffer>,
    private readonly entries: Database<Buffer, Buffer>,
    private readonly meta: Database<Buffer, Buffer>,
    private readonly options: SpoolOptions,
  ) {}

  /** @throws YitongError `bus_unavailable` if the folder cannot be used, `store_damaged` */
  static open(options: SpoolOptions): Spool {
    const dir = join(options.dataDir, 'spool');
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      chmodSync(dir, 0o700);
      refuseDamaged(
        join(dir, 'data.mdb'),
        'the spool of records that wait for the bus',
        'put `spool` back from a backup; what was acknowledged and is only in it has to be pushed again ' +
          '(docs/faults.md)',
        true,
      );
      const env = openEnv<Buffer, Buffer>({
        file: join(dir, 'data.mdb'),
        encoding: 'binary',
        keyEncoding: 'binary',
        maxDbs: 4,
      });
      const binary = (name: string): Database<Buffer, Buffer> =>
        env.table<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' });
      const spool = new Spool(env, binary('entries'), binary('meta'), options);
      // a new file whose directory entry is not on disk vanishes with a power cut
      for (const folder of [dir, dirname(dir)]) syncDir(folder);
      return spool;
    } catch (cause) {
      if (isYitongError(cause)) throw cause;
      throw new YitongError('bus_unavailable', 'the spool of records that wait for the bus cannot be opened', {
        cause,
      });
    }
  }

  /**
   * Behind all that waits of this queue; on disk when it resolves.
   * @throws YitongError `spool_full`, `record_too_large`; `bus_unavailable` if the disk refuses
   */
  async append(queue: string, topic: TopicName, records: readonly OutRecord[]): Promise<void> {
    let bytes = 0;
    for (const record of records) {
      refuseTooLarge(topic, record);
      bytes += recordBytes(record);
    }
    const at = this.options.now();
    const full = await this.write(() => {
      const size = this.stored();
      // LMDB commits what was written before a throw: nothing is written before this
      if (size.bytes + bytes > this.options.maxBytes) return true;
      let next = size.next;
      for (const record of records) this.entries.putSync(keyOf(queue, next++), encode(topic, record, at));
      this.store({ records: size.records + records.length, bytes: size.bytes + bytes, next });
      return false;
    });
    if (full)
      throw new YitongError(
        'spool_full',
        `the bus is away and the spool for it holds its ${this.options.maxBytes} bytes; keep the records and ` +
          'send them again later',
      );
  }

  /** Whether anything of this queue waits, by what all processes have committed. */
  waiting(queue: string): boolean {
    this.env.root.resetReadTxn();
    for (const _ of this.entries.getKeys({ start: keyOf(queue, 0), end: behind(queue), limit: 1 })) return true;
    return false;
  }

  /** Queues in which something waits. */
  queues(): readonly string[] {
    this.env.root.resetReadTxn();
    const queues: string[] = [];
    for (let start: Buffer | undefined = Buffer.alloc(0); start !== undefined; ) {
      const [key]: Buffer[] = [...this.entries.getKeys({ start, limit: 1 })];
      const queue: string | undefined = key?.toString('utf8', 0, key.indexOf(0));
      if (queue !== undefined) queues.push(queue);
      start = queue === undefined ? undefined : behind(queue);
    }
    return queues;
  }

  /** The oldest of a queue, as many of one topic as go into one send; undefined where nothing waits. */
  head(queue: string): Waiting | undefined {
    this.env.root.resetReadTxn();
    const records: OutRecord[] = [];
    let topic: TopicName | undefined;
    let upTo = 0;
    let bytes = 0;
    for (const { key, value } of this.entries.getRange({ start: keyOf(queue, 0), end: behind(queue), limit: MOST })) {
      const { head, record } = decode(value);
      topic ??= head.topic;
      if (head.topic !== topic || (bytes > 0 && bytes + value.length > MOST_BYTES)) break;
      records.push(record);
      bytes += value.length;
      upTo = key.readUIntBE(key.length - 6, 6) + 1;
    }
    return topic === undefined ? undefined : { topic, records, upTo };
  }

  /** What the bus has acknowledged. A crash before this sends it once more. */
  async drop(queue: string, upTo: number): Promise<void> {
    await this.write(() => {
      const size = this.stored();
      let [records, bytes] = [0, 0];
      const gone: Buffer[] = [];
      for (const { key, value } of this.entries.getRange({ start: keyOf(queue, 0), end: keyOf(queue, upTo) })) {
        gone.push(Buffer.from(key));
        records += 1;
        bytes += recordBytes(decode(value).record);
      }
      for (const key of gone) this.entries.removeSync(key);
      this.store({ records: size.records - records, bytes: size.bytes - bytes, next: size.next });
    });
  }

  size(): SpoolSize {
    const oldest = this.queues().flatMap((queue) =>
      [...this.entries.getRange({ start: keyOf(queue, 0), limit: 1 })].map(({ value }) => decode(value).head.at),
    );
    const { records, bytes } = this.stored();
    return oldest.length === 0 ? { records: 0, bytes: 0 } : { records, bytes, since: Math.min(...oldest) };
  }

  async close(): Promise<void> {
    await this.env.close();
  }

  private stored(): { readonly records: number; readonly bytes: number; readonly next: number } {
    const row = this.meta.get(SIZE);
    return row === undefined
      ? { records: 0, bytes: 0, next: 0 }
      : { records: row.readDoubleLE(0), bytes: row.readDoubleLE(8), next: row.readDoubleLE(16) };
  }

  private store({
    records,
    bytes,
    next,
  }: {
    readonly records: number;
    readonly bytes: number;
    readonly next: number;
  }): void {
    const row = Buffer.allocUnsafe(24);
    row.writeDoubleLE(records, 0);
    row.writeDoubleLE(bytes, 8);
    row.writeDoubleLE(next, 16);
    this.meta.putSync(SIZE, row);
  }

  private async write<T>(work: () => T): Promise<T> {
    try {
      return await this.env.write(work);
    } catch (cause) {
      throw new YitongError('bus_unavailable', 'the bus is away and the spool for it cannot be written', { cause });
    }
  }
}

/** Queue, 0x00, number (6 bytes). Queues are dataset ids, which hold no such byte. */
function keyOf(queue: string, number: number): Buffer {
  const key = Buffer.alloc(Buffer.byteLength(queue) + 7);
  key.write(queue, 0);
  key.writeUIntBE(number, key.length - 6, 6);
  return key;
}
const behind = (queue: string): Buffer => Buffer.concat([Buffer.from(queue), Buffer.of(1)]);

function encode(topic: TopicName, { subject, recordId, headers, value }: OutRecord, at: number): Buffer {
  const head: Head = { topic, subject, recordId, headers, withdrawn: value === null, at };
  const text = Buffer.from(JSON.stringify(head));
  const size = Buffer.allocUnsafe(4);
  size.writeUInt32BE(text.length);
  return Buffer.concat([size, text, value ?? Buffer.alloc(0)]);
}

function decode(bytes: Buffer): { readonly head: Head; readonly record: OutRecord } {
  const end = 4 + bytes.readUInt32BE(0);
  // the one cast: written by `encode`
  const head = JSON.parse(bytes.toString('utf8', 4, end)) as Head;
  const { subject, recordId, headers, withdrawn } = head;
  // a copy: LMDB's own buffer is another record's with the next read
  return { head, record: { subject, recordId, headers, value: withdrawn ? null : Buffer.from(bytes.subarray(end)) } };
}
