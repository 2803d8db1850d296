/**
 * Terms of cases over Spring Festival, National Day and make-up days, in working days, calendar days and on the spot,
 * with and without a stop: each against a date worked out by hand from the notices of 2025 and 2026.
 */
import t from 'tap';
import type { PlannedTerm } from '../../../gateway/procedures/cases/plan.js';
import { taskTermOf, termOf } from '../../../gateway/procedures/cases/terms.js';
import { calendar } from './office.js';

const at = (day: string): number => Date.parse(`${day}T15:00:00+08:00`);

interface Row {
  readonly term: PlannedTerm;
  readonly held: string;
  readonly asked?: string;
  readonly given?: string;
  /** When it is looked at; default when it was held, or given. */
  readonly on?: string;
  readonly due: string;
}

const due = ({ term, held, asked, given, on = given ?? held }: Row) => {
  const stop = {
    ...(asked === undefined ? {} : { askedAt: at(asked) }),
    ...(given === undefined ? {} : { givenAt: at(given) }),
  };
  return termOf(calendar, term, { status: 'held', since: at(held), heldAt: at(held), ...stop }, at(on));
};
const wd = (days: number, stops?: true): PlannedTerm => ({
  unit: 'working-days',
  days,
  ...(stops === undefined ? {} : { stops }),
});
const d = (days: number, stops?: true): PlannedTerm => ({ ...wd(days, stops), unit: 'days' });
const spot = (later?: PlannedTerm['else']): PlannedTerm => ({
  unit: 'on-the-spot',
  ...(later === undefined ? {} : { else: later }),
});

t.test('working days', async (t) => {
  const rows: readonly (readonly [held: string, days: number, due: string, why: string])[] = [
    ['2026-02-13', 1, '2026-02-14', 'the Saturday before Spring Festival is worked'],
    ['2026-02-14', 1, '2026-02-24', 'over Spring Festival, 15 to 23 February'],
    ['2026-02-13', 3, '2026-02-25', '14, 24, 25'],
    ['2026-02-14', 5, '2026-02-28', '24 to 27, and the Saturday after it'],
    ['2026-02-14', 6, '2026-03-02', 'the Sunday after that is none'],
    ['2026-02-17', 1, '2026-02-24', 'begun on a holiday'],
    ['2026-09-24', 1, '2026-09-28', 'over Mid-Autumn, 25 to 27 September'],
    ['2026-09-30', 3, '2026-10-10', 'over National Day: 8, 9, and the Saturday'],
    ['2026-09-30', 4, '2026-10-12', 'and the Monday'],
    ['2026-09-21', 20, '2026-10-26', '22 to 24, 28 to 30, 8 to 10, 12 to 16, 19 to 23, 26'],
    ['2025-09-24', 10, '2025-10-14', '25, 26, Sunday 28, 29, 30, 9, 10, Saturday 11, 13, 14'],
    ['2026-04-30', 5, '2026-05-11', 'over May Day: 6 to 8, Saturday 9, 11'],
    ['2026-01-02', 2, '2026-01-05', 'Sunday 4 January is worked'],
    ['2026-11-27', 1, '2026-11-30', 'a Friday’s is a Monday'],
  ];
  for (const [held, days, day, why] of rows)
    t.equal(due({ term: wd(days), held, due: day })?.due.day, day, `${held} + ${String(days)}: ${why}`);
});

t.test('calendar days, where one that ends on a holiday ends with the next working day', async (t) => {
  const rows: readonly (readonly [held: string, days: number, due: string, why: string])[] = [
    ['2026-02-12', 2, '2026-02-14', 'a Saturday that is worked'],
    ['2026-02-12', 3, '2026-02-24', 'the first day of Spring Festival'],
    ['2026-02-10', 10, '2026-02-24', 'in the middle of it'],
    ['2026-02-13', 15, '2026-02-28', 'the Saturday after it is worked'],
    ['2026-02-13', 16, '2026-03-02', 'the Sunday is not'],
    ['2026-09-17', 20, '2026-10-08', 'the last day of National Day'],
    ['2026-09-20', 20, '2026-10-10', 'a Saturday that is worked'],
    ['2026-09-20', 21, '2026-10-12', 'the Sunday after it'],
    ['2026-08-18', 45, '2026-10-08', '2 October'],
    ['2025-09-18', 20, '2025-10-09', 'National Day of 2025 lasts until the 8th'],
    ['2026-11-27', 1, '2026-11-30', 'a Saturday'],
    ['2026-11-02', 2, '2026-11-04', 'a Wednesday'],
  ];
  for (const [held, days, day, why] of rows)
    t.equal(due({ term: d(days), held, due: day })?.due.day, day, `${held} + ${String(days)}: ${why}`);
});

t.test('on the spot, and what stands still while the applicant is asked', async (t) => {
  const rows: readonly (Row & { readonly why: string })[] = [
    { term: spot(), held: '2026-10-10', due: '2026-10-10', why: 'the same day, a worked Saturday' },
    { term: spot(wd(1) as never), held: '2026-09-30', on: '2026-10-01', due: '2026-10-08', why: 'not on the spot' },
    { term: spot(d(3) as never), held: '2026-02-12', on: '2026-02-13', due: '2026-02-24', why: 'else calendar days' },
    {
      ...{ term: wd(10, true), held: '2026-02-09', asked: '2026-02-12', given: '2026-02-25', due: '2026-03-05' },
      why: 'three had passed; 26, 27, Saturday 28, 2 to 5 March',
    },
    {
      ...{ term: wd(5, true), held: '2026-09-28', asked: '2026-09-30', given: '2026-10-08', due: '2026-10-12' },
      why: 'two had passed; 9, Saturday 10, 12',
    },
    {
      ...{ term: d(20, true), held: '2026-09-10', asked: '2026-09-20', given: '2026-09-25', due: '2026-10-08' },
      why: 'ten had passed, and ten more end on 5 October',
    },
    {
      ...{ term: d(30), held: '2026-09-10', asked: '2026-09-20', given: '2026-09-25', due: '2026-10-10' },
      why: 'where it does not stop',
    },
  ];
  for (const { why, ...row } of rows) t.equal(due(row)?.due.day, row.due, `${row.held}: ${why}`);
  const asked = { status: 'supplement', since: at('2026-09-30'), heldAt: at('2026-09-28') } as const;
  const waiting = { ...asked, askedAt: at('2026-09-30') };
  t.equal(termOf(calendar, wd(5, true), waiting, at('2026-10-20')), undefined, 'no term runs while it stands still');
  t.equal(termOf(calendar, wd(5), waiting, at('2026-10-08'))?.due.day, '2026-10-10', '29, 30, 8, 9, 10');
});

t.test('what is left, and when it is over', async (t) => {
  const held = { term: wd(3), held: '2026-09-30', due: '2026-10-10' };
  t.match(due(held), { left: 3, over: false });
  t.match(due({ ...held, on: '2026-10-07' }), { left: 3, over: false }, 'no day passes on holidays');
  t.match(due({ ...held, on: '2026-10-10' }), { left: 0, over: false }, 'the last day counts whole');
  t.match(due({ ...held, on: '2026-10-11' }), { over: true }, 'then it is over');
  t.match(due({ term: wd(3), held: '2026-12-30', due: '' }), { due: { day: '2027-01-04', provisional: true } });
  const task = { owner: 'fire', unit: 'working-days', days: 1, from: at('2026-09-24') } as const;
  t.match(taskTermOf(calendar, task, at('2026-09-24')), { due: { day: '2026-09-28' }, left: 1 });
});
