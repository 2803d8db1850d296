/** A bus in memory, for what a real one does rarely: lose a log, change its id, be away. */

import type { Bus, ConsumeOptions, Consumption, InRecord, TopicName, TopicSpec } from '../../../connectors/bus/port.js';
import { YitongError } from '../../../contracts/errors.js';

interface Log {
  id: string;
  readonly partitions: { low: number; records: InRecord[] }[];
}

export class MemoryBus implements Bus {
  readonly driver = 'embedded';
  cluster = 'one';
  away = false;
  readonly #logs = new Map<TopicName, Log>();
  #woken: (() => void)[] = [];

  #log(topic: TopicName): Log {
    const log = this.#logs.get(topic);
    if (log === undefined) throw new Error(`no topic ${topic}`);
    return log;
  }
  #wake(): void {
    for (const wake of this.#woken.splice(0)) wake();
  }
  append(...records: readonly InRecord[]): void {
    for (const record of records) {
      const kept = this.#log(record.topic).partitions[record.partition]?.records;
      kept?.push({ ...record, offset: kept.length });
    }
    this.#wake();
  }
  /** Forgets what stands below `low`. */
  cutOff(topic: TopicName, partition: number, low: number): void {
    const kept = this.#log(topic).partitions[partition];
    if (kept !== undefined) kept.low = low;
  }
  /** Loses what stands at `high` and behind. */
  truncate(topic: TopicName, partition: number, high: number): void {
    this.#log(topic).partitions[partition]?.records.splice(high);
  }
  /** The topic is deleted and made anew. */
  renew(topic: TopicName, id: string): void {
    const log = this.#log(topic);
    log.id = id;
    for (const partition of log.partitions) Object.assign(partition, { low: 0, records: [] });
  }
  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    if (this.away) return Promise.reject(new YitongError('bus_unavailable', 'the bus is away'));
    for (const { topic, partitions } of specs) {
      const log = this.#logs.get(topic);
      if (log === undefined)
        this.#logs.set(topic, {
          id: `${topic}-1`,
          partitions: Array.from({ length: partitions }, () => ({ low: 0, records: [] })),
        });
      else if (log.partitions.length !== partitions)
        return Promise.reject(new YitongError('topic_mismatch', `topic \`${topic}\` has other partitions`));
    }
    return Promise.resolve();
  }
  topicState(topic: TopicName) {
    const log = this.#logs.get(topic);
    return Promise.resolve(
      log && { id: log.id, partitions: log.partitions.map(({ low, records }) => ({ low, high: records.length })) },
    );
  }
  clusterId(): Promise<string> {
    return Promise.resolve(this.cluster);
  }
  producer(): Promise<never> {
    return Promise.reject(new Error('not here'));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  consume(options: ConsumeOptions): Promise<Consumption> {
    let stopped = false;
    const at = new Map<string, number>();
    const run = async (): Promise<void> => {
      while (!stopped) {
        if (this.away) throw new YitongError('bus_unavailable', 'the bus is away');
        let idle = true;
        for (const topic of options.topics) {
          for (const [partition, { low, records }] of this.#log(topic).partitions.entries()) {
            if (stopped) return;
            const key = `${topic} ${partition}`;
            let from = at.get(key) ?? options.from(topic, partition);
            if (from < low || from > records.length)
              from = options.onOffsetLost({ topic, partition, wanted: from, low, high: records.length });
            const batch = records.slice(from, from + (options.maxBatch ?? 100));
            at.set(key, from + batch.length);
            if (batch.length === 0) continue;
            idle = false;
            await options.onBatch(batch);
          }
        }
        if (idle && !stopped) await new Promise<void>((resolve) => this.#woken.push(resolve));
      }
    };
    const done = run();
    done.catch(() => undefined);
    return Promise.resolve({
      done,
      stop: async () => {
        stopped = true;
        this.#wake();
        await done.catch(() => undefined);
      },
    });
  }
  /** Ends every wait, so that a consumer notices that the bus is away. */
  shake(): void {
    this.#wake();
  }
}
