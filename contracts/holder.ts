/**
 * Names of processes that hold something in a folder which others share, so that what a dead one held can be taken
 * over.
 */
import { readFileSync } from 'node:fs';

/**
 * What the system says of a process: its state (a letter), and its start in ticks since boot, so that a process id used
 * again is not mistaken for its former owner. Undefined where there is no /proc, or it does not show that process.
 */
function lookAt(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** `<pid> <start> <what>`: this process, and which of its doings. */
export const holderName = (what: string): string => `${process.pid} ${lookAt(process.pid)?.start ?? ''} ${what}`;

/**
 * Ended, and not waited for by its parent: the system still knows the number, and nobody is behind it. In a container
 * without a process that waits for orphans such ones stay.
 */
const ENDED: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

/**
 * False for a name that is none, and for a process that has ended. True where the system says only that there is one of
 * that number: what might be held is not taken.
 */
export function holderLives(name: string): boolean {
  const [pid = '', start = ''] = name.split(' ');
  if (!/^[1-9]\d{0,8}$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const found = lookAt(Number(pid));
  if (found === undefined) return true;
  return !ENDED.has(found.state) && (start === '' || found.start === start);
}
