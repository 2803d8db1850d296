/**
 * Grants that applications made, in the state that every replica shares: a set whose members are grants by id. One that
 * has ended keeps its member, which says so: it never comes back.
 */

import type { GrantFile } from '../../../policies/shapes.js';
import { asJson } from '../../ground/state/as-json.js';
import type { Change, Json } from '../../ground/state/port.js';

/** The name of the set. */
export const APPLIED = 'applied-grants';

export interface AppliedGrant {
  readonly grant: GrantFile;
  /** The matter of which it came, and its part. */
  readonly matter: string;
  readonly part: string;
  /** Receipt of the consent. */
  readonly entry: string;
}

interface Ended {
  /** ISO 8601 UTC */
  readonly at: string;
  readonly entry: string;
}

/** Changes for the commit of the consent. */
export function appliedGrants(grants: readonly (AppliedGrant & { readonly id: string })[]): readonly Change[] {
  if (grants.length === 0) return [];
  const put: Record<string, Json> = {};
  for (const { id, ...applied } of grants) put[id] = asJson(applied);
  return [{ do: 'set', set: APPLIED, put }];
}

/** Changes for the commit of the step that ends them. */
export function endedGrants(ids: readonly string[], ended: Ended): readonly Change[] {
  if (ids.length === 0) return [];
  return [{ do: 'set', set: APPLIED, put: Object.fromEntries(ids.map((id) => [id, { ended: { ...ended } }])) }];
}
