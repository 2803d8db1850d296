/** Of each member of a group, whether the company that asks may have its report. Pure. */

import { keyOf } from '../../../../contracts/ids.js';
import type { Day } from '../../../documents/model/model.js';
import { type Authorisation, covers, type Invitation } from '../../../documents/reports/authorisation.js';
import type { Member } from '../../../documents/reports/group.js';

/** `limited`: for some domains or purposes only. `invited`: it was asked for, and has not answered. */
type Standing =
  | { readonly state: 'own' }
  | { readonly state: 'authorised' | 'limited'; readonly until: Day }
  | { readonly state: 'missing' }
  | { readonly state: 'invited'; readonly on: Day };

export interface Placed {
  readonly member: Member;
  readonly standing: Standing;
}

interface Asker {
  readonly report: string;
  readonly by: Member['subject'];
  readonly today: Day;
}

/**
 * The group, and behind it whoever else has authorised the company, by its code alone: the register is not asked about
 * it yet.
 * @param received authorisations that the company has been given
 * @param inviting whom it has asked for one
 */
export function standings(
  members: readonly Member[],
  { report, by, today }: Asker,
  received: readonly Authorisation[],
  inviting: readonly Invitation[] = [],
): readonly Placed[] {
  const now = received.filter(({ domains: _, purposes: __, ...holds }) =>
    covers(holds, { report, by, domains: [], purpose: '', today }),
  );
  const waiting = new Map<string, Day>(
    inviting.flatMap((one) => (one.report === report ? [[one.from, one.invitedAt.slice(0, 10)] as const] : [])),
  );
  const known = new Set<string>(members.map(({ subject }) => subject));
  const others = [...new Set(now.map(({ from }) => from))]
    .filter((from) => !known.has(from))
    .map((subject): Member => ({ subject, name: keyOf(subject), relation: 'named' }));
  return [...members, ...others].map((member) => {
    const company = member.company ?? member.subject;
    if (member.subject === by || company === by) return { member, standing: { state: 'own' } };
    const given = now.filter((one) => one.from === company);
    const whole = given.filter((one) => one.domains === undefined && one.purposes === undefined);
    const [last] = [...(whole.length > 0 ? whole : given)].sort((a, b) => (a.until < b.until ? 1 : -1));
    if (last !== undefined)
      return { member, standing: { state: whole.length > 0 ? 'authorised' : 'limited', until: last.until } };
    const on = waiting.get(company);
    return { member, standing: on === undefined ? { state: 'missing' } : { state: 'invited', on } };
  });
}

/** Whether its report can be asked for now, at least in part. */
export const isReady = ({ state }: Standing): boolean => state !== 'missing' && state !== 'invited';
