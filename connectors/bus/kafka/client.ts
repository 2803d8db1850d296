/**
 * The one file that imports kafkajs (2.2.4, exact: see `MetadataClient`). Others get what they need of it from here.
 *
 * Traps of kafkajs that this driver is built around:
 * - its producer partitions anew on a retry, so acknowledged records can be lost; its retries overlap later requests,
 *   so records change order; its idempotence resets its sequence on errors and then writes twice or not at all; a batch
 *   of n records costs n² copies: we choose the partition, one request is of one partition and ours (`ProduceClient`),
 *   and our queue retries;
 * - an offset out of range is silently replaced by the earliest one: see `consumer.ts`;
 * - its group assignment ignores what a member subscribed to: every consumption has a group of its own;
 * - a topic that is deleted spoils every client that ever asked about it: see `withAdmin`;
 * - a consumer that is stopped while a node comes or goes turns round for ever: see `endFetchersOfStopped`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import kafkajs, {
  type AclEntry,
  type AclFilter,
  type Admin,
  type Consumer,
  Kafka,
  type KafkaConfig,
  type KafkaMessage,
  logLevel,
  type SASLOptions,
} from 'kafkajs';
import { YitongError } from '../../../contracts/errors.js';
import type { OutRecord } from '../port.js';
import { text } from './failure.js';
import { type ClusterMetadata, decodeMetadata, encodeMetadataRequest } from './metadata.js';
import { decodeProduced, encodeProduce, type Produced } from './produce.js';

export type { AclEntry, Admin, Consumer, KafkaMessage };

const {
  AclOperationTypes: operations,
  AclPermissionTypes: permissions,
  AclResourceTypes: resources,
  ResourcePatternTypes: patterns,
} = kafkajs;
type Numbers = Readonly<Record<string, number>>;
const numbers = (names: object): Numbers =>
  Object.fromEntries(
    Object.entries(names).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : [])),
  );
const any: AclFilter = {
  resourceType: resources.ANY,
  resourcePatternType: patterns.ANY,
  operation: operations.ANY,
  permissionType: permissions.ANY,
};
/** Kafka's numbers of what ACLs say, by kafkajs's names; `any` is the filter for all. */
export const acls = {
  operations: numbers(operations),
  permissions: numbers(permissions),
  resources: numbers(resources),
  patterns: numbers(patterns),
  any,
} as const;

export interface KafkaOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** PEM files. Without it the connection is plain. */
  readonly ssl?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly passwordFile: string;
  };
  /** Copies of each topic that is created. */
  readonly replication: number;
  /** How many of them have a record before it counts as written. */
  readonly minInsyncReplicas: number;
  /** A topic that exists with fewer copies than these two: `refuse` (default), or `warn`. */
  readonly weakTopics?: 'refuse' | 'warn';
  /** Told of what is only warned of, in one line. */
  readonly onWarning?: (message: string) => void;
  /**
   * Prefix of the consumer groups of this process; each consumption adds a random suffix, so ACLs name it as a prefix.
   */
  readonly groupId: string;
  /** Ms that a send is retried before it fails as `bus_unavailable`. Default 20,000. */
  readonly giveUpAfterMs?: number;
  /** Ms that a broker has to answer a request; then its connection is dropped. Default 10,000. */
  readonly requestTimeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** @throws YitongError `bad_config` if a file of the options cannot be read */
export function connectKafka(options: KafkaOptions): Kafka {
  const config: KafkaConfig = {
    brokers: [...options.brokers],
    clientId: options.clientId,
    logLevel: logLevel.NOTHING, // errors come back as errors; its log lines would print keys
    connectionTimeout: 3000,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
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
 * An admin connection for one piece of work. kafkajs's admin remembers every topic that it was asked about and fails on
 * all others once one of them is deleted, so none is kept.
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
  findBroker(node: { readonly nodeId: string }): Promise<{
    connectionPool: {
      send(request: object): Promise<Produced>;
      readonly pool: readonly { readonly socket?: Socket | null }[];
    };
    disconnect(): Promise<void>;
  }>;
  /** Those that metadata are asked of. */
  readonly targetTopics: Set<string>;
}

/**
 * Metadata with topic ids. kafkajs speaks Metadata up to version 6, ids came with version 10 (Kafka 2.8), so this
 * request is ours, sent over a connection of kafkajs with its TLS, SASL and reconnecting. It reaches into kafkajs,
 * whose version is therefore pinned.
 */
export class MetadataClient {
  private cluster: Promise<InnerCluster> | undefined;

  constructor(private readonly kafka: Kafka) {}

  /** Of these topics only; a topic that does not exist has the error code 3. */
  async fetch(topics: readonly string[]): Promise<ClusterMetadata> {
    const kept = this.cluster !== undefined;
    return await this.fetchOnce(topics).catch((error: unknown) => {
      // the broker of a connection that has been idle may be gone; a new connection has been tried often enough
      if (!kept) throw error;
      return this.fetchOnce(topics);
    });
  }

  private async fetchOnce(topics: readonly string[]): Promise<ClusterMetadata> {
    const cluster = await (this.cluster ??= this.open());
    try {
      const broker = await cluster.findControllerBroker();
      return await broker.connectionPool.send({
        request: { apiKey: 3, apiVersion: 12, apiName: 'Metadata', encode: async () => encodeMetadataRequest(topics) },
        response: {
          decode: async (payload: Buffer) => payload,
          parse: async (payload: Buffer) => decodeMetadata(payload),
        },
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

/** Kafka's own error of that number, as `failureOf` reads it. */
export const { createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error.js') as {
  createErrorFromCode(code: number): Error;
};

/**
 * Sends a batch to the leader of its partition, once. Over kafkajs's connections, but with requests of our own
 * (`produce.ts`): its own producer partitions anew on retries, copies n² references and spends several times the time
 * on each record.
 */
export class ProduceClient {
  private readonly cluster: InnerCluster;
  private readonly timeoutMs: number;
  private recovering: Promise<void> | undefined;

  /**
   * @param options how long the replicas may take: less than we wait for their leader, so that it is the leader who
   * says so
   */
  constructor(kafka: Kafka, options: Pick<KafkaOptions, 'requestTimeoutMs'>) {
    this.cluster = innerCluster(kafka);
    this.timeoutMs = Math.ceil((options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS) * 0.8);
  }

  async connect(): Promise<void> {
    await this.cluster.connect();
  }

  /** The offset of the first record; `bytes` is the sum of their `mostBytes`. Rejects with errors of kafkajs. */
  async send(topic: string, partition: number, records: readonly OutRecord[], bytes: number): Promise<number> {
    const { cluster } = this;
    try {
      await this.recovering;
      await cluster.addTargetTopic(topic);
      await cluster.refreshMetadataIfNecessary();
      const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (nodeId === undefined) throw createErrorFromCode(UNKNOWN_TOPIC_OR_PARTITION);
      const broker = await cluster.findBroker({ nodeId });
      const { baseOffset } = await broker.connectionPool
        .send({
          request: {
            apiKey: 0,
            apiVersion: 3,
            apiName: 'Produce',
            encode: async () => encodeProduce(topic, partition, records, bytes, Date.now(), this.timeoutMs),
          },
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
          if (text(error, 'name') === 'KafkaJSRequestTimeoutError') dropConnections(broker.connectionPool.pool);
          throw error;
        });
      return baseOffset;
    } catch (error) {
      // not waited for here: a broker that is silent would be so once more, and whoever sends may have a better use for
      // the time
      this.recover(error, topic);
      throw error;
    }
  }

  async disconnect(): Promise<void> {
    // it would connect again
    await this.recovering;
    await this.cluster.disconnect();
  }

  /**
   * What kafkajs's producer does before it tries again: the leader may be another broker now. Once for all partitions
   * that failed together.
   */
  private recover(error: unknown, topic: string): void {
    const { cluster } = this;
    // metadata of all topics fail while one of them is not there: one that was deleted is asked for again when
    // something is sent to it
    if (text(error, 'type') === 'UNKNOWN_TOPIC_OR_PARTITION') cluster.targetTopics.delete(topic);
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') {
      const [host, port]: readonly unknown[] = [Reflect.get(error, 'host'), Reflect.get(error, 'port')];
      if (typeof host === 'string' && typeof port === 'number') cluster.removeBroker({ host, port });
    }
    this.recovering ??= this.refresh()
      .catch(() => undefined)
      .finally(() => (this.recovering = undefined));
  }

  private async refresh(): Promise<void> {
    if (!this.cluster.isConnected()) await this.cluster.connect();
    await this.cluster.refreshMetadata();
  }
}

/**
 * A broker that does not answer may be behind a cut in the network: the next try gets a new connection, and what the
 * old one has not delivered is thrown away with it, so that it cannot arrive behind what is sent later.
 */
function dropConnections(pool: readonly { readonly socket?: Socket | null }[]): void {
  for (const { socket } of pool) {
    if (socket === undefined || socket === null || socket.destroyed) continue;
    // TLS sockets cannot be reset
    if ('encrypted' in socket) socket.destroy();
    else socket.resetAndDestroy();
    // kafkajs listens to nothing else, and would keep what else waits on this connection
    socket.emit('error', new Error('the broker did not answer in time'));
  }
}

/** Kafka's error code. */
const UNKNOWN_TOPIC_OR_PARTITION = 3;

function innerCluster(kafka: Kafka): InnerCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find((one) => one.description === 'private:Kafka:createCluster');
  const create: unknown = symbol === undefined ? undefined : Reflect.get(kafka, symbol);
  if (typeof create !== 'function')
    throw new YitongError(
      'bus_unavailable',
      'this kafkajs is not version 2.2.4, the one that the Kafka driver is built for',
    );
  return create({ allowAutoTopicCreation: false }) as InnerCluster; // the one cast: kafkajs has no types for it
}

/** What we use of kafkajs's runner of a consumer. */
interface InnerRunner {
  readonly running: boolean;
  fetch(this: InnerRunner, nodeId: number): Promise<readonly unknown[]>;
}

/**
 * kafkajs makes the fetchers of a consumer anew when a node comes or goes. If the consumer is stopped at that moment,
 * the new ones do not hear of it: each is given nothing, at once, again and again, and the process does nothing else
 * any more, not even a timer. Here a fetch of a stopped consumer fails, and that ends its fetchers.
 */
function endFetchersOfStopped(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/runner.js') as {
    readonly prototype: InnerRunner;
  };
  const { fetch } = prototype;
  prototype.fetch = function (nodeId) {
    // one that can be tried again: the next try sees that the consumer is stopped, and ends in order
    if (!this.running) return Promise.reject(Object.assign(new Error('the consumer is stopped'), { retriable: true }));
    return fetch.call(this, nodeId);
  };
}
endFetchersOfStopped();
