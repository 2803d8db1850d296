/**
 * Puts a backup in the place of a data folder: everything is verified first, then copied beside, made ready to go on,
 * and renamed. Whatever fails or dies before the rename leaves the place as it was.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { syncDir } from '../../../contracts/sync-dir.js';
import { replaceFile } from '../../ground/files/durable.js';
import { administrationBody } from '../../log/entries/events.js';
import { openSubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { openErasures } from '../../log/erasure/carry-out.js';
import { openJournal } from '../../log/journal/journal.js';
import { RETIRED_FILE } from '../../log/proof/journal.js';
import { parseVkey } from '../../log/proof/note.js';
import { openBodies } from '../../log/store/bodies.js';
import { openSigner, type Signer } from '../../log/store/signer.js';
import { readState } from '../../log/store/state.js';
import { verifyLog } from '../../log/verify/verify.js';
import { checkBackup } from './check.js';
import { type Continuation, continueLog, type Knowledge, newerThan } from './continue.js';
import { copies } from './copy.js';
import { dropPassingIn, eraseFromStateAgain } from './erased.js';
import { FILES } from './manifest.js';
import { stateOf } from './states.js';
import { freshPartial, wantRoom } from './write.js';

export interface RestoreOptions {
  readonly backup: string;
  /** Missing, or empty. */
  readonly dataDir: string;
  readonly knowledge: Knowledge;
  readonly origin?: string | undefined;
  /** Pseudonyms that were erased after the backup. */
  readonly erased: readonly string[];
  /** The same of keys that stood in a state which came back from a server. */
  readonly erasedFromState?: readonly string[];
  /** Whether a backup that lacks files will do. */
  readonly incomplete: boolean;
  readonly now: () => number;
  readonly onProgress?: (what: 'checking' | 'copying', bytes: number, of: number) => void;
}

export interface RestoreReport {
  readonly taken: string;
  readonly files: number;
  readonly bytes: number;
  /** Absent where the data folder keeps no log. */
  readonly log?: Continuation;
  /** Journals that are read only from now on. */
  readonly retired: number;
  /** Keys that were destroyed because their subjects were erased after the backup. */
  readonly erased: number;
}

function refuseTaken(dataDir: string): void {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0)
    throw new YitongError(
      'restore_target',
      'there is something in this folder; a backup is restored into a missing or empty one only',
      { place: { file: dataDir } },
    );
}

/** @throws YitongError as `checkBackup`; `restore_target`, `restore_fork`, `backup_incomplete`, `backup_no_room` */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { backup, knowledge, erased, now, onProgress } = options;
  const dataDir = resolve(options.dataDir);
  refuseTaken(dataDir);
  const { manifest } = await checkBackup(backup, (bytes, of) => onProgress?.('checking', bytes, of));
  if (manifest.unknown.length > 0 && !options.incomplete) {
    throw new YitongError(
      'backup_incomplete',
      `the backup lacks ${manifest.unknown.length} files that nobody knew how to copy, such as ` +
        `\`${manifest.unknown[0] ?? ''}\`; say that it will do with --incomplete`,
    );
  }
  const source = join(backup, FILES);
  // before anything is written, although it is asked again
  if (knowledge.kind === 'checkpoint' && manifest.log !== undefined) newerThan(source, knowledge.note);
  const files = manifest.files.filter(({ path }) => stateOf(path)?.restored !== false);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  mkdirSync(dirname(dataDir), { recursive: true, mode: 0o700 });
  wantRoom(dirname(dataDir), total);
  const partial = freshPartial(dataDir);
  try {
    let done = 0;
    const out = copies(partial, { onBytes: (bytes) => onProgress?.('copying', (done += bytes), total) });
    for (const { path, mode } of files) await out.file(source, path, { mode });
    const wanted = new Map(files.map(({ path, sha256 }) => [path, sha256]));
    const wrong = out.files.find(({ path, sha256 }) => wanted.get(path) !== sha256);
    if (wrong !== undefined || out.files.length !== files.length)
      throw new YitongError('backup_damaged', `the backup changed while it was copied: \`${wrong?.path ?? ''}\``);

    const retired = retireJournals(partial, manifest.ended);
    const log = await continueLog({
      dataDir: partial,
      knowledge,
      origin: options.origin,
      taken: manifest.begun,
      erased,
      now,
    });
    const gone =
      (await eraseAgain(partial, erased)) + (await eraseFromStateAgain(partial, options.erasedFromState ?? []));
    await dropPassingIn(partial);
    if (log === undefined) await noteRestored(partial, manifest.begun, now);
    else {
      const report = await verifyLog({ logDir: auditLayout(partial).log, dataDir: partial });
      if (!report.ok)
        throw new YitongError('log_invalid', `the restored log does not verify: ${report.fault ?? 'unknown'}`);
    }
    out.end();
    syncDir(partial);
    refuseTaken(dataDir);
    if (existsSync(dataDir)) rmdirSync(dataDir);
    renameSync(partial, dataDir);
    syncDir(dirname(dataDir));
    return {
      taken: manifest.begun,
      files: files.length,
      bytes: total,
      ...present({ log }),
      retired,
      erased: gone,
    };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

function retireJournals(dataDir: string, taken: string): number {
  const { journals } = auditLayout(dataDir);
  if (!existsSync(journals)) return 0;
  const ids = readdirSync(journals);
  for (const id of ids)
    replaceFile(join(journals, id, RETIRED_FILE), `restored from a backup of ${taken}\n`, { mode: 0o600 });
  return ids.length;
}

/**
 * Destroys keys that came back with the backup, and carries out every erasure that the log orders, those of before the
 * backup included: what was erased while it was copied may stand in it in part.
 * @returns keys destroyed of `pseudonyms`
 */
async function eraseAgain(dataDir: string, pseudonyms: readonly string[]): Promise<number> {
  const layout = auditLayout(dataDir);
  if (!existsSync(layout.subjectKeys)) return 0;
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  let destroyed = 0;
  try {
    keys.forgetDestroyed();
    for (const pseudonym of pseudonyms) if (keys.destroy(pseudonym)) destroyed++;
  } finally {
    await keys.close();
  }
  const size = readState(layout.state)?.state.size;
  if (size === undefined) return destroyed;
  // as a sequencer finds it
  mkdirSync(layout.staged, { recursive: true, mode: 0o700 });
  const bodies = openBodies(layout.bodies, layout.index);
  let trouble: string | undefined;
  const erasures = openErasures({ dataDir, bodies, onTrouble: (reason) => void (trouble = reason) });
  try {
    erasures.recall(size);
    await erasures.carryOut(size);
  } finally {
    await erasures.close();
    bodies.close();
  }
  if (trouble !== undefined)
    throw new YitongError(
      'log_invalid',
      `an erasure that the log orders cannot be carried out in the backup: ${trouble}`,
    );
  return destroyed;
}

/** Of a replica whose log is elsewhere: an entry of its journal, which the sequencing replica takes like any. */
async function noteRestored(dataDir: string, taken: string, now: () => number): Promise<void> {
  const layout = auditLayout(dataDir);
  const signer = replicaSigner(dataDir);
  if (signer === undefined) return;
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  try {
    const journal = await openJournal({
      dir: layout.journals,
      name: 'restore',
      keys,
      signer,
      now,
      segmentBytes: 65_536,
    });
    try {
      await journal.append({
        clear: administrationBody({
          time: new Date(now()).toISOString(),
          action: 'restored',
          by: 'operator',
          detail: { taken },
        }),
      });
    } finally {
      await journal.close();
    }
  } finally {
    await keys.close();
  }
}

/** This replica's key under the name that it has beside the log; undefined where the data folder has none. */
function replicaSigner(dataDir: string): Signer | undefined {
  const { keys, log } = auditLayout(dataDir);
  const file = join(keys, 'replica.key');
  const folder = join(log, 'replicas');
  if (!existsSync(file) || !existsSync(folder)) return undefined;
  for (const name of readdirSync(folder)) {
    const { name: signs, keyId } = parseVkey(readFileSync(join(folder, name), 'utf8'));
    const signer = openSigner(file, signs);
    if (signer.keyId === keyId && basename(name).startsWith(keyId.toString(16).padStart(8, '0'))) return signer;
  }
  return undefined;
}
