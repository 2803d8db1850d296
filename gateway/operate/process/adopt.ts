/**
 * What a replica kept in stores of its data folder, taken over into the state that all share: once, forward only. What
 * is of the moment is not: people sign in again, and codes that are shown are shown anew.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isYitongError } from '../../../contracts/errors.js';
import { adoptStatuses } from '../../documents/credentials/status/state.js';
import { adoptReports, hasReports } from '../../documents/reports/adopt.js';
import { adoptWatched } from '../../documents/reports/watched-in-state.js';
import { inWords } from '../../ground/logging/words.js';
import { adoptUploads } from '../../ground/state/adopt-uploads.js';
import type { State } from '../../ground/state/port.js';
import { rowsMoved } from '../../ground/state/taken.js';
import { adoptGuesses } from '../../http/api/verify/guesses.js';
import { auditLayout } from '../../log/entries/layout.js';
import { adoptKeys } from '../../log/entries/sealing-keys.js';
import { adoptTickets, holdsTickets } from '../../procedures/lifecycles/adopt.js';

/** How much there was of each. */
type Adopted = Readonly<
  Record<'keys' | 'reports' | 'watched' | 'tickets' | 'statuses' | 'guesses' | 'uploads', number>
>;

/** Tells one data folder from another: by its secret. */
export function folderName(dataDir: string): string {
  const secret = join(auditLayout(dataDir).subjectKeys, 'secret');
  return createHash('sha256')
    .update(existsSync(secret) ? readFileSync(secret) : '')
    .digest('hex');
}

/**
 * Again it changes nothing; one that was interrupted is finished.
 * @throws YitongError `state_conflict` where the state has the keys of another folder, `state_unavailable`,
 * `store_damaged`
 */
export async function adoptStores(state: State, dataDir: string): Promise<Adopted> {
  const { subjectKeys } = auditLayout(dataDir);
  const folder = folderName(dataDir);
  // cases, which came by `state move`
  const moved = await rowsMoved(state, folder);
  // what watches are of is a report
  const sealed = moved || (await hasReports(dataDir)) || (await holdsTickets(dataDir));
  return {
    keys: sealed ? await adoptKeys(state, folder, subjectKeys) : 0,
    reports: await adoptReports(state, folder, dataDir),
    watched: await adoptWatched(state, folder, dataDir),
    tickets: await adoptTickets(state, folder, dataDir),
    statuses: await adoptStatuses(state, folder, join(dataDir, 'reports', 'status')),
    guesses: await adoptGuesses(state, folder, join(dataDir, 'verify')),
    uploads: moved ? await adoptUploads(state, folder, dataDir) : 0,
  };
}

interface TakingOver {
  /** Resolves when it was tried once. */
  readonly tried: Promise<void>;
  stop(): Promise<void>;
}

/** ms until it is tried again where the state does not answer. */
const AGAIN = 2000;

/**
 * Takes the stores over, and tries again while the state is away. What cannot be taken over stays in the data folder.
 * @param say told once how much it was, or why it cannot be
 */
export function takeStoresOver(state: State, dataDir: string, say: (message: string) => void): TakingOver {
  const stopping = new AbortController();
  /** @returns whether it is over */
  const attempt = async (): Promise<boolean> => {
    try {
      const found = Object.entries(await adoptStores(state, dataDir)).filter(([, count]) => count > 0);
      if (found.length > 0)
        say(`taken over into the state that is shared: ${found.map(([what, n]) => `${String(n)} ${what}`).join(', ')}`);
      return true;
    } catch (error) {
      if (isYitongError(error) && error.code === 'state_unavailable') return false;
      say(`stores of the data folder are not taken over, and stay in it: ${inWords(error)}`);
      return true;
    }
  };
  const tried = attempt();
  const done = (async () => {
    for (let over = await tried; !over && !stopping.signal.aborted; over = await attempt())
      await pause(AGAIN, undefined, { signal: stopping.signal }).catch(() => undefined);
  })();
  return {
    tried: tried.then(() => undefined),
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
