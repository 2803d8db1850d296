/** What is granted and not used. */
import type { JSX } from 'preact';
import type { UnusedReport } from '../../../../policies/privilege.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Id } from '../../ui/id.js';

const day = (at: number | undefined, never: string): string =>
  at === undefined ? never : localMinute(at).slice(0, 10);

interface PrivilegesProps {
  readonly language: Language;
  readonly days: number;
  readonly report: UnusedReport;
  readonly names: Names;
  /** ms since 1970 */
  readonly logBegins: number | undefined;
}

export function privilegesPage({ language, days, report, names, logBegins }: PrivilegesProps): JSX.Element {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  const never = say('从未', 'never');
  return (
    <>
      <h1>{say('授权使用情况', 'Least privilege')}</h1>
      <p class="lead">
        {say(
          `${days} 天内未使用的授权、字段与应用。不再需要的授权应当及时收回。`,
          `Grants, fields and clients not used in ${days} days. What is not needed should not be granted.`,
        )}
      </p>
      <nav class="pills" aria-label={say('天数', 'Days')}>
        {[30, 90, 180, 365].map((n) => (
          <a href={`/console/privileges?days=${n}`} aria-current={n === days ? 'true' : undefined}>
            {say(`${n} 天`, `${n} days`)}
          </a>
        ))}
      </nav>
      {logBegins !== undefined && logBegins <= report.since ? null : (
        <p class="notice">
          {logBegins === undefined
            ? say('日志中暂无请求。', 'The log has no requests yet.')
            : say(
                `日志始于 ${day(logBegins, never)}，不足 ${days} 天。`,
                `The log begins on ${day(logBegins, never)}, less than ${days} days ago.`,
              )}
        </p>
      )}
      {report.young === 0 ? null : (
        <p class="foot">
          {say(
            `另有 ${report.young} 项授权生效不足 ${days} 天，未作判断。`,
            `${report.young} more grants began less than ${days} days ago: nothing is said of them.`,
          )}
        </p>
      )}
      <section class="card scroll">
        <h2 class="in">{say('未使用的授权', 'Grants not used')}</h2>
        {report.grants.length === 0 ? (
          <p class="empty">{say('暂无数据', 'None.')}</p>
        ) : (
          <table class="stack">
            <thead>
              <tr>
                <th>{say('应用与数据集', 'Client and dataset')}</th>
                <th>{say('最近使用', 'Last used')}</th>
                <th>{say('截止', 'Until')}</th>
              </tr>
            </thead>
            <tbody>
              {report.grants.map(({ grant, client, dataset, last, until }) => (
                <tr>
                  <th>
                    <a href={`/console/search?grant=${grant}`}>{names.client(client)}</a>
                    <span class="plain">{names.dataset(dataset)}</span>
                    <Id language={language}>{grant}</Id>
                  </th>
                  <td data-title={say('最近使用', 'Last used')}>{day(last, never)}</td>
                  <td class="date" data-title={say('截止', 'Until')}>
                    {until}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section class="card scroll">
        <h2 class="in">{say('已授权而未提供的字段', 'Fields granted and not released')}</h2>
        {report.fields.length === 0 ? (
          <p class="empty">{say('暂无数据', 'None.')}</p>
        ) : (
          <table class="stack">
            <thead>
              <tr>
                <th>{say('应用与数据集', 'Client and dataset')}</th>
                <th>{say('字段', 'Fields')}</th>
              </tr>
            </thead>
            <tbody>
              {report.fields.map(({ grant, client, dataset, fields }) => (
                <tr>
                  <th>
                    <a href={`/console/search?grant=${grant}`}>{names.client(client)}</a>
                    <span class="plain">{names.dataset(dataset)}</span>
                    <Id language={language}>{grant}</Id>
                  </th>
                  <td>{fields.map(({ field }) => names.field(dataset, field)).join(say('、', ', '))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section class="card scroll">
        <h2 class="in">{say('没有请求的应用', 'Clients without requests')}</h2>
        {report.clients.length === 0 ? (
          <p class="empty">{say('暂无数据', 'None.')}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th>{say('应用', 'Client')}</th>
                <th>{say('最近请求', 'Last request')}</th>
              </tr>
            </thead>
            <tbody>
              {report.clients.map(({ client, last }) => (
                <tr>
                  <th>
                    {names.client(client)}
                    <Id language={language}>{client}</Id>
                  </th>
                  <td>{day(last, never)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}
