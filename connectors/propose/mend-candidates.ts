/**
 * What could be wrong with cells that a mapping refuses, as edits of the mapping. Only what names a way of writing is
 * here: what would have to be guessed, such as which of two numbers is the month, is not.
 */
import { halfwidth } from '../../contracts/halfwidth.js';
import type { Codelist, FieldInfo, KeyScheme } from '../../contracts/types.js';
import type { Step } from '../feed.js';
import { readNumber } from '../mapping/numbers.js';
import { DateTally } from './dates.js';
import type { Edit } from './mend-edits.js';
import type { Terms } from './terms.js';
import { simplified } from './traditional.js';

export type MendKind =
  | 'halfwidth'
  | 'invisible'
  | 'spaces'
  | 'upper'
  | 'separator'
  | 'decimals'
  | 'zeros'
  | 'lookalike'
  | 'date'
  | 'group'
  | 'words'
  | 'booleans'
  | 'empty';

export interface Candidate {
  readonly kind: MendKind;
  readonly edits: readonly Edit[];
  /** It counts only where so large a share of the different cells that it touches fits then, and at least so many. */
  readonly enough?: { readonly share: number; readonly cells: number };
}

interface Refused {
  readonly info: FieldInfo | undefined;
  /** Steps of the parts that read the column. */
  readonly steps: readonly Step[];
  /** Different cells, as the source has them. */
  readonly cells: readonly string[];
  readonly codelist: Codelist | undefined;
  /** Of the key that the field is, where it is one. */
  readonly scheme: KeyScheme | undefined;
  readonly terms: Pick<Terms, 'nulls' | 'booleans'>;
}

const before = (...steps: readonly Step[]): readonly Edit[] => [{ do: 'before', steps }];
const remove = (text: string): Step => ({ replace: { text, by: '' } });

/** Signs that nobody sees: no-break and zero-width spaces, marks of direction and of byte order. */
const INVISIBLE = /[\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]/g;
const SEPARATORS = ['-', '_', '/', '.', '·', "'", '"', '`', ',', '，', '、', ':'];
const SAME_LOOK: readonly (readonly [string, string])[] = [
  ['O', '0'],
  ['I', '1'],
  ['o', '0'],
  ['l', '1'],
];

const has = <K extends string>(steps: readonly Step[], key: K): boolean =>
  steps.some((step) => typeof step === 'object' && key in step);

const clean = (text: string): string => halfwidth(text).replace(INVISIBLE, '').trim();

/** Of a key that proves itself: what is left once a sign is gone is right, or it is refused. */
function ofKeys({ cells, scheme }: Refused): readonly Candidate[] {
  if (scheme === undefined || scheme.unchecked === true) return [];
  const found: Candidate[] = [];
  for (const sign of SEPARATORS)
    if (cells.some((cell) => cell.includes(sign))) found.push({ kind: 'separator', edits: before(remove(sign)) });
  const signs = SEPARATORS.filter((sign) => cells.some((cell) => cell.includes(sign)));
  if (signs.length > 1) found.push({ kind: 'separator', edits: before(...signs.map(remove)) });
  for (const ending of ['.0', '.00'])
    if (cells.some((cell) => cell.trim().endsWith(ending)))
      found.push({ kind: 'decimals', edits: before('trim', { stripSuffix: ending }) });
  for (const [text, by] of SAME_LOOK) {
    const with_ = cells.filter((cell) => cell.includes(text));
    // a sign that the scheme has is what it says
    if (with_.length > 0 && with_.every((cell) => !scheme.parse(clean(cell)).ok))
      found.push({ kind: 'lookalike', edits: before({ replace: { text, by } }), enough: { share: 0.9, cells: 3 } });
  }
  const lengths = [...new Set(cells.filter((cell) => /^\d+$/.test(cell.trim())).map((cell) => cell.trim().length))];
  for (const length of new Set(lengths.flatMap((one) => [one + 1, one + 2, one + 3])))
    found.push({
      kind: 'zeros',
      edits: before('trim', { padStart: { length, with: '0' } }),
      // one check digit in ten or so is right by chance
      enough: { share: 0.9, cells: 5 },
    });
  return found;
}

function ofDates({ cells, steps }: Refused): readonly Candidate[] {
  if (!has(steps, 'date')) return [];
  const tally = new DateTally();
  for (const cell of cells) tally.add(clean(cell));
  const choice = tally.choose();
  // day and month could change places: nobody can tell
  if (choice === undefined || choice.otherwise.length > 0) return [];
  const clock = steps.some(
    (step) =>
      typeof step === 'object' &&
      'date' in step &&
      (typeof step.date === 'string' ? [step.date] : step.date).some((form) => form === 'iso' || form.includes('H')),
  );
  // a time where only days were read would change what the field says
  const forms = choice.forms.filter((form) => clock || !form.includes('H'));
  return forms.map((form) => ({ kind: 'date' as const, edits: [{ do: 'forms' as const, forms: [form] }] }));
}

function ofNumbers({ cells, steps }: Refused): readonly Candidate[] {
  const found: Candidate[] = [];
  const number = steps.find(
    (step): step is Extract<Step, { number: unknown }> => typeof step === 'object' && 'number' in step,
  );
  if (number !== undefined && number.number.group === undefined) {
    const decimal = number.number.decimal ?? '.';
    for (const group of [',', '.', ' ', "'"] as const)
      if (group !== decimal && cells.some((cell) => readNumber(clean(cell), decimal, group) !== undefined))
        found.push({ kind: 'group', edits: [{ do: 'group', group }] });
  }
  // a comma can stand for decimals only where three digits do not follow each time
  if (has(steps, 'integer') && cells.some((cell) => /^[-+]?\d{1,3}(?:,\d{3})+$/.test(clean(cell))))
    found.push({ kind: 'group', edits: before(remove(',')) });
  return found;
}

/** Words that are a code of the list by another way of writing, or its title; each exactly one. */
function ofWords({ cells, steps, codelist }: Refused): readonly Candidate[] {
  const codes = steps.flatMap((step) => (typeof step === 'object' && 'codes' in step ? [step.codes] : []));
  const known = new Map<string, Set<string>>();
  const knows = (word: string, code: string): void => {
    const plain = plainWord(word);
    known.set(plain, (known.get(plain) ?? new Set()).add(code));
  };
  for (const [word, code] of codes.flatMap((one) => Object.entries(one))) knows(word, code);
  for (const [code, title] of codelist?.codes ?? []) for (const word of [code, title.zh, title.en]) knows(word, code);
  const found: Record<string, string> = {};
  for (const cell of cells) {
    const meant = known.get(plainWord(cell));
    const [code] = meant ?? [];
    if (code !== undefined && meant?.size === 1) found[cell.trim()] = code;
  }
  if (codes.length === 0 && codelist === undefined) return [];
  const all = codes.length === 0 ? { all: [...(codelist?.codes.keys() ?? [])] } : {};
  return Object.entries(found).map(([word, code]) => ({
    kind: 'words' as const,
    edits: [{ do: 'words' as const, codes: { [word]: code }, ...all }],
  }));
}

/** As words are compared: half-width, simplified, lower case, without spaces and what stands around them. */
const plainWord = (text: string): string =>
  simplified(clean(text))
    .toLowerCase()
    .replace(/[\s"'“”‘’()（）[\]【】.。]/g, '');

function ofBooleans({ cells, steps, terms }: Refused): readonly Candidate[] {
  const step = steps.find(
    (one): one is Extract<Step, { boolean: unknown }> => typeof one === 'object' && 'boolean' in one,
  );
  if (step === undefined) return [];
  const there = new Set(cells.map((cell) => cell.trim()));
  // of a pair one word may be among those that are read already
  return terms.booleans
    .filter(([yes, no]) => there.has(yes) || there.has(no))
    .filter(([yes, no]) => !step.boolean.false.includes(yes) && !step.boolean.true.includes(no))
    .map(([yes, no]) => ({
      kind: 'booleans' as const,
      edits: [{ do: 'booleans' as const, true: [yes], false: [no] }],
    }));
}

/** Words that mean "no value" in registers, where the field may be without one. */
function ofEmpty({ cells, info, terms }: Refused): readonly Candidate[] {
  if (info?.nullable !== true) return [];
  const words = new Set([...terms.nulls.sure, ...terms.nulls.unsure]);
  const found = [...new Set(cells.map((cell) => cell.trim()).filter((cell) => words.has(cell)))];
  return found.length === 0 ? [] : [{ kind: 'empty', edits: before({ nullIf: found }) }];
}

/** In the order in which one is preferred that mends as many rows as another. */
export function candidates(refused: Refused): readonly Candidate[] {
  const { cells, steps, scheme, codelist } = refused;
  const found: Candidate[] = [];
  if (cells.some((cell) => halfwidth(cell) !== cell)) found.push({ kind: 'halfwidth', edits: before('halfwidth') });
  const hidden = [...new Set(cells.flatMap((cell) => cell.match(INVISIBLE) ?? []))];
  if (hidden.length > 0) found.push({ kind: 'invisible', edits: before(...hidden.map(remove)) });
  // where something checks what is left
  const checked = scheme?.unchecked !== true && (scheme !== undefined || codelist !== undefined || has(steps, 'codes'));
  if ((checked || has(steps, 'date')) && cells.some((cell) => /\s/.test(cell.trim())))
    found.push({ kind: 'spaces', edits: before('squeeze', remove(' ')) });
  if (checked && cells.some((cell) => /[a-z]/.test(cell))) found.push({ kind: 'upper', edits: before('upper') });
  found.push(...ofKeys(refused), ...ofDates(refused), ...ofNumbers(refused));
  found.push(...ofWords(refused), ...ofBooleans(refused), ...ofEmpty(refused));
  // both at once where neither is enough
  const width = found.find(({ kind }) => kind === 'halfwidth');
  if (width === undefined) return found;
  return [
    ...found,
    ...found
      .filter(({ kind }) => kind !== 'halfwidth' && kind !== 'words')
      .map((one) => ({ ...one, edits: [...one.edits, ...width.edits] })),
  ];
}
