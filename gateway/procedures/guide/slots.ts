/** What a sentence says already of what the forms of a matter ask, by the declared types of its elements. */
import type { MergedField } from '../../../contracts/bundle/merge.js';
import type { Answers, Bundle, Element } from '../../../contracts/bundle/types.js';
import { present } from '../../../contracts/present.js';
import type { Localised, Workspace } from '../../../contracts/types.js';
import { addressesIn, amountsIn } from './amounts.js';
import { plainText } from './features.js';

type SlotOf = 'address' | 'area' | 'money' | 'mass' | 'date' | 'key' | 'code';

/** For people. */
export const SLOT_NAMES: Readonly<Record<SlotOf, Localised>> = {
  address: { zh: '地址', en: 'Address' },
  area: { zh: '面积（平方米）', en: 'Area (m²)' },
  money: { zh: '金额（元）', en: 'Sum (CNY)' },
  mass: { zh: '质量（千克）', en: 'Mass (kg)' },
  date: { zh: '日期', en: 'Day' },
  key: { zh: '代码', en: 'Key' },
  code: { zh: '类别', en: 'Kind' },
};

/** A value in a sentence. */
export interface Slot {
  readonly kind: SlotOf;
  /**
   * As an element takes it: square metres, yuan and kilograms as a decimal number, a day as `YYYY-MM-DD`, a key in its
   * normal form, the code of a code list.
   */
  readonly value: string;
  /** As it was written. */
  readonly text: string;
  /** The element whose value it may be; absent where none of the matter asks for it, or it could be several. */
  readonly element?: string;
  readonly title?: Localised;
}

interface Found {
  readonly kind: SlotOf;
  readonly value: string;
  readonly text: string;
  /** Of a key its scheme, of a code its list. */
  readonly of?: string;
}

/** A key of a person is left where it is: nothing has to repeat it. */
function keysIn(
  sentence: string,
  asked: ReadonlySet<string>,
  { schemes }: Pick<Workspace, 'schemes'>,
): readonly Found[] {
  return (sentence.normalize('NFKC').match(/[0-9A-Za-z-]{8,40}/g) ?? []).flatMap((text) => {
    for (const scheme of schemes.values()) {
      if (!asked.has(scheme.id) || scheme.persons || scheme.unchecked === true) continue;
      const parsed = scheme.parse(text);
      if (parsed.ok) return [{ kind: 'key' as const, value: parsed.key, text, of: scheme.id }];
    }
    return [];
  });
}

/** Names of codes, and of areas without what they are (`静安` of `静安区`). */
const namesOf = (title: string): readonly string[] => {
  const plain = plainText(title);
  return plain.length > 2 && /[省市区县镇]$/u.test(plain) ? [plain, plain.slice(0, -1)] : [plain];
};

function codesIn(sentence: string, lists: Iterable<string>, { codelists }: Pick<Workspace, 'codelists'>): Found[] {
  const text = plainText(sentence);
  return [...lists].flatMap((list) =>
    [...(codelists.get(list)?.codes ?? [])].flatMap(([code, { zh }]) => {
      const written = namesOf(zh).find((name) => name.length > 1 && text.includes(name));
      return written === undefined ? [] : [{ kind: 'code' as const, value: code, text: written, of: list }];
    }),
  );
}

const fits = ({ kind, of }: Found, { type, slot, scheme, codelist }: Element): boolean => {
  if (kind === 'date') return type === 'date';
  if (kind === 'key') return scheme === of;
  if (kind === 'code') return codelist === of;
  return slot === kind;
};

/** How much of the title of an element stands in the sentence: the longest run of characters. */
function commonRun(title: string, text: string): number {
  for (let length = title.length; length > 1; length--)
    for (let from = 0; from + length <= title.length; from++)
      if (text.includes(title.slice(from, from + length))) return length;
  return 0;
}

/**
 * @param fields of the matter's form; none where it is not known which matter it is
 * @param now ms since 1970
 */
export function slotsIn(
  sentence: string,
  fields: readonly MergedField[],
  workspace: Pick<Workspace, 'schemes' | 'codelists'>,
  now: number,
): readonly Slot[] {
  const asked = fields.filter(({ way }) => way.way !== 'issued').map(({ element }) => element);
  const lists = new Set(asked.flatMap(({ codelist }) => codelist ?? []));
  const found: readonly Found[] = [
    ...amountsIn(sentence, now),
    ...addressesIn(sentence).map((text) => ({ kind: 'address' as const, value: text, text })),
    ...keysIn(sentence, new Set(asked.flatMap(({ scheme }) => scheme ?? [])), workspace),
    ...codesIn(sentence, lists, workspace),
  ];
  const text = plainText(sentence);
  const own = new Set(
    fields.filter(({ way }) => way.way === 'asked' || way.way === 'question').map(({ element }) => element),
  );
  return withoutRepeats(found).flatMap((one) => {
    const { kind, value, text: written } = one;
    const all = asked.filter((element) => fits(one, element));
    // what the applicant is asked for comes before what a register has
    const open = all.filter((element) => own.has(element));
    const some = open.length > 0 ? open : kind === 'key' ? all : [];
    const [best, second] = some
      .map((element) => ({ element, run: commonRun(plainText(element.title.zh), text) }))
      .sort((a, b) => b.run - a.run);
    const element = best !== undefined && (second === undefined || best.run > second.run) ? best.element : undefined;
    // a code says nothing without its list
    if (kind === 'code' && element === undefined) return [];
    return [{ kind, value, text: written, ...present({ element: element?.id, title: element?.title }) }];
  });
}

/** Two ways of writing may both find the same thing. */
const withoutRepeats = (found: readonly Found[]): readonly Found[] =>
  found.filter(
    (one, at) =>
      found.findIndex(({ kind, value, of }) => kind === one.kind && value === one.value && of === one.of) === at,
  );

/** Answers to questions of the bundle that slots give. */
export function answersOf({ questions }: Bundle, slots: readonly Slot[]): Answers {
  const answers: Record<string, Answers[string]> = {};
  for (const { id, element, kind } of questions.values()) {
    const values = slots.filter((slot) => element !== undefined && slot.element === element).map(({ value }) => value);
    const [value] = values;
    if (value === undefined) continue;
    if (kind.type === 'codes') answers[id] = [...new Set(values)];
    else answers[id] = kind.type === 'integer' || kind.type === 'decimal' ? Number(value) : value;
  }
  return answers;
}
