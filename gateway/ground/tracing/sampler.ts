/**
 * Which traces are recorded. What begins here is drawn by `ratio`. A caller that does not record its side of a trace
 * has decided for ours too; one that does is believed up to a rate, for each recorded trace costs, and who asks from
 * outside must not be able to spend it at will.
 */
import { randomBytes } from 'node:crypto';
import type { TraceContext } from '../../../contracts/tracing.js';

interface SamplerOptions {
  /** 0 to 1 */
  readonly ratio: number;
  /** Of each caller. */
  readonly callerTracesPerMinute: number;
  /** ms since 1970 */
  readonly now: () => number;
  /** From 0 to below 1; default `Math.random`. */
  readonly random?: () => number;
}

export interface Sampler {
  /** The id of a new trace; undefined where it is not to be recorded. */
  begin(): string | undefined;
  /** Whether to record our part of a caller's trace. */
  follows(caller: TraceContext, who: string): boolean;
}

export function sampler({ ratio, callerTracesPerMinute, now, random = Math.random }: SamplerOptions): Sampler {
  const buckets = new Map<string, { left: number; at: number }>();
  const takes = (who: string): boolean => {
    const at = now();
    const bucket = buckets.get(who) ?? { left: callerTracesPerMinute, at };
    buckets.set(who, bucket);
    // a clock that was set back gives nothing
    bucket.left = Math.min(
      callerTracesPerMinute,
      bucket.left + (Math.max(0, at - bucket.at) / 60_000) * callerTracesPerMinute,
    );
    bucket.at = at;
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  };
  // ids that a caller chose say nothing: it would choose those that are kept
  const drawn = (): boolean => random() >= 1 - ratio;
  return {
    begin: () => (drawn() ? randomBytes(16).toString('hex') : undefined),
    follows: (caller, who) => caller.sampled && (takes(who) || drawn()),
  };
}
