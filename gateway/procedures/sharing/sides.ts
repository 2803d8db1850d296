/** For which parties of a matter somebody acts. */

import { WHOLE } from '../../../contracts/lifecycle/matter.js';
import type { GuardName } from '../../../contracts/lifecycle/program-names.js';
import type { Lifecycle, Side } from '../../../contracts/lifecycle/types.js';
import type { DeputyFor, MatterActor, MatterHead, Sides } from './types.js';

/** Of one part. */
export const sidesOf = ({ sides }: Pick<MatterHead, 'sides'>, part: string): Sides => ({
  ...sides[WHOLE],
  ...sides[part],
});

/** Roles for which a department's system speaks by itself. */
const OF_SYSTEMS = 'sharing-officer';

/** Without those for whom somebody only stands in. */
export function ownRolesOf(actor: MatterActor): readonly string[] {
  switch (actor.kind) {
    case 'person':
      return actor.person.roles;
    case 'client':
      return [actor.officer?.role ?? OF_SYSTEMS];
    case 'platform':
      return ['platform'];
  }
}

const deputyFor = (actor: MatterActor): readonly DeputyFor[] =>
  actor.kind === 'platform' ? [] : (actor.deputyFor ?? []);

/** All as which somebody acts today. */
export const rolesOf = (actor: MatterActor): readonly string[] => [
  ...ownRolesOf(actor),
  ...deputyFor(actor).map(({ role }) => role),
];

/** For whom somebody acts as a party; undefined: it is their own role. */
export function standsInFor({ parties }: Lifecycle, actor: MatterActor, party: string): DeputyFor | undefined {
  const role = parties[party]?.role ?? '';
  return ownRolesOf(actor).includes(role) ? undefined : deputyFor(actor).find((one) => one.role === role);
}

/** Whose person or system it is; undefined: nobody's. */
export const authorityOfActor = (actor: MatterActor): string | undefined =>
  actor.kind === 'person' ? actor.person.authority : actor.kind === 'client' ? actor.client.authority : undefined;

/** Parties of a lifecycle as which somebody acts for a part with these sides, in the order of the lifecycle. */
export function partiesFor({ parties }: Lifecycle, actor: MatterActor, sides: Sides): readonly string[] {
  const roles = rolesOf(actor);
  const authority = authorityOfActor(actor);
  return Object.entries(parties).flatMap(([id, { role, of }]) =>
    of !== undefined &&
    roles.includes(role) &&
    (actor.kind === 'platform' || (authority !== undefined && sides[of] === authority))
      ? [id]
      : [],
  );
}

/**
 * Why an act does not fit where the two sides are: a dispute within one level goes to its own authority, one across
 * levels or areas to their common superior instead (政务数据共享条例 Art.28(2)). Undefined: it fits, or does not ask.
 */
export function misplaced(guards: readonly GuardName[], { authority, superior }: Sides): string | undefined {
  if (guards.includes('same-level') && authority === undefined)
    return 'the two are of different levels or areas: their common superior coordinates';
  if (guards.includes('across-levels') && (superior === undefined || authority !== undefined))
    return 'the two are of one level: their own sharing authority coordinates';
  return undefined;
}

/** Names who acted, for whoever keeps the keys; the same person is the same name. */
export function whoOf(actor: MatterActor): string {
  switch (actor.kind) {
    case 'person':
      return actor.person.id;
    case 'client':
      return `client:${actor.client.id}${actor.officer === undefined ? '' : `|${actor.officer.id}`}`;
    case 'platform':
      return 'platform';
  }
}

/** In which role it was. */
export const roleOf = (actor: MatterActor, lifecycle: Lifecycle, party: string): string =>
  actor.kind === 'client' && standsInFor(lifecycle, actor, party) === undefined
    ? (actor.officer?.role ?? OF_SYSTEMS)
    : (lifecycle.parties[party]?.role ?? '');

export const allSides = ({ sides }: Pick<MatterHead, 'sides'>): readonly (readonly [Side, string])[] =>
  Object.values(sides).flatMap((one) => Object.entries(one) as [Side, string][]);
