/**
 * Working days (工作日) with holidays and make-up days, from `contracts/calendars/<name>.json`. Pure: reads no clock.
 *
 * Terms count as 民法典 Art.201 and 203 count them: the day of the act does not count, and a term ends with the end
 * (24:00, Asia/Shanghai) of its last day, which in working days is never a holiday. A day is `YYYY-MM-DD`.
 */
import { type Place, YitongError } from './errors.js';
import { contentFiles, readJson } from './files.js';
import type { Localised } from './types.js';
import { shape } from './validate.js';

type Day = string;

export interface Deadline {
  /** The last working day of the term. */
  readonly day: Day;
  /** ms since 1970: the first moment that is too late. */
  readonly overAt: number;
  /**
   * True where it reaches into years that are not published yet: there every Monday to Friday counts, until they are.
   */
  readonly provisional: boolean;
}

export interface Calendar {
  readonly name: Localised;
  /** First and last day covered, both included. */
  readonly from: Day;
  readonly to: Day;
  readonly holidays: ReadonlySet<Day>;
  readonly makeUpDays: ReadonlySet<Day>;
}

interface CalendarFile {
  readonly name: Localised;
  readonly timeZone: 'Asia/Shanghai';
  readonly years: Readonly<
    Record<
      string,
      { readonly source: string; readonly holidays: readonly string[]; readonly makeUpDays: readonly Day[] }
    >
  >;
}

const MS = 86_400_000;
/** Asia/Shanghai has had one offset since 1991. */
const OFFSET = 8 * 3_600_000;
/** No term is longer: a count beyond it is a mistake. */
const MOST = 10_000;

const text = { type: 'string', minLength: 1, maxLength: 400 };
const date = { type: 'string', format: 'date' };
const check = shape<CalendarFile>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'timeZone', 'years'],
    properties: {
      name: { type: 'object', additionalProperties: false, required: ['zh', 'en'], properties: { zh: text, en: text } },
      timeZone: { const: 'Asia/Shanghai' },
      years: {
        type: 'object',
        minProperties: 1,
        propertyNames: { pattern: '^(?:19|20)\\d{2}$' },
        additionalProperties: {
          type: 'object',
          additionalProperties: false,
          required: ['source', 'holidays', 'makeUpDays'],
          properties: {
            source: text,
            holidays: {
              type: 'array',
              uniqueItems: true,
              items: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}(?:/\\d{4}-\\d{2}-\\d{2})?$' },
            },
            makeUpDays: { type: 'array', uniqueItems: true, items: date },
          },
        },
      },
    },
  },
  'bad_calendar',
);

const number = (day: Day): number => Date.parse(`${day}T00:00:00Z`) / MS;
const dayAt = (index: number): Day => new Date(index * MS).toISOString().slice(0, 10);
/** 1970-01-01 was a Thursday. */
const weekend = (index: number): boolean => [0, 6].includes((((index + 4) % 7) + 7) % 7);
/** Whether a text is a day that exists. */
export function isDay(day: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? number(day) : NaN;
  return !Number.isNaN(at) && dayAt(at) === day;
}

/** The day of Asia/Shanghai in which a moment (ms since 1970) lies. */
export const dayOf = (moment: number): Day => dayAt(Math.floor((moment + OFFSET) / MS));
/** First moment of the day, ms since 1970. */
export const beginOf = (day: Day): number => number(day) * MS - OFFSET;

/**
 * Checks what a shape cannot: days that exist, each in its own year, make-up days only on weekends, years without a
 * gap.
 * @throws YitongError `bad_calendar`
 */
export function makeCalendar(value: unknown, place: Place): Calendar {
  const file = check(value, place);
  const refuse = (what: string): never => {
    throw new YitongError('bad_calendar', what, { place });
  };
  const holidays = new Set<Day>();
  const makeUpDays = new Set<Day>();
  const years = Object.keys(file.years).sort();
  for (const [i, year] of years.entries()) {
    if (i > 0 && Number(year) !== Number(years[i - 1]) + 1) refuse(`\`years\` has a gap before ${year}`);
    const { holidays: ranges, makeUpDays: extra } = file.years[year] ?? refuse(`\`years.${year}\` is empty`);
    for (const range of ranges) {
      const [first = '', last = first] = range.split('/');
      if (!isDay(first) || !isDay(last) || last < first || !first.startsWith(year) || !last.startsWith(year))
        refuse(`\`${range}\` is no range of days of ${year}`);
      for (let index = number(first); index <= number(last); index++) holidays.add(dayAt(index));
    }
    for (const day of extra) {
      if (!isDay(day) || !day.startsWith(year) || !weekend(number(day)) || holidays.has(day))
        refuse(`\`${day}\` is no weekend of ${year} on which people work`);
      makeUpDays.add(day);
    }
  }
  return { name: file.name, from: `${years[0]}-01-01`, to: `${years.at(-1)}-12-31`, holidays, makeUpDays };
}

/** All calendars of the layers of a workspace, by file name. @throws YitongError `bad_calendar` */
export async function loadCalendars(layers: readonly string[]): Promise<ReadonlyMap<string, Calendar>> {
  const files = await contentFiles(layers, 'contracts/calendars', '.json', 1);
  return new Map(
    await Promise.all(
      files.map(
        async ({ name, path }): Promise<[string, Calendar]> => [
          name.slice(0, -'.json'.length),
          makeCalendar(await readJson(path, 'bad_calendar'), { file: path }),
        ],
      ),
    ),
  );
}

/**
 * Days that are left of a calendar from which on somebody should add the next year: from October on, when its notice
 * (国务院办公厅关于节假日安排的通知) is about to come.
 */
const CALENDAR_SOON = 92;

/** Days from `now` (ms since 1970) to the end of the last day that the calendar covers; negative afterwards. */
export const calendarDaysLeft = ({ to }: Pick<Calendar, 'to'>, now: number): number => (beginOf(to) + MS - now) / MS;

/** What to say of a calendar that ends soon or has ended; undefined of one that does not. */
export function calendarEnding(name: string, calendar: Pick<Calendar, 'to'>, now: number): string | undefined {
  const left = calendarDaysLeft(calendar, now);
  if (left > CALENDAR_SOON) return undefined;
  const how =
    left > 0 ? `covers days until ${calendar.to} only, ${String(Math.ceil(left))} more` : `ended with ${calendar.to}`;
  return (
    `the calendar \`${name}\` ${how}; behind it every Monday to Friday counts as a working day. Add the year ` +
    `that the notice of the State Council's office names to \`years\` of contracts/calendars/${name}.json: it ` +
    'counts without a restart'
  );
}

const listed = ({ holidays, makeUpDays }: Calendar, index: number): boolean => {
  const day = dayAt(index);
  return makeUpDays.has(day) || (!holidays.has(day) && !weekend(index));
};

/**
 * @throws YitongError `bad_value` for what is no day, `outside_calendar` for one in a year that is not covered: it is
 * never guessed
 */
export function isWorkingDay(calendar: Calendar, day: Day): boolean {
  if (!isDay(day)) throw new YitongError('bad_value', 'a day is written YYYY-MM-DD');
  if (day < calendar.from || day > calendar.to)
    throw new YitongError(
      'outside_calendar',
      `the calendar covers ${calendar.from} to ${calendar.to}; add the year's notice to it`,
    );
  return listed(calendar, number(day));
}

const counted = (n: number): void => {
  if (!Number.isInteger(n) || n < 1 || n > MOST)
    throw new YitongError('bad_value', `a term is 1 to ${MOST} working days`);
};

/**
 * The n-th working day after `day`, which itself does not count.
 * @throws YitongError `outside_calendar` as soon as a day has to be asked that is not covered
 */
export function addWorkingDays(calendar: Calendar, day: Day, n: number): Day {
  counted(n);
  let left = n;
  isWorkingDay(calendar, day);
  for (let index = number(day) + 1; ; index++)
    if (isWorkingDay(calendar, dayAt(index)) && --left === 0) return dayAt(index);
}

/**
 * Working days after `from` up to and including `to`; negative where `to` is before.
 * @throws YitongError `outside_calendar`
 */
export function workingDaysBetween(calendar: Calendar, from: Day, to: Day): number {
  if (to < from) return -workingDaysBetween(calendar, to, from);
  let sum = 0;
  isWorkingDay(calendar, from);
  for (let index = number(from) + 1; index <= number(to); index++) if (isWorkingDay(calendar, dayAt(index))) sum++;
  return sum;
}

/** Behind the last year that is covered, Monday to Friday. */
const provisionally = (calendar: Calendar, index: number): boolean =>
  dayAt(index) > calendar.to ? !weekend(index) : isWorkingDay(calendar, dayAt(index));

/**
 * The end of a term of `n` working days that an act at `start` (ms since 1970) sets going. A clock has to run on also
 * where the next year is not published: the deadline is then provisional. It is never stored, so that it is firm once
 * the year is in the calendar.
 * @throws YitongError `outside_calendar` for a start before the first year
 */
export function deadline(calendar: Calendar, start: number, n: number): Deadline {
  counted(n);
  let left = n;
  provisionally(calendar, number(dayOf(start)));
  for (let index = number(dayOf(start)) + 1; ; index++) {
    if (!provisionally(calendar, index) || --left > 0) continue;
    const day = dayAt(index);
    return { day, overAt: beginOf(day) + MS, provisional: day > calendar.to };
  }
}

/**
 * As `deadline`, of a term of `n` calendar days: one whose last day is a holiday ends with the next working day
 * (民法典 Art.203).
 */
export function deadlineInDays(calendar: Calendar, start: number, n: number): Deadline {
  counted(n);
  return deadline(calendar, beginOf(dayAt(number(dayOf(start)) + n - 1)), 1);
}

/**
 * Working days from the day of `now` until a deadline's day, provisional where need be; 0 on the day itself, negative
 * once it is over.
 */
export function workingDaysLeft(calendar: Calendar, now: number, { day }: Deadline): number {
  const [from, to] = [number(dayOf(now)), number(day)];
  let sum = 0;
  for (let index = Math.min(from, to) + 1; index <= Math.max(from, to); index++)
    if (provisionally(calendar, index)) sum++;
  return to < from ? -sum : sum;
}
