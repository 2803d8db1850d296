/**
 * A start takes as long as it takes: on a busy machine nothing is given up because a time is over. Instead it is said
 * what is waited for, in the process log (under `up`: in the terminal) and as a reason of readiness.
 */
import type { Log } from '../../ground/logging/log.js';
import type { Member } from './members.js';

/** Ms until a start is said to take long; said again after twice as long each time, up to `SELDOM`. */
const LONG = 5000;
const SELDOM = 60_000;
const LOOK = 1000;

/** As `/health/ready` says it of a process that is not ready. */
export const waitsFor = ({ name, process, doing }: Pick<Member, 'name' | 'process' | 'doing'>): string =>
  process === undefined ? `${name} is not running` : `${name} is not ready: it ${doing}`;

interface StartParts {
  readonly members: () => readonly Pick<Member, 'name' | 'process' | 'ready' | 'doing' | 'since'>[];
  /** What the start waits for beside its processes; undefined where for nothing. */
  readonly others: () => string | undefined;
  readonly log: Log;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Looks each second until it is stopped; processes that are started again later are watched as well. */
export function watchStart(parts: StartParts): { stop(): void } {
  const look = startLook(parts);
  const timer = setInterval(look, LOOK);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** One look; for tests, and for the timer. */
export function startLook({ members, others, log, now }: StartParts): () => void {
  /** What is waited for → since when, and when it is said next. */
  const waiting = new Map<string, { readonly since: number; next: number; pause: number }>();
  return () => {
    const at = now();
    const slow = new Map<string, { readonly since: number; readonly what: string }>(
      members().flatMap((one) =>
        one.ready || one.process === undefined
          ? []
          : [[one.name, { since: one.since, what: `${one.name}: it ${one.doing}` }] as const],
      ),
    );
    const other = others();
    if (other !== undefined) slow.set('', { since: waiting.get('')?.since ?? at, what: other });
    for (const name of waiting.keys()) if (!slow.has(name)) waiting.delete(name);
    for (const [name, { since, what }] of slow) {
      const known = waiting.get(name);
      const one = known?.since === since ? known : { since, next: since + LONG, pause: LONG };
      waiting.set(name, one);
      if (at < one.next) continue;
      log('warn', `starting: waiting for ${what}, since ${String(Math.round((at - since) / 1000))} s`);
      one.pause = Math.min(SELDOM, one.pause * 2);
      one.next = at + one.pause;
    }
  };
}
