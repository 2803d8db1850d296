/** What both sides of a compliance code are shown of a question, in the same words. */
import type { JSX } from 'preact';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import { lastMonths } from '../../../documents/compliance/codes.js';
import type { Question } from '../../../documents/compliance/machine.js';
import type { Language } from '../../../ground/language/language.js';

export type Definitions = ReadonlyMap<string, Pick<ReportDefinition, 'id' | 'title' | 'domains'>>;

/** Months that the page offers. */
export const MONTHS = [12, 24, 36, 60] as const;

export const monthsWords = (months: number, language: Language): string =>
  language === 'zh' ? `近 ${String(months)} 个月` : `last ${String(months)} months`;

export const domainTitle = (definitions: Definitions, report: string, domain: string, language: Language): string =>
  definitions.get(report)?.domains.find(({ id }) => id === domain)?.title[language] ?? domain;

/** "食品安全、消防安全，近 24 个月" */
export function QuestionWords({
  question: { report, domains, from, to },
  definitions,
  language,
}: {
  readonly question: Question;
  readonly definitions: Definitions;
  readonly language: Language;
}): JSX.Element {
  const zh = language === 'zh';
  const months = MONTHS.find((some) => lastMonths(some, to).from === from);
  const names = domains.map((one) => domainTitle(definitions, report, one, language)).join(zh ? '、' : ', ');
  return (
    <>
      <b class="question">
        {names}
        {zh ? '，' : ', '}
        {months === undefined ? `${from} – ${to}` : monthsWords(months, language)}
      </b>
      <span class="plain soft">{definitions.get(report)?.title[language] ?? report}</span>
      <span class="plain soft">
        {from} – {to}
      </span>
    </>
  );
}

/** Seconds until `until`, counted down by `follow.js`. */
export function Countdown({
  until,
  now,
  language,
}: {
  readonly until: number;
  readonly now: number;
  readonly language: Language;
}): JSX.Element {
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  return (
    <p class="countdown">
      <span>
        {language === 'zh' ? '还剩 ' : ''}
        <b data-left={left}>{left}</b>
        {language === 'zh' ? ' 秒' : ' s left'}
      </span>
    </p>
  );
}
