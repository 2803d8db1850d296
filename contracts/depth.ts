/**
 * What is looked at in JSON text before it is parsed, in one pass without allocation.
 *
 * `deep`: more levels of `{` and `[` inside one another than the limit: a parser would build a tree of a million arrays
 * out of a million brackets before anybody could refuse it. `suspect`: a string begins as `__proto__` or `constructor`
 * may be written, so that whoever parses must look at the names of members. `plain`: neither.
 */
export function looksOf(text: string, limit: number): 'deep' | 'suspect' | 'plain' {
  const { length } = text;
  let depth = 0;
  let suspect = false;
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      // to the end of the string
      if (!suspect) suspect = isSuspect(text, i + 1);
      for (i++; i < length; i++) {
        const inside = text.charCodeAt(i);
        if (inside === 0x22) break;
        if (inside === 0x5c) i++;
      }
    } else if (c === 0x7b || c === 0x5b) {
      if (++depth > limit) return 'deep';
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return suspect ? 'suspect' : 'plain';
}

/** `_`, `co`, and any escape in their place. */
function isSuspect(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  if (first === 0x5f || first === 0x5c) return true;
  if (first !== 0x63) return false;
  const second = text.charCodeAt(at + 1);
  return second === 0x6f || second === 0x5c;
}

export const deeperThan = (text: string, limit: number): boolean => looksOf(text, limit) === 'deep';
