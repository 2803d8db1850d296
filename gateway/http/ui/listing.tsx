/**
 * A list that is at hand whole: what it has, by what it is narrowed, and how it is looked at. Page and file are made of
 * one `Listing`, so that a list that filters also sorts, remembers, goes out and turns pages as every other does.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ComponentChildren, JSX } from 'preact';
import type { Localised } from '../../../contracts/localised.js';
import type { GatewayContext } from '../../documents/context.js';
import type { Language } from '../../ground/language/language.js';
import { By, type Chosen, chosenIn, chosenWords, type Filter, FilterForm, type Option, periodOf } from './filters.js';
import { sendCsv } from './frame.js';
import { addressOf, type Column, csvOfList, type ListProps, ListTable, ListTools, rulesOf } from './list.js';
import { compareWords, type ListState, listState, sorted } from './list-state.js';
import { Pager } from './pager.js';
import { sayIn } from './say.js';

interface Choice<T> {
  /** Field of the address. */
  readonly id: string;
  readonly title: Localised;
  /** What a row is of it: several, where it is several things. */
  readonly of: (row: T) => readonly Option[];
  /** All that there are, in this order; default: those that rows have, by their titles. */
  readonly options?: readonly Option[];
}

export interface Listing<T> {
  /** Letters and hyphens: under it is remembered how it is looked at, and its file is called so. */
  readonly id: string;
  readonly path: string;
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string;
  /** `of`: where a word is looked for; absent where the page itself has looked for it. */
  readonly words?: { readonly title: Localised; readonly of?: (row: T) => readonly (string | undefined)[] };
  readonly choices?: readonly Choice<T>[];
  /** `at`: ms since 1970 */
  readonly period?: { readonly title: Localised; readonly at: (row: T) => number | undefined };
  /** Rows of a page. */
  readonly page?: number;
}

export interface Listed<T> {
  readonly language: Language;
  readonly listing: Listing<T>;
  readonly state: ListState;
  readonly filters: readonly Filter[];
  readonly chosen: Chosen;
  /** Fields of the page's own, and what the list is narrowed by. */
  readonly keeps: Readonly<Record<string, string | undefined>>;
  /** Fields of the page's own. */
  readonly own: Readonly<Record<string, string | undefined>>;
  /** Of how many. */
  readonly of: number;
  /** What fits, in order. */
  readonly rows: readonly T[];
  /** Of this page. */
  readonly shown: readonly T[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
}

const PAGE = 50;
/** Rows that are seen at a glance: of them nothing has to be found. */
const FEW = 5;

function optionsOf<T>({ of, options }: Choice<T>, rows: readonly T[]): readonly Option[] {
  if (options !== undefined) return options;
  const found = new Map(rows.flatMap((row) => of(row).map((one) => [one.value, one] as const)));
  return [...found.values()].sort((a, b) => compareWords(a.title, b.title));
}

const filtersOf = <T,>({ words, choices = [], period }: Listing<T>, rows: readonly T[]): readonly Filter[] => [
  ...(words === undefined ? [] : [{ kind: 'word', title: words.title } as const]),
  ...choices.map((choice) => ({
    kind: 'choice' as const,
    id: choice.id,
    title: choice.title,
    options: optionsOf(choice, rows),
    closed: choice.options !== undefined,
  })),
  ...(period === undefined ? [] : [{ kind: 'period', title: period.title } as const]),
];

function fitting<T>({ words, choices = [], period }: Listing<T>, rows: readonly T[], chosen: Chosen): readonly T[] {
  const word = words?.of === undefined ? undefined : chosen['q']?.toLowerCase();
  const { since, until } = periodOf(chosen);
  return rows.filter((row) => {
    if (word !== undefined && words?.of?.(row).some((text) => text?.toLowerCase().includes(word) === true) !== true)
      return false;
    if (
      choices.some(({ id, of }) => {
        const value = chosen[id];
        return value !== undefined && !of(row).some((one) => one.value === value);
      })
    )
      return false;
    if (period === undefined || (since === undefined && until === undefined)) return true;
    const at = period.at(row);
    return at !== undefined && (since === undefined || at >= since) && (until === undefined || at < until);
  });
}

/**
 * The rows as the address asks for them, and as somebody looked at them before.
 * @param own fields of the page that stay in the address
 * @throws YitongError `bad_request`
 */
export async function listed<T>(
  request: FastifyRequest,
  context: GatewayContext,
  listing: Listing<T>,
  all: readonly T[],
  own: Listed<T>['own'] = {},
): Promise<Listed<T>> {
  const filters = filtersOf(listing, all);
  const chosen = chosenIn(request.query, filters);
  const state = await listState(request, context, rulesOf(listing.id, listing.columns));
  const rows = sorted(fitting(listing, all, chosen), listing.columns, state);
  const { page: size = PAGE } = listing;
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const page = Math.min(state.page, pages);
  const { q: _, ...narrowed } = chosen;
  return {
    language: request.language,
    listing,
    state: listing.words === undefined ? { ...state, q: '' } : state,
    filters,
    chosen,
    keeps: { ...own, ...narrowed },
    own,
    of: all.length,
    rows,
    shown: rows.slice((page - 1) * size, page * size),
    page,
    pages,
  };
}

/** All that fits, with the columns that are shown, as a file. */
export const sendListed = <T,>(
  reply: FastifyReply,
  { language, listing, rows, state }: Pick<Listed<T>, 'language' | 'listing' | 'rows' | 'state'>,
): FastifyReply => sendCsv(reply, listing.id, csvOfList({ language, columns: listing.columns, rows, state }));

/** How many, of how many, by what; on paper it stands in place of the form. */
function Count<T>({ listed, of }: { readonly listed: Listed<T>; readonly of: number }): JSX.Element {
  const { language, rows, filters, chosen, page, pages } = listed;
  const say = sayIn(language);
  const by = chosenWords(filters, chosen, language);
  const found = rows.length.toLocaleString('en');
  const whole = of.toLocaleString('en');
  return (
    <p class="foot" role="status">
      {by === '' ? (
        say(`共 ${whole} 项`, `${whole} in all`)
      ) : (
        <>
          {say(`共 ${whole} 项，符合条件 ${found} 项（`, `${found} of ${whole} (`)}
          <By chosen={chosen}>{by}</By>
          {say('）', ')')}
        </>
      )}
      {pages < 2 ? '' : say(`，第 ${page} / ${pages} 页`, `, page ${page} of ${pages}`)}
    </p>
  );
}

/**
 * The whole list: its filters, tools, rows and pages.
 * @param around what stands around the rows: a form that acts on those that are picked
 */
export function ListOf<T>({
  listed,
  empty,
  whole = listed.of,
  csv = true,
  class: css = 'stack',
  around = (table) => table,
}: {
  readonly listed: Listed<T>;
  /** Where there is nothing at all. */
  readonly empty: ComponentChildren;
  /** Of how many, where the page itself has looked for a word. */
  readonly whole?: number;
  /** Whether it goes out as a file, at the page's address and `.csv`. */
  readonly csv?: boolean;
  readonly class?: string;
  readonly around?: (table: JSX.Element) => JSX.Element;
}): JSX.Element {
  const { language, listing, state, filters, chosen, keeps, own, shown, of, page, pages } = listed;
  const { path, columns, keyOf } = listing;
  const say = sayIn(language);
  const nothing = (words: ComponentChildren): JSX.Element => (
    <div class="card">
      <p class="empty">{words}</p>
    </div>
  );
  const isNarrowed = Object.keys(chosen).length > 0;
  if (of === 0 && !isNarrowed) return nothing(empty);
  const list: ListProps<T> = { language, columns, rows: shown, state, path, keeps, keyOf, class: css, titled: true };
  const turn = (to: number): string | undefined => {
    if (to < 1 || to > pages) return undefined;
    const order = state.sort === undefined ? {} : { sort: state.sort, ...(state.down ? { down: '1' } : {}) };
    return addressOf(list, { ...order, ...(to === 1 ? {} : { page: String(to) }) });
  };
  return (
    <>
      {of <= FEW && !isNarrowed ? null : (
        <FilterForm language={language} path={path} filters={filters} chosen={chosen} keeps={own} />
      )}
      <ListTools {...list} {...(csv ? { csv: addressOf({ ...list, path: `${path}.csv` }, {}) } : {})} />
      <Count listed={listed} of={whole} />
      {shown.length === 0
        ? nothing(of === 0 ? empty : say('没有符合条件的内容', 'Nothing matches.'))
        : around(
            <div class="card">
              <ListTable {...list} />
            </div>,
          )}
      <Pager
        back={{ href: turn(page - 1), words: say('← 上一页', '← Previous'), rel: 'prev' }}
        on={{ href: turn(page + 1), words: say('下一页 →', 'Next →'), rel: 'next' }}
      />
    </>
  );
}
