/** What an application still lacks, beside the fields of its form, and how its parts are called. */

import type { FormFaults } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { RowPredicate } from '../../../../policies/types.js';
import { type Application, type AskedDataset, missingIn } from '../../../procedures/sharing/application.js';

/** Texts of the form that are said once for all datasets. */
export const TEXTS = ['item', 'scenario', 'necessity', 'contractors', 'office', 'phone'] as const;
type TextName = (typeof TEXTS)[number];

export function textsOf({
  item,
  scenario,
  necessity,
  contact,
  datasets,
}: Application): Readonly<Record<TextName, string>> {
  return {
    item: item ?? '',
    scenario: scenario ?? '',
    necessity: necessity ?? '',
    contractors: (datasets[0]?.contractors ?? []).join('、'),
    office: contact?.office ?? '',
    phone: contact?.phone ?? '',
  };
}

export const textNames: Readonly<Record<TextName, Localised>> = {
  item: { zh: '事项编码', en: 'Item code' },
  scenario: { zh: '应用场景', en: 'Scenario' },
  necessity: { zh: '必要性', en: 'Necessity' },
  contractors: { zh: '受托单位', en: 'Contractors' },
  office: { zh: '联系处室', en: 'Office' },
  phone: { zh: '联系电话', en: 'Telephone' },
};

/** Which records, as decisions read it. */
export function rowsOf({ rows }: AskedDataset): RowPredicate {
  if (rows !== undefined && 'area' in rows)
    return { kind: 'area', field: rows.area.field as never, areas: rows.area.areas };
  if (rows !== undefined && 'subjects' in rows) return { kind: 'subjects', subjects: rows.subjects };
  return { kind: 'all' };
}

const PART = /^datasets\.(\d+)\.(?:fields\.(\d+)\.)?(\w+)$/;

/** By member of the application; of a dataset without its number. */
const WORDS: Readonly<Record<string, Localised>> = {
  fields: { zh: '请至少选择一个字段。', en: 'Pick a field at least.' },
  reason: { zh: '请说明为什么需要这个字段。', en: 'Say why this field is needed.' },
  rows: { zh: '请填写记录范围。', en: 'Say which records.' },
  delivery: { zh: '请选择提供方式。', en: 'Choose how it is delivered.' },
  frequency: { zh: '请选择使用频率。', en: 'Say how often it is used.' },
  callsADay: { zh: '请填写每日最多调用次数。', en: 'Say how many calls a day.' },
  until: { zh: '请填写使用期限的起止日期。', en: 'Say from which day until which.' },
  systems: { zh: '请选择使用数据的系统。', en: 'Choose the systems.' },
  contractors: { zh: '请说明是否有受托单位。', en: 'Say whether a contractor takes part.' },
  basis: { zh: '请选择法律依据。', en: 'Choose the legal basis.' },
  item: { zh: '请填写事项编码。', en: 'Say the code of the item.' },
  purposes: { zh: '请选择用途。', en: 'Choose the purpose.' },
  scenario: { zh: '请说明应用场景。', en: 'Say the scenario.' },
  necessity: { zh: '请说明为什么必须共享。', en: 'Say why it is necessary.' },
  truthful: { zh: '请确认承诺。', en: 'Confirm the statement.' },
  contact: { zh: '请填写联系处室和电话。', en: 'Name an office and its telephone.' },
};
const UNKNOWN: Localised = { zh: '请补充。', en: 'This is missing.' };
/** Under which field of the form a member stands, where that has another name. */
const FIELD_OF: Readonly<Record<string, string>> = { contact: 'office', fields: 'pick', rows: 'areas' };

/** Everything at once, each under the field of the form that it is missing in; empty: it may go on. */
export function missingOf(application: Application): FormFaults {
  const faults: Record<string, Localised> = {};
  for (const { at } of missingIn(application)) {
    const [, index, field, member = at] = PART.exec(at) ?? [];
    const words = WORDS[member] ?? UNKNOWN;
    if (index === undefined) faults[FIELD_OF[at] ?? at] = words;
    else if (field !== undefined)
      faults[`why.${index}.${application.datasets[Number(index)]?.fields?.[Number(field)]?.path ?? ''}`] = words;
    // said once for all datasets
    else if (member === 'systems' || member === 'contractors') faults[member] = words;
    else faults[`${FIELD_OF[member] ?? member}.${index}`] = words;
  }
  return faults;
}
