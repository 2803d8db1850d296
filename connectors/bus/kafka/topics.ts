import { YitongError } from '../../../contracts/errors.js';
import { checkSpec, partitionMismatch } from '../limits.js';
import type { PartitionState, TopicSpec, TopicState } from '../port.js';
import { failureOf, type KafkaOptions, type MetadataClient, type WithAdmin } from './client.js';
import type { TopicMetadata } from './metadata.js';

const NO_SUCH_TOPIC = 3;
const DAY_MS = 24 * 3600 * 1000;

/** Settings of a topic as the design asks for them. */
function configOf(spec: TopicSpec, options: KafkaOptions): { name: string; value: string }[] {
  const config = [
    { name: 'min.insync.replicas', value: String(options.minInsyncReplicas) },
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
  ];
  if (spec.history === 'full') config.push({ name: 'cleanup.policy', value: 'delete' }, { name: 'retention.ms', value: '-1' }, { name: 'retention.bytes', value: '-1' });
  else config.push({ name: 'cleanup.policy', value: 'compact' }, { name: 'delete.retention.ms', value: String(DAY_MS) });
  return config;
}

/** Settings that change what records mean: a topic that somebody else made with others is refused. */
const DECISIVE = new Set(['message.timestamp.type', 'cleanup.policy', 'retention.ms', 'retention.bytes']);

/** @throws YitongError `topic_mismatch`, `bus_unavailable` */
export async function ensureKafkaTopics(admin: WithAdmin, metadata: MetadataClient, options: KafkaOptions, specs: readonly TopicSpec[]): Promise<void> {
  specs.forEach(checkSpec);
  if (specs.length === 0) return;
  const names = [...new Set(specs.map((spec) => spec.topic))];
  const before = await describe(metadata, names);
  const missing = specs.filter((spec) => !before.has(spec.topic));
  if (missing.length > 0) {
    try {
      const topics = missing.map((spec) => ({ topic: spec.topic, numPartitions: spec.partitions, replicationFactor: options.replication, configEntries: configOf(spec, options) }));
      await admin((admin) => admin.createTopics({ waitForLeaders: true, topics }));
    } catch (error) {
      throw failureOf(error, 'topics cannot be created').error;
    }
  }
  // another process may have made one of them meanwhile, with other settings
  const after = missing.length > 0 ? await describe(metadata, names) : before;
  for (const spec of specs) {
    const topic = after.get(spec.topic);
    if (topic === undefined) throw new YitongError('bus_unavailable', `topic \`${spec.topic}\` was created but is not there yet; try again`);
    if (topic.partitions !== spec.partitions) throw partitionMismatch(spec.topic, topic.partitions, spec.partitions);
  }
  await refuseOtherSettings(admin, options, specs.filter((spec) => before.has(spec.topic)));
}

async function describe(metadata: MetadataClient, names: readonly string[]): Promise<Map<string, TopicMetadata>> {
  const { topics } = await metadata.fetch(names).catch((error: unknown) => {
    throw failureOf(error, 'topics cannot be looked up').error;
  });
  const found = new Map<string, TopicMetadata>();
  for (const topic of topics) {
    if (topic.error === 0) found.set(topic.name, topic);
    else if (topic.error !== NO_SUCH_TOPIC) throw new YitongError('bus_unavailable', `topic \`${topic.name}\` cannot be looked up (Kafka error ${topic.error})`);
  }
  return found;
}

async function refuseOtherSettings(admin: WithAdmin, options: KafkaOptions, specs: readonly TopicSpec[]): Promise<void> {
  if (specs.length === 0) return;
  const names = [...DECISIVE];
  const { resources } = await admin((admin) =>
    admin.describeConfigs({ includeSynonyms: false, resources: specs.map((spec) => ({ type: 2, name: spec.topic, configNames: names })) }),
  ).catch((error: unknown) => {
    const failure = failureOf(error, 'settings of topics cannot be read');
    // a producer's principal may well not be allowed to; whoever creates topics is
    if (failure.type === 'TOPIC_AUTHORIZATION_FAILED' || failure.type === 'CLUSTER_AUTHORIZATION_FAILED') return { resources: [] };
    throw failure.error;
  });
  for (const { resourceName, configEntries } of resources) {
    const spec = specs.find((one) => one.topic === resourceName);
    for (const wanted of spec === undefined ? [] : configOf(spec, options)) {
      const found = configEntries.find((entry) => entry.configName === wanted.name);
      if (DECISIVE.has(wanted.name) && found !== undefined && found.configValue !== wanted.value) {
        throw new YitongError('topic_mismatch', `topic \`${resourceName}\` has \`${wanted.name}=${found.configValue}\` and its contract needs \`${wanted.value}\`; correct the topic's settings`);
      }
    }
  }
}

/** Undefined if there is no such topic. @throws YitongError `bus_unavailable` */
export async function kafkaTopicState(admin: WithAdmin, metadata: MetadataClient, topic: string): Promise<TopicState | undefined> {
  const found = (await describe(metadata, [topic])).get(topic);
  if (found === undefined) return undefined;
  return { id: found.id, partitions: (await offsetsOf(admin, [topic])).get(topic) ?? [] };
}

/** Low and high of each partition of each topic, by number. @throws YitongError `bus_unavailable` */
export async function offsetsOf(admin: WithAdmin, topics: readonly string[]): Promise<Map<string, readonly PartitionState[]>> {
  const states = new Map<string, readonly PartitionState[]>();
  await admin(async (admin) => {
    for (const topic of topics) {
      const offsets = await admin.fetchTopicOffsets(topic);
      states.set(topic, offsets.sort((a, b) => a.partition - b.partition).map(({ low, high }) => ({ low: Number(low), high: Number(high) })));
    }
  }).catch((error: unknown) => {
    throw failureOf(error, 'offsets cannot be read').error;
  });
  return states;
}

/** The partition count, or undefined if there is no such topic. @throws YitongError `bus_unavailable` */
export async function partitionCount(metadata: MetadataClient, topic: string): Promise<number | undefined> {
  return (await describe(metadata, [topic])).get(topic)?.partitions;
}
