/**
 * Where a ticket's clocks stand at a moment. They are computed from their start each time; nothing of them is stored.
 */

import { type Calendar, type Deadline, deadline, workingDaysLeft } from '../calendar.js';
import { YitongError } from '../errors.js';
import { present } from '../present.js';
import { CONSENT, EXTEND, type Lifecycle, type TicketEvent, type TicketState } from './types.js';

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
 * In the order of the lifecycle.
 * @throws YitongError `outside_calendar` for clocks of before the first year of the calendar
 */
export function readClocks(
  lifecycle: Lifecycle,
  calendar: Calendar,
  ticket: TicketState,
  now: number,
): readonly ClockReading[] {
  return Object.entries(lifecycle.clocks).flatMap(([clock, { days }]) => {
    const state = Object.hasOwn(ticket.clocks, clock) ? ticket.clocks[clock] : undefined;
    if (state === undefined) return [];
    const { startedAt, stoppedAt, asked } = state;
    const due = deadline(calendar, startedAt, days + state.extended);
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
