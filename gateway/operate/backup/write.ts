/**
 * Writes a backup beside a running process group. Nothing is stopped and nothing is locked; the order of `states.ts` is
 * what makes the copies one whole. It is there whole or not at all: made as `<backup>.partial`, the manifest last, then
 * renamed.
 */

import { existsSync, mkdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { syncDir } from '../../../contracts/sync-dir.js';
import { openStore } from '../../answer/view/lmdb/store.js';
import { readDataset, readNumbers } from '../../answer/view/packed/state.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { readVersion } from '../../ground/files/versions.js';
import { auditLayout } from '../../log/entries/layout.js';
import { damagedJournals } from '../../log/verify/damage.js';
import { verifyLog } from '../../log/verify/verify.js';
import { type Copies, copies } from './copy.js';
import { copyJournal } from './journals.js';
import { copyLog, cutLog, type LogCut, manifestLog } from './log.js';
import { FILES, FORMAT, type Manifest, writeManifest } from './manifest.js';
import { SHARED_STATE, type State, stateOf, states } from './states.js';
import { type FoundFile, filesBelow } from './walk.js';

export interface BackupOptions {
  readonly dataDir: string;
  /** Must not exist. */
  readonly to: string;
  readonly program: string;
  readonly now: () => number;
  /** What this replica shares with others, a line after the other; none where it shares nothing. */
  readonly shared?: (put: (line: string) => Promise<void>) => Promise<unknown>;
  /** Whether the view is copied as well, which can be made again from the bus. */
  readonly withView?: boolean;
  readonly onProgress?: (bytes: number, of: number) => void;
  readonly signal?: AbortSignal;
  /** Tests only: called before each state is copied. */
  readonly onState?: (state: State) => Promise<void> | void;
}

export interface BackupReport {
  readonly manifest: Manifest;
  readonly files: number;
  readonly bytes: number;
  readonly complete: boolean;
  /** Why what replicas share is not in it, in words. */
  readonly missing?: string;
  /** What of the log in the copy does not verify, in words; a restore refuses it until it is mended. */
  readonly fault?: string;
}

/** Left free beside the copy itself: folders, journals of file systems. */
const ROOM = 64 << 20;

/** Unfinished work beside `path`; what an earlier one left there goes. */
export function freshPartial(path: string): string {
  const partial = `${path}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  return partial;
}

/** @throws YitongError `backup_no_room` */
export function wantRoom(dir: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize < bytes + ROOM)
    throw new YitongError(
      'backup_no_room',
      `the copy takes ${Math.ceil((bytes + ROOM) / 2 ** 20)} MiB, and ` +
        `${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free`,
      { place: { file: dir } },
    );
}

/** How each state is copied. */
const copyingOf =
  (withView: boolean) =>
  (state: State | undefined): State['copying'] =>
    (withView ? state?.ifAsked : undefined) ?? state?.copying ?? 'none';

/** @throws YitongError `backup_exists`, `backup_no_room`, `backup_source` if there is no such data folder */
export async function writeBackup({
  dataDir,
  to,
  program,
  now,
  shared,
  withView = false,
  onProgress,
  signal,
  onState,
}: BackupOptions): Promise<BackupReport> {
  const target = resolve(to);
  if (existsSync(target))
    throw new YitongError('backup_exists', 'a backup is written to a new folder, and this one is there', {
      place: { file: target },
    });
  const copying = copyingOf(withView);
  const copied = ({ path }: FoundFile): boolean => copying(stateOf(path)) !== 'none';
  const before = filesBelow(dataDir);
  if (before.every((file) => !copied(file)))
    throw new YitongError('backup_source', 'there is nothing to copy in this data folder', {
      place: { file: dataDir },
    });
  const begun = new Date(now()).toISOString();
  const total = before.filter(copied).reduce((sum, { bytes }) => sum + bytes, 0);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  wantRoom(dirname(target), total);
  const partial = freshPartial(target);
  try {
    let done = 0;
    const out = copies(join(partial, FILES), {
      onBytes: (bytes) => onProgress?.(Math.min((done += bytes), total), total),
      ...present({ signal }),
    });
    let cut: LogCut | undefined;
    // it refers to the log, so it comes before it
    const missing = shared === undefined ? undefined : await copyShared(shared, out, join(partial, FILES));
    for (const state of states) {
      const how = copying(state);
      if (how === 'none') continue;
      await onState?.(state);
      signal?.throwIfAborted();
      if (how === 'log') cut = await cutLog(dataDir);
      await copyState({ dataDir, state, how, cut, out });
    }
    // also what came while we copied
    const unknown = [
      ...new Set(
        [...before, ...filesBelow(dataDir)].map(({ path }) => path).filter((path) => stateOf(path) === undefined),
      ),
    ].sort();
    const vkey = cut === undefined ? undefined : readIfThere(join(auditLayout(dataDir).log, 'vkey'))?.toString('utf8');
    const files = [...out.files].sort((a, b) => (a.path < b.path ? -1 : 1));
    const manifest: Manifest = {
      format: FORMAT,
      program,
      begun,
      ended: new Date(now()).toISOString(),
      ...(cut === undefined || vkey === undefined ? {} : { log: manifestLog(vkey, cut) }),
      datasets: await countsOf(dataDir),
      unknown,
      files,
    };
    out.end();
    const fault = await faultOf(join(partial, FILES), cut !== undefined);
    writeManifest(partial, manifest);
    if (existsSync(target))
      throw new YitongError('backup_exists', 'somebody made this folder meanwhile', { place: { file: target } });
    renameSync(partial, target);
    syncDir(dirname(target));
    return {
      manifest,
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      complete: unknown.length === 0 && missing === undefined,
      ...present({ fault, missing }),
    };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Bytes of lines that are written at once. */
const LINES = 1 << 20;

/** @returns why it could not be had, in words: a store that is away keeps nobody from copying the rest */
async function copyShared(
  shared: NonNullable<BackupOptions['shared']>,
  out: Copies,
  files: string,
): Promise<string | undefined> {
  try {
    await out.stream(SHARED_STATE, (put) => linesInto(shared, put));
    return undefined;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    rmSync(join(files, SHARED_STATE), { force: true });
    return error.message;
  }
}

async function linesInto(
  shared: NonNullable<BackupOptions['shared']>,
  put: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let lines: string[] = [];
  let length = 0;
  const write = async (): Promise<void> => {
    await put(Buffer.from(lines.join('')));
    lines = [];
    length = 0;
  };
  await shared(async (line) => {
    lines.push(`${line}\n`);
    length += line.length + 1;
    if (length >= LINES) await write();
  });
  await write();
}

/**
 * As whoever restores it finds it: a copy of what is damaged is a damaged copy, whatever its digests say. Paths are
 * those of the data folder.
 */
async function faultOf(copy: string, hasLog: boolean): Promise<string | undefined> {
  if (!hasLog) {
    const [damaged] = await damagedJournals(copy, new Map());
    if (damaged === undefined) return undefined;
    const { file, from, to, journal, why } = damaged;
    const fault = `${file}: seq ${from} to ${to} of journal \`${journal}\` cannot be read (${why})`;
    return fault.replaceAll(`${copy}/`, '');
  }
  const report = await verifyLog({ logDir: auditLayout(copy).log, dataDir: copy });
  return report.fault?.replaceAll(`${copy}/`, '');
}

interface StateCopy {
  readonly dataDir: string;
  readonly state: State;
  readonly how: State['copying'];
  readonly cut: LogCut | undefined;
  readonly out: Copies;
}

async function copyState({ dataDir, state, how, cut, out }: StateCopy): Promise<void> {
  if (how === 'log') {
    if (cut !== undefined) await copyLog(dataDir, cut, out);
    return;
  }
  // listed at its turn: what came since belongs to it
  const paths = filesBelow(dataDir)
    .map(({ path }) => path)
    .filter((path) => stateOf(path) === state);
  if (how === 'journals') {
    for (const path of new Set(paths.map((file) => dirname(file))))
      await copyJournal(dataDir, path, cut?.state.journals[path.slice(path.lastIndexOf('/') + 1)], out);
    return;
  }
  if (how === 'versions') {
    for (const path of new Set(paths.map((file) => dirname(file)))) {
      const newest = readVersion(join(dataDir, path));
      if (newest !== undefined)
        await out.bytes(`${path}/${String(newest.number).padStart(12, '0')}`, Buffer.from(newest.text));
    }
    return;
  }
  for (const path of paths) {
    if (how === 'map') await out.map(dataDir, path);
    else await out.file(dataDir, path, state.secret === true ? { mode: 0o600 } : {});
  }
}

/** What the view counted, so that whoever looks at a backup sees whether it is the city that it should be. */
async function countsOf(dataDir: string): Promise<Readonly<Record<string, number>>> {
  const dir = join(dataDir, 'view');
  if (!existsSync(join(dir, 'view.mdb'))) return {};
  const store = openStore(dir, true);
  try {
    return Object.fromEntries(
      Object.entries(readNumbers(store)).map(([dataset, number]) => [dataset, readDataset(store, number).records]),
    );
  } finally {
    await store.close();
  }
}
