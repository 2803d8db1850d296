/** Until when an authority has an item or a task. Computed each time from what is on record; never stored. Pure. */
import {
  type Calendar,
  type Deadline,
  dayOf,
  deadline,
  deadlineInDays,
  workingDaysLeft,
} from '../../../contracts/calendar.js';
import { present } from '../../../contracts/present.js';
import type { ItemState, RatingState, TaskState } from './machine.js';
import type { PlannedTerm } from './plan.js';

export interface TermReading {
  readonly unit: 'working-days' | 'days' | 'on-the-spot';
  readonly due: Deadline;
  /** It is over, or was when its authority decided. */
  readonly over: boolean;
  /** Working days until it is due; 0 on the day, negative afterwards. */
  readonly left: number;
}

type Unit = 'working-days' | 'days';
const MS = 86_400_000;

const ends = (calendar: Calendar, unit: Unit, start: number, days: number): Deadline =>
  unit === 'days' ? deadlineInDays(calendar, start, days) : deadline(calendar, start, days);

/** Working days after the day of `start` up to that of `at`. */
export const workingDaysPassed = (calendar: Calendar, start: number, at: number): number =>
  workingDaysLeft(calendar, start, { day: dayOf(at), overAt: 0, provisional: false });

/** Days of a term that had passed on the day of `at`. */
const passed = (calendar: Calendar, unit: Unit, start: number, at: number): number =>
  unit === 'days'
    ? Math.round((Date.parse(dayOf(at)) - Date.parse(dayOf(start))) / MS)
    : workingDaysPassed(calendar, start, at);

/** With a stop between asking and giving, where the term has one: what was left then begins anew with the giving. */
function stopped(calendar: Calendar, unit: Unit, days: number, item: ItemState, stops: boolean): Deadline {
  const start = item.heldAt as number;
  if (!stops || item.askedAt === undefined || item.givenAt === undefined) return ends(calendar, unit, start, days);
  const left = days - passed(calendar, unit, start, item.askedAt);
  return left > 0 ? ends(calendar, unit, item.givenAt, left) : ends(calendar, unit, start, days);
}

/** Undefined where no term runs: nobody holds it yet, or it stands still until the applicant has given. */
export function termOf(calendar: Calendar, term: PlannedTerm, item: ItemState, now: number): TermReading | undefined {
  const { heldAt, askedAt, givenAt, decidedAt, status, since } = item;
  if (heldAt === undefined || (status === 'supplement' && term.stops === true)) return undefined;
  const at = decidedAt ?? (status === 'held' || status === 'supplement' ? now : since);
  const reading = (unit: TermReading['unit'], due: Deadline): TermReading => ({
    unit,
    due,
    over: at >= due.overAt,
    left: workingDaysLeft(calendar, at, due),
  });
  if (term.unit !== 'on-the-spot')
    return reading(term.unit, stopped(calendar, term.unit, term.days ?? 1, item, term.stops === true));
  const day = dayOf(heldAt);
  const today = { day, overAt: Date.parse(`${day}T00:00:00+08:00`) + MS, provisional: day > calendar.to };
  if (term.else === undefined || (at < today.overAt && askedAt === undefined)) return reading('on-the-spot', today);
  const { unit, days } = term.else;
  return reading(
    unit,
    givenAt === undefined
      ? ends(calendar, unit, heldAt, days)
      : stopped(calendar, unit, days, item, term.stops === true),
  );
}

/** Working days in which a low rating is looked into (上海市优化营商环境条例第三十条第二款). */
const ANSWERED_WITHIN = 1;

/** Until when who leads answers a low rating. */
export const answerTermOf = (calendar: Calendar, { at, answeredAt }: RatingState, now: number): TermReading =>
  taskTermOf(
    calendar,
    { owner: '', unit: 'working-days', days: ANSWERED_WITHIN, from: at, ...present({ doneAt: answeredAt }) },
    now,
  );

export function taskTermOf(calendar: Calendar, { unit, days, from, doneAt }: TaskState, now: number): TermReading {
  const due = ends(calendar, unit, from, days);
  const at = doneAt ?? now;
  return { unit, due, over: at >= due.overAt, left: workingDaysLeft(calendar, at, due) };
}
