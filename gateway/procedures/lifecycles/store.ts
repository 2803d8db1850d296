/**
 * Tickets as event logs in one LMDB map of the data folder: `<data>/tickets/`. All processes of a replica read and
 * write it. Whom a ticket is about stands here as keyed references, and what people wrote under the subject's own key,
 * so that an erasure takes it; what the ticket does to its record stays.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged, wasMade } from '../../../connectors/lmdb/file.js';
import type { Effect, TicketEvent } from '../../../contracts/lifecycle/types.js';

export interface TicketHead {
  /** 16 hex digits, random. */
  readonly id: string;
  readonly lifecycle: string;
  readonly dataset: string;
  /** Keyed references. */
  readonly subject: string;
  readonly record: string;
}

/** An event as it is stored: its fields, and with the first one subject and record id, are sealed. */
export interface StoredEvent extends Omit<TicketEvent, 'fields'> {
  /** Receipt id of the audit entry that was durable before. */
  readonly entry: string;
  readonly pseudonym: string;
  readonly enc: string;
  /** What the ticket does to its record from here on: holds also where its lifecycle is gone from the workspace. */
  readonly effect: Effect;
}

export interface StoredTicket {
  readonly head: TicketHead;
  readonly events: readonly StoredEvent[];
}

export interface ChangedTickets {
  readonly ids: ReadonlySet<string>;
  /** To go on from. */
  readonly upTo: number;
  /** They are all that there are. */
  readonly whole: boolean;
}

export interface TicketStore {
  /**
   * Tickets that were changed or went after a point.
   * @param since `upTo` of the look before; undefined: none was yet
   */
  changed(since: number | undefined): Promise<ChangedTickets>;
  read(id: string): Promise<StoredTicket | undefined>;
  /**
   * The event behind the first `after` of the ticket, on disk when this resolves; `over`: the ticket ends with it.
   * @returns false if the ticket has another number of events by now, or another one of its lifecycle is open about the
   * record
   */
  append(head: TicketHead, after: number, event: StoredEvent, over: boolean): Promise<boolean>;
  /**
   * Tickets that go, on disk when this resolves; one that has another number of events by now stays. Other processes
   * hear of it as of an event.
   * @returns how many went
   */
  remove(tickets: readonly { readonly id: string; readonly events: number }[]): Promise<number>;
  close(): Promise<void>;
}

type Value = number | string | StoredEvent | TicketHead;

const COUNT = 'count';
const change = (n: number): string => `change/${String(n).padStart(12, '0')}`;
const eventKey = (id: string, n: number): string => `event/${id}/${String(n).padStart(6, '0')}`;
const openKey = ({ lifecycle, record }: TicketHead): string => `open/${lifecycle}/${record}`;
const ID = /^[0-9a-f]{16}$/;
export const isTicketId = (id: string): boolean => ID.test(id);

export const ticketsDir = (dataDir: string): string => join(dataDir, 'tickets');
const storeOf = (dataDir: string): string => join(ticketsDir(dataDir), 'tickets');
export const hasTickets = (dataDir: string): boolean => existsSync(storeOf(dataDir));
/** Whether there ever were any: a store that is gone has to be missed, for what is hidden stands in it. */
export const hadTickets = (dataDir: string): boolean => hasTickets(dataDir) || wasMade(storeOf(dataDir));

/** One whose tickets can be taken over. */
interface TicketFolder extends TicketStore {
  /** Ids of all tickets. */
  all(): readonly string[];
  /** Whether it is the one of its lifecycle that is open about its record. */
  isOpen(head: TicketHead): boolean;
}

export function openTicketStore(dataDir: string): TicketFolder {
  const dir = ticketsDir(dataDir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = storeOf(dataDir);
  refuseDamaged(path, 'the store of tickets', 'put `tickets` back from a backup (docs/faults.md)', true);
  const env = openEnv<Value, string>({ file: path, encoding: 'json', maxReaders: 512 });
  const map = env.root;
  chmodSync(path, 0o600);
  const count = (): number => (map.get(COUNT) as number | undefined) ?? 0;
  const events = (id: string): StoredEvent[] =>
    [...map.getRange({ start: eventKey(id, 0), end: `event/${id}/~` })].map(({ value }) => value as StoredEvent);
  return {
    async changed(since = 0) {
      // what another process stored a moment ago is asked for
      map.resetReadTxn();
      const upTo = count();
      const notes = upTo === since ? [] : [...map.getRange({ start: change(since + 1), end: 'change/~' })];
      return { ids: new Set(notes.map(({ value }) => value as string)), upTo, whole: false };
    },
    async read(id) {
      const head = isTicketId(id) ? (map.get(`head/${id}`) as TicketHead | undefined) : undefined;
      return head === undefined ? undefined : { head, events: events(id) };
    },
    async append(head, after, event, over) {
      return env.writeSync(() => {
        if (events(head.id).length !== after) return false;
        const open = map.get(openKey(head));
        if (after === 0 ? open !== undefined : open !== head.id) return false;
        if (after === 0) map.putSync(`head/${head.id}`, head);
        if (over) map.removeSync(openKey(head));
        else map.putSync(openKey(head), head.id);
        map.putSync(eventKey(head.id, after), event);
        const n = count() + 1;
        map.putSync(change(n), head.id);
        map.putSync(COUNT, n);
        return true;
      });
    },
    async remove(tickets) {
      return env.writeSync(() => {
        // the notes of tickets that an earlier call removed: processes that run have read them, and one that starts now
        // reads the tickets themselves
        const past = [...map.getRange({ start: change(0), end: 'change/~' })].filter(
          ({ value }) => map.get(`head/${String(value)}`) === undefined,
        );
        for (const { key } of past) map.removeSync(key);
        const gone = tickets.filter(
          ({ id, events: known }) => map.get(`head/${id}`) !== undefined && events(id).length === known,
        );
        const ids = new Set(gone.map(({ id }) => id));
        if (ids.size > 0)
          for (const { key, value } of [...map.getRange({ start: change(0), end: 'change/~' })])
            if (ids.has(String(value))) map.removeSync(key);
        for (const { id, events: known } of gone) {
          map.removeSync(`head/${id}`);
          for (let n = 0; n < known; n++) map.removeSync(eventKey(id, n));
          const n = count() + 1;
          map.putSync(change(n), id);
          map.putSync(COUNT, n);
        }
        return gone.length;
      });
    },
    all: () => [...map.getKeys({ start: 'head/', end: 'head/~' })].map((key) => key.slice('head/'.length)),
    isOpen: (head) => map.get(openKey(head)) === head.id,
    close: () => env.close(),
  };
}
