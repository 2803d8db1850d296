/** The state of a deployment, from its settings. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { wasMade } from '../../../connectors/lmdb/file.js';
import { isYitongError, type Place, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { StateSettings } from '../config/state.js';
import { openToOthers } from '../files/private-file.js';
import { openEmbeddedState } from './lmdb/state.js';
import type { State } from './port.js';
import type { PostgresServer } from './postgres/server.js';
import { wholenessOf } from './taken.js';

interface Surroundings {
  readonly settings: StateSettings;
  /** The data folder. */
  readonly data: string;
  /** What relative paths of the settings begin from. */
  readonly baseDir: string;
  readonly place: Place;
  readonly now?: () => number;
}

/** Where the embedded one stands. */
export const embeddedDir = (data: string): string => join(data, 'state');

interface OpenedHere {
  readonly state: State;
  readonly now: () => number;
  users: number;
}
const openedHere = new Map<string, OpenedHere>();

/** What a state is used with. */
type With = Pick<State, 'installationKey' | 'folder'>;

/**
 * One for all of this process: opening waits for whoever writes, and where that is another one of the same process, it
 * waits for this thread, so that neither goes on.
 */
function embeddedHere(dir: string, now: () => number, used: With = {}): State {
  const key = resolve(dir);
  let opened = openedHere.get(key);
  // another clock is a test's own
  if (opened !== undefined && opened.now !== now)
    return usedOnce({ state: openEmbeddedState({ dir, now }), now, users: 1 }, () => undefined, used);
  if (opened === undefined) openedHere.set(key, (opened = { state: openEmbeddedState({ dir, now }), now, users: 0 }));
  opened.users++;
  const over = (): void => {
    if (openedHere.get(key) === opened) openedHere.delete(key);
  };
  return usedOnce(opened, over, used);
}

/** The same state, which is closed with the last who uses it. */
function usedOnce(opened: OpenedHere, over: () => void, used: With): State {
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    opened.users--;
    if (opened.users > 0) return;
    over();
    await opened.state.close();
  };
  return new Proxy(opened.state, {
    get(state, name) {
      if (name === 'close') return () => (closed ??= close());
      if (name === 'installationKey' || name === 'folder') return used[name];
      const member: unknown = Reflect.get(state, name, state);
      return typeof member === 'function' ? member.bind(state) : member;
    },
  });
}

/**
 * A server that does not answer is no reason not to begin: what needs it says so until it does.
 * @throws YitongError `bad_config`, `store_damaged`, `state_newer`, `state_denied`
 */
export async function openState(surroundings: Surroundings): Promise<State> {
  const { settings, data, now } = surroundings;
  if (settings.driver === 'embedded') return embeddedHere(embeddedDir(data), now ?? Date.now);
  // a process that keeps nothing there does without its client
  const { PostgresState } = await import('./postgres/state.js');
  const { schema, user } = settings;
  const installationKey = installationKeyIn(surroundings);
  const server = await userServer(surroundings);
  const state = new PostgresState({ server, schema, user, ...present({ now, installationKey }) });
  try {
    await state.check();
  } catch (error) {
    if (!isYitongError(error) || error.code !== 'state_unavailable') {
      await state.close();
      throw error;
    }
  }
  return state;
}

/**
 * The state in which all stands that people did: on a server, or in a data folder that began so, or to which it was
 * moved.
 * @returns undefined where a data folder has stores of its own for it @throws as `openState`
 */
export async function openWholeState(surroundings: Surroundings): Promise<State | undefined> {
  const { settings, data, now = Date.now } = surroundings;
  if (settings.driver === 'postgres') return await openState(surroundings);
  const dir = embeddedDir(data);
  const store = join(dir, 'store');
  // one that was there and is gone is refused by whoever opens it
  if (!existsSync(store) && !wasMade(store)) return undefined;
  const found = embeddedHere(dir, now);
  try {
    const whole = await wholenessOf(found);
    if (whole === undefined) return undefined;
    const installationKey = installationKeyIn(surroundings);
    return embeddedHere(dir, now, present({ installationKey, folder: whole.kind === 'own' ? data : undefined }));
  } finally {
    await found.close();
  }
}

/** @throws YitongError `bad_config` where the file is no such key, or others than its owner may read it */
function installationKeyIn({ settings, baseDir, place }: Surroundings): KeyObject | undefined {
  if (settings.installationKeyFile === '') return undefined;
  const file = resolve(baseDir, settings.installationKeyFile);
  const wrong = (why: string, cause?: unknown): YitongError =>
    new YitongError('bad_config', `\`state.installationKeyFile\`: ${why}`, { place, ...present({ cause }) });
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw wrong('it cannot be read', cause);
  }
  const open = openToOthers(file);
  if (open !== undefined) throw wrong(open);
  if (!/^[0-9a-f]{64}$/i.test(text)) throw wrong('it is not 64 hexadecimal digits (`openssl rand -hex 32`)');
  return createSecretKey(Buffer.from(text, 'hex'));
}

/**
 * All that is shared, of one moment, as lines.
 * @returns the newest commit in it @throws YitongError `bad_config`, `state_unavailable`, `state_newer`
 */
export async function dumpShared(surroundings: OnServer, put: (line: string) => Promise<void> | void): Promise<number> {
  const [{ Pool }, { dumpState }] = await Promise.all([import('./postgres/pool.js'), import('./postgres/dump.js')]);
  const pool = new Pool(await userServer(surroundings));
  try {
    return await dumpState(pool, surroundings.settings.schema, put);
  } finally {
    await pool.close();
  }
}

type OnServer = Pick<Surroundings, 'settings' | 'baseDir' | 'place'>;

/** As the gateway reaches it. @throws YitongError `bad_config` */
export async function userServer({ settings, baseDir, place }: OnServer): Promise<PostgresServer> {
  const { serverOf } = await import('./postgres/server.js');
  const { user, passwordFile } = settings;
  return serverOf(settings, { section: 'state', user, passwordKey: 'passwordFile', passwordFile, baseDir, place });
}

/** ms that a step of a migration may take, and wait for others. */
const PATIENCE = 600_000;

/** As migrations reach it. @throws YitongError `bad_config` */
export async function ownerServer({ settings, baseDir, place }: OnServer): Promise<PostgresServer> {
  const { serverOf } = await import('./postgres/server.js');
  const { owner: user, ownerPasswordFile: passwordFile } = settings;
  const login = { section: 'state', user, passwordKey: 'ownerPasswordFile', passwordFile, baseDir, place };
  return { ...serverOf(settings, login), statementTimeoutMs: PATIENCE, lockTimeoutMs: PATIENCE };
}
