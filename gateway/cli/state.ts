/** What the commands of the state have in common: its settings, and who they are at its server. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError } from '../../contracts/errors.js';
import type { Services } from '../../contracts/service-change.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { readState, type StateSettings } from '../ground/config/state.js';
import { workspaceDir } from '../ground/files/places.js';
import { dumpShared, openState, openWholeState, ownerServer, userServer } from '../ground/state/open.js';
import type { State } from '../ground/state/port.js';
import type { Names } from '../ground/state/postgres/migrate.js';
import type { Pool } from '../ground/state/postgres/pool.js';
import { servicesAt } from '../procedures/sharing/filings.js';

export interface Found {
  readonly settings: StateSettings;
  readonly baseDir: string;
  readonly place: { readonly file: string };
}

/** The section as a workspace and the environment say it. @throws YitongError `bad_config`, `bad_workspace` */
export async function stateSettingsOf(workspace: string | undefined): Promise<Found> {
  const baseDir = workspaceDir(workspace);
  const place = { file: join(baseDir, 'yitong.json') };
  const { settings } = await loadWorkspace(baseDir);
  return { settings: readState(settings['state'], place, process.env), baseDir, place };
}

/** Work as the owner of the schema. @returns undefined where the state is embedded */
export async function asOwner<T>(
  workspace: string | undefined,
  work: (owner: Pool, names: Names) => Promise<T>,
): Promise<T | undefined> {
  const found = await stateSettingsOf(workspace);
  if (found.settings.driver === 'embedded') return undefined;
  const { Pool } = await import('../ground/state/postgres/pool.js');
  const owner = new Pool(await ownerServer(found));
  try {
    return await work(owner, found.settings);
  } finally {
    await owner.close();
  }
}

type Standing =
  | { readonly driver: 'embedded' }
  | (Pick<StateSettings, 'servers' | 'database' | 'schema'> & { readonly driver: 'postgres' } & (
        | { readonly good: true; readonly revision: number }
        | { readonly good: false; readonly why: string }
      ));

/** How the state stands for the gateway. @throws YitongError `state_unavailable`, `bad_config` */
export async function asUser(workspace: string | undefined): Promise<Standing> {
  const found = await stateSettingsOf(workspace);
  const { driver, servers, database, schema, user } = found.settings;
  if (driver === 'embedded') return { driver };
  const { PostgresState } = await import('../ground/state/postgres/state.js');
  const state = new PostgresState({ server: await userServer(found), schema, user });
  const at = { driver, servers, database, schema } as const;
  try {
    await state.check();
    return { ...at, good: true, revision: await state.revision() };
  } catch (error) {
    if (!isYitongError(error) || error.code === 'state_unavailable') throw error;
    return { ...at, good: false, why: error.message };
  } finally {
    await state.close();
  }
}

/** What is given under applications, and which changes of it were filed. @throws as `openState` */
export const servicesOf = async (workspace: string, data: string): Promise<Services> =>
  servicesAt({ ...(await stateSettingsOf(workspace)), data });

/**
 * Work on the state in which all stands that people did.
 * @returns undefined where a data folder has stores of its own for it @throws as `openState`
 */
export async function withState<T>(
  workspace: string | undefined,
  data: string,
  work: (state: State) => Promise<T>,
): Promise<T | undefined> {
  const state = await openWholeState({ ...(await stateSettingsOf(workspace)), data });
  if (state === undefined) return undefined;
  try {
    return await work(state);
  } finally {
    await state.close();
  }
}

/**
 * Work on the state as the gateway of this data folder has it, shared or its own.
 * @returns undefined where the folder has none so far @throws as `openState`
 */
export async function withStateOf<T>(
  workspace: string,
  data: string,
  work: (state: State) => Promise<T>,
): Promise<T | undefined> {
  const found = await stateSettingsOf(workspace);
  if (found.settings.driver === 'embedded' && !existsSync(join(data, 'state'))) return undefined;
  const state = await openState({ ...found, data });
  try {
    return await work(state);
  } finally {
    await state.close();
  }
}

/**
 * What a backup has of the state.
 * @returns undefined where it is embedded: then it stands in the data folder @throws YitongError `bad_config`
 */
export async function sharedLines(
  workspace: string | undefined,
): Promise<((put: (line: string) => Promise<void>) => Promise<number>) | undefined> {
  const found = await stateSettingsOf(workspace);
  return found.settings.driver === 'embedded' ? undefined : (put) => dumpShared(found, put);
}
