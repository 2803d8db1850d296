/** The page of figures: a period, what it comes to, and the documents that were made of it. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { FigureTable } from '../../../documents/words/sharing-tables.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { PaperMachine } from '../../../procedures/sharing/machines/papers.js';
import type { SharingStatistics } from '../../../procedures/sharing/statistics/index.js';
import { sayIn } from '../../ui/say.js';
import type { Marked } from '../applications/views.js';
import { Mark, PATH } from '../applications/words.js';
import { FigureCards } from './tables.js';
import { type OfferedPeriod, PAPERS, paperNames, STATISTICS } from './words.js';

export interface PaperLine {
  readonly id: string;
  readonly machine: PaperMachine;
  readonly from: string;
  readonly to: string;
  readonly state: Marked;
  /** It can be had as a signed PDF. */
  readonly signed: boolean;
}

interface StatisticsProps {
  readonly language: Language;
  readonly of: string;
  /** Undefined: whoever looks is told of documents only. */
  readonly statistics: SharingStatistics | undefined;
  readonly nameOf: (id: string) => Localised;
  readonly period: string;
  readonly periods: readonly OfferedPeriod[];
  readonly csv: (table: FigureTable['id']) => string;
  readonly papers: readonly PaperLine[];
  readonly mayDraft: boolean;
  /** The period is over, so that a document of it may be drafted. */
  readonly closed: boolean;
}

function PeriodForm({ language, statistics, period, periods }: StatisticsProps): JSX.Element {
  const say = sayIn(language);
  return (
    <form class="card pad row" method="get" action={STATISTICS} role="search">
      <label>
        <span class="plain soft">{say('统计期间', 'Period')}</span>
        <select name="period">
          {period === '' ? <option value="">{say('自选日期', 'from day to day')}</option> : null}
          {periods.map(({ value, title }) => (
            <option value={value} selected={value === period} key={value}>
              {title[language]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="plain soft">{say('或自何日', 'or from')}</span>
        <input type="date" name="from" value={period === '' ? statistics?.from : undefined} />
      </label>
      <label>
        <span class="plain soft">{say('至何日', 'until')}</span>
        <input type="date" name="to" value={period === '' ? statistics?.to : undefined} />
      </label>
      <button class="button low" type="submit">
        {say('统计', 'Count')}
      </button>
    </form>
  );
}

function Papers({ language, papers, mayDraft, closed, statistics }: StatisticsProps): JSX.Element | null {
  const say = sayIn(language);
  if (papers.length === 0 && !mayDraft) return null;
  const address = (kind: PaperMachine): string =>
    `${PAPERS}/new?kind=${kind}&from=${statistics?.from ?? ''}&to=${statistics?.to ?? ''}`;
  return (
    <section id="papers" aria-label={say('报告与考核评价', 'Reports and evaluations')}>
      <h2>{say('报告与考核评价', 'Reports and evaluations')}</h2>
      {mayDraft ? (
        closed ? (
          <p class="row">
            <a class="button" href={address('supervision-report')}>
              {say('起草监督情况报告', 'Draft a report')}
            </a>
            <a class="button low" href={address('evaluation')}>
              {say('起草考核评价', 'Draft an evaluation')}
            </a>
          </p>
        ) : (
          <p class="soft">
            {say('该期间尚未结束；结束后方可起草报告和考核评价。', 'A document is drafted once the period is over.')}
          </p>
        )
      ) : null}
      <div class="card">
        {papers.length === 0 ? (
          <p class="empty">{say('尚无报告或者考核评价', 'There is none yet.')}</p>
        ) : (
          <table class="stack">
            <thead>
              <tr>
                <th>{say('文书', 'Document')}</th>
                <th>{say('统计期间', 'Period')}</th>
                <th>{say('状态', 'State')}</th>
                <th>{say('签名文书', 'Signed')}</th>
              </tr>
            </thead>
            <tbody>
              {papers.map(({ id, machine, from, to, state, signed }) => (
                <tr key={id}>
                  <th scope="row">
                    <a href={`${PAPERS}/${id}`}>{paperNames[machine][language]}</a>
                  </th>
                  <td data-title={say('统计期间', 'Period')}>{say(`${from} 至 ${to}`, `${from} to ${to}`)}</td>
                  <td>
                    <Mark of={state} language={language} />
                  </td>
                  <td>
                    {signed ? (
                      <a href={`${PAPERS}/${id}/pdf`} download>
                        {say('下载文书', 'PDF')}
                      </a>
                    ) : (
                      '—'
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}

function leadOf({ language, of }: StatisticsProps, { level, from, to, until }: SharingStatistics): string {
  if (language === 'zh') {
    const what = level ? '本级全部共享事项' : '本单位提出和收到的共享事项';
    return `${of}。${what}，${from} 至 ${to}，截至 ${localMinute(Date.parse(until))}。`;
  }
  return `${of}. ${level ? 'All matters of the level' : 'Matters of the department'}, ${from} to ${to}.`;
}

export function statisticsPage(props: StatisticsProps): JSX.Element {
  const { language, of, statistics, nameOf, csv } = props;
  const say = sayIn(language);
  return (
    <>
      <p class="foot">
        <a href={PATH}>{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <div class="head">
        <h1>{say('共享统计', 'Figures of sharing')}</h1>
        {props.papers.length === 0 && !props.mayDraft ? null : (
          <a class="quiet" href="#papers">
            {say('报告与考核评价', 'Reports and evaluations')} <span aria-hidden="true">↓</span>
          </a>
        )}
      </div>
      {statistics === undefined ? (
        <p class="lead">{of}</p>
      ) : (
        <>
          <p class="lead">{leadOf(props, statistics)}</p>
          <PeriodForm {...props} />
          <FigureCards language={language} statistics={statistics} nameOf={nameOf} csv={csv} />
        </>
      )}
      <Papers {...props} />
    </>
  );
}
