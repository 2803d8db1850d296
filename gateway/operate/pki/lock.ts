/** One at a time changes what a CA has issued and revoked: workers, the daily renewal, commands. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { tryLock } from '../../ground/files/lock.js';

/** ms; what is done under it takes some ten. */
const WITHIN = 10_000;
const BETWEEN = 20;

/**
 * @param dir that holds a CA
 * @throws YitongError `too_many_at_once` where others do not let go of it
 */
export async function underLock<T>(dir: string, work: () => Promise<T>, within = WITHIN): Promise<T> {
  const file = join(dir, 'issuing.lock');
  const end = Date.now() + within;
  for (;;) {
    const lock = tryLock(file);
    if (lock !== undefined) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (Date.now() > end)
      throw new YitongError('too_many_at_once', 'others are changing what the development CA issued; try again');
    await pause(BETWEEN);
  }
}
