/**
 * A cluster of Apache Kafka for tests of faults: KRaft nodes, each broker and controller at once, that can be stopped,
 * killed, frozen, cut off and filled up one by one. Where the machine allows it (root, Linux) each lives in a network
 * namespace and writes to a file system of its own; else all are on 127.0.0.1, and `network` and `disks` say what is
 * missing. Every node is started by `.ci/kafka`.
 */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { present } from '../../../contracts/present.js';
import { KAFKA_SCRIPT, type KafkaNode, kafkaNode, NODE_SETTINGS } from './kafka-node.js';
import { quorumLeader } from './kafka-protocol.js';
import { makeNetwork, type Network, noNamespaces } from './network.js';
import { freePorts } from './ports.js';

export interface ClusterOptions {
  /** Default 3. */
  readonly nodes?: number;
  /** Settings over our own, for every node. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Heap of each node. Default `256m`. */
  readonly heap?: string;
  /**
   * `apart`: namespaces and file systems of their own where they can be had (default); `together`: 127.0.0.1 and plain
   * folders.
   */
  readonly nodesLive?: 'apart' | 'together';
  /** MB of each node's own file system. Default 96. */
  readonly diskMegabytes?: number;
}

export interface Node extends KafkaNode {
  readonly id: number;
  /** `host:port` for clients. */
  readonly address: string;
  /** @throws Error where the cluster has no `network` */
  cut(from: 'all' | 'nodes'): void;
  slow(kilobits: number): void;
  heal(): void;
  /** No byte more fits on its file system. @throws Error where the cluster has no `disks` */
  fillDisk(): void;
  freeDisk(): void;
}

export interface Cluster {
  readonly nodes: readonly Node[];
  /** `host:port` of each. */
  readonly addresses: readonly string[];
  /** Why nodes cannot be cut off, or undefined where they can. */
  readonly network: string | undefined;
  /** Why disks cannot be filled, or undefined where they can. */
  readonly disks: string | undefined;
  /** Id of the active controller, of those that can be asked. */
  controller(): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** Clusters of this process; none of it outlives the process, however that ends. */
const left = new Set<() => void>();
process.once('exit', () => {
  for (const remove of left) remove();
});

/** Fetches Kafka first if it is not here. @throws Error if a node does not start */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const count = options.nodes ?? 3;
  const apart = options.nodesLive !== 'together';
  const fetched = spawnSync(KAFKA_SCRIPT, ['fetch'], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (fetched.status !== 0) throw new Error(`Apache Kafka is not here: ${fetched.stderr.trim()}`);
  const why = apart ? noNamespaces() : 'the nodes share 127.0.0.1';
  const network: Network | undefined = why === undefined ? makeNetwork(count) : undefined;
  const dir = mkdtempSync(join(tmpdir(), 'yitong-cluster-'));
  const ports = network === undefined ? await freePorts(count * 2) : [];
  const addresses = Array.from({ length: count }, (_, index) =>
    network === undefined ? `127.0.0.1:${ports[index]}` : `${network.links[index]?.address}:9092`,
  );
  const controllers = Array.from({ length: count }, (_, index) =>
    network === undefined ? `127.0.0.1:${ports[count + index]}` : `${network.links[index]?.address}:9093`,
  );
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  let disks: string | undefined = apart ? undefined : 'the nodes share a disk';
  const copies = Math.min(3, count);

  const nodes = addresses.map((address, index): Node & { remove(): void } => {
    const id = index + 1;
    const link = network?.links[index];
    const home = join(dir, String(id));
    const disk = join(home, 'disk');
    mkdirSync(disk, { recursive: true });
    let mounted = false;
    if (apart && disks === undefined) {
      const { status, stderr } = spawnSync(
        'mount',
        ['-t', 'tmpfs', '-o', `size=${options.diskMegabytes ?? 96}m`, 'yitong-test', disk],
        { encoding: 'utf8' },
      );
      if (status === 0) mounted = true;
      else disks = `no file system of its own can be mounted: ${(stderr ?? '').trim()}`;
    }
    const settings: Readonly<Record<string, string>> = {
      ...NODE_SETTINGS,
      'node.id': String(id),
      listeners: `PLAINTEXT://${address},CONTROLLER://${controllers[index] ?? ''}`,
      'advertised.listeners': `PLAINTEXT://${address}`,
      'controller.quorum.voters': controllers.map((voter, other) => `${other + 1}@${voter}`).join(','),
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': join(disk, 'data'),
      'num.partitions': '1',
      'offsets.topic.replication.factor': String(copies),
      'transaction.state.log.replication.factor': String(copies),
      'min.insync.replicas': String(Math.max(1, copies - 1)),
      'log.segment.bytes': '8388608',
      'log.cleaner.backoff.ms': '1000',
      ...options.settings,
    };
    const node = kafkaNode({
      name: `node ${id} of Apache Kafka`,
      home,
      cluster,
      settings,
      address,
      ...(link === undefined ? {} : { enter: link.enter }),
      ...present({ heap: options.heap }),
    });
    const filler = join(disk, 'filler');
    const linked = (): NonNullable<typeof link> => {
      if (link === undefined) throw new Error(why ?? 'no network');
      return link;
    };
    return {
      ...node,
      id,
      address,
      cut: (from) => linked().cut(from),
      slow: (kilobits) => linked().slow(kilobits),
      heal: () => link?.heal(),
      fillDisk() {
        if (!mounted) throw new Error(disks ?? 'no file system of its own');
        const fd = openSync(filler, 'a');
        // large pieces, then small ones, until not a byte fits
        for (let size = 2 ** 20; size >= 1; size = Math.floor(size / 16)) {
          const piece = Buffer.alloc(size);
          try {
            for (;;) writeSync(fd, piece);
          } catch (error) {
            if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
          }
        }
        closeSync(fd);
      },
      freeDisk: () => rmSync(filler, { force: true }),
      remove() {
        node.abandon();
        // lazily: the node may still be dying
        if (mounted) spawnSync('umount', ['-l', disk]);
        mounted = false;
      },
    };
  });
  const remove = (): void => {
    for (const node of nodes) node.remove();
    network?.remove();
    rmSync(dir, { recursive: true, force: true });
    left.delete(remove);
  };
  left.add(remove);
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    remove();
    throw error;
  }
  return {
    nodes,
    addresses,
    network: why,
    disks,
    async controller() {
      for (const node of nodes) {
        if (!node.running()) continue;
        const leader = await quorumLeader(node.address);
        if (leader !== undefined) return leader;
      }
      return undefined;
    },
    async stop() {
      // a frozen or isolated node would not end in order
      await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
      remove();
    },
  };
}
