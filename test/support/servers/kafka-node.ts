/** One process of Apache Kafka, run by `.ci/kafka`: started, stopped, killed and frozen by a test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { apiVersions } from './kafka-protocol.js';

const START_WITHIN = 180_000;
const STOP_WITHIN = 30_000;

export const KAFKA_SCRIPT = join(packageRoot(), '.ci', 'kafka');

/**
 * What every node of a test has, whatever else it is: broker and controller at once, topics only as they are asked for,
 * no waiting.
 */
export const NODE_SETTINGS: Readonly<Record<string, string>> = {
  'process.roles': 'broker,controller',
  'controller.listener.names': 'CONTROLLER',
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'log.cleaner.dedupe.buffer.size': '16777216',
};

export interface KafkaNodeOptions {
  /** Of the cluster, 16 bytes in base64url. */
  readonly cluster: string;
  /** For its properties and its log; its data is where the settings say. */
  readonly home: string;
  readonly settings: Readonly<Record<string, string>>;
  /** `host:port` of a listener that speaks plain. */
  readonly address: string;
  /** For messages. */
  readonly name: string;
  /** Of the storage tool, as `--add-scram` and its value. */
  readonly format?: readonly string[];
  /** What starts a program in the node's own surroundings, such as `ip netns exec n1`. */
  readonly enter?: readonly string[];
  /** Default `256m`. */
  readonly heap?: string;
}

export interface KafkaNode {
  /** What the node has printed. */
  log(): string;
  running(): boolean;
  /**
   * On the same data and ports; resolves when it answers.
   * @throws Error with the end of its log if it does not within 180 s
   */
  start(): Promise<void>;
  /** Asks it to stop, or kills it as a power cut would; killed after 30 s. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Its processes stand still: connections stay open and nothing answers, as behind a cut in the network. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Kills it without waiting, for the end of the test's own process. */
  abandon(): void;
}

export function kafkaNode({
  cluster,
  home,
  settings,
  address,
  name,
  format = [],
  enter = [],
  heap = '256m',
}: KafkaNodeOptions): KafkaNode {
  const properties = join(home, 'server.properties');
  writeFileSync(
    properties,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const logFile = join(home, 'log');
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  let child: ChildProcess | undefined;
  const running = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    log,
    running,
    async start() {
      if (running()) return;
      const [file = KAFKA_SCRIPT, ...args] = [...enter, KAFKA_SCRIPT, 'run', properties, cluster, ...format];
      const out = openSync(logFile, 'a');
      child = spawn(file, args, {
        stdio: ['ignore', out, out],
        env: { ...process.env, YITONG_KAFKA_HEAP: heap, LOG_DIR: home },
      });
      closeSync(out);
      const until = Date.now() + START_WITHIN;
      while (!(await apiVersions(address))) {
        if (!running() || Date.now() > until) throw new Error(`${name} did not start: ${log().slice(-2000)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async stop(signal = 'SIGTERM') {
      if (child === undefined || !running()) return;
      const gone = new Promise((resolve) => child?.once('exit', resolve));
      child.kill(signal);
      // one that stands still dies of nothing but this
      const timer = setTimeout(() => child?.kill('SIGKILL'), STOP_WITHIN);
      await gone;
      clearTimeout(timer);
    },
    async freeze() {
      child?.kill('SIGSTOP');
      // the signal is there at once, but a thread that runs stops a little later, and may answer until then
      const tasks = `/proc/${String(child?.pid)}/task`;
      while (existsSync(tasks) && !readdirSync(tasks).every((task) => stands(join(tasks, task))))
        await new Promise((resolve) => setTimeout(resolve, 1));
    },
    thaw: () => void child?.kill('SIGCONT'),
    abandon: () => void (running() && child?.kill('SIGKILL')),
  };
}

/** Whether a thread stands still; one that has ended since it was listed does. */
function stands(task: string): boolean {
  try {
    return / [Tt] /.test(readFileSync(join(task, 'stat'), 'utf8').replace(/^.*\)/s, ''));
  } catch {
    return true;
  }
}
