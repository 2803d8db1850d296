/** A real Apache Kafka of a test's own: one KRaft node with the properties that the test gives, which it may kill and start again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { packageRoot } from '../../gateway/cli/places.js';

export interface TestBroker {
  /** Listener name → `127.0.0.1:port`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Kills it as a power cut would, or asks it to stop. */
  stop(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** It stands still, with its connections open, as behind a cut in the network. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Starts it on the same data and ports; resolves when it answers. */
  start(): Promise<void>;
}

export interface BrokerOptions {
  /** Listener name → security protocol, as `{ SCRAM: 'SASL_SSL' }`. The first one has to speak plain. Default `{ PLAINTEXT: 'PLAINTEXT' }`. */
  readonly listeners?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  /** Of the storage tool, as `--add-scram` and its value. */
  readonly format?: readonly string[];
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** An ApiVersions request is answered: not only is the port open. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(Buffer.from([0, 0, 0, 12, 0, 18, 0, 0, 0, 0, 0, 1, 0, 2, 0x79, 0x74])));
    const end = (said: boolean) => (): void => {
      socket.destroy();
      resolve(said);
    };
    socket.setTimeout(2000, end(false));
    socket.on('data', end(true)).on('error', end(false)).on('close', end(false));
  });

export async function startBroker(t: Test, options: BrokerOptions = {}): Promise<TestBroker> {
  // not `t.testdir()`: a second call of that empties the folder
  const dir = await mkdtemp(join(tmpdir(), 'yitong-broker-'));
  const listeners = Object.entries(options.listeners ?? { PLAINTEXT: 'PLAINTEXT' });
  const ports = await freePorts(listeners.length + 1);
  const controller = String(ports[listeners.length]);
  const addresses = Object.fromEntries(listeners.map(([name], i) => [name, `127.0.0.1:${String(ports[i])}`]));
  const at = listeners.map(([name]) => `${name}://${addresses[name] ?? ''}`);
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: [...at, `CONTROLLER://127.0.0.1:${controller}`].join(','),
    'advertised.listeners': at.join(','),
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'listener.security.protocol.map': [...listeners.map((pair) => pair.join(':')), 'CONTROLLER:PLAINTEXT'].join(','),
    'inter.broker.listener.name': listeners[0]?.[0] ?? '',
    'log.dirs': join(dir, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.dedupe.buffer.size': '16777216',
    ...options.properties,
  };
  const file = join(dir, 'server.properties');
  await writeFile(file, Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join(''));
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const log = join(dir, 'broker.log');
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  const stop: TestBroker['stop'] = async (signal = 'SIGTERM') => {
    child?.kill(signal);
    await ended;
  };
  const start = async (): Promise<void> => {
    const process_ = spawn(join(packageRoot(), '.ci/kafka'), ['run', file, cluster, ...(options.format ?? [])], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, YITONG_KAFKA_HEAP: '256m' },
    });
    const out = createWriteStream(log, { flags: 'a' });
    process_.stdout.pipe(out);
    process_.stderr.pipe(out);
    child = process_;
    ended = new Promise((resolve) => process_.once('exit', () => resolve()));
    while (!(await answers(ports[0] ?? 0))) {
      if (process_.exitCode !== null) throw new Error(`Apache Kafka did not start: ${(await readFile(log, 'utf8')).slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const freeze = async (): Promise<void> => {
    child?.kill('SIGSTOP');
    // the signal is there at once, but a thread that runs stops a little later, and may answer until then
    const tasks = `/proc/${String(child?.pid)}/task`;
    const stands = (task: string): boolean => / [Tt] /.test(readFileSync(join(tasks, task, 'stat'), 'utf8').replace(/^.*\)/s, ''));
    while (existsSync(tasks) && !readdirSync(tasks).every(stands)) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  t.teardown(async () => {
    await stop('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });
  await start();
  return { addresses, stop, start, freeze, thaw: () => void child?.kill('SIGCONT') };
}
