/**
 * Whether a text that somebody may write as they like holds a key of a scheme: what names a company or a person is not
 * repeated in clear.
 */
import type { KeyScheme } from './types.js';

/** Words that are nobody's key: a scheme that takes one of them takes anything, so that what it takes says nothing. */
const PLAIN = ['a', 'zz-z', 'request', '7', 'x1y2z3w4x5y6z7w8x9'];

/**
 * Of `desk.91…001X-2` each part, and each without the letters or zeros that somebody may have put before or behind it.
 */
function parts(text: string): ReadonlySet<string> {
  const found = new Set<string>([text]);
  for (const part of text.split(/[^0-9A-Za-z]+/)) {
    found.add(part);
    found.add(part.replace(/^0+/, ''));
    found.add(part.replace(/^[A-Za-z]+/, ''));
    found.add(part.replace(/[A-Za-z]+$/, ''));
    found.add(part.replace(/^[A-Za-z]+|[A-Za-z]+$/g, ''));
  }
  found.delete('');
  return found;
}

const telling = new WeakMap<KeyScheme, boolean>();
/** False of a scheme that takes any word. */
function tells(scheme: KeyScheme): boolean {
  let known = telling.get(scheme);
  if (known === undefined) telling.set(scheme, (known = !PLAIN.some((word) => scheme.parse(word).ok)));
  return known;
}

/** Characters of one kind that nobody draws in a row. */
const MUCH = 8;

/** What of an id may be a key that one character, again and again, fills up to the id's length. */
function filledIn(id: string): readonly string[] {
  const before = /^(.)\1*/.exec(id)?.[0].length ?? 0;
  const behind = /(.)\1*$/.exec(id)?.[0].length ?? 0;
  const found = id[0] === id.at(-1) && before < id.length ? [id.slice(before, -behind)] : [];
  // the key's own first or last character may be the one that fills up
  for (let length = 0; length <= before; length++) found.push(id.slice(length));
  for (let length = 1; length <= behind; length++) found.push(id.slice(0, -length));
  return found.filter((key) => key !== '' && (/^\d+$/.test(key) || id.length - key.length >= MUCH));
}

/**
 * Whether an id of lower-case hex, such as a trace has, is a key that somebody filled up to the id's length. Ids are
 * drawn at random, and with the schemes of five countries one of eight hundred contains what a scheme takes
 * (`holdsKey`): only what is not drawn so counts, a key of digits between one repeated character.
 */
export function isFilledKey(id: string, schemes: Iterable<KeyScheme>): boolean {
  const all = filledIn(id);
  for (const scheme of schemes) if (tells(scheme) && all.some((key) => scheme.parse(key).ok)) return true;
  return false;
}

/** Alone, or as a part that other characters set off. A key in the midst of letters and digits is not looked for. */
export function holdsKey(text: string, schemes: Iterable<KeyScheme>): boolean {
  const all = parts(text);
  for (const scheme of schemes) {
    if (!tells(scheme)) continue;
    for (const part of all) if (scheme.parse(part).ok) return true;
  }
  return false;
}
