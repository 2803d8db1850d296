/**
 * Arrays as PostgreSQL writes them (manual, section 8.15.6): `{a,"b ""c",NULL,{d}}`, with bounds before them where they
 * do not begin at 1.
 */

export type ArrayText = string | null | readonly ArrayText[];

/** Dimensions that PostgreSQL allows. */
const MAX_DIMENSIONS = 6;
const BOUNDS = /^(?:\[-?\d+:-?\d+\])+=/;

/**
 * The elements as texts; undefined if the text is no array. Elements are divided by commas, as of every type but `box`.
 */
export function parseArray(text: string): readonly ArrayText[] | undefined {
  let at = BOUNDS.exec(text)?.[0].length ?? 0;
  const list = (depth: number): readonly ArrayText[] | undefined => {
    if (text[at] !== '{' || depth > MAX_DIMENSIONS) return undefined;
    at += 1;
    const out: ArrayText[] = [];
    if (text[at] === '}') return ((at += 1), out);
    for (;;) {
      const part = text[at] === '{' ? list(depth + 1) : text[at] === '"' ? quoted() : bare();
      if (part === undefined) return undefined;
      out.push(part);
      const sign = text[at];
      at += 1;
      if (sign === '}') return out;
      if (sign !== ',') return undefined;
    }
  };
  const quoted = (): string | undefined => {
    let out = '';
    for (at += 1; at < text.length; at += 1) {
      const sign = text.charAt(at);
      if (sign === '"') return ((at += 1), out);
      if (sign === '\\') at += 1;
      out += text.charAt(at);
    }
    return undefined;
  };
  const bare = (): string | null => {
    let out = '';
    for (; at < text.length && text[at] !== ',' && text[at] !== '}'; at += 1) {
      if (text[at] === '\\') at += 1;
      out += text.charAt(at);
    }
    return out === 'NULL' ? null : out;
  };
  const found = list(1);
  return at === text.length ? found : undefined;
}
