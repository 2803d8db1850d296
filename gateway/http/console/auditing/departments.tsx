/** Departments beside one another: how much each asked, how much of it was denied, and against the time before. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import type { Summary } from '../../../log/search/summary.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { type Say, sayIn } from '../../ui/say.js';

const PATH = '/console/overview';
const ANCHOR = 'departments';

export interface DepartmentRow {
  readonly id: string;
  readonly name: string | undefined;
  readonly requests: number;
  readonly denied: number;
  /** Requests of the time before, as long as this one. */
  readonly before: number;
}

type Totals = ReadonlyMap<string, { readonly requests: number; readonly denied: number }>;

function totalsOf({ hours }: Summary, departmentOf: (client: string) => string): Totals {
  const totals = new Map<string, { requests: number; denied: number }>();
  for (const { clients } of Object.values(hours))
    for (const [client, [requests, denied]] of Object.entries(clients)) {
      const id = departmentOf(client);
      const one = totals.get(id) ?? { requests: 0, denied: 0 };
      totals.set(id, { requests: one.requests + requests, denied: one.denied + denied });
    }
  return totals;
}

/** Who asked most first; also those that asked before and do not now. */
export function departmentRows(
  now: Summary,
  before: Summary,
  departmentOf: (client: string) => string,
  nameOf: (id: string) => string | undefined,
): readonly DepartmentRow[] {
  const [at, then] = [totalsOf(now, departmentOf), totalsOf(before, departmentOf)];
  return [...new Set([...at.keys(), ...then.keys()])]
    .map((id) => ({
      id,
      name: nameOf(id),
      requests: at.get(id)?.requests ?? 0,
      denied: at.get(id)?.denied ?? 0,
      before: then.get(id)?.requests ?? 0,
    }))
    .sort((a, b) => b.requests - a.requests || (a.id < b.id ? -1 : 1));
}

const count = (n: number): string => n.toLocaleString('en');

function changeWords({ requests, before }: DepartmentRow, say: Say): string {
  if (before === 0) return requests === 0 ? '–' : say('此前没有', 'none before');
  const change = Math.round(((requests - before) / before) * 100);
  return change === 0 ? say('持平', 'the same') : `${change > 0 ? '+' : '−'}${Math.abs(change)}%`;
}

/** What came of the time before. */
const trendOf = ({ requests, before }: DepartmentRow): 'new' | 'more' | 'less' | 'same' =>
  before === 0 && requests > 0 ? 'new' : requests > before ? 'more' : requests < before ? 'less' : 'same';

const named = ({ id, name }: DepartmentRow, say: Say): string => name ?? say('未登记的单位', id);

/**
 * What there is of a department, and by what departments are narrowed.
 * @param span how long the time is, in words. @param since its beginning, as the search has it
 */
export function departmentListing(language: Language, span: string, since: string): Listing<DepartmentRow> {
  const say = sayIn(language);
  return {
    id: 'departments',
    path: PATH,
    anchor: ANCHOR,
    columns: columnsOf(language, span, since),
    keyOf: ({ id }) => id,
    page: 100,
    words: { title: { zh: '使用单位', en: 'Department' }, of: (row) => [named(row, say), row.id] },
    choices: [
      {
        id: 'trend',
        title: { zh: '变化', en: 'Change' },
        options: [
          { value: 'more', title: say('比此前多', 'more than before') },
          { value: 'less', title: say('比此前少', 'less than before') },
          { value: 'new', title: say('此前没有', 'none before') },
          { value: 'same', title: say('持平', 'the same') },
        ],
        of: (row) => [{ value: trendOf(row), title: '' }],
      },
      {
        id: 'denials',
        title: { zh: '拒绝', en: 'Denials' },
        options: [
          { value: 'some', title: say('有拒绝', 'some') },
          { value: 'none', title: say('没有拒绝', 'none') },
        ],
        of: ({ denied }) => [{ value: denied > 0 ? 'some' : 'none', title: '' }],
      },
    ],
  };
}

function columnsOf(language: Language, span: string, since: string): readonly Column<DepartmentRow>[] {
  const say = sayIn(language);
  const search = (id: string, more: Readonly<Record<string, string>> = {}): string =>
    `/console/search?${new URLSearchParams({ authority: id, since, ...more }).toString()}`;
  const share = ({ requests, denied }: DepartmentRow): number | undefined =>
    requests === 0 ? undefined : (denied / requests) * 100;
  return [
    {
      id: 'department',
      title: { zh: '使用单位', en: 'Department' },
      head: true,
      sorts: true,
      value: (row) => named(row, say),
      cell: (row) => <a href={search(row.id)}>{named(row, say)}</a>,
    },
    {
      id: 'requests',
      title: { zh: '请求', en: 'Requests' },
      number: true,
      sorts: true,
      value: ({ requests }) => requests,
      cell: ({ requests }) => count(requests),
    },
    {
      id: 'denied',
      title: { zh: '其中拒绝', en: 'Denied' },
      number: true,
      sorts: true,
      value: ({ denied }) => denied,
      cell: ({ id, denied }) => (denied === 0 ? '–' : <a href={search(id, { result: 'deny' })}>{count(denied)}</a>),
    },
    {
      id: 'share',
      title: { zh: '拒绝占比', en: 'Share denied' },
      number: true,
      wide: true,
      sorts: true,
      value: (row) => {
        const percent = share(row);
        return percent === undefined ? undefined : Number(percent.toFixed(1));
      },
      cell: (row) => {
        const percent = share(row);
        return percent === undefined ? '–' : `${percent.toFixed(row.denied === 0 ? 0 : 1)}%`;
      },
    },
    {
      id: 'before',
      title: { zh: `此前 ${span}`, en: `${span} before` },
      number: true,
      wide: true,
      sorts: true,
      value: ({ before }) => before,
      cell: ({ before }) => count(before),
    },
    {
      id: 'change',
      title: { zh: '变化', en: 'Change' },
      number: true,
      sorts: true,
      value: ({ requests, before }) => (before === 0 ? undefined : Math.round(((requests - before) / before) * 100)),
      cell: (row) => changeWords(row, say),
    },
  ];
}

export function Departments({ departments }: { readonly departments: Listed<DepartmentRow> }): JSX.Element {
  const say = sayIn(departments.language);
  return (
    <section data-departments id={ANCHOR}>
      <h2>{say('使用单位对比', 'Departments beside one another')}</h2>
      <ListOf
        listed={departments}
        empty={say('该时段暂无请求，可在页首选择更长的时间。', 'No requests in this time: choose a longer one above.')}
      />
    </section>
  );
}
