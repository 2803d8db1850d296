/**
 * A text that changes by compare-and-swap, on any file system with atomic links: each version is a file of its own
 * name, so of two processes that would follow version 7 one makes version 8 and the other learns that it lost. It holds
 * where a lock was lost.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createOnce } from './durable.js';

export interface Version {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

const NAME = /^\d{12}$/;
const nameOf = (number: number): string => String(number).padStart(12, '0');

/** 0 where there is none. */
function newest(dir: string): number {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  return names.reduce((max, name) => (NAME.test(name) ? Math.max(max, Number(name)) : max), 0);
}

/** The newest version; undefined before the first. */
export function readVersion(dir: string): Version | undefined {
  for (;;) {
    const number = newest(dir);
    if (number === 0) return undefined;
    try {
      return { number, text: readFileSync(join(dir, nameOf(number)), 'utf8') };
    } catch (error) {
      // replaced by a newer one since it was listed
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/**
 * Makes `text` the version behind `after` (0: the first). Durable when it returns true; false if another came first,
 * and nothing is changed.
 */
export function swapVersion(dir: string, after: number, text: string): boolean {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (newest(dir) !== after) return false;
  if (!createOnce(join(dir, nameOf(after + 1)), () => text)) return false;
  // Versions are removed only below one that stands. If others went on and removed `after + 1` before it was made here,
  // theirs is seen now.
  if (newest(dir) !== after + 1) {
    rmSync(join(dir, nameOf(after + 1)), { force: true });
    return false;
  }
  for (const name of readdirSync(dir))
    if (NAME.test(name) && Number(name) < after) rmSync(join(dir, name), { force: true });
  return true;
}
