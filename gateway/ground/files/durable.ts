/** Files that are there whole or not at all, also after a power cut. */

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fdatasyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDir } from '../../../contracts/sync-dir.js';

export { syncDir };

function writeNew(file: string, content: string | Uint8Array, mode: number): void {
  const fd = openSync(file, 'wx', mode);
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

const temporary = (file: string): string => `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

/** Atomic replacement: readers see the old bytes or the new. */
export function replaceFile(
  file: string,
  content: string | Uint8Array,
  options: { readonly mode?: number; readonly syncDir?: boolean } = {},
): void {
  const made = temporary(file);
  try {
    writeNew(made, content, options.mode ?? 0o644);
    renameSync(made, file);
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  }
  if (options.syncDir !== false) syncDir(dirname(file));
}

/**
 * Makes `file` (mode 0600) unless it exists; of two who come at once, one wins and both then read the same. Returns
 * whether it was made here.
 */
export function createOnce(file: string, content: () => string | Uint8Array): boolean {
  if (existsSync(file)) return false;
  const made = temporary(file);
  try {
    writeNew(made, content(), 0o600);
    linkSync(made, file);
    syncDir(dirname(file));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(made, { force: true });
  }
}
