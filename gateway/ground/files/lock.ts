/** One process at a time: a lock file that names its holder, and is taken over when the holder is dead. */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { holderLives, holderName } from '../../../contracts/holder.js';
import { createOnce } from './durable.js';

export interface Lock {
  /** False if somebody took the lock over (removed by hand, a wrong clock of process ids). */
  held(): boolean;
  release(): void;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Undefined if a living process holds it. */
export function tryLock(file: string): Lock | undefined {
  const mine = `${holderName(`${threadId} ${randomBytes(8).toString('hex')}`)}\n`;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (createOnce(file, () => mine)) {
      return {
        held: () => read(file) === mine,
        release: () => {
          if (read(file) === mine) rmSync(file, { force: true });
        },
      };
    }
    const holder = read(file);
    if (holder === undefined) continue;
    if (holderLives(holder)) return undefined;
    // the holder is dead: move its file aside; if another was quicker and we moved the new holder's file, put it back
    const aside = `${file}.${randomBytes(4).toString('hex')}`;
    try {
      renameSync(file, aside);
      if (read(aside) !== holder) linkSync(aside, file);
    } catch {
      // gone, or held again: the next round sees which
    }
    rmSync(aside, { force: true });
  }
  return undefined;
}
