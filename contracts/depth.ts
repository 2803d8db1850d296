/**
 * True where JSON text has more levels of `{` and `[` inside one another than `limit`: a parser would build a tree of a
 * million arrays out of a million brackets before anybody could refuse it. Counts brackets outside of strings; one
 * pass, no allocation.
 */
export function deeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > limit) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}
