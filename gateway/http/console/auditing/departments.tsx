/** Departments beside one another: how much each asked, how much of it was denied, and against the time before. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import type { Summary } from '../../../log/search/summary.js';
import { addressOf, type Column, type ListProps, ListTable, ListTools } from '../../ui/list.js';
import { type Say, sayIn } from '../../ui/say.js';

const PATH = '/console/overview';

interface DepartmentRow {
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

/** @param span how long the time is, in words. @param since its beginning, as the search has it */
export function departmentColumns(language: Language, span: string, since: string): readonly Column<DepartmentRow>[] {
  const say = sayIn(language);
  const search = (id: string, more: Readonly<Record<string, string>> = {}): string =>
    `/console/search?${new URLSearchParams({ authority: id, since, ...more }).toString()}`;
  const named = ({ id, name }: DepartmentRow): string => name ?? say('未登记的单位', id);
  const share = ({ requests, denied }: DepartmentRow): number | undefined =>
    requests === 0 ? undefined : (denied / requests) * 100;
  return [
    {
      id: 'department',
      title: { zh: '使用单位', en: 'Department' },
      head: true,
      sorts: true,
      value: named,
      cell: (row) => <a href={search(row.id)}>{named(row)}</a>,
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

export type DepartmentsProps = Pick<ListProps<DepartmentRow>, 'language' | 'columns' | 'rows' | 'state'>;

/** @param span of the page, which stays in the address */
export function Departments({ span, ...shown }: DepartmentsProps & { readonly span: string }): JSX.Element {
  const { language, rows } = shown;
  const say = sayIn(language);
  const list = {
    ...shown,
    path: PATH,
    keeps: { span },
    keyOf: ({ id }: DepartmentRow) => id,
    class: 'stack',
    titled: true,
  };
  return (
    <section data-departments>
      <h2>{say('使用单位对比', 'Departments beside one another')}</h2>
      {rows.length === 0 ? null : <ListTools {...list} csv={addressOf({ ...list, path: `${PATH}.csv` }, {})} />}
      <div class="card scroll">
        {rows.length === 0 ? (
          <p class="empty">
            {say('该时段暂无请求，可在页首选择更长的时间。', 'No requests in this time: choose a longer one above.')}
          </p>
        ) : (
          <ListTable {...list} />
        )}
      </div>
    </section>
  );
}
