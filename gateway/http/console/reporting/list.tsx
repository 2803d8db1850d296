/** A company's own reports, newest first. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { IssuedRow } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Pager } from '../../ui/pager.js';
import { sayIn } from '../../ui/say.js';
import { Speaking, type Subjects } from '../../ui/speaking.js';

interface ListProps {
  readonly language: Language;
  readonly subjects: Subjects;
  readonly rows: readonly IssuedRow[];
  readonly found: number;
  /** Of a definition; undefined where it is gone. */
  readonly titles: ReadonlyMap<
    string,
    { readonly title: Localised; readonly purposes: ReadonlyMap<string, Localised> }
  >;
  /** Links to the pages beside this one. */
  readonly newer: string | undefined;
  readonly older: string | undefined;
  readonly now: number;
}

export function reportsPage({ language, subjects, rows, found, titles, newer, older, now }: ListProps): JSX.Element {
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
        {found === 0 ? null : ask}
      </div>
      <p class="lead">
        {say(
          '一份报告代替各部门分别开具的无违法违规记录证明。',
          'One report in place of the no-violation certificates of all departments.',
        )}
      </p>
      <Speaking language={language} subjects={subjects} />
      {found === 0 ? (
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
        <div class="card">
          <table class="stack">
            <thead>
              <tr>
                <th>{say('报告', 'Report')}</th>
                <th class="n">{say('企业数', 'Companies')}</th>
                <th>{say('用途', 'Purpose')}</th>
                <th>{say('使用单位', 'Shown to')}</th>
                <th>{say('出具（北京时间）', 'Issued (UTC+8)')}</th>
                <th>{say('保存至', 'Kept until')}</th>
                <th>{say('状态', 'State')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ id, report, subjects: count, domains, purpose, bearer, issuedAt, keptUntil, revokedAt }) => (
                <tr>
                  <th scope="row">
                    <a href={`/console/reports/${id}${subjects.query('?')}`}>
                      {titles.get(report)?.title[language] ?? say('已停用的报告', report)}
                    </a>
                    <span class="plain soft">
                      {say(`${domains} 个领域`, `${domains} ${domains === 1 ? 'domain' : 'domains'}`)}
                    </span>
                  </th>
                  <td class="n" data-title={say('企业数', 'Companies')}>
                    {count}
                  </td>
                  <td data-title={say('用途', 'Purpose')}>
                    {titles.get(report)?.purposes.get(purpose)?.[language] ?? say('未登记的用途', purpose)}
                  </td>
                  <td data-title={say('使用单位', 'Shown to')}>{bearer}</td>
                  <td class="date" data-title={say('出具', 'Issued')}>
                    <time dateTime={issuedAt}>{localMinute(issuedAt)}</time>
                  </td>
                  <td class="date" data-title={say('保存至', 'Kept until')}>
                    <time dateTime={keptUntil}>{localMinute(keptUntil).slice(0, 10)}</time>
                  </td>
                  <td>
                    {revokedAt !== undefined ? (
                      <span class="state bad">{say('已撤销', 'revoked')}</span>
                    ) : Date.parse(keptUntil) > now ? (
                      <span class="state ok">{say('可核验', 'verifiable')}</span>
                    ) : (
                      <span class="state none">{say('将删除', 'being removed')}</span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager
        back={{ href: newer, words: say('← 较新', '← Newer'), rel: 'prev' }}
        on={{ href: older, words: say('更早 →', 'Older →'), rel: 'next' }}
      />
    </>
  );
}
