/** Departments are compared over all of their systems, with the time before, and those that went quiet are told. */
import t from 'tap';
import { departmentListing, departmentRows } from '../../../gateway/http/console/auditing/departments.js';
import { sorted } from '../../../gateway/http/ui/list-state.js';
import type { Summary } from '../../../gateway/log/search/summary.js';

const summary = (...hours: readonly Readonly<Record<string, readonly [number, number]>>[]): Summary =>
  ({
    hours: Object.fromEntries(hours.map((clients, at) => [String(at), { clients }])),
    grants: {},
  }) as unknown as Summary;
const OF: Readonly<Record<string, string>> = {
  counter: 'bureau',
  portal: 'bureau',
  inspector: 'samr',
  bidding: 'housing',
};
const rowsOf = (now: Summary, before: Summary) =>
  departmentRows(
    now,
    before,
    (client) => OF[client] ?? '',
    (id) => (id === '' ? undefined : `${id}!`),
  );

t.test('systems of one department are one line, whatever hour they asked in', (t) => {
  const rows = rowsOf(
    summary({ counter: [5, 1], inspector: [9, 0] }, { counter: [2, 0], portal: [4, 3] }),
    summary({ counter: [10, 0], bidding: [7, 7] }),
  );
  t.same(rows, [
    { id: 'bureau', name: 'bureau!', requests: 11, denied: 4, before: 10 },
    { id: 'samr', name: 'samr!', requests: 9, denied: 0, before: 0 },
    { id: 'housing', name: 'housing!', requests: 0, denied: 0, before: 7 },
  ]);
  t.end();
});

t.test('a system that is registered no more is not lost', (t) => {
  t.same(rowsOf(summary({ gone: [3, 3] }), summary()), [
    { id: '', name: undefined, requests: 3, denied: 3, before: 0 },
  ]);
  t.same(rowsOf(summary(), summary()), []);
  t.end();
});

t.test('what is compared can be sorted, and a share of nothing is none', (t) => {
  const { columns } = departmentListing('zh', '7 天', '2026-11-24T00:00');
  const rows = rowsOf(
    summary({ counter: [10, 5], inspector: [40, 2] }),
    summary({ inspector: [20, 0], bidding: [3, 0] }),
  );
  const order = (sort: string, down: boolean): readonly string[] =>
    sorted(rows, columns, { sort, down }).map(({ id }) => id);
  t.same(order('share', true), ['bureau', 'samr', 'housing'], 'the share of who asked nothing comes last');
  t.same(order('change', true), ['samr', 'housing', 'bureau'], 'nobody grows from nothing by percents');
  t.same(order('denied', false), ['housing', 'samr', 'bureau']);
  t.same(
    columns.filter(({ sorts }) => sorts !== true),
    [],
    'by every column',
  );
  t.end();
});
