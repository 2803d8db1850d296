/** The state of a deployment, from its settings. */
import { join } from 'node:path';
import { isYitongError, type Place } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { StateSettings } from '../config/state.js';
import { openEmbeddedState } from './lmdb/state.js';
import type { State } from './port.js';
import type { PostgresServer } from './postgres/server.js';

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
const stateDir = (data: string): string => join(data, 'state');

/**
 * A server that does not answer is no reason not to begin: what needs it says so until it does.
 * @throws YitongError `bad_config`, `store_damaged`, `state_newer`, `state_denied`
 */
export async function openState(surroundings: Surroundings): Promise<State> {
  const { settings, data, now } = surroundings;
  if (settings.driver === 'embedded') return openEmbeddedState({ dir: stateDir(data), ...present({ now }) });
  // a process that keeps nothing there does without its client
  const { PostgresState } = await import('./postgres/state.js');
  const { schema, user } = settings;
  const state = new PostgresState({ server: await userServer(surroundings), schema, user, ...present({ now }) });
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
