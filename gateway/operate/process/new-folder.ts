/**
 * A data folder that is new has all that people do in one store from the beginning, by the same code as on a server
 * (docs/state.md). One that a program of before has begun goes on with the stores that it has.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { neverBegin } from '../../../connectors/lmdb/file.js';
import { YitongError } from '../../../contracts/errors.js';
import type { StateSettings } from '../../ground/config/state.js';
import { tryLock } from '../../ground/files/lock.js';
import { beginStore } from '../../ground/state/folder.js';
import { embeddedDir } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import type { ProcessArguments } from '../children/messages.js';
import { openState } from './shared-state.js';

/** A folder with one of these was used: whatever a gateway keeps comes with an entry of its log. */
const USED = ['audit', 'journal', 'log', 'mirrors', 'reports', 'tickets', 'verify', 'people', 'suspended', 'applied'];
const STORE = join('state', 'store');

const isUsed = (data: string): boolean =>
  [...USED, STORE, `${STORE}.made`].some((name) => existsSync(join(data, name)));

/**
 * To be called before anything of people is written. Cut off at any moment it leaves a folder that is new, or one that
 * has begun.
 * @throws YitongError `audit_unavailable` where another process is at it
 */
export async function beginFolder({ driver }: Pick<StateSettings, 'driver'>, data: string): Promise<void> {
  if (driver !== 'embedded' || isUsed(data)) return;
  const dir = embeddedDir(data);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = tryLock(join(dir, 'beginning.lock'));
  if (lock === undefined)
    throw new YitongError('audit_unavailable', 'another process is the writer of this data folder');
  try {
    if (!isUsed(data)) await beginStore(data);
  } finally {
    lock.release();
  }
}

/**
 * Stores that a program of before begins in a data folder, by what is put aside of each and by its file:
 * `reports/watched` when a worker starts, the others when somebody does something.
 */
export const STORES_BEFORE = [
  { path: 'reports/store', map: 'reports/store' },
  { path: 'reports/watched', map: 'reports/watched' },
  { path: 'reports/status', map: 'reports/status/statuses' },
  { path: 'tickets', map: 'tickets/tickets' },
  { path: 'verify', map: 'verify/guesses' },
] as const;

/**
 * Of a folder that holds all in one store: a program of before finds its own gone from now on, and refuses the folder,
 * where it would begin without all that is there.
 */
export function refuseOlderPrograms(data: string): void {
  for (const { map } of STORES_BEFORE) neverBegin(join(data, map));
}

/**
 * As `openState`, for whoever is the first of the processes of a gateway.
 * @throws as `openState` and `beginFolder`
 */
export async function openFirst(
  settings: StateSettings,
  args: Pick<ProcessArguments, 'workspace' | 'data'>,
): Promise<State | undefined> {
  await beginFolder(settings, args.data);
  const state = await openState(settings, args);
  if (state?.folder !== undefined) refuseOlderPrograms(args.data);
  return state;
}
