/**
 * Moves of all that people did: from a data folder to a server, from there to another, and back into a data folder.
 * Each is verified row by row before anybody can use what it made, and what was interrupted is said again.
 */
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { refuseDamaged } from '../../connectors/lmdb/file.js';
import { YitongError } from '../../contracts/errors.js';
import { holderLives } from '../../contracts/holder.js';
import { readState, type StateSettings } from '../ground/config/state.js';
import { tryLock } from '../ground/files/lock.js';
import { makeStore, markOwn } from '../ground/state/folder.js';
import { openEmbeddedRows } from '../ground/state/lmdb/rows.js';
import { openEmbeddedState } from '../ground/state/lmdb/state.js';
import { type Moved, movedBefore, moveState, NOT_EMPTY, type OnProgress } from '../ground/state/move.js';
import { embeddedDir, openState, openWholeState, ownerServer } from '../ground/state/open.js';
import type { State } from '../ground/state/port.js';
import type { SchemaTarget } from '../ground/state/postgres/rows.js';
import { PARTS, type RowSource, type RowTarget } from '../ground/state/rows.js';
import { movedRow, movedUpTo, saysMoved, wholeRow } from '../ground/state/taken.js';
import { auditLayout } from '../log/entries/layout.js';
import { adoptStores, folderName } from '../operate/process/adopt.js';
import { refuseOlderPrograms, STORES_BEFORE } from '../operate/process/new-folder.js';
import { type Found, stateSettingsOf } from './state.js';

type Adopted = Awaited<ReturnType<typeof adoptStores>>;

const NO_ROWS = Object.fromEntries(PARTS.map((part) => [part, 0])) as Moved;

/**
 * From a data folder into an empty schema: the store of the folder row by row, verified, then the stores of before it.
 * Nothing may run on either.
 * @param onProgress of the rows
 * @throws YitongError `state_conflict` where the schema is not empty, `state_unavailable`, `bad_config`
 */
export async function moveIntoSchema(
  workspace: string | undefined,
  data: string,
  onProgress: OnProgress,
): Promise<{ readonly rows: Moved; readonly adopted: Partial<Adopted> }> {
  const found = await stateSettingsOf(workspace);
  const { settings } = found;
  requireServers(found);
  const embedded = await openWholeState({ ...found, settings: { ...settings, driver: 'embedded' }, data });
  await embedded?.close();
  // nothing stands beside it
  if (embedded !== undefined && embedded.folder === undefined)
    return { rows: await moveRows(found, data, onProgress, true), adopted: {} };
  const state = await openState({ ...found, settings: { ...settings, driver: 'postgres' }, data });
  try {
    // one that was interrupted behind the rows goes on there
    const rows = (await isMoved(state, data)) ? NO_ROWS : await moveRows(found, data, onProgress, false);
    return { rows, adopted: await adoptStores(state, data) };
  } finally {
    await state.close();
  }
}

/** @throws YitongError `state_conflict` where something was done in the folder since */
async function isMoved(state: State, data: string): Promise<boolean> {
  const upTo = await movedUpTo(state, folderName(data));
  if (upTo === undefined) return false;
  const source = openEmbeddedRows(embeddedDir(data));
  try {
    if ((await source.revision()) === upTo) return true;
  } finally {
    await source.close();
  }
  throw new YitongError(
    'state_conflict',
    'the folder went on after it was moved to this server: move into an empty one',
  );
}

function requireServers({ settings, place }: Found): void {
  if (settings.servers.length === 0)
    throw new YitongError('bad_config', '`state.servers` names no server to move to', { place });
}

/** @throws YitongError `state_conflict` */
async function moveRows(found: Found, data: string, onProgress: OnProgress, whole: boolean): Promise<Moved> {
  const dir = embeddedDir(data);
  if (!existsSync(join(dir, 'store')))
    return await asOwnerOf(found, async (target) => {
      if (!(await target.isEmpty())) throw new YitongError('state_conflict', NOT_EMPTY);
      return NO_ROWS;
    });
  const source = openEmbeddedRows(dir);
  try {
    return await asOwnerOf(found, async (target) => {
      const mark = movedRow(folderName(data), await source.revision(), whole);
      if (whole && !(await target.isEmpty())) return await movedAgain(source, target, onProgress, mark);
      const moved = await moveState(source, target, onProgress);
      // with them, so that whoever goes on behind an interruption knows what else is to come
      if (PARTS.some((part) => moved[part] > 0)) await target.write('documents', [mark]);
      return moved;
    });
  } finally {
    await source.close();
  }
}

/** What a move that ended had brought. @throws YitongError `state_conflict` where it is anything else */
async function movedAgain(
  source: RowSource,
  target: RowSource & SchemaTarget,
  onProgress: OnProgress,
  mark: ReturnType<typeof movedRow>,
): Promise<Moved> {
  for await (const rows of target.rows('documents'))
    for (const row of rows) if (row[1] === mark[1] && row[2] === mark[2]) return NO_ROWS;
  return (await movedBefore(source, target, onProgress)) ?? NO_ROWS;
}

/**
 * From the server of a workspace to another one, or another schema, which is migrated and empty. The role of the
 * gateways cannot use the one that was left any more.
 * @param file of JSON, with the section `state` as yitong.json is to have it then
 * @throws YitongError `state_conflict`, `state_unavailable`, `state_newer`, `bad_config`
 */
export async function moveToServer(
  workspace: string | undefined,
  file: string,
  onProgress: OnProgress,
): Promise<Moved> {
  const found = await fromServer(workspace);
  const target: Found = { ...found, settings: settingsIn(file), place: { file } };
  requireServers(target);
  // which the gateways will have: what they could not open is found now
  const opened = await openState({ ...target, data: found.baseDir });
  await opened.close();
  return await leaving(found, (source) =>
    asOwnerOf(
      target,
      async (into) => (await movedBefore(source, into, onProgress)) ?? moveState(source, into, onProgress),
    ),
  );
}

/** @throws YitongError `bad_config` */
function settingsIn(file: string): StateSettings {
  let section: unknown;
  try {
    section = (JSON.parse(readFileSync(file, 'utf8')) as { readonly state?: unknown }).state;
  } catch (cause) {
    throw new YitongError('bad_config', 'this is no file of JSON with a section `state`', { place: { file }, cause });
  }
  const settings = readState(section, { file }, {});
  if (settings.driver !== 'postgres')
    throw new YitongError('bad_config', '`state.driver` is not `postgres` in it', { place: { file } });
  return settings;
}

/**
 * From the server of a workspace into a data folder, of which the gateway then has all that people did. A store that
 * the folder has is replaced where the server has all of it, and it went on there; nowhere else.
 * @throws YitongError `state_conflict`, `state_unavailable`, `state_newer`, `bad_config`
 */
export async function moveIntoFolder(
  workspace: string | undefined,
  data: string,
  onProgress: OnProgress,
): Promise<Moved> {
  const found = await fromServer(workspace);
  return await leaving(found, async (source) => {
    const dir = embeddedDir(data);
    const before = await storeThere(dir, source, data, onProgress);
    if (before !== undefined) return before;
    return await makeStore(dir, async (target) => {
      const moved = await moveState(source, target, onProgress);
      await target.write('documents', [wholeRow('all', await source.revision())]);
      return moved;
    });
  });
}

/** @returns what an earlier move had brought @throws YitongError `state_conflict` where the store is another */
async function storeThere(
  dir: string,
  source: RowSource,
  data: string,
  onProgress: OnProgress,
): Promise<Moved | undefined> {
  if (!existsSync(join(dir, 'store'))) return undefined;
  const there = openEmbeddedRows(dir);
  try {
    if (await there.isEmpty()) return undefined;
    const [folder, revision] = [folderName(data), await there.revision()];
    for await (const rows of source.rows('documents'))
      for (const row of rows) if (saysMoved(row, folder, revision)) return undefined;
    return await movedBefore(source, there, onProgress);
  } finally {
    await there.close();
  }
}

/** Where stores of before stand once they are in the state. */
const ASIDE = 'older';

/**
 * The stores of a data folder that a program of before began become one, which takes its place in one step: cut off
 * before, nothing has changed. The older ones are put aside then, so that no program works on them any more. No gateway
 * begins on the folder meanwhile.
 * @returns undefined where they were one already
 * @throws YitongError `bad_config`, `state_conflict`, `store_damaged`; `bad_request` where a gateway runs on it
 */
export async function joinStores(
  workspace: string | undefined,
  data: string,
  onProgress: OnProgress,
): Promise<{ readonly rows: Moved; readonly adopted: Adopted } | undefined> {
  const found = await stateSettingsOf(workspace);
  if (found.settings.driver !== 'embedded')
    throw new YitongError('bad_config', '`state.driver` is `postgres`: what people do does not stand in the folder', {
      place: found.place,
    });
  if (!existsSync(auditLayout(data).subjectKeys))
    throw new YitongError('bad_request', 'no gateway has worked on this folder: it begins so', {
      place: { file: data },
    });
  const lock = tryLock(auditLayout(data).lock);
  if (lock === undefined) throw runs(data);
  try {
    return await joinAlone(found, data, onProgress);
  } finally {
    lock.release();
  }
}

async function joinAlone(
  found: Found,
  data: string,
  onProgress: OnProgress,
): Promise<{ readonly rows: Moved; readonly adopted: Adopted } | undefined> {
  const dir = embeddedDir(data);
  const whole = await openWholeState({ ...found, data });
  await whole?.close();
  if (whole !== undefined) {
    // of a folder that came back from a server they stay where they are
    if (whole.folder !== undefined) putAside(data);
    return undefined;
  }
  for (const { map } of STORES_BEFORE)
    refuseDamaged(join(data, map), `\`${map}\``, 'put it back from a backup (docs/faults.md)', true);
  const joined = await makeStore(dir, async (target, coming) => {
    const rows = existsSync(join(dir, 'store')) ? await rowsInto(target, dir, onProgress) : NO_ROWS;
    const state = openEmbeddedState({ dir: coming, folder: data });
    const adopted = await adoptStores(state, data).finally(() => state.close());
    await markOwn(target);
    return { rows, adopted };
  });
  putAside(data);
  return joined;
}

async function rowsInto(target: RowTarget, dir: string, onProgress: OnProgress): Promise<Moved> {
  const source = openEmbeddedRows(dir);
  try {
    return await moveState(source, target, onProgress);
  } finally {
    await source.close();
  }
}

function putAside(data: string): void {
  for (const { path, map } of STORES_BEFORE) {
    if (!existsSync(join(data, map))) continue;
    const aside = join(data, ASIDE, path);
    mkdirSync(dirname(aside), { recursive: true, mode: 0o700 });
    renameSync(join(data, path), aside);
  }
  refuseOlderPrograms(data);
}

/** @throws YitongError `bad_request` where a process has the folder open */
export function refuseRunning(data: string): void {
  const file = auditLayout(data).lock;
  if (existsSync(file) && holderLives(readFileSync(file, 'utf8'))) throw runs(data);
}

const runs = (data: string): YitongError =>
  new YitongError('bad_request', 'a gateway runs on this data folder; stop it first', { place: { file: data } });

/** @throws YitongError `bad_config` */
async function fromServer(workspace: string | undefined): Promise<Found> {
  const found = await stateSettingsOf(workspace);
  if (found.settings.driver === 'embedded')
    throw new YitongError('bad_config', '`state.driver` is `embedded`: there is no server to move from', {
      place: found.place,
    });
  return found;
}

/** Times that sessions are looked for, and ms between two. */
const LOOKS = 10;
const PAUSE = 200;

/** Where nobody uses it; afterwards nobody can, so that no gateway goes on where the state was. */
const leaving = (found: Found, work: (source: RowSource) => Promise<Moved>): Promise<Moved> =>
  asOwnerOf(found, async (source) => {
    const { user } = found.settings;
    let sessions = await source.sessionsOf(user);
    // one that has just ended is still known for a moment
    for (let looks = 0; sessions > 0 && looks < LOOKS; looks++) {
      await pause(PAUSE);
      sessions = await source.sessionsOf(user);
    }
    if (sessions > 0)
      throw new YitongError(
        'state_conflict',
        `\`${user}\` has ${String(sessions)} sessions on the server that is left: stop all gateways first`,
      );
    const moved = await work(source);
    await source.closeTo(user);
    return moved;
  });

async function asOwnerOf<T>(found: Found, work: (rows: SchemaTarget) => Promise<T>): Promise<T> {
  const [{ Pool }, { withSchemaRows }] = await Promise.all([
    import('../ground/state/postgres/pool.js'),
    import('../ground/state/postgres/rows.js'),
  ]);
  const owner = new Pool(await ownerServer(found));
  try {
    return await withSchemaRows(owner, found.settings.schema, work);
  } finally {
    await owner.close();
  }
}
