/**
 * What a company fills in to ask for a report: read from the form as it was sent, checked in words of its page, turned
 * into a request of the port. Pure.
 */
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Day } from '../../../documents/model/model.js';
import type { ReportRequest } from '../../../documents/reports/index.js';

/** Months back from today; `own`: from one day to another. */
export const RANGES = ['24', '36', '60', 'own'] as const;
export type Range = (typeof RANGES)[number];

export interface Asked {
  readonly report: string;
  readonly subjects: readonly string[];
  readonly domains: readonly string[];
  readonly range: Range;
  readonly from: Day;
  readonly to: Day;
  readonly purpose: string;
  readonly bearer: string;
  /** Who has not authorised it is to be left out, and named. */
  readonly leaveOut: boolean;
}

export type FormBody = Readonly<Record<string, string | readonly string[] | undefined>>;

export const many = (value: FormBody[string]): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;
export const one = (value: FormBody[string]): string | undefined => (typeof value === 'string' ? value : value?.[0]);

/** The same day so many months before; where that month has none, its last. */
export function monthsBefore(day: Day, months: number): Day {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 - months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(date, last));
  return first.toISOString().slice(0, 10);
}

export const freshForm = ({ id, domains }: ReportDefinition, subjects: readonly string[], today: Day): Asked => ({
  report: id,
  subjects,
  domains: domains.map((domain) => domain.id),
  range: '60',
  from: monthsBefore(today, 60),
  to: today,
  purpose: '',
  bearer: '',
  leaveOut: false,
});

export function sentForm(body: FormBody, { id }: ReportDefinition, today: Day): Asked {
  const range = RANGES.find((name) => name === one(body['range'])) ?? 'own';
  const own = range === 'own';
  return {
    report: id,
    subjects: many(body['subjects']),
    domains: many(body['domains']),
    range,
    from: own ? (one(body['from']) ?? '') : monthsBefore(today, Number(range)),
    to: own ? (one(body['to']) ?? '') : today,
    purpose: one(body['purpose']) ?? '',
    bearer: (one(body['bearer']) ?? '').trim(),
    leaveOut: one(body['leaveOut']) === 'yes',
  };
}

/** What is not filled in, in words, and at which field; the port checks all of it again. */
export function faultOf(
  { subjects, domains, from, to, purpose, bearer }: Asked,
  definition: ReportDefinition,
  today: Day,
): (Localised & { readonly at: keyof Asked }) | undefined {
  if (subjects.length === 0) return { at: 'subjects', zh: '请至少勾选一家企业。', en: 'Choose at least one company.' };
  if (subjects.length > definition.maxSubjects)
    return {
      at: 'subjects',
      zh: `一份报告至多涉及 ${definition.maxSubjects} 家企业。`,
      en: `A report is about ${definition.maxSubjects} companies at most.`,
    };
  if (domains.length === 0) return { at: 'domains', zh: '请至少勾选一个领域。', en: 'Choose at least one domain.' };
  if (from === '' || to === '' || from > to)
    return {
      at: 'from',
      zh: '请填写起止日期，开始日不晚于结束日。',
      en: 'Give two days, the first not after the second.',
    };
  if (to > today) return { at: 'to', zh: '结束日不能晚于今天。', en: 'The last day may not lie in the future.' };
  if (!definition.purposes.has(purpose)) return { at: 'purpose', zh: '请选择用途。', en: 'Choose a purpose.' };
  if (bearer === '') return { at: 'bearer', zh: '请填写使用单位。', en: 'Say who is to be shown the report.' };
  return undefined;
}

export const requestOf = ({ range: _, ...asked }: Asked, as: string): ReportRequest => ({ ...asked, as });
