/** Revocation lists that come to their end: logged once at each stage, and shown as a figure at each look. */
import type { TrustAnchor } from '../../ground/identity/anchors.js';

/** Of a list: good, its update should come soon, its update is due, a day is left, it is over. */
export type Stage = 'good' | 'soon' | 'due' | 'day' | 'over';
/** As a metric gives them. */
export const STAGES: readonly Stage[] = ['good', 'soon', 'due', 'day', 'over'];

const DAY = 86_400_000;

/** @param soon from when on a newer list should be there */
export function stageOf(due: number, until: number, now: number, soon = due): Stage {
  if (now >= until) return 'over';
  if (now >= until - DAY) return 'day';
  if (now >= due) return 'due';
  return now >= soon ? 'soon' : 'good';
}

function words(stage: Exclude<Stage, 'good'>, id: string, due: number, until: number): string {
  const at = (ms: number): string => new Date(ms).toISOString();
  switch (stage) {
    case 'soon':
      return (
        `the revocation list of anchor \`${id}\` is to be renewed by ${at(due)}: put a newer one into the file ` +
        `that the anchor names; from ${at(until)} on nobody of this anchor is let in`
      );
    case 'due':
      return (
        `the revocation list of anchor \`${id}\` was due on ${at(due)}; from ${at(until)} on nobody of this ` +
        'anchor is let in'
      );
    case 'day':
      return (
        `the revocation list of anchor \`${id}\` ends within a day; from ${at(until)} on nobody of this anchor ` +
        'is let in'
      );
    case 'over':
      return (
        `the revocation list of anchor \`${id}\` ended on ${at(until)}; nobody of this anchor is let in until ` +
        'there is a new one in the file that the anchor names'
      );
  }
}

/**
 * A newer list should be there a day before the next is due, or a quarter of the time for which it counts, where that
 * is less.
 */
function soonOf({ revocation }: TrustAnchor, due: number): number {
  const lasts = [...(revocation?.held?.().values() ?? [])].map(({ thisUpdate, nextUpdate }) => nextUpdate - thisUpdate);
  return due - Math.min(DAY, ...lasts.map((ms) => ms / 4));
}

/** Why no client at all can be let in; empty where some can, or where there are no anchors to begin with. */
export function nobodyLetIn(anchors: readonly TrustAnchor[], now: number): readonly string[] {
  const over = anchors.filter(({ revocation }) => {
    const until = revocation?.validUntil();
    return until !== undefined && now >= until;
  });
  if (anchors.length === 0 || over.length < anchors.length) return [];
  return [
    'no client is let in, for the revocation list of each anchor has ended: ' +
      `${over.map(({ id }) => id).join(', ')}; put newer lists into the files that the anchors name, a running ` +
      'gateway takes them',
  ];
}

export interface ExpiryParts {
  readonly log: (level: 'warn' | 'error', message: string) => void;
  /** @param seconds until nobody is let in; negative afterwards; undefined of an anchor that is gone */
  readonly tell: (anchor: string, seconds: number | undefined, stage: Stage) => void;
}

/** @returns a look at the anchors, which answers with what an operator should see now */
export function watchExpiry({
  log,
  tell,
}: ExpiryParts): (anchors: readonly TrustAnchor[], now: number) => readonly string[] {
  let stages: ReadonlyMap<string, Stage> = new Map();
  return (anchors, now) => {
    const next = new Map<string, Stage>();
    const warnings: string[] = [];
    for (const anchor of anchors) {
      const { id, revocation } = anchor;
      const [due, until] = [revocation?.due(), revocation?.validUntil()];
      if (due === undefined || until === undefined) continue;
      const stage = stageOf(due, until, now, soonOf(anchor, due));
      tell(id, Math.floor((until - now) / 1000), stage);
      next.set(id, stage);
      if (stage === 'good') continue;
      const message = words(stage, id, due, until);
      warnings.push(message);
      if (stages.get(id) !== stage) log(stage === 'over' ? 'error' : 'warn', message);
    }
    for (const id of stages.keys()) if (!next.has(id)) tell(id, undefined, 'good');
    stages = next;
    return warnings;
  };
}
