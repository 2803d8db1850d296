/** Seeded chance: the same seed and name draw the same numbers, whatever else is drawn. */
import { mix, saltOf, unit } from '../../../connectors/sources/synthetic/draws.js';

export interface Random {
  /** In [from, to], whole. */
  between(from: number, to: number): number;
  chance(share: number): boolean;
  pick<T>(of: readonly T[]): T;
  /** In another order. */
  shuffled<T>(of: readonly T[]): T[];
}

export function randomOf(seed: number, name: string): Random {
  const salt = saltOf(name);
  let drawn = 0;
  const next = (): number => unit(mix(seed, salt, drawn, drawn++ >>> 16));
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    between,
    chance: (share) => next() < share,
    pick: (of) => {
      const one = of[between(0, of.length - 1)];
      if (one === undefined) throw new RangeError('there is nothing to pick from');
      return one;
    },
    shuffled(of) {
      const list = [...of];
      for (let i = list.length - 1; i > 0; i--) {
        const j = between(0, i);
        const [a, b] = [list[i], list[j]];
        if (a !== undefined && b !== undefined) [list[i], list[j]] = [b, a];
      }
      return list;
    },
  };
}
