/**
 * Tiles and entry bundles of C2SP tlog-tiles: paths, bytes, the growing right edge of a tree, and reading nodes from
 * tiles.
 */

import { YitongError } from '../../../contracts/errors.js';
import { HASH_BYTES, leafHash, type NodeReader, rootOfLeaves, treeRoot } from './merkle.js';

export const TILE_WIDTH = 256;

/** `tile/<L>/<N>[.p/<W>]`; level `entries` for bundles. 1234067 is written `x001/x234/067`. */
export function tilePath(level: number | 'entries', index: number, width = TILE_WIDTH): string {
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** How many hashes tile `index` of `level` has in a tree of `size` leaves; 0 if the tree has no such tile. */
export function tileWidth(level: number, index: number, size: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH));
}

/** A commitment in a bundle, with its length before it. */
export const ENTRY_BYTES = 2 + HASH_BYTES;

/** The commitments of a bundle. @throws YitongError `log_invalid` if it is not `width` commitments of 32 bytes */
export function parseBundle(bytes: Buffer, width: number): Buffer[] {
  if (bytes.length !== width * ENTRY_BYTES)
    throw new YitongError('log_invalid', `the entry bundle has ${bytes.length} bytes, not ${width * ENTRY_BYTES}`);
  return Array.from({ length: width }, (_, i) => {
    if (bytes.readUInt16BE(i * ENTRY_BYTES) !== HASH_BYTES)
      throw new YitongError('log_invalid', `entry ${i} of the bundle is not 32 bytes long`);
    return bytes.subarray(i * ENTRY_BYTES + 2, (i + 1) * ENTRY_BYTES);
  });
}

export interface TileFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Growing from the right: what of a tree is not yet in full tiles. */
export interface Edge {
  readonly size: number;
  /**
   * Adds one entry of 32 bytes; gives the files that became full by it.
   * @param leaf its leaf hash, where it is known
   */
  append(commitment: Uint8Array, leaf?: Buffer): readonly TileFile[];
  /** The partial bundle and tiles of the tree as it is now. */
  partials(): readonly TileFile[];
  root(): Buffer;
}

interface Row {
  readonly bytes: Buffer;
  width: number;
}

/**
 * @param size leaves that are there already
 * @param read gives the partial bundle and tiles of a tree of that size by path and length
 */
export function openEdge(size: number, read: (path: string, bytes: number) => Buffer): Edge {
  const rows: Row[] = [];
  const bundle: Row = { bytes: Buffer.alloc(TILE_WIDTH * ENTRY_BYTES), width: size % TILE_WIDTH };
  const row = (level: number): Row => (rows[level] ??= { bytes: Buffer.alloc(TILE_WIDTH * HASH_BYTES), width: 0 });
  const load = (into: Row, level: number | 'entries', index: number, unit: number): void => {
    const bytes = read(tilePath(level, index, into.width), into.width * unit);
    if (bytes.length !== into.width * unit)
      throw new YitongError('log_invalid', `\`${tilePath(level, index, into.width)}\` has a wrong length`);
    bytes.copy(into.bytes);
  };
  if (bundle.width > 0) load(bundle, 'entries', Math.floor(size / TILE_WIDTH), ENTRY_BYTES);
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / TILE_WIDTH)) {
    const here = row(level);
    here.width = hashes % TILE_WIDTH;
    if (here.width > 0) load(here, level, Math.floor(hashes / TILE_WIDTH), HASH_BYTES);
  }
  // a bundle is published as its entries, and the tree is of their hashes: a bit that changed in one of them must not
  // go on into a full bundle
  for (let i = 0; i < bundle.width; i++) {
    const commitment = bundle.bytes.subarray(i * ENTRY_BYTES + 2, (i + 1) * ENTRY_BYTES);
    if (!leafHash(commitment).equals(row(0).bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)))
      throw new YitongError(
        'log_invalid',
        `entry ${size - bundle.width + i} of the bundle at the edge is not what its tile says`,
      );
  }

  let total = size;
  const indexAt = (level: number): number => Math.floor(total / TILE_WIDTH ** (level + 1));

  return {
    get size() {
      return total;
    },
    append(commitment, leaf) {
      bundle.bytes.writeUInt16BE(HASH_BYTES, bundle.width * ENTRY_BYTES);
      bundle.bytes.set(commitment, bundle.width * ENTRY_BYTES + 2);
      bundle.width++;
      const full: TileFile[] = [];
      if (bundle.width === TILE_WIDTH) {
        full.push({ path: tilePath('entries', Math.floor(total / TILE_WIDTH)), bytes: Buffer.from(bundle.bytes) });
        bundle.width = 0;
      }
      let hash = leaf ?? leafHash(commitment);
      for (let level = 0; ; level++) {
        const here = row(level);
        hash.copy(here.bytes, here.width * HASH_BYTES);
        here.width++;
        if (here.width < TILE_WIDTH) break;
        full.push({ path: tilePath(level, indexAt(level)), bytes: Buffer.from(here.bytes) });
        hash = rootOfLeaves(here.bytes);
        here.width = 0;
      }
      total++;
      return full;
    },
    partials() {
      const files: TileFile[] = [];
      if (bundle.width > 0)
        files.push({
          path: tilePath('entries', indexAt(0), bundle.width),
          bytes: Buffer.from(bundle.bytes.subarray(0, bundle.width * ENTRY_BYTES)),
        });
      rows.forEach((here, level) => {
        if (here.width > 0)
          files.push({
            path: tilePath(level, indexAt(level), here.width),
            bytes: Buffer.from(here.bytes.subarray(0, here.width * HASH_BYTES)),
          });
      });
      return files;
    },
    root: () =>
      // the full subtrees of which the tree is made all lie in the partial tiles
      treeRoot(total, (height, index) => {
        const level = Math.floor(height / 8);
        const leaves = 2 ** (height % 8);
        const from = (index * leaves) % TILE_WIDTH;
        const here = row(level);
        if (from + leaves <= here.width)
          return rootOfLeaves(here.bytes.subarray(from * HASH_BYTES, (from + leaves) * HASH_BYTES));
        throw new YitongError('internal', 'a subtree is not at the edge');
      }),
  };
}

/**
 * Nodes of a tree of `size` leaves, from its tiles. A partial tile may be gone once the full one is there, so both are
 * tried.
 * @param read undefined for a file that does not exist
 */
export function tileNodes(size: number, read: (path: string) => Buffer | undefined): NodeReader {
  const kept = new Map<string, Buffer>();
  return (height, index) => {
    const level = Math.floor(height / 8);
    const leaves = 2 ** (height % 8);
    const first = index * leaves;
    const tile = Math.floor(first / TILE_WIDTH);
    const width = tileWidth(level, tile, size);
    const path = tilePath(level, tile, width);
    let bytes = kept.get(path);
    if (bytes === undefined) {
      bytes = read(path) ?? read(tilePath(level, tile));
      if (bytes === undefined || bytes.length < width * HASH_BYTES)
        throw new YitongError('log_invalid', `the tile \`${path}\` is missing or short`);
      kept.set(path, bytes);
    }
    const from = (first % TILE_WIDTH) * HASH_BYTES;
    return rootOfLeaves(bytes.subarray(from, from + leaves * HASH_BYTES));
  };
}
