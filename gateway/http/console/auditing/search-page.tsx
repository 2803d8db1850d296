/** The form and the list. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import { inOneLine, typeWords } from '../../../documents/words/entry.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { actionTable, lookTable } from '../../../log/entries/actions.js';
import { eventTable } from '../../../log/entries/events.js';
import type { FoundEntry } from '../../../log/search/index.js';
import { CompanyField } from '../../ui/company-field.js';
import { ChoiceField, Form, TextField } from '../../ui/form.js';
import { type Column, ListTable, ListTools } from '../../ui/list.js';
import type { ListState } from '../../ui/list-state.js';
import { Pager } from '../../ui/pager.js';
import type { Filters, Side } from './filters.js';
import type { SavedSearch } from './saved.js';
import { Saved, SaveForm } from './saved-part.js';

const LISTS = ['clients', 'datasets', 'authorities', 'purposes', 'grants'] as const;

interface Named {
  readonly id: string;
  readonly name: string;
}

interface SearchProps {
  readonly language: Language;
  readonly filters: Filters;
  readonly entries: readonly FoundEntry[];
  /** Of an inspector. */
  readonly side?: Side;
  readonly mayExport: boolean;
  readonly state: ListState;
  /** What is asked, as it stands in the address. */
  readonly keeps: Readonly<Record<string, string | undefined>>;
  readonly saved: readonly SavedSearch[];
  /** Whether a company is found by its name. */
  readonly byName: boolean;
  readonly next: string | undefined;
  readonly first: string | undefined;
  readonly periods: readonly { readonly words: string; readonly href: string; readonly chosen: boolean }[];
  readonly without: (name: keyof Filters) => string;
  readonly names: Names;
  /** What a field may be filled with. */
  readonly lists: Readonly<Record<(typeof LISTS)[number], readonly Named[]>>;
}

const LABELS: { readonly [name in keyof Required<Filters>]: readonly [zh: string, en: string] } = {
  client: ['应用', 'Client'],
  authority: ['使用单位', 'Consumer authority'],
  provider: ['数据提供单位', 'Provider'],
  dataset: ['数据集', 'Dataset'],
  grant: ['授权', 'Grant'],
  purpose: ['用途', 'Purpose'],
  item: ['事项编码', 'Item'],
  result: ['结果', 'Result'],
  type: ['类型', 'Type'],
  action: ['操作', 'Action'],
  request: ['请求编号', 'Request id'],
  since: ['起始时间', 'From'],
  until: ['截止时间', 'Until'],
  subject: ['主体', 'Subject'],
  caseId: ['办件编号', 'Case'],
  actor: ['经办人', 'Case handler'],
};

/** Acts and looks that can be asked for. */
const actsIn = (language: Language): readonly Named[] =>
  [...Object.entries(lookTable), ...Object.entries(actionTable)].map(([id, words]) => ({ id, name: words[language] }));

/** What is asked for by a filter, in words. */
function valueWords(name: keyof Filters, filters: Filters, names: Names, language: Language): string {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const value = filters[name] ?? '';
  switch (name) {
    case 'client':
      return names.client(value) ?? value;
    case 'dataset':
      return names.dataset(value) ?? value;
    case 'provider':
    case 'authority':
      return names.authority(value) ?? value;
    case 'purpose':
      return names.purpose(value) ?? value;
    case 'grant':
      return names.grant(value) ?? value;
    case 'type':
      return value === 'all' ? say('全部类型', 'all types') : typeWords(value, language);
    case 'result':
      return value === 'allow' ? say('提供', 'released') : say('不予提供', 'denied');
    case 'action':
      return actsIn(language).find(({ id }) => id === value)?.name ?? say('未登记的操作', value);
    case 'subject':
      return zh ? keyOf(value) : value;
    case 'since':
    case 'until':
      return value.replace('T', ' ');
    default:
      return value;
  }
}

/** What can be asked for; what is asked for now stands in it. */
function SearchForm({ language, filters, side, byName, names, lists }: SearchProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const label = (name: keyof Filters): string => LABELS[name][zh ? 0 : 1];
  const text = (name: keyof Filters): JSX.Element => (
    <TextField
      type="search"
      name={name}
      label={label(name)}
      value={filters[name] ?? ''}
      autocomplete="off"
      spellcheck={false}
    />
  );
  const acts = actsIn(language);
  /** By name; what is asked for and stands in no list any more stays chosen. */
  const named = (name: keyof Filters, all: readonly Named[]): JSX.Element => {
    const value = filters[name];
    const stray = value !== undefined && !all.some(({ id }) => id === value);
    return (
      <ChoiceField
        name={name}
        label={label(name)}
        value={value ?? ''}
        options={[
          { value: '', title: say('全部', 'all') },
          ...(stray ? [{ value, title: valueWords(name, filters, names, language) }] : []),
          ...all.map((one) => ({ value: one.id, title: one.name })),
        ]}
      />
    );
  };
  const moment = (name: 'since' | 'until'): JSX.Element => (
    <TextField type="datetime-local" name={name} label={label(name)} value={filters[name] ?? ''} />
  );
  const choice = (name: 'result' | 'type', options: readonly (readonly [string, string])[]): JSX.Element => (
    <ChoiceField
      name={name}
      label={label(name)}
      value={filters[name] ?? ''}
      options={[
        { value: '', title: name === 'type' ? eventTable.released[language] : say('全部', 'all') },
        ...options.map(([value, title]) => ({ value, title })),
      ]}
    />
  );
  return (
    <Form
      class="filters"
      action="/console/search"
      role="search"
      hidden={side === 'authority' ? { side: 'authority' } : {}}
    >
      <CompanyField
        language={language}
        name="subject"
        label={byName ? say('主体（代码或企业名称）', 'Subject (code, or name of a company)') : label('subject')}
        value={filters.subject ?? ''}
        byName={byName}
      />
      {text('caseId')}
      {named('client', lists.clients)}
      {named('dataset', lists.datasets)}
      {side === 'provider' ? null : named('provider', lists.authorities)}
      {named('purpose', lists.purposes)}
      {choice('result', [
        ['allow', say('提供', 'released')],
        ['deny', say('不予提供', 'denied')],
      ])}
      {moment('since')}
      {moment('until')}
      <details
        class="more"
        open={(['actor', 'authority', 'grant', 'item', 'type', 'action', 'request'] as const).some(
          (name) => filters[name] !== undefined,
        )}
      >
        <summary>{say('更多条件', 'More filters')}</summary>
        <div class="filters in">
          {text('actor')}
          {side === 'authority' ? null : named('authority', lists.authorities)}
          {named('grant', lists.grants)}
          {text('item')}
          {choice('type', [
            ['all', say('全部类型', 'all types')],
            ...Object.entries(eventTable)
              .filter(([value]) => value !== 'released')
              .map(([value, title]): [string, string] => [value, title[language]]),
          ])}
          {named('action', acts)}
          {text('request')}
        </div>
      </details>
      <div class="row">
        <button class="button" type="submit">
          {say('检索', 'Search')}
        </button>
        <a class="quiet" href={side === 'authority' ? '/console/search?side=authority' : '/console/search'}>
          {say('清除', 'Clear')}
        </a>
      </div>
    </Form>
  );
}

/** By which articles what was answered was answered, each once; what is not in force any more is not told. */
const basesOf = ({ body: { datasets = [] } }: FoundEntry, names: Names): readonly string[] => [
  ...new Set(datasets.flatMap(({ grant }) => names.basis(grant))),
];

/** @param mixed whether entries of several types are listed */
export const entryColumns = (language: Language, names: Names, mixed: boolean): readonly Column<FoundEntry>[] => [
  {
    id: 'time',
    title: { zh: '时间', en: 'Time' },
    sorts: true,
    head: true,
    cell: ({ index, body }) => (
      <>
        <a href={`/console/entries/${index}`}>
          <time dateTime={body.time}>{body.time === undefined ? '–' : localSecond(body.time)}</time>
        </a>
        {mixed ? <span class="phone-only soft">{typeWords(body.type, language)}</span> : null}
      </>
    ),
  },
  ...(mixed
    ? [
        {
          id: 'type',
          title: { zh: '类型', en: 'Type' },
          wide: true,
          fixed: true,
          cell: ({ body }: FoundEntry) => typeWords(body.type, language),
        },
      ]
    : []),
  { id: 'client', title: { zh: '应用', en: 'Client' }, cell: ({ body }) => names.client(body.client) ?? '–' },
  {
    id: 'purpose',
    title: { zh: '用途', en: 'Purpose' },
    wide: true,
    cell: ({ body }) => names.purpose(body.purpose, body.report) ?? '–',
  },
  {
    id: 'datasets',
    title: { zh: '数据集', en: 'Datasets' },
    wide: true,
    cell: ({ body: { datasets = [] } }) => (
      <>
        {datasets
          .slice(0, 3)
          .map(({ dataset }) => names.dataset(dataset))
          .join(language === 'zh' ? '、' : ', ')}
        {datasets.length > 3 ? ` +${datasets.length - 3}` : ''}
      </>
    ),
  },
  {
    id: 'basis',
    title: { zh: '授权依据', en: 'Granted by' },
    wide: true,
    cell: (entry) => {
      const [first, ...more] = basesOf(entry, names);
      const others = language === 'zh' ? `等 ${more.length + 1} 条` : ` +${more.length}`;
      return first === undefined ? '–' : `${first}${more.length === 0 ? '' : others}`;
    },
  },
  {
    id: 'result',
    title: { zh: '结果', en: 'Result' },
    cell: (entry) => (
      <>
        {inOneLine(entry, language)}
        {entry.erasedBy === undefined ? null : (
          <span class="state none">{language === 'zh' ? '主体已抹除' : 'subject erased'}</span>
        )}
        {entry.expiredBy === undefined ? null : (
          <span class="state none">{language === 'zh' ? '已到期销毁' : 'expired'}</span>
        )}
      </>
    ),
  },
];

export function searchPage(props: SearchProps): JSX.Element {
  const { language, filters, entries, side, mayExport, next, first, periods, without, names } = props;
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const shownAs = (name: keyof Filters): string => valueWords(name, filters, names, language);
  // of one type alone the column would say the same in each row
  const mixed = new Set(entries.map(({ body }) => body.type)).size > 1;
  const oldest = props.state.sort === 'time' && !props.state.down;
  const list = {
    language,
    columns: entryColumns(language, names, mixed),
    rows: entries,
    state: props.state,
    path: '/console/search',
    keeps: props.keeps,
    keyOf: ({ index }: FoundEntry) => String(index),
  };
  const active = (Object.keys(LABELS) as (keyof Filters)[]).filter((name) => filters[name] !== undefined);
  return (
    <>
      <h1>{say('数据使用记录检索', 'Who saw what, when and why')}</h1>
      {side === undefined ? null : (
        <nav class="pills" aria-label={say('范围', 'Side')}>
          <a href="/console/search" aria-current={side === 'provider' ? 'true' : undefined}>
            {say('对本单位数据的访问', 'Access to our data')}
          </a>
          <a href="/console/search?side=authority" aria-current={side === 'authority' ? 'true' : undefined}>
            {say('本单位应用的访问', 'Access by our systems')}
          </a>
        </nav>
      )}
      <nav class="pills" aria-label={say('时间', 'Period')}>
        {periods.map(({ words, href, chosen }) => (
          <a href={href} aria-current={chosen ? 'true' : undefined}>
            {words}
          </a>
        ))}
      </nav>
      <Saved language={language} saved={props.saved} />
      <SearchForm {...props} />
      {active.length === 0 ? null : (
        <p class="chips">
          {active.map((name) => (
            <a class="chip" href={without(name)} title={say('去掉此条件', 'Remove this filter')}>
              {LABELS[name][zh ? 0 : 1]}
              {say('：', ': ')}
              <span class={name === 'request' ? 'exact' : undefined}>{shownAs(name)}</span>{' '}
              <span aria-hidden="true">×</span>
            </a>
          ))}
        </p>
      )}
      {entries.length === 0 ? null : <ListTools {...list} />}
      <div class="card scroll">
        {entries.length === 0 ? (
          <p class="empty">{say('没有符合条件的记录。', 'Nothing matches.')}</p>
        ) : (
          <ListTable {...list} />
        )}
      </div>
      <Pager
        back={{ href: first, words: oldest ? say('最早', 'Oldest') : say('最新', 'Newest') }}
        on={{ href: next, words: oldest ? say('更晚 →', 'Newer →') : say('更早 →', 'Older →'), rel: 'next' }}
      />
      {filters.subject === undefined &&
      filters.item === undefined &&
      filters.caseId === undefined &&
      filters.actor === undefined ? null : (
        <p class="foot">
          {say(
            '地址栏中的主体、事项、办件与经办人以本次登录专用的代号出现；本次查阅已记入日志。',
            'In the address the subject, item, case and handler stand under names of this sign-in only; this ' +
              'look is on record.',
          )}
        </p>
      )}
      {active.length === 0 ? null : <SaveForm language={language} filters={filters} side={side} />}
      {mayExport && entries.length > 0 ? (
        <Form class="row card pad" action="/console/export" hidden={side === 'authority' ? { side: 'authority' } : {}}>
          {active.map((name) => (
            <input type="hidden" name={name} value={filters[name]} />
          ))}
          <label class="row">
            {say('导出全部结果（每行附证明）', 'Export all of it, each line with its proof')}
            <select name="format">
              <option value="xlsx">{say('Excel 表格', 'Excel workbook')}</option>
              <option value="csv">{say('CSV 表格', 'CSV')}</option>
              <option value="ndjson">{say('JSON 逐行文件', 'NDJSON')}</option>
              <option value="ocsf">{say('安全运营平台格式', 'OCSF')}</option>
            </select>
          </label>
          <button class="quiet" type="submit">
            {say('导出', 'Export')}
          </button>
        </Form>
      ) : null}
    </>
  );
}
