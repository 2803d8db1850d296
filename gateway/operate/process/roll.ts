/**
 * What `rolling.ts` decides, carried out on the processes of a group: new workers beside the old ones, then the writer,
 * then the feeds.
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
import { checkContent } from './checking.js';
import { gone, type Member, once, type RunParts, run, toAll } from './members.js';
import { Rolling, type Taken } from './rolling.js';
import { waitsFor } from './waiting.js';

/** The workers of a group, whoever of them serves. */
export interface Crew {
  workers: readonly Member[];
  /** To take the others' place once all of them are ready. */
  coming: readonly Member[];
  leaving: readonly Member[];
}

export interface RollOptions {
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

export function rollGroup({
  args,
  crew,
  writer,
  feeds,
  newWorker,
  opened,
  events,
  running,
  log,
  drainSeconds,
}: RollOptions): GroupRolling {
  const ended = new AbortController();
  const copy = join(args.data, 'contracts-in-force');
  /** Where the contracts in force stand as they are. */
  let before: string | undefined;
  let layers = opened.layers;
  let since = Date.now();

  /** Kept to compare with: what is on disk may be the next state already. */
  async function keep({ contracts }: ContentVersion): Promise<void> {
    before = undefined;
    try {
      if ((await copyContracts(layers, copy)) === contracts) before = join(copy, '0');
    } catch (error) {
      log('warn', `the contracts in force could not be kept for comparison: ${inWords(error)}`);
    }
  }

  const ending = (one: Member): Promise<never> =>
    new Promise((_, reject) => {
      const heard = (who: Member): void => {
        if (who !== one) return;
        events.off('exit', heard);
        reject(new Told(`a new ${one.name} ended before it was ready`));
      };
      events.on('exit', heard);
    });

  /** They finish what they have, and are not started again. */
  async function leave(some: readonly Member[]): Promise<void> {
    for (const one of some) one.serving = false;
    crew.leaving = [...new Set([...crew.leaving, ...some])];
    toAll(some, { kind: 'leave', listening: false });
    await gone(events, some, LEAVE_WITHIN);
    crew.leaving = crew.leaving.filter((one) => !some.includes(one));
  }

  /** As long as its start comes on. */
  async function startsWithin(one: Member, ready: Promise<unknown>): Promise<void> {
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
          ended.signal,
        );
        heard.clear();
        over = found === 'ready';
      }
    } finally {
      events.off('starting', onStep);
    }
  }

  async function startWorkers({ workers, version }: Taken): Promise<void> {
    const fresh = Array.from({ length: workers }, (_, i) => newWorker(`worker ${String(i + 1)}`));
    crew.coming = fresh;
    try {
      // one behind the other: those that answer meanwhile need the machine
      for (const one of fresh) {
        if (ended.signal.aborted) throw new Told('the group stops');
        const ready = once(events, 'ready', one);
        const end = ending(one);
        for (const promise of [ready, end]) promise.catch(() => undefined);
        run(one, running);
        await startsWithin(one, Promise.race([ready, end]));
        if (one.opened === undefined || !sameContent(one.opened.version, version))
          throw new Told('the files changed again meanwhile');
      }
    } catch (error) {
      crew.coming = [];
      void leave(fresh.filter(({ process }) => process !== undefined));
      throw error;
    }
    crew.coming = [];
    const old = crew.workers;
    for (const one of old) one.serving = false;
    for (const one of fresh) one.serving = true;
    crew.workers = fresh;
    // one that ended since it was ready was not started again
    for (const one of fresh) if (one.process === undefined) run(one, running);
    crew.leaving = [...crew.leaving, ...old];
  }

  const rolling = new Rolling(
    {
      // of all layers as they are declared now; those in force where that cannot be read
      print: async () => contentPrint(await layersOf(args.workspace).catch(() => layers)),
      version: async () => contentVersion(await layersOf(args.workspace)),
      check: () => checkContent({ args, before, fixed: opened.fixed }, ended.signal),
      hold: (on) => toAll([writer], { kind: 'hold', on }),
      startWorkers,
      async inForce(taken, was) {
        layers = taken.layers;
        since = Date.now();
        drainSeconds(taken.drainSeconds);
        const version = taken.version.contracts;
        toAll(crew.workers.slice(0, 1), {
          kind: 'records',
          target: version,
          detail: {
            ...(was.contracts === version ? {} : { before: was.contracts }),
            feeds: taken.version.feeds,
            settings: taken.version.settings,
            ...taken.changes,
          },
        });
        await keep(taken.version);
      },
      retireWorkers: () => leave(crew.leaving),
      async swapWriter(contracts) {
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
          ended.signal,
        );
      },
      async replaceFeeds() {
        if (feeds?.process === undefined) return;
        const ready = once(events, 'ready', feeds);
        ready.catch(() => undefined);
        feeds.replacing = true;
        toAll([feeds], { kind: 'stop' });
        const old = feeds.process;
        const kill = setTimeout(() => old.kill('SIGKILL'), SWAP_WITHIN / 2);
        await within(SWAP_WITHIN, 'the feeds did not go on', ready, ended.signal).finally(() => {
          clearTimeout(kill);
          feeds.replacing = false;
        });
      },
      now: Date.now,
      log,
    },
    opened.version,
  );

  let timer: NodeJS.Timeout | undefined;
  let kept: Promise<void> | undefined;
  async function look(): Promise<void> {
    clearTimeout(timer);
    await (kept ??= keep(opened.version));
    const soon = await rolling.look();
    if (ended.signal.aborted) return;
    clearTimeout(timer);
    timer = setTimeout(lookSoon, soon ? SETTLE : INTERVAL);
    timer.unref();
  }
  const lookSoon = (): void => {
    look().catch((error: unknown) =>
      log('error', 'contracts, feeds and yitong.json could not be looked at', { err: error }),
    );
  };
  lookSoon();
  events.setMaxListeners(0);

  return {
    warnings() {
      const { trouble } = rolling;
      return trouble === undefined
        ? []
        : [
            'contracts, feeds or yitong.json on disk are not taken since ' +
              `${new Date(trouble.since).toISOString()}; those of before are in force: ${trouble.why}`,
          ];
    },
    stale: () => rolling.trouble !== undefined,
    report: () => ({
      contracts: rolling.current.contracts,
      since: new Date(since).toISOString(),
      replacing: rolling.replacing,
    }),
    again() {
      rolling.again();
      lookSoon();
    },
    async stop() {
      clearTimeout(timer);
      ended.abort();
      await kept;
      await rolling.stop();
    },
  };
}
