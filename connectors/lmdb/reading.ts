/** Reading a file of LMDB as a file, beside whoever maps it. */
import { closeSync, openSync } from 'node:fs';

function closing<T>(fd: number, read: (fd: number) => T): T {
  try {
    return read(fd);
  } finally {
    closeSync(fd);
  }
}

/** @throws Error of the file system */
export const reading = <T>(path: string, read: (fd: number) => T): T => closing(openSync(path, 'r'), read);

/** Undefined where there is no such file. @throws another Error of the file system */
export function readingIfThere<T>(path: string, read: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return closing(fd, read);
}
