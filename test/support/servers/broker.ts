/**
 * A real Apache Kafka of a test's own: one KRaft node with the properties that the test gives, which it may kill and
 * start again.
 */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { present } from '../../../contracts/present.js';
import { type KafkaNode, kafkaNode, NODE_SETTINGS } from './kafka-node.js';
import { freePorts } from './ports.js';

export interface TestBroker extends KafkaNode {
  /** Listener name → `127.0.0.1:port`. */
  readonly addresses: Readonly<Record<string, string>>;
}

export interface BrokerOptions {
  /**
   * Listener name → security protocol, as `{ SCRAM: 'SASL_SSL' }`. The first one has to speak plain. Default `{
   * PLAINTEXT: 'PLAINTEXT' }`.
   */
  readonly listeners?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  /** Of the storage tool, as `--add-scram` and its value. */
  readonly format?: readonly string[];
}

export async function startBroker(t: Test, options: BrokerOptions = {}): Promise<TestBroker> {
  // not `t.testdir()`: a second call of that empties the folder
  const dir = await mkdtemp(join(tmpdir(), 'yitong-broker-'));
  const listeners = Object.entries(options.listeners ?? { PLAINTEXT: 'PLAINTEXT' });
  const ports = await freePorts(listeners.length + 1);
  const controller = String(ports[listeners.length]);
  const addresses = Object.fromEntries(listeners.map(([name], i) => [name, `127.0.0.1:${String(ports[i])}`]));
  const at = listeners.map(([name]) => `${name}://${addresses[name] ?? ''}`);
  const first = listeners[0]?.[0] ?? '';
  const node = kafkaNode({
    name: 'Apache Kafka',
    home: dir,
    cluster: randomBytes(16).toString('base64url').replace(/^-/, 'A'),
    address: addresses[first] ?? '',
    ...present({ format: options.format }),
    settings: {
      ...NODE_SETTINGS,
      'node.id': '1',
      listeners: [...at, `CONTROLLER://127.0.0.1:${controller}`].join(','),
      'advertised.listeners': at.join(','),
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': [...listeners.map((pair) => pair.join(':')), 'CONTROLLER:PLAINTEXT'].join(','),
      'inter.broker.listener.name': first,
      'log.dirs': join(dir, 'data'),
      'offsets.topic.replication.factor': '1',
      'transaction.state.log.replication.factor': '1',
      ...options.properties,
    },
  });
  t.teardown(async () => {
    await node.stop('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });
  await node.start();
  return { ...node, addresses };
}
