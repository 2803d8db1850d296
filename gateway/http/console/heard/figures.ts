/** Sums of what was asked of the guide in a time. */
import type { Heard, HeardCount, HeardSentence } from '../../../procedures/guide/heard.js';

export interface HeardMatter {
  /** Empty: none was named. */
  readonly bundle: string;
  readonly n: Readonly<Partial<Record<Heard, number>>>;
}
/** A question, or an element of the form, to which answers were not understood. */
interface HeardTurn {
  readonly bundle: string;
  readonly turn: string;
  readonly n: number;
}
/** The same sentence of several. */
interface HeardAgain extends Pick<HeardSentence, 'text' | 'outcome' | 'nearest'> {
  readonly n: number;
  /** The last day on which it was said. */
  readonly day: string;
}

export interface HeardFigures {
  readonly all: Readonly<Record<Heard, number>>;
  readonly matters: readonly HeardMatter[];
  readonly turns: readonly HeardTurn[];
  readonly sentences: readonly HeardAgain[];
}

const NONE: Readonly<Record<Heard, number>> = {
  named: 0,
  unsure: 0,
  'off-topic': 0,
  asked: 0,
  answered: 0,
  'not-understood': 0,
  'handed-over': 0,
  submitted: 0,
};

export function figuresOf(counts: readonly HeardCount[], sentences: readonly HeardSentence[]): HeardFigures {
  const all = { ...NONE };
  const matters = new Map<string, Partial<Record<Heard, number>>>();
  const turns = new Map<string, { bundle: string; turn: string; n: number }>();
  for (const { what, bundle, turn, n } of counts) {
    if (!Object.hasOwn(all, what)) continue;
    all[what] += n;
    if (bundle !== '') {
      const matter = matters.get(bundle) ?? {};
      matters.set(bundle, { ...matter, [what]: (matter[what] ?? 0) + n });
    }
    if (turn === '') continue;
    const key = `${bundle} ${turn}`;
    turns.set(key, { bundle, turn, n: (turns.get(key)?.n ?? 0) + n });
  }
  const again = new Map<string, HeardAgain>();
  for (const { text, outcome, nearest, day } of sentences) {
    const before = again.get(text);
    const last = before === undefined || day > before.day ? day : before.day;
    again.set(text, { text, outcome, nearest, day: last, n: (before?.n ?? 0) + 1 });
  }
  return {
    all,
    matters: [...matters].map(([bundle, n]) => ({ bundle, n })).sort((a, b) => (b.n.named ?? 0) - (a.n.named ?? 0)),
    turns: [...turns.values()].sort((a, b) => b.n - a.n),
    sentences: [...again.values()].sort((a, b) => b.n - a.n || (a.day < b.day ? 1 : -1)),
  };
}
