// How many suites run at a time: as many as there are cores, and one more whenever a good part of the processors' time
// and of the memory was left over since the last one began.
import { availableParallelism, cpus, freemem } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

/** ms from the start of a suite until what it needs shows: its first second or two are spent on loading. */
const SHOWS_AFTER = 2000;
const LOOK_EVERY = 250;
/** Part of the processors' time that must have been left over, of all of them. */
const SPARE = 0.3;
/** Bytes: a city of its own, with a browser. */
const NEEDS = 1.5 * 2 ** 30;
const MOST_PER_CORE = 3;

/** ms since the machine began, all processors taken together: in all, and with nothing to do. */
function spent() {
  let [all, idle] = [0, 0];
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.irq + times.idle;
    idle += times.idle;
  }
  return { all, idle };
}

/** @param fixed how many at a time whatever the machine does; undefined to go by it */
export function places(fixed) {
  const cores = availableParallelism();
  const least = fixed ?? cores;
  const most = fixed ?? cores * MOST_PER_CORE;
  let running = 0;
  let startedAt = 0;
  let at = spent();
  const mayStart = () => {
    if (running < least) return true;
    if (running >= most || freemem() < NEEDS || performance.now() - startedAt < SHOWS_AFTER) return false;
    const now = spent();
    const isSpare = now.all > at.all && (now.idle - at.idle) / (now.all - at.all) >= SPARE;
    // what was long ago says nothing of now
    if (now.all - at.all > SHOWS_AFTER * cpus().length) at = now;
    return isSpare;
  };
  return {
    /** Resolves when another suite may start; it has its place then. */
    async place() {
      while (!mayStart()) await wait(LOOK_EVERY);
      running++;
      startedAt = performance.now();
      at = spent();
    },
    /** A suite has ended. */
    leave() {
      running--;
    },
  };
}
