/**
 * Who writes to a server: one process at a time, as long as its connection holds a lock of the server. Two would do no
 * harm (`writer.ts`); the lease keeps them from doing everything twice.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Statement } from '../../../ground/state/postgres/pool.js';
import type { ServerView } from './server-view.js';

const TAKE: Statement = {
  name: 'view-lease',
  text: "SELECT pg_try_advisory_lock(hashtext('yitong view writer'), hashtext($1)) AS held",
};
const HELD: Statement = { name: 'view-lease-held', text: 'SELECT 1 AS held' };
/** ms between two looks whether the connection is still there. */
const BEAT = 1000;

/**
 * Works as long as the lease is held, if it is to be had.
 * @param work its signal ends where the lease is lost or `signal` is aborted
 * @returns whether it was to be had @throws as `Pool.using`, and what `work` throws
 */
export function withLease(
  { pool, schema }: ServerView,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  return pool.using(async (connection) => {
    const [row] = await connection.query(TAKE, [schema]);
    if (row?.['held'] !== true) return false;
    const lost = new AbortController();
    const working = work(AbortSignal.any([signal, lost.signal]));
    let over = false;
    const done = working.finally(() => (over = true)).catch(() => undefined);
    try {
      while (!over) {
        await Promise.race([done, wait(BEAT)]);
        if (!over) await connection.query(HELD);
      }
    } catch (error) {
      lost.abort();
      await done;
      throw error;
    }
    await working;
    await connection.query(RELEASE, [schema]);
    return true;
  });
}

const RELEASE: Statement = {
  name: 'view-lease-release',
  text: "SELECT pg_advisory_unlock(hashtext('yitong view writer'), hashtext($1)) AS released",
};
