/**
 * Where a ticket's clocks stand at a moment. They are computed from their start each time; nothing of them is stored.
 */

import { beginOf, type Calendar, type Deadline, deadline, deadlineInDays, workingDaysLeft } from '../calendar.js';
import { YitongError } from '../errors.js';
import { present } from '../present.js';
import {
  type ClockRule,
  type ClockState,
  CONSENT,
  EXTEND,
  type Lifecycle,
  type TicketEvent,
  type TicketState,
} from './types.js';

const DAY = 86_400_000;

/** Undefined of a clock that is internal. */
function dueOf(calendar: Calendar, rule: ClockRule, { startedAt, extended, until }: ClockState): Deadline | undefined {
  if (until !== undefined)
    return extended === 0
      ? { day: until, overAt: beginOf(until) + DAY, provisional: until > calendar.to }
      : deadline(calendar, beginOf(until), extended);
  if (rule.days === undefined) return undefined;
  return (rule.calendarDays === true ? deadlineInDays : deadline)(calendar, startedAt, rule.days + extended);
}

export interface ClockReading {
  readonly clock: string;
  readonly startedAt: number;
  readonly due: Deadline;
  /** Stopped, in time or not; else it runs. */
  readonly stoppedAt?: number;
  /** The term is over, or was when the clock was stopped. */
  readonly over: boolean;
  /** Working days until it is due; 0 on the day, negative afterwards. */
  readonly left: number;
  /** Working days that somebody asked for, and that are not agreed to. */
  readonly asked?: number;
}

/**
 * In the order of the lifecycle, without those that are internal.
 * @throws YitongError `outside_calendar` for clocks of before the first year of the calendar
 */
export function readClocks(
  lifecycle: Lifecycle,
  calendar: Calendar,
  ticket: TicketState,
  now: number,
): readonly ClockReading[] {
  return Object.entries(lifecycle.clocks).flatMap(([clock, rule]) => {
    const state = Object.hasOwn(ticket.clocks, clock) ? ticket.clocks[clock] : undefined;
    const due = state === undefined ? undefined : dueOf(calendar, rule, state);
    if (state === undefined || due === undefined) return [];
    const { startedAt, stoppedAt, asked } = state;
    const at = stoppedAt ?? now;
    return [
      {
        clock,
        startedAt,
        due,
        ...present({ stoppedAt }),
        over: at >= due.overAt,
        left: workingDaysLeft(calendar, at, due),
        ...present({ asked }),
      },
    ];
  });
}

/** The clock that runs out first, if any runs. */
export const nextDue = (readings: readonly ClockReading[]): ClockReading | undefined =>
  readings
    .filter(({ stoppedAt }) => stoppedAt === undefined)
    .reduce<ClockReading | undefined>(
      (first, one) => (first === undefined || one.due.overAt < first.due.overAt ? one : first),
      undefined,
    );

/**
 * What is over is not extended any more, also not by a consent to what was asked for in time.
 * @throws YitongError `act_refused`
 */
export function checkExtension(
  lifecycle: Lifecycle,
  calendar: Calendar,
  ticket: TicketState,
  event: Pick<TicketEvent, 'act' | 'clock' | 'at'>,
): void {
  if (event.act !== EXTEND && event.act !== CONSENT) return;
  const reading = readClocks(lifecycle, calendar, ticket, event.at).find(({ clock }) => clock === event.clock);
  if (reading?.over === true) throw new YitongError('act_refused', 'the term is over; it can no longer be extended');
}

/**
 * Terms that an act waits for, and those that it comes too late for.
 * @throws YitongError `act_refused`
 */
export function checkTerms(
  lifecycle: Lifecycle,
  calendar: Calendar,
  ticket: TicketState,
  event: Pick<TicketEvent, 'act' | 'clock' | 'at'>,
): void {
  checkExtension(lifecycle, calendar, ticket, event);
  const waits = Object.hasOwn(lifecycle.acts, event.act) ? lifecycle.acts[event.act]?.afterClock : undefined;
  if (waits === undefined) return;
  const reading = readClocks(lifecycle, calendar, ticket, event.at).find(({ clock }) => clock === waits);
  if (reading?.over !== true)
    throw new YitongError(
      'act_refused',
      reading === undefined
        ? `\`${event.act}\` waits for the end of \`${waits}\`, which was never set going`
        : `\`${event.act}\` waits for the end of \`${waits}\`, ${reading.due.day}`,
    );
}
