/** The files of a folder. */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface FoundFile {
  /** From the folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * Sorted; what vanishes meanwhile is left out. A link, socket or device counts as a file of 0 bytes: it is none that a
 * state knows.
 */
export function filesBelow(root: string, under = ''): FoundFile[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, under), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .flatMap((entry): FoundFile[] => {
      const path = under === '' ? entry.name : `${under}/${entry.name}`;
      if (entry.isDirectory()) return filesBelow(root, path);
      const stat = statSync(join(root, path), { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, bytes: entry.isFile() ? stat.size : 0, mode: stat.mode & 0o777 }];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
