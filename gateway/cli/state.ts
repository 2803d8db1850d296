/** What the commands of the state have in common: its settings, and who they are at its server. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError, YitongError } from '../../contracts/errors.js';
import type { Services } from '../../contracts/service-change.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { readState, type StateSettings } from '../ground/config/state.js';
import { workspaceDir } from '../ground/files/places.js';
import { openEmbeddedRows } from '../ground/state/lmdb/rows.js';
import { type Moved, moveState } from '../ground/state/move.js';
import { dumpShared, openState, ownerServer, userServer } from '../ground/state/open.js';
import type { State } from '../ground/state/port.js';
import type { Names } from '../ground/state/postgres/migrate.js';
import type { Pool } from '../ground/state/postgres/pool.js';
import { PARTS } from '../ground/state/rows.js';
import { movedRow, rowsMoved } from '../ground/state/taken.js';
import { adoptStores, folderName } from '../operate/process/adopt.js';
import { servicesAt } from '../procedures/sharing/filings.js';

/** The section as a workspace and the environment say it. @throws YitongError `bad_config`, `bad_workspace` */
async function stateSettingsOf(workspace: string | undefined): Promise<{
  readonly settings: StateSettings;
  readonly baseDir: string;
  readonly place: { readonly file: string };
}> {
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

/**
 * All that people did, from a data folder into an empty schema: the store of the folder row by row, verified, then the
 * stores of before it. Nothing may run on either.
 * @param onProgress of the rows
 * @throws YitongError `state_conflict` where the schema is not empty, `state_unavailable`, `bad_config`
 */
export async function moveIntoSchema(
  workspace: string | undefined,
  data: string,
  onProgress: Parameters<typeof moveState>[2],
): Promise<{ readonly rows: Moved; readonly adopted: Awaited<ReturnType<typeof adoptStores>> }> {
  const found = await stateSettingsOf(workspace);
  const { settings } = found;
  if (settings.servers.length === 0)
    throw new YitongError('bad_config', '`state.servers` names no server to move to', { place: found.place });
  const state = await openState({ ...found, settings: { ...settings, driver: 'postgres' }, data });
  try {
    // one that was interrupted behind the rows goes on there
    const rows = (await rowsMoved(state, folderName(data))) ? undefined : await moveRows(found, data, onProgress);
    return { rows: rows ?? NO_ROWS, adopted: await adoptStores(state, data) };
  } finally {
    await state.close();
  }
}

/** @returns undefined where the folder has no store of its own @throws YitongError `state_conflict` */
async function moveRows(
  found: Awaited<ReturnType<typeof stateSettingsOf>>,
  data: string,
  onProgress: Parameters<typeof moveState>[2],
): Promise<Moved | undefined> {
  const { schema } = found.settings;
  const { Pool } = await import('../ground/state/postgres/pool.js');
  const { withSchemaRows } = await import('../ground/state/postgres/rows.js');
  const owner = new Pool(await ownerServer(found));
  const dir = join(data, 'state');
  try {
    if (!existsSync(join(dir, 'store'))) {
      await withSchemaRows(owner, schema, async (target) => {
        if (!(await target.isEmpty())) throw new YitongError('state_conflict', NOT_EMPTY);
      });
      return undefined;
    }
    const source = openEmbeddedRows(dir);
    try {
      return await withSchemaRows(owner, schema, async (target) => {
        const moved = await moveState(source, target, onProgress);
        // with them, so that whoever goes on behind an interruption knows what else is to come
        if (moved.documents > 0) await target.write('documents', [movedRow(folderName(data), await source.revision())]);
        return moved;
      });
    } finally {
      await source.close();
    }
  } finally {
    await owner.close();
  }
}

const NOT_EMPTY = 'the target holds something already: only an empty one is moved into';
const NO_ROWS = Object.fromEntries(PARTS.map((part) => [part, 0])) as Moved;

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

/** Work on the state as the gateway has it. @returns undefined where it is embedded @throws as `openState` */
export async function withState<T>(
  workspace: string | undefined,
  work: (state: State) => Promise<T>,
): Promise<T | undefined> {
  const found = await stateSettingsOf(workspace);
  if (found.settings.driver === 'embedded') return undefined;
  const state = await openState({ ...found, data: found.baseDir });
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
