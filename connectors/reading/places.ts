/**
 * Where a feed may read: below the workspace and the folders that the installation declares (`connectors.roots`), never
 * by a link that somebody put there. A feed is content, and what lies in a drop folder comes from others; neither may
 * make this process read what only it can read.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Place, YitongError } from '../../contracts/errors.js';
import { namesBelow } from '../../contracts/files.js';

/** Why a path is not read, for who wrote the feed. */
const OUTSIDE = 'leads out of the workspace and of the folders that `connectors.roots` of yitong.json names';
const HIDDEN = 'is hidden (a name in it begins with a dot), and what is hidden is no source';
const LINK =
  'is a link, or leads through one, and links are not followed: name the file itself, and its folder in ' +
  '`connectors.roots` if it lies outside of the workspace';

const refused = (path: string, why: string, place?: Place): YitongError =>
  new YitongError('bad_feed', `\`${path}\` ${why}`, place === undefined ? {} : { place });

interface Spot {
  readonly root: string;
  readonly names: readonly string[];
}

/** By its name alone: what is there is not looked at. @throws YitongError `bad_feed` */
function spotOf(roots: readonly string[], baseDir: string, path: string, place?: Place): Spot {
  const full = resolve(baseDir, path);
  for (const root of roots) {
    const names = namesBelow(root, full);
    if (names === undefined) continue;
    if (names.some((name) => name.startsWith('.'))) throw refused(path, HIDDEN, place);
    return { root, names };
  }
  throw refused(path, OUTSIDE, place);
}

/**
 * When a feed is loaded, so that nobody meets it at night. The files need not be there yet.
 * @throws YitongError `bad_feed`
 */
export function checkPlaces(
  roots: readonly string[],
  baseDir: string,
  paths: string | readonly string[] | undefined,
  place: Place,
): void {
  for (const path of typeof paths === 'string' ? [paths] : (paths ?? [])) spotOf(roots, baseDir, path, place);
}

/**
 * How the kubelet lays out what it mounts: `x` → `..data/x`, and `..data` → a dated folder beside it. Both stay in the
 * folder in which they stand.
 */
const DATED = /^\.\.[0-9A-Za-z_][\w.-]*$/;

async function mounted(folder: string, name: string): Promise<string | undefined> {
  const [to, dated] = await Promise.all(
    [readlink(join(folder, name)), readlink(join(folder, '..data'))].map((read) => read.catch(() => undefined)),
  );
  return to === join('..data', name) &&
    dated !== undefined &&
    DATED.test(dated) &&
    (await lstat(join(folder, dated))).isDirectory()
    ? join(folder, dated, name)
    : undefined;
}

/**
 * What stands under a name in a folder without links in its path. Undefined if nothing does.
 * @throws YitongError `bad_feed` for a link, named as `path`
 */
export async function entryOf(
  folder: string,
  name: string,
  path: string,
): Promise<{ readonly path: string; readonly file: boolean; readonly size: number; readonly mtime: Date } | undefined> {
  let full = join(folder, name);
  let info = await lstat(full).catch(() => undefined);
  if (info?.isSymbolicLink() === true) {
    const inside = await mounted(folder, name);
    if (inside === undefined) throw refused(path, LINK);
    full = inside;
    info = await lstat(full).catch(() => undefined);
    if (info?.isSymbolicLink() === true) throw refused(path, LINK);
  }
  return info === undefined ? undefined : { path: full, file: info.isFile(), size: info.size, mtime: info.mtime };
}

/**
 * The path without links of a file or folder that a feed names. Undefined if nothing is there.
 * @param roots absolute; they may be links themselves, since who installs this names them
 * @throws YitongError `bad_feed` where it leads out of them, is hidden, or goes through a link
 */
export async function placeOf(roots: readonly string[], baseDir: string, path: string): Promise<string | undefined> {
  const { root, names } = spotOf(roots, baseDir, path);
  let at = await realpath(root).catch(() => undefined);
  for (const name of names) {
    if (at === undefined) return undefined;
    at = (await entryOf(at, name, path))?.path;
  }
  return at;
}

/** For `open`: not through a link, and a pipe without a writer does not hold us up. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens what `placeOf` or `entryOf` found; also where somebody put a link into its path since.
 * @throws YitongError `bad_feed` where it is another place or no file; as the system says where it cannot be read
 */
export async function openPlace(path: string): Promise<FileHandle> {
  const handle = await open(path, FLAGS).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' || error.code === 'EMLINK' ? refused(basename(path), LINK) : error;
  });
  try {
    // by the descriptor, where the system tells: between a look at a path and its opening it may become another
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => realpath(path));
    if (opened !== path && opened !== `${path} (deleted)`) throw refused(basename(path), LINK);
    if (!(await handle.stat()).isFile()) throw refused(basename(path), 'is no file');
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
