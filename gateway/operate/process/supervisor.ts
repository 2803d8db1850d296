/**
 * One process group: a writer (bus → view, and the log's sequencer), N workers that answer, and under `up` the feeds.
 * A child that dies is started again, more and more slowly; the others go on. Health is asked here, on its own port.
 */

import { type ChildProcess, fork } from 'node:child_process';
import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { YitongError } from '../../../contracts/errors.js';
import type { GatewaySettings } from '../../ground/config/index.js';
import type { Family } from '../../ground/counts/families.js';
import type { Log } from '../../ground/logging/log.js';
import { Told } from '../../ground/logging/words.js';
import type { LogHealth } from '../../log/sequencer/sequencer.js';
import type { FromChild, Opened, ProcessArguments } from '../children/messages.js';
import { gatherMetrics, processOf } from '../metrics/gather.js';
import { gone, type Member, member, once, type RunParts, run, toAll } from './members.js';
import type { ReplicasReport } from './replicas.js';
import { type ContentReport, type Crew, type GroupRolling, rollGroup } from './roll.js';
import { waitsFor, watchStart } from './waiting.js';

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
   * The ports that workers listen on, once all have said so and the feeds' first pass is in the view. Rejects with
   * `shutting_down` if the group is stopped before.
   */
  readonly ready: Promise<{ readonly api: number; readonly people: number }>;
  readonly firstPass: Promise<Extract<FromChild, { kind: 'first-pass' }>['reports']>;
  /** Why the group is not ready; empty when it is. */
  reasons(): readonly string[];
  /**
   * What an operator should see although answers go on: policies that do not load, a bus that is away, records that
   * wait for it, history that is lost.
   */
  warnings(): readonly string[];
  /** As the writer said last; undefined before. */
  log(): LogHealth | undefined;
  /** By task of the writer, ms since 1970 when it came forward last; what it said last, also while it hangs. */
  passes(): Readonly<Record<string, number>>;
  /** The other replicas of the log, as the writer said last; undefined where there are none. */
  replicas(): ReplicasReport | undefined;
  /** Whether contracts, feeds or yitong.json on disk are not those in force, because they may not be. */
  stale(): boolean;
  /** What of the workspace is in force; undefined before the group is ready. */
  content(): ContentReport | undefined;
  /** What is on disk is looked at now, also where it was refused before. */
  look(): void;
  /** Alerts of the watching rules ever raised, by rule. */
  alerts(): Readonly<Record<string, number>>;
  /** Of all its processes. */
  metrics(): Promise<readonly Family[]>;
  /**
   * Says so for the seconds of the drain while all goes on, if it was ever ready; then all children stop. Resolves when
   * they have, also where it was called before. Each further SIGTERM or SIGINT shortens it: it ends the drain, then
   * does not wait for answers under way.
   */
  stop(): Promise<void>;
}

/**
 * Ms that children have to stop once a drain is over: workers finish answers within 10 s, then the writer brings the
 * log to its end.
 */
const STOP_WITHIN = 25_000;

const stoppedEarly = (): YitongError => new YitongError('shutting_down', 'the group was stopped before it was ready');

export function startGroup(options: GroupOptions): Group {
  const { args, log } = options;
  let { drainSeconds = 0 } = options;
  const events = new EventEmitter();
  let stopping = false;
  let draining = false;
  let logHealth: LogHealth | undefined;
  let alerts: Readonly<Record<string, number>> = {};
  let passes: Readonly<Record<string, number>> = {};
  let replicas: ReplicasReport | undefined;
  const gathering = gatherMetrics();
  let ports: { api: number; people: number } | undefined;
  /** Of the first worker that was ready. */
  let first: Opened | undefined;
  let up = false;
  let roll: GroupRolling | undefined;

  const argv = (more: Partial<GatewaySettings> = {}): string[] => [
    JSON.stringify({ ...args, flags: { ...args.flags, ...more } }),
  ];
  // these two live on steady streams: a small young generation costs them little and saves its pages
  const execArgv = [...process.execArgv, '--max-semi-space-size=4'];
  const child = (file: string) => (): ChildProcess =>
    fork(fileURLToPath(new URL(file, import.meta.url)), argv(), {
      execArgv,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  /** A worker of any generation listens where the first ones do. */
  const where = (): Partial<GatewaySettings> => {
    if (first === undefined || ports === undefined) return {};
    const { host, peopleHost, port, peoplePort } = first.given;
    // workers share a socket by the port that they ask for: as long as one lives that asked for any, the next one asks
    // alike
    const asked = generations().some(({ process, opened }) => process !== undefined && opened?.given.port === port);
    return { host, peopleHost, ...(asked ? { port, peoplePort } : { port: ports.api, peoplePort: ports.people }) };
  };
  const worker = (self: Member): ChildProcess => {
    // each has a journal of its own, by its slot; the lowest free one, so that there are never more than two
    // generations of them
    const taken = new Set(generations().map(({ slot }) => slot));
    let slot = 1;
    while (taken.has(slot)) slot++;
    self.slot = slot;
    cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker.js', import.meta.url)), args: argv(where()) });
    const forked: Worker = cluster.fork({
      YITONG_SLOT: String(slot),
      YITONG_RECORDS: String(self === crew.workers[0]),
    });
    // the cluster hands on what its process emits; it is heard there
    forked.on('error', () => undefined);
    return forked.process;
  };

  const writer = member('writer', child('./writer.js'));
  const feeds = options.feeds ? member('feeds', child('./feeds.js')) : undefined;
  const newWorker = (name: string): Member => member(name, worker, false);
  const crew: Crew = {
    workers: Array.from({ length: options.workers }, (_, i) => member(`worker ${String(i + 1)}`, worker)),
    coming: [],
    leaving: [],
  };
  const generations = (): readonly Member[] => [...crew.workers, ...crew.coming, ...crew.leaving];
  const members = (): readonly Member[] => [writer, ...crew.workers, ...(feeds === undefined ? [] : [feeds])];

  function heard(from: Member, message: FromChild): void {
    switch (message.kind) {
      case 'ready':
        from.ready = true;
        from.everReady = true;
        if (draining) toAll([from], { kind: 'leave', listening: true });
        if (up && from === writer) toAll([writer], { kind: 'started' });
        from.replacing = false;
        if (message.opened !== undefined) from.opened = message.opened;
        if (message.api !== undefined && message.people !== undefined) {
          if (ports !== undefined && (ports.api !== message.api || ports.people !== message.people)) {
            log('error', `${from.name} listens on other ports than the group; it is started again`);
            toAll([from], { kind: 'stop' });
          }
          ports ??= { api: message.api, people: message.people };
          first ??= message.opened;
        }
        break;
      case 'loaded':
        // it listens from now on; what was sent before it did may be lost
        if (writer.everReady) toAll([from], { kind: 'begin' });
        break;
      case 'starting':
        from.doing = message.what;
        break;
      case 'health':
        from.reasons = message.reasons.map((reason) => `${from.name}: ${reason}`);
        if (message.warnings !== undefined)
          from.warnings = message.warnings.map((warning) => `${from.name}: ${warning}`);
        break;
      case 'warnings':
        from.warnings = message.warnings.map((warning) => `${from.name}: ${warning}`);
        break;
      case 'log':
        logHealth = message.health;
        break;
      case 'passes':
        passes = message.at;
        break;
      case 'alerts':
        alerts = message.counts;
        break;
      case 'replicas':
        replicas = message.report;
        break;
      case 'confirmed':
        toAll(generations(), message);
        break;
      case 'progress':
        if (!up) options.onProgress?.(message);
        break;
      case 'alert':
        log('warn', message.message, {}, processOf(from.name));
        break;
      case 'damaged':
        log('error', 'the view is damaged; it is built anew from the bus', {}, processOf(from.name));
        toAll([writer], message);
        break;
      case 'failed':
        log('error', message.message, {}, processOf(from.name));
        events.emit('failed', from, message.message);
        break;
      case 'first-pass':
      case 'drained':
      case 'metrics':
      case 'taken':
        break;
    }
    events.emit(message.kind, message, from);
  }

  /** Under `up`, once all processes are there: what the start is waiting for. */
  let waits: string | undefined;
  const waiting = watchStart({
    members: () => [...members(), ...crew.coming],
    others: () => (up ? undefined : waits),
    log,
    now: Date.now,
  });

  const running: RunParts = { events, log, heard, stopping: () => stopping, gathering };
  events.setMaxListeners(200);

  const firstPass =
    feeds === undefined ? Promise.resolve([]) : once(events, 'first-pass', feeds).then((message) => message.reports);
  const writerReady = once(events, 'ready', writer);
  const workersReady = crew.workers.map((one) => once(events, 'ready', one));
  const ready = (async () => {
    run(writer, running);
    // what they load takes as long as what the writer does; they touch nothing before it is there
    for (const one of crew.workers) run(one, running);
    await writerReady;
    if (stopping) throw stoppedEarly();
    toAll(crew.workers, { kind: 'begin' });
    if (feeds !== undefined) run(feeds, running);
    await Promise.all(workersReady);
    waits = 'the first pass of the feeds';
    await firstPass;
    waits = 'the view, to hold what is on the bus';
    const drained = once(events, 'drained', writer);
    // a writer that dies before it has answered is asked again when it is back
    const ask = (_: unknown, who: Member = writer): void => {
      if (who === writer) toAll([writer], { kind: 'drain' });
    };
    events.on('ready', ask);
    ask(undefined);
    await drained;
    events.off('ready', ask);
    if (ports === undefined || first === undefined) throw new Told('no worker named its ports');
    waits = undefined;
    up = true;
    toAll([writer], { kind: 'started' });
    roll = rollGroup({
      args,
      crew,
      writer,
      feeds,
      newWorker,
      opened: first,
      events,
      running,
      log,
      drainSeconds: (seconds) => (drainSeconds = seconds),
    });
    return ports;
  })();
  const stopped = new Promise<never>((_, reject) => events.once('stopping', () => reject(stoppedEarly())));
  stopped.catch(() => undefined);
  // whoever awaits `ready` hears of a failure; these two are only other views of it
  firstPass.catch(() => undefined);
  for (const one of workersReady) one.catch(() => undefined);

  const look = (): void => roll?.again();
  // of a terminal it says that the terminal is gone
  if (!process.stdin.isTTY) process.on('SIGHUP', look);

  /** The first call's; whoever asks again waits for the same end. */
  let ending: Promise<void> | undefined;
  async function end(): Promise<void> {
    if (up && drainSeconds > 0) draining = true;
    else stopping = true;
    events.emit('stopping');
    waiting.stop();
    // what is under way of a replacement ends with its processes
    const rolled = roll?.stop();
    const shorten = (): void => {
      if (draining) events.emit('drained enough');
      else toAll(generations(), { kind: 'hurry' });
    };
    process.off('SIGHUP', look);
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const name of signals) process.on(name, shorten);
    if (draining) {
      log('info', `stopping in ${drainSeconds} s; until then everything is answered`);
      toAll([...crew.workers, ...crew.coming], { kind: 'leave', listening: true });
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
    // the writer last: it takes into the log what the workers write to their journals until they end
    const others = [...generations(), ...(feeds === undefined ? [] : [feeds])];
    toAll(others, { kind: 'stop' });
    const since = Date.now();
    await gone(events, others, STOP_WITHIN);
    toAll([writer], { kind: 'stop' });
    await gone(events, [writer], Math.max(1000, STOP_WITHIN - (Date.now() - since)));
    await rolled;
    for (const name of signals) process.off(name, shorten);
  }

  return {
    ready: Promise.race([ready, stopped]),
    firstPass,
    log: () => logHealth,
    passes: () => passes,
    replicas: () => replicas,
    alerts: () => alerts,
    metrics: gathering.metrics,
    reasons: () =>
      draining || stopping
        ? ['draining']
        : members().flatMap((one) => (one.replacing ? [] : one.ready ? one.reasons : [waitsFor(one)])),
    warnings: () => [...members().flatMap((one) => one.warnings), ...(roll?.warnings() ?? [])],
    stale: () => roll?.stale() ?? false,
    content: () => roll?.report(),
    look,
    stop: () => (ending ??= end()),
  };
}
