/** What happened lately: numbers, a chart, and who asked most. */
import type { JSX } from 'preact';
import { errorWordsOf } from '../../../../contracts/error-words.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Bars } from '../../ui/charts.js';
import { Id } from '../../ui/id.js';
import type { Listed } from '../../ui/listing.js';
import { type DepartmentRow, Departments } from './departments.js';

/** `step`: hours a bar. */
export const SPANS = {
  day: { hours: 24, step: 1, title: { zh: '24 小时', en: '24 hours' } },
  week: { hours: 7 * 24, step: 6, title: { zh: '7 天', en: '7 days' } },
  month: { hours: 30 * 24, step: 24, title: { zh: '30 天', en: '30 days' } },
  quarter: { hours: 90 * 24, step: 72, title: { zh: '90 天', en: '90 days' } },
} as const satisfies Record<string, { readonly hours: number; readonly step: number; readonly title: Localised }>;
export type OverviewSpan = keyof typeof SPANS;

interface TopRow {
  readonly id: string;
  readonly name: string | undefined;
  readonly requests: number;
  readonly denied: number;
}

interface OverviewProps {
  readonly language: Language;
  readonly span: OverviewSpan;
  readonly bars: readonly { readonly from: number; readonly value: number; readonly part: number }[];
  readonly step: number;
  /** First and last day. */
  readonly days: readonly [from: string, to: string];
  readonly records: number;
  /** µs */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly refused: Readonly<Record<string, number>>;
  /** Its beginning, as the search has it. */
  readonly since: string;
  readonly departments: Listed<DepartmentRow>;
  readonly clients: readonly TopRow[];
  readonly datasets: readonly TopRow[];
  readonly purposes: readonly TopRow[];
  readonly grants: number;
  readonly log: { readonly size: number; readonly at: number } | undefined;
}

const duration = (microseconds: number | undefined, language: Language): string =>
  microseconds === undefined
    ? '–'
    : `${microseconds < 10_000 ? (microseconds / 1000).toPrecision(2) : Math.round(microseconds / 1000)} ` +
      `${language === 'zh' ? '毫秒' : 'ms'}`;

export function overview(props: OverviewProps): JSX.Element {
  const zh = props.language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const count = (n: number): string => n.toLocaleString('en');
  const requests = props.bars.reduce((sum, { value }) => sum + value, 0);
  const denied = props.bars.reduce((sum, { part }) => sum + part, 0);
  const refused = Object.values(props.refused).reduce((sum, n) => sum + n, 0);
  const label = (at: number): string => (props.step < 24 ? localMinute(at).slice(5) : localMinute(at).slice(5, 10));
  // what is counted here is found there: the same time
  const found = (filter: string, id: string, more: Readonly<Record<string, string>> = {}): string =>
    `/console/search?${new URLSearchParams({ [filter]: id, since: props.since, ...more }).toString()}`;
  const top = (title: string, filter: string, rows: readonly TopRow[]): JSX.Element => (
    <section class="card">
      <h2 class="in">{title}</h2>
      {rows.length === 0 ? (
        <p class="empty">{say('该时段暂无请求', 'No requests in this time.')}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>{say('名称', 'Name')}</th>
              <th class="n">{say('请求', 'Requests')}</th>
              <th class="n">{say('其中拒绝', 'Denied')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, name, requests: all, denied: no }) => (
              <tr>
                <th>
                  <a href={found(filter, id)}>{name ?? id}</a>
                  {name === undefined || name === id ? null : <Id language={props.language}>{id}</Id>}
                </th>
                <td class="n">{count(all)}</td>
                <td class="n">{no === 0 ? '–' : <a href={found(filter, id, { result: 'deny' })}>{count(no)}</a>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
  return (
    <div data-overview>
      <div class="head">
        <h1>{say('概览', 'Overview')}</h1>
        <nav class="pills" aria-label={say('时间范围', 'Time range')}>
          {Object.entries(SPANS).map(([name, { title }]) => (
            <a href={`/console/overview?span=${name}`} aria-current={name === props.span ? 'true' : undefined}>
              {title[props.language]}
            </a>
          ))}
        </nav>
      </div>
      <p class="lead">
        {say(
          `${props.days[0]} 至 ${props.days[1]}（${SPANS[props.span].title.zh}），此前同样长的一段时间为对比。`,
          `${props.days[0]} to ${props.days[1]} (${SPANS[props.span].title.en}), beside as long a time before.`,
        )}
      </p>
      <div class="tiles">
        <div class="tile">
          <b>{count(requests)}</b>
          <span>{say('请求数', 'requests')}</span>
        </div>
        <div class="tile">
          <b>{requests === 0 ? '–' : `${((denied / requests) * 100).toFixed(denied === 0 ? 0 : 1)}%`}</b>
          <span>{say('含拒绝请求占比', 'with a refusal')}</span>
        </div>
        <div class="tile">
          <b>{count(props.records)}</b>
          <span>{say('提供记录数', 'records released')}</span>
        </div>
        <div class="tile">
          <b>{duration(props.p50, props.language)}</b>
          <span>
            {say(
              `响应时间中位数；99% 的请求不超过 ${duration(props.p99, 'zh')}`,
              `median latency; p99 ${duration(props.p99, 'en')}`,
            )}
          </span>
        </div>
        <div class="tile">
          <b>{count(refused)}</b>
          <span>{say('未通过身份核验的连接数', 'connections refused before identity')}</span>
        </div>
        <div class="tile">
          <b>{props.log === undefined ? '–' : count(props.log.size)}</b>
          <span>
            <a href="/console/log">{say('已公开日志条数', 'entries in the published log')}</a>
          </span>
        </div>
      </div>
      <Bars
        title={say('请求数', 'Requests')}
        valueName={say('全部', 'all')}
        partName={say('含拒绝的请求', 'with a refusal')}
        tableName={say('以表格显示', 'As a table')}
        bars={props.bars.map(({ from, value, part }) => ({ label: label(from), value, part }))}
      />
      <Departments departments={props.departments} />
      <div class="two">
        {top(say('请求最多的应用', 'Top consumers'), 'client', props.clients)}
        {top(say('使用最多的数据集', 'Top datasets'), 'dataset', props.datasets)}
        {top(say('用途', 'Purposes'), 'purpose', props.purposes)}
        <section class="card">
          <h2 class="in">{say('未通过身份核验', 'Refused before identity')}</h2>
          {refused === 0 ? (
            <p class="empty">{say('暂无数据', 'None.')}</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th>{say('原因', 'Code')}</th>
                  <th class="n">{say('次数', 'Count')}</th>
                </tr>
              </thead>
              <tbody>
                {Object.entries(props.refused)
                  .sort(([, a], [, b]) => b - a)
                  .map(([code, n]) => (
                    <tr>
                      <th>{zh ? errorWordsOf(code).zh : <span class="mono">{code}</span>}</th>
                      <td class="n">{count(n)}</td>
                    </tr>
                  ))}
              </tbody>
            </table>
          )}
        </section>
      </div>
    </div>
  );
}
