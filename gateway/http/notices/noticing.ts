/**
 * Looks at what waits for whom, room by room, and tells of what is new or about to run out: once for all replicas, by
 * whoever holds the lease. What was told and what has to leave stand in one commit, so that nothing is told twice and
 * nothing is forgotten; what leaves may leave twice, under the same id, where a worker ended before it could say so.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isYitongError } from '../../../contracts/errors.js';
import { type Change, StateConflict } from '../../ground/state/port.js';
import { commitTried } from '../../ground/state/transact.js';
import { NotDelivered } from '../../procedures/subscriptions/outlet.js';
import { type Room, roomsOf, type Waiting } from '../people/rooms.js';
import { deliver, hasWay, type OutwardParts } from './sending.js';
import { Refused } from './smtp.js';
import {
  type Channel,
  DUE,
  goneChange,
  type Known,
  LEASE,
  type Notice,
  type NoticeStore,
  newNoticeId,
  noticeChange,
  outgoingChange,
  type Profile,
  type Told,
  type ToldItems,
  toldChange,
  type Waits,
  wants,
} from './store.js';

interface NoticingParts extends OutwardParts {
  readonly store: NoticeStore;
  readonly rooms: () => readonly Room[];
  readonly now: () => number;
  readonly onTrouble: (error: unknown) => void;
  /** ms for which a worker that ended without a word keeps the others waiting. */
  readonly leaseMs?: number;
}

const LEASE_MS = 30_000;
/** Working days before a term ends from which on that is told. */
const NEAR = 1;
/** Told to one person in one pass; the rest with the next one. */
const MOST_AT_ONCE = 100;
const MOST_OUT = 50;
const FIRST_AGAIN = 1000;
const LAST_AGAIN = 900_000;
/** What nobody took by then is not sent any more; on the page it stands. */
const GIVEN_UP = 3 * 86_400_000;

interface Found {
  readonly room: string;
  readonly kind: Notice['kind'];
  readonly item: string;
  readonly href: string;
  readonly left?: number;
}

/** What of a room is to be told, and what was told then. Pure. */
function compared(room: string, { items }: Waiting, told: ToldItems, most: number) {
  const found: Found[] = [];
  const then: Record<string, 1 | 2> = {};
  for (const { id, href, due } of items) {
    const before = Object.hasOwn(told, id) ? told[id] : undefined;
    const level = due !== undefined && due.left <= NEAR ? 2 : 1;
    const tells = before === undefined || before < level;
    if (tells && found.length >= most) {
      if (before !== undefined) then[id] = before;
      continue;
    }
    if (tells)
      found.push({
        room,
        kind: before === undefined ? 'new' : DUE,
        item: id,
        href,
        ...(due === undefined ? {} : { left: due.left }),
      });
    // a term that was extended does not end anew
    then[id] = Math.max(before ?? 1, level) as 1 | 2;
  }
  return { found, then };
}

const kindOf = ({ room, kind }: Pick<Found, 'room' | 'kind'>): string => (kind === DUE ? DUE : room);

export class Noticing {
  readonly #parts: NoticingParts;
  readonly #holder = randomBytes(8).toString('hex');
  readonly #stop = new AbortController();
  #done: Promise<void> | undefined;
  #token: number | undefined;
  #troubled = false;

  constructor(parts: NoticingParts) {
    this.#parts = parts;
  }

  /** From now on by itself. */
  begin(everyMs: number): void {
    this.#done ??= this.#run(everyMs);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    if (this.#token !== undefined) await this.#parts.store.state.release(LEASE, this.#token).catch(() => undefined);
  }

  /** Never rejects. */
  async #run(everyMs: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.pass();
        this.#troubled = false;
      } catch (error) {
        this.#token = undefined;
        // another worker was faster: it does the work
        if (!(error instanceof StateConflict) && !this.#troubled) {
          this.#parts.onTrouble(error);
          this.#troubled = true;
        }
      }
      await pause(everyMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /**
   * Once through everybody, then what has to leave.
   * @returns whether this worker had the lease
   * @throws whatever a room throws: what was told by then is told
   */
  async pass(): Promise<boolean> {
    const { store, now } = this.#parts;
    const begun = now();
    if (!(await this.#hold())) return false;
    let anybody = false;
    for await (const known of store.people()) {
      anybody = true;
      if (this.#stop.signal.aborted || !(await this.#hold())) return false;
      await this.#tell(known);
    }
    if (!anybody) return true;
    if (!(await this.#sendAll())) return false;
    if (this.#token !== undefined) await store.passed(begun, this.#token);
    return true;
  }

  async #hold(): Promise<boolean> {
    this.#token = (await this.#parts.store.state.lease(LEASE, this.#holder, this.#parts.leaseMs ?? LEASE_MS))?.token;
    return this.#token !== undefined;
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    if (this.#token === undefined) throw new Error('a change without the lease');
    await commitTried(this.#parts.store.state, [{ do: 'expect-lease', lease: LEASE, token: this.#token }, ...changes]);
  }

  async #tell({ ref, profile }: Known): Promise<void> {
    const { store, rooms, now } = this.#parts;
    const found: Found[] = [];
    const changes: Change[] = [];
    for (const room of roomsOf(rooms(), profile.person)) {
      const before: Told = await store.told(ref, room.id);
      const waiting = await room.waiting(profile.person).catch((error: unknown) => {
        // what only another replica keeps is told where that one has the lease
        if (isYitongError(error) && error.code === 'log_elsewhere') return undefined;
        throw error;
      });
      if (waiting === undefined) continue;
      const { found: own, then } = compared(room.id, waiting, before.items, MOST_AT_ONCE - found.length);
      found.push(...own);
      if (JSON.stringify(then) !== JSON.stringify(before.items))
        changes.push(toldChange(ref, room.id, { version: before.version, items: then }));
    }
    if (changes.length === 0) return;
    const at = now();
    await this.#commit([...changes, ...this.#tellings(ref, profile, found, at)]);
  }

  #tellings(ref: string, profile: Profile, found: readonly Found[], at: number): readonly Change[] {
    const { settings } = this.#parts;
    const notices: Notice[] = [];
    const out: Record<'mail' | 'hook', Notice[]> = { mail: [], hook: [] };
    for (const one of found) {
      const wanted = (channel: Channel): boolean => wants(profile, kindOf(one), channel);
      const ways = (['mail', 'hook'] as const).filter((way) => wanted(way) && hasWay(way, settings));
      if (!wanted('page') && ways.length === 0) continue;
      const notice: Notice = { ...one, id: newNoticeId(), at, read: !wanted('page') };
      notices.push(notice);
      for (const way of ways) out[way].push(notice);
    }
    return [
      ...notices.map((notice) => noticeChange(ref, notice)),
      ...(['mail', 'hook'] as const)
        .filter((channel) => out[channel].length > 0)
        .map((channel) =>
          outgoingChange({
            channel,
            ref,
            notices: out[channel].map(({ id, room, kind, left }) => ({
              id,
              room,
              kind,
              ...(left === undefined ? {} : { left }),
            })),
            since: at,
            next: at,
            tries: 0,
          }),
        ),
    ];
  }

  /** @returns false where the lease went */
  async #sendAll(): Promise<boolean> {
    const { store, now } = this.#parts;
    /** A way that took nothing is not tried again in the same pass. */
    const away = new Set<string>();
    for (const waits of await store.outgoing(now(), MOST_OUT)) {
      if (away.has(waits.outgoing.channel)) continue;
      if (this.#stop.signal.aborted || !(await this.#hold())) return false;
      if (!(await this.#send(waits))) away.add(waits.outgoing.channel);
    }
    return true;
  }

  /** @returns whether the way took it, or may take another one */
  async #send(waits: Waits): Promise<boolean> {
    const { store, now, settings, onTrouble } = this.#parts;
    const { outgoing } = waits;
    const profile = await store.byRef(outgoing.ref);
    const at = now();
    const fits =
      profile !== undefined &&
      hasWay(outgoing.channel, settings) &&
      at - outgoing.since < GIVEN_UP &&
      (outgoing.notices.length === 0
        ? profile.mail?.confirmed === false
        : outgoing.notices.some((one) => wants(profile, kindOf(one), outgoing.channel)));
    if (!fits) {
      await this.#commit([goneChange(waits)]);
      return true;
    }
    const still = outgoing.notices.filter((one) => wants(profile, kindOf(one), outgoing.channel));
    try {
      await deliver(waits.id, { ...outgoing, notices: still }, profile, this.#parts, at, this.#stop.signal);
    } catch (error) {
      if (!(error instanceof NotDelivered)) throw error;
      onTrouble(error);
      if (error instanceof Refused) {
        await this.#commit([goneChange(waits)]);
        return true;
      }
      const wait = Math.min(LAST_AGAIN, FIRST_AGAIN * 2 ** Math.min(outgoing.tries, 20));
      await this.#commit([outgoingChange({ ...outgoing, tries: outgoing.tries + 1, next: at + wait }, waits.id)]);
      return false;
    }
    await this.#commit([goneChange(waits)]);
    return true;
  }
}
