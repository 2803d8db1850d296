/** Whether a text that somebody may write as they like holds a key of a scheme: what names a company or a person is not repeated in clear. */
import type { KeyScheme } from './types.js';

/** Words that are nobody's key: a scheme that takes one of them takes anything, so that what it takes says nothing. */
const PLAIN = ['a', 'zz-z', 'request', '7', 'x1y2z3w4x5y6z7w8x9'];

/** Of `desk.91…001X-2` each part, and each without the letters or zeros that somebody may have put before or behind it. */
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

/** Alone, or as a part that other characters set off. A key in the midst of letters and digits is not looked for. */
export function holdsKey(text: string, schemes: Iterable<KeyScheme>): boolean {
  const all = parts(text);
  for (const scheme of schemes) {
    if (!tells(scheme)) continue;
    for (const part of all) if (scheme.parse(part).ok) return true;
  }
  return false;
}
