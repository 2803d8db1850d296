/** The start page: what this city shares, how fresh it is, and how to ask. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute as localTime } from '../../../ground/language/time.js';
import { Id } from '../../ui/id.js';
import { sourceOf } from '../../ui/made.js';
import { page } from '../../ui/page.js';

interface HomeDataset {
  readonly id: string;
  readonly name: Localised;
  readonly provider: Localised;
  readonly sharing: 'unconditional' | 'conditional' | 'none';
  readonly status: 'current' | 'stale' | 'never-loaded' | 'unavailable';
  readonly sourceTime?: string;
  readonly records: number;
}

interface HomeProps {
  readonly language: Language;
  readonly workspace: { readonly name: Localised; readonly synthetic: boolean };
  readonly datasets: readonly HomeDataset[];
  readonly authorities: number;
  readonly log: { readonly size: number; readonly root: string } | undefined;
  readonly example: string;
  readonly signedIn: boolean;
  /** Whether documents are issued here that can be verified. */
  readonly documents: boolean;
}

const say: Readonly<Record<string, Localised>> = {
  title: { zh: '各部门的数据，一次依法查询', en: 'Every department, one lawful query' },
  lead: {
    zh: '各部门保留原有系统，按数据契约发布数据；应用按用途申请，逐字段授权；每次查询在答复之前先行记入可核验的审计日志。',
    en:
      'Departments keep their systems and publish under contracts; applications ask for a purpose and get only ' +
      'the fields granted; every query is in a verifiable audit log before its answer leaves.',
  },
  departments: { zh: '接入部门数', en: 'authorities' },
  datasets: { zh: '数据集数', en: 'datasets' },
  records: { zh: '当前记录数', en: 'current records' },
  entries: { zh: '审计日志条数', en: 'entries in the log' },
  catalogue: { zh: '数据目录', en: 'Catalogue' },
  name: { zh: '名称', en: 'Name' },
  provider: { zh: '提供单位', en: 'Provider' },
  sharing: { zh: '共享属性', en: 'Sharing' },
  state: { zh: '状态', en: 'State' },
  count: { zh: '记录', en: 'Records' },
  source: { zh: '数据时间（北京时间）', en: 'Seen up to (UTC+8)' },
  verify: { zh: '核验一份文书', en: 'Verify a document' },
  matters: { zh: '一件事办事指南', en: 'Matters done as one' },
  guide: { zh: '用一句话找要办的事', en: 'Find a matter by a sentence' },
  numbers: { zh: '应用成效', en: 'What reports have replaced' },
  try: { zh: '接口调用示例', en: 'Try it' },
  log: { zh: '审计日志', en: 'Audit log' },
  empty: {
    zh: '暂无数据集。请由技术人员建立工作区，并放入首个数据契约与数据源。',
    en: 'No datasets yet. Make a workspace with yitong init, then add a first contract and feed.',
  },
  logEmpty: {
    zh: '日志尚无检查点；首次查询后一秒内生成。',
    en: 'No checkpoint yet; one appears within a second of the first query.',
  },
};
export const sharing: Readonly<Record<HomeDataset['sharing'], Localised>> = {
  unconditional: { zh: '无条件共享', en: 'unconditional' },
  conditional: { zh: '有条件共享', en: 'conditional' },
  none: { zh: '不予共享', en: 'not shared' },
};
export const state: Readonly<Record<HomeDataset['status'], Localised & { readonly css: string }>> = {
  current: { zh: '最新', en: 'current', css: 'current' },
  stale: { zh: '未及时更新', en: 'stale', css: 'stale' },
  'never-loaded': { zh: '尚未接入', en: 'never loaded', css: 'none' },
  unavailable: { zh: '暂不可读', en: 'unavailable', css: 'none' },
};

function Row({ dataset, language }: { readonly dataset: HomeDataset; readonly language: Language }): JSX.Element {
  const { css, ...name } = state[dataset.status];
  return (
    <tr>
      <th scope="row">
        {dataset.name[language]}
        <Id language={language}>{dataset.id}</Id>
      </th>
      <td class="wide">{dataset.provider[language]}</td>
      <td class="wide">{sharing[dataset.sharing][language]}</td>
      <td>
        <span class={`state ${css}`}>{name[language]}</span>
      </td>
      <td class="wide">
        {dataset.sourceTime === undefined ? (
          '–'
        ) : (
          <time dateTime={dataset.sourceTime}>{localTime(dataset.sourceTime)}</time>
        )}
      </td>
      <td class="n">{dataset.records.toLocaleString('en')}</td>
    </tr>
  );
}

export function home(props: HomeProps): string {
  const { language } = props;
  const w = (key: keyof typeof say): string => say[key]?.[language] ?? '';
  const records = props.datasets.reduce((sum, dataset) => sum + dataset.records, 0);
  return page({
    source: sourceOf({ url: '/' }),
    language,
    workspace: props.workspace,
    title: w('title'),
    way: props.signedIn ? 'console' : 'sign-in',
    children: (
      <>
        <h1>{w('title')}</h1>
        <p class="lead">{w('lead')}</p>
        <div class="tiles">
          {(
            [
              [props.authorities, 'departments'],
              [props.datasets.length, 'datasets'],
              [records, 'records'],
              [props.log?.size ?? 0, 'entries'],
            ] as const
          ).map(([value, key]) => (
            <div class="tile" key={key}>
              <b>{value.toLocaleString('en')}</b>
              <span>{w(key)}</span>
            </div>
          ))}
        </div>
        {props.documents ? (
          <p class="row ways">
            <a class="quiet" href="/verify">
              {w('verify')}
            </a>
            <a class="quiet" href="/numbers">
              {w('numbers')}
            </a>
            <a class="quiet" href="/guide">
              {w('guide')}
            </a>
            <a class="quiet" href="/matters">
              {w('matters')}
            </a>
          </p>
        ) : null}
        <h2>{w('try')}</h2>
        <pre class="command" tabIndex={0}>
          {props.example}
        </pre>
        <h2>{w('catalogue')}</h2>
        <div class="card">
          {props.datasets.length === 0 ? (
            <p class="empty">{w('empty')}</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">{w('name')}</th>
                  <th scope="col" class="wide">
                    {w('provider')}
                  </th>
                  <th scope="col" class="wide">
                    {w('sharing')}
                  </th>
                  <th scope="col">{w('state')}</th>
                  <th scope="col" class="wide">
                    {w('source')}
                  </th>
                  <th scope="col" class="n">
                    {w('count')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {props.datasets.map((dataset) => (
                  <Row key={dataset.id} dataset={dataset} language={language} />
                ))}
              </tbody>
            </table>
          )}
        </div>
        <h2>{w('log')}</h2>
        <div class="card">
          {props.log === undefined ? (
            <p class="empty">{w('logEmpty')}</p>
          ) : (
            <dl class="facts">
              <dt>{language === 'zh' ? '条目数' : 'size'}</dt>
              <dd>{props.log.size.toLocaleString('en')}</dd>
              <dt>{language === 'zh' ? '日志根摘要' : 'root hash'}</dt>
              <dd>
                <code class="exact">{props.log.root}</code>
              </dd>
              <dt>{language === 'zh' ? '检查点' : 'checkpoint'}</dt>
              <dd>
                <a href="/log/checkpoint">{language === 'zh' ? '下载' : '/log/checkpoint'}</a>
              </dd>
            </dl>
          )}
        </div>
      </>
    ),
  });
}
