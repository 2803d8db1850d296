/** Grants with whose they are: who was given the data, who gives them, and who looks after sharing between the two. */
import { dayOf } from '../../../contracts/calendar.js';
import { authorityOf, type DatasetId } from '../../../contracts/ids.js';
import { placedBetween, type SharingPlaces } from '../../../contracts/sharing-places.js';
import type { Workspace } from '../../../contracts/types.js';
import type { PolicySet } from '../../../policies/types.js';
import type { State } from '../../ground/state/port.js';
import { grantFinder } from './machines/grant-of.js';
import { seesUse } from './shown.js';
import type { MatterActor, Sides } from './types.js';
import { type UseKept, useKept } from './use-records.js';

export interface GrantGround {
  readonly workspace: Pick<Workspace, 'authorities'>;
  readonly places: SharingPlaces;
  readonly policies: () => Pick<PolicySet, 'grants' | 'clients'>;
  readonly state: State;
}

interface GrantSides {
  readonly id: string;
  readonly client: string;
  readonly dataset: string;
  /** The application that it came of. */
  readonly matter?: string;
  readonly sides: Sides;
}

/** Undefined: there is no such grant and never was, or nobody looks after sharing between the two. */
export async function sidesOfGrant(ground: GrantGround, id: string): Promise<GrantSides | undefined> {
  const found = await grantFinder(ground)(id);
  if (found === undefined) return undefined;
  const { client, dataset, application } = found;
  const requester = ground.policies().clients.get(client as never)?.authority;
  if (requester === undefined) return undefined;
  const provider = authorityOf(dataset as DatasetId);
  const matter = application === undefined ? {} : { matter: application.matter };
  return {
    id,
    client,
    dataset,
    ...matter,
    sides: { requester, provider, ...authorityBetween(ground, requester, provider) },
  };
}

function authorityBetween(
  { places, workspace }: GrantGround,
  requester: string,
  provider: string,
): { readonly authority?: string } {
  try {
    return { authority: placedBetween(places, workspace, requester, provider).authority };
  } catch {
    // of an area that nobody looks after only the two sides see it
    return {};
  }
}

/** A grant as its sides see what is recorded of its use. */
export interface GrantUse extends GrantSides {
  /** Days; of one that has ended and is known no more: absent. */
  readonly from?: string;
  readonly until?: string;
  /** Nothing is given under it any more. */
  readonly over: boolean;
  readonly kept?: UseKept;
}

/**
 * Grants whose records somebody may read: those in force, and those that have records. Those without any, that are in
 * force, come first; else the newest record.
 */
export async function grantUses(ground: GrantGround, actor: MatterActor, now: number): Promise<readonly GrantUse[]> {
  const { grants } = ground.policies();
  const kept = await useKept(ground.state);
  const today = dayOf(now);
  const found: GrantUse[] = [];
  for (const id of new Set([...[...grants.keys()].map(String), ...kept.keys()])) {
    const of = await sidesOfGrant(ground, id);
    if (of === undefined || of.sides.requester === of.sides.provider || !seesUse(of.sides, actor)) continue;
    const grant = grants.get(id as never);
    const own = kept.get(id);
    found.push({
      ...of,
      ...(grant === undefined ? {} : { from: grant.from, until: grant.until }),
      over: grant === undefined || grant.until < today,
      ...(own === undefined ? {} : { kept: own }),
    });
  }
  const rank = ({ kept: own, over }: GrantUse): string => (own === undefined ? (over ? '1' : '0') : '2');
  return found.sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    if (x !== y) return x < y ? -1 : 1;
    return (b.kept?.at ?? '').localeCompare(a.kept?.at ?? '') || a.id.localeCompare(b.id);
  });
}

/** Data are given under it, and nobody has said what becomes of them (政务数据共享条例 Art.40(5)). */
export const lacksRecords = ({ kept, over }: GrantUse): boolean => kept === undefined && !over;
