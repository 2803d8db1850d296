/** Names of processes that hold something in a folder which others share, so that what a dead one held can be taken over. */
import { readFileSync } from 'node:fs';

/** Start time in ticks since boot, so that a process id used again is not mistaken for its former owner. Empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** `<pid> <start> <what>`: this process, and which of its doings. */
export const holderName = (what: string): string => `${process.pid} ${startOf(process.pid)} ${what}`;

/** False for a name that is none, and for a process that is gone. */
export function holderLives(name: string): boolean {
  const [pid = '', start = ''] = name.split(' ');
  if (!/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return start === '' || startOf(Number(pid)) === start;
}
