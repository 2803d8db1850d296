/**
 * Words in Latin letters on a page that is meant to be Chinese: a code, an id or an English word that somebody forgot.
 */

/** What an official calls by these letters as well. Nothing is added here that has a Chinese name. */
const SHORT_LIST: ReadonlySet<string> = new Set([
  'PDF',
  'JPEG',
  'PNG',
  'OFD',
  'JSON',
  'CSV',
  'Excel',
  'SHA-256',
  'Ed25519',
  'MySQL',
  'PostgreSQL',
]);

/** Numbers, keys and digests that are copied and never read: by their shape. */
const SHAPES: readonly RegExp[] = [
  // an address
  /https?:\/\/\S+/g,
  // a verification code, and the place where one is typed
  /\b(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}\b/g,
  // a unified social credit code, whole or masked; a licence's or a decision's number
  /\b[0-9A-Z]{4}\*+[0-9A-Z]{4}\b/g,
  /\b(?=[0-9A-Z]*\d)[0-9A-Z]{12,22}\b/g,
  /\b[A-Z]{1,6}[-—]?\d[\d-]*\b/g,
  // a digest, a number of a request, a pseudonym: base64, base64url, hexadecimal
  /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g,
  /(?<![\w+/])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[\w+/-]{20,}=*/g,
  // a whole digest is now and then without a digit
  /(?<![\w+/-])(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])[\w+/-]{43}=?(?![\w+/-])/g,
  // of a number in parts, one is now and then without a digit
  /\b(?=[0-9a-f-]*\d)[0-9a-f]{4,}(?:-[0-9a-f]{4,})+\b/g,
  /\b(?=[0-9a-f]*\d)[0-9a-f]{4,}\b/g,
];

/** The words that are none of a Chinese page, each once. */
export function latinIn(text: string): readonly string[] {
  const bare = SHAPES.reduce((left, shape) => left.replace(shape, ' '), text);
  const words = bare.match(/[\w./:@+-]*[A-Za-z]{2,}[\w./:@+-]*/g) ?? [];
  return [...new Set(words.filter((word) => !SHORT_LIST.has(word)))];
}

/**
 * To be run in a page: all that can be read or heard of it, closed parts too. Left out: what is in another language on
 * purpose (`lang`), a command to be copied, a note that is signed as it stands (`.note`), what a department's own
 * source calls its columns, files and records (`.own`), and what was drawn by lot or computed (`.exact`), as long as it
 * is no word.
 */
export const TEXTS = `(() => {
  const LEFT_OUT = 'script, style, noscript, [lang=en], pre.command, .note, .own';
  // a number of the log, a digest: none of them is made of words
  // (lower case, with capitals only where a word begins: what was drawn by lot is now and then without a digit)
  const PART = '(?:[A-Z]?[a-z]+(?:[A-Z][a-z]{2,})*|[A-Z]{2,})';
  const WORDS = new RegExp('^(?=.{2})' + PART + '(?:[ _./:-]' + PART + ')*$');
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement: holder } = walker.currentNode;
    if (holder.closest(LEFT_OUT) === null && (holder.closest('.exact') === null || WORDS.test(data.trim()))) texts.push(data);
  }
  for (const one of document.querySelectorAll('[title], [placeholder], [aria-label], [alt], option[label]')) {
    if (one.closest(LEFT_OUT) === null) for (const name of ['title', 'placeholder', 'aria-label', 'alt', 'label']) texts.push(one.getAttribute(name) || '');
  }
  return texts.join('\\n');
})()`;
