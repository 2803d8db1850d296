/** The table that big lists share: sorted by its heads, with the columns that somebody chose, and a way out as CSV. */
import type { ComponentChildren, JSX } from 'preact';
import type { Localised } from '../../../contracts/localised.js';
import type { Language } from '../../ground/language/language.js';
import { csvOf } from '../../log/search/export/csv.js';
import type { Cell } from '../../log/search/export/table.js';
import type { ListState } from './list-state.js';
import { sayIn } from './say.js';

export interface Column<T> {
  readonly id: string;
  readonly title: Localised;
  readonly cell: (row: T) => ComponentChildren;
  /** By which it is sorted, and what a file says; absent: neither. */
  readonly value?: (row: T) => Cell;
  /** Whether the list is sorted by it. */
  readonly sorts?: boolean;
  /** Says what the row is: always shown. */
  readonly head?: boolean;
  /** Belongs to the form around the list: always shown, and no matter of choice. */
  readonly fixed?: boolean;
  readonly wide?: boolean;
  readonly number?: boolean;
  readonly class?: string;
}

/** What the rules of a list are, of its columns. */
export const rulesOf = <T,>(id: string, columns: readonly Column<T>[]) => ({
  id,
  columns: columns.filter(({ head, fixed }) => head !== true && fixed !== true).map((column) => column.id),
  sorts: columns.filter(({ sorts }) => sorts === true).map((column) => column.id),
});

export interface ListProps<T> {
  readonly language: Language;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly state: ListState;
  readonly path: string;
  /** Where on its page the list begins, if that is not its top: who sorts or narrows it comes back there. */
  readonly anchor?: string | undefined;
  /** Fields of the page's own that stay in the address. */
  readonly keeps: Readonly<Record<string, string | undefined>>;
  readonly keyOf: (row: T) => string;
  readonly class?: string;
  /** Each cell says of which column it is, where rows stand as cards (`stack`, on a phone). */
  readonly titled?: boolean;
}

const keptIn = (keeps: ListProps<unknown>['keeps']): readonly (readonly [string, string])[] =>
  Object.entries(keeps).filter((one): one is [string, string] => one[1] !== undefined && one[1] !== '');

export const hashOf = (anchor: string | undefined): string => (anchor === undefined ? '' : `#${anchor}`);

export function addressOf(
  { path, anchor, keeps, state }: Pick<ListProps<unknown>, 'path' | 'anchor' | 'keeps' | 'state'>,
  more: Readonly<Record<string, string>>,
): string {
  const query = new URLSearchParams([...keptIn(keeps)] as [string, string][]);
  if (state.q !== '') query.set('q', state.q);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  const text = query.toString();
  return `${path}${text === '' ? '' : `?${text}`}${hashOf(anchor)}`;
}

const shownOf = <T,>({ columns, state }: Pick<ListProps<T>, 'columns' | 'state'>): readonly Column<T>[] =>
  columns.filter(
    ({ id, head, fixed }) =>
      head === true || fixed === true || state.columns === undefined || state.columns.includes(id),
  );

function Head<T>({ column, list }: { readonly column: Column<T>; readonly list: ListProps<T> }): JSX.Element {
  const { id, title, sorts, number, wide, class: own } = column;
  const { language, state } = list;
  const css = [number === true ? 'n' : '', wide === true ? 'wide' : '', own ?? ''].filter(Boolean).join(' ');
  const here = state.sort === id;
  const say = sayIn(language);
  // up, down, and the list's own order again
  const next = !here ? { sort: id } : state.down ? { sort: '' } : { sort: id, down: '1' };
  return (
    <th
      scope="col"
      class={css === '' ? undefined : css}
      aria-sort={here ? (state.down ? 'descending' : 'ascending') : undefined}
    >
      {sorts === true ? (
        <a
          class="sorts"
          href={addressOf(list, next)}
          title={
            !here
              ? say('升序排列', 'ascending')
              : state.down
                ? say('恢复默认顺序', 'own order')
                : say('降序排列', 'descending')
          }
        >
          {title[language]} <span aria-hidden="true">{here ? (state.down ? '↓' : '↑') : '↕'}</span>
        </a>
      ) : (
        title[language]
      )}
    </th>
  );
}

export function ListTable<T>(list: ListProps<T>): JSX.Element {
  const { rows, keyOf, language, titled, class: css } = list;
  const shown = shownOf(list);
  return (
    <table class={css}>
      <thead>
        <tr>
          {shown.map((column) => (
            <Head column={column} list={list} key={column.id} />
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {shown.map(({ id, title, cell, head, fixed, number, wide, class: own }) => {
              const names = [number === true ? 'n' : '', wide === true ? 'wide' : '', own ?? ''].filter(Boolean);
              const css = names.length === 0 ? undefined : names.join(' ');
              return head === true ? (
                <th scope="row" class={css} key={id}>
                  {cell(row)}
                </th>
              ) : (
                <td class={css} key={id} data-title={titled === true && fixed !== true ? title[language] : undefined}>
                  {cell(row)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** As the heads do it, also where there are none: rows stand as cards on a phone. */
function Order<T>({
  columns,
  state,
  language,
}: Pick<ListProps<T>, 'columns' | 'state' | 'language'>): JSX.Element | null {
  const say = sayIn(language);
  const sorts = columns.filter((one) => one.sorts === true);
  if (sorts.length === 0) return null;
  return (
    <>
      <label>
        {say('排序', 'Order by')}{' '}
        <select name="sort">
          <option value="">{say('默认顺序', 'own order')}</option>
          {sorts.map(({ id, title }) => (
            <option value={id} selected={state.sort === id} key={id}>
              {title[language]}
            </option>
          ))}
        </select>
      </label>
      <label class="tick">
        <input type="checkbox" name="down" value="1" checked={state.sort !== undefined && state.down} />
        <span>{say('降序', 'descending')}</span>
      </label>
    </>
  );
}

/** Which columns, and the whole list as a file. Without scripts as with them. */
export function ListTools<T>({
  csv,
  search,
  ...list
}: ListProps<T> & {
  /** Address of the file; undefined where the page has another way out. */
  readonly csv?: string;
  /** Label of the field that filters by a word; undefined where the page has fields of its own. */
  readonly search?: Localised;
}): JSX.Element {
  const { language, columns, state, path, anchor, keeps } = list;
  const say = sayIn(language);
  const action = `${path}${hashOf(anchor)}`;
  const choice = columns.filter(({ head, fixed }) => head !== true && fixed !== true);
  const hidden = keptIn(keeps).map(([name, value]) => <input type="hidden" name={name} value={value} key={name} />);
  return (
    <div class="row list-tools">
      {search === undefined ? null : (
        <form class="row" method="get" action={action} role="search">
          {hidden}
          <label>
            {search[language]} <input type="search" name="q" value={state.q} maxLength={100} />
          </label>
          <button class="quiet" type="submit">
            {say('筛选', 'Filter')}
          </button>
        </form>
      )}
      <details class="more">
        <summary>{say('排序和列', 'Order and columns')}</summary>
        <form class="row" method="get" action={action}>
          {hidden}
          {state.q === '' || keeps['q'] !== undefined ? null : <input type="hidden" name="q" value={state.q} />}
          <Order columns={columns} state={state} language={language} />
          <input type="hidden" name="cols" value="" />
          {choice.map(({ id, title }) => (
            <label class="tick" key={id}>
              <input
                type="checkbox"
                name="cols"
                value={id}
                checked={state.columns === undefined || state.columns.includes(id)}
              />
              <span>{title[language]}</span>
            </label>
          ))}
          <button class="quiet" type="submit">
            {say('应用', 'Apply')}
          </button>
        </form>
      </details>
      {csv === undefined ? null : (
        <a class="quiet" href={csv} download>
          {say('导出表格', 'Export as CSV')}
        </a>
      )}
    </div>
  );
}

/** All rows, with the columns that are shown. */
export function csvOfList<T>({
  language,
  columns,
  rows,
  state,
}: Pick<ListProps<T>, 'language' | 'columns' | 'rows' | 'state'>): string {
  const shown = shownOf({ columns, state }).filter(({ value }) => value !== undefined);
  return csvOf([
    shown.map(({ title }) => title[language]),
    ...rows.map((row) => shown.map(({ value }) => value?.(row))),
  ]);
}
