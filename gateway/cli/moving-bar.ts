/** How far a move of the state is: a bar for each of its parts, one after the other. */
import type { OnProgress } from '../ground/state/move.js';
import { type ProgressBar, progressBar } from './progress.js';

export function movingBar(): { readonly onProgress: OnProgress; end(): void } {
  let bar: ProgressBar | undefined;
  let shown = '';
  return {
    onProgress(what, part, count) {
      const now = `${what} ${part}`;
      if (now !== shown) {
        bar?.end();
        bar = progressBar(now);
        shown = now;
      }
      bar?.to(count, count);
    },
    end: () => bar?.end(),
  };
}

export const inCounts = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${String(count)} ${what}`)
    .join(', ') || 'nothing';
