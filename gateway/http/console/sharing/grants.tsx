/** All grants: who has what for which purpose until when, and whether it is used. */

import type { JSX } from 'preact';
import { present } from '../../../../contracts/present.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Grant } from '../../../../policies/types.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Id } from '../../ui/id.js';

/** `unused` is none of a grant's states, but what a reader asks for. */
export const GRANT_STATES = ['active', 'suspended', 'not-begun', 'ended', 'unused'] as const;
export type GrantState = Exclude<(typeof GRANT_STATES)[number], 'unused'>;

export interface GrantSummary {
  readonly grant: Grant;
  readonly state: GrantState;
  readonly client: Localised;
  readonly dataset: Localised;
  /** ms since 1970, within the days that are looked at. */
  readonly last?: number;
  readonly requests: number;
  /** Of today, where the grant has a volume; absent where they cannot be read. */
  readonly calls?: number;
  /** Fields that were never released in those days. */
  readonly unused: readonly string[];
}

export interface ClientCount {
  readonly id: string;
  readonly name: Localised;
  readonly grants: number;
}

interface GrantsProps {
  readonly language: Language;
  readonly all: readonly GrantSummary[];
  /** Whose those that were found are. */
  readonly clients: readonly ClientCount[];
  /** Of this page. */
  readonly grants: readonly GrantSummary[];
  readonly found: number;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly q: string;
  readonly state: (typeof GRANT_STATES)[number] | undefined;
  readonly days: number;
  readonly names: Names;
}

const states: Readonly<Record<GrantState, Localised & { readonly css: string }>> = {
  active: { zh: '有效', en: 'in force', css: 'ok' },
  suspended: { zh: '已暂停', en: 'suspended', css: 'bad' },
  'not-begun': { zh: '未生效', en: 'not begun', css: 'none' },
  ended: { zh: '已到期', en: 'ended', css: 'none' },
};

export function StateOfGrant({
  state,
  language,
}: {
  readonly state: GrantState;
  readonly language: Language;
}): JSX.Element {
  const { css, ...name } = states[state];
  return <span class={`state ${css}`}>{name[language]}</span>;
}

function callsInWords(calls: number | undefined, of: number, language: Language): string {
  const most = of.toLocaleString('en');
  if (calls === undefined)
    return language === 'zh' ? `每日 ${most} 次，今日调用量暂不可知` : `${most} a day; today’s are not known now`;
  const made = calls.toLocaleString('en');
  return language === 'zh' ? `今日已调用 ${made} / ${most} 次` : `${made} of ${most} calls today`;
}

export function grantsPage({
  language,
  all,
  clients,
  grants,
  found,
  page,
  pages,
  q,
  state,
  days,
  names,
}: GrantsProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const address = (to: number): string =>
    `/console/grants?${new URLSearchParams({
      ...(q === '' ? {} : { q }),
      ...present({ state }),
      page: String(to),
    }).toString()}`;
  const count = (holds: (one: GrantSummary) => boolean): string => all.filter(holds).length.toLocaleString('en');
  return (
    <>
      <h1>{say('共享授权', 'Grants')}</h1>
      <p class="lead">
        {say(
          `各应用可为何种用途使用哪些数据、有效期限，以及近 ${days} 天的使用情况。`,
          `Who may have what for which purpose and until when, and what of it was used in the last ${days} days.`,
        )}
      </p>
      <div class="tiles">
        <div class="tile">
          <b>{all.length}</b>
          <span>{say('授权总数', 'grants')}</span>
        </div>
        <div class="tile">
          <b>{count((one) => one.state === 'active')}</b>
          <span>{say('有效授权数', 'in force')}</span>
        </div>
        <div class="tile">
          <b>{count((one) => one.state === 'suspended')}</b>
          <span>{say('已暂停授权数', 'suspended')}</span>
        </div>
        <div class="tile">
          <b>{count((one) => one.last === undefined)}</b>
          <span>
            <a href="/console/grants?state=unused">{say(`近 ${days} 天未使用的授权数`, `unused for ${days} days`)}</a>
          </span>
        </div>
      </div>
      <form class="filters below" method="get" action="/console/grants" role="search">
        <label>
          {say('应用、数据集、用途', 'Client, dataset, purpose')}
          <input type="search" name="q" value={q} maxLength={100} />
        </label>
        <label>
          {say('状态', 'State')}
          <select name="state">
            <option value="">{say('全部', 'all')}</option>
            {(Object.entries(states) as [GrantState, Localised][]).map(([id, name]) => (
              <option value={id} selected={state === id}>
                {name[language]}
              </option>
            ))}
            <option value="unused" selected={state === 'unused'}>
              {say('未使用', 'unused')}
            </option>
          </select>
        </label>
        <div class="row">
          <button class="button" type="submit">
            {say('筛选', 'Filter')}
          </button>
          {q === '' && state === undefined ? null : (
            <a class="quiet" href="/console/grants">
              {say('清除', 'Clear')}
            </a>
          )}
        </div>
      </form>
      {clients.length === 0 ? null : (
        <p class="row ways by-client">
          <span class="soft">{say('按应用查看、一并暂停：', 'By system, to suspend all of one:')}</span>
          {clients.map(({ id, name, grants: many }) => (
            <a class="quiet" href={`/console/grants/clients/${id}`}>
              {name[language]} {many}
            </a>
          ))}
        </p>
      )}
      <div class="card scroll">
        {grants.length === 0 ? (
          <p class="empty">{say('暂无数据', 'No grant matches.')}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th>{say('应用与数据集', 'Client and dataset')}</th>
                <th class="wide">{say('用途', 'Purposes')}</th>
                <th class="wide">{say('期限', 'Term')}</th>
                <th>{say('状态', 'State')}</th>
                <th class="wide">{say('最近使用', 'Last use')}</th>
                <th class="n">{say('未使用字段', 'Fields unused')}</th>
              </tr>
            </thead>
            <tbody>
              {grants.map(({ grant, state: now, client, dataset, last, unused, calls }) => (
                <tr>
                  <th>
                    <a href={`/console/grants/${grant.id}`}>{client[language]}</a>
                    <span class="plain">{dataset[language]}</span>
                    <Id language={language}>{grant.id}</Id>
                  </th>
                  <td class="wide">{grant.purposes.map((id) => names.purpose(id)).join(say('、', ', '))}</td>
                  <td class="wide date">
                    {grant.from}
                    <br />
                    {grant.until}
                  </td>
                  <td>
                    <StateOfGrant state={now} language={language} />
                    {grant.callsADay === undefined ? null : (
                      <span class="plain">{callsInWords(calls, grant.callsADay, language)}</span>
                    )}
                  </td>
                  <td class="wide">{last === undefined ? say('无', 'none') : localMinute(last)}</td>
                  <td class="n">
                    {unused.length} / {grant.fields.length}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      {pages < 2 ? null : (
        <nav class="pager" aria-label={say('分页', 'Pages')}>
          <span>
            {page <= 1 ? null : (
              <a class="quiet" href={address(page - 1)} rel="prev">
                {say('← 上一页', '← Previous')}
              </a>
            )}
          </span>
          <span class="soft">
            {say(`第 ${page} / ${pages} 页，共 ${found} 项`, `page ${page} of ${pages}, ${found} grants`)}
          </span>
          <span>
            {page >= pages ? null : (
              <a class="quiet" href={address(page + 1)} rel="next">
                {say('下一页 →', 'Next →')}
              </a>
            )}
          </span>
        </nav>
      )}
    </>
  );
}
