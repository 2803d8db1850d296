/**
 * Proves the log from its files alone: what is published, and where the data folder is given, bodies and journals too.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { expiryOf } from '../erasure/expire.js';
import { journalFolders } from '../journal/folders.js';
import { prunedGroups, readPruned } from '../journal/pruned.js';
import { type ReadGroup, readOn, segmentsOf } from '../journal/reader.js';
import { type Checkpoint, openCheckpoint } from '../proof/checkpoint.js';
import { requireCosigned, type WitnessPolicy } from '../proof/cosignature.js';
import {
  answerDigest,
  answerLeaf,
  chainAfter,
  commitmentOf,
  type GroupHeader,
  groupText,
  segmentName,
} from '../proof/journal.js';
import { JOURNAL_START, type Position } from '../proof/journal-position.js';
import { HASH_BYTES, type NodeReader, rootOfLeaves, treeRoot } from '../proof/merkle.js';
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
import { type JournalState, readState } from '../store/state.js';

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

export interface VerifyReport {
  readonly ok: boolean;
  readonly origin: string;
  /** Entries verified: those of the published checkpoint, and where the data folder has more of the log, all. */
  readonly size: number;
  readonly publishedSize: number;
  /** Names of the witnesses asked for that cosigned what is published. */
  readonly cosignedBy: readonly string[];
  readonly root: string;
  readonly tiles: number;
  readonly bodies: number;
  readonly erased: number;
  readonly expired: number;
  readonly journals: number;
  /** Entries of journals found in the log. */
  readonly journalEntries: number;
  /**
   * Of them, entries whose segments were given back to the disk: proved by the log and by the replica's signatures,
   * which are kept.
   */
  readonly pruned: number;
  /** Durable in a journal, and newer than the checkpoint. */
  readonly newer: number;
  /** Seqs that an entry of the log says are missing. */
  readonly declaredMissing: number;
  readonly signatures: number;
  /** The first fault, in words. */
  readonly fault?: string;
}

type Counts = { -readonly [K in keyof Omit<VerifyReport, 'ok' | 'fault'>]: VerifyReport[K] };

const fault = (what: string): YitongError => new YitongError('log_invalid', what);
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
    const gaps = new Map<string, [number, number][]>();
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
      await checkJournals(dataDir, logDir, size, bodies, gaps, sequenced, counts);
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
  gaps: Map<string, [number, number][]>,
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
export function gapIn(
  by: string,
  text: string,
): { readonly journal: string; readonly range: [number, number] } | undefined {
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

/** The file in which a reader at `position` reads on. */
export const segmentAt = (dir: string, { segment }: Position): string =>
  join(dir, segmentName(segment === 0 ? (segmentsOf(dir)[0] ?? 1) : segment));

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

/**
 * Whether the digests that the replica signed for are those of the entries. One that was erased keeps neither salt nor,
 * where it expired, digest: then it cannot be told.
 */
function promisedAsRecorded({ answers, entries }: ReadGroup): boolean {
  if (answers === undefined || entries.some(({ erased }) => erased === true)) return true;
  return rootOfLeaves(Buffer.concat(entries.map(({ leaf, body }) => answerLeaf(leaf, answerDigest(body))))).equals(
    answers,
  );
}

async function checkJournals(
  dataDir: string,
  logDir: string,
  size: number,
  bodies: BodyStore,
  gaps: ReadonlyMap<string, readonly [number, number][]>,
  sequenced: Readonly<Record<string, JournalState>>,
  counts: Counts,
): Promise<void> {
  const folders = journalFolders(dataDir);
  const keys = replicaKeys(logDir);
  const signed = (journal: string, group: GroupHeader): void => {
    const key = keys.find(({ keyId }) => keyId === group.keyId);
    if (key === undefined)
      throw fault(`no vkey of the replica that signed seq ${group.first} of journal \`${journal}\``);
    if (!key.verify(Buffer.from(groupText(journal, group)), group.signature))
      throw fault(`the signature over seq ${group.first} of journal \`${journal}\` does not verify`);
    counts.signatures++;
  };
  let node: NodeReader | undefined;
  /**
   * Segments between two positions were given back: the log's own commitments must lead to each root that the replica
   * signed. False where they were not.
   */
  const provePruned = (
    journal: string,
    dir: string,
    from: Position,
    to: Position,
    declared: readonly (readonly [number, number])[],
    upTo: number,
  ): boolean => {
    const pruned = readPruned(dir);
    if (pruned === undefined || pruned.lastSeq < to.lastSeq) return false;
    let [lastSeq, chain] = [from.lastSeq, from.chain];
    node ??= tileNodes(size, (path) => readIfThere(join(logDir, path)));
    for (const group of prunedGroups(dir, pruned)) {
      if (group.first <= from.lastSeq || group.first > to.lastSeq) continue;
      const between = group.first - lastSeq - 1;
      if (between > 0 && !declared.some(([first, last]) => first <= lastSeq + 1 && last >= group.first - 1))
        throw fault(
          `seq ${lastSeq + 1} to ${group.first - 1} of journal \`${journal}\` are missing, and no entry says so`,
        );
      if (between === 0 && chain !== '' && group.previous.toString('base64') !== chain)
        throw fault(`the chain of journal \`${journal}\` breaks after seq ${lastSeq}`);
      counts.declaredMissing += between;
      signed(journal, group);
      const leaves = Buffer.alloc(group.count * HASH_BYTES);
      let newer = 0;
      for (let i = 0; i < group.count; i++) {
        const index = bodies.indexOf(journal, group.first + i);
        // given back since we began
        if (index !== undefined && index >= size && group.first + i > upTo) {
          newer++;
          continue;
        }
        const stored = index === undefined || index >= size ? undefined : bodies.read(index);
        if (index === undefined || stored?.journal !== journal || stored.seq !== group.first + i)
          throw fault(`seq ${group.first + i} of journal \`${journal}\` is not in the log`);
        node(0, index).copy(leaves, i * HASH_BYTES);
      }
      if (newer === 0 && !rootOfLeaves(leaves).equals(group.root))
        throw fault(
          `seq ${group.first} to ${group.first + group.count - 1} of journal \`${journal}\` are other entries ` +
            'in the log than the replica signed',
        );
      counts.newer += newer;
      counts.journalEntries += group.count - newer;
      counts.pruned += group.count - newer;
      lastSeq = group.first + group.count - 1;
      chain = chainAfter(group).toString('base64');
    }
    if (lastSeq !== to.lastSeq || (to.chain !== '' && chain !== to.chain))
      throw fault(
        `what is kept of journal \`${journal}\` ends at seq ${lastSeq}, and does not lead to seq ${to.lastSeq + 1}`,
      );
    return true;
  };
  for (const journal of new Set([...folders.keys(), ...Object.keys(sequenced)])) {
    counts.journals++;
    const declared = gaps.get(journal) ?? [];
    const folder = folders.get(journal);
    if (folder === undefined) {
      if (declared.length === 0) throw fault(`the journal \`${journal}\` is gone, and no entry says so`);
      continue;
    }
    if (sequenced[journal]?.dead === true && declared.length > 0) continue; // the log says that it is not what it was
    const upTo = sequenced[journal]?.lastSeq ?? 0;
    let reached = 0;
    for (let position: Position = JOURNAL_START; ; ) {
      const result = readOn(folder.dir, position, 20_000);
      if (result.kind === 'end') break;
      if (
        result.kind === 'gap' &&
        result.resume !== undefined &&
        provePruned(journal, folder.dir, position, result.resume, declared, upTo)
      ) {
        position = result.resume;
        reached = position.lastSeq;
        continue;
      }
      if (result.kind === 'gap') {
        if (!declared.some(([from, to]) => from <= result.from && to >= result.to)) {
          throw fault(
            `${segmentAt(folder.dir, position)}: seq ${result.from} to ${result.to} of journal \`${journal}\` ` +
              `cannot be read (${result.why}), and no entry says so; \`yitong audit mend\` declares it`,
          );
        }
        counts.declaredMissing += Math.max(0, result.to - result.from + 1);
        if (result.resume === undefined) break;
        position = result.resume;
        reached = position.lastSeq;
        continue;
      }
      for (const group of result.groups) {
        signed(journal, group);
        if (!promisedAsRecorded(group))
          throw fault(
            `seq ${group.first} to ${group.first + group.count - 1} of journal \`${journal}\` were promised ` +
              'for other answers than they record',
          );
        for (const { seq, commitment } of group.entries) {
          const index = bodies.indexOf(journal, seq);
          if (index === undefined || index >= size) {
            if (seq <= upTo) throw fault(`seq ${seq} of journal \`${journal}\` is not in the log`);
            counts.newer++;
            continue;
          }
          const stored = bodies.read(index);
          // its body was compared with the log's commitment before, so this ties the journal's entry to the log's
          if (stored?.journal !== journal || stored.seq !== seq)
            throw fault(`seq ${seq} of journal \`${journal}\` is not in the log`);
          if (stored.kind === 'present' && !commitmentOf(stored.salt, stored.body).equals(commitment))
            throw fault(`seq ${seq} of journal \`${journal}\` is another entry than in the log`);
          counts.journalEntries++;
        }
      }
      position = result.position;
      reached = position.lastSeq;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (reached < upTo && declared.length === 0)
      throw fault(`journal \`${journal}\` ends at seq ${reached}, and the log has its seq ${upTo}`);
  }
}
