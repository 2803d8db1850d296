import { setTimeout as delay } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { checkSpec, partitionMismatch } from '../limits.js';
import type { PartitionState, TopicSpec, TopicState } from '../port.js';
import { createErrorFromCode, type KafkaOptions, type MetadataClient, type WithAdmin } from './client.js';
import { failureOf } from './failure.js';
import type { TopicMetadata } from './metadata.js';

const NO_SUCH_TOPIC = 3;
/** No leader yet. */
const LEADER_NOT_AVAILABLE = 5;
/** What brokers say while a leader changes or a topic is made. */
const MOVING: ReadonlySet<string> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);
const APPEAR_TRIES = 100;
const APPEAR_PAUSE_MS = 50;
const DAY_MS = 24 * 3600 * 1000;

/** Settings of a topic as the design asks for them. */
function configOf(spec: TopicSpec, options: KafkaOptions): { name: string; value: string }[] {
  const config = [
    { name: MIN_INSYNC, value: String(options.minInsyncReplicas) },
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
  ];
  if (spec.history === 'full')
    config.push(
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'retention.ms', value: '-1' },
      { name: 'retention.bytes', value: '-1' },
    );
  else
    config.push({ name: 'cleanup.policy', value: 'compact' }, { name: 'delete.retention.ms', value: String(DAY_MS) });
  return config;
}

const MIN_INSYNC = 'min.insync.replicas';
/** Settings that change what records mean: a topic that somebody else made with others is refused. */
const DECISIVE = new Set(['message.timestamp.type', 'cleanup.policy', 'retention.ms', 'retention.bytes']);

/** @throws YitongError `topic_mismatch`, `topic_weak`, `bus_denied`, `bus_unavailable` */
export async function ensureKafkaTopics(
  admin: WithAdmin,
  metadata: MetadataClient,
  options: KafkaOptions,
  specs: readonly TopicSpec[],
): Promise<void> {
  specs.forEach(checkSpec);
  if (specs.length === 0) return;
  const names = [...new Set(specs.map((spec) => spec.topic))];
  const before = await describe(metadata, names);
  const missing = specs.filter((spec) => !before.has(spec.topic));
  if (missing.length > 0) {
    try {
      const topics = missing.map((spec) => ({
        topic: spec.topic,
        numPartitions: spec.partitions,
        replicationFactor: options.replication,
        configEntries: configOf(spec, options),
      }));
      await admin((admin) => admin.createTopics({ waitForLeaders: false, topics }));
    } catch (error) {
      throw failureOf(error, 'topics cannot be created').error;
    }
  }
  // another process may have made one of them meanwhile, with other settings
  const after = missing.length > 0 ? await appeared(metadata, names) : before;
  for (const spec of specs) {
    const topic = after.get(spec.topic);
    if (topic === undefined)
      throw new YitongError('bus_unavailable', `topic \`${spec.topic}\` was created but is not there yet; try again`);
    if (topic.partitions !== spec.partitions) throw partitionMismatch(spec.topic, topic.partitions, spec.partitions);
  }
  const existing = specs.filter((spec) => before.has(spec.topic));
  for (const { topic } of existing) {
    const copies = after.get(topic)?.replicas ?? 0;
    if (copies < options.replication)
      weak(options, topic, `is kept in ${copies} copies, and \`bus.replication\` says ${options.replication}`);
  }
  await refuseOtherSettings(admin, options, existing);
}

/**
 * An acknowledgement means less there than the settings say: somebody has to know, or nothing is published.
 * @throws YitongError `topic_weak`
 */
function weak(options: KafkaOptions, topic: string, what: string): void {
  const error = new YitongError(
    'topic_weak',
    `topic \`${topic}\` ${what}; correct the topic or the settings, or say \`"weakTopics": "warn"\``,
  );
  if (options.weakTopics !== 'warn') throw error;
  options.onWarning?.(error.message);
}

/**
 * A topic that was created takes a moment until the broker that is asked knows of it, most of all where one of its name
 * was just deleted.
 */
async function appeared(metadata: MetadataClient, names: readonly string[]): Promise<Map<string, TopicMetadata>> {
  for (let tries = 0; ; tries++) {
    const found = await describe(metadata, names);
    if (found.size === names.length || tries === APPEAR_TRIES) return found;
    await delay(APPEAR_PAUSE_MS);
  }
}

async function describe(metadata: MetadataClient, names: readonly string[]): Promise<Map<string, TopicMetadata>> {
  const { topics } = await metadata.fetch(names).catch((error: unknown) => {
    throw failureOf(error, 'topics cannot be looked up').error;
  });
  const found = new Map<string, TopicMetadata>();
  for (const topic of topics) {
    if (topic.error === 0) found.set(topic.name, topic);
    else if (topic.error !== NO_SUCH_TOPIC && topic.error !== LEADER_NOT_AVAILABLE)
      throw failureOf(createErrorFromCode(topic.error), `topic \`${topic.name}\` cannot be looked up`).error;
  }
  return found;
}

async function refuseOtherSettings(
  admin: WithAdmin,
  options: KafkaOptions,
  specs: readonly TopicSpec[],
): Promise<void> {
  if (specs.length === 0) return;
  const names = [...DECISIVE, MIN_INSYNC];
  const { resources } = await admin((admin) =>
    admin.describeConfigs({
      includeSynonyms: false,
      resources: specs.map((spec) => ({ type: 2, name: spec.topic, configNames: names })),
    }),
  ).catch((error: unknown) => {
    const failure = failureOf(error, 'settings of topics cannot be read');
    // a producer's principal may well not be allowed to; whoever creates topics is
    if (failure.type === 'TOPIC_AUTHORIZATION_FAILED' || failure.type === 'CLUSTER_AUTHORIZATION_FAILED')
      return { resources: [] };
    throw failure.error;
  });
  for (const { resourceName, configEntries } of resources) {
    const spec = specs.find((one) => one.topic === resourceName);
    for (const wanted of spec === undefined ? [] : configOf(spec, options)) {
      const found = configEntries.find((entry) => entry.configName === wanted.name);
      if (wanted.name === MIN_INSYNC && found !== undefined && Number(found.configValue) < options.minInsyncReplicas) {
        weak(
          options,
          resourceName,
          `acknowledges with ${found.configValue} copies (\`${MIN_INSYNC}\`), and \`bus.minInsyncReplicas\` ` +
            `says ${options.minInsyncReplicas}`,
        );
      }
      if (DECISIVE.has(wanted.name) && found !== undefined && found.configValue !== wanted.value) {
        throw new YitongError(
          'topic_mismatch',
          `topic \`${resourceName}\` has \`${wanted.name}=${found.configValue}\` and its contract needs ` +
            `\`${wanted.value}\`; correct the topic's settings`,
        );
      }
    }
  }
}

/** Undefined if there is no such topic. @throws YitongError `bus_unavailable` */
export async function kafkaTopicState(
  admin: WithAdmin,
  metadata: MetadataClient,
  topic: string,
): Promise<TopicState | undefined> {
  const found = (await describe(metadata, [topic])).get(topic);
  if (found === undefined) return undefined;
  try {
    return { id: found.id, partitions: (await offsetsOf(admin, metadata, [topic])).get(topic) ?? [] };
  } catch (error) {
    // it was deleted in between
    if (!(await describe(metadata, [topic])).has(topic)) return undefined;
    throw error;
  }
}

/**
 * Low and high of each partition of each topic, by number.
 * @throws YitongError `bus_unavailable`, also where one of them is not there any more
 */
export async function offsetsOf(
  admin: WithAdmin,
  metadata: MetadataClient,
  topics: readonly string[],
): Promise<Map<string, readonly PartitionState[]>> {
  for (let tries = 0; ; tries++) {
    try {
      return await admin(async (admin) => {
        const states = new Map<string, readonly PartitionState[]>();
        for (const topic of topics) {
          const offsets = await admin.fetchTopicOffsets(topic);
          states.set(
            topic,
            offsets
              .sort((a, b) => a.partition - b.partition)
              .map(({ low, high }) => ({ low: Number(low), high: Number(high) })),
          );
        }
        return states;
      });
    } catch (error) {
      const failure = failureOf(error, 'offsets cannot be read');
      // the leader is another one, or not there yet: a new connection learns of it. A topic that was deleted has none
      // any more, and each try takes seconds
      if (!MOVING.has(failure.type) || tries === APPEAR_TRIES) throw failure.error;
      if ((await describe(metadata, topics)).size < topics.length) throw failure.error;
      await delay(APPEAR_PAUSE_MS);
    }
  }
}

/** The partition count, or undefined if there is no such topic. @throws YitongError `bus_unavailable` */
export async function partitionCount(metadata: MetadataClient, topic: string): Promise<number | undefined> {
  return (await describe(metadata, [topic])).get(topic)?.partitions;
}
