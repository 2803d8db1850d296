/**
 * Inclusion in a Merkle tree of RFC 6962, without hashing and without Node: whoever has a SHA-256, a server or a
 * browser, folds a path by it.
 */

/** Stands before an entry's bytes where a leaf is hashed. */
export const LEAF_PREFIX = 0;
/** Stands before the two hashes of which a node is made. */
export const NODE_PREFIX = 1;

/** Where the next hash of a path stands beside the node that was reached. */
type Side = 'left' | 'right';

/**
 * On which side each hash of an inclusion path stands, the leaf's sibling first (RFC 9162 section 2.1.3.2).
 * @returns undefined if no path of a tree of `size` leaves to leaf `index` has this length
 */
export function sidesOfPath(index: number, size: number, length: number): readonly Side[] | undefined {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) return undefined;
  const sides: Side[] = [];
  let at = index;
  let last = size - 1;
  for (let n = 0; n < length; n++) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      sides.push('left');
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else sides.push('right');
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? sides : undefined;
}
