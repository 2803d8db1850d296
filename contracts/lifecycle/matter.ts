/**
 * A matter between departments: one lifecycle, gone through by each of its parts. Acts for all parts move those in
 * which they are possible; an act `each` moves the one that it names. The state of a part is what the events make of
 * it that are for all, or for it; a matter without parts has one, which has no name.
 */

import type { Calendar } from '../calendar.js';
import { YitongError } from '../errors.js';
import { checkTerms } from './clocks.js';
import { apply, isOver, mayDo } from './engine.js';
import { CONSENT, EXTEND, type Lifecycle, type TicketEvent, type TicketState } from './types.js';

/** The part of a matter that has none. */
export const WHOLE = '';

export interface MatterEvent extends TicketEvent {
  /** Of an act `each`, and of what is done to a clock of one part. */
  readonly part?: string;
  /** Of an act `parts`: all there are now, each with its variant. */
  readonly parts?: Readonly<Record<string, string>>;
  /** Who did it stands in for a head who is away: the id of the hand-over. It changes nothing of what may be done. */
  readonly deputy?: string;
}

export interface MatterState {
  /** How many events made it. */
  readonly events: number;
  readonly parts: Readonly<Record<string, TicketState>>;
  /** One part has gone its own way, so which there are is settled. */
  readonly split: boolean;
}

const refused = (message: string): never => {
  throw new YitongError('act_refused', message);
};

/** Parts of which an act moves one, in their order. */
function movedBy(
  lifecycle: Lifecycle,
  state: MatterState,
  { act, party, who, part, clock }: MatterEvent,
): readonly string[] {
  const all = Object.keys(state.parts);
  if (part !== undefined) return all.includes(part) ? [part] : refused('the matter has no such part');
  if (act === EXTEND || act === CONSENT) {
    const running = all.filter((name) => {
      const one = state.parts[name]?.clocks[clock ?? ''];
      return one !== undefined && one.stoppedAt === undefined;
    });
    return running.length === 1 ? running : refused('name the part whose clock it is');
  }
  if (lifecycle.acts[act]?.each === true)
    return all.length === 1 ? all : refused(`\`${act}\` names the part that it is for`);
  const possible = all.filter((name) => {
    const one = state.parts[name];
    return one !== undefined && mayDo(lifecycle, one.holder, one, party, who).includes(act);
  });
  // where it moves none, the first one says why
  return possible.length > 0 ? possible : all.slice(0, 1);
}

/** Parts as they are named now: those that are new are where the others are, which all are in the same place. */
function named(
  state: MatterState | undefined,
  { parts }: MatterEvent,
  act: Lifecycle['acts'][string] | undefined,
): MatterState | undefined {
  if ((parts !== undefined) !== (act?.parts === true)) {
    if (state !== undefined || parts !== undefined) return refused('this act says nothing of parts, or has to');
  }
  if (state === undefined || parts === undefined) return state;
  if (state.split) return refused('a part has gone its own way; which there are is settled');
  const model = Object.values(state.parts)[0];
  if (model === undefined) return state;
  return {
    ...state,
    parts: Object.fromEntries(Object.entries(parts).map(([name, holder]) => [name, { ...model, holder }])),
  };
}

/**
 * The state after an event.
 * @param state undefined: the event opens the matter
 * @throws YitongError `act_refused`, `act_incomplete`
 */
export function applyMatter(lifecycle: Lifecycle, state: MatterState | undefined, event: MatterEvent): MatterState {
  const { part, parts, ...bare } = event;
  const rule = Object.hasOwn(lifecycle.acts, event.act) ? lifecycle.acts[event.act] : undefined;
  if (parts !== undefined && Object.keys(parts).length === 0)
    throw new YitongError('act_incomplete', 'a matter has a part');
  for (const variant of Object.values(parts ?? {}))
    if (lifecycle.variants !== undefined && !lifecycle.variants.includes(variant))
      refused('no part is of that variant');
  if (state === undefined) {
    const opened = parts ?? { [WHOLE]: lifecycle.variants?.[0] ?? WHOLE };
    if (part !== undefined) refused('the matter has no parts yet');
    return {
      events: 1,
      split: false,
      parts: Object.fromEntries(
        Object.entries(opened).map(([name, variant]) => [name, apply(lifecycle, variant, undefined, bare)]),
      ),
    };
  }
  const before = named(state, event, rule) ?? state;
  const moved = movedBy(lifecycle, before, event);
  const next = { ...before.parts };
  for (const name of moved) {
    const one = before.parts[name];
    if (one !== undefined) next[name] = apply(lifecycle, one.holder, one, bare);
  }
  return {
    events: state.events + 1,
    split: state.split || moved.length < Object.keys(before.parts).length || part !== undefined,
    parts: next,
  };
}

/**
 * The same events give the same state, always.
 * @throws YitongError `act_refused` for events that are none of this lifecycle
 */
export function replayMatter(lifecycle: Lifecycle, events: readonly MatterEvent[]): MatterState {
  let state: MatterState | undefined;
  for (const event of events) state = applyMatter(lifecycle, state, event);
  return state ?? refused('a matter without events is none');
}

/** Terms of every part that an event moves. @throws YitongError `act_refused` */
export function checkMatterTerms(
  lifecycle: Lifecycle,
  calendar: Calendar,
  state: MatterState,
  event: MatterEvent,
): void {
  for (const name of movedBy(lifecycle, state, event)) {
    const one = state.parts[name];
    if (one !== undefined) checkTerms(lifecycle, calendar, one, event);
  }
}

/** What a party may do now: acts, each with the parts of which it may do it. */
export function mayDoIn(
  lifecycle: Lifecycle,
  state: MatterState,
  party: string,
  who?: string,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [name, one] of Object.entries(state.parts))
    for (const act of mayDo(lifecycle, one.holder, one, party, who)) {
      const parts = found.get(act);
      if (parts === undefined) found.set(act, [name]);
      else parts.push(name);
    }
  return found;
}

export const isMatterOver = (lifecycle: Lifecycle, { parts }: MatterState): boolean =>
  Object.values(parts).every((one) => isOver(lifecycle, one));
