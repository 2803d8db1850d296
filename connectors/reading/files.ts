/** Files on a disk, for every kind of file: which there are, and which are new, by name, size and SHA-256. */
import { createHash } from 'node:crypto';
import { type FileHandle, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import type { Workspace } from '../../contracts/types.js';
import { rootsOf } from './ceiling.js';
import { type Charset, decoder, WrongCharset } from './charset.js';
import { checkPlaces, entryOf, openPlace, placeOf } from './places.js';

export interface TakenFile {
  readonly name: string;
  /** Without links: another file that is put in its way since is not read. */
  readonly path: string;
  readonly size: number;
  readonly mtime: Date;
}

export interface Fingerprint {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/**
 * When a feed is loaded: that its files lie where feeds may read. They need not be there yet.
 * @throws YitongError `bad_feed` with the feed's file
 */
export function checkReachable(
  { path, folder }: { readonly path?: string | readonly string[]; readonly folder?: string },
  workspace: Pick<Workspace, 'dir' | 'settings'>,
  file: string,
): void {
  checkPlaces(rootsOf(workspace), workspace.dir, path ?? folder, { file });
}

/** Where no workspace says more: the folder itself, and what the environment declares. */
const rootsAt = (baseDir: string): readonly string[] => rootsOf({ dir: baseDir, settings: {} });

/** @param folder without links @param said how the feed, or the drop folder, names it */
async function describe(folder: string, name: string, said: string): Promise<TakenFile | undefined> {
  const found = await entryOf(folder, name, said);
  return found?.file === true ? { name, path: found.path, size: found.size, mtime: found.mtime } : undefined;
}

/**
 * @param roots folders below which they must lie, absolute: `rootsOf` the workspace
 * @throws YitongError `bad_feed` if a file is not there, lies outside of the roots, or is reached by a link
 */
export async function namedFiles(
  baseDir: string,
  paths: readonly string[],
  roots: readonly string[] = rootsAt(baseDir),
): Promise<TakenFile[]> {
  const files: TakenFile[] = [];
  for (const path of paths) {
    const real = await placeOf(roots, baseDir, path);
    const file = real === undefined ? undefined : await describe(dirname(real), basename(real), path);
    if (file === undefined) throw new YitongError('bad_feed', `the file \`${path}\` is not there`);
    files.push({ ...file, name: basename(resolve(baseDir, path)) });
  }
  return files;
}

/**
 * Files of a drop folder in name order, without those that changed less than `settleMs` ago: they may still be growing.
 * A link among them fails the run, by name: left out, it would be a delivery that nobody misses; followed, whoever may
 * write the folder could have any file read that this process can.
 * @param roots as of `namedFiles`
 * @throws YitongError `bad_feed` if the folder cannot be read, lies outside of the roots, or holds a link of that
 * ending
 */
export async function droppedFiles(
  baseDir: string,
  folder: string,
  ending: string,
  settleMs: number,
  now: Date,
  roots: readonly string[] = rootsAt(baseDir),
): Promise<TakenFile[]> {
  const unread = (cause?: unknown): YitongError =>
    new YitongError('bad_feed', `the folder \`${folder}\` cannot be read`, { cause });
  const dir = await placeOf(roots, baseDir, folder);
  if (dir === undefined) throw unread();
  const names = await readdir(dir).catch((cause: unknown) => {
    throw unread(cause);
  });
  const files: TakenFile[] = [];
  for (const name of names.filter((name) => name.endsWith(ending) && !name.startsWith('.')).sort()) {
    const file = await describe(dir, name, join(folder, name));
    if (file !== undefined && now.getTime() - file.mtime.getTime() >= settleMs) files.push(file);
  }
  return files;
}

/** To read it: the file that was found, and no other by that name. @throws YitongError `bad_feed` */
export const openTaken = (file: Pick<TakenFile, 'path'>): Promise<FileHandle> => openPlace(file.path);

/**
 * A pass over the bytes, which finds a wrong charset before any row is published. `charsetOk` is false if a byte is not
 * of the charset.
 */
export async function fingerprint(
  file: TakenFile,
  charset?: Charset,
): Promise<Fingerprint & { readonly charsetOk: boolean }> {
  const hash = createHash('sha256');
  const decode = charset === undefined ? undefined : decoder(charset);
  let charsetOk = true;
  const check = (work: () => void): void => {
    if (!charsetOk) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof WrongCharset)) throw error;
      charsetOk = false;
    }
  };
  let size = 0;
  for await (const chunk of (await openTaken(file)).createReadStream({
    highWaterMark: 262_144,
  }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
    if (decode !== undefined) check(() => decode.write(chunk));
  }
  if (decode !== undefined) check(() => decode.end());
  return { name: file.name, size, sha256: hash.digest('hex'), charsetOk };
}

export interface ReadingFile {
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/**
 * The bytes of a file.
 * @throws YitongError `bad_row` after the last one if the file is no longer what its fingerprint says
 */
export async function* fileBytes(
  file: TakenFile,
  expected: Fingerprint,
  { signal, onBytes }: ReadingFile,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of (await openTaken(file)).createReadStream({
    highWaterMark: 65_536,
    signal,
  }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    onBytes(chunk.length);
    yield chunk;
  }
  // a file that was replaced while it was read is neither the old nor the new one
  if (hash.digest('hex') !== expected.sha256) throw changed(file);
}

export const changed = (file: TakenFile): YitongError =>
  new YitongError('bad_row', `the file \`${file.name}\` changed while it was read; the next run takes it again`);

/** The text of a file, as `fileBytes`. */
export async function* fileText(
  file: TakenFile,
  expected: Fingerprint,
  options: ReadingFile & { readonly charset: Charset; readonly bom: boolean },
): AsyncGenerator<string> {
  const decode = decoder(options.charset, options.bom);
  for await (const chunk of fileBytes(file, expected, options)) yield decode.write(chunk);
  yield decode.end();
}
