/** Complaints of subjects about uses of their data, as the tickets of the lifecycle that is about uses hold them. */
import type { Person } from '../../ground/identity/person.js';
import { isUse, useOf } from './effects.js';
import type { OpenedTicket, Tickets } from './tickets.js';

/** A complaint that is handled, as its ticket stands. */
export interface HandledComplaint {
  /** Of the ticket. */
  readonly id: string;
  /** Index of the entry that it is about; undefined where the subject was erased. */
  readonly about: number | undefined;
  readonly subject: string | undefined;
  readonly ticket: OpenedTicket;
}

/** Complaints that somebody may see, the next to run out first. */
export async function complaintsFor(
  tickets: Pick<Tickets, 'list' | 'get'>,
  person: Person,
): Promise<readonly HandledComplaint[]> {
  const actor = { kind: 'person', person } as const;
  const complaints = (await tickets.list(actor)).filter(({ head }) => isUse(head.dataset));
  return Promise.all(
    complaints.map(async ({ head: { id } }) => {
      const ticket = await tickets.get(id, actor);
      const { record } = ticket;
      return { id, ticket, about: record === undefined ? undefined : useOf(record), subject: record?.subject };
    }),
  );
}
