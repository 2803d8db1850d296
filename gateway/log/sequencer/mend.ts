/**
 * Tiles, bundles, the index of receipts and the note of the last complete run are made again from what they were made
 * of: each entry's commitment stands in its bundle, follows from its body, and has its hash in a tile. Nothing is
 * written before what was made leads to the root that the log's key signed, so the worst that damage can do here is
 * that nothing is mended.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { replaceFile } from '../../ground/files/durable.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { openCheckpoint } from '../proof/checkpoint.js';
import { commitmentOf } from '../proof/journal.js';
import { HASH_BYTES, leafHash } from '../proof/merkle.js';
import type { Verifier } from '../proof/note.js';
import { ENTRY_BYTES, openEdge, parseBundle, TILE_WIDTH, type TileFile, tilePath, tileWidth } from '../proof/tiles.js';
import type { BodyRecord, BodyStore, StoredBody } from '../store/bodies.js';
import { SEQ } from '../store/bodies.js';
import { stagedIfReadable } from '../store/staging.js';
import type { SequencerState } from '../store/state.js';
import { writeTiles } from '../store/tile-files.js';

interface MendOptions {
  readonly dataDir: string;
  readonly state: SequencerState;
  readonly verifier: Verifier;
  readonly bodies: BodyStore;
  /** Only say what would be done. */
  readonly dryRun?: boolean;
}

interface Mended {
  /** Files that were made again, from the data folder. */
  readonly files: readonly string[];
  /** Entries whose stored body is not what the log commits to; they are not mended. */
  readonly damagedBodies: readonly number[];
}

const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** Journals whose index ends before what the log has of them. */
export function shortIndexes(
  dataDir: string,
  { journals, own }: Pick<SequencerState, 'journals' | 'own'>,
): readonly { readonly journal: string; readonly lastSeq: number }[] {
  const { index } = auditLayout(dataDir);
  return [
    ...Object.entries(journals).map(([journal, { lastSeq }]) => ({ journal, lastSeq })),
    { journal: own.journal, lastSeq: own.seq },
  ].filter(
    ({ journal, lastSeq }) => (statSync(join(index, journal), { throwIfNoEntry: false })?.size ?? 0) < lastSeq * SEQ,
  );
}

/**
 * Nobody else may write the log meanwhile.
 * @throws YitongError `log_invalid` if what is left does not lead to the signed root
 */
export async function mendLog({ dataDir, state, verifier, bodies, dryRun = false }: MendOptions): Promise<Mended> {
  const { size, root } = openCheckpoint(Buffer.from(state.checkpoint), state.origin, [verifier]);
  const layout = auditLayout(dataDir);
  const complete = readIfThere(layout.complete)?.toString('utf8') === state.checkpoint;
  const waiting = complete ? [] : stagedIfReadable(layout.staged, state.staged);
  const bodyAt = (index: number): StoredBody | BodyRecord | undefined =>
    waiting.length > 0 && index >= state.before.size
      ? waiting[index - state.before.size]
      : attempt(() => bodies.read(index));

  // a run that is not in its place begins at the edge of the tree before it
  const edges = waiting.length > 0 ? [state.before.size] : [];
  const { tree, files, damagedBodies } = await rebuildTree(layout.log, size, bodyAt, edges);
  if (!tree.equals(root))
    throw new YitongError(
      'log_invalid',
      'what is left of tiles, bundles and bodies does not lead to the root of the last checkpoint',
    );
  const differing = files.filter((file) => differs(layout.log, file));
  if (!dryRun) await writeTiles(layout.log, differing);
  const mended = differing.map(({ path }) => `log/${path}`);
  // what a run staged is put in its place by the sequencer itself, from tiles that are whole
  if (waiting.length > 0) return { files: mended, damagedBodies };

  mended.push(...mendIndexes({ dataDir, state, size, bodies, dryRun }));
  if (!complete) {
    if (attempt(() => bodies.read(size - 1)) === undefined && size > 0)
      throw new YitongError('log_invalid', `the body of entry ${size - 1} is missing`);
    if (!dryRun) replaceFile(layout.complete, state.checkpoint, { mode: 0o600 });
    mended.push('audit/checkpoint');
  }
  return { files: mended, damagedBodies };
}

/**
 * The tree of `size` entries, from what is left of bundles, tiles and bodies: its root and all its files.
 * @param edges sizes on the way whose partial tiles are made as well
 */
async function rebuildTree(
  logDir: string,
  size: number,
  bodyAt: (index: number) => StoredBody | BodyRecord | undefined,
  edges: readonly number[],
): Promise<{ readonly tree: Buffer; readonly files: readonly TileFile[]; readonly damagedBodies: readonly number[] }> {
  const edge = openEdge(0, () => Buffer.alloc(0));
  const files: TileFile[] = [];
  const damagedBodies: number[] = [];
  for (let start = 0; start < size; start += TILE_WIDTH) {
    const tile = start / TILE_WIDTH;
    const { width, leaves, bundle } = readTile(logDir, tile, size);
    for (let i = 0; i < width; i++) {
      const fromBody = commitmentIn(bodyAt(start + i));
      const leaf = leaves?.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES);
      const commitment = likeliest(bundle?.[i], fromBody, leaf);
      if (commitment === undefined)
        throw new YitongError(
          'log_invalid',
          `entry ${start + i} stands neither in its bundle nor among the stored bodies`,
        );
      if (fromBody !== undefined && !fromBody.equals(commitment)) damagedBodies.push(start + i);
      files.push(...edge.append(commitment));
      if (edges.includes(edge.size)) files.push(...edge.partials());
    }
    if (tile % TILE_WIDTH === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  files.push(...edge.partials());
  return { tree: edge.root(), files, damagedBodies };
}

/** What is left of the lowest tile at `tile` and of its bundle, in a tree of `size` entries. */
function readTile(
  logDir: string,
  tile: number,
  size: number,
): { readonly width: number; readonly leaves: Buffer | undefined; readonly bundle: readonly Buffer[] | undefined } {
  const width = tileWidth(0, tile, size);
  const fileOf = (level: 0 | 'entries'): Buffer | undefined =>
    readIfThere(join(logDir, tilePath(level, tile, width))) ?? readIfThere(join(logDir, tilePath(level, tile)));
  const bundle = attempt(() =>
    parseBundle((fileOf('entries') ?? Buffer.alloc(0)).subarray(0, width * ENTRY_BYTES), width),
  );
  return { width, leaves: fileOf(0), bundle };
}

function commitmentIn(body: StoredBody | BodyRecord | undefined): Buffer | undefined {
  return body !== undefined && 'salt' in body ? commitmentOf(body.salt, body.body) : undefined;
}

/** Where two of the three places that say an entry's commitment agree, theirs; else the bundle's before the body's. */
function likeliest(
  fromBundle: Buffer | undefined,
  fromBody: Buffer | undefined,
  leaf: Buffer | undefined,
): Buffer | undefined {
  const inTile = [fromBundle, fromBody].find(
    (one) => one !== undefined && leaf !== undefined && leafHash(one).equals(leaf),
  );
  return inTile ?? fromBundle ?? fromBody;
}

/** A file of the tree is gone, or is not what it must be; a partial tile may stand in its full one. */
function differs(logDir: string, { path, bytes }: TileFile): boolean {
  const here =
    readIfThere(join(logDir, path)) ??
    (path.includes('.p/')
      ? readIfThere(join(logDir, path.replace(/\.p\/\d+$/, '')))?.subarray(0, bytes.length)
      : undefined);
  return here === undefined || !here.equals(bytes);
}

/**
 * The index of receipts, made again from the stored bodies where it says another place or is too short.
 * @returns the files that were made again, from the data folder
 */
export function mendIndexes({
  dataDir,
  state,
  size,
  bodies,
  dryRun,
}: Pick<MendOptions, 'dataDir' | 'state' | 'bodies'> & { readonly size: number; readonly dryRun: boolean }): string[] {
  const moved = new Map<string, { readonly seq: number; readonly index: number }[]>();
  for (let index = 0; index < size; index++) {
    const stored = attempt(() => bodies.read(index));
    if (stored === undefined || bodies.indexOf(stored.journal, stored.seq) === index) continue;
    moved.set(stored.journal, [...(moved.get(stored.journal) ?? []), { seq: stored.seq, index }]);
  }
  for (const { journal } of shortIndexes(dataDir, state)) if (!moved.has(journal)) moved.set(journal, []);
  const ends = new Map([
    ...Object.entries(state.journals).map(([journal, { lastSeq }]) => [journal, lastSeq] as const),
    [state.own.journal, state.own.seq] as const,
  ]);
  if (!dryRun) for (const [journal, places] of moved) bodies.reindex(journal, places, ends.get(journal) ?? 0);
  return [...moved.keys()].map((journal) => `audit/index/${journal}`);
}
