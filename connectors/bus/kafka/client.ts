/**
 * The one file that imports kafkajs (2.2.4, exact: see `MetadataClient`). Others get what they need of it from here.
 *
 * Traps of kafkajs that this driver is built around:
 * - its producer partitions anew on a retry, so acknowledged records can be lost; its retries overlap later requests, so records change
 *   order; its idempotence resets its sequence on errors and then writes twice or not at all; a batch of n records costs n² copies:
 *   we choose the partition, one request is of one partition and ours (`ProduceClient`), and our queue retries;
 * - an offset out of range is silently replaced by the earliest one: see `consumer.ts`;
 * - its group assignment ignores what a member subscribed to: every consumption has a group of its own;
 * - a topic that is deleted spoils every client that ever asked about it: see `withAdmin`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Kafka, logLevel, type Admin, type Consumer, type KafkaConfig, type KafkaMessage, type SASLOptions } from 'kafkajs';
import { YitongError } from '../../../contracts/errors.js';
import type { OutRecord } from '../port.js';
import { encodeMetadataRequest, decodeMetadata, type ClusterMetadata } from './metadata.js';
import { decodeProduced, encodeProduce, type Produced } from './produce.js';

export type { Admin, Consumer, KafkaMessage };

export interface KafkaOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** PEM files. Without it the connection is plain. */
  readonly ssl?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  readonly sasl?: { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly passwordFile: string };
  /** Copies of each topic that is created. */
  readonly replication: number;
  /** How many of them have a record before it counts as written. */
  readonly minInsyncReplicas: number;
  /** Prefix of the consumer groups of this process; each consumption adds a random suffix, so ACLs name it as a prefix. */
  readonly groupId: string;
  /** Ms that a send is retried before it fails as `bus_unavailable`. Default 20,000. */
  readonly giveUpAfterMs?: number;
}

/** @throws YitongError `bad_config` if a file of the options cannot be read */
export function connectKafka(options: KafkaOptions): Kafka {
  const config: KafkaConfig = {
    brokers: [...options.brokers],
    clientId: options.clientId,
    logLevel: logLevel.NOTHING, // errors come back as errors; its log lines would print keys
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 2000 },
  };
  if (options.ssl !== undefined) {
    const { caFile, certFile, keyFile } = options.ssl;
    config.ssl = {
      ...(caFile === undefined ? {} : { ca: [readText(caFile)] }),
      ...(certFile === undefined ? {} : { cert: readText(certFile) }),
      ...(keyFile === undefined ? {} : { key: readText(keyFile) }),
    };
  }
  if (options.sasl !== undefined) {
    const { mechanism, username, passwordFile } = options.sasl;
    const sasl: SASLOptions = { mechanism, username, password: readText(passwordFile).replace(/\r?\n$/, '') };
    config.sasl = sasl;
  }
  return new Kafka(config);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new YitongError('bad_config', `file \`${file}\` of the bus settings cannot be read`, { cause: error });
  }
}

export type WithAdmin = <T>(use: (admin: Admin) => Promise<T>) => Promise<T>;

/**
 * An admin connection for one piece of work. kafkajs's admin remembers every topic that it was asked about and fails on all others
 * once one of them is deleted, so none is kept.
 */
export const withAdmin =
  (kafka: Kafka): WithAdmin =>
  async (use) => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      return await use(admin);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  };

/** What we use of kafkajs's own cluster, which its public interface does not show. */
interface InnerCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findControllerBroker(): Promise<{ connectionPool: { send(request: object): Promise<ClusterMetadata> } }>;
  refreshMetadataIfNecessary(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  isConnected(): boolean;
  removeBroker(address: { readonly host: string; readonly port: number }): void;
  /** Partitions by their leader's node id. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(node: { readonly nodeId: string }): Promise<{ connectionPool: { send(request: object): Promise<Produced> }; disconnect(): Promise<void> }>;
}

/**
 * Metadata with topic ids. kafkajs speaks Metadata up to version 6, ids came with version 10 (Kafka 2.8), so this request is ours,
 * sent over a connection of kafkajs with its TLS, SASL and reconnecting. It reaches into kafkajs, whose version is therefore pinned.
 */
export class MetadataClient {
  private cluster: Promise<InnerCluster> | undefined;

  constructor(private readonly kafka: Kafka) {}

  /** Of these topics only; a topic that does not exist has the error code 3. */
  async fetch(topics: readonly string[]): Promise<ClusterMetadata> {
    // the broker of a connection that has been idle may be gone
    return await this.fetchOnce(topics).catch(() => this.fetchOnce(topics));
  }

  private async fetchOnce(topics: readonly string[]): Promise<ClusterMetadata> {
    const cluster = await (this.cluster ??= this.open());
    try {
      const broker = await cluster.findControllerBroker();
      return await broker.connectionPool.send({
        request: { apiKey: 3, apiVersion: 12, apiName: 'Metadata', encode: async () => encodeMetadataRequest(topics) },
        response: { decode: async (payload: Buffer) => payload, parse: async (payload: Buffer) => decodeMetadata(payload) },
      });
    } catch (error) {
      // whatever broke, the next call starts from a fresh connection
      this.cluster = undefined;
      await cluster.disconnect().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    const cluster = await this.cluster?.catch(() => undefined);
    this.cluster = undefined;
    await cluster?.disconnect();
  }

  private async open(): Promise<InnerCluster> {
    try {
      const cluster = innerCluster(this.kafka);
      await cluster.connect();
      await cluster.refreshMetadata(); // it knows brokers only after this
      return cluster;
    } catch (error) {
      this.cluster = undefined;
      throw error;
    }
  }
}

const { createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error.js') as { createErrorFromCode(code: number): Error };
const PRODUCE_TIMEOUT_MS = 30_000;

/**
 * Sends a batch to the leader of its partition, once. Over kafkajs's connections, but with requests of our own (`produce.ts`): its own
 * producer partitions anew on retries, copies n² references and spends several times the time on each record.
 */
export class ProduceClient {
  private readonly cluster: InnerCluster;

  constructor(kafka: Kafka) {
    this.cluster = innerCluster(kafka);
  }

  async connect(): Promise<void> {
    await this.cluster.connect();
  }

  /** The offset of the first record; `bytes` is the sum of their `mostBytes`. Rejects with errors of kafkajs. */
  async send(topic: string, partition: number, records: readonly OutRecord[], bytes: number): Promise<number> {
    const { cluster } = this;
    try {
      await cluster.addTargetTopic(topic);
      await cluster.refreshMetadataIfNecessary();
      const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (nodeId === undefined) throw createErrorFromCode(UNKNOWN_TOPIC_OR_PARTITION);
      const broker = await cluster.findBroker({ nodeId });
      const { baseOffset } = await broker.connectionPool
        .send({
          request: { apiKey: 0, apiVersion: 3, apiName: 'Produce', encode: async () => encodeProduce(topic, partition, records, bytes, Date.now(), PRODUCE_TIMEOUT_MS) },
          response: {
            decode: async (payload: Buffer) => decodeProduced(payload),
            parse: async (produced: Produced) => {
              if (produced.error !== 0) throw createErrorFromCode(produced.error);
              return produced;
            },
          },
        })
        .catch(async (error: unknown) => {
          if (text(error, 'name') === 'KafkaJSConnectionClosedError') await broker.disconnect();
          throw error;
        });
      return baseOffset;
    } catch (error) {
      await this.recover(error).catch(() => undefined);
      throw error;
    }
  }

  async disconnect(): Promise<void> {
    await this.cluster.disconnect();
  }

  /** What kafkajs's producer does before it tries again: the leader may be another broker now. */
  private async recover(error: unknown): Promise<void> {
    const { cluster } = this;
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') {
      const [host, port]: readonly unknown[] = [Reflect.get(error, 'host'), Reflect.get(error, 'port')];
      if (typeof host === 'string' && typeof port === 'number') cluster.removeBroker({ host, port });
    }
    if (!cluster.isConnected()) await cluster.connect();
    await cluster.refreshMetadata();
  }
}

/** Kafka's error code. */
const UNKNOWN_TOPIC_OR_PARTITION = 3;

function innerCluster(kafka: Kafka): InnerCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find((one) => one.description === 'private:Kafka:createCluster');
  const create: unknown = symbol === undefined ? undefined : Reflect.get(kafka, symbol);
  if (typeof create !== 'function') throw new YitongError('bus_unavailable', 'this kafkajs is not version 2.2.4, the one that the Kafka driver is built for');
  return create({ allowAutoTopicCreation: false }) as InnerCluster; // the one cast: kafkajs has no types for it
}

/** The broker's name for what went wrong (`NOT_LEADER_FOR_PARTITION`), or kafkajs's (`KafkaJSConnectionError`). */
export interface KafkaFailure {
  readonly type: string;
  readonly retriable: boolean;
  readonly error: YitongError;
}

/** No broker, for now. */
const UNREACHABLE: ReadonlySet<string> = new Set(['KafkaJSConnectionError', 'KafkaJSConnectionClosedError', 'KafkaJSBrokerNotFound', 'KafkaJSNoBrokerAvailableError']);

/** Reads an error of kafkajs, unwrapping its retry errors. Messages of kafkajs hold no record. */
export function failureOf(error: unknown, doing: string): KafkaFailure {
  let inner: unknown = error;
  // a refused connection comes as a `KafkaJSNonRetriableError` around one that says that it can be retried
  while (inner instanceof Error && (inner.name === 'KafkaJSNumberOfRetriesExceeded' || inner.name === 'KafkaJSNonRetriableError') && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof YitongError) return { type: inner.code, retriable: false, error: inner };
  const type = text(inner, 'type') ?? text(inner, 'name') ?? 'unknown';
  const retriable = UNREACHABLE.has(type) || (inner instanceof Error && Reflect.get(inner, 'retriable') === true);
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return { type, retriable: false, error: new YitongError('record_too_large', `${doing}: the broker takes only smaller records; raise its \`max.message.bytes\``, { cause: inner }) };
  }
  const reason = inner instanceof Error ? inner.message : 'unknown error';
  return { type, retriable, error: new YitongError('bus_unavailable', `${doing}: ${reason.charAt(0).toLowerCase()}${reason.slice(1)} (\`${type}\`)`, { cause: inner }) };
}

function text(value: unknown, key: string): string | undefined {
  const found: unknown = value instanceof Error ? Reflect.get(value, key) : undefined;
  return typeof found === 'string' ? found : undefined;
}
