/** The catalogue for people: a search, and what was found with the reason. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Freshness } from '../../../answer/question/status.js';
import type { Language } from '../../../ground/language/language.js';
import type { Thing, ThingKind } from '../../../procedures/catalogue/search.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { sharing as sharingNames, state as stateNames } from '../home/page.js';
import { listName } from './facts.js';

export interface ListedDataset {
  readonly id: string;
  readonly name: Localised;
  readonly authority: string;
  readonly provider: Localised;
  readonly sharing: 'unconditional' | 'conditional' | 'none';
  readonly status: Freshness['status'];
  readonly records: number;
  /** Why it was found. */
  readonly things: readonly Thing[];
}

interface ListProps {
  readonly language: Language;
  readonly datasets: Listed<ListedDataset>;
  readonly all: number;
}

const PATH = '/console/datasets';

/** What there is of a dataset. What a word finds, and in which order, is the search's. */
export function datasetListing(language: Language): Listing<ListedDataset> {
  const states = (Object.keys(stateNames) as (keyof typeof stateNames)[]).map((value) => ({
    value,
    title: stateNames[value][language],
  }));
  return {
    id: 'datasets',
    path: PATH,
    columns: columnsOf(language),
    keyOf: ({ id }) => id,
    page: 200,
    words: { title: { zh: '名称、字段、代码、用途', en: 'Name, field, code, purpose' } },
    choices: [
      {
        id: 'provider',
        title: { zh: '提供单位', en: 'Publisher' },
        of: ({ authority, provider }) => [{ value: authority, title: provider[language] }],
      },
      {
        id: 'sharing',
        title: { zh: '共享属性', en: 'Sharing' },
        options: (['unconditional', 'conditional', 'none'] as const).map((value) => ({
          value,
          title: sharingNames[value][language],
        })),
        of: ({ sharing }) => [{ value: sharing, title: '' }],
      },
      {
        id: 'state',
        title: { zh: '状态', en: 'State' },
        options: states,
        of: ({ status }) => [{ value: status, title: '' }],
      },
    ],
  };
}

const columnsOf = (language: Language): readonly Column<ListedDataset>[] => [
  {
    id: 'name',
    title: { zh: '名称', en: 'Name' },
    head: true,
    sorts: true,
    value: ({ name }) => name[language],
    cell: ({ id, name, things }) => (
      <>
        <a href={`${PATH}/${id}`}>{name[language]}</a>
        <Why things={things} language={language} />
      </>
    ),
  },
  {
    id: 'provider',
    title: { zh: '提供单位', en: 'Publisher' },
    sorts: true,
    value: ({ provider }) => provider[language],
    cell: ({ provider }) => provider[language],
  },
  {
    id: 'sharing',
    title: { zh: '共享属性', en: 'Sharing' },
    sorts: true,
    value: ({ sharing }) => sharingNames[sharing][language],
    cell: ({ sharing }) => sharingNames[sharing][language],
  },
  {
    id: 'state',
    title: { zh: '状态', en: 'State' },
    sorts: true,
    value: ({ status }) => stateNames[status][language],
    cell: ({ status }) => {
      const { css, ...state } = stateNames[status];
      return <span class={`state ${css}`}>{state[language]}</span>;
    },
  },
  {
    id: 'records',
    title: { zh: '记录数', en: 'Records' },
    number: true,
    sorts: true,
    value: ({ records }) => records,
    cell: ({ records }) => records.toLocaleString('en'),
  },
];

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

export function listPage({ language, datasets, all }: ListProps): JSX.Element {
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
      <ListOf
        listed={datasets}
        whole={all}
        empty={
          <>
            {say('没有符合的数据集，请换一个词。', 'Nothing is called so; try another word.')}{' '}
            <a href={PATH}>{say('显示全部', 'Show all')}</a>
          </>
        }
        class="stack catalogue"
      />
    </>
  );
}
