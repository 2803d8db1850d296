/** What the watching rules found. */
import type { JSX } from 'preact';
import type { Rules } from '../../../audit/watch/rule.js';
import type { Alert } from '../../../audit/watch/store.js';
import type { Language } from '../../page.js';
import { localMinute, localSecond } from '../../time.js';

interface Common {
  readonly language: Language;
  readonly rules: Rules;
}

export interface AlertsProps extends Common {
  readonly alerts: readonly Alert[];
  /** How many there are of which the newest are shown. */
  readonly total: number;
}

const titleOf = (rules: Rules, rule: string, language: Language): string => rules.get(rule)?.title[language] ?? rule;
const factsOf = ({ facts }: Alert): string => Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(', ');

export function alertsPage({ language, rules, alerts, total }: AlertsProps): JSX.Element {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  return (
    <>
      <h1>{say('告警', 'Alerts')}</h1>
      <p class="lead">{say('系统按规则持续查看审计日志。告警只说明异常，不代表违规；主体只以代号出现。', 'Rules read the audit log as it grows. An alert says that something is unusual, not that it is wrong; subjects stand here as pseudonyms.')}</p>
      <div class="card scroll">
        {alerts.length === 0 ? <p class="empty">{say('没有告警。', 'No alerts.')}</p> : (
          <table>
            <thead><tr><th>{say('时间', 'Time')}</th><th>{say('规则', 'Rule')}</th><th>{say('应用', 'Client')}</th><th class="wide">{say('数据', 'Figures')}</th><th>{say('状态', 'State')}</th></tr></thead>
            <tbody>
              {alerts.map((alert) => (
                <tr>
                  <td><a href={`/console/alerts/${alert.id}`}><time dateTime={new Date(alert.time).toISOString()}>{localMinute(alert.time)}</time></a></td>
                  <td>{titleOf(rules, alert.rule, language)}</td>
                  <td class="mono">{alert.client ?? '–'}</td>
                  <td class="wide mono">{factsOf(alert)}</td>
                  <td>{alert.acknowledged === undefined ? say('待处理', 'open') : say('已确认', 'acknowledged')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      {total > alerts.length ? <p class="foot">{say(`共 ${total} 条，显示最新 ${alerts.length} 条；全部见 yitong audit alerts --all。`, `${total} in all, the newest ${alerts.length} shown; yitong audit alerts --all has the others.`)}</p> : null}
    </>
  );
}

export interface AlertProps extends Common {
  readonly csrf: string;
  readonly alert: Alert;
  /** Undefined where it was not acknowledged, or the person's key was destroyed. */
  readonly note: { readonly name: string; readonly note: string } | undefined;
}

export function alertPage({ language, rules, csrf, alert, note }: AlertProps): JSX.Element {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  const { id, rule, time, client, subject, entries, acknowledged } = alert;
  return (
    <>
      <h1>{titleOf(rules, rule, language)}</h1>
      <p class="lead">{rules.get(rule)?.advice[language]}</p>
      <div class="card"><dl class="facts">
        <dt>{say('时间', 'Time')}</dt><dd>{localSecond(time)}</dd>
        {client === undefined ? null : <><dt>{say('应用', 'Client')}</dt><dd class="mono"><a href={`/console/search?client=${encodeURIComponent(client)}`}>{client}</a></dd></>}
        {subject === undefined ? null : <><dt>{say('主体代号', 'Pseudonym of the subject')}</dt><dd class="mono">{subject}</dd></>}
        <dt>{say('数据', 'Figures')}</dt><dd class="mono">{factsOf(alert)}</dd>
        <dt>{say('编号', 'Id')}</dt><dd class="mono">{id}</dd>
      </dl></div>
      <h2>{say('相关日志', 'Its entries')}</h2>
      <p class="chips">{entries.map((index) => <a class="chip" href={`/console/entries/${index}`}>#{index}</a>)}</p>
      {acknowledged === undefined ? (
        <form class="card pad" method="post" action={`/console/alerts/${id}`}>
          <input type="hidden" name="csrf" value={csrf} />
          <label>{say('处理说明（记入日志）', 'What was found out (goes on record)')} <input name="note" required minLength={4} maxLength={500} autocomplete="off" /></label>
          <div class="row"><button class="button" type="submit">{say('确认', 'Acknowledge')}</button></div>
        </form>
      ) : (
        <p class="notice">{say(`已于 ${localMinute(acknowledged.at)} 确认`, `Acknowledged at ${localMinute(acknowledged.at)}`)}{note === undefined ? '' : `: ${note.name}: ${note.note}`}</p>
      )}
    </>
  );
}
