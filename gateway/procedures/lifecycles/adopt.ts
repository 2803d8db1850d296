/** Tickets of a data folder, and what came with them, taken over into a state that replicas share. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../../ground/state/port.js';
import { isTaken, taken } from '../../ground/state/taken.js';
import { adoptFile } from './files.js';
import { adoptTicket } from './state-store.js';
import { hasTickets, openTicketStore, ticketsDir } from './store.js';

const TICKETS = 'tickets';

/**
 * The keys of their subjects are taken over before. Again it changes nothing.
 * @returns how many there are
 */
export async function adoptTickets(state: State, folder: string, dataDir: string): Promise<number> {
  if (!hasTickets(dataDir) || (await isTaken(state, folder, TICKETS))) return 0;
  const store = openTicketStore(dataDir);
  try {
    const ids = store.all();
    for (const id of ids) {
      const ticket = await store.read(id);
      if (ticket === undefined) continue;
      for (const { file, bytes } of filesOf(dataDir, id)) await adoptFile(state, id, file, bytes);
      await adoptTicket(state, ticket, store.isOpen(ticket.head));
    }
    await state.commit([taken(folder, TICKETS)]);
    return ids.length;
  } finally {
    await store.close();
  }
}

/** Whether a data folder holds any. */
export async function holdsTickets(dataDir: string): Promise<boolean> {
  if (!hasTickets(dataDir)) return false;
  const store = openTicketStore(dataDir);
  try {
    return store.all().length > 0;
  } finally {
    await store.close();
  }
}

/** As they stand, under the key of the ticket's subject. */
function filesOf(dataDir: string, ticket: string): readonly { readonly file: string; readonly bytes: Buffer }[] {
  const folder = join(ticketsDir(dataDir), 'files', ticket);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => ({ file, bytes: readFileSync(join(folder, file)) }));
}
