/** The processes of a group: each is started, heard, and started again, more and more slowly, while it is to serve. */
import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Log } from '../../ground/logging/log.js';
import { Told } from '../../ground/logging/words.js';
import type { FromChild, Opened, ToChild } from '../children/messages.js';
import type { Gathering } from '../metrics/gather.js';

export interface Member {
  readonly name: string;
  start(): ChildProcess;
  process: ChildProcess | undefined;
  /** A worker's; free again once its process is gone. */
  slot?: number;
  restarts: number;
  everReady: boolean;
  reasons: readonly string[];
  warnings: readonly string[];
  ready: boolean;
  /** ms since 1970 when its process was started. */
  since: number;
  /** What its start is at, after "it", as it said last. */
  doing: string;
  /**
   * Whether it is started again when it ends. One that is to take another's place is not before it has, one that leaves
   * is not any more.
   */
  serving: boolean;
  /** It was told to end, to be started anew at once: nobody is to worry. */
  replacing: boolean;
  opened?: Opened;
}

const MAX_BACKOFF = 30_000;
/**
 * Ms. One that was ready and lived as long starts again at once: to let its clients wait longer each time would help
 * nobody.
 */
const RAN_FOR_A_WHILE = 10_000;

/** Until it says more. */
const LOADS = 'loads its program';

export const member = (name: string, start: (self: Member) => ChildProcess, serving = true): Member => {
  const self: Member = {
    name,
    start: () => start(self),
    process: undefined,
    restarts: 0,
    everReady: false,
    reasons: [`${name} is starting`],
    warnings: [],
    ready: false,
    since: Date.now(),
    doing: LOADS,
    serving,
    replacing: false,
  };
  return self;
};

export const toAll = (some: readonly Member[], message: ToChild): void => {
  for (const { process } of some) if (process?.connected === true) process.send(message, () => undefined);
};
const alive = (of: readonly Member[]): ChildProcess[] => of.flatMap((one) => one.process ?? []);

export interface RunParts {
  /** Told `exit` (member), and `failed` (member, why) of one that never comes up. */
  readonly events: EventEmitter;
  readonly log: Log;
  readonly gathering: Gathering;
  readonly heard: (from: Member, message: FromChild) => void;
  readonly stopping: () => boolean;
}

export function run(one: Member, parts: RunParts): void {
  const { events, log } = parts;
  const started = one.start();
  one.process = started;
  one.ready = false;
  one.reasons = [];
  one.doing = LOADS;
  const since = Date.now();
  one.since = since;
  const called = one.slot === undefined ? one.name : `worker ${String(one.slot)}`;
  parts.gathering.follow(called, started);
  started.on('message', (message: FromChild) => parts.heard(one, message));
  // a message to one that is just ending: its exit says all there is to say
  started.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_IPC_CHANNEL_CLOSED')
      log('error', `${one.name}: ${error.message}`);
  });
  started.on('exit', (code, signal) => {
    const worked = one.ready && Date.now() - since > RAN_FOR_A_WHILE;
    one.process = undefined;
    one.ready = false;
    one.reasons = [`${one.name} is not running`];
    one.warnings = [];
    delete one.slot;
    events.emit('exit', one);
    if (parts.stopping() || !one.serving) return;
    if (one.replacing) {
      run(one, parts);
      return;
    }
    parts.gathering.restarts(called);
    // one that ran for a while starts again at once; one that dies at once waits longer each time
    one.restarts = worked ? 0 : one.restarts + 1;
    // one that was never ready and dies again and again cannot tell why: it may not even load
    if (!one.everReady && one.restarts > 3)
      events.emit('failed', one, `${one.name} ends before it is ready (${String(signal ?? code)})`);
    const wait = one.restarts === 0 ? 0 : Math.min(MAX_BACKOFF, 250 * 2 ** one.restarts);
    log('error', `${one.name} ended (${String(signal ?? code)}); starting again in ${String(wait)} ms`);
    setTimeout(() => {
      if (!parts.stopping() && one.serving) run(one, parts);
    }, wait);
  });
}

/** Resolves with the message of that kind from that member; rejects if it says that it failed. */
export const once = <K extends FromChild['kind']>(
  events: EventEmitter,
  kind: K,
  from: Member,
): Promise<Extract<FromChild, { kind: K }>> =>
  new Promise((resolve, reject) => {
    const done = (): void => {
      events.off(kind, listen);
      events.off('failed', fail);
    };
    const listen = (message: Extract<FromChild, { kind: K }>, who: Member): void => {
      if (who !== from) return;
      done();
      resolve(message);
    };
    // before it was ever ready, a child's failure is the group's: a bad workspace will not mend itself
    const fail = (who: Member, message: string): void => {
      if (who !== from) return;
      done();
      reject(new Told(`${who.name}: ${message}`));
    };
    events.on(kind, listen);
    events.on('failed', fail);
  });

/** Resolves when none of them has a process any more; those that have one after `within` ms are killed. */
export async function gone(events: EventEmitter, some: readonly Member[], within: number): Promise<void> {
  const deadline = setTimeout(() => {
    for (const process of alive(some)) process.kill('SIGKILL');
  }, within);
  while (alive(some).length > 0) await new Promise((resolve) => events.once('exit', resolve));
  clearTimeout(deadline);
}
