/**
 * The state machine of every lifecycle. Pure: a ticket's state is what its events make of it, in their order, and
 * nothing else. No clock decides: running out changes no state, it is only told (`clocks.ts`).
 */
import { beginOf, dayOf, isDay } from '../calendar.js';
import { YitongError } from '../errors.js';
import { present } from '../present.js';
import {
  type ActRule,
  type ClockRule,
  type ClockState,
  CONSENT,
  type Effect,
  EXTEND,
  type FieldRule,
  type Lifecycle,
  type TicketEvent,
  type TicketState,
} from './types.js';

const named = <T>(rules: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(rules, name) ? rules[name] : undefined;

const refused = (message: string): never => {
  throw new YitongError('act_refused', message);
};

const open = (act: ActRule, state: string | undefined): boolean =>
  state === undefined ? act.from.length === 0 : act.from.includes(state);

/** A rule for one holder of the record, or one variant of a part, is none for another. */
export const isFor = (
  { holder, variant }: { readonly holder?: string; readonly variant?: string },
  of: string,
): boolean => (holder ?? variant ?? of) === of;

/** Nobody consents to what is their own. */
const isOther = ({ otherThan = [] }: ActRule, ticket: TicketState | undefined, who: string | undefined): boolean =>
  !otherThan.some((act) => {
    const doer = ticket?.doers?.[act];
    return doer !== undefined && doer === who;
  });

/**
 * Acts that a party may do now, in the order of the lifecycle; `ticket` undefined: those that open one.
 * @param who a person of that party; undefined: whoever it is
 */
export function mayDo(
  { acts }: Lifecycle,
  holder: string,
  ticket: TicketState | undefined,
  party: string,
  who?: string,
): readonly string[] {
  return Object.entries(acts).flatMap(([id, act]) =>
    act.by.includes(party) &&
    open(act, ticket?.state) &&
    isFor(act, holder) &&
    isOther(act, ticket, who) &&
    !(act.once === true && (ticket?.done[id] ?? 0) > 0)
      ? [id]
      : [],
  );
}

/**
 * @throws YitongError `act_incomplete` naming everything that is missing, too short, too long or unknown; never what
 * was said
 */
function checkFields(
  rules: Readonly<Record<string, FieldRule>>,
  requires: readonly string[],
  optional: readonly string[],
  fields: Readonly<Record<string, string>>,
): void {
  const wrong = requires.filter((name) => !Object.hasOwn(fields, name)).map((name) => `\`${name}\` is missing`);
  for (const [name, value] of Object.entries(fields)) {
    const rule = requires.includes(name) || optional.includes(name) ? named(rules, name) : undefined;
    if (rule === undefined) wrong.push('there is a field that the act does not take');
    else if (value.trim().length < rule.min) wrong.push(`\`${name}\` needs ${rule.min} characters at least`);
    else if (value.length > rule.max) wrong.push(`\`${name}\` may have ${rule.max} characters`);
    else if (rule.codes !== undefined && !Object.hasOwn(rule.codes, value))
      wrong.push(`\`${name}\` is one of ${Object.keys(rule.codes).join(', ')}`);
    else if (rule.day === true && !isDay(value)) wrong.push(`\`${name}\` is a day, YYYY-MM-DD`);
  }
  if (wrong.length > 0) throw new YitongError('act_incomplete', wrong.join('; '));
}

function extended(
  lifecycle: Lifecycle,
  ticket: TicketState,
  { act, party, clock = '', days = 0, fields }: TicketEvent,
): ClockState {
  const rule = named(lifecycle.clocks, clock)?.extension;
  const running = named(ticket.clocks, clock);
  if (rule === undefined || running === undefined || running.stoppedAt !== undefined)
    return refused('there is no such clock running that can be extended');
  if (act === CONSENT) {
    if (rule.consent !== party || running.asked === undefined)
      return refused('this party has no extension to agree to');
    checkFields(lifecycle.fields, [], [], fields);
    const { asked, ...rest } = running;
    return { ...rest, extended: asked };
  }
  if (!rule.by.includes(party)) return refused('this party may not extend the clock');
  if (running.extended > 0 || running.asked !== undefined || (rule.onceForAll === true && running.used === true))
    return refused('a clock is extended once');
  if (!Number.isInteger(days) || days < 1 || days > rule.days)
    throw new YitongError('act_incomplete', `\`days\` must be 1 to ${rule.days}`);
  checkFields(lifecycle.fields, rule.requires ?? [], [], fields);
  return rule.consent === undefined ? { ...running, extended: days } : { ...running, asked: days };
}

function moved(
  rule: ClockRule,
  clock: ClockState | undefined,
  { act, at, fields }: TicketEvent,
  holder: string,
): ClockState | undefined {
  if (!isFor(rule, holder)) return undefined;
  let now = clock;
  if (now !== undefined && now.stoppedAt === undefined && rule.stops.includes(act)) {
    const { asked: _, ...rest } = now;
    now = { ...rest, stoppedAt: at };
  }
  if (rule.starts.includes(act) && (now === undefined || now.stoppedAt !== undefined)) {
    const used = now !== undefined && (now.extended > 0 || now.used === true);
    const until = rule.until === undefined ? undefined : fields[rule.until];
    if (until !== undefined && until < dayOf(at))
      throw new YitongError('act_incomplete', `\`${rule.until ?? ''}\` is a day that is over`);
    const since = rule.since === undefined ? undefined : fields[rule.since];
    if (since !== undefined && since > dayOf(at))
      throw new YitongError('act_incomplete', `\`${rule.since ?? ''}\` is a day that has not come`);
    now = {
      startedAt: since === undefined ? at : beginOf(since),
      extended: 0,
      ...present({ until }),
      ...(rule.extension?.onceForAll === true && used ? { used: true as const } : {}),
    };
  }
  return now;
}

/** An impossible step names the possible ones. */
function whyNot(
  lifecycle: Lifecycle,
  holder: string,
  ticket: TicketState | undefined,
  { act, party, who }: TicketEvent,
): string {
  const rule = named(lifecycle.acts, act);
  if (rule !== undefined && mayDo(lifecycle, holder, ticket, party).includes(act))
    return 'this act is of another person than who did the one before it';
  const possible = mayDo(lifecycle, holder, ticket, party, who);
  const others = Object.keys(lifecycle.parties)
    .filter((id) => id !== party)
    .flatMap((id) => mayDo(lifecycle, holder, ticket, id).map((one) => `${one} (${id})`));
  return (
    'this party may not do that in the present state; ' +
    `it may: ${possible.join(', ') || 'nothing now'}` +
    (others.length === 0 ? '' : `; others may: ${others.join(', ')}`)
  );
}

/**
 * The state after an event.
 * @param ticket undefined: the event opens it
 * @throws YitongError `act_refused`, `act_incomplete`
 */
export function apply(
  lifecycle: Lifecycle,
  holder: string,
  ticket: TicketState | undefined,
  event: TicketEvent,
): TicketState {
  const { at, act, party, fields } = event;
  if (ticket !== undefined && at < ticket.at) refused('an event cannot be before the one that it follows');
  if (act === EXTEND || act === CONSENT) {
    if (ticket === undefined) return refused('the ticket is not open');
    return { ...ticket, at, clocks: { ...ticket.clocks, [event.clock ?? '']: extended(lifecycle, ticket, event) } };
  }
  const rule = named(lifecycle.acts, act);
  if (
    rule === undefined ||
    event.clock !== undefined ||
    event.days !== undefined ||
    !mayDo(lifecycle, holder, ticket, party, event.who).includes(act)
  ) {
    return refused(whyNot(lifecycle, holder, ticket, event));
  }
  checkFields(lifecycle.fields, rule.requires ?? [], rule.optional ?? [], fields);
  const clocks = Object.entries(lifecycle.clocks).flatMap(([id, clock]): [string, ClockState][] => {
    const next = moved(clock, ticket?.clocks[id], event, holder);
    return next === undefined ? [] : [[id, next]];
  });
  const next: TicketState = {
    holder,
    state: rule.to,
    at,
    openedAt: ticket?.openedAt ?? at,
    seenBy: [],
    clocks: Object.fromEntries(clocks),
    done: { ...ticket?.done, [act]: (ticket?.done[act] ?? 0) + 1 },
    ...(event.who === undefined && ticket?.doers === undefined
      ? {}
      : { doers: { ...ticket?.doers, ...(event.who === undefined ? {} : { [act]: event.who }) } }),
  };
  const sees = Object.keys(lifecycle.parties).filter(
    (id) =>
      id === party ||
      lifecycle.parties[id]?.follows === true ||
      (next.done[lifecycle.parties[id]?.seesAfter ?? ''] ?? 0) > 0 ||
      ticket?.seenBy.includes(id) === true ||
      mayDo(lifecycle, holder, next, id).length > 0,
  );
  return { ...next, seenBy: sees };
}

/**
 * The same events give the same state, always.
 * @throws YitongError `act_refused` for events that are none of this lifecycle
 */
export function replay(lifecycle: Lifecycle, holder: string, events: readonly TicketEvent[]): TicketState {
  let ticket: TicketState | undefined;
  for (const event of events) ticket = apply(lifecycle, holder, ticket, event);
  return ticket ?? refused('a ticket without events is none');
}

/** What a ticket in this state does to the record concerned. */
export const effectOf = ({ states }: Lifecycle, { state }: TicketState): Effect =>
  named(states, state)?.effect ?? 'none';
export const isOver = ({ states }: Lifecycle, { state }: TicketState): boolean =>
  named(states, state)?.terminal === true;

/**
 * Which party holds a record of this authority: the one that is this authority, else the one that stands for whoever
 * provides a record. Undefined: tickets of this lifecycle cannot concern it.
 */
export function holderOf({ parties }: Lifecycle, authority: string): string | undefined {
  const all = Object.entries(parties);
  return (all.find(([, party]) => party.authority === authority) ??
    all.find(([, party]) => party.authority === 'record'))?.[0];
}

/**
 * Clocks that have not begun and still may, in the order of the lifecycle, with the acts from which they count: what a
 * party that waits has still before it. Nothing where the ticket is over, nor of clocks without a term.
 */
export function clocksAhead(
  { acts, clocks }: Lifecycle,
  { holder, state, clocks: begun }: Pick<TicketState, 'holder' | 'state' | 'clocks'>,
): readonly { readonly clock: string; readonly after: readonly string[] }[] {
  const possible = Object.entries(acts).filter(([, act]) => isFor(act, holder));
  const states = new Set([state]);
  const done = new Set<string>();
  for (let before = -1; before !== done.size; ) {
    before = done.size;
    for (const [id, { from, to }] of possible)
      if (from.some((one) => states.has(one))) {
        done.add(id);
        states.add(to);
      }
  }
  return Object.entries(clocks).flatMap(([clock, rule]) => {
    const after = rule.starts.filter((act) => done.has(act));
    const isAhead = isFor(rule, holder) && rule.days !== undefined && !Object.hasOwn(begun, clock);
    return isAhead && after.length > 0 ? [{ clock, after }] : [];
  });
}
