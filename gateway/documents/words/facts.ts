/** Values of a record as a person reads them: code lists in words, amounts with separators, dates as they are. */
import type { FactDefinition } from '../../../contracts/reports.js';
import type { Codelist, FieldInfo, Localised } from '../../../contracts/types.js';
import { partsOf, valuesAt } from '../../answer/question/values-at-path.js';
import type { ReportRecord } from '../model/model.js';

type Fact = ReportRecord['facts'][number];

const YES: Localised = { zh: '是', en: 'yes' };
const NO: Localised = { zh: '否', en: 'no' };
const MASKED: Localised = { zh: '不予提供', en: 'not given' };

/** `12500.00` → `12,500.00` */
const separated = (amount: string): string => amount.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');

function word(value: unknown, field: FieldInfo, codelists: ReadonlyMap<string, Codelist>): string | Localised {
  if (field.codelist !== undefined && typeof value === 'string')
    return codelists.get(field.codelist)?.codes.get(value) ?? value;
  if (typeof value === 'boolean') return value ? YES : NO;
  if (field.type === 'decimal') return separated(String(value));
  // released in another form than its value: `{"masked":"王**"}`
  if (typeof value === 'object' && value !== null) {
    const told = Object.values(value)[0] as unknown;
    return typeof told === 'string' || typeof told === 'number' ? String(told) : MASKED;
  }
  return String(value);
}

function joined(words: readonly (string | Localised)[]): string | Localised {
  const [first] = words;
  if (words.length === 1 && first !== undefined) return first;
  if (words.every((one) => typeof one === 'string')) return words.join('；');
  return {
    zh: words.map((one) => (typeof one === 'string' ? one : one.zh)).join('、'),
    en: words.map((one) => (typeof one === 'string' ? one : one.en)).join(', '),
  };
}

/** What has no value is left out. */
export function factsOf(
  record: unknown,
  facts: readonly FactDefinition[],
  codelists: ReadonlyMap<string, Codelist>,
): readonly Fact[] {
  return facts.flatMap(({ field, title }): Fact[] => {
    const values = valuesAt(record, partsOf(field.path));
    return values.length === 0
      ? []
      : [{ field: field.path, title, value: joined(values.map((value) => word(value, field, codelists))) }];
  });
}

/** Each text at a path, those of a list too. */
export const textsAt = (record: unknown, path: string): readonly string[] =>
  valuesAt(record, partsOf(path)).filter((value) => typeof value === 'string');

/** The text at a path, where there is one. */
export function textAt(record: unknown, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const [value] = valuesAt(record, partsOf(path));
  return typeof value === 'string' ? value : undefined;
}
