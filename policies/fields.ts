/** How the paths of grants and queries cover the leaves of a contract. */
import type { Classification, Contract } from '../contracts/types.js';
import type { FieldPath } from '../contracts/ids.js';
import type { Grant, ReleaseAs } from './types.js';

/** `a[].b.c` → `a[].b`, `a[]`, `a`: what stands above a path, nearest first. */
export function above(path: string): string[] {
  const found: string[] = [];
  let rest = path;
  for (;;) {
    if (rest.endsWith('[]')) rest = rest.slice(0, -2);
    else if (rest.includes('.')) rest = rest.slice(0, rest.lastIndexOf('.'));
    else return found;
    found.push(rest);
  }
}

/** A leaf of the dataset under a grant. */
export interface GrantedLeaf {
  readonly path: FieldPath;
  readonly as: ReleaseAs;
  readonly classification: Classification;
}

export interface GrantedFields {
  /** In the order of the contract. */
  readonly leaves: readonly GrantedLeaf[];
  /** A path that can be asked → the granted leaves that it asks for: itself, or those below it. */
  readonly asked: ReadonlyMap<string, readonly GrantedLeaf[]>;
}

/** True if the contract's latest version has this path, as a leaf or a branch. */
export const knowsField = (contract: Contract, path: string): boolean => contract.latest.fields.some((field) => field.path === path);

/** The leaves that a grant covers. Of several entries that cover one leaf the most specific says how it is released. */
export function grantedFields(grant: Grant, contract: Contract): GrantedFields {
  const entries = new Map<string, ReleaseAs>(grant.fields.map(({ path, as }) => [path, as]));
  const leaves: GrantedLeaf[] = [];
  const asked = new Map<string, GrantedLeaf[]>();
  for (const field of contract.latest.fields) {
    if (field.branch) continue;
    const ways = [field.path, ...above(field.path)];
    const covering = ways.find((way) => entries.has(way));
    const as = covering === undefined ? undefined : entries.get(covering);
    if (as === undefined) continue;
    const leaf: GrantedLeaf = { path: field.path, as, classification: field.classification };
    leaves.push(leaf);
    for (const way of ways) {
      const below = asked.get(way);
      if (below === undefined) asked.set(way, [leaf]);
      else below.push(leaf);
    }
  }
  return { leaves, asked };
}
