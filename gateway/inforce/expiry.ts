/** Revocation lists that come to their end: said once at each stage, and told as a figure all the time. */
import type { TrustAnchor } from '../identity/anchors.js';

/** Said once for each list: its update is due, a day is left, it is over. */
export type Stage = 'good' | 'due' | 'day' | 'over';

const DAY = 86_400_000;

export function stageOf(due: number, until: number, now: number): Stage {
  if (now >= until) return 'over';
  if (now >= until - DAY) return 'day';
  return now >= due ? 'due' : 'good';
}

function words(stage: Exclude<Stage, 'good'>, id: string, due: number, until: number): string {
  const at = (ms: number): string => new Date(ms).toISOString();
  switch (stage) {
    case 'due':
      return `the revocation list of anchor \`${id}\` was due on ${at(due)}; from ${at(until)} on nobody of this anchor is let in`;
    case 'day':
      return `the revocation list of anchor \`${id}\` ends within a day; from ${at(until)} on nobody of this anchor is let in`;
    case 'over':
      return `the revocation list of anchor \`${id}\` ended on ${at(until)}; nobody of this anchor is let in until there is a new one`;
  }
}

export interface ExpiryParts {
  readonly log: (level: 'warn' | 'error', message: string) => void;
  /** @param seconds until nobody is let in; negative afterwards; undefined of an anchor that is gone */
  readonly tell: (anchor: string, seconds: number | undefined) => void;
}

/** @returns a look at the anchors, which answers with what an operator should see now */
export function watchExpiry({ log, tell }: ExpiryParts): (anchors: readonly TrustAnchor[], now: number) => readonly string[] {
  let stages: ReadonlyMap<string, Stage> = new Map();
  return (anchors, now) => {
    const next = new Map<string, Stage>();
    const warnings: string[] = [];
    for (const { id, revocation } of anchors) {
      const [due, until] = [revocation?.due(), revocation?.validUntil()];
      if (due === undefined || until === undefined) continue;
      tell(id, Math.floor((until - now) / 1000));
      const stage = stageOf(due, until, now);
      next.set(id, stage);
      if (stage === 'good') continue;
      const message = words(stage, id, due, until);
      warnings.push(message);
      if (stages.get(id) !== stage) log(stage === 'over' ? 'error' : 'warn', message);
    }
    for (const id of stages.keys()) if (!next.has(id)) tell(id, undefined);
    stages = next;
    return warnings;
  };
}
