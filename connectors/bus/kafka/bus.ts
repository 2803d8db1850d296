import { randomUUID } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { unknownTopic } from '../limits.js';
import type { Bus, ConsumeOptions, Consumption, Producer, ProducerOptions, TopicSpec, TopicState } from '../port.js';
import { connectKafka, type KafkaOptions, MetadataClient, ProduceClient, type WithAdmin, withAdmin } from './client.js';
import { consumeKafka, FETCH_WAIT_MS } from './consumer.js';
import { failureOf } from './failure.js';
import { OrderedProducer } from './producer.js';
import { ensureKafkaTopics, kafkaTopicState, offsetsOf, partitionCount } from './topics.js';

export type { KafkaOptions } from './client.js';

export interface Opening {
  readonly mayBeAway?: boolean;
  readonly onWarning?: (message: string) => void;
}

/**
 * A bus on Apache Kafka 2.8 or newer, 4.x included.
 * @param opening `mayBeAway`: no broker is asked yet; whatever is done with the bus then says what is wrong with it
 * @throws YitongError `bus_unavailable` if no broker answers, `bus_login_failed`, `bad_config` if a file of the options
 * cannot be read
 */
export async function openKafkaBus(
  options: KafkaOptions,
  { mayBeAway = false }: Pick<Opening, 'mayBeAway'> = {},
): Promise<Bus> {
  // Kafka takes the smaller of the two in silence, and acknowledges with fewer copies than were asked for
  if (options.minInsyncReplicas > options.replication)
    throw new YitongError(
      'bad_config',
      '`bus.minInsyncReplicas` is more than `bus.replication`: there are never so many copies',
    );
  const kafka = connectKafka(options);
  const admin = withAdmin(kafka);
  if (!mayBeAway)
    await admin(async () => undefined).catch((error: unknown) => {
      throw failureOf(error, `no broker of \`${options.brokers.join(', ')}\` answers`).error;
    });
  return new KafkaBus(options, kafka, admin);
}

class KafkaBus implements Bus {
  readonly driver = 'kafka';
  private readonly metadata: MetadataClient;
  private readonly open = new Set<{ stop(): Promise<void> }>();
  private closing: Promise<void> | undefined;

  constructor(
    private readonly options: KafkaOptions,
    private readonly kafka: ReturnType<typeof connectKafka>,
    private readonly admin: WithAdmin,
  ) {
    this.metadata = new MetadataClient(kafka);
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    await ensureKafkaTopics(this.admin, this.metadata, this.options, specs);
  }

  async topicState(topic: string): Promise<TopicState | undefined> {
    return await kafkaTopicState(this.admin, this.metadata, topic);
  }

  async clusterId(): Promise<string> {
    const { clusterId } = await this.metadata.fetch([]).catch((error: unknown) => {
      throw failureOf(error, 'the cluster cannot be looked up').error;
    });
    return clusterId;
  }

  async producer(options: ProducerOptions = {}): Promise<Producer> {
    this.refuseClosed();
    const kafka = new ProduceClient(this.kafka, this.options);
    const producer = new OrderedProducer({
      kafka,
      partitions: (topic) => partitionCount(this.metadata, topic),
      giveUpAfterMs: options.giveUpAfterMs ?? this.options.giveUpAfterMs ?? 20_000,
      now: () => performance.now(),
    });
    try {
      await kafka.connect();
    } catch (error) {
      await producer.close();
      throw failureOf(error, 'no broker answers').error;
    }
    const opened = { stop: () => this.closed(producer, opened) };
    this.open.add(opened);
    return { send: (topic, records) => producer.send(topic, records), close: () => opened.stop() };
  }

  private async closed(producer: Producer, opened: { stop(): Promise<void> }): Promise<void> {
    this.open.delete(opened);
    await producer.close();
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    this.refuseClosed();
    for (const topic of options.topics)
      if ((await partitionCount(this.metadata, topic)) === undefined) throw unknownTopic(topic);
    // a group of its own: kafkajs would give partitions to members that never asked for the topic, and a group whose
    // member was killed keeps everybody waiting until its session ends
    const consumer = this.kafka.consumer({
      groupId: `${this.options.groupId}.${randomUUID()}`,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: 1_048_576,
      // after a broker's restart kafkajs joins as a new member and waits until the session of the old one ends
      sessionTimeout: 10_000,
      rebalanceTimeout: 10_000,
      heartbeatInterval: 2000,
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 5000 },
    });
    const consumption = await consumeKafka(
      { consumer, offsets: (topics) => offsetsOf(this.admin, this.metadata, topics) },
      options,
    );
    this.open.add(consumption);
    const forget = (): void => void this.open.delete(consumption);
    consumption.done.then(forget, forget);
    return consumption;
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    await Promise.all([...this.open].map((one) => one.stop()));
    await this.metadata.close();
  }

  private refuseClosed(): void {
    if (this.closing !== undefined) throw new YitongError('bus_unavailable', 'the bus is closed');
  }
}
