/** 社会信用条例 Art.35–38, day by day: what may be told, and until when. */
import fc from 'fast-check';
import t from 'tap';
import { dateToDays, daysToDate } from '../../contracts/logical.js';
import { judge, lastDayOf, type RecordFacts, type Reckoning } from '../../gateway/reports/compute/rules.js';

const layout = { term: { years: 5, basis: ['Art.35'] }, repaired: { field: 'repair.status', values: ['repaired'] }, displayUntil: 'displayUntil' };
const wide: Omit<Reckoning, 'today'> = { from: '1990-01-01', to: '2099-12-31' };
const on = (today: string, facts: RecordFacts, rules: typeof layout | { readonly term: { readonly years?: number; readonly basis: readonly string[] } } = layout, days = wide) => {
  const verdict = judge(facts, rules, { today, ...days });
  return verdict.told ? 'told' : verdict.why;
};

void t.test('Art.35: a record is told up to the last day of five years from the end of the conduct, and not at all after it', async (t) => {
  const facts = { ended: '2021-11-26' };
  t.equal(on('2026-11-25', facts), 'told', 'the day before');
  t.equal(on('2026-11-26', facts), 'told', 'on the last day');
  t.equal(on('2026-11-27', facts), 'expired', 'the day after');
  t.match(judge(facts, layout, { today: '2026-11-25', ...wide }), { endedOn: '2021-11-26', reportableUntil: '2026-11-26' });
});

void t.test('Art.35: conduct that ended on 29 February is told up to 28 February five years on', async (t) => {
  t.equal(lastDayOf('2024-02-29', 5), '2029-02-28');
  t.equal(on('2029-02-28', { ended: '2024-02-29' }), 'told');
  t.equal(on('2029-03-01', { ended: '2024-02-29' }), 'expired');
  t.equal(lastDayOf('2024-02-29', 4), '2028-02-29', 'in a leap year up to the 29th');
  t.equal(lastDayOf('2023-02-28', 5), '2028-02-28', 'and from the 28th to the 28th');
});

void t.test('Art.35: where a law sets another term, that one counts; where it sets no end, the record stays', async (t) => {
  const facts = { ended: '2021-11-26' };
  t.equal(on('2024-11-26', facts, { term: { years: 3, basis: ['another law'] } }), 'told');
  t.equal(on('2024-11-27', facts, { term: { years: 3, basis: ['another law'] } }), 'expired');
  t.equal(on('2099-01-01', facts, { term: { basis: ['another law'] } }), 'told');
  t.notOk('reportableUntil' in judge(facts, { term: { basis: ['another law'] } }, { today: '2099-01-01', ...wide }), 'and has no last day');
});

void t.test('Art.35: conduct that goes on has no term yet', async (t) => {
  t.equal(on('2026-11-26', { began: '2010-01-01' }), 'told');
  t.equal(on('2026-11-26', {}), 'told');
});

void t.test('Art.38: what was repaired is not told, within its term or after; what is only under review is', async (t) => {
  t.equal(on('2026-11-26', { ended: '2026-01-01', repaired: 'repaired' }), 'repaired');
  t.equal(on('2040-11-26', { ended: '2026-01-01', repaired: 'repaired' }), 'repaired');
  t.equal(on('2026-11-26', { ended: '2026-01-01', repaired: 'pending' }), 'told');
  t.equal(on('2026-11-26', { ended: '2026-01-01', repaired: 'none' }), 'told');
});

void t.test('public display and telling are two flags: what is no longer displayed is told up to its term', async (t) => {
  const facts = { ended: '2024-05-01', displayUntil: '2026-11-26' };
  t.match(judge(facts, layout, { today: '2026-11-26', ...wide }), { told: true, displayed: true }, 'on the last day of display');
  t.match(judge(facts, layout, { today: '2026-11-27', ...wide }), { told: true, displayed: false }, 'the day after');
  t.match(judge({ ended: '2021-01-01', displayUntil: '2099-01-01' }, layout, { today: '2026-11-27', ...wide }), { told: false }, 'and display does not lengthen the term');
  t.match(judge({ began: '2024-01-01' }, { term: layout.term }, { today: '2026-11-27', ...wide }), { displayed: true }, 'a list is displayed while the company stands on it');
  t.match(judge({ began: '2024-01-01', ended: '2026-01-01' }, { term: layout.term }, { today: '2026-11-27', ...wide }), { displayed: false });
});

void t.test('the company chooses the time range: its first and last day belong to it', async (t) => {
  const days = { from: '2023-01-01', to: '2025-12-31' };
  const of = (facts: RecordFacts) => on('2026-11-26', facts, layout, days);
  t.equal(of({ ended: '2022-12-31' }), 'outside', 'the day before');
  t.equal(of({ ended: '2023-01-01' }), 'told', 'on the first day');
  t.equal(of({ ended: '2025-12-31' }), 'told', 'on the last day');
  t.equal(of({ ended: '2026-01-01' }), 'outside', 'the day after');
  t.equal(of({ began: '2020-01-01', ended: '2023-01-01' }), 'told', 'what lasts belongs to each of its days');
  t.equal(of({ began: '2025-12-31' }), 'told');
  t.equal(of({ began: '2026-01-01' }), 'outside');
  t.equal(of({ began: '2020-01-01' }), 'told', 'what goes on belongs to all days from its beginning');
});

void t.test('a term of whole years ends on the day of the same number, or one before where there is none', async () => {
  const day = fc.integer({ min: dateToDays('1990-01-01') ?? 0, max: dateToDays('2090-12-31') ?? 0 }).map((days) => daysToDate(days) ?? '');
  fc.assert(
    fc.property(day, fc.integer({ min: 1, max: 30 }), (ended, years) => {
      const last = lastDayOf(ended, years);
      const expected = `${String(Number(ended.slice(0, 4)) + years)}${ended.slice(4)}`;
      // one that exists is the one; 29 February of a common year is the 28th
      return dateToDays(expected) === undefined ? ended.endsWith('02-29') && last === expected.replace('02-29', '02-28') : last === expected;
    }),
  );
});
