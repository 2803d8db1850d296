/** Departments beside one another: how much each asked, how much of it was denied, and against the time before. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import type { Summary } from '../../../log/search/summary.js';
import { type Say, sayIn } from '../../ui/say.js';

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

function changeWords({ requests, before }: DepartmentRow, say: Say): string {
  if (before === 0) return requests === 0 ? '–' : say('此前没有', 'none before');
  const change = Math.round(((requests - before) / before) * 100);
  return change === 0 ? say('持平', 'the same') : `${change > 0 ? '+' : '−'}${Math.abs(change)}%`;
}

export function Departments({
  rows,
  span,
  language,
}: {
  readonly rows: readonly DepartmentRow[];
  /** How long the time is, in words. */
  readonly span: string;
  readonly language: Language;
}): JSX.Element {
  const say = sayIn(language);
  const count = (n: number): string => n.toLocaleString('en');
  return (
    <section class="card scroll" data-departments>
      <h2 class="in">{say('使用单位对比', 'Departments beside one another')}</h2>
      {rows.length === 0 ? (
        <p class="empty">{say('该时段暂无请求', 'No requests in this time.')}</p>
      ) : (
        <table class="stack">
          <thead>
            <tr>
              <th>{say('使用单位', 'Department')}</th>
              <th class="n">{say('请求', 'Requests')}</th>
              <th class="n">{say('其中拒绝', 'Denied')}</th>
              <th class="n wide">{say('拒绝占比', 'Share denied')}</th>
              <th class="n wide">{say(`此前 ${span}`, `${span} before`)}</th>
              <th class="n">{say('变化', 'Change')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr>
                <th>
                  <a href={`/console/search?authority=${encodeURIComponent(row.id)}`}>
                    {row.name ?? say('未登记的单位', row.id)}
                  </a>
                </th>
                <td class="n" data-title={say('请求', 'Requests')}>
                  {count(row.requests)}
                </td>
                <td class="n" data-title={say('其中拒绝', 'Denied')}>
                  {row.denied === 0 ? (
                    '–'
                  ) : (
                    <a href={`/console/search?authority=${encodeURIComponent(row.id)}&result=deny`}>
                      {count(row.denied)}
                    </a>
                  )}
                </td>
                <td class="n wide" data-title={say('拒绝占比', 'Share denied')}>
                  {row.requests === 0
                    ? '–'
                    : `${((row.denied / row.requests) * 100).toFixed(row.denied === 0 ? 0 : 1)}%`}
                </td>
                <td class="n wide" data-title={say(`此前 ${span}`, `${span} before`)}>
                  {count(row.before)}
                </td>
                <td class="n" data-title={say('变化', 'Change')}>
                  {changeWords(row, say)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
