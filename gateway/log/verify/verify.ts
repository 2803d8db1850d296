/**
 * Proves the log from its files alone: what is published, and where the data folder is given, bodies and journals too.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError } from '../../../contracts/errors.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { expiryOf } from '../erasure/expire.js';
import { type Checkpoint, openCheckpoint } from '../proof/checkpoint.js';
import { requireCosigned, type WitnessPolicy } from '../proof/cosignature.js';
import { commitmentOf } from '../proof/journal.js';
import { treeRoot } from '../proof/merkle.js';
import { parseVkey, type Verifier } from '../proof/note.js';
import {
  ENTRY_BYTES,
  openEdge,
  parseBundle,
  TILE_WIDTH,
  type TileFile,
  tileNodes,
  tilePath,
  tileWidth,
} from '../proof/tiles.js';
import { remainsOfLog } from '../store/begun.js';
import { type BodyStore, openBodies } from '../store/bodies.js';
import { readState } from '../store/state.js';
import { checkJournals, type SeqRange } from './journals.js';
import { type Counts, fault, type VerifyReport } from './report.js';

export interface VerifyOptions {
  /** The published log. */
  readonly logDir: string;
  /** With it bodies, erasures and journals are checked as well. */
  readonly dataDir?: string;
  /**
   * Whose signature counts; default: the `vkey` file beside the log, which proves no more than that the folder fits
   * itself.
   */
  readonly vkey?: string;
  /** Witnesses that must have cosigned the published checkpoint. */
  readonly witnesses?: WitnessPolicy;
  readonly onProgress?: (done: number, of: number) => void;
}

const PROGRESS = 65_536;

/**
 * Never throws for what is wrong with the log; that is the report's `fault`. Throws where files cannot be read at all.
 */
export async function verifyLog(options: VerifyOptions): Promise<VerifyReport> {
  const counts: Counts = {
    origin: '',
    size: 0,
    publishedSize: 0,
    cosignedBy: [],
    root: '',
    tiles: 0,
    bodies: 0,
    erased: 0,
    expired: 0,
    journals: 0,
    journalEntries: 0,
    pruned: 0,
    newer: 0,
    declaredMissing: 0,
    signatures: 0,
  };
  try {
    await check(options, counts);
    return { ok: true, ...counts };
  } catch (error) {
    if (isYitongError(error))
      return {
        ok: false,
        ...counts,
        fault: error.extra.place === undefined ? error.message : `${error.extra.place.file}: ${error.message}`,
      };
    throw error;
  }
}

async function check(options: VerifyOptions, counts: Counts): Promise<void> {
  const { logDir, dataDir } = options;
  // The state before the checkpoints: the log can then only be ahead of it by what came since, or behind by the run
  // that is under way.
  const state = dataDir === undefined ? undefined : readState(auditLayout(dataDir).state)?.state;
  // by it the log goes on: a folder that lost it holds a log which nobody can go on with, whatever else of it verifies
  const remains = dataDir === undefined || state !== undefined ? undefined : remainsOfLog(dataDir);
  if (remains !== undefined && existsSync(join(logDir, 'vkey')))
    throw fault(`${remains}, and the state of the sequencer is gone: nothing more comes into the log`);
  const vkey = options.vkey ?? readIfThere(join(logDir, 'vkey'))?.toString('utf8');
  if (vkey === undefined) throw fault('there is no `vkey` beside the log; name the key');
  const verifier = parseVkey(vkey);
  const open = (note: Buffer | undefined): Checkpoint | undefined =>
    note === undefined ? undefined : openCheckpoint(note, verifier.name, [verifier]);
  const note = readIfThere(join(logDir, 'checkpoint'));
  const published = open(note);
  if (options.witnesses !== undefined && note !== undefined)
    counts.cosignedBy = requireCosigned(note, options.witnesses).map(({ name }) => name);
  // where witnesses are waited for, the data folder holds more of the log than is published
  const complete = dataDir === undefined ? undefined : open(readIfThere(auditLayout(dataDir).complete));
  if (published === undefined && options.witnesses !== undefined && options.witnesses.required > 0)
    throw fault('no checkpoint is published so far');
  const newest = complete !== undefined && complete.size > (published?.size ?? -1) ? complete : published;
  if (newest === undefined) {
    if (state === undefined || state.before.size === 0) return; // nothing was logged so far
    throw fault('the checkpoint is missing');
  }
  const { size, root, origin } = newest;
  Object.assign(counts, { size, origin, root: root.toString('base64'), publishedSize: published?.size ?? 0 });
  if (state !== undefined && size < state.before.size)
    throw fault(`the checkpoint has ${size} entries, and the sequencer committed ${state.before.size} before`);
  const sequenced = state === undefined ? {} : size < state.size ? state.before.journals : state.journals;

  const bodies =
    dataDir === undefined ? undefined : openBodies(auditLayout(dataDir).bodies, auditLayout(dataDir).index);
  try {
    const gaps = new Map<string, SeqRange[]>();
    const restored: Restored[] = [];
    const edge = openEdge(0, () => Buffer.alloc(0));
    for (let start = 0; start < size; start += TILE_WIDTH) {
      const tile = start / TILE_WIDTH;
      const width = tileWidth(0, tile, size);
      const path = tilePath('entries', tile, width);
      const bundle = readTile(logDir, path, width * ENTRY_BYTES);
      if (bundle === undefined) throw fault(`the entry bundle \`${path}\` is missing`);
      let commitments: Buffer[];
      try {
        commitments = parseBundle(bundle, width);
      } catch (error) {
        throw isYitongError(error) ? fault(`\`${path}\`: ${error.message}`) : error;
      }
      commitments.forEach((commitment, i) => {
        for (const file of edge.append(commitment)) same(logDir, file, counts);
        if (edge.size === published?.size && !edge.root().equals(published.root))
          throw fault('the entries do not lead to the root of the published checkpoint');
        if (bodies !== undefined) checkBody(bodies, start + i, commitment, counts, gaps, restored);
      });
      if (start % PROGRESS === 0) {
        options.onProgress?.(start, size);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    for (const file of edge.partials()) same(logDir, file, counts);
    if (!edge.root().equals(root)) throw fault('the entries do not lead to the root of the checkpoint');
    if (dataDir !== undefined && bodies !== undefined) {
      checkErasures(bodies, size, counts);
      checkRestored(logDir, size, restored);
      const keys = replicaKeys(logDir);
      await checkJournals(dataDir, { logDir, size, bodies, gaps, sequenced, keys }, counts);
    }
    options.onProgress?.(size, size);
  } finally {
    bodies?.close();
  }
}

/** A partial tile may be deleted while we read, once the full one is there: its beginning is the same. */
function readTile(logDir: string, path: string, length: number): Buffer | undefined {
  return (
    readIfThere(join(logDir, path)) ?? readIfThere(join(logDir, path.replace(/\.p\/\d+$/, '')))?.subarray(0, length)
  );
}

/** What the entries make of a tile or bundle against what is published. */
function same(logDir: string, { path, bytes }: TileFile, counts: Counts): void {
  const published = readTile(logDir, path, bytes.length);
  if (published === undefined) throw fault(`\`${path}\` is missing`);
  if (!published.equals(bytes)) throw fault(`\`${path}\` differs from what its entries hash to`);
  counts.tiles++;
}

function checkBody(
  bodies: BodyStore,
  index: number,
  commitment: Buffer,
  counts: Counts,
  gaps: Map<string, SeqRange[]>,
  restored: Restored[],
): void {
  const stored = bodies.read(index);
  if (stored === undefined) throw fault(`the body of entry ${index} is missing, and no entry says that it was erased`);
  if (bodies.indexOf(stored.journal, stored.seq) !== index)
    throw fault(`entry ${index} is not where the index has seq ${stored.seq} of \`${stored.journal}\``);
  if (stored.kind !== 'present') {
    counts[stored.kind]++;
    return;
  }
  if (!commitmentOf(stored.salt, stored.body).equals(commitment))
    throw fault(`the body of entry ${index} does not match its commitment`);
  counts.bodies++;
  const text = stored.body.toString('utf8');
  if (/"action":"(?:restored|taken_over)"/.test(text) && stored.journal.startsWith('sequencer-'))
    restored.push({ index, ...(JSON.parse(text) as { readonly detail?: Restored['detail'] }) });
  const gap = gapIn(stored.journal, text);
  if (gap !== undefined) gaps.set(gap.journal, [...(gaps.get(gap.journal) ?? []), gap.range]);
}

/**
 * The seqs that an entry of the sequencer declares missing; without end where nobody knows it.
 * @param text of its body
 */
export function gapIn(by: string, text: string): { readonly journal: string; readonly range: SeqRange } | undefined {
  if (!text.includes('"journal_gap"') || !by.startsWith('sequencer-')) return undefined;
  const { type, journal, from, to, open } = JSON.parse(text) as {
    readonly type?: string;
    readonly journal?: unknown;
    readonly from?: number;
    readonly to?: number;
    readonly open?: boolean;
  };
  return type === 'journal_gap' && typeof journal === 'string'
    ? { journal, range: [Number(from), open === true ? Infinity : Number(to)] }
    : undefined;
}

/** An entry by which the log goes on behind a backup. */
interface Restored {
  readonly index: number;
  readonly detail?: { readonly size?: unknown; readonly root?: unknown } | undefined;
}

/** What such an entry says of the log before it must be the tree that stands before it. */
function checkRestored(logDir: string, size: number, restored: readonly Restored[]): void {
  for (const { index, detail } of restored) {
    const node = tileNodes(size, (path) => readIfThere(join(logDir, path)));
    if (detail?.size !== index || detail.root !== treeRoot(index, node).toString('base64'))
      throw fault(`entry ${index} says that the log goes on there behind another one than stands before it`);
  }
}

/** A body that is erased or expired must name an entry of the log that says so. */
function checkErasures(bodies: BodyStore, size: number, counts: Counts): void {
  if (counts.erased + counts.expired === 0) return;
  const says = new Map<number, (index: number, kind: 'erased' | 'expired') => boolean>();
  const orderAt = (by: number): ((index: number, kind: 'erased' | 'expired') => boolean) => {
    const stored = by < size ? bodies.read(by) : undefined;
    const event =
      stored?.kind === 'present'
        ? (JSON.parse(stored.body.toString('utf8')) as { type?: string; action?: string })
        : undefined;
    const expiry = stored?.kind === 'present' ? expiryOf(by, stored.body) : undefined;
    return (index, kind) =>
      kind === 'expired'
        ? expiry !== undefined && index >= expiry.from && index < expiry.to
        : event?.type === 'administration' && event.action === 'erasure';
  };
  for (let index = 0; index < size; index++) {
    const stored = bodies.read(index);
    if (stored === undefined || stored.kind === 'present') continue;
    let order = says.get(stored.by);
    if (order === undefined) says.set(stored.by, (order = orderAt(stored.by)));
    if (!order(index, stored.kind))
      throw fault(`entry ${index} is said to be ${stored.kind} by entry ${stored.by}, which says nothing of the kind`);
  }
}

/** Vkeys of the replicas, as the log publishes them. */
export function replicaKeys(logDir: string): readonly Verifier[] {
  const dir = join(logDir, 'replicas');
  let files: string[];
  try {
    files = readdirSync(dir);
  } catch {
    return [];
  }
  return files.filter((file) => file.endsWith('.vkey')).map((file) => parseVkey(readFileSync(join(dir, file), 'utf8')));
}
