/** How the paths of grants and queries cover the leaves of a contract. */

import type { FieldPath } from '../contracts/ids.js';
import { present } from '../contracts/present.js';
import type { Classification, Contract } from '../contracts/types.js';
import type { Grant, GrantField, ReleaseAs } from './types.js';

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

/** Forms that say something of a branch or list as a whole, and nothing of what is in it. */
export const isWhole = (as: ReleaseAs): boolean => as === 'exists' || as === 'count';

/** A leaf of the dataset under a grant, or a branch of which the grant tells only something as a whole. */
export interface GrantedLeaf {
  readonly path: FieldPath;
  /** As the decision releases it. */
  readonly released: GrantField;
  readonly classification: Classification;
}

export interface GrantedFields {
  /** In the order of the contract. */
  readonly leaves: readonly GrantedLeaf[];
  /** A path that can be asked → the granted leaves that it asks for: itself, or those below it. */
  readonly asked: ReadonlyMap<string, readonly GrantedLeaf[]>;
}

/** True if the contract's latest version has this path, as a leaf or a branch. */
export const knowsField = (contract: Contract, path: string): boolean =>
  contract.latest.fields.some((field) => field.path === path);

/** True if a query of the contract's latest version can ask for this path: a leaf, a branch, or the items of a list. */
export const canAsk = (contract: Contract, path: string): boolean =>
  contract.latest.fields.some((field) => field.path === path || above(field.path).includes(path));

/** The leaves that a grant covers. Of several entries that cover one leaf the most specific says how it is released. */
export function grantedFields(grant: Grant, contract: Contract): GrantedFields {
  const entries = new Map<string, GrantField>(grant.fields.map((entry) => [entry.path, entry]));
  const branches = new Set<string>(contract.latest.fields.filter(({ branch }) => branch).map(({ path }) => path));
  const wholeBranch = (entry: GrantField): boolean => isWhole(entry.as) && branches.has(entry.path);
  const leaves: GrantedLeaf[] = [];
  const asked = new Map<string, GrantedLeaf[]>();
  for (const field of contract.latest.fields) {
    const ways = [field.path, ...above(field.path)];
    const covering = ways.find((way) => entries.has(way));
    const entry = covering === undefined ? undefined : entries.get(covering);
    if (entry === undefined) continue;
    // a branch told as a whole stands for its leaves, at the classification of its most sensitive one
    const whole = wholeBranch(entry);
    if (field.branch ? !whole || covering !== field.path : whole) continue;
    const { as, bands } = entry;
    const leaf: GrantedLeaf = {
      path: field.path,
      released: { path: field.path, as, ...present({ bands }) },
      classification: field.classification,
    };
    leaves.push(leaf);
    for (const way of ways) {
      const below = asked.get(way);
      if (below === undefined) asked.set(way, [leaf]);
      else below.push(leaf);
    }
  }
  return { leaves, asked };
}
