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
import { STREAM_FLAGS } from '../children/frugal.js';
import type { FromChild, Opened, ProcessArguments } from '../children/messages.js';
import { gatherMetrics, processOf } from '../metrics/gather.js';
import { gone, type Member, member, once, type RunParts, run, toAll } from './members.js';
import { type ContentReport, type Crew, type GroupRolling, rollGroup } from './replace-processes.js';
import type { ReplicasReport } from './replicas.js';
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

/**
 * For the writer: has glibc give freed memory back to the system in place of keeping it for its threads and for the
 * next large piece, so that a writer which has taken in a million records holds a sixth less. Other C libraries do not
 * know these variables. Workers go without: there it would cost an answer some microseconds.
 */
const GIVING_BACK = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' };

const stoppedEarly = (): YitongError => new YitongError('shutting_down', 'the group was stopped before it was ready');

export function startGroup(options: GroupOptions): Group {
  return new ProcessGroup(options);
}

/** Ports that workers listen on. */
interface Ports {
  readonly api: number;
  readonly people: number;
}

class ProcessGroup implements Group {
  readonly ready: Group['ready'];
  readonly firstPass: Group['firstPass'];

  readonly #options: GroupOptions;
  /** As the contracts in force say it. */
  #drainSeconds: number;
  readonly #events = new EventEmitter();
  readonly #gathering = gatherMetrics();
  readonly #running: RunParts;
  readonly #writer: Member;
  readonly #feeds: Member | undefined;
  /** Makes files; started when some are wanted, and ends by itself. */
  readonly #files: Member;
  readonly #crew: Crew;
  readonly #waiting: ReturnType<typeof watchStart>;

  /** What the writer said last. */
  #logHealth: LogHealth | undefined;
  #alertCounts: Readonly<Record<string, number>> = {};
  #passedAt: Readonly<Record<string, number>> = {};
  #replicasReport: ReplicasReport | undefined;

  #ports: Ports | undefined;
  /** Of the first worker that was ready. */
  #firstOpened: Opened | undefined;
  /** What the start waits for once all processes are there: under `up`. */
  #startWaitsFor: string | undefined;
  /** All has started. */
  #up = false;
  #roll: GroupRolling | undefined;
  /** It goes on answering, and says that it stops. */
  #draining = false;
  #stopping = false;
  /** The first call's; whoever asks again waits for the same end. */
  #ending: Promise<void> | undefined;

  constructor(options: GroupOptions) {
    const { log } = options;
    this.#options = options;
    this.#drainSeconds = options.drainSeconds ?? 0;
    this.#events.setMaxListeners(200);
    this.#running = {
      events: this.#events,
      log,
      heard: (from, message) => this.#heard(from, message),
      stopping: () => this.#stopping,
      gathering: this.#gathering,
    };
    this.#writer = member('writer', () => this.#fork(new URL('./writer.js', import.meta.url)));
    this.#feeds = options.feeds ? member('feeds', () => this.#fork(new URL('./feeds.js', import.meta.url))) : undefined;
    this.#files = member('files', () => this.#fork(new URL('./files.js', import.meta.url)), false);
    this.#crew = {
      workers: Array.from({ length: options.workers }, (_, i) =>
        member(`worker ${String(i + 1)}`, (self) => this.#forkWorker(self)),
      ),
      coming: [],
      leaving: [],
    };
    this.#waiting = watchStart({
      members: () => [...this.#members(), ...this.#crew.coming],
      others: () => (this.#up ? undefined : this.#startWaitsFor),
      log,
      now: Date.now,
    });
    this.firstPass =
      this.#feeds === undefined
        ? Promise.resolve([])
        : once(this.#events, 'first-pass', this.#feeds).then((message) => message.reports);
    const stopped = new Promise<never>((_, reject) => this.#events.once('stopping', () => reject(stoppedEarly())));
    this.ready = Promise.race([this.#start(), stopped]);
    // whoever awaits `ready` hears of a failure; these two are only other views of it
    stopped.catch(() => undefined);
    this.firstPass.catch(() => undefined);
    // of a terminal it says that the terminal is gone
    if (!process.stdin.isTTY) process.on('SIGHUP', this.#lookAgain);
  }

  log(): LogHealth | undefined {
    return this.#logHealth;
  }

  passes(): Readonly<Record<string, number>> {
    return this.#passedAt;
  }

  replicas(): ReplicasReport | undefined {
    return this.#replicasReport;
  }

  alerts(): Readonly<Record<string, number>> {
    return this.#alertCounts;
  }

  metrics(): Promise<readonly Family[]> {
    return this.#gathering.metrics();
  }

  reasons(): readonly string[] {
    if (this.#draining || this.#stopping) return ['draining'];
    return this.#members().flatMap((one) => (one.replacing ? [] : one.ready ? one.reasons : [waitsFor(one)]));
  }

  warnings(): readonly string[] {
    return [...this.#members().flatMap((one) => one.warnings), ...(this.#roll?.warnings() ?? [])];
  }

  stale(): boolean {
    return this.#roll?.stale() ?? false;
  }

  content(): ContentReport | undefined {
    return this.#roll?.report();
  }

  look(): void {
    this.#roll?.again();
  }

  readonly #lookAgain = (): void => this.look();

  stop(): Promise<void> {
    return (this.#ending ??= this.#end());
  }

  /** Workers of all generations. */
  #generations(): readonly Member[] {
    return [...this.#crew.workers, ...this.#crew.coming, ...this.#crew.leaving];
  }

  /** All that the group needs to be ready. */
  #members(): readonly Member[] {
    return [this.#writer, ...this.#crew.workers, ...(this.#feeds === undefined ? [] : [this.#feeds])];
  }

  #argv(flags: Partial<GatewaySettings> = {}): string[] {
    const { args } = this.#options;
    return [JSON.stringify({ ...args, flags: { ...args.flags, ...flags } })];
  }

  /** The writer or the feeds. */
  #fork(file: URL): ChildProcess {
    return fork(fileURLToPath(file), this.#argv(), {
      execArgv: [...process.execArgv, ...STREAM_FLAGS],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...GIVING_BACK, ...process.env, YITONG_CONTRACTS: this.content()?.contracts },
    });
  }

  #forkWorker(self: Member): ChildProcess {
    // each has a journal of its own, by its slot; the lowest free one, so that there are never more than two
    // generations of them
    const taken = new Set(this.#generations().map(({ slot }) => slot));
    let slot = 1;
    while (taken.has(slot)) slot++;
    self.slot = slot;
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
      args: this.#argv(this.#addresses()),
    });
    const forked: Worker = cluster.fork({
      YITONG_SLOT: String(slot),
      YITONG_RECORDS: String(self === this.#crew.workers[0]),
    });
    // the cluster hands on what its process emits; it is heard there
    forked.on('error', () => undefined);
    return forked.process;
  }

  /** A worker of any generation listens where the first ones do. */
  #addresses(): Partial<GatewaySettings> {
    if (this.#firstOpened === undefined || this.#ports === undefined) return {};
    const { host, peopleHost, port, peoplePort } = this.#firstOpened.given;
    // workers share a socket by the port that they ask for: as long as one lives that asked for any, the next one asks
    // alike
    const asked = this.#generations().some(
      ({ process, opened }) => process !== undefined && opened?.given.port === port,
    );
    const ports = asked ? { port, peoplePort } : { port: this.#ports.api, peoplePort: this.#ports.people };
    return { host, peopleHost, ...ports };
  }

  #heard(from: Member, message: FromChild): void {
    const { log } = this.#options;
    switch (message.kind) {
      case 'ready':
        this.#becameReady(from, message);
        break;
      case 'loaded':
        // it listens from now on; what was sent before it did may be lost
        if (this.#writer.everReady) toAll([from], { kind: 'begin' });
        break;
      case 'starting':
        from.doing = message.what;
        break;
      case 'health':
        from.reasons = saidBy(from, message.reasons);
        if (message.warnings !== undefined) from.warnings = saidBy(from, message.warnings);
        break;
      case 'warnings':
        from.warnings = saidBy(from, message.warnings);
        break;
      case 'log':
        this.#logHealth = message.health;
        break;
      case 'passes':
        this.#passedAt = message.at;
        break;
      case 'alerts':
        this.#alertCounts = message.counts;
        break;
      case 'replicas':
        this.#replicasReport = message.report;
        break;
      case 'confirmed':
        toAll([...this.#generations(), this.#files], message);
        break;
      case 'progress':
        if (!this.#up) this.#options.onProgress?.(message);
        break;
      case 'files':
        this.#makeFiles();
        break;
      case 'alert':
        log('warn', message.message, {}, processOf(from.name));
        break;
      case 'damaged':
        log('error', 'the view is damaged; it is built anew from the bus', {}, processOf(from.name));
        toAll([this.#writer], message);
        break;
      case 'failed':
        log('error', message.message, {}, processOf(from.name));
        this.#events.emit('failed', from, message.message);
        break;
      case 'first-pass':
      case 'drained':
      case 'metrics':
      case 'taken':
        break;
    }
    this.#events.emit(message.kind, message, from);
  }

  #makeFiles(): void {
    if (!this.#up || this.#draining || this.#stopping || this.#files.process !== undefined) return;
    run(this.#files, this.#running);
  }

  #becameReady(from: Member, message: Extract<FromChild, { kind: 'ready' }>): void {
    from.ready = true;
    from.everReady = true;
    // workers of other contracts: it is started under those when it is wanted next
    const contracts = message.opened?.version.contracts;
    if (contracts !== undefined && contracts !== this.content()?.contracts) toAll([this.#files], { kind: 'stop' });
    if (this.#draining) toAll([from], { kind: 'leave', listening: true });
    if (this.#up && from === this.#writer) toAll([this.#writer], { kind: 'started' });
    from.replacing = false;
    if (message.opened !== undefined) from.opened = message.opened;
    const { api, people } = message;
    if (api === undefined || people === undefined) return;
    if (this.#ports !== undefined && (this.#ports.api !== api || this.#ports.people !== people)) {
      this.#options.log('error', `${from.name} listens on other ports than the group; it is started again`);
      toAll([from], { kind: 'stop' });
    }
    this.#ports ??= { api, people };
    this.#firstOpened ??= message.opened;
  }

  /** Starts all, and waits until what is on the bus can be asked for. */
  async #start(): Promise<Ports> {
    const { workers } = this.#crew;
    const writerReady = once(this.#events, 'ready', this.#writer);
    const workersReady = workers.map((one) => once(this.#events, 'ready', one));
    // a failure is heard where they are awaited
    for (const one of workersReady) one.catch(() => undefined);
    run(this.#writer, this.#running);
    // what they load takes as long as what the writer does; they touch nothing before it is there
    for (const one of workers) run(one, this.#running);
    await writerReady;
    if (this.#stopping) throw stoppedEarly();
    toAll(workers, { kind: 'begin' });
    if (this.#feeds !== undefined) run(this.#feeds, this.#running);
    await Promise.all(workersReady);
    this.#startWaitsFor = 'the first pass of the feeds';
    await this.firstPass;
    this.#startWaitsFor = 'the view, to hold what is on the bus';
    await this.#viewHoldsTheBus();
    if (this.#ports === undefined || this.#firstOpened === undefined) throw new Told('no worker named its ports');
    this.#startWaitsFor = undefined;
    this.#up = true;
    toAll([this.#writer], { kind: 'started' });
    this.#roll = this.#followChanges(this.#firstOpened);
    return this.#ports;
  }

  async #viewHoldsTheBus(): Promise<void> {
    const drained = once(this.#events, 'drained', this.#writer);
    // a writer that dies before it has answered is asked again when it is back
    const ask = (_: unknown, who: Member = this.#writer): void => {
      if (who === this.#writer) toAll([this.#writer], { kind: 'drain' });
    };
    this.#events.on('ready', ask);
    ask(undefined);
    await drained;
    this.#events.off('ready', ask);
  }

  /** From now on what changes on disk is taken. */
  #followChanges(opened: Opened): GroupRolling {
    const { args, log } = this.#options;
    return rollGroup({
      args,
      crew: this.#crew,
      writer: this.#writer,
      feeds: this.#feeds,
      newWorker: (name) => member(name, (self) => this.#forkWorker(self), false),
      opened,
      events: this.#events,
      running: this.#running,
      log,
      drainSeconds: (seconds) => (this.#drainSeconds = seconds),
    });
  }

  async #end(): Promise<void> {
    if (this.#up && this.#drainSeconds > 0) this.#draining = true;
    else this.#stopping = true;
    this.#events.emit('stopping');
    this.#waiting.stop();
    // what is under way of a replacement ends with its processes
    const rolled = this.#roll?.stop();
    process.off('SIGHUP', this.#lookAgain);
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const name of signals) process.on(name, this.#shorten);
    if (this.#draining) await this.#drain();
    await this.#endProcesses();
    await rolled;
    for (const name of signals) process.off(name, this.#shorten);
  }

  /** The end is wanted sooner: without the rest of the drain, then without the answers under way. */
  readonly #shorten = (): void => {
    if (this.#draining) this.#events.emit('drained enough');
    else toAll(this.#generations(), { kind: 'hurry' });
  };

  /** Goes on answering for the seconds of the drain, so that whoever sends requests here can turn away. */
  async #drain(): Promise<void> {
    this.#options.log('info', `stopping in ${this.#drainSeconds} s; until then everything is answered`);
    toAll([...this.#crew.workers, ...this.#crew.coming], { kind: 'leave', listening: true });
    await new Promise<void>((resolve) => {
      const over = setTimeout(resolve, this.#drainSeconds * 1000);
      this.#events.once('drained enough', () => {
        clearTimeout(over);
        resolve();
      });
    });
    this.#draining = false;
    this.#stopping = true;
  }

  /** The writer last: it takes into the log what the workers write to their journals until they end. */
  async #endProcesses(): Promise<void> {
    const others = [...this.#generations(), this.#files, ...(this.#feeds === undefined ? [] : [this.#feeds])];
    toAll(others, { kind: 'stop' });
    const since = Date.now();
    await gone(this.#events, others, STOP_WITHIN);
    toAll([this.#writer], { kind: 'stop' });
    await gone(this.#events, [this.#writer], Math.max(1000, STOP_WITHIN - (Date.now() - since)));
  }
}

const saidBy = ({ name }: Member, lines: readonly string[]): string[] => lines.map((line) => `${name}: ${line}`);
