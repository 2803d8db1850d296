/**
 * Sends to Kafka with what kafkajs alone does not give: each partition has a queue with exactly one request in flight,
 * retries included, so order holds; sends that wait are put together into the next request. Partitions run beside one
 * another.
 *
 * What is left: a request that timed out here (`requestTimeoutMs`) may still be in a broker's queue when it is sent
 * again on a new connection. It can then be appended twice (at least once is what we promise), and in theory after a
 * later one.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { MAX_RECORD_BYTES, refuseTooLarge, unknownTopic } from '../limits.js';
import { partitionOf } from '../partition.js';
import type { Ack, OutRecord, Producer } from '../port.js';
import type { ProduceClient } from './client.js';
import { failureOf } from './failure.js';
import { mostBytes } from './produce.js';

/**
 * Below `max.message.bytes` of an untuned Kafka (1,048,588), which holds for a whole batch; leaves room for framing.
 */
const REQUEST_BYTES = 900_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/** One call of `send`. */
interface Job {
  readonly acks: Ack[];
  left: number;
  readonly resolve: (acks: readonly Ack[]) => void;
  readonly reject: (error: YitongError) => void;
}

interface Waiting {
  readonly record: OutRecord;
  /** At most. */
  readonly bytes: number;
  /** Of its ack. */
  readonly index: number;
  readonly job: Job;
}

interface ProducerParts {
  readonly kafka: Pick<ProduceClient, 'send' | 'disconnect'>;
  /** Undefined if there is no such topic. */
  readonly partitions: (topic: string) => Promise<number | undefined>;
  readonly giveUpAfterMs: number;
  readonly now: () => number;
}

/** One partition's queue. */
class Lane {
  private queue: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly parts: ProducerParts,
    private readonly topic: string,
    private readonly partition: number,
    private readonly onFailure: () => void,
  ) {}

  push(waiting: readonly Waiting[]): void {
    for (const one of waiting) this.queue.push(one);
    this.running ??= this.run();
  }

  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    await Promise.resolve();
    while (this.queue.length > 0) {
      const group = this.take();
      try {
        let offset = await this.send(group);
        for (const { job, index } of group) {
          job.acks[index] = { partition: this.partition, offset: offset++ };
          if (--job.left === 0) job.resolve(job.acks);
        }
      } catch (error) {
        const failure = failureOf(error, `topic \`${this.topic}\` did not take records`).error;
        this.onFailure();
        // what waits behind a failed request must not overtake it: the caller will send that one again
        for (const one of [...group, ...this.queue.splice(0)]) one.job.reject(failure);
      }
    }
    this.running = undefined;
  }

  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const one of this.queue) {
      if (count > 0 && bytes + one.bytes > REQUEST_BYTES) break;
      bytes += one.bytes;
      count++;
    }
    return this.queue.splice(0, count);
  }

  /** Returns the offset of the first record. */
  private async send(group: readonly Waiting[]): Promise<number> {
    const { kafka, now, giveUpAfterMs } = this.parts;
    const records: OutRecord[] = [];
    let bytes = 0;
    for (const one of group) {
      records.push(one.record);
      bytes += one.bytes;
    }
    const giveUpAt = now() + giveUpAfterMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await kafka.send(this.topic, this.partition, records, bytes);
      } catch (error) {
        if (!failureOf(error, '').retriable || now() + pause > giveUpAt) throw error;
        await delay(pause);
      }
    }
  }
}

export class OrderedProducer implements Producer {
  private readonly lanes = new Map<string, Lane>();
  private readonly counts = new Map<string, Promise<number>>();
  private closed: Promise<void> | undefined;

  constructor(private readonly parts: ProducerParts) {}

  async send(topic: string, records: readonly OutRecord[]): Promise<readonly Ack[]> {
    if (records.length === 0) return [];
    const sizes = records.map((record) => {
      const bytes = mostBytes(record);
      if (bytes > MAX_RECORD_BYTES) refuseTooLarge(topic, record);
      return bytes;
    });
    const partitions = await this.count(topic);
    if (this.closed !== undefined) throw new YitongError('bus_unavailable', 'the producer is closed');
    return await new Promise((resolve, reject) => {
      const job: Job = { acks: new Array<Ack>(records.length), left: records.length, resolve, reject };
      const byPartition = new Map<number, Waiting[]>();
      for (const [index, record] of records.entries()) {
        const partition = partitionOf(record.subject, partitions);
        const waiting: Waiting = { record, bytes: sizes[index] ?? 0, index, job };
        const list = byPartition.get(partition);
        if (list === undefined) byPartition.set(partition, [waiting]);
        else list.push(waiting);
      }
      for (const [partition, waiting] of byPartition) this.lane(topic, partition).push(waiting);
    });
  }

  close(): Promise<void> {
    this.closed ??= (async () => {
      await Promise.all([...this.lanes.values()].map((lane) => lane.idle()));
      await this.parts.kafka.disconnect().catch(() => undefined);
    })();
    return this.closed;
  }

  /**
   * Asked once, and again after a failure: the topic may have been deleted and made anew. A count that grows would send
   * a subject elsewhere; whoever publishes has it checked against the contract first (`ensureTopics`).
   */
  private count(topic: string): Promise<number> {
    let count = this.counts.get(topic);
    if (count === undefined) {
      count = this.parts.partitions(topic).then((found) => {
        if (found === undefined) throw unknownTopic(topic);
        return found;
      });
      this.counts.set(topic, count);
      count.catch(() => this.counts.delete(topic));
    }
    return count;
  }

  private lane(topic: string, partition: number): Lane {
    const name = `${partition}/${topic}`;
    let lane = this.lanes.get(name);
    if (lane === undefined)
      this.lanes.set(name, (lane = new Lane(this.parts, topic, partition, () => this.counts.delete(topic))));
    return lane;
  }
}
