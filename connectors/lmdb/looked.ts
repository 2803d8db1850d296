/**
 * A look at a whole LMDB file takes a second or more for each gigabyte. So that a start need not wait for it, a store
 * that was looked at whole and then closed is remembered, by a mark beside it: if nothing has touched the file since
 * (its place on the disk, its size, the times that the system keeps of it and its two heads are the same), it is opened
 * at once and looked at while it is used.
 *
 * Whoever writes to the file moves its times, so what was done to it while nobody had it open is found before it is
 * opened, as ever. What changes bytes without touching the file, a disk that decays, is found by the look that follows.
 * So this is for a store whose every value is checked when it is read, and which can be made anew: the view.
 */
import { createHash } from 'node:crypto';
import { fstatSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Meta } from './file.js';
import { readingIfThere } from './reading.js';

/** Bytes at the beginning in which both heads stand, however large a page is. */
const HEADS = 2 * 65_536;
const markOf = (path: string): string => `${path}.looked`;

/** Undefined where there is no such file. */
function stateOf(path: string): string | undefined {
  return readingIfThere(path, (fd) => {
    const heads = Buffer.alloc(HEADS);
    readSync(fd, heads, 0, HEADS, 0);
    const { dev, ino, size, mtimeNs, ctimeNs } = fstatSync(fd, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs, createHash('sha256').update(heads).digest('hex')].join(' ');
  });
}

/** To be called when a store that was looked at whole, and found so, has been closed by the one that writes it. */
export function rememberLooked(path: string): void {
  const state = stateOf(path);
  if (state !== undefined) writeFileSync(markOf(path), state, { mode: 0o600 });
}

/**
 * Whether the file is as it was when it was remembered. It is forgotten with that: only who closes it in order
 * remembers it again.
 */
export function wasLooked(path: string): boolean {
  let remembered: string;
  try {
    remembered = readFileSync(markOf(path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  rmSync(markOf(path), { force: true });
  return remembered === stateOf(path);
}

/**
 * Looks at one snapshot, whose pages nobody may use again meanwhile, on a thread of its own.
 * @returns what is wrong with it, in words @throws the reason of the signal; Error of the file system
 */
export function lookAt(path: string, meta: Meta, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const worker = new Worker(new URL('look.js', import.meta.url), { workerData: { path, meta } });
    const stop = (): void => {
      worker.terminate().catch(reject);
    };
    signal.addEventListener('abort', stop, { once: true });
    worker.once('message', ({ found }: { readonly found: string | undefined }) => resolve(found));
    worker.once('error', reject);
    worker.once('exit', () => {
      signal.removeEventListener('abort', stop);
      reject(signal.aborted ? signal.reason : new Error('the look ended without an answer'));
    });
  });
}
