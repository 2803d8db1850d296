/** Policies against the past, and what is granted and not used. */
import type { JSX } from 'preact';
import type { UnusedReport } from '../../../../policies/privilege.js';
import type { LogReplay } from '../../../audit/decisions.js';
import type { Language } from '../../page.js';
import { localMinute } from '../../time.js';

const day = (at: number | undefined, never: string): string => (at === undefined ? never : localMinute(at).slice(0, 10));

export interface ReplayProps {
  readonly language: Language;
  readonly since: string;
  readonly until: string;
  /** Undefined before a period was chosen. */
  readonly result: LogReplay | undefined;
  readonly shown: number;
}

export function replayPage({ language, since, until, result, shown }: ReplayProps): JSX.Element {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  const kinds = { denied: say('将被拒绝', 'now denied'), allowed: say('将被允许', 'now allowed'), released: say('提供内容不同', 'other release') };
  const count = (n: number): string => n.toLocaleString('en');
  return (
    <>
      <h1>{say('策略重放', 'Policy replay')}</h1>
      <p class="lead">{say('以磁盘上现行的策略与授权，按当时的时间重新判定日志中的每次决定：哪些会不同、涉及谁、因哪条策略。', 'Each decision on record is made again as of its own time under the policies and grants on disk now: which would turn out otherwise, for whom, by which policy.')}</p>
      <form class="filters" method="get" action="/console/replay">
        <label>{say('自', 'From')} <input type="datetime-local" name="since" value={since} /></label>
        <label>{say('至（不含）', 'Before')} <input type="datetime-local" name="until" value={until} /></label>
        <div class="row"><button class="button" type="submit">{say('重放', 'Replay')}</button></div>
      </form>
      {result === undefined ? null : (
        <>
          <div class="tiles">
            <div class="tile"><b>{count(result.decisions)}</b><span>{say('次决定', 'decisions')}</span></div>
            <div class="tile"><b>{count(result.otherwise)}</b><span>{say('次会不同', 'would turn out otherwise')}</span></div>
            <div class="tile"><b>{count(result.skipped.notRecorded + result.skipped.unknownNames + result.skipped.refusedOtherwise)}</b><span>{say('次无法重放', 'cannot be replayed')}</span></div>
          </div>
          <div class="card scroll">
            {result.changes.length === 0 ? <p class="empty">{say('没有不同。', 'Nothing differs.')}</p> : (
              <table>
                <thead><tr><th>{say('变化', 'Change')}</th><th class="n">{say('次数', 'Decisions')}</th><th>{say('应用', 'Client')}</th><th>{say('数据集与目的', 'Dataset, purpose')}</th><th class="wide">{say('依据', 'By')}</th><th class="wide">{say('字段', 'Fields')}</th><th>{say('日志', 'Entries')}</th></tr></thead>
                <tbody>
                  {result.changes.slice(0, shown).map(({ kind, decisions, client, dataset, purpose, by, lost, gained, was, now, entries }) => (
                    <tr>
                      <td>{kinds[kind]}</td>
                      <td class="n">{count(decisions)}</td>
                      <td class="mono">{client}</td>
                      <td class="mono">{dataset}<span class="id">{purpose}</span></td>
                      <td class="wide mono">{by.join(', ')}</td>
                      <td class="wide mono">{[...lost.map((field) => `−${field}`), ...gained.map((field) => `+${field}`), ...(kind === 'released' && was.rows !== now.rows ? [`${was.rows ?? '*'} → ${now.rows ?? '*'}`] : [])].join(' ')}</td>
                      <td>{entries.slice(0, 3).map((index) => <><a href={`/console/entries/${index}`}>#{index}</a>{' '}</>)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </div>
        </>
      )}
    </>
  );
}

export interface PrivilegesProps {
  readonly language: Language;
  readonly days: number;
  readonly report: UnusedReport;
  /** ms since 1970 */
  readonly logBegins: number | undefined;
}

export function privilegesPage({ language, days, report, logBegins }: PrivilegesProps): JSX.Element {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  const never = say('从未', 'never');
  return (
    <>
      <h1>{say('最小权限', 'Least privilege')}</h1>
      <p class="lead">{say(`${days} 天内未使用的授权、字段与应用。不再需要的授权应当收回。`, `Grants, fields and clients not used in ${days} days. What is not needed should not be granted.`)}</p>
      <nav class="pills" aria-label={say('天数', 'Days')}>{[30, 90, 180, 365].map((n) => <a href={`/console/privileges?days=${n}`} aria-current={n === days ? 'true' : undefined}>{n}</a>)}</nav>
      {logBegins !== undefined && logBegins <= report.since ? null : <p class="notice">{logBegins === undefined ? say('日志中还没有请求。', 'The log has no requests yet.') : say(`日志始于 ${day(logBegins, never)}，不足 ${days} 天。`, `The log begins on ${day(logBegins, never)}, less than ${days} days ago.`)}</p>}
      {report.young === 0 ? null : <p class="foot">{say(`另有 ${report.young} 份授权生效不足 ${days} 天，未作判断。`, `${report.young} more grants began less than ${days} days ago: nothing is said of them.`)}</p>}
      <section class="card scroll"><h2 class="in">{say('未使用的授权', 'Grants not used')}</h2>
        {report.grants.length === 0 ? <p class="empty">{say('没有。', 'None.')}</p> : (
          <table><thead><tr><th>{say('授权', 'Grant')}</th><th>{say('应用', 'Client')}</th><th>{say('数据集', 'Dataset')}</th><th>{say('最近使用', 'Last used')}</th><th>{say('截止', 'Until')}</th></tr></thead>
            <tbody>{report.grants.map(({ grant, client, dataset, last, until }) => <tr><td class="mono"><a href={`/console/search?grant=${grant}`}>{grant}</a></td><td class="mono">{client}</td><td class="mono">{dataset}</td><td>{day(last, never)}</td><td>{until}</td></tr>)}</tbody></table>
        )}
      </section>
      <section class="card scroll"><h2 class="in">{say('已授权而未提供的字段', 'Fields granted and not released')}</h2>
        {report.fields.length === 0 ? <p class="empty">{say('没有。', 'None.')}</p> : (
          <table><thead><tr><th>{say('授权', 'Grant')}</th><th>{say('应用', 'Client')}</th><th class="wide">{say('字段', 'Fields')}</th></tr></thead>
            <tbody>{report.fields.map(({ grant, client, fields }) => <tr><td class="mono"><a href={`/console/search?grant=${grant}`}>{grant}</a></td><td class="mono">{client}</td><td class="wide mono">{fields.map(({ field }) => field).join(' ')}</td></tr>)}</tbody></table>
        )}
      </section>
      <section class="card scroll"><h2 class="in">{say('没有请求的应用', 'Clients without requests')}</h2>
        {report.clients.length === 0 ? <p class="empty">{say('没有。', 'None.')}</p> : (
          <table><thead><tr><th>{say('应用', 'Client')}</th><th>{say('最近请求', 'Last request')}</th></tr></thead>
            <tbody>{report.clients.map(({ client, last }) => <tr><td class="mono">{client}</td><td>{day(last, never)}</td></tr>)}</tbody></table>
        )}
      </section>
    </>
  );
}
