/** A subject's own history: who looked at what, when, why, and what can be done about it. */
import type { JSX } from 'preact';
import type { Complaint } from '../../../people/complaints.js';
import type { HistoryEntry } from '../../../services/history/reading.js';
import type { Names } from '../../names.js';
import type { Language } from '../../page.js';
import { localSecond } from '../../time.js';
import { deliveryNames } from '../auditing/words.js';

export interface HistoryProps {
  readonly language: Language;
  readonly csrf: string;
  readonly subject: string;
  /** Its name in this session. */
  readonly hidden: string;
  readonly entries: readonly HistoryEntry[];
  /** By the entry that they are about. */
  readonly complaints: ReadonlyMap<number, readonly Complaint[]>;
  readonly others: readonly { readonly subject: string; readonly href: string; readonly here: boolean }[];
  readonly first: string | undefined;
  readonly next: string | undefined;
  readonly names: Names;
  /** Characters of a complaint. */
  readonly max: number;
  /** Of a complaint that was recorded just now. */
  readonly receipt?: string;
  /** Other replicas of the log whose answers stand under keys of their own, so that they are not listed. */
  readonly elsewhere: number;
}

export function historyView({ language, csrf, subject, hidden, entries, complaints, others, first, next, names, max, receipt, elsewhere }: HistoryProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const key = subject.slice(subject.indexOf(':') + 1);
  return (
    <>
      <h1>{say('谁查了您的数据', 'Who looked at your data')}</h1>
      <p class="lead">{say('每一次访问在答复之前先记入日志。依法暂缓或不予告知的访问不在此列。', 'Every look is on record before its answer leaves. Looks of which the law delays or withholds the notice are not listed.')}</p>
      {elsewhere === 0 ? null : <p class="notice">{say(`此处仅列出由本节点答复的访问；另有 ${elsewhere} 个节点的访问未列出，请向运营方查询。`, `Only looks that this replica answered are listed; those answered by ${elsewhere} other ${elsewhere === 1 ? 'replica' : 'replicas'} are not. Ask the operator for them.`)}</p>}
      {others.length === 0 ? <p class="notice">{say('主体：', 'Subject: ')}<span class="mono">{key}</span></p> : (
        <nav class="pills" aria-label={say('主体', 'Subject')}>{others.map((one) => <a href={one.href} aria-current={one.here ? 'true' : undefined}>{one.subject.slice(one.subject.indexOf(':') + 1)}</a>)}</nav>
      )}
      {receipt === undefined ? null : <p class="notice" role="status">{say('投诉已记入日志，审计人员可见。回执：', 'Your complaint is on record and the auditors see it. Receipt: ')}<span class="mono">{receipt}</span></p>}
      {entries.length === 0 ? <div class="card"><p class="empty">{say('没有可以显示的访问。', 'There is nothing to show.')}</p></div> : (
        <ol class="timeline">
          {entries.map(({ index, body, datasets }) => {
            const made = complaints.get(index) ?? [];
            return (
              <li class="card pad" id={`entry-${index}`}>
                <div class="head">
                  <h2><span>{names.authority(body.authority) ?? body.authority}</span> <small>{names.client(body.client) ?? body.client}</small></h2>
                  <time dateTime={body.time}>{body.time === undefined ? '–' : localSecond(body.time)}</time>
                </div>
                <dl class="facts flat">
                  <dt>{say('用途', 'Purpose')}</dt><dd>{names.purpose(body.purpose) ?? body.purpose ?? '–'}</dd>
                  {body.item === undefined ? null : <><dt>{say('事项编码', 'Item')}</dt><dd class="mono">{body.item}</dd></>}
                  <dt>{say('方式', 'How')}</dt><dd>{deliveryNames[body.type === 'included' ? 'batch' : (body.delivery ?? 'query')]?.[language]}{body.dryRun === true ? say('（试算，未读取任何记录）', ' (dry run: no record was read)') : ''}</dd>
                </dl>
                <ul class="what">
                  {datasets.map(({ dataset, released, fields, records }) => (
                    <li>
                      <span class={`state ${released ? (records > 0 ? 'ok' : 'none') : 'bad'}`}>{!released ? say('已拒绝', 'denied') : records > 0 ? say(`提供 ${records} 条`, `${records} released`) : say('无记录', 'no record')}</span>{' '}
                      {names.dataset(dataset) ?? dataset}
                      {released && records > 0 && fields.length > 0 ? <span class="plain soft">{fields.map((path) => names.field(dataset, path)).join(say('、', ', '))}</span> : null}
                    </li>
                  ))}
                </ul>
                {made.map(({ at, text }) => <p class="notice warn">{say(`您于 ${localSecond(at)} 投诉：`, `You complained at ${localSecond(at)}: `)}{text ?? '–'}</p>)}
                <details>
                  <summary>{say('投诉此次访问', 'Complain about this')}</summary>
                  <form method="post" action="/console/history">
                    <input type="hidden" name="csrf" value={csrf} />
                    <input type="hidden" name="of" value={hidden} />
                    <input type="hidden" name="entry" value={index} />
                    <label class="field">{say('请说明理由（仅您与审计人员可见）', 'What is wrong (only you and the auditors see it)')}<textarea name="text" rows={3} required minLength={4} maxLength={max} /></label>
                    <p><button class="button" type="submit">{say('提交投诉', 'Send the complaint')}</button></p>
                  </form>
                </details>
              </li>
            );
          })}
        </ol>
      )}
      <div class="pager">
        <span>{first === undefined ? null : <a class="quiet" href={first}>{say('最新', 'Newest')}</a>}</span>
        <span>{next === undefined ? null : <a class="quiet" href={next} rel="next">{say('更早 →', 'Older →')}</a>}</span>
      </div>
    </>
  );
}
