/**
 * What `content-changes.ts` decides, carried out on the processes of a group: new workers beside the old ones, then the
 * writer, then the feeds.
 */
import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import {
  type ContentVersion,
  contentPrint,
  contentVersion,
  copyContracts,
  layersOf,
  sameContent,
} from '../../answer/inforce/content.js';
import { inWords, Told } from '../../ground/logging/words.js';
import type { Opened, ProcessArguments } from '../children/messages.js';
import { type Checked, checkContent } from './checking.js';
import { Rolling, type RollParts, type Taken } from './content-changes.js';
import { gone, type Member, once, type RunParts, run, toAll } from './members.js';
import { waitsFor } from './waiting.js';

/** The workers of a group, whoever of them serves. */
export interface Crew {
  workers: readonly Member[];
  /** To take the others' place once all of them are ready. */
  coming: readonly Member[];
  leaving: readonly Member[];
}

interface RollOptions {
  readonly args: ProcessArguments;
  readonly crew: Crew;
  readonly writer: Member;
  readonly feeds: Member | undefined;
  readonly newWorker: (name: string) => Member;
  /** Of the first worker. */
  readonly opened: Opened;
  readonly events: EventEmitter;
  readonly running: RunParts;
  readonly log: RunParts['log'];
  readonly drainSeconds: (seconds: number) => void;
}

export interface GroupRolling {
  warnings(): readonly string[];
  stale(): boolean;
  report(): ContentReport;
  /** Looks now, also at what was refused. */
  again(): void;
  /** Resolves when nothing of it is under way any more. */
  stop(): Promise<void>;
}

/** What health says of it. */
export interface ContentReport {
  /** SHA-256 of what `contracts/` declares, as the audit log has it. */
  readonly contracts: string;
  /** ISO 8601 UTC */
  readonly since: string;
  /** Whether workers, writer or feeds are being replaced just now. */
  readonly replacing: boolean;
}

const INTERVAL = 2000;
/** Ms between looks while files change. */
const SETTLE = 300;
/** Ms in which the start of a new worker must come a step further: a busy machine is waited for. */
const START_WITHIN = 120_000;
/**
 * Ms that workers have whose place was taken: 10 s to be without connections, a minute for answers, and what they
 * close.
 */
const LEAVE_WITHIN = 90_000;
/** Ms in which the writer or the feeds must go on. */
const SWAP_WITHIN = 60_000;

const within = async <T>(ms: number, what: string, awaited: Promise<T>, ended: AbortSignal): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  let stops = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Told(`${what} within ${String(ms / 1000)} s`)), ms);
    stops = () => reject(new Told('the group stops'));
    ended.addEventListener('abort', stops);
  });
  return Promise.race([awaited, late]).finally(() => {
    clearTimeout(timer);
    ended.removeEventListener('abort', stops);
  });
};

export function rollGroup(options: RollOptions): GroupRolling {
  const group = new ProcessReplacing(options);
  group.look();
  return group;
}

class ProcessReplacing implements GroupRolling, RollParts {
  readonly #options: RollOptions;
  readonly log: RollOptions['log'];
  readonly now = Date.now;
  readonly #ended = new AbortController();
  readonly #rolling: Rolling;
  /** Folder with a copy of the contracts in force, to compare with: what is on disk may be the next state already. */
  readonly #copy: string;
  /** The first layer in that copy; undefined where they could not be kept. */
  #before: string | undefined;
  #firstCopy: Promise<void> | undefined;
  /** In force; ms since 1970 since when. */
  #layers: readonly string[];
  #since = Date.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RollOptions) {
    this.#options = options;
    this.log = options.log;
    this.#copy = join(options.args.data, 'contracts-in-force');
    this.#layers = options.opened.layers;
    this.#rolling = new Rolling(this, options.opened.version);
    options.events.setMaxListeners(0);
  }

  warnings(): readonly string[] {
    const { trouble } = this.#rolling;
    if (trouble === undefined) return [];
    return [
      'contracts, feeds or yitong.json on disk are not taken since ' +
        `${new Date(trouble.since).toISOString()}; those of before are in force: ${trouble.why}`,
    ];
  }

  stale(): boolean {
    return this.#rolling.trouble !== undefined;
  }

  report(): ContentReport {
    return {
      contracts: this.#rolling.current.contracts,
      since: new Date(this.#since).toISOString(),
      replacing: this.#rolling.replacing,
    };
  }

  again(): void {
    this.#rolling.again();
    this.look();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#ended.abort();
    await this.#firstCopy;
    await this.#rolling.stop();
  }

  /** Looks now, and from then on by the timer. */
  look(): void {
    this.#look().catch((error: unknown) =>
      this.log('error', 'contracts, feeds and yitong.json could not be looked at', { err: error }),
    );
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    await (this.#firstCopy ??= this.#keepContracts(this.#options.opened.version));
    const soon = await this.#rolling.look();
    if (this.#ended.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), soon ? SETTLE : INTERVAL);
    this.#timer.unref();
  }

  async #keepContracts({ contracts }: ContentVersion): Promise<void> {
    this.#before = undefined;
    try {
      if ((await copyContracts(this.#layers, this.#copy)) === contracts) this.#before = join(this.#copy, '0');
    } catch (error) {
      this.log('warn', `the contracts in force could not be kept for comparison: ${inWords(error)}`);
    }
  }

  /** Of all layers as they are declared now; of those in force where that cannot be read. */
  async print(): Promise<string> {
    return contentPrint(await layersOf(this.#options.args.workspace).catch(() => this.#layers));
  }

  async version(): Promise<ContentVersion> {
    return contentVersion(await layersOf(this.#options.args.workspace));
  }

  check(): Promise<Checked> {
    const { args, opened } = this.#options;
    return checkContent({ args, before: this.#before, fixed: opened.fixed }, this.#ended.signal);
  }

  hold(on: boolean): void {
    toAll([this.#options.writer], { kind: 'hold', on });
  }

  async startWorkers({ workers, version }: Taken): Promise<void> {
    const { crew, newWorker } = this.#options;
    const fresh = Array.from({ length: workers }, (_, i) => newWorker(`worker ${String(i + 1)}`));
    crew.coming = fresh;
    try {
      // one behind the other: those that answer meanwhile need the machine
      for (const one of fresh) await this.#startWorker(one, version);
    } catch (error) {
      crew.coming = [];
      void this.#leave(fresh.filter(({ process }) => process !== undefined));
      throw error;
    }
    crew.coming = [];
    this.#takeOver(fresh);
  }

  /** Resolves when it is ready, and knows what it was started for. @throws Told */
  async #startWorker(one: Member, version: ContentVersion): Promise<void> {
    const { events, running } = this.#options;
    if (this.#ended.signal.aborted) throw new Told('the group stops');
    const ready = once(events, 'ready', one);
    const end = this.#endOf(one);
    for (const promise of [ready, end]) promise.catch(() => undefined);
    run(one, running);
    await this.#startsStepByStep(one, Promise.race([ready, end]));
    if (one.opened === undefined || !sameContent(one.opened.version, version))
      throw new Told('the files changed again meanwhile');
  }

  /** Rejects when it ends. */
  #endOf(one: Member): Promise<never> {
    const { events } = this.#options;
    return new Promise((_, reject) => {
      const heard = (who: Member): void => {
        if (who !== one) return;
        events.off('exit', heard);
        reject(new Told(`a new ${one.name} ended before it was ready`));
      };
      events.on('exit', heard);
    });
  }

  /** Waits as long as its start comes on. @throws Told */
  async #startsStepByStep(one: Member, ready: Promise<unknown>): Promise<void> {
    const { events } = this.#options;
    const heard = new Set<() => void>();
    const onStep = (_: unknown, who: Member): void => {
      if (who === one) for (const again of heard) again();
    };
    events.on('starting', onStep);
    try {
      for (let over = false; !over; ) {
        const step = new Promise<'step'>((resolve) => heard.add(() => resolve('step')));
        const found = await within(
          START_WITHIN,
          `a new ${waitsFor(one)}, and came no step further`,
          Promise.race([ready.then(() => 'ready'), step]),
          this.#ended.signal,
        );
        heard.clear();
        over = found === 'ready';
      }
    } finally {
      events.off('starting', onStep);
    }
  }

  /** The fresh ones serve; the others leave when `retireWorkers` is called. */
  #takeOver(fresh: readonly Member[]): void {
    const { crew, running } = this.#options;
    const old = crew.workers;
    for (const one of old) one.serving = false;
    for (const one of fresh) one.serving = true;
    crew.workers = fresh;
    // one that ended since it was ready was not started again
    for (const one of fresh) if (one.process === undefined) run(one, running);
    crew.leaving = [...crew.leaving, ...old];
  }

  async inForce(taken: Taken, was: ContentVersion): Promise<void> {
    const { crew, drainSeconds } = this.#options;
    this.#layers = taken.layers;
    this.#since = Date.now();
    drainSeconds(taken.drainSeconds);
    const { contracts, feeds, settings } = taken.version;
    toAll(crew.workers.slice(0, 1), {
      kind: 'records',
      target: contracts,
      detail: {
        ...(was.contracts === contracts ? {} : { before: was.contracts }),
        feeds,
        settings,
        ...taken.changes,
      },
    });
    await this.#keepContracts(taken.version);
  }

  retireWorkers(): Promise<void> {
    return this.#leave(this.#options.crew.leaving);
  }

  /** They finish what they have, and are not started again. */
  async #leave(some: readonly Member[]): Promise<void> {
    const { crew, events } = this.#options;
    for (const one of some) one.serving = false;
    crew.leaving = [...new Set([...crew.leaving, ...some])];
    toAll(some, { kind: 'leave', listening: false });
    await gone(events, some, LEAVE_WITHIN);
    crew.leaving = crew.leaving.filter((one) => !some.includes(one));
  }

  async swapWriter(contracts: string): Promise<void> {
    const { events, writer } = this.#options;
    const taken = once(events, 'taken', writer).then(({ why }) => {
      if (why !== undefined) throw new Told(`the writer does not read by the new contracts: ${why}`);
    });
    // one that starts anew reads what is on disk as well
    const restarted = once(events, 'ready', writer);
    for (const promise of [taken, restarted]) promise.catch(() => undefined);
    toAll([writer], { kind: 'take', contracts });
    await within(
      SWAP_WITHIN,
      'the writer did not read by the new contracts',
      Promise.race([taken, restarted]),
      this.#ended.signal,
    );
  }

  async replaceFeeds(): Promise<void> {
    const { events, feeds } = this.#options;
    if (feeds?.process === undefined) return;
    const ready = once(events, 'ready', feeds);
    ready.catch(() => undefined);
    feeds.replacing = true;
    toAll([feeds], { kind: 'stop' });
    const old = feeds.process;
    const kill = setTimeout(() => old.kill('SIGKILL'), SWAP_WITHIN / 2);
    await within(SWAP_WITHIN, 'the feeds did not go on', ready, this.#ended.signal).finally(() => {
      clearTimeout(kill);
      feeds.replacing = false;
    });
  }
}
