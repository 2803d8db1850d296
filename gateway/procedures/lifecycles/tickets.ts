/**
 * Tickets of the lifecycles that a workspace declares. An act is checked, put on record, and takes effect when it is
 * stored: in this order. State is what the stored events make of it; each process keeps it in memory and reads what is
 * new, beside the questions: what a ticket does to a record is looked up without waiting for the store.
 */

import { randomBytes } from 'node:crypto';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { authorityOf, type DatasetId } from '../../../contracts/ids.js';
import { type ClockReading, checkExtension, nextDue, readClocks } from '../../../contracts/lifecycle/clocks.js';
import { apply, effectOf, holderOf, isOver, mayDo } from '../../../contracts/lifecycle/engine.js';
import { type Lifecycles, lifecyclesOf } from '../../../contracts/lifecycle/load.js';
import {
  CONSENT,
  EXTEND,
  type Lifecycle,
  type TicketEvent,
  type TicketState,
} from '../../../contracts/lifecycle/types.js';
import { daysToDate } from '../../../contracts/logical.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { dayOf } from '../../../policies/dates.js';
import { defaultLog, openLog } from '../../ground/logging/log.js';
import type { State } from '../../ground/state/port.js';
import { auditLayout } from '../../log/entries/layout.js';
import type { Receipt } from '../../log/entries/port.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import { type SealingKeys, sealingKeysOf, sharedSealingKeys } from '../../log/entries/sealing-keys.js';
import { EffectTable, isUse, type RecordEffects, type RecordRef, recordEffects } from './effects.js';
import {
  readFiles,
  type SentFile,
  type TicketFile,
  type TicketFiles,
  ticketFilesIn,
  ticketFilesInState,
} from './files.js';
import { type Actor, type Concern, partiesOf } from './parties.js';
import { ticketsIn } from './state-store.js';
import {
  hadTickets,
  openTicketStore,
  type StoredEvent,
  type StoredTicket,
  type TicketHead,
  type TicketStore,
} from './store.js';

interface Ticket {
  readonly head: TicketHead;
  readonly lifecycle: Lifecycle;
  readonly state: TicketState;
  readonly clocks: readonly ClockReading[];
  /** The clock that runs out first. */
  readonly due?: ClockReading;
  readonly over: boolean;
}

interface OpenedEvent extends Omit<TicketEvent, 'fields'> {
  readonly entry: string;
  /** Undefined where the subject was erased. */
  readonly fields?: Readonly<Record<string, string>>;
  /** That came with it. */
  readonly files?: readonly TicketFile[];
}

export interface SeenTicket extends Ticket {
  /** Parties for which the actor acts, and what they may do now. */
  readonly parties: readonly string[];
  readonly acts: readonly string[];
}

/** With what only those may read who see the ticket. */
export interface OpenedTicket extends SeenTicket {
  /** Undefined where the subject was erased. */
  readonly record?: RecordRef;
  readonly events: readonly OpenedEvent[];
}

/** What goes on record before an act takes effect. */
export interface TicketDeed {
  readonly action: 'ticket_act' | 'ticket_act_void';
  readonly role: string;
  /** Id of the ticket. */
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** The subject of the record, and what was said: only under a key. */
  readonly subject: string;
  readonly about: Readonly<Record<string, unknown>>;
}

export interface TicketAct {
  readonly actor: Actor;
  readonly act: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly files?: readonly SentFile[];
  readonly clock?: string;
  readonly days?: number;
  /** @throws YitongError `audit_unavailable`; then nothing happens */
  readonly record: (deed: TicketDeed) => Promise<Receipt>;
}

export interface Tickets {
  readonly lifecycles: ReadonlyMap<string, Lifecycle>;
  readonly effects: RecordEffects;
  /** Those that the actor may see, the next to run out first, then those that are over, newest first. */
  list(actor: Actor): Promise<readonly SeenTicket[]>;
  /** Of every ticket, for figures and alerts. */
  all(): Promise<readonly Ticket[]>;
  /**
   * Tickets that were over before `before` (ms since 1970) go, if they do nothing to their record; what was done on
   * them stays in the log.
   * @returns how many
   */
  prune(before: number): Promise<number>;
  /** Tickets whose events their lifecycle does not know any more; their effects hold. */
  unreadable(): Promise<number>;
  /** Resolves when the effects are those of whatever was stored before the call. */
  upToDate(): Promise<void>;
  /** ms since the effects were those of everything stored; what was known before stays in force meanwhile. */
  age(): number;
  /** @throws YitongError `not_found`, also for those that the actor may not see */
  get(id: string, actor: Actor): Promise<OpenedTicket>;
  /** Acts that open a ticket about the record; none of a lifecycle of which one is open. */
  openings(
    record: RecordRef,
    actor: Actor,
  ): Promise<readonly { readonly lifecycle: Lifecycle; readonly acts: readonly string[] }[]>;
  /** @throws YitongError `not_found`, `act_refused`, `act_incomplete`, `ticket_moved`, `audit_unavailable` */
  act(id: string, act: TicketAct): Promise<OpenedTicket>;
  /** As `act`, of one that opens a ticket. The record is the caller's to look up. */
  open(lifecycle: string, record: RecordRef, act: TicketAct): Promise<OpenedTicket>;
  /** A file that came with the ticket. @throws YitongError `not_found`, as `get`; `store_damaged` */
  file(id: string, file: string, actor: Actor): Promise<TicketFile & { readonly bytes: Buffer }>;
  close(): Promise<void>;
}

interface TicketsOptions {
  readonly dataDir: string;
  /** That all replicas share; undefined: tickets stand in the data folder. */
  readonly state?: State;
  readonly workspace: Pick<Workspace, 'layers' | 'authorities' | 'contracts'>;
  /** ms since 1970 */
  readonly now: () => number;
  /** ms between two looks at what is stored, so long effects may be behind it; default 250, on a server 500. */
  readonly lag?: number;
}

interface Known {
  readonly head: TicketHead;
  readonly events: number;
  readonly lifecycle: Lifecycle;
  readonly state: TicketState;
}

/** @throws YitongError `bad_lifecycle`, `bad_calendar` */
export async function openTickets(options: TicketsOptions): Promise<Tickets> {
  const tickets = new OpenTickets(options, await lifecyclesOf(options.workspace));
  // a store that cannot be read now is told to whoever asks for what it holds, and read with the next look
  await tickets.upToDate().catch(() => undefined);
  return tickets;
}

const actsOf = ({ lifecycle, state }: Known, parties: readonly string[]): readonly string[] => [
  ...new Set(parties.flatMap((party) => mayDo(lifecycle, state.holder, state, party))),
];
/** What is sealed with an event. */
interface Inside {
  readonly subject: string;
  /** With the first one. */
  readonly recordId?: string;
  readonly missing?: true;
  readonly fields: Readonly<Record<string, string>>;
  readonly files?: readonly TicketFile[];
}
const namedIn = ({
  recordId,
  missing,
}: Pick<RecordRef, 'recordId' | 'missing'>): Pick<RecordRef, 'recordId' | 'missing'> => ({
  recordId,
  ...present({ missing }),
});
const recordOf = (dataset: string, { subject, recordId = '', missing }: Inside): RecordRef => ({
  dataset,
  subject,
  ...namedIn({ recordId, ...present({ missing }) }),
});
/** Where tickets stand, and what came with them. */
interface Parts {
  readonly store: TicketStore;
  readonly keys: SealingKeys;
  readonly files: TicketFiles;
}
/** Subjects whose keys are kept in memory. */
const CACHED = 1000;
const NOT_FOUND = 'there is no such ticket, or it is not yours to see';

class OpenTickets implements Tickets {
  readonly effects: RecordEffects;
  #opened: Parts | undefined;
  #opening: Promise<Parts> | undefined;
  readonly #known = new Map<string, Known>();
  readonly #broken = new Set<string>();
  readonly #table = new EffectTable();
  /** How far the store was read; undefined: not yet. */
  #seen: number | undefined;
  /** Another one with each look that found something. */
  #version = 0;
  readonly #openedAt = performance.now();
  /** When the look began after which nothing was missing; ms of `performance.now()`. */
  #freshAt: number | undefined;
  /** Why the last look failed. */
  #failure: unknown;
  #reading: Promise<void> | undefined;
  /** The look that begins when the one under way is over: whoever waits for what is stored now shares it. */
  #next: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;

  readonly #dataDir: string;
  readonly #state: State | undefined;
  readonly #workspace: TicketsOptions['workspace'];
  readonly #now: () => number;
  readonly #declared: Lifecycles;

  constructor(
    { dataDir, state, workspace, now, lag = state?.driver === 'postgres' ? 500 : 250 }: TicketsOptions,
    declared: Lifecycles,
  ) {
    this.#dataDir = dataDir;
    this.#state = state;
    this.#workspace = workspace;
    this.#now = now;
    this.#declared = declared;
    const version = (): number => {
      // while nothing was ever read, nobody knows what is hidden
      if (this.#freshAt === undefined)
        throw this.#failure ?? new YitongError('state_unavailable', 'the store of tickets was not read yet');
      return this.#version;
    };
    this.effects = recordEffects(this.#table, (record) => this.#reference(record), version);
    this.#timer = setInterval(() => void this.#look(), Math.max(lag, 10)).unref();
  }

  get lifecycles(): ReadonlyMap<string, Lifecycle> {
    return this.#declared.lifecycles;
  }

  /** Opened where something is read or written first, and again where the store was away then. */
  #parts(): Promise<Parts> {
    return (this.#opening ??= this.#open().then(
      (parts) => (this.#opened = parts),
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    ));
  }

  async #open(): Promise<Parts> {
    const [dataDir, state] = [this.#dataDir, this.#state];
    return state === undefined
      ? {
          store: openTicketStore(dataDir),
          keys: sealingKeysOf(auditLayout(dataDir).subjectKeys, CACHED),
          files: ticketFilesIn(dataDir),
        }
      : { store: ticketsIn(state), keys: await sharedSealingKeys(state), files: ticketFilesInState(state) };
  }

  /** Of what was opened: whoever asks has read or written something. */
  #keys(): SealingKeys {
    if (this.#opened === undefined) throw new YitongError('state_unavailable', 'the store of tickets is not open');
    return this.#opened.keys;
  }

  #reference({ dataset, subject, recordId, missing }: RecordRef): string {
    return this.#keys().reference(
      'record',
      JSON.stringify([dataset, subject, recordId, ...(missing === true ? ['missing'] : [])]),
    );
  }

  age(): number {
    return performance.now() - (this.#freshAt ?? this.#openedAt);
  }

  upToDate(): Promise<void> {
    if (this.#reading === undefined) return this.#read();
    this.#next ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#reading ?? this.#read();
      });
    return this.#next;
  }

  /** Now and then, beside the questions. What fails is said once, and seen in the age while it lasts. */
  async #look(): Promise<void> {
    if (this.#reading !== undefined) return;
    const failed = this.#failure !== undefined;
    try {
      await this.#read();
    } catch (err) {
      const message = 'the store of tickets cannot be read; what was known of it holds';
      if (!failed) openLog('tickets', defaultLog())('error', message, { err });
    }
  }

  #read(): Promise<void> {
    const startedAt = performance.now();
    const reading = this.#readNew().then(
      () => {
        this.#reading = undefined;
        this.#freshAt = startedAt;
        this.#failure = undefined;
      },
      (error: unknown) => {
        this.#reading = undefined;
        this.#failure = error;
        throw error;
      },
    );
    this.#reading = reading;
    return reading;
  }

  /** One at a time. */
  async #readNew(): Promise<void> {
    if (this.#state === undefined && this.#opened === undefined && !hadTickets(this.#dataDir)) return;
    const { store } = await this.#parts();
    const { ids, upTo, whole } = await store.changed(this.#seen);
    if (whole) for (const id of [...this.#known.keys(), ...this.#broken]) if (!ids.has(id)) this.#forget(id);
    for (const id of ids) {
      const stored = await store.read(id);
      if (stored === undefined) this.#forget(id);
      else this.#take(stored);
    }
    if (ids.size > 0 || whole) this.#version++;
    this.#seen = upTo;
  }

  /** It went, as its term was over. */
  #forget(id: string): void {
    const head = this.#known.get(id)?.head;
    if (head !== undefined) this.#table.set(head.dataset, head.record, id, 'none');
    this.#known.delete(id);
    this.#broken.delete(id);
  }

  #take({ head, events }: StoredTicket): void {
    const lifecycle = this.lifecycles.get(head.lifecycle);
    this.#table.set(head.dataset, head.record, head.id, events.at(-1)?.effect ?? 'none');
    const before = this.#known.get(head.id);
    try {
      const holder = lifecycle === undefined ? undefined : holderOf(lifecycle, authorityOf(head.dataset as DatasetId));
      if (lifecycle === undefined || holder === undefined)
        throw new YitongError('act_refused', 'the workspace has no such lifecycle');
      let state = before?.state;
      // what people wrote was checked when they wrote it, and is sealed
      for (const event of events.slice(before?.events ?? 0))
        state = apply(lifecycle, holder, state, { ...event, fields: this.#written(lifecycle, event) });
      if (state !== undefined) this.#known.set(head.id, { head, events: events.length, lifecycle, state });
      this.#broken.delete(head.id);
    } catch (error) {
      if (!isYitongError(error)) throw error;
      this.#known.delete(head.id);
      this.#broken.add(head.id);
    }
  }

  /** Fields that fit, in place of those that are sealed. */
  #written({ acts, clocks, fields }: Lifecycle, { act, clock }: StoredEvent): Record<string, string> {
    const names =
      (act === EXTEND ? clocks[clock ?? '']?.extension?.requires : act === CONSENT ? [] : acts[act]?.requires) ?? [];
    return Object.fromEntries(names.map((name) => [name, '–'.repeat(fields[name]?.min ?? 0)]));
  }

  #ticket({ head, lifecycle, state }: Known): Ticket {
    const clocks = readClocks(lifecycle, this.#declared.calendars.get(lifecycle.calendar)!, state, this.#now());
    const due = nextDue(clocks);
    return { head, lifecycle, state, clocks, ...present({ due }), over: isOver(lifecycle, state) };
  }

  #concern({ dataset, subject }: Pick<TicketHead, 'dataset' | 'subject'>): Concern {
    return {
      authority: authorityOf(dataset as DatasetId),
      isSubject: (one) => this.#keys().reference('subject', one) === subject,
    };
  }

  async all(): Promise<readonly Ticket[]> {
    await this.upToDate();
    return [...this.#known.values()].map((known) => this.#ticket(known));
  }

  async prune(before: number): Promise<number> {
    await this.upToDate();
    const past = [...this.#known.values()].filter(
      ({ lifecycle, state }) => isOver(lifecycle, state) && state.at < before && effectOf(lifecycle, state) === 'none',
    );
    if (this.#opened === undefined) return 0;
    const { store, files } = this.#opened;
    const gone = await store.remove(past.map(({ head, events }) => ({ id: head.id, events })));
    for (const { head } of past) if ((await store.read(head.id)) === undefined) await files.remove(head.id);
    await files.dropStray(async (id) => (await store.read(id)) !== undefined, this.#now());
    await this.upToDate();
    return gone;
  }

  async unreadable(): Promise<number> {
    await this.upToDate();
    return this.#broken.size;
  }

  async list(actor: Actor): Promise<readonly SeenTicket[]> {
    await this.upToDate();
    const mine = [...this.#known.values()].flatMap((known): SeenTicket[] => {
      const parties = this.#partiesIn(known, actor);
      return parties.length === 0 ? [] : [{ ...this.#ticket(known), parties, acts: actsOf(known, parties) }];
    });
    return mine.sort(
      (a, b) =>
        Number(a.over) - Number(b.over) ||
        (a.due?.due.overAt ?? Infinity) - (b.due?.due.overAt ?? Infinity) ||
        b.state.at - a.state.at ||
        (a.head.id < b.head.id ? -1 : 1),
    );
  }

  /** Those for which the actor acts, and that see the ticket. */
  #partiesIn({ head, lifecycle, state }: Known, actor: Actor): readonly string[] {
    return partiesOf(lifecycle, actor, this.#concern(head)).filter((party) => state.seenBy.includes(party));
  }

  async #knownTo(id: string, actor: Actor): Promise<Known & { readonly parties: readonly string[] }> {
    await this.upToDate();
    const known = this.#known.get(id);
    const parties = known === undefined ? [] : this.#partiesIn(known, actor);
    if (known === undefined || parties.length === 0) throw new YitongError('not_found', NOT_FOUND);
    return { ...known, parties };
  }

  async #inside(event: StoredEvent): Promise<Inside | undefined> {
    const secret = await this.#keys().byPseudonym(event.pseudonym);
    if (secret === undefined) return undefined;
    const { subject, details } = unseal(secret, event.enc);
    return { subject, ...(details as Omit<Inside, 'subject'>) };
  }

  async get(id: string, actor: Actor): Promise<OpenedTicket> {
    const known = await this.#knownTo(id, actor);
    const { store } = await this.#parts();
    const { events } = (await store.read(id)) ?? { events: [] };
    const opened = await Promise.all(
      events.map(async (event): Promise<OpenedEvent & { readonly first: Inside | undefined }> => {
        const { effect: _, pseudonym: __, enc: ___, ...told } = event;
        const inside = await this.#inside(event);
        return {
          ...told,
          ...(inside === undefined ? {} : { fields: inside.fields, ...present({ files: inside.files }) }),
          first: inside,
        };
      }),
    );
    const first = opened[0]?.first;
    return {
      ...this.#ticket(known),
      ...(first?.recordId === undefined ? {} : { record: recordOf(known.head.dataset, first) }),
      events: opened.map(({ first: _, ...event }) => event),
      parties: known.parties,
      acts: first === undefined ? [] : actsOf(known, known.parties),
    };
  }

  async openings(
    record: RecordRef,
    actor: Actor,
  ): Promise<readonly { readonly lifecycle: Lifecycle; readonly acts: readonly string[] }[]> {
    await this.#parts();
    await this.upToDate();
    const reference = this.#reference(record);
    const kind = this.#workspace.contracts.get(record.dataset as DatasetId)?.kind;
    return [...this.lifecycles.values()].flatMap((lifecycle) => {
      const holder = holderOf(lifecycle, authorityOf(record.dataset as DatasetId));
      const fits = isUse(record.dataset)
        ? lifecycle.about.uses === true
        : kind !== undefined && lifecycle.about.kinds.includes(kind) && lifecycle.about.missing === record.missing;
      if (holder === undefined || !fits) return [];
      for (const { head, state } of this.#known.values())
        if (head.lifecycle === lifecycle.id && head.record === reference && !isOver(lifecycle, state)) return [];
      const parties = partiesOf(lifecycle, actor, {
        authority: authorityOf(record.dataset as DatasetId),
        isSubject: (one) => one === record.subject,
      });
      const today = daysToDate(dayOf(this.#now())) ?? '';
      // a day that nobody knows has not come
      const due = (act: string): boolean =>
        lifecycle.acts[act]?.after === undefined || (record.opens?.[`${lifecycle.id}.${act}`] ?? '~') <= today;
      const acts = [...new Set(parties.flatMap((party) => mayDo(lifecycle, holder, undefined, party)))].filter(due);
      return acts.length === 0 ? [] : [{ lifecycle, acts }];
    });
  }

  async act(id: string, act: TicketAct): Promise<OpenedTicket> {
    const known = await this.#knownTo(id, act.actor);
    const { store } = await this.#parts();
    const first = (await store.read(id))?.events[0];
    const inside = first === undefined ? undefined : await this.#inside(first);
    if (inside === undefined)
      throw new YitongError('act_refused', 'the subject of the ticket was erased; nothing more is done on it');
    await this.#store(known.head, known, known.parties, recordOf(known.head.dataset, inside), act);
    return this.get(id, act.actor);
  }

  async open(id: string, record: RecordRef, act: TicketAct): Promise<OpenedTicket> {
    const lifecycle = this.lifecycles.get(id);
    if (
      lifecycle === undefined ||
      !(await this.openings(record, act.actor)).some((one) => one.lifecycle.id === id && one.acts.includes(act.act))
    ) {
      throw new YitongError(
        'act_refused',
        'no such ticket may be opened about this record by this party, or one is open',
      );
    }
    const { keys } = await this.#parts();
    const head: TicketHead = {
      id: randomBytes(8).toString('hex'),
      lifecycle: id,
      dataset: record.dataset,
      subject: keys.reference('subject', record.subject),
      record: this.#reference(record),
    };
    const parties = partiesOf(lifecycle, act.actor, this.#concern(head));
    await this.#store(head, { lifecycle, state: undefined, events: 0 }, parties, record, act);
    return this.get(head.id, act.actor);
  }

  /** Checks, puts on record, stores. */
  async #store(
    head: TicketHead,
    {
      lifecycle,
      state,
      events,
    }: { readonly lifecycle: Lifecycle; readonly state: TicketState | undefined; readonly events: number },
    parties: readonly string[],
    record: RecordRef,
    { act, fields, files: sent = [], clock, days, record: putOnRecord }: TicketAct,
  ): Promise<void> {
    const holder = state?.holder ?? holderOf(lifecycle, authorityOf(head.dataset as DatasetId)) ?? '';
    const rule = clock === undefined ? undefined : lifecycle.clocks[clock]?.extension;
    const may = (party: string): boolean =>
      act === EXTEND
        ? rule?.by.includes(party) === true
        : act === CONSENT
          ? rule?.consent === party
          : mayDo(lifecycle, holder, state, party).includes(act);
    const party = parties.find(may) ?? parties[0] ?? '';
    const event: TicketEvent = {
      at: Math.max(this.#now(), state?.at ?? 0),
      act,
      party,
      fields,
      ...present({ clock, days }),
    };
    const calendar = this.#declared.calendars.get(lifecycle.calendar)!;
    if (state !== undefined) checkExtension(lifecycle, calendar, state, event);
    const next = apply(lifecycle, holder, state, event);
    const files = readFiles(sent, lifecycle.acts[act]?.files ?? 0);
    const told = files.length === 0 ? {} : { files: files.map(({ bytes: _, ...file }) => file) };

    const deed = (action: TicketDeed['action']): TicketDeed => ({
      action,
      role: lifecycle.parties[party]?.role ?? '',
      target: head.id,
      subject: record.subject,
      detail: {
        lifecycle: lifecycle.id,
        dataset: head.dataset,
        act,
        party,
        ...(state === undefined ? {} : { from: state.state }),
        to: next.state,
        event: events,
        ...present({ clock, days }),
        ...(files.length === 0 ? {} : { files: files.length }),
      },
      about: { subject: record.subject, ...namedIn(record), fields, ...told },
    });
    const { id: entry } = await putOnRecord(deed('ticket_act'));
    const { store, keys, files: kept } = await this.#parts();
    const secret = await keys.secretOf(record.subject);
    // before the act that tells of them: one that is told of is there
    await kept.store(head.id, files, secret, this.#now());
    const details = { ...(events === 0 ? namedIn(record) : {}), fields, ...told };
    const { fields: _, ...clear } = event;
    const stored: StoredEvent = {
      ...clear,
      entry,
      pseudonym: secret.pseudonym,
      enc: seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify({ subject: record.subject, details }))),
      effect: effectOf(lifecycle, next),
    };
    if (!(await store.append(head, events, stored, isOver(lifecycle, next)))) {
      await kept.drop(head.id, files);
      await putOnRecord(deed('ticket_act_void'));
      throw new YitongError('ticket_moved', 'somebody acted on the ticket at the same time; look at it again');
    }
  }

  async file(id: string, file: string, actor: Actor): Promise<TicketFile & { readonly bytes: Buffer }> {
    const ticket = await this.get(id, actor);
    const found = ticket.events.flatMap(({ files = [] }) => files).find((one) => one.id === file);
    const { store, keys, files } = await this.#parts();
    const secret =
      found === undefined ? undefined : await keys.byPseudonym((await store.read(id))?.events[0]?.pseudonym ?? '');
    if (found === undefined || secret === undefined) throw new YitongError('not_found', NOT_FOUND);
    return { ...found, bytes: await files.load(id, found, secret) };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#reading !== undefined || this.#next !== undefined)
      await (this.#next ?? this.#reading)?.catch(() => undefined);
    await this.#opened?.store.close();
    await this.#opened?.keys.close();
  }
}
