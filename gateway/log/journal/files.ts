/** The file operations of a journal, as a seam: tests put a disk there that fails at the n-th write. */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { syncDir } from '../../ground/files/durable.js';

export interface Files {
  /** `overwrite` makes the file if there is none. */
  open(path: string, how: 'read-write' | 'overwrite'): number;
  /** Writes all bytes at `position`, or throws. */
  write(fd: number, bytes: Uint8Array, position: number): void;
  datasync(fd: number): void;
  /** Data and length. */
  sync(fd: number): void;
  truncate(fd: number, length: number): void;
  rename(from: string, to: string): void;
  syncDir(dir: string): void;
  close(fd: number): void;
}

/** A module named in a test's worker data exports this as its default. */
export type FilesHook = (real: Files, parameter: unknown) => Files;

const FLAGS = {
  'read-write': constants.O_RDWR,
  overwrite: constants.O_RDWR | constants.O_CREAT,
} as const;

export const diskFiles: Files = {
  open: (path, how) => openSync(path, FLAGS[how], 0o600),
  write(fd, bytes, position) {
    // a short write is not an error yet; the next one then says why
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  },
  datasync: fdatasyncSync,
  sync: fsyncSync,
  truncate: ftruncateSync,
  rename: renameSync,
  syncDir,
  close: closeSync,
};
