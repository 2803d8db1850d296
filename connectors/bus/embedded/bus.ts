/** The embedded bus: topics, appends and consumers over one LMDB folder, for one machine. */
import { randomUUID } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { checkSpec, partitionMismatch, refuseTooLarge, unknownTopic } from '../limits.js';
import type { Bus, ConsumeOptions, Consumption, Producer, TopicSpec, TopicState } from '../port.js';
import { Appender } from './append.js';
import { Compactor } from './compact.js';
import { consumeEmbedded } from './consumer.js';
import { Doorbell } from './doorbell.js';
import { Store, type TopicRow } from './store.js';

export interface EmbeddedOptions {
  /** Folder of the LMDB environment, on a local disk; made if missing. */
  readonly dir: string;
  /** Of what may be in it; 0, the default: as many as the disk has. */
  readonly maxBytes?: number;
  /** Ms since 1970. */
  readonly now?: () => number;
}

/**
 * A bus in one folder, for one machine. Any number of processes may open it, append and read at the same time; LMDB's
 * write lock gives the order. A record is on disk before `send` resolves and before a consumer can see it.
 * @throws YitongError `bus_unavailable`
 */
export async function openEmbeddedBus(options: EmbeddedOptions): Promise<Bus> {
  const store = await Store.open(options.dir, randomUUID, options.maxBytes);
  return new EmbeddedBus(store, options.now ?? Date.now);
}

class EmbeddedBus implements Bus {
  readonly driver = 'embedded';
  readonly #store: Store;
  readonly #bell: Doorbell;
  readonly #appender: Appender;
  readonly #compactor: Compactor;
  readonly #rows = new Map<string, TopicRow>();
  readonly #consumptions = new Set<Consumption>();
  #closing: Promise<void> | undefined;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#bell = new Doorbell(store);
    this.#compactor = new Compactor(store, now);
    this.#appender = new Appender(store, {
      now,
      appended: (touched) => {
        this.#bell.ring();
        for (const { topic, partition } of touched)
          if (topic.history === 'latest') this.#compactor.consider(topic, partition);
      },
    });
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    specs.forEach(checkSpec);
    this.#store.refresh();
    const missing = specs.filter((spec) => this.#checked(spec) === undefined);
    if (missing.length === 0) return;
    const mismatches = await this.#store.write(() => {
      const found: YitongError[] = [];
      for (const spec of missing) {
        // another process may have made it since
        const row = this.#store.topic(spec.topic);
        if (row === undefined)
          this.#store.addTopic(spec.topic, { id: randomUUID(), partitions: spec.partitions, history: spec.history });
        else if (row.partitions !== spec.partitions)
          found.push(partitionMismatch(spec.topic, row.partitions, spec.partitions));
      }
      return found;
    });
    if (mismatches[0] !== undefined) throw mismatches[0];
  }

  #checked(spec: TopicSpec): TopicRow | undefined {
    const row = this.#store.topic(spec.topic);
    if (row !== undefined && row.partitions !== spec.partitions)
      throw partitionMismatch(spec.topic, row.partitions, spec.partitions);
    return row;
  }

  async topicState(topic: string): Promise<TopicState | undefined> {
    this.#store.refresh();
    const row = this.#store.topic(topic);
    if (row === undefined) return undefined;
    const partitions = Array.from({ length: row.partitions }, (_, partition) => {
      const head = this.#store.head(row.number, partition);
      return { low: head.low, high: head.next };
    });
    return { id: row.id, partitions };
  }

  async clusterId(): Promise<string> {
    return this.#store.clusterId();
  }

  async producer(): Promise<Producer> {
    return {
      send: async (topic, records) => {
        if (records.length === 0) return [];
        for (const record of records) refuseTooLarge(topic, record);
        return await this.#appender.append(this.#row(topic), records);
      },
      close: async () => undefined,
    };
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    if (this.#closing !== undefined) throw new YitongError('bus_unavailable', 'the bus is closed');
    const topics = options.topics.map((topic) => [topic, this.#row(topic)] as const);
    const consumption = consumeEmbedded(this.#store, this.#bell, topics, options);
    this.#consumptions.add(consumption);
    const forget = (): void => void this.#consumptions.delete(consumption);
    consumption.done.then(forget, forget);
    return consumption;
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    await Promise.all([...this.#consumptions].map((consumption) => consumption.stop()));
    this.#bell.close();
    await this.#appender.close();
    await this.#compactor.close();
    await this.#store.close();
  }

  /** Topics are never deleted or changed here, so what was read once holds. */
  #row(topic: string): TopicRow {
    let row = this.#rows.get(topic);
    if (row === undefined) {
      this.#store.refresh();
      row = this.#store.topic(topic);
      if (row === undefined) throw unknownTopic(topic);
      this.#rows.set(topic, row);
    }
    return row;
  }
}
