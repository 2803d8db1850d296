/** The form and the list. */

import type { JSX } from 'preact';
import { inOneLine, typeWords } from '../../../documents/words/entry.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { eventTable } from '../../../log/entries/events.js';
import type { FoundEntry } from '../../../log/search/index.js';
import { CompanyField } from '../../ui/company-field.js';
import { ChoiceField, Form, TextField } from '../../ui/form.js';
import { type Column, ListTable, ListTools } from '../../ui/list.js';
import type { ListState } from '../../ui/list-state.js';
import { Pager } from '../../ui/pager.js';
import { actsIn, QUESTION_LABELS, questionFields, questionWords } from '../../ui/question-words.js';
import { sayIn } from '../../ui/say.js';
import { ExportForm } from './export-form.js';
import type { Filters, Side } from './filters.js';
import type { ShownSaved } from './saved.js';
import { Saved, SaveForm } from './saved-part.js';

const LISTS = ['clients', 'datasets', 'authorities', 'purposes', 'grants'] as const;

interface Named {
  readonly id: string;
  readonly name: string;
}

export interface SearchProps {
  readonly language: Language;
  readonly filters: Filters;
  readonly entries: readonly FoundEntry[];
  /** Of an inspector. */
  readonly side?: Side;
  readonly mayExport: boolean;
  readonly state: ListState;
  /** What is asked, as it stands in the address. */
  readonly keeps: Readonly<Record<string, string | undefined>>;
  readonly saved: readonly ShownSaved[];
  /** Whether a company is found by its name. */
  readonly byName: boolean;
  /** What the company is called that is asked about, where that may be told. */
  readonly called: string | undefined;
  /** How the addresses of entries go on, so that they know whom was asked about. */
  readonly of: string;
  /** How many there are; `more`: at least so many. Undefined on later pages. */
  readonly total: { readonly count: number; readonly more: boolean } | undefined;
  /** The period that is asked for, where it has a name. */
  readonly period: { readonly value: string; readonly words: string } | undefined;
  /** The same without its period. */
  readonly anyTime: string | undefined;
  readonly next: string | undefined;
  readonly first: string | undefined;
  readonly periods: readonly { readonly words: string; readonly href: string; readonly chosen: boolean }[];
  readonly without: (name: keyof Filters) => string;
  readonly names: Names;
  /** What a field may be filled with. */
  readonly lists: Readonly<Record<(typeof LISTS)[number], readonly Named[]>>;
}

/** What can be asked for; what is asked for now stands in it. */
function SearchForm({ language, filters, side, byName, names, lists, called }: SearchProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const label = (name: keyof Filters): string => QUESTION_LABELS[name][language];
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
          ...(stray ? [{ value, title: questionWords(name, filters, { names, language, called }) }] : []),
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

/**
 * @param mixed whether entries of several types are listed
 * @param of how the addresses of entries go on
 */
export const entryColumns = (
  language: Language,
  names: Names,
  mixed: boolean,
  of = '',
): readonly Column<FoundEntry>[] => [
  {
    id: 'time',
    title: { zh: '时间', en: 'Time' },
    sorts: true,
    head: true,
    cell: ({ index, body }) => (
      <>
        <a href={`/console/entries/${index}${of}`}>
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
  {
    id: 'client',
    title: { zh: '应用与使用单位', en: 'Client and department' },
    cell: ({ body }) => (
      <>
        {names.client(body.client) ?? '–'}
        {body.authority === undefined ? null : <span class="plain soft">{names.authority(body.authority)}</span>}
      </>
    ),
  },
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

/** How many there are, in words. */
function Total({ language, entries, total }: SearchProps): JSX.Element | null {
  if (total === undefined || entries.length === 0) return null;
  const say = sayIn(language);
  const { count, more } = total;
  return (
    <p class="foot" role="status" data-total={String(count)}>
      {more
        ? say(`超过 ${count} 条。`, `More than ${count} entries.`)
        : say(`共 ${count} 条。`, `${count} ${count === 1 ? 'entry' : 'entries'}.`)}
    </p>
  );
}

/** What to do where nothing was found. */
function Nothing({ language, filters, anyTime }: SearchProps): JSX.Element {
  const say = sayIn(language);
  return (
    <div class="empty">
      <p>{say('没有符合条件的记录。', 'Nothing matches.')}</p>
      {anyTime === undefined ? null : (
        <p>
          <a href={anyTime}>{say('不限时间，重新检索', 'Ask again, of any time')}</a>
        </p>
      )}
      {filters.subject === undefined || anyTime !== undefined ? null : (
        <p class="soft">
          {say(
            '从未被查询过的主体没有记录；请核对代码，或者改按企业名称检索。',
            'Of whom nobody ever asked there is nothing; check the key, or search by the name of the company.',
          )}
        </p>
      )}
    </div>
  );
}

export function searchPage(props: SearchProps): JSX.Element {
  const { language, filters, entries, side, mayExport, next, first, periods, without, names, called } = props;
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const shownAs = (name: keyof Filters): string => questionWords(name, filters, { names, language, called });
  // of one type alone the column would say the same in each row
  const mixed = new Set(entries.map(({ body }) => body.type)).size > 1;
  const oldest = props.state.sort === 'time' && !props.state.down;
  const list = {
    language,
    columns: entryColumns(language, names, mixed, props.of),
    rows: entries,
    state: props.state,
    path: '/console/search',
    keeps: props.keeps,
    keyOf: ({ index }: FoundEntry) => String(index),
  };
  const active = questionFields(filters);
  return (
    <>
      <h1>
        {called === undefined
          ? say('数据使用记录检索', 'Who saw what, when and why')
          : say(`${called}的数据使用记录`, `Who saw what of ${called}`)}
      </h1>
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
      <Saved language={language} saved={props.saved} names={names} />
      <SearchForm {...props} />
      {active.length === 0 ? null : (
        <p class="chips">
          {active.map((name) => (
            <a class="chip" href={without(name)} title={say('去掉此条件', 'Remove this filter')}>
              {QUESTION_LABELS[name][language]}
              {say('：', ': ')}
              <span class={name === 'request' ? 'exact' : undefined}>{shownAs(name)}</span>{' '}
              <span aria-hidden="true">×</span>
            </a>
          ))}
        </p>
      )}
      <Total {...props} />
      {entries.length === 0 ? null : <ListTools {...list} />}
      <div class="card scroll">{entries.length === 0 ? <Nothing {...props} /> : <ListTable {...list} />}</div>
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
      {active.length === 0 ? null : (
        <SaveForm language={language} filters={filters} side={side} period={props.period} />
      )}
      {mayExport && entries.length > 0 ? (
        <ExportForm
          language={language}
          action="/console/export"
          what={say('导出全部结果（每条附存证）', 'Export all of it, each entry with its proof')}
          hidden={{
            ...Object.fromEntries(active.map((name) => [name, filters[name] ?? ''])),
            ...(side === 'authority' ? { side: 'authority' } : {}),
          }}
        />
      ) : null}
    </>
  );
}
