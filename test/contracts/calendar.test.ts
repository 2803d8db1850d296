import fc from 'fast-check';
import t from 'tap';
import {
  addWorkingDays,
  beginOf,
  type Calendar,
  calendarDaysLeft,
  calendarEnding,
  dayOf,
  deadline,
  isWorkingDay,
  loadCalendars,
  makeCalendar,
  workingDaysBetween,
  workingDaysLeft,
} from '../../contracts/calendar.js';
import { isYitongError } from '../../contracts/errors.js';
import { packageRoot } from '../../gateway/ground/files/places.js';

const calendar = (await loadCalendars([packageRoot()])).get('mainland') as Calendar;
const at = (local: string): number => Date.parse(`${local}+08:00`);
const DAY = 86_400_000;
const days = (from: string, to: string): string[] =>
  Array.from({ length: (beginOf(to) - beginOf(from)) / DAY + 1 }, (_, i) => dayOf(beginOf(from) + i * DAY));
const code = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    return isYitongError(error) ? error.code : String(error);
  }
  return undefined;
};

t.test('each year has as many working days as its notice leaves, make-up days included', (t) => {
  const count = (year: number): number =>
    days(`${year}-01-01`, `${year}-12-31`).filter((day) => isWorkingDay(calendar, day)).length;
  t.same([2024, 2025, 2026].map(count), [251, 248, 248]);
  t.end();
});

t.test('holidays are none, and the weekends that make up for them are working days', (t) => {
  for (const [from, to] of [
    ['2024-02-10', '2024-02-17'],
    ['2025-01-28', '2025-02-04'],
    ['2026-02-15', '2026-02-23'],
    ['2026-10-01', '2026-10-07'],
    ['2025-10-01', '2025-10-08'],
  ] as const) {
    t.same(
      days(from, to).filter((day) => isWorkingDay(calendar, day)),
      [],
    );
  }
  for (const day of [
    '2024-02-04',
    '2024-02-18',
    '2025-01-26',
    '2025-02-08',
    '2026-01-04',
    '2026-02-14',
    '2026-02-28',
    '2026-09-20',
    '2026-10-10',
  ])
    t.ok(isWorkingDay(calendar, day), day);
  t.end();
});

t.test('the day of the act does not count, and a term is over with the end of its last working day', (t) => {
  const due = deadline(calendar, at('2026-11-26T00:00:00'), 1);
  t.same(due, { day: '2026-11-27', overAt: at('2026-11-28T00:00:00'), provisional: false });
  t.same(deadline(calendar, at('2026-11-26T23:59:59'), 1), due, 'whatever the hour');
  t.same(deadline(calendar, at('2026-11-27T00:00:00'), 1).day, '2026-11-30', 'a Friday’s is a Monday');
  t.end();
});

t.test('terms go over Spring Festival by the notices of 2024, 2025 and 2026', (t) => {
  for (const [start, n, day] of [
    ['2024-02-08', 1, '2024-02-09'],
    ['2024-02-09', 1, '2024-02-18'],
    ['2024-02-09', 3, '2024-02-20'],
    ['2024-02-03', 1, '2024-02-04'],
    ['2024-02-08', 5, '2024-02-21'],
    ['2025-01-27', 1, '2025-02-05'],
    ['2025-01-25', 1, '2025-01-26'],
    ['2025-01-27', 5, '2025-02-10'],
    ['2025-01-24', 3, '2025-02-05'],
    ['2026-02-13', 1, '2026-02-14'],
    ['2026-02-14', 1, '2026-02-24'],
    ['2026-02-14', 5, '2026-02-28'],
    ['2026-02-13', 2, '2026-02-24'],
    ['2026-02-18', 3, '2026-02-26'],
  ] as const)
    t.equal(deadline(calendar, at(`${start}T15:00:00`), n).day, day, `${start} + ${n}`);
  t.end();
});

t.test('a day outside the years covered is refused by its own code, never guessed', (t) => {
  for (const act of [
    () => isWorkingDay(calendar, '2023-12-29'),
    () => isWorkingDay(calendar, '2027-01-04'),
    () => addWorkingDays(calendar, '2026-12-30', 2),
    () => workingDaysBetween(calendar, '2026-12-30', '2027-01-04'),
    () => deadline(calendar, at('2023-12-29T12:00:00'), 1),
  ]) {
    t.equal(code(act), 'outside_calendar');
  }
  t.equal(
    code(() => isWorkingDay(calendar, '2026-02-30')),
    'bad_value',
  );
  t.equal(
    code(() => deadline(calendar, at('2026-01-05T12:00:00'), 0)),
    'bad_value',
  );
  t.end();
});

t.test(
  'a term that reaches into a year without a notice runs on by weekdays, says that it is provisional, and is ' +
    'firm once the notice is there',
  (t) => {
    t.same(deadline(calendar, at('2026-12-31T12:00:00'), 1), {
      day: '2027-01-01',
      overAt: at('2027-01-02T00:00:00'),
      provisional: true,
    });
    t.match(deadline(calendar, at('2026-12-30T12:00:00'), 1), { day: '2026-12-31', provisional: false });
    const next: Calendar = { ...calendar, to: '2027-12-31', holidays: new Set([...calendar.holidays, '2027-01-01']) };
    t.match(deadline(next, at('2026-12-31T12:00:00'), 1), { day: '2027-01-04', provisional: false });
    t.equal(workingDaysLeft(calendar, at('2026-12-30T09:00:00'), deadline(calendar, at('2026-12-30T09:00:00'), 4)), 4);
    t.end();
  },
);

t.test('counting days on and counting them back agree, and a longer term never ends earlier', (t) => {
  const start = fc.integer({ min: beginOf('2024-01-01'), max: beginOf('2026-09-01') });
  fc.assert(
    fc.property(start, fc.integer({ min: 1, max: 60 }), (moment, n) => {
      const from = dayOf(moment);
      const due = deadline(calendar, moment, n);
      return (
        due.day === addWorkingDays(calendar, from, n) &&
        workingDaysBetween(calendar, from, due.day) === n &&
        workingDaysBetween(calendar, due.day, from) === -n &&
        workingDaysLeft(calendar, moment, due) === n &&
        isWorkingDay(calendar, due.day) &&
        due.overAt === beginOf(due.day) + DAY &&
        deadline(calendar, moment, n + 1).overAt > due.overAt &&
        deadline(calendar, moment + DAY, n).overAt >= due.overAt
      );
    }),
  );
  t.end();
});

t.test('a calendar with a slip is refused', (t) => {
  const file = (year: object, years: object = {}): object => ({
    name: { zh: '历', en: 'c' },
    timeZone: 'Asia/Shanghai',
    years: { 2026: { source: 'notice', holidays: [], makeUpDays: [], ...year }, ...years },
  });
  const whole = { source: 'notice', holidays: [], makeUpDays: [] };
  t.equal(
    code(() => makeCalendar(file({ holidays: ['2026-01-01/2026-01-03'] }), { file: 'c' })),
    undefined,
  );
  for (const [wrong, why] of [
    [file({ makeUpDays: ['2026-01-05'] }), 'a Monday makes up for nothing'],
    [file({ holidays: ['2025-12-31'] }), 'another year'],
    [file({ holidays: ['2026-01-03/2026-01-01'] }), 'backwards'],
    [file({ holidays: ['2026-02-30'] }), 'no day'],
    [file({}, { 2028: whole }), 'a gap'],
    [file({ colour: 'red' }), 'an unknown key'],
    [file({ source: undefined }), 'no source'],
    [file({ holidays: ['2026-01-03'], makeUpDays: ['2026-01-03'] }), 'both'],
  ] as const)
    t.equal(
      code(() => makeCalendar(JSON.parse(JSON.stringify(wrong)), { file: 'c' })),
      'bad_calendar',
      why,
    );
  t.end();
});

t.test('the end of a calendar is said from the first of October on, and once it is over', (t) => {
  const to = '2031-12-31';
  const at = (text: string): number => Date.parse(`${text}+08:00`);
  t.equal(calendarEnding('mainland', { to }, at('2031-09-30T23:59:59')), undefined);
  t.match(
    calendarEnding('mainland', { to }, at('2031-10-01T00:00:00')),
    new RegExp(
      '^the calendar `mainland` covers days until 2031-12-31 only, 92 more; behind it .* ' +
        'contracts/calendars/mainland\\.json: it counts without a restart$',
    ),
  );
  t.match(calendarEnding('mainland', { to }, at('2031-12-31T23:59:59')), /until 2031-12-31 only, 1 more/);
  t.match(
    calendarEnding('mainland', { to }, at('2032-01-01T00:00:00')),
    /^the calendar `mainland` ended with 2031-12-31/,
  );
  t.equal(calendarDaysLeft({ to }, at('2031-12-31T00:00:00')), 1);
  t.end();
});
