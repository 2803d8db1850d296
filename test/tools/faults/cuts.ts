/**
 * `cluster:*`: nodes of a three-node Kafka are killed, cut off, filled up, slowed down; one fault at a time, each
 * undone before the next.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { connectKafka } from '../../../connectors/bus/kafka/client.js';
import { dataTopic } from '../../../connectors/bus/port.js';
import type { Cluster, Node } from '../../support/servers/cluster.js';
import type { Recovery } from './kills.js';
import type { Random } from './random.js';
import { DATASETS } from './workspace.js';
import type { World } from './world.js';

export const CUTS = ['leader', 'controller', 'partition', 'disk', 'slow', 'freeze', 'rolling'] as const;
export type Cut = (typeof CUTS)[number];

const RECOVERED_WITHIN = 180_000;
const IN_SYNC_WITHIN = 120_000;

export interface Plan {
  readonly cuts: readonly Cut[];
  /** So many of each, … */
  readonly each?: number;
  /** … or as many as fit. */
  readonly minutes?: number;
}

/** What each partition of the pushed topic says: its leader, and who is in sync. */
async function partitions(
  cluster: Cluster,
  prefix: string,
): Promise<
  readonly { readonly leader: number; readonly isr: readonly number[]; readonly replicas: readonly number[] }[]
> {
  const kafka = connectKafka({
    brokers: cluster.addresses,
    clientId: 'faults',
    groupId: 'faults',
    replication: 1,
    minInsyncReplicas: 1,
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const topics = Object.values(DATASETS).map((dataset) => dataTopic(prefix, dataset));
    return (await admin.fetchTopicMetadata({ topics })).topics.flatMap((topic) => topic.partitions);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Before the next fault every copy is there again: two faults at once would prove less. */
async function inSync(cluster: Cluster, prefix: string): Promise<void> {
  const until = Date.now() + IN_SYNC_WITHIN;
  for (;;) {
    const all = await partitions(cluster, prefix).catch(() => undefined);
    if (all?.every(({ isr, replicas }) => isr.length === replicas.length) === true) return;
    if (Date.now() > until) throw new Error(`the copies are not in sync again within ${IN_SYNC_WITHIN / 1000} s`);
    await wait(250);
  }
}

/** Makes the fault and returns how it is undone; undefined where there is nobody to make it of. */
async function make(
  cut: Cut,
  cluster: Cluster,
  world: World,
  random: Random,
): Promise<{ readonly what: string; undo(): Promise<void> } | undefined> {
  const node = (id: number | undefined): Node | undefined => cluster.nodes.find((one) => one.id === id);
  const any = random.pick(cluster.nodes);
  const killed = async (one: Node): Promise<() => Promise<void>> => {
    await one.stop('SIGKILL');
    return () => one.start();
  };
  switch (cut) {
    case 'leader': {
      const leader = node((await partitions(cluster, world.prefix))[0]?.leader);
      return leader && { what: 'leader', undo: await killed(leader) };
    }
    case 'controller': {
      const controller = node(await cluster.controller());
      return controller && { what: 'controller', undo: await killed(controller) };
    }
    case 'partition': {
      const from = random.pick(['all', 'nodes'] as const);
      any.cut(from);
      return { what: `partition from ${from}`, undo: async () => any.heal() };
    }
    case 'disk':
      any.fillDisk();
      return {
        what: 'disk',
        async undo() {
          any.freeDisk();
          // a node whose only folder failed ends by itself; one that had nothing to write has not noticed
          await any.stop('SIGKILL');
          await any.start();
        },
      };
    case 'slow':
      any.slow(random.between(32, 256));
      return { what: 'slow', undo: async () => any.heal() };
    case 'freeze':
      await any.freeze();
      return { what: 'freeze', undo: async () => any.thaw() };
    case 'rolling':
      for (const one of random.shuffled(cluster.nodes)) {
        await one.stop();
        await one.start();
        await inSync(cluster, world.prefix);
      }
      return { what: 'rolling', undo: async () => undefined };
  }
}

/** @returns what could not be made here, by name */
export async function clusterFaults(
  world: World,
  cluster: Cluster,
  plan: Plan,
  random: Random,
  told: (recovery: Recovery) => void,
): Promise<readonly string[]> {
  const skipped: string[] = [];
  const possible = plan.cuts.filter((cut) => {
    const missing =
      cut === 'partition' || cut === 'slow' ? cluster.network : cut === 'disk' ? cluster.disks : undefined;
    if (missing !== undefined) skipped.push(`cluster:${cut}: ${missing}`);
    return missing === undefined;
  });
  if (possible.length === 0) return skipped;
  const until = performance.now() + (plan.minutes ?? 0) * 60_000;
  const order =
    plan.minutes === undefined
      ? random.shuffled(possible.flatMap((cut) => Array.from({ length: plan.each ?? 1 }, () => cut)))
      : undefined;
  let round: Cut[] = [];
  for (;;) {
    // by time: every kind once in an order of its own, then all again
    if (order === undefined && round.length === 0) round = random.shuffled(possible);
    const cut = order === undefined ? (performance.now() < until ? round.shift() : undefined) : order.shift();
    if (cut === undefined) return skipped;
    await wait(random.between(500, 4000));
    const again = (['publish', 'query', 'visible'] as const).map(
      async (kind) => [kind, await world.signals.next(kind, RECOVERED_WITHIN)] as const,
    );
    const from = performance.now();
    const made = await make(cut, cluster, world, random);
    if (made === undefined) continue;
    await wait(random.between(2000, 20_000));
    await made.undo();
    told({ fault: made.what, held: performance.now() - from, after: Object.fromEntries(await Promise.all(again)) });
    await inSync(cluster, world.prefix);
  }
}
