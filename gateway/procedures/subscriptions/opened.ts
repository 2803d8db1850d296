/**
 * The subscriptions of a worker: opened with the first request, or at once where there may be webhooks to be told;
 * over the state that all share or that of the data folder.
 */
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { StateSettings } from '../../ground/config/state.js';
import type { State } from '../../ground/state/port.js';
import { secretIn } from '../../ground/state/secret.js';
import { openCaseGround } from '../cases/opened.js';
import type { RecordEffects } from '../lifecycles/effects.js';
import { type ChangesGround, SubscriptionChanges } from './changes.js';
import { sendChanges } from './sending.js';
import { SubscriptionStore } from './store.js';

interface Surroundings extends ChangesGround {
  readonly settings: { readonly state: StateSettings };
  readonly tickets: { readonly effects: RecordEffects };
  readonly dataDir: string;
  /** Undefined: that of the data folder. */
  readonly state?: State;
}

export interface SubscriptionDesk {
  readonly store: SubscriptionStore;
  readonly changes: SubscriptionChanges;
  /** What keys of signatures are made of. */
  readonly secret: KeyObject;
}

interface Subscriptions {
  /** @throws YitongError `state_unavailable`, `store_damaged` */
  desk(): Promise<SubscriptionDesk>;
  close(): Promise<void>;
}

const SECRET = 'subscriptions';
/** ms until a state that could not be opened is tried again. */
const AGAIN = 1000;

interface Opened extends SubscriptionDesk {
  close(): Promise<void>;
}

async function open(around: Surroundings, onTrouble: (error: unknown) => void): Promise<Opened> {
  const { tickets, now } = around;
  const ground = await openCaseGround(around);
  try {
    const secret = await secretIn(ground.state, SECRET);
    const store = new SubscriptionStore(ground.state, ground.keys);
    const closing = { hidden: (record: Parameters<RecordEffects['hidden']>[0]) => tickets.effects.hidden(record), now };
    const changes = new SubscriptionChanges(around, store, secret, closing);
    const sending = sendChanges({ ground: around, store, changes, secret, onTrouble });
    return {
      store,
      changes,
      secret,
      async close() {
        await sending.stop();
        await ground.close();
      },
    };
  } catch (error) {
    await ground.close();
    throw error;
  }
}

export function openSubscriptions(around: Surroundings, onTrouble: (error: unknown) => void): Subscriptions {
  const stop = new AbortController();
  let opened: Promise<Opened> | undefined;
  const desk = (): Promise<Opened> => {
    if (opened === undefined) {
      opened = open(around, onTrouble);
      // what did not open is tried again with the next request
      opened.catch(() => (opened = undefined));
    }
    return opened;
  };
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
  // without a state nobody has subscribed to anything
  const begun = around.state !== undefined || existsSync(join(around.dataDir, 'state')) ? begin() : Promise.resolve();
  return {
    desk,
    async close() {
      stop.abort();
      await begun;
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}
