/**
 * What is in force: one object, never changed, replaced as a whole. A request takes it once; a stream takes it anew for
 * each chunk.
 */
import type { Workspace } from '../../../contracts/types.js';
import { makeDecider } from '../../../policies/decide.js';
import type { Decider, PolicySet } from '../../../policies/types.js';
import type { TrustAnchor } from '../../ground/identity/anchors.js';

export interface InForce {
  readonly policies: PolicySet;
  /** Of these policies; what it keeps goes with it. */
  readonly decider: Decider;
  /** Ids of the purposes that the workspace declares. */
  readonly purposes: ReadonlySet<string>;
  readonly anchors: readonly TrustAnchor[];
}

/** ms after which a change of grants or clients counts in every process (docs/in-force.md). */
export const COUNTS_EVERYWHERE = 5000;

/** @param before whose decider, with all that it has worked out, goes on if the policies are the same */
export function inForceOf(
  policies: PolicySet,
  anchors: readonly TrustAnchor[],
  workspace: Workspace,
  before?: InForce,
): InForce {
  if (before?.policies.version === policies.version) return { ...before, anchors };
  return { policies, decider: makeDecider(policies, workspace), purposes: new Set(policies.purposes.keys()), anchors };
}

/** Which ids an administrator finds in the log; the rest is counted. */
const NAMED = 20;

interface Change {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** How many there are in all, where not all are named. */
  readonly of?: number;
}

function compared(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): Change | undefined {
  const added = [...after.keys()].filter((id) => !before.has(id));
  const removed = [...before.keys()].filter((id) => !after.has(id));
  const changed = [...after].flatMap(([id, value]) =>
    before.has(id) && JSON.stringify(before.get(id)) !== JSON.stringify(value) ? [id] : [],
  );
  const of = added.length + removed.length + changed.length;
  if (of === 0) return undefined;
  const some = (ids: readonly string[]): readonly string[] => ids.slice(0, NAMED);
  return { added: some(added), removed: some(removed), changed: some(changed), ...(of > NAMED ? { of } : {}) };
}

/** What differs, by kind and id. Kinds without a difference are left out. */
export function changes(before: PolicySet, after: PolicySet): Readonly<Record<string, Change>> {
  const byId = <T extends { readonly id: string }>(items: Iterable<T>): ReadonlyMap<string, T> =>
    new Map([...items].map((item) => [item.id, item]));
  const kinds = {
    clients: compared(before.clients, after.clients),
    grants: compared(before.grants, after.grants),
    purposes: compared(before.purposes, after.purposes),
    anchors: compared(byId(before.anchors), byId(after.anchors)),
    regions: compared(before.regions, after.regions),
    rules: compared(
      new Map(before.rules.map(({ id, text }) => [id, text])),
      new Map(after.rules.map(({ id, text }) => [id, text])),
    ),
  };
  const found: Record<string, Change> = {};
  for (const [kind, change] of Object.entries(kinds)) if (change !== undefined) found[kind] = change;
  return found;
}
