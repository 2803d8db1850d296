/**
 * Whether declared files are still the same, by what the file system says of them. Events are not asked: network file
 * systems and swapped folders send none.
 */
import { type Dirent, stat } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** `policies/rules/<topic>/policy.cedar` */
const DEPTH = 3;
/** Looks at once: few, since the threads that look are those that a worker needs as well; fewer cost more in all. */
const AT_ONCE = 64;
/** That of `fs/promises` takes half as much again, and a worker looks at some 250 files each second. */
const look = promisify(stat);

const code = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');

async function filesBelow(folder: string, depth: number, without: string | undefined, into: string[]): Promise<void> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // a folder that is gone between two looks is a change like another; one that cannot be read must not look like an
    // empty one
    if (code(error) === 'ENOENT') return;
    throw error;
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === without) continue;
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) into.push(path);
    else if (depth > 1) await filesBelow(path, depth - 1, without, into);
  }
}

async function said(path: string): Promise<string> {
  try {
    // the change time as well: a copy may bring another file's modification time and size with it
    const { ino, size, mtimeMs, ctimeMs } = await look(path);
    return `${path} ${String(ino)} ${String(size)} ${String(mtimeMs)} ${String(ctimeMs)}`;
  } catch (error) {
    return `${path} ${code(error)}`;
  }
}

export interface Folder {
  readonly path: string;
  /**
   * False where it may be missing; a folder that must be there and is not cannot be told from a volume that is away.
   */
  readonly needed: boolean;
}

interface Looking {
  /** Folders below each other; default that of policies. */
  readonly depth?: number;
  /** Name of folders that are left out. */
  readonly without?: string;
}

/**
 * Of the files below these folders, and of single files.
 * @throws Error of the file system if a folder that is needed is not there, or one cannot be looked into
 */
export async function fingerprint(
  folders: readonly Folder[],
  files: readonly string[],
  { depth = DEPTH, without }: Looking = {},
): Promise<string> {
  const roots = await Promise.all(
    folders.map(({ path, needed }) => (needed ? realpath(path) : realpath(path).catch(() => path))),
  );
  const paths: string[] = [];
  for (const root of roots) await filesBelow(root, depth, without, paths);
  paths.sort();
  paths.push(...files);
  const parts: string[] = [...roots];
  for (let at = 0; at < paths.length; at += AT_ONCE)
    parts.push(...(await Promise.all(paths.slice(at, at + AT_ONCE).map(said))));
  return parts.join('\n');
}
