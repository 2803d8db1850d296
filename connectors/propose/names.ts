/** Names of fields and datasets out of titles and file names: valid for Avro, readable, each once. */
import { FORBIDDEN_NAMES } from '../../contracts/schema.js';
import type { Localised } from '../../contracts/types.js';
import type { ColumnProfile } from './profile.js';
import { isChinese, plain, type Term, type Terms, termOf } from './terms.js';

export interface Named {
  readonly field: string;
  readonly title: Localised;
  readonly term: Term | undefined;
  /** False where nothing in the title could be read, so that the name is only a number. */
  readonly readable: boolean;
}

const MAX_NAME = 60;

function camel(words: readonly string[]): string {
  return words
    .filter((word) => word !== '')
    .map((word, i) =>
      i === 0 ? word.charAt(0).toLowerCase() + word.slice(1) : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join('')
    .slice(0, MAX_NAME);
}

/** The longest known word at each place; undefined if a character is left over. */
function fromParts(title: string, parts: Terms['parts']): string[] | undefined {
  const words: string[] = [];
  for (let at = 0; at < title.length; ) {
    let length = Math.min(6, title.length - at);
    while (length > 0 && !Object.hasOwn(parts, title.slice(at, at + length))) length--;
    if (length === 0) {
      const latin = /^[a-z0-9 ]+/.exec(title.slice(at))?.[0];
      if (latin === undefined) return undefined;
      words.push(...latin.split(' '));
      at += latin.length;
      continue;
    }
    words.push(...(parts[title.slice(at, at + length)] ?? '').split(' '));
    at += length;
  }
  return words;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
export const isFieldName = (name: string): boolean => NAME.test(name) && !FORBIDDEN_NAMES.has(name);

function wordsOf(title: string, terms: Terms): string[] | undefined {
  const wanted = plain(title);
  if (wanted === '' || wanted.length > 200) return undefined;
  if (isChinese(wanted)) return fromParts(wanted, terms.parts);
  const words = wanted.split(' ').map((word) => word.replace(/[^a-z0-9]/g, ''));
  return words.some((word) => /[a-z]/.test(word)) ? words : undefined;
}

/** @param taken field names that are used already; the new one is added */
export function nameColumn(
  { name, title: bare, number }: Pick<ColumnProfile, 'name' | 'title' | 'number'>,
  terms: Terms,
  taken: Set<string>,
  given?: string,
): Named {
  const said = given === undefined ? undefined : terms.terms.find(({ field }) => field === given);
  // what it is called by whoever knows it says what it is
  const term = said ?? termOf(bare, terms) ?? termOf(name, terms);
  // where the words of a table's comment are not known, its column has a name
  const words = term === undefined ? (wordsOf(bare, terms) ?? wordsOf(name, terms)) : undefined;
  let field = given ?? term?.field ?? (words === undefined ? '' : camel(words));
  const readable = field !== '' && isFieldName(/^\d/.test(field) ? `_${field}` : field);
  if (!readable) field = `column${number}`;
  if (/^\d/.test(field)) field = `n${field}`;
  if (given === undefined) {
    // two columns that one term stands for are told apart by their own words, then by number
    if (taken.has(field) && term !== undefined) {
      const own = wordsOf(bare, terms);
      if (own !== undefined && isFieldName(camel(own))) field = camel(own);
    }
    let unique = field;
    for (let n = 2; taken.has(unique); n++) unique = `${field}${n}`;
    field = unique;
  }
  taken.add(field);
  const spoken = words?.join(' ') ?? bare;
  return {
    field,
    term,
    readable,
    title: {
      zh: isChinese(bare) ? bare : (term?.zh ?? bare),
      en: isChinese(bare)
        ? (term?.en ?? (readable ? spoken.charAt(0).toUpperCase() + spoken.slice(1) : bare))
        : term !== undefined && term.field === field
          ? term.en
          : bare,
    },
  };
}

const CHARSET_WORDS = new Set([
  'utf8',
  'utf',
  'gb18030',
  'gbk',
  'big5',
  'cp1252',
  'windows1252',
  'latin1',
  'export',
  'final',
]);

/** `ceis-2018-11-28.cp1252.csv` → `ceis`; undefined where the name says nothing that an id may hold. */
export function datasetName(file: string, terms: Terms): string | undefined {
  const stem = (file.split(/[\\/]/).at(-1) ?? file).replace(/\.(?:csv|tsv|txt|json|ndjson|jsonl|xlsx|dat)$/i, '');
  const words = wordsOf(stem, terms) ?? wordsOf(stem.replace(/\p{Script=Han}/gu, ' '), terms);
  const kept = (words ?? [])
    .flatMap((word) =>
      word
        .replace(/([a-z])([A-Z])/g, '$1 $2')
        .toLowerCase()
        .split(' '),
    )
    .filter((word) => /[a-z]/.test(word) && !CHARSET_WORDS.has(word) && !/^v?\d/.test(word));
  while (kept.length > 0 && /^\d/.test(kept[0] ?? '')) kept.shift();
  const name = kept.join('-').slice(0, 60).replace(/-+$/, '');
  return /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) ? name : undefined;
}
