/**
 * The Bus port: partitioned, ordered, durable topics. Drivers: `kafka/`, `embedded/`. One conformance suite runs on
 * both (`test/support/conformance/bus.ts`).
 *
 * Promises of every driver:
 * - records of one subject keep the order in which they were sent (the partition comes from the subject alone);
 * - `send` resolves when the records are durable (acks=all; embedded: flushed to disk); it may be repeated after a
 *   failure, so consumers see each record at least once;
 * - a consumer starts at the offset that it asks for, never at one that the bus remembers for it;
 * - `timestamp` is stamped by the bus on appending (LogAppendTime), never by the sender;
 * - what is read is what was written: a stretch that is damaged is reported to the consumer, and never passed over;
 * - a slow consumer is not fed faster than its handler resolves (back-pressure).
 */
export type TopicName = string;

export interface TopicSpec {
  readonly topic: TopicName;
  readonly partitions: number;
  /** `full`: retention.ms=-1. `latest`: compaction keeps the newest record of a key; a withdrawal stays ≥ 24 h. */
  readonly history: 'full' | 'latest';
}

export interface OutRecord {
  /** `uscc:9131…`: decides the partition. */
  readonly subject: string;
  /** The record's id within its subject, may be empty. The topic key is `<subject>|<recordId>`. */
  readonly recordId: string;
  /** Registry wire format; null is a withdrawal. */
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Ack {
  readonly partition: number;
  readonly offset: number;
}

export interface InRecord {
  readonly topic: TopicName;
  readonly partition: number;
  /** 0-based, below 2^53. */
  readonly offset: number;
  /** LogAppendTime, ms since 1970. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PartitionState {
  /**
   * The first offset that can be asked for. Retention moves it; compaction (`history: latest`) does not, on either
   * driver.
   */
  readonly low: number;
  /** The offset that the next record will get. */
  readonly high: number;
}

export interface TopicState {
  /** Changes when a topic was deleted and made anew. */
  readonly id: string;
  readonly partitions: readonly PartitionState[];
}

export interface Producer {
  /** Resolves with one Ack a record, in order, when all are durable. @throws YitongError `bus_unavailable` */
  send(topic: TopicName, records: readonly OutRecord[]): Promise<readonly Ack[]>;
  close(): Promise<void>;
}

/** What a consumer is told about a partition whose next offset cannot be had. */
export interface OffsetLost {
  readonly topic: TopicName;
  readonly partition: number;
  readonly wanted: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Offsets of a partition, from `from` up to but not with `to`, whose records are there no more or are not what was
 * written.
 */
interface Damaged {
  readonly topic: TopicName;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

export interface ConsumeOptions {
  readonly topics: readonly TopicName[];
  /**
   * The next offset to read of each partition; a partition that is not named starts at its low. Called once on each
   * (re-)assignment.
   */
  readonly from: (topic: TopicName, partition: number) => number;
  /**
   * One batch of one partition, in order. The next one comes only after this resolves. A rejection stops the consumer.
   */
  readonly onBatch: (batch: readonly InRecord[]) => Promise<void>;
  /** An offset before `low` or beyond `high`: the answer is the offset to go on from. */
  readonly onOffsetLost: (lost: OffsetLost) => number;
  /**
   * A damaged stretch comes next: reading goes on behind it when this resolves. Without it the consumption ends there,
   * by `store_damaged`. Only the embedded bus finds damage itself; of Kafka it is the brokers' to find.
   */
  readonly onDamaged?: (stretch: Damaged) => Promise<void>;
  /** At most this many records a batch. */
  readonly maxBatch?: number;
}

export interface Consumption {
  /** Rejects when the consumer stopped by an error; resolves after `stop`. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

export interface ProducerOptions {
  /** Ms that a send is retried, for a sender that has something else to do by then. Default the bus's own. */
  readonly giveUpAfterMs?: number;
}

export interface Bus {
  readonly driver: 'kafka' | 'embedded';
  /** Creates what is missing. @throws YitongError `topic_mismatch` if a topic exists with another partition count */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** Undefined if there is no such topic. */
  topicState(topic: TopicName): Promise<TopicState | undefined>;
  /** An id of the cluster, so that a view knows when its offsets belong to another one. */
  clusterId(): Promise<string>;
  producer(options?: ProducerOptions): Promise<Producer>;
  consume(options: ConsumeOptions): Promise<Consumption>;
  close(): Promise<void>;
}

/** Header names on data topics. */
export const HEADER = {
  sourceTime: 'yt-source-time', // ISO 8601 UTC
  position: 'yt-position', // the source's own position, or the content hash
  contractVersion: 'yt-contract-version',
  /**
   * `<epoch>.<number>`, of each record of a data topic: within an epoch a record's later version has the higher number,
   * so that what comes again is told from what comes back. Absent from older topics.
   */
  sequence: 'yt-sequence',
  reason: 'yt-reason', // of a withdrawal
  traceparent: 'traceparent',
} as const;

/** A watermark on `<prefix>.<authority>._control`; its key is the dataset id, as subject, with an empty record id. */
export interface Watermark {
  readonly dataset: string;
  /** ISO 8601 UTC: the source was seen in full up to here. */
  readonly sourceTime: string;
  /** True where the run saw the whole source. */
  readonly snapshot: boolean;
  /** Rows that the run read. */
  readonly rows: number;
  /** `complete`, or why not. */
  readonly state: 'complete' | 'failed' | 'refused';
}

export const dataTopic = (prefix: string, dataset: string): TopicName => `${prefix}.${dataset}`;
export const controlTopic = (prefix: string, authority: string): TopicName => `${prefix}.${authority}._control`;
/** Control topics have one partition and keep the latest watermark of each dataset. */
export const controlSpec = (prefix: string, authority: string): TopicSpec => ({
  topic: controlTopic(prefix, authority),
  partitions: 1,
  history: 'latest',
});

/** What an authority is told of cases, and what its own system does; of one partition each, so that order is kept. */
export const caseStepsTopic = (prefix: string, authority: string): TopicName => `${prefix}.${authority}._steps`;
export const caseActsTopic = (prefix: string, authority: string): TopicName => `${prefix}.${authority}._acts`;
/** Steps of matters of sharing that concern an authority. */
export const sharingTopic = (prefix: string, authority: string): TopicName => `${prefix}.${authority}._sharing`;
export const caseTopicSpec = (topic: TopicName): TopicSpec => ({ topic, partitions: 1, history: 'full' });
