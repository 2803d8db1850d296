/** One grant in words, how it was used, and its suspension. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import { rowsInWords } from '../../../../policies/explain.js';
import type { Grant } from '../../../../policies/types.js';
import { deliveryNames, formNames } from '../../../../policies/words.js';
import { type Suspension, suspendedByFile } from '../../../answer/inforce/suspensions.js';
import { durationOf } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import type { LogBody } from '../../../log/entries/body.js';
import { Form, ReasonField } from '../../ui/form.js';
import { Effect } from '../auditing/words.js';
import { type GrantSummary, StateOfGrant, Young } from './grants.js';

interface GrantProps {
  readonly language: Language;
  readonly summary: GrantSummary;
  readonly days: number;
  readonly logBegins: string | undefined;
  readonly accesses: readonly { readonly index: number; readonly body: LogBody }[];
  /** Whether this process refuses it already. */
  readonly inForce: boolean;
  readonly suspension?: Suspension;
  readonly purposes: readonly { readonly id: string; readonly name: Localised }[];
  readonly titles: ReadonlyMap<string, Localised>;
  /** The application that it came of; undefined: it is a file. */
  readonly application?: string;
  /** How many records of its use there are; undefined where nobody could. */
  readonly records?: number;
  /** Only an auditor is led on to entries. */
  readonly mayAudit: boolean;
}

function noticeWords({ mode, delay, legalBasis }: Grant['subjectNotice']): Localised {
  const basis = legalBasis === undefined ? { zh: '', en: '' } : { zh: `（${legalBasis}）`, en: ` (${legalBasis})` };
  switch (mode) {
    case 'immediate':
      return { zh: '实时告知企业', en: 'the subject sees it at once' };
    case 'delayed':
      return {
        zh: `${durationOf(delay ?? '', 'zh')}后告知企业${basis.zh}`,
        en: `the subject sees it after ${durationOf(delay ?? '', 'en')}${basis.en}`,
      };
    case 'withheld':
      return { zh: `依法不予告知${basis.zh}`, en: `the subject is not told${basis.en}` };
  }
}

export function grantPage({
  language,
  summary,
  days,
  logBegins,
  accesses,
  inForce,
  suspension,
  purposes,
  titles,
  application,
  records,
  mayAudit,
}: GrantProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const { grant, state, client, dataset, last, requests, unused } = summary;
  const path = `/console/grants/${grant.id}`;
  const idle = new Set(unused);
  const rowField = grant.rows.kind === 'area' ? titles.get(grant.rows.field) : undefined;
  const title = (field: string): string | undefined => titles.get(field)?.[language];
  const form = (action: 'suspend' | 'resume', label: string, why: string, danger: boolean): JSX.Element => (
    <Form action={`${path}/${action}`} class="row">
      <ReasonField class="grow" label={why} />
      <button class={`button low ${danger ? 'danger' : ''}`} type="submit">
        {label}
      </button>
    </Form>
  );
  return (
    <>
      <p class="foot">
        <a href="/console/grants">{say('← 共享授权', '← Grants')}</a>
      </p>
      <div class="head">
        <h1>
          {client[language]} · {dataset[language]}
        </h1>
        <StateOfGrant state={state} language={language} />
      </div>
      <p class="lead">
        {say(
          `${client.zh}可为${purposes.map(({ name }) => `“${name.zh}”`).join('、')}使用${dataset.zh}的` +
            `${rowsInWords(grant.rows, rowField).zh}，共 ${grant.fields.length} 个字段，${grant.from} 至 ${grant.until}。`,
          `${client.en} may have ${grant.fields.length} fields of ${rowsInWords(grant.rows, rowField).en}` +
            ` of ${dataset.en} for ${purposes.map(({ name }) => `“${name.en}”`).join(', ')}, ` +
            `from ${grant.from} to ${grant.until}.`,
        )}
      </p>
      {suspension === undefined ? null : (
        <p class="notice bad" role="status">
          <b>{say(`已于 ${localSecond(suspension.at)} 暂停：`, `Suspended at ${localSecond(suspension.at)}: `)}</b>
          {suspension.reason}{' '}
          <span class="foot">
            {inForce
              ? say('（已生效，取数请求一律拒绝）', '(in force: whatever is asked is refused)')
              : say(
                  '（数秒内生效，请刷新本页确认）',
                  '(in force within seconds: load this page again to be sure)',
                )}{' '}
            · {say('回执 ', 'receipt ')}
            <span class="mono exact">{suspension.entry}</span>
          </span>
        </p>
      )}
      {suspension === undefined && inForce && !suspendedByFile(grant) ? (
        <p class="notice" role="status">
          {say('已恢复，数秒内生效。', 'Resumed; it is in force within seconds.')}
        </p>
      ) : null}
      <Young language={language} days={days} begins={logBegins} />
      <div class="card">
        <dl class="facts">
          {zh ? null : (
            <>
              <dt>Grant</dt>
              <dd class="mono">{grant.id}</dd>
            </>
          )}
          <dt>{say('应用', 'System')}</dt>
          <dd>
            <a href={`/console/grants/clients/${grant.client}`}>
              {say(`${client.zh}的全部授权`, `all grants of ${client.en}`)}
            </a>
          </dd>
          <dt>{say('使用单位', 'Department')}</dt>
          <dd>{summary.user[language]}</dd>
          <dt>{say('提供单位', 'Provider')}</dt>
          <dd>{summary.provider[language]}</dd>
          <dt>{say('法律依据', 'Legal basis')}</dt>
          <dd>{grant.legalBasis.join(say('；', '; '))}</dd>
          <dt>{say('用途', 'Purposes')}</dt>
          <dd>
            {purposes.map(({ id, name }) => (
              <>
                {name[language]} {zh ? null : <span class="mono">{id}</span>}
                <br />
              </>
            ))}
          </dd>
          <dt>{say('方式', 'Delivery')}</dt>
          <dd>
            {grant.delivery.map((one) => deliveryNames[one][language]).join(say('、', ', '))}
            {grant.batchLimit === undefined || grant.batchLimit === 0
              ? ''
              : say(`，每批至多 ${grant.batchLimit} 个主体`, `, at most ${grant.batchLimit} subjects a batch`)}
          </dd>
          <dt>{say('告知方式', 'Notice')}</dt>
          <dd>{noticeWords(grant.subjectNotice)[language]}</dd>
          {grant.callsADay === undefined ? null : (
            <>
              <dt>{say('每日调用', 'Calls a day')}</dt>
              <dd>{say(`至多 ${grant.callsADay.toLocaleString('en')} 次`, `at most ${grant.callsADay}`)}</dd>
            </>
          )}
          <dt>{say('来源', 'Comes of')}</dt>
          <dd>
            {application === undefined ? (
              say('策略文件', 'a file')
            ) : (
              <a href={`/console/applications/${application}`}>{say('共享申请，查看全件', 'an application')}</a>
            )}
          </dd>
          <dt>{say('使用记录', 'Records of use')}</dt>
          <dd>
            <a href={`/console/sharing/records/${grant.id}`}>
              {records === undefined || records === 0
                ? say('没有记录', 'none')
                : say(`${records} 条，查看`, `${records}`)}
            </a>
          </dd>
          <dt>{say('最近使用', 'Last use')}</dt>
          <dd>
            {last === undefined
              ? say(`近 ${days} 天未使用`, `none in ${days} days`)
              : say(
                  `${localSecond(last)}（近 ${days} 天 ${requests} 次）`,
                  `${localSecond(last)} (${requests} ${requests === 1 ? 'request' : 'requests'} in ${days} days)`,
                )}
          </dd>
        </dl>
      </div>
      <h2>{say('字段', 'Fields')}</h2>
      <ul class="card pad fields">
        {grant.fields.map(({ path: field, as }) => (
          <li>
            {title(field) ?? say('未登记的字段', '')} {zh ? null : <span class="mono">{field}</span>}{' '}
            {as === 'value' ? null : <span class="state none">{formNames[as][language]}</span>}
            {idle.has(field) ? (
              <span class="state warn">{say(`近 ${days} 天未使用`, `unused for ${days} days`)}</span>
            ) : null}
          </li>
        ))}
      </ul>
      <h2>{say('最近使用记录', 'Latest accesses')}</h2>
      <div class="card scroll">
        {accesses.length === 0 ? (
          <p class="empty">{say('暂无数据', 'None yet.')}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th>{say('时间（北京时间）', 'Time (UTC+8)')}</th>
                <th class="wide">{say('用途', 'Purpose')}</th>
                <th>{say('结果', 'Outcome')}</th>
                <th class="n">{say('记录', 'Records')}</th>
              </tr>
            </thead>
            <tbody>
              {accesses.map(({ index, body }) => {
                const own = body.datasets?.find((one) => one.grant === grant.id);
                const time = body.time === undefined ? '–' : localSecond(body.time);
                return (
                  <tr>
                    <td>{mayAudit ? <a href={`/console/entries/${index}`}>{time}</a> : time}</td>
                    <td class="wide">
                      {purposes.find(({ id }) => id === body.purpose)?.name[language] ??
                        say('其他用途', body.purpose ?? '–')}
                    </td>
                    <td>
                      <Effect effect={own?.effect} language={language} />
                    </td>
                    <td class="n">{own?.records ?? 0}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </div>
      <h2>{suspension === undefined ? say('暂停', 'Suspend') : say('恢复', 'Resume')}</h2>
      <div class="card pad">
        {suspension !== undefined ? (
          form(
            'resume',
            say('恢复授权', 'Resume the grant'),
            say('恢复理由（记入日志）', 'Why it may go on (goes on record)'),
            false,
          )
        ) : suspendedByFile(grant) ? (
          <p>{say('此授权由策略文件暂停，须在策略文件中恢复。', 'Suspended by its file; it is resumed there.')}</p>
        ) : (
          form(
            'suspend',
            say('暂停授权', 'Suspend the grant'),
            say(
              '暂停理由（记入日志，数秒内对所有请求生效）',
              'Why (goes on record; counts for every request within seconds)',
            ),
            true,
          )
        )}
      </div>
    </>
  );
}
