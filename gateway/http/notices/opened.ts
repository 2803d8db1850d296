/**
 * Notices of a worker, once for all pages of a port: opened with the first person who comes, or at once where there is
 * a state already; over the state that all share or that of the data folder.
 */
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { publicAddress } from '../../documents/address.js';
import type { GatewayContext } from '../../documents/context.js';
import { secretIn } from '../../ground/state/secret.js';
import { openCaseGround } from '../../procedures/cases/opened.js';
import type { Room } from '../people/rooms.js';
import { Noticing } from './noticing.js';
import { noticesKey } from './sending.js';
import { NoticeStore } from './store.js';
import { noticedRoom } from './words.js';

interface NoticeDesk {
  readonly store: NoticeStore;
  /** By which webhooks are signed. */
  readonly key: KeyObject;
}

interface Notices {
  /** @throws YitongError `state_unavailable`, `store_damaged` */
  desk(): Promise<NoticeDesk>;
  /** Undefined where nothing was ever kept. @throws YitongError `state_unavailable`, `store_damaged` */
  deskIfAny(): Promise<NoticeDesk | undefined>;
  close(): Promise<void>;
}

interface Opened extends NoticeDesk {
  close(): Promise<void>;
}

const SECRET = 'notices';
/** ms until a state that could not be opened is tried again. */
const AGAIN = 1000;

async function open(
  context: GatewayContext,
  rooms: () => readonly Room[],
  onTrouble: (error: unknown) => void,
): Promise<Opened> {
  const { settings, workspace, dataDir, now } = context;
  const ground = await openCaseGround(context);
  try {
    const secret = await secretIn(ground.state, SECRET);
    const store = new NoticeStore(ground.state, ground.keys, now);
    const noticing = new Noticing({
      store,
      rooms,
      now,
      onTrouble,
      settings: settings.notices,
      baseDir: workspace.layers[0] ?? dataDir,
      secret,
      address: () => publicAddress(context),
      roomOf: (id) => noticedRoom(rooms(), id),
    });
    noticing.begin(settings.notices.everySeconds * 1000);
    return {
      store,
      key: noticesKey(secret),
      async close() {
        await noticing.stop();
        await ground.close();
      },
    };
  } catch (error) {
    await ground.close();
    throw error;
  }
}

const known = new WeakMap<object, Notices>();

/** The one of all pages of this port. @param rooms asked anew each time @param onTrouble of the first who asks */
export function noticesOf(
  context: GatewayContext,
  rooms: () => readonly Room[],
  onTrouble: (error: unknown) => void,
): Notices {
  let found = known.get(context);
  if (found === undefined) known.set(context, (found = openNotices(context, rooms, onTrouble)));
  return found;
}

function openNotices(
  context: GatewayContext,
  rooms: () => readonly Room[],
  onTrouble: (error: unknown) => void,
): Notices {
  const stop = new AbortController();
  let opened: Promise<Opened> | undefined;
  let closed: Promise<void> | undefined;
  const desk = (): Promise<Opened> => {
    if (opened === undefined) {
      opened = open(context, rooms, onTrouble);
      opened.catch(() => (opened = undefined));
    }
    return opened;
  };
  const isThere = (): boolean => context.state !== undefined || existsSync(join(context.dataDir, 'state'));
  const begin = async (): Promise<void> => {
    let told = false;
    while (!stop.signal.aborted) {
      try {
        await desk();
        return;
      } catch (error) {
        if (!told) onTrouble(error);
        told = true;
        await pause(AGAIN, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  };
  const begun = isThere() ? begin() : Promise.resolve();
  return {
    desk,
    deskIfAny: async () => (opened !== undefined || isThere() ? desk() : undefined),
    close: () =>
      (closed ??= (async () => {
        stop.abort();
        await begun;
        await (await opened?.catch(() => undefined))?.close();
      })()),
  };
}
