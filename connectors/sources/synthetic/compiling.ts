/** What a recipe is compiled within, and its draws. */
import { mix, saltOf, unit } from './draws.js';
import type { Node } from './language.js';
import type { Names } from './references.js';
import type { Scope } from './scope.js';

/** Tables of the population file: a list, or rows by name, `weight` among their columns. */
export type Tables = ReadonlyMap<string, Node>;

export interface Compiling {
  readonly names: Names;
  readonly tables: Tables;
  /** Sets the draws of one recipe apart from those of another. */
  readonly salt: string;
}

/** The draw of one place in a recipe, in [0, 1). */
export function drawOf(node: Node, within: Compiling, turn = ''): (scope: Scope) => number {
  const salt = saltOf(`${within.salt}/${node.path}${turn}`);
  return (scope) => unit(mix(scope.seed, salt, scope.subject.index, scope.record * 1031 + scope.place));
}
