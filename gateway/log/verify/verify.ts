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
import { treeRoot } from '../proof/merkle.js';
import { parseVkey, type Verifier } from '../proof/note.js';
import { tileNodes } from '../proof/tiles.js';
import { ELECTED_FROM, openRegister } from '../replicas/epoch.js';
import { remainsOfLog } from '../store/begun.js';
import { type BodyStore, openBodies } from '../store/bodies.js';
import { readState } from '../store/state.js';
import { EntriesCheck, type Restored } from './entries.js';
import { checkJournals } from './journals.js';
import { type Counts, fault, type VerifyReport } from './report.js';

interface VerifyOptions {
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
  const { logDir, dataDir, onProgress } = options;
  // The state before the checkpoints: the log can then only be ahead of it by what came since, or behind by the run
  // that is under way.
  const state = dataDir === undefined ? undefined : readState(auditLayout(dataDir).state)?.state;
  if (dataDir !== undefined && state === undefined) requireNothingBegun(dataDir, logDir);
  const { published, newest } = readCheckpoints(options, counts);
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
    const entries = new EntriesCheck({ logDir, size, root, published, bodies, onProgress }, counts);
    await entries.run();
    if (dataDir !== undefined && bodies !== undefined) {
      checkErasures(bodies, size, counts);
      checkRestored(logDir, size, entries.restored);
      const keys = replicaKeys(logDir);
      const copiesMayLag = (openRegister(dataDir).current()?.epoch ?? 0) >= ELECTED_FROM;
      const log = { logDir, size, bodies, gaps: entries.gaps, sequenced, keys, copiesMayLag };
      await checkJournals(dataDir, log, counts);
    }
    onProgress?.(size, size);
  } finally {
    bodies?.close();
  }
}

/**
 * By the sequencer's state the log goes on: a folder that lost it holds a log which nobody can go on with, whatever
 * else of it verifies.
 */
function requireNothingBegun(dataDir: string, logDir: string): void {
  const remains = remainsOfLog(dataDir);
  if (remains !== undefined && existsSync(join(logDir, 'vkey')))
    throw fault(`${remains}, and the state of the sequencer is gone: nothing more comes into the log`);
}

interface Checkpoints {
  readonly published: Checkpoint | undefined;
  /** Where witnesses are waited for, the data folder holds more of the log than is published. */
  readonly newest: Checkpoint | undefined;
}

/** Signed by the key that counts, and cosigned by the witnesses that are asked for. */
function readCheckpoints({ logDir, dataDir, vkey, witnesses }: VerifyOptions, counts: Counts): Checkpoints {
  const named = vkey ?? readIfThere(join(logDir, 'vkey'))?.toString('utf8');
  if (named === undefined) throw fault('there is no `vkey` beside the log; name the key');
  const verifier = parseVkey(named);
  const open = (note: Buffer | undefined): Checkpoint | undefined =>
    note === undefined ? undefined : openCheckpoint(note, verifier.name, [verifier]);
  const note = readIfThere(join(logDir, 'checkpoint'));
  const published = open(note);
  if (witnesses !== undefined && note !== undefined)
    counts.cosignedBy = requireCosigned(note, witnesses).map(({ name }) => name);
  const complete = dataDir === undefined ? undefined : open(readIfThere(auditLayout(dataDir).complete));
  if (published === undefined && witnesses !== undefined && witnesses.required > 0)
    throw fault('no checkpoint is published so far');
  const isAhead = complete !== undefined && complete.size > (published?.size ?? -1);
  return { published, newest: isAhead ? complete : published };
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
