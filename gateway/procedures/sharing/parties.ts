/** As which party somebody acts in a matter, and what a party may do. */
import { YitongError } from '../../../contracts/errors.js';
import { mayDo } from '../../../contracts/lifecycle/engine.js';
import { type MatterState, mayDoIn, WHOLE } from '../../../contracts/lifecycle/matter.js';
import { CONSENT, EXTEND, type Lifecycle } from '../../../contracts/lifecycle/types.js';
import { authorityOfActor, misplaced, partiesFor, sidesOf } from './sides.js';
import type { Matter, MatterAct, MatterHead } from './types.js';

/** As which party somebody acts. @throws YitongError `act_refused` for whoever is none */
export function partyOf(
  lifecycle: Lifecycle,
  head: MatterHead,
  state: MatterState | undefined,
  act: MatterAct,
  who: string,
): string {
  const { actor, act: name, part, clock } = act;
  const parts = part !== undefined ? [part] : state === undefined ? [WHOLE] : Object.keys(state.parts);
  const parties = [...new Set(parts.flatMap((one) => partiesFor(lifecycle, actor, sidesOf(head, one))))];
  if (parties.length === 0) throw new YitongError('act_refused', 'whoever acts is no party of the matter');
  if (act.party !== undefined && parties.includes(act.party)) return act.party;
  const extension = clock === undefined ? undefined : lifecycle.clocks[clock]?.extension;
  const may = (party: string): boolean =>
    name === EXTEND
      ? extension?.by.includes(party) === true
      : name === CONSENT
        ? extension?.consent === party
        : state === undefined
          ? mayDo(lifecycle, WHOLE, undefined, party, who).includes(name)
          : mayDoIn(lifecycle, state, party, who).has(name);
  return parties.find(may) ?? parties.find((party) => lifecycle.acts[name]?.by.includes(party)) ?? parties[0] ?? '';
}

/** Whoever opens a matter is the side of the party as which it does. */
export function openedBy(lifecycle: Lifecycle, head: MatterHead, { actor, act }: MatterAct): MatterHead {
  const own = authorityOfActor(actor);
  const whole = head.sides[WHOLE] ?? {};
  const of = Object.values(lifecycle.parties).find(({ of, role }) => {
    if (of === undefined || own === undefined) return false;
    return (
      whole[of] === undefined &&
      partiesFor(lifecycle, actor, { [of]: own }).some(
        (id) => lifecycle.parties[id]?.role === role && mayDo(lifecycle, WHOLE, undefined, id).includes(act),
      )
    );
  })?.of;
  return of === undefined || own === undefined
    ? head
    : { ...head, sides: { ...head.sides, [WHOLE]: { ...whole, [of]: own } } };
}

/** What a party may do in one part now, with its clocks. */
export function possibleIn(
  { head, lifecycle, state, clocks }: Pick<Matter, 'head' | 'lifecycle' | 'state' | 'clocks'>,
  part: string,
  party: string,
  whos: readonly string[],
): readonly { readonly act: string; readonly clock?: string }[] {
  const one = state.parts[part];
  if (one === undefined) return [];
  const acts = mayDo(lifecycle, one.holder, one, party)
    .filter((act) => whos.every((who) => mayDo(lifecycle, one.holder, one, party, who).includes(act)))
    .filter((act) => misplaced(lifecycle.acts[act]?.guards ?? [], sidesOf(head, part)) === undefined)
    .map((act) => ({ act }));
  const onClocks = (clocks[part] ?? []).flatMap(({ clock, stoppedAt, over, asked }) => {
    const rule = lifecycle.clocks[clock]?.extension;
    const running = one.clocks[clock];
    if (rule === undefined || running === undefined || stoppedAt !== undefined || over) return [];
    if (asked !== undefined) return rule.consent === party ? [{ act: CONSENT, clock }] : [];
    return rule.by.includes(party) && running.extended === 0 && running.used !== true ? [{ act: EXTEND, clock }] : [];
  });
  return [...acts, ...onClocks];
}
