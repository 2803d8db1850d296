/** The days of a grant are days of Asia/Shanghai, wherever the machine is. */
import t from 'tap';
import { dayOf, endOfDay, startOfDay, termOf } from '../../policies/dates.js';

t.test('a term of whole years begins on the day in Shanghai and ends on the day before the same day', (t) => {
  for (const [now, years, from, until] of [
    ['2026-11-29T12:00:00+08:00', 2, '2026-11-29', '2028-11-28'],
    ['2026-12-31T23:59:59.999+08:00', 2, '2026-12-31', '2028-12-30'],
    ['2026-12-31T16:00:00Z', 1, '2027-01-01', '2027-12-31'],
    ['2028-02-29T15:59:59Z', 1, '2028-02-29', '2029-02-28'],
    ['2028-02-29T00:00:00+08:00', 4, '2028-02-29', '2032-02-28'],
    ['2027-03-01T00:00:00+08:00', 1, '2027-03-01', '2028-02-29'],
  ] as const) {
    t.same(termOf(Date.parse(now), years), { from, until }, now);
  }
  t.end();
});

t.test('a day begins and ends at midnight in Shanghai', (t) => {
  t.equal(startOfDay('2028-02-29'), Date.parse('2028-02-28T16:00:00Z'));
  t.equal(endOfDay('2028-02-29'), startOfDay('2028-03-01'));
  t.equal(dayOf(endOfDay('2028-02-29') - 1) + 1, dayOf(endOfDay('2028-02-29')));
  t.end();
});
