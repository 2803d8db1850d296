/**
 * What a replica kept in stores of its data folder, taken over into the state that all share: once, forward only. What
 * is of the moment is not: people sign in again, and codes that are shown are shown anew.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { adoptStatuses } from '../../documents/credentials/status/state.js';
import { adoptReports, hasReports } from '../../documents/reports/adopt.js';
import { adoptWatched } from '../../documents/reports/watched-in-state.js';
import { inWords } from '../../ground/logging/words.js';
import { adoptUploads } from '../../ground/state/adopt-uploads.js';
import { openEmbeddedState } from '../../ground/state/lmdb/state.js';
import { embeddedDir } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { anyMoved, movedUpTo, rowsMoved, wholenessOf } from '../../ground/state/taken.js';
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
  // a state of this folder has its keys and its uploads already
  const elsewhere = state.folder === undefined;
  return {
    keys: elsewhere && sealed ? await adoptKeys(state, folder, subjectKeys) : 0,
    reports: await adoptReports(state, folder, dataDir),
    watched: await adoptWatched(state, folder, dataDir),
    tickets: await adoptTickets(state, folder, dataDir),
    statuses: await adoptStatuses(state, folder, join(dataDir, 'reports', 'status')),
    guesses: await adoptGuesses(state, folder, join(dataDir, 'verify')),
    uploads: elsewhere && moved ? await adoptUploads(state, folder, dataDir) : 0,
  };
}

/** What people did stands in a data folder, and not on the server that its gateway is to use. */
export class LeftBehind extends YitongError {
  constructor() {
    super(
      'state_conflict',
      'the data folder holds in its own store what people did, and that is not on this server: `yitong state move` ' +
        'takes it along; where nothing in it is wanted, put `state/store*` of the folder away (docs/state.md)',
    );
  }
}

/**
 * Of a folder whose own state holds all: what is in it comes along by a command, and not by a start.
 * @throws LeftBehind where nobody has moved anything here; YitongError `state_conflict` where another folder was moved
 */
export async function refuseLeftBehind(state: State, dataDir: string): Promise<void> {
  const dir = embeddedDir(dataDir);
  if (state.driver === 'embedded' || !existsSync(join(dir, 'store'))) return;
  const own = openEmbeddedState({ dir });
  try {
    const whole = await wholenessOf(own);
    const revision = await own.revision();
    // nothing was done in it since it began, or came back
    if (whole === undefined || revision === whole.since) return;
    const upTo = await movedUpTo(state, folderName(dataDir));
    if (upTo !== undefined && upTo >= revision) return;
    if (upTo === undefined && (await anyMoved(state)))
      throw new YitongError('state_conflict', 'the state is that of another folder, and not what is in `state/store`');
    throw new LeftBehind();
  } finally {
    await own.close();
  }
}

interface TakingOver {
  /** Resolves when it was tried once. @throws YitongError `state_conflict` where all would be left in the folder */
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
  /** @returns whether it is over @throws LeftBehind the first time: whoever starts has to know */
  const attempt = async (first = false): Promise<boolean> => {
    try {
      await refuseLeftBehind(state, dataDir);
      const found = Object.entries(await adoptStores(state, dataDir)).filter(([, count]) => count > 0);
      if (found.length > 0)
        say(`taken over into the state that is shared: ${found.map(([what, n]) => `${String(n)} ${what}`).join(', ')}`);
      return true;
    } catch (error) {
      if (isYitongError(error) && error.code === 'state_unavailable') return false;
      if (first && error instanceof LeftBehind) throw error;
      say(`stores of the data folder are not taken over, and stay in it: ${inWords(error)}`);
      return true;
    }
  };
  const tried = attempt(true);
  const done = (async () => {
    for (let over = await tried.catch(() => true); !over && !stopping.signal.aborted; over = await attempt())
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
