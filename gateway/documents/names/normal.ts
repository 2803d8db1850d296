/**
 * Names of companies as they are compared: width, case, spaces, punctuation and traditional characters make no
 * difference. Pure.
 */
import { simplifiedOf } from './traditional.js';

const WORD = /[\p{L}\p{N}]/u;

export function normalName(text: string): string {
  let normal = '';
  for (const character of text.normalize('NFKC').toLowerCase())
    if (WORD.test(character)) normal += simplifiedOf(character);
  return normal;
}

/**
 * Without the legal form at its end, where something is left.
 * @param forms normal, e.g. `有限公司`; of several that fit the longest goes
 */
function withoutForm(normal: string, forms: readonly string[]): string {
  const form = forms
    .filter((one) => normal.endsWith(one) && normal.length > one.length)
    .sort((a, b) => b.length - a.length)[0];
  return form === undefined ? normal : normal.slice(0, -form.length);
}

/**
 * What of a question is looked for: of a name without its form. Undefined where it says too little: one letter, or a
 * legal form alone.
 */
export function soughtOf(text: string, forms: readonly string[]): string | undefined {
  const normal = normalName(text);
  const sought = withoutForm(normal, forms);
  return [...sought].length < 2 || forms.includes(normal) || forms.includes(sought) ? undefined : sought;
}

/**
 * How well a name fits; less is better: it is the name, but for its legal form; it begins so; it holds it. Undefined:
 * it does not.
 */
export function fit(name: string, sought: string, forms: readonly string[]): number | undefined {
  const at = name.indexOf(sought);
  if (at < 0) return undefined;
  if (withoutForm(name, forms) === sought) return 0;
  return at === 0 ? 1 : 2;
}
