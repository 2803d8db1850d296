/** What somebody may have meant who wrote a word that is not known. */

/** Signs to add, leave out, change or swap with a neighbour to make one of the other. */
export function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  for (let j = 1; j <= b.length; j++) (rows[0] ?? [])[j] = j;
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      (rows[i] ?? [])[j] = least;
    }
  }
  return at(a.length, b.length);
}

/** The nearest of them, if it is near: a third of its signs may be wrong. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const one of known) {
    const far = distance(word.toLowerCase(), one.toLowerCase());
    if (far < least && far <= Math.max(1, Math.floor(one.length / 3))) [best, least] = [one, far];
  }
  return best;
}

/** `; did you mean …?`, or nothing. @param shown how it is written */
export function didYouMean(
  word: string,
  known: Iterable<string>,
  shown: (one: string) => string = (one) => `\`${one}\``,
): string {
  const one = nearest(word, known);
  return one === undefined ? '' : `; did you mean ${shown(one)}?`;
}
