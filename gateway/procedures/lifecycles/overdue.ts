/** Looks which clocks have run out, and raises an alert for each: once, in one process. It changes no ticket. */
import type { Alert } from '../watch/store.js';
import { alertId } from '../watch/store.js';
import type { Tickets } from './tickets.js';

/** The rule's name, under which alerts stand. */
export const OVERDUE = 'overdue';

/** Alerts of all clocks that run and are over at `now`; found again, each is the same one. */
export async function overdueAlerts(tickets: Pick<Tickets, 'all'>, now: number): Promise<readonly Alert[]> {
  return (await tickets.all()).flatMap(({ head, lifecycle, clocks }) =>
    clocks.flatMap(({ clock, startedAt, stoppedAt, over, due }): Alert[] =>
      stoppedAt !== undefined || !over
        ? []
        : [
            {
              id: alertId(OVERDUE, { key: `${head.id} ${clock}`, period: startedAt }),
              rule: OVERDUE,
              time: now,
              recorded: false,
              entries: [],
              facts: {
                ticket: head.id,
                lifecycle: lifecycle.id,
                clock,
                party: lifecycle.clocks[clock]?.party ?? '',
                due: due.day,
              },
            },
          ],
    ),
  );
}
