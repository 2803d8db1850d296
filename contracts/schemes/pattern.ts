/**
 * The plain patterns of declared key schemes: one class of characters a place, so that matching costs a look at each
 * and no more.
 */

/** The characters that may stand at each place. */
export type Places = readonly string[];

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** @param refuse takes what is wrong with the pattern, and throws */
export function readPattern(pattern: string, alphabet: string, refuse: (what: string) => never): Places {
  const places: string[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const sign = pattern.charAt(i);
    if (sign === '\\') {
      i += 1;
      if (i >= pattern.length) refuse('a pattern ends with `\\`, which stands before a character');
      places.push(pattern.charAt(i));
    } else
      places.push(
        sign === '9'
          ? DIGITS
          : sign === 'A'
            ? LETTERS
            : sign === 'a'
              ? LETTERS.toLowerCase()
              : sign === '?'
                ? alphabet
                : sign,
      );
  }
  return places;
}

export function fits(key: string, places: Places): boolean {
  if (key.length !== places.length) return false;
  for (let i = 0; i < places.length; i++) if (places[i]?.includes(key.charAt(i)) !== true) return false;
  return true;
}
