/**
 * One process group: a writer (bus → view, and the log's sequencer), N workers that answer, and under `up` the feeds.
 * A child that dies is started again, more and more slowly; the others go on. Health is asked here, on its own port.
 */
import cluster, { type Worker } from 'node:cluster';
import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { YitongError } from '../../contracts/errors.js';
import type { LogHealth } from '../audit/log/sequencer.js';
import type { Family } from '../metrics/families.js';
import { gatherMetrics, processOf } from '../metrics/gather.js';
import type { Log } from './log.js';
import type { FromChild, ProcessArguments, ToChild } from './messages.js';
import type { ReplicasReport } from './replicas.js';

export interface GroupOptions {
  readonly args: ProcessArguments;
  readonly workers: number;
  readonly feeds: boolean;
  /** For how long it says that it stops and goes on answering, before it does; default 0. */
  readonly drainSeconds?: number;
  readonly log: Log;
  readonly onProgress?: (message: Extract<FromChild, { kind: 'progress' }>) => void;
}

export interface Group {
  /**
   * The ports that workers listen on, once all have said so and the feeds' first pass is in the view. Rejects with `shutting_down` if the group
   * is stopped before.
   */
  readonly ready: Promise<{ readonly api: number; readonly people: number }>;
  readonly firstPass: Promise<Extract<FromChild, { kind: 'first-pass' }>['reports']>;
  /** Why the group is not ready; empty when it is. */
  reasons(): readonly string[];
  /** What an operator should see although answers go on: policies that do not load, a bus that is away, records that wait for it, history that is lost. */
  warnings(): readonly string[];
  /** As the writer said last; undefined before. */
  log(): LogHealth | undefined;
  /** The other replicas of the log, as the writer said last; undefined where there are none. */
  replicas(): ReplicasReport | undefined;
  /** Alerts of the watching rules ever raised, by rule. */
  alerts(): Readonly<Record<string, number>>;
  /** Of all its processes. */
  metrics(): Promise<readonly Family[]>;
  /**
   * Says so for the seconds of the drain while all goes on, if it was ever ready; then all children stop. Resolves when they have, also where it was
   * called before. Each further SIGTERM or SIGINT shortens it: it ends the drain, then does not wait for answers under way.
   */
  stop(): Promise<void>;
}

const MAX_BACKOFF = 30_000;
/** Ms that children have to stop once a drain is over: workers finish answers within 10 s, then the writer brings the log to its end. */
const STOP_WITHIN = 25_000;
/** Ms. One that was ready and lived as long starts again at once: to let its clients wait longer each time would help nobody. */
const RAN_FOR_A_WHILE = 10_000;

const stoppedEarly = (): YitongError => new YitongError('shutting_down', 'the group was stopped before it was ready');

interface Member {
  readonly name: string;
  start(): ChildProcess;
  process: ChildProcess | undefined;
  restarts: number;
  everReady: boolean;
  reasons: readonly string[];
  warnings: readonly string[];
  ready: boolean;
}

export function startGroup(options: GroupOptions): Group {
  const { args, log, drainSeconds = 0 } = options;
  const events = new EventEmitter();
  let stopping = false;
  let draining = false;
  let logHealth: LogHealth | undefined;
  let alerts: Readonly<Record<string, number>> = {};
  let replicas: ReplicasReport | undefined;
  const gathering = gatherMetrics();
  let ports: { api: number; people: number } | undefined;

  // a worker that starts again takes the ports that the first ones got, also where a free one was asked for
  const argv = (): string[] => [JSON.stringify(ports === undefined ? args : { ...args, flags: { ...args.flags, port: ports.api, peoplePort: ports.people } })];
  // these two live on steady streams: a small young generation costs them little and saves its pages
  const execArgv = [...process.execArgv, '--max-semi-space-size=4'];
  const child = (file: string) => (): ChildProcess => fork(fileURLToPath(new URL(file, import.meta.url)), argv(), { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const worker = (slot: number) => (): ChildProcess => {
    cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker.js', import.meta.url)), args: argv() });
    const forked: Worker = cluster.fork({ YITONG_SLOT: String(slot) });
    // the cluster hands on what its process emits; it is heard there
    forked.on('error', () => undefined);
    return forked.process;
  };

  const member = (name: string, start: () => ChildProcess): Member => ({ name, start, process: undefined, restarts: 0, everReady: false, reasons: [`${name} is starting`], warnings: [], ready: false });
  const writer = member('writer', child('./writer.js'));
  const feeds = options.feeds ? member('feeds', child('./feeds.js')) : undefined;
  const workers = Array.from({ length: options.workers }, (_, i) => member(`worker ${i + 1}`, worker(i + 1)));
  const members = [writer, ...workers, ...(feeds === undefined ? [] : [feeds])];

  const toAll = (some: readonly Member[], message: ToChild): void => {
    for (const { process } of some) if (process?.connected === true) process.send(message, () => undefined);
  };

  function heard(from: Member, message: FromChild): void {
    switch (message.kind) {
      case 'ready':
        from.ready = true;
        from.everReady = true;
        if (draining) toAll([from], { kind: 'leave', listening: true });
        if (message.api !== undefined && message.people !== undefined) ports = { api: message.api, people: message.people };
        break;
      case 'health':
        from.reasons = message.reasons.map((reason) => `${from.name}: ${reason}`);
        if (message.warnings !== undefined) from.warnings = message.warnings.map((warning) => `${from.name}: ${warning}`);
        break;
      case 'warnings':
        from.warnings = message.warnings.map((warning) => `${from.name}: ${warning}`);
        break;
      case 'log':
        logHealth = message.health;
        break;
      case 'alerts':
        alerts = message.counts;
        break;
      case 'replicas':
        replicas = message.report;
        break;
      case 'confirmed':
        toAll(workers, message);
        break;
      case 'progress':
        options.onProgress?.(message);
        break;
      case 'alert':
        log('warn', message.message, {}, processOf(from.name));
        break;
      case 'failed':
        log('error', message.message, {}, processOf(from.name));
        events.emit('failed', from, message.message);
        break;
      case 'first-pass':
      case 'drained':
      case 'metrics':
        break;
    }
    events.emit(message.kind, message, from);
  }

  function run(one: Member): void {
    const started = one.start();
    one.process = started;
    one.ready = false;
    one.reasons = [];
    const since = Date.now();
    gathering.follow(one.name, started);
    started.on('message', (message: FromChild) => heard(one, message));
    // a message to one that is just ending: its exit says all there is to say
    started.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_IPC_CHANNEL_CLOSED') log('error', `${one.name}: ${error.message}`);
    });
    started.on('exit', (code, signal) => {
      const worked = one.ready && Date.now() - since > RAN_FOR_A_WHILE;
      one.process = undefined;
      one.ready = false;
      one.reasons = [`${one.name} is not running`];
      one.warnings = [];
      events.emit('exit');
      if (stopping) return;
      gathering.restarts(one.name);
      // one that ran for a while starts again at once; one that dies at once waits longer each time
      one.restarts = worked ? 0 : one.restarts + 1;
      // one that was never ready and dies again and again cannot tell why: it may not even load
      if (!one.everReady && one.restarts > 3) events.emit('failed', one, `${one.name} ends before it is ready (${signal ?? code})`);
      const wait = one.restarts === 0 ? 0 : Math.min(MAX_BACKOFF, 250 * 2 ** one.restarts);
      log('error', `${one.name} ended (${signal ?? code}); starting again in ${wait} ms`);
      setTimeout(() => {
        if (!stopping) run(one);
      }, wait);
    });
  }

  const once = <K extends FromChild['kind']>(kind: K, from: Member): Promise<Extract<FromChild, { kind: K }>> =>
    new Promise((resolve, reject) => {
      const listen = (message: Extract<FromChild, { kind: K }>, who: Member): void => {
        if (who !== from) return;
        events.off(kind, listen);
        events.off('failed', fail);
        resolve(message);
      };
      // before it was ever ready, a child's failure is the group's: a bad workspace will not mend itself
      const fail = (who: Member, message: string): void => {
        if (who !== from) return;
        events.off(kind, listen);
        events.off('failed', fail);
        reject(new Error(`${who.name}: ${message}`));
      };
      events.on(kind, listen);
      events.on('failed', fail);
    });
  events.setMaxListeners(200);

  const firstPass = feeds === undefined ? Promise.resolve([]) : once('first-pass', feeds).then((message) => message.reports);
  const writerReady = once('ready', writer);
  const workersReady = workers.map((one) => once('ready', one));
  const ready = (async () => {
    run(writer);
    await writerReady;
    if (stopping) throw stoppedEarly();
    for (const one of workers) run(one);
    if (feeds !== undefined) run(feeds);
    await Promise.all(workersReady);
    await firstPass;
    const drained = once('drained', writer);
    // a writer that dies before it has answered is asked again when it is back
    const ask = (_: unknown, who: Member = writer): void => {
      if (who === writer && writer.process?.connected === true) writer.process.send({ kind: 'drain' } satisfies ToChild, () => undefined);
    };
    events.on('ready', ask);
    ask(undefined);
    await drained;
    events.off('ready', ask);
    if (ports === undefined) throw new Error('no worker named its ports');
    return ports;
  })();
  const stopped = new Promise<never>((_, reject) => events.once('stopping', () => reject(stoppedEarly())));
  stopped.catch(() => undefined);
  // whoever awaits `ready` hears of a failure; these two are only other views of it
  firstPass.catch(() => undefined);
  for (const one of workersReady) one.catch(() => undefined);

  /** The first call's; whoever asks again waits for the same end. */
  let ending: Promise<void> | undefined;
  async function end(): Promise<void> {
    if (ports !== undefined && drainSeconds > 0) draining = true;
    else stopping = true;
    events.emit('stopping');
    const shorten = (): void => {
      if (draining) events.emit('drained enough');
      else toAll(workers, { kind: 'hurry' });
    };
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const name of signals) process.on(name, shorten);
    if (draining) {
      log('info', `stopping in ${drainSeconds} s; until then everything is answered`);
      toAll(workers, { kind: 'leave', listening: true });
      await new Promise<void>((resolve) => {
        const over = setTimeout(resolve, drainSeconds * 1000);
        events.once('drained enough', () => {
          clearTimeout(over);
          resolve();
        });
      });
      draining = false;
      stopping = true;
    }
    const alive = (of: readonly Member[]): ChildProcess[] => of.flatMap((one) => one.process ?? []);
    const deadline = setTimeout(() => {
      for (const process of alive(members)) process.kill('SIGKILL');
    }, STOP_WITHIN);
    // the writer last: it takes into the log what the workers write to their journals until they end
    for (const some of [members.filter((one) => one !== writer), [writer]]) {
      toAll(some, { kind: 'stop' });
      while (alive(some).length > 0) await new Promise((resolve) => events.once('exit', resolve));
    }
    clearTimeout(deadline);
    for (const name of signals) process.off(name, shorten);
  }

  return {
    ready: Promise.race([ready, stopped]),
    firstPass,
    log: () => logHealth,
    replicas: () => replicas,
    alerts: () => alerts,
    metrics: gathering.metrics,
    reasons: () => draining || stopping ? ['draining'] : members.flatMap((one) => (one.ready ? one.reasons : [`${one.name} is not ready`])),
    warnings: () => members.flatMap((one) => one.warnings),
    stop: () => (ending ??= end()),
  };
}
