/** The catalogue for people: a search, and what was found with the reason. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Freshness } from '../../../answer/question/status.js';
import type { Language } from '../../../ground/language/language.js';
import type { Thing, ThingKind } from '../../../procedures/catalogue/search.js';
import { sharing as sharingNames, state as stateNames } from '../home/page.js';
import { listName } from './facts.js';

export interface ListedDataset {
  readonly id: string;
  readonly name: Localised;
  readonly provider: Localised;
  readonly sharing: 'unconditional' | 'conditional' | 'none';
  readonly status: Freshness['status'];
  readonly records: number;
  /** Why it was found. */
  readonly things: readonly Thing[];
}

interface ListProps {
  readonly language: Language;
  readonly q: string;
  readonly datasets: readonly ListedDataset[];
  readonly all: number;
}

const KINDS: Readonly<Record<ThingKind, Localised>> = {
  dataset: { zh: '名称', en: 'name' },
  description: { zh: '说明', en: 'description' },
  field: { zh: '字段', en: 'field' },
  codelist: { zh: '代码表', en: 'code list' },
  purpose: { zh: '用途', en: 'purpose' },
  authority: { zh: '提供单位', en: 'publisher' },
};
/** Reasons that are told of one dataset. */
const REASONS = 3;

function Why({ things, language }: { things: readonly Thing[]; language: Language }): JSX.Element | null {
  const told = things.filter(({ kind }) => kind !== 'dataset' && kind !== 'description').slice(0, REASONS);
  if (told.length === 0) return null;
  return (
    <small>
      {told
        .map(
          ({ kind, name }) => `${KINDS[kind][language]}${language === 'zh' ? '：' : ': '}${listName(name)[language]}`,
        )
        .join(language === 'zh' ? '；' : '; ')}
    </small>
  );
}

export function listPage({ language, q, datasets, all }: ListProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  return (
    <>
      <h1>{say('数据目录', 'Catalogue')}</h1>
      <p class="lead">
        {say(
          `共 ${all} 个数据集。可按名称、字段、代码、用途或提供单位查找，也可输入拼音或繁体字。`,
          `${all} datasets. Search by name, field, code, purpose or publisher, also in pinyin.`,
        )}
      </p>
      <form class="filters find" method="get" action="/console/datasets" role="search">
        <label class="grow">
          {say('查找', 'Search')}
          <input type="search" name="q" value={q} maxLength={100} autocomplete="off" />
        </label>
        <button class="button low" type="submit">
          {say('查找', 'Search')}
        </button>
      </form>
      {q === '' ? null : (
        <p role="status" class="foot">
          {say(`找到 ${datasets.length} 个`, `${datasets.length} found`)} ·{' '}
          <a href="/console/datasets">{say('显示全部', 'show all')}</a>
        </p>
      )}
      <div class="card">
        {datasets.length === 0 ? (
          <p class="empty">{say('没有符合的数据集，请换一个词', 'Nothing is called so; try another word.')}</p>
        ) : (
          <table class="stack catalogue">
            <thead>
              <tr>
                <th scope="col">{say('名称', 'Name')}</th>
                <th scope="col">{say('提供单位', 'Publisher')}</th>
                <th scope="col">{say('共享属性', 'Sharing')}</th>
                <th scope="col">{say('状态', 'State')}</th>
                <th scope="col" class="n">
                  {say('记录数', 'Records')}
                </th>
              </tr>
            </thead>
            <tbody>
              {datasets.map(({ id, name, provider, sharing, status, records, things }) => {
                const { css, ...state } = stateNames[status];
                return (
                  <tr>
                    <th scope="row">
                      <a href={`/console/datasets/${id}`}>{name[language]}</a>
                      <Why things={things} language={language} />
                    </th>
                    <td>{provider[language]}</td>
                    <td>{sharingNames[sharing][language]}</td>
                    <td>
                      <span class={`state ${css}`}>{state[language]}</span>
                    </td>
                    <td class="n" data-title={say('记录数', 'Records')}>
                      {records.toLocaleString('en')}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}
