/**
 * Who puts bodies in their place just now: a file each, named after the process, so that a dead one is not waited for.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { holderLives, holderName } from '../../../contracts/holder.js';

/** Not synced: after a power cut nobody it could name lives. @returns ends it */
export function announceWriting(dir: string): () => void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, holderName(`${threadId} ${randomBytes(8).toString('hex')}`).replaceAll(' ', '_'));
  writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Whether a living process has announced itself; what dead ones left is removed. */
export function someoneWrites(dir: string): boolean {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  let some = false;
  for (const name of names) {
    if (holderLives(name.replaceAll('_', ' '))) some = true;
    else rmSync(join(dir, name), { force: true });
  }
  return some;
}
