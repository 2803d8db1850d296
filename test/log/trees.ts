/** Trees of tiles in memory. */
import { createHash } from 'node:crypto';
import type { NodeReader } from '../../gateway/log/proof/merkle.js';
import { openEdge, tileNodes } from '../../gateway/log/proof/tiles.js';

export const entry = (n: number): Buffer => createHash('sha256').update(`entry ${n}`).digest();

export interface GrownTree {
  /** Each tile and bundle that the tree had at any size. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** By size, from 0. */
  readonly roots: readonly Buffer[];
  readonly nodesAt: (size: number) => NodeReader;
}

export function tree(size: number, entryOf: (n: number) => Buffer = entry): GrownTree {
  const files = new Map<string, Buffer>();
  const edge = openEdge(0, () => Buffer.alloc(0));
  const roots = [edge.root()];
  for (let n = 0; n < size; n++) {
    for (const { path, bytes } of edge.append(entryOf(n))) files.set(path, bytes);
    for (const { path, bytes } of edge.partials()) files.set(path, bytes);
    roots.push(edge.root());
  }
  return { files, roots, nodesAt: (at) => tileNodes(at, (path) => files.get(path)) };
}
