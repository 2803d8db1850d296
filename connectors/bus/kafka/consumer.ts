/**
 * Reads Kafka from the offsets that the caller keeps. kafkajs always consumes as a group; ours has one member, commits
 * nothing and seeks on joining. Two silent habits of kafkajs are caught here: it replaces an offset that is out of
 * range by the earliest one (a batch that was fetched beyond our position is never handed on), and it may deliver again
 * after a rejoin (records below our position are dropped).
 */
import { YitongError } from '../../../contracts/errors.js';
import { DEFAULT_MAX_BATCH } from '../limits.js';
import type { ConsumeOptions, Consumption, InRecord, PartitionState } from '../port.js';
import type { Consumer, KafkaMessage } from './client.js';
import { failureOf } from './failure.js';

interface ConsumerParts {
  readonly consumer: Consumer;
  /** Tests only. */
  readonly within?: { readonly begin: number; readonly leave: number };
  readonly offsets: (topics: readonly string[]) => Promise<ReadonlyMap<string, readonly PartitionState[]>>;
}

const HEARTBEAT_MS = 2000;
/**
 * Ms that kafkajs has to begin, and to let go. It has ways to do neither for ever, as with a topic that is deleted
 * while it is joining; whoever reads must hear of an end all the same, and begins anew.
 */
const BEGIN_WITHIN_MS = 45_000;
const LEAVE_WITHIN_MS = 10_000;

/** A fetch waits so long for news, and `stop` waits for it. */
export const FETCH_WAIT_MS = 300;

/** @throws YitongError `bus_unavailable` */
export async function consumeKafka(parts: ConsumerParts, options: ConsumeOptions): Promise<Consumption> {
  const run = new Run(parts, options);
  await run.started;
  return run;
}

class Run implements Consumption {
  readonly done: Promise<void>;
  private settle: { resolve: () => void; reject: (error: unknown) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  private readonly next = new Map<string, number>();
  private bounds: ReadonlyMap<string, readonly PartitionState[]> = new Map();
  private ending: Promise<void> | undefined;
  /** The batch that is being handed on. */
  private handling: Promise<void> = Promise.resolve();
  readonly started: Promise<void>;

  constructor(
    private readonly parts: ConsumerParts,
    private readonly options: ConsumeOptions,
  ) {
    this.done = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    // whoever starts a consumption may look at `done` later
    this.done.catch(() => undefined);
    const begun = this.start();
    this.started = within(parts.within?.begin ?? BEGIN_WITHIN_MS, begun).then((settled) => {
      if (settled) return begun;
      const failure = new YitongError('bus_unavailable', 'the bus cannot be read: it does not let us begin');
      this.end(failure);
      throw failure;
    });
    begun.catch(() => undefined);
  }

  private async start(): Promise<void> {
    const { consumer } = this.parts;
    try {
      this.bounds = await this.parts.offsets(this.options.topics);
      // kafkajs calls this before the first fetch of an assignment, so nothing is fetched from elsewhere first
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.assigned(payload.memberAssignment));
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) this.end(failureOf(payload.error, 'the bus cannot be read').error);
      });
      await consumer.connect();
      // `fromBeginning` so that kafkajs's reset goes below our position, where it is noticed, never silently ahead
      await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: async ({ batch, resolveOffset, heartbeat, isStale }) => {
          if (this.ending !== undefined || isStale()) return;
          // of kafkajs's batch, but missing in its types
          const fetched = Number(Reflect.get(batch, 'fetchedOffset'));
          const beat = setInterval(() => void heartbeat().catch(() => undefined), HEARTBEAT_MS);
          const { topic, partition, messages, highWatermark } = batch;
          try {
            if (!(await this.fits(topic, partition, fetched, Number(highWatermark))) || this.ending !== undefined)
              return;
            const delivered = this.deliver(topic, partition, messages, resolveOffset);
            this.handling = delivered.catch(() => undefined);
            await delivered;
          } catch (error) {
            this.end(error);
          } finally {
            clearInterval(beat);
          }
        },
      });
    } catch (error) {
      const failure = failureOf(error, 'the bus cannot be read').error;
      this.end(failure);
      throw failure;
    }
  }

  async stop(): Promise<void> {
    this.end(undefined);
    await this.ending;
  }

  /**
   * Not awaited where kafkajs waits for us, for it waits for our handler when it disconnects. A consumer that is told
   * to disconnect while it is joining its group goes on consuming for ever, so that comes first.
   */
  private end(error: unknown): void {
    this.ending ??= this.leave().then(() => (error === undefined ? this.settle.resolve() : this.settle.reject(error)));
  }

  /** Nothing is handed on any more when it resolves, also where kafkajs has not let go by then. */
  private async leave(): Promise<void> {
    const left = this.started.catch(() => undefined).then(() => this.parts.consumer.disconnect());
    await within(this.parts.within?.leave ?? LEAVE_WITHIN_MS, left);
    await this.handling;
  }

  private assigned(assignment: Readonly<Record<string, readonly number[]>>): void {
    try {
      for (const [topic, partitions] of Object.entries(assignment)) {
        for (const partition of partitions) {
          const wanted = this.options.from(topic, partition);
          const state = this.bounds.get(topic)?.[partition] ?? { low: 0, high: 0 };
          // the bounds are of the start; on a rejoin the end has moved at least to where we have read
          const high = Math.max(state.high, this.next.get(place(topic, partition)) ?? 0);
          this.seek(
            topic,
            partition,
            wanted < state.low || wanted > high ? this.ask(topic, partition, wanted, { low: state.low, high }) : wanted,
          );
        }
      }
    } catch (error) {
      this.end(error);
    }
  }

  private seek(topic: string, partition: number, offset: number): void {
    this.next.set(place(topic, partition), offset);
    this.parts.consumer.seek({ topic, partition, offset: String(offset) });
  }

  private ask(topic: string, partition: number, wanted: number, { low, high }: PartitionState): number {
    const answer = this.options.onOffsetLost({ topic, partition, wanted, low, high });
    if (answer >= low && answer <= high) return answer;
    throw new YitongError(
      'offset_out_of_range',
      `partition ${partition} of topic \`${topic}\` keeps offsets ${low} to ${high}, not ${answer}`,
    );
  }

  /** Whether a batch fetched from there continues our position. If not, it is dropped and the right place sought. */
  private async fits(topic: string, partition: number, fetched: number, highWatermark: number): Promise<boolean> {
    const wanted = this.next.get(place(topic, partition));
    if (wanted === undefined) return false;
    if (fetched <= wanted && wanted <= highWatermark) return true;
    const state = (await this.parts.offsets([topic])).get(topic)?.[partition] ?? { low: 0, high: 0 };
    this.seek(
      topic,
      partition,
      wanted < state.low || wanted > state.high ? this.ask(topic, partition, wanted, state) : wanted,
    );
    return false;
  }

  private async deliver(
    topic: string,
    partition: number,
    messages: readonly KafkaMessage[],
    resolveOffset: (offset: string) => void,
  ): Promise<void> {
    const wanted = this.next.get(place(topic, partition)) ?? 0;
    const max = this.options.maxBatch ?? DEFAULT_MAX_BATCH;
    let slice: InRecord[] = [];
    for (const [index, message] of messages.entries()) {
      const record = toRecord(topic, partition, message);
      if (record.offset >= wanted) slice.push(record);
      if (slice.length < max && index < messages.length - 1) continue;
      if (slice.length > 0) await this.options.onBatch(slice);
      slice = [];
      resolveOffset(message.offset);
      this.next.set(place(topic, partition), Math.max(wanted, record.offset + 1));
      if (this.ending !== undefined) return;
    }
  }
}

/** Whether it settles in time. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const settled = work.then(
    () => true,
    () => true,
  );
  return await Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

const place = (topic: string, partition: number): string => `${partition}/${topic}`;

function toRecord(topic: string, partition: number, message: KafkaMessage): InRecord {
  const headers: Record<string, string> = {};
  for (const name in message.headers) {
    const value = message.headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) headers[name] = last.toString();
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString() ?? '',
    value: message.value,
    headers,
  };
}
