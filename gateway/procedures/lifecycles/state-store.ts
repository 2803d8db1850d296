/**
 * Tickets in the state that all replicas share: the events of each are a stream, beside which a document says that the
 * ticket is there, and another which one of its lifecycle is open about its record.
 */
import { present } from '../../../contracts/present.js';
import { asJson } from '../../ground/state/as-json.js';
import { type Change, type State, StateConflict } from '../../ground/state/port.js';
import { transact } from '../../ground/state/transact.js';
import {
  type ChangedTickets,
  isTicketId,
  type StoredEvent,
  type StoredTicket,
  type TicketHead,
  type TicketStore,
} from './store.js';

const TICKET = 'ticket';
const OPEN = 'ticket-open';
/** Documents and events of one page. */
const PAGE = 1000;

interface Known {
  readonly head: TicketHead;
}
interface Open {
  readonly ticket: string;
}

const streamOf = (id: string): string => `ticket/${id}`;
const openId = ({ lifecycle, record }: TicketHead): string => `${lifecycle}/${record}`;

/**
 * A ticket of a data folder; nothing where it was taken over before. @param open whether it is the open one of its
 * record
 */
export async function adoptTicket(state: State, { head, events }: StoredTicket, open: boolean): Promise<void> {
  const known: Known & { readonly events: number } = { head, events: events.length };
  const changes: Change[] = [
    { do: 'put', kind: TICKET, id: head.id, version: 0, body: asJson(known) },
    { do: 'append', stream: streamOf(head.id), after: 0, events: events.map(asJson) },
    ...(open ? [{ do: 'put', kind: OPEN, id: openId(head), version: 0, body: { ticket: head.id } } as const] : []),
  ];
  try {
    await state.commit(changes);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

export const ticketsIn = (state: State): TicketStore => new StateTicketStore(state);

class StateTicketStore implements TicketStore {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  async changed(since: number | undefined): Promise<ChangedTickets> {
    if (since === undefined) return this.#all();
    const ids = new Set<string>();
    let upTo = since;
    for (;;) {
      const { changes, next, more, lost } = await this.#state.changes(upTo);
      if (lost) return this.#all();
      for (const { of, name, id } of changes) if (of === 'document' && name === TICKET && id !== undefined) ids.add(id);
      upTo = next;
      if (!more) return { ids, upTo, whole: false };
    }
  }

  async #all(): Promise<ChangedTickets> {
    // before they are read, so that what comes meanwhile is told with the next look
    const upTo = await this.#state.revision();
    const ids = new Set<string>();
    let after: string | undefined;
    do {
      const page = await this.#state.documents(TICKET, { limit: PAGE, ...present({ after }) });
      for (const { id } of page.documents) ids.add(id);
      after = page.next;
    } while (after !== undefined);
    return { ids, upTo, whole: true };
  }

  async read(id: string): ReturnType<TicketStore['read']> {
    if (!isTicketId(id)) return undefined;
    const known = (await this.#state.document(TICKET, id))?.body as Known | undefined;
    if (known === undefined) return undefined;
    const events: StoredEvent[] = [];
    for (;;) {
      const page = await this.#state.events(streamOf(id), events.length, PAGE);
      events.push(...page.map(({ body }) => body as unknown as StoredEvent));
      if (page.length < PAGE) break;
    }
    // it went while it was read
    return events.length === 0 ? undefined : { head: known.head, events };
  }

  async append(head: TicketHead, after: number, event: StoredEvent, over: boolean): Promise<boolean> {
    const id = openId(head);
    try {
      const { result } = await transact(this.#state, async (transaction) => {
        const open = (await transaction.document(OPEN, id))?.body as Open | undefined;
        if (after === 0 ? open !== undefined : open?.ticket !== head.id) return false;
        const known: Known & { readonly events: number } = { head, events: after + 1 };
        transaction.put({ kind: TICKET, id: head.id, body: asJson(known) });
        if (over && open !== undefined) transaction.remove(OPEN, id);
        if (!over && open === undefined) transaction.put({ kind: OPEN, id, body: { ticket: head.id } });
        transaction.also({ do: 'append', stream: streamOf(head.id), after, events: [asJson(event)] });
        return true;
      });
      return result;
    } catch (error) {
      // it has another number of events by now
      if (error instanceof StateConflict) return false;
      throw error;
    }
  }

  async remove(tickets: readonly { readonly id: string; readonly events: number }[]): Promise<number> {
    let gone = 0;
    for (const { id, events } of tickets) {
      try {
        await this.#state.commit([
          { do: 'drop', stream: streamOf(id), after: events },
          { do: 'remove', kind: TICKET, id },
        ]);
        gone++;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
    return gone;
  }

  async close(): Promise<void> {}
}
