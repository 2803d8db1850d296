/**
 * A department whose API says what changed since a number. One answer holds one batch, in which no record comes twice.
 */
import uscc from '../../../../contracts/subjects/uscc.js';
import type { Api } from '../../../connectors/api.js';
import { changed, type Entry, type History, keyOf } from '../model.js';
import type { Random } from '../random.js';

const SUBJECTS = 40;
/** Batches that may wait for the connector. */
const WAITING = 3;

export interface ApiLoad {
  readonly reply: Api['reply'];
  /** The next batch can be had from now on, unless enough of them wait. */
  release(): void;
}

export function apiLoad(dataset: string, history: History, random: Random): ApiLoad {
  const register = new Map<string, Entry>();
  const batches: { readonly last: number; readonly items: readonly object[] }[] = [];
  let last = 0;
  return {
    reply(url) {
      const since = Number(url.searchParams.get('since') ?? '0');
      // what the cursor has left behind is asked for no more
      while (batches[0] !== undefined && batches[0].last <= since) batches.shift();
      return { body: batches[0]?.items ?? [] };
    },
    release() {
      if (batches.length >= WAITING) return;
      const items: object[] = [];
      for (const subject of random
        .shuffled(Array.from({ length: SUBJECTS }, (_, i) => i))
        .slice(0, random.between(5, SUBJECTS))) {
        const key = { uscc: uscc.make(1000 + subject), number: `a${random.between(0, 2)}` };
        const entry = changed(random, key, register.get(keyOf(key)));
        register.set(keyOf(key), entry);
        last += 1;
        items.push({ seq: last, ...entry });
        history.add(dataset, keyOf(key), { value: entry, position: String(last) });
      }
      batches.push({ last, items });
    },
  };
}
