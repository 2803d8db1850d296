/** Codes that were looked for and are none, counted by who looked, so that nobody guesses for long. */
import type { Scanner } from './machine.js';
import { type CodeMaps, MISSES_WITHIN } from './store.js';
import { digest } from './tokens.js';

/** Codes that are none, of one scanner or address in ten minutes. */
export const MISS_LIMIT = 20;

/**
 * Those who look, by whom misses are counted.
 * @param source network address, against guessing from ever new sessions
 */
export const lookersOf = ({ kind, key }: Scanner, source: string): readonly string[] => [
  digest(`scanner ${kind} ${key}`),
  digest(`source ${source}`),
];

function missesOf(maps: CodeMaps, who: string, at: number): number {
  const found = maps.misses(who);
  return found === undefined || at - found.since > MISSES_WITHIN ? 0 : found.count;
}

export const guessedTooOften = (maps: CodeMaps, who: readonly string[], at: number): boolean =>
  who.some((one) => missesOf(maps, one, at) >= MISS_LIMIT);

export function countMiss(maps: CodeMaps, who: readonly string[], at: number): void {
  for (const one of who) {
    const count = missesOf(maps, one, at);
    maps.putMisses(one, { since: count === 0 ? at : (maps.misses(one)?.since ?? at), count: count + 1 });
  }
}
