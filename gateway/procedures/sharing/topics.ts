/** Steps of matters as they stand on the topics of their authorities. Pure. */
import { sharingTopic } from '../../../connectors/bus/port.js';
import { recordKey } from '../../../contracts/ids.js';
import { nextDue, readClocks } from '../../../contracts/lifecycle/clocks.js';
import { WHOLE } from '../../../contracts/lifecycle/matter.js';
import { present } from '../../../contracts/present.js';
import { encodeSharingStep } from '../../../contracts/sharing-topics.js';
import type { Change } from '../../ground/state/port.js';
import { sidesOf } from './sides.js';
import type { StepAround } from './types.js';

type Send = Extract<Change, { do: 'send' }>;

/** Sides that see a part, by what its parties see. */
function toldOf({ head, lifecycle, after }: StepAround, part: string): readonly string[] {
  const sides = sidesOf(head, part);
  const seen = after.parts[part]?.seenBy ?? [];
  return Object.entries(lifecycle.parties).flatMap(([id, { of }]) => {
    const authority = of === undefined ? undefined : sides[of];
    return authority !== undefined && seen.includes(id) ? [authority] : [];
  });
}

/** @param prefix of the workspace's topics @param authorities that are told over the bus; others are not */
export function publishMatters(
  prefix: string,
  authorities: readonly string[],
): ((around: StepAround) => readonly Send[]) | undefined {
  if (authorities.length === 0) return undefined;
  return (around) => {
    const { head, lifecycle, calendar, event, after, parts, now } = around;
    // what moved no part moved a clock of one
    const told = parts.length > 0 ? parts : [event.part ?? WHOLE];
    return told.flatMap((part): readonly Send[] => {
      const state = after.parts[part];
      if (state === undefined) return [];
      const due = nextDue(readClocks(lifecycle, calendar, state, now))?.due.day;
      const record = {
        machine: head.machine,
        matter: head.id,
        event: after.events,
        at: new Date(event.at).toISOString(),
        act: event.act,
        party: event.party,
        ...(part === WHOLE ? {} : { part }),
        state: state.state,
        ...present({ due }),
      };
      return [...new Set(toldOf(around, part))]
        .filter((authority) => authorities.includes(authority))
        .map((authority): Send => {
          const within = `${String(after.events)}${part === WHOLE ? '' : `.${part}`}`;
          return {
            do: 'send',
            topic: sharingTopic(prefix, authority),
            key: recordKey(head.id, within),
            value: encodeSharingStep({ id: `${head.id}.${within}`, ...record }).toString('base64'),
          };
        });
    });
  };
}
