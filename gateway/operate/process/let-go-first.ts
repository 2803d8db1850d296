/** The priority of a process whose answer nobody waits for. */
import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** All threads of this process; none where the system keeps no list of them. */
function threads(): readonly number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [];
  }
}

/**
 * Where cores are short, others go before this process from now on. Linux has a priority a thread, and those of V8 and
 * of libuv are there before any of ours; threads that come later inherit it. Beside 3,000 questions a second on two
 * cores the 99th percentile was 18 ms so, and 28 where only the main thread stood back.
 */
export function letGoFirst(): void {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  for (const thread of threads())
    try {
      setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // it has ended
    }
}
