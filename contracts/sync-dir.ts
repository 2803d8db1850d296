import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Without it a new name in the folder may be gone after a power cut although the file's bytes are on disk. */
export function syncDir(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
