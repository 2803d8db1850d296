/** One process at a time: a lock file that names its holder, and is taken over when the holder is dead. */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { createOnce } from './durable.js';

export interface Lock {
  /** False if somebody took the lock over (removed by hand, a wrong clock of process ids). */
  held(): boolean;
  release(): void;
}

/** Start time in ticks since boot, so that a process id used again is not mistaken for its former owner. Empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function alive(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return start === '' || startOf(pid) === start;
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
  const mine = `${process.pid} ${startOf(process.pid)} ${threadId} ${randomBytes(8).toString('hex')}\n`;
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
    const [pid = '', start = ''] = holder.split(' ');
    if (/^\d+$/.test(pid) && alive(Number(pid), start)) return undefined;
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
