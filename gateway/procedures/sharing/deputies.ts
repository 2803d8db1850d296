/**
 * Deputies: a head who is away hands the acts of one role to a person of the same department, from a day to a day. All
 * that holds of it stands here: who may hand over, to whom, for how long, and whose acts somebody may do today. Whoever
 * acts stays the person that they are, so that nobody consents to what is their own (`otherThan`), be it the deputy's
 * or that of the head. What a head decided once for all (`standing.ts`) is handed to nobody.
 */
import { randomBytes } from 'node:crypto';
import { beginOf, dayOf, isDay } from '../../../contracts/calendar.js';
import { YitongError } from '../../../contracts/errors.js';
import { asJson } from '../../ground/state/as-json.js';
import { type Json, type State, StateConflict } from '../../ground/state/port.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import { authorityOfActor, ownRolesOf, whoOf } from './sides.js';
import type { DeputyFor, MatterAct, MatterActor } from './types.js';

/** Roles whose acts are handed over. */
export const DEPUTED = ['sharing-head', 'department-head'] as const;
type DeputedRole = (typeof DEPUTED)[number];

/** Days of one hand-over, the first and the last of them included. */
export const MOST_DAYS = 30;
const DAY = 86_400_000;
/** ms for which one that is over is still shown. */
const SHOWN_FOR = 400 * DAY;
/** Characters of a name. */
const NAME = 60;

export interface Deputation {
  /** 16 hex digits. */
  readonly id: string;
  readonly authority: string;
  readonly role: DeputedRole;
  /** The head, by a reference that tells who it is to nobody, and as people of the department call both. */
  readonly of: string;
  readonly ofName: string;
  readonly deputy: string;
  readonly deputyName: string;
  /** First and last day. */
  readonly from: string;
  readonly until: string;
  readonly reason: string;
  /** Receipt of the entry that names both. */
  readonly entry: string;
  /** ms since 1970 from which it holds no more, where it was taken back. */
  readonly endedAt?: number;
  readonly endedBy?: string;
}

interface Ground {
  readonly state: Pick<State, 'set' | 'commit'>;
  readonly keys: Pick<SealingKeys, 'reference'>;
  readonly now: () => number;
}

const setOf = (authority: string): string => `sharing-deputies/${authority}`;
const refOf = ({ keys }: Pick<Ground, 'keys'>, who: string): string => keys.reference('actor', who);

/** Whether somebody may act under it now. */
export const isInForce = ({ from, until, endedAt }: Deputation, now: number): boolean => {
  const today = dayOf(now);
  return from <= today && today <= until && (endedAt === undefined || now < endedAt);
};

const standing = (one: Deputation): boolean => one.endedAt === undefined;
const overlap = (a: Pick<Deputation, 'from' | 'until'>, b: Pick<Deputation, 'from' | 'until'>): boolean =>
  a.from <= b.until && b.from <= a.until;

async function readSet({ state }: Pick<Ground, 'state'>, authority: string) {
  const { version, members } = await state.set(setOf(authority));
  return { version, all: [...members.values()].map((one) => one as unknown as Deputation) };
}

/** Those of a department, the newest first. */
export async function deputationsOf(
  ground: Pick<Ground, 'state'>,
  authority: string | undefined,
): Promise<readonly Deputation[]> {
  if (authority === undefined) return [];
  const { all } = await readSet(ground, authority);
  return all.sort((a, b) => b.from.localeCompare(a.from) || a.id.localeCompare(b.id));
}

/** The actor with those whose acts it may do now as well. */
export async function withDeputations(ground: Ground, actor: MatterActor): Promise<MatterActor> {
  const authority = authorityOfActor(actor);
  if (actor.kind === 'platform' || authority === undefined) return actor;
  const who = refOf(ground, whoOf(actor));
  const now = ground.now();
  const { all } = await readSet(ground, authority);
  const deputyFor = all
    .filter((one) => one.deputy === who && isInForce(one, now))
    .map(({ id, role, of, ofName }): DeputyFor => ({ id, role, of, name: ofName }));
  return { ...actor, deputyFor };
}

interface HandOver {
  readonly role: string;
  /** As `whoOf` would name the deputy. */
  readonly deputy: string;
  readonly deputyName: string;
  /** As people of the department call the head. */
  readonly ofName: string;
  readonly from: string;
  readonly until: string;
  readonly reason: string;
}

/** All that is wrong with how it is written, at once. */
function faultsOf({ from, until, reason, deputy, deputyName, ofName }: HandOver, now: number): readonly string[] {
  const days = isDay(from) && isDay(until);
  const length = days ? Math.round((beginOf(until) - beginOf(from)) / DAY) + 1 : 0;
  const named = (name: string): boolean => name.trim() !== '' && name.length <= NAME;
  return [
    ...(days ? [] : ['`from` and `until` are days, YYYY-MM-DD']),
    ...(days && from < dayOf(now) ? ['`from` is a day that is over'] : []),
    ...(days && (length < 1 || length > MOST_DAYS) ? [`it is for 1 to ${String(MOST_DAYS)} days`] : []),
    ...(deputy.trim() === '' || deputy.length > 400 ? ['`deputy` names a person'] : []),
    ...(named(deputyName) && named(ofName) ? [] : [`names have 1 to ${String(NAME)} characters`]),
    ...(reason.trim().length < 4 || reason.length > 500 ? ['`reason` has 4 to 500 characters'] : []),
  ];
}

/** Why it cannot stand beside what is handed over already. */
function whyNot(made: Deputation, all: readonly Deputation[]): string | undefined {
  const beside = all.filter((one) => standing(one) && overlap(one, made));
  if (made.deputy === made.of) return 'nobody is their own deputy';
  if (beside.some((one) => one.of === made.of && one.role === made.role))
    return 'the acts of this role are handed over in these days already; end that first';
  if (beside.some((one) => one.deputy === made.of))
    return 'whoever stands in for somebody hands nothing on in these days: there is no deputy of a deputy';
  if (beside.some((one) => one.of === made.deputy))
    return 'whoever is to stand in has handed over their own acts in these days: there is no deputy of a deputy';
  return undefined;
}

const CHANGED = 'somebody else changed the deputies of the department at the same time; look again';

async function store({ state }: Ground, version: number, one: Deputation): Promise<void> {
  const put: Record<string, Json> = { [one.id]: asJson(one) };
  try {
    await state.commit([{ do: 'set', set: setOf(one.authority), version, put }]);
  } catch (error) {
    if (error instanceof StateConflict) throw new YitongError('matter_moved', CHANGED);
    throw error;
  }
}

type Recording = Pick<MatterAct, 'record'> & { readonly actor: MatterActor };

/**
 * Hands the acts of a role over. On record before it holds.
 * @throws YitongError `act_refused` for whoever has not the role themself, and for what does not go beside what there
 * is; `act_incomplete`, `matter_moved`, `audit_unavailable`
 */
export async function handOver(ground: Ground, { actor, record }: Recording, given: HandOver): Promise<Deputation> {
  const now = ground.now();
  const authority = authorityOfActor(actor);
  const role = DEPUTED.find((one) => one === given.role);
  if (authority === undefined || role === undefined || !ownRolesOf(actor).includes(role))
    throw new YitongError('act_refused', 'a head hands over the acts of a role of their own, and of no other');
  const faults = faultsOf(given, now);
  if (faults.length > 0) throw new YitongError('act_incomplete', faults.join('; '));
  await forget(ground, authority, (await readSet(ground, authority)).all, now);
  // what is looked at here is what must still stand when it is stored
  const { version, all } = await readSet(ground, authority);
  const made: Omit<Deputation, 'entry'> = {
    id: randomBytes(8).toString('hex'),
    authority,
    role,
    of: refOf(ground, whoOf(actor)),
    ofName: given.ofName.trim(),
    deputy: refOf(ground, given.deputy),
    deputyName: given.deputyName.trim(),
    from: given.from,
    until: given.until,
    reason: given.reason.trim(),
  };
  const why = whyNot({ ...made, entry: '' }, all);
  if (why !== undefined) throw new YitongError('act_refused', why);
  const { from, until, reason } = made;
  const { id: entry } = await record({
    action: 'sharing_act',
    role,
    target: made.id,
    detail: { machine: 'deputy', act: 'hand-over', party: role, from, until },
    about: { fields: { reason }, deputy: given.deputy },
  });
  const whole: Deputation = { ...made, entry };
  await store(ground, version, whole);
  return whole;
}

const isForgotten = ({ until }: Deputation, now: number): boolean => beginOf(until) + SHOWN_FOR < now;

/** What was over long ago stands in the log alone. */
async function forget({ state }: Ground, authority: string, all: readonly Deputation[], now: number): Promise<void> {
  const remove = all.filter((one) => isForgotten(one, now)).map(({ id }) => id);
  if (remove.length > 0) await state.commit([{ do: 'set', set: setOf(authority), remove }]);
}

/**
 * Takes it back at once: by the head whose acts they are, or by the deputy, who need not.
 * @throws YitongError `not_found`, `act_refused`, `matter_moved`, `audit_unavailable`
 */
export async function takeBack(ground: Ground, { actor, record }: Recording, id: string): Promise<void> {
  const authority = authorityOfActor(actor) ?? '';
  const { version, all } = await readSet(ground, authority);
  const found = all.find((one) => one.id === id);
  if (found === undefined) throw new YitongError('not_found', 'the department has no such deputy');
  const who = refOf(ground, whoOf(actor));
  if (who !== found.of && who !== found.deputy)
    throw new YitongError(
      'act_refused',
      'it is taken back by the head whose acts they are, or laid down by the deputy',
    );
  if (!standing(found)) return;
  const now = ground.now();
  const { id: entry } = await record({
    action: 'sharing_act',
    role: found.role,
    target: id,
    detail: { machine: 'deputy', act: who === found.of ? 'take-back' : 'lay-down', party: found.role },
    about: {},
  });
  await store(ground, version, { ...found, endedAt: now, endedBy: entry });
}
