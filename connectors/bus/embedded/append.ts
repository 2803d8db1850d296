/** Group commit: what waits while one commit is being flushed goes into the next one, in the order of the calls. */
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { partitionOf } from '../partition.js';
import type { Ack, OutRecord } from '../port.js';
import { type Chunk, encodeChunks, stamp } from './chunk.js';
import type { Head, Store, TopicRow } from './store.js';

interface Waiting {
  readonly topic: TopicRow;
  readonly parts: readonly {
    readonly partition: number;
    readonly chunks: readonly Chunk[];
    readonly indices: readonly number[];
  }[];
  readonly bytes: number;
  readonly count: number;
  readonly resolve: (acks: readonly Ack[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The write lock is every process's: one commit copies at most about this much under it. */
const COMMIT_BYTES = 8 * 2 ** 20;

interface AppendHooks {
  readonly now: () => number;
  /** After a commit, with what it touched. */
  readonly appended: (touched: readonly { readonly topic: TopicRow; readonly partition: number }[]) => void;
}

export class Appender {
  private queue: Waiting[] = [];
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly store: Store,
    private readonly hooks: AppendHooks,
  ) {}

  /** Resolves when all records are on disk. @throws YitongError `bus_unavailable`, `store_full` */
  append(topic: TopicRow, records: readonly OutRecord[]): Promise<readonly Ack[]> {
    if (this.closed) return Promise.reject(new YitongError('bus_unavailable', 'the bus is closed'));
    const byPartition = new Map<number, { records: OutRecord[]; indices: number[] }>();
    records.forEach((record, index) => {
      const partition = partitionOf(record.subject, topic.partitions);
      let part = byPartition.get(partition);
      if (part === undefined) byPartition.set(partition, (part = { records: [], indices: [] }));
      part.records.push(record);
      part.indices.push(index);
    });
    let bytes = 0;
    const parts = [...byPartition].map(([partition, part]) => {
      const chunks = encodeChunks(part.records);
      for (const chunk of chunks) bytes += chunk.bytes.length;
      return { partition, chunks, indices: part.indices };
    });
    return new Promise((resolve, reject) => {
      this.queue.push({ topic, parts, bytes, count: records.length, resolve, reject });
      this.running ??= this.run();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async run(): Promise<void> {
    // sends of the same turn of the event loop share the first commit too
    await Promise.resolve();
    while (this.queue.length > 0) {
      const group = this.take();
      try {
        const done = await this.store.write(() => {
          this.store.refuseFull();
          this.store.countAppend();
          return group.map((waiting) => this.commit(waiting));
        });
        this.store.refresh();
        group.forEach((waiting, index) => {
          const acks = done[index] ?? [];
          if (acks instanceof Error) waiting.reject(acks);
          else waiting.resolve(acks);
        });
        const appended = group.filter((_, index) => !(done[index] instanceof Error));
        this.hooks.appended(
          appended.flatMap((waiting) => waiting.parts.map(({ partition }) => ({ topic: waiting.topic, partition }))),
        );
      } catch (error) {
        for (const waiting of group) waiting.reject(error);
      }
    }
    this.running = undefined;
  }

  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.queue.length && (count === 0 || bytes < COMMIT_BYTES)) bytes += this.queue[count++]?.bytes ?? 0;
    return this.queue.splice(0, count);
  }

  /**
   * @returns why it cannot be appended, where a partition of it is damaged: then nothing of it is written, and the
   * others of the commit are
   */
  private commit(waiting: Waiting): Ack[] | Error {
    const acks = new Array<Ack>(waiting.count);
    const { topic } = waiting;
    let heads: readonly Head[];
    try {
      heads = waiting.parts.map(({ partition }) => this.store.head(topic.number, partition));
    } catch (error) {
      if (isYitongError(error)) return error;
      throw error;
    }
    for (const [part, { partition, chunks, indices }] of waiting.parts.entries()) {
      const head = heads[part] as Head;
      // a clock set back must not make time run backwards in the log
      const timestamp = Math.max(this.hooks.now(), head.timestamp);
      let next = head.next;
      let index = 0;
      for (const chunk of chunks) {
        stamp(chunk.bytes, timestamp);
        this.store.putChunk(topic.number, partition, next, chunk.bytes);
        for (let i = 0; i < chunk.count; i++) acks[indices[index++] ?? 0] = { partition, offset: next + i };
        next += chunk.count;
      }
      this.store.putHead(topic.number, partition, { ...head, next, timestamp });
    }
    return acks;
  }
}
