/** A company's own reports, newest first. */

import { hash } from 'node:crypto';
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { IssuedRow } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { sayIn } from '../../ui/say.js';
import { Speaking, type Subjects } from '../../ui/speaking.js';

/** Of a definition; undefined where it is gone. */
type Titles = ReadonlyMap<string, { readonly title: Localised; readonly purposes: ReadonlyMap<string, Localised> }>;

interface ListProps {
  readonly language: Language;
  readonly subjects: Subjects;
  readonly reports: Listed<IssuedRow>;
}

type State = 'ok' | 'revoked' | 'going';
const stateOf = ({ revokedAt, keptUntil }: IssuedRow, now: number): State =>
  revokedAt !== undefined ? 'revoked' : Date.parse(keptUntil) > now ? 'ok' : 'going';
const states: Readonly<Record<State, Localised & { readonly css: string }>> = {
  ok: { zh: '可核验', en: 'verifiable', css: 'ok' },
  revoked: { zh: '已撤销', en: 'revoked', css: 'bad' },
  going: { zh: '将删除', en: 'being removed', css: 'none' },
};

/** What there is of a report, and by what reports are narrowed. No address says to whom one was shown. */
export function reportListing(
  language: Language,
  titles: Titles,
  now: number,
  query: Subjects['query'],
): Listing<IssuedRow> {
  return {
    id: 'reports',
    path: '/console/reports',
    columns: columnsOf(language, titles, now, query),
    keyOf: ({ id }) => id,
    page: 20,
    choices: [
      {
        id: 'kind',
        title: { zh: '报告', en: 'Report' },
        of: ({ report }) => [{ value: report, title: titleOf(titles, report, language) }],
      },
      {
        id: 'purpose',
        title: { zh: '用途', en: 'Purpose' },
        of: (row) => [{ value: row.purpose, title: purposeOf(titles, row, language) }],
      },
      {
        id: 'bearer',
        title: { zh: '使用单位', en: 'Shown to' },
        of: ({ bearer }) => [{ value: hash('sha256', bearer, 'hex').slice(0, 12), title: bearer }],
      },
      {
        id: 'state',
        title: { zh: '状态', en: 'State' },
        options: Object.entries(states).map(([value, name]) => ({ value, title: name[language] })),
        of: (row) => [{ value: stateOf(row, now), title: '' }],
      },
    ],
    period: { title: { zh: '出具时间', en: 'Issued' }, at: ({ issuedAt }) => Date.parse(issuedAt) },
  };
}

const titleOf = (titles: Titles, report: string, language: Language): string =>
  titles.get(report)?.title[language] ?? sayIn(language)('已停用的报告', report);

const purposeOf = (titles: Titles, { report, purpose }: IssuedRow, language: Language): string =>
  titles.get(report)?.purposes.get(purpose)?.[language] ?? sayIn(language)('未登记的用途', purpose);

function columnsOf(
  language: Language,
  titles: Titles,
  now: number,
  query: Subjects['query'],
): readonly Column<IssuedRow>[] {
  const say = sayIn(language);
  const purpose = (row: IssuedRow): string => purposeOf(titles, row, language);
  return [
    {
      id: 'report',
      title: { zh: '报告', en: 'Report' },
      head: true,
      sorts: true,
      value: ({ report }) => titleOf(titles, report, language),
      cell: ({ id, report, domains }) => (
        <>
          <a href={`/console/reports/${id}${query('?')}`}>{titleOf(titles, report, language)}</a>
          <span class="plain soft">
            {say(`${domains} 个领域`, `${domains} ${domains === 1 ? 'domain' : 'domains'}`)}
          </span>
        </>
      ),
    },
    {
      id: 'companies',
      title: { zh: '企业数', en: 'Companies' },
      number: true,
      sorts: true,
      value: ({ subjects }) => subjects,
      cell: ({ subjects }) => subjects,
    },
    { id: 'purpose', title: { zh: '用途', en: 'Purpose' }, sorts: true, value: purpose, cell: purpose },
    {
      id: 'bearer',
      title: { zh: '使用单位', en: 'Shown to' },
      sorts: true,
      value: ({ bearer }) => bearer,
      cell: ({ bearer }) => bearer,
    },
    {
      id: 'issued',
      title: { zh: '出具（北京时间）', en: 'Issued (UTC+8)' },
      sorts: true,
      class: 'date',
      value: ({ issuedAt }) => localMinute(issuedAt),
      cell: ({ issuedAt }) => <time dateTime={issuedAt}>{localMinute(issuedAt)}</time>,
    },
    {
      id: 'kept',
      title: { zh: '保存至', en: 'Kept until' },
      sorts: true,
      class: 'date',
      value: ({ keptUntil }) => localMinute(keptUntil).slice(0, 10),
      cell: ({ keptUntil }) => <time dateTime={keptUntil}>{localMinute(keptUntil).slice(0, 10)}</time>,
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      sorts: true,
      value: (row) => states[stateOf(row, now)][language],
      cell: (row) => {
        const { css, ...name } = states[stateOf(row, now)];
        return <span class={`state ${css}`}>{name[language]}</span>;
      },
    },
  ];
}

export function reportsPage({ language, subjects, reports }: ListProps): JSX.Element {
  const say = sayIn(language);
  const ask = (
    <a class="button" href={`/console/reports/new${subjects.query('?')}`}>
      {say('申请报告', 'Ask for a report')}
    </a>
  );
  return (
    <>
      <div class="head">
        <h1>{say('信用报告', 'Reports')}</h1>
        {reports.of === 0 ? null : ask}
      </div>
      <p class="lead">
        {say(
          '一份报告代替各部门分别开具的无违法违规记录证明。',
          'One report in place of the no-violation certificates of all departments.',
        )}
      </p>
      <Speaking language={language} subjects={subjects} />
      {reports.of === 0 ? (
        <div class="card empty">
          <p>
            {say(
              '暂无报告。上市、融资、投标时，一份专用信用报告可代替向各部门逐一开具的一百多份无违法违规记录证明，并可凭核验码当场核验。',
              'No reports yet. For a listing, a loan or a bid, one report stands in place of over a hundred ' +
                'no-violation certificates from as many counters, and proves itself by its code.',
            )}
          </p>
          <p>{ask}</p>
        </div>
      ) : (
        <ListOf listed={reports} empty={say('暂无报告', 'No reports yet.')} />
      )}
    </>
  );
}
