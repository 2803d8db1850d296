/**
 * Chance without state: a draw depends on (seed, salt, subject, record, place in a list) and nothing else. So a record
 * is the same whichever run makes it, whatever was made before it, and however many companies there are.
 */

/** FNV-1a, 32 bit: the salt of one place in a recipe. */
export function saltOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Murmur3's finaliser over four words, 32 bit. */
export function mix(seed: number, salt: number, a: number, b: number): number {
  let h = seed ^ salt;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) ^ a;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ b;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** In [0, 1). */
export const unit = (word: number): number => word / 0x1_0000_0000;

/** A whole number in [from, to]. With `skew` above 1 small ones are common and large ones rare (log-uniform, bent). */
export function wholeBetween(u: number, from: number, to: number, skew: number | undefined): number {
  if (skew === undefined) return from + Math.floor(u * (to - from + 1));
  const low = Math.max(from, 1);
  const drawn = Math.floor(low * ((to + 1) / low) ** (u ** skew));
  return Math.min(to, from < 1 ? drawn - 1 + from : drawn);
}

/** Alias-free weighted choice: a table of cumulative weights, searched by halving. */
export function weighted<T>(items: readonly T[], weights: readonly number[]): (u: number) => T {
  const sums: number[] = [];
  let total = 0;
  for (const weight of weights) sums.push((total += weight));
  return (u) => {
    const wanted = u * total;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return items[low] as T;
  };
}
