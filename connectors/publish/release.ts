/**
 * What a person does about records whose withdrawal is held back (`holds.ts`): withdraws them by name, or says that
 * they are still on the register.
 */

import { YitongError } from '../../contracts/errors.js';
import { recordKey } from '../../contracts/ids.js';
import type { Bus } from '../bus/port.js';
import type { Feed } from '../feed.js';
import { digest } from './holds.js';
import { openSession, type SessionOptions } from './session.js';
import type { Held, State } from './state.js';
import { type TurnOptions, takeTurn } from './turn.js';

export interface HeldOptions extends Pick<SessionOptions, 'workspace' | 'contract' | 'state' | 'quarantine' | 'now'> {
  readonly feed: Feed;
  readonly bus: Bus;
  /** Ids of held records (`heldId`), or all of them. */
  readonly ids: readonly string[] | 'all';
  /** Who says so; stands with a record that is kept. */
  readonly by: string;
  readonly turn?: TurnOptions;
}

/** 12 characters by which a held record is named where its key is not shown. */
export const heldId = ({ subject, recordId }: Pick<Held, 'subject' | 'recordId'>): string =>
  digest(recordKey(subject, recordId));

function named(state: State, dataset: string, ids: readonly string[] | 'all'): readonly Held[] {
  const held = state.held(dataset);
  if (ids === 'all') return held;
  const byId = new Map(held.map((one) => [heldId(one), one]));
  return ids.map((id) => {
    const found = byId.get(id);
    if (found === undefined) throw new YitongError('not_found', `no withdrawal \`${id.slice(0, 40)}\` is held`);
    return found;
  });
}

/**
 * Withdraws them now, whatever the guards of a snapshot say: somebody looked at each. Returns how many.
 * @throws YitongError `not_found`, `dataset_busy`, `bus_unavailable`, `state_unavailable`
 */
export async function releaseHeld(options: HeldOptions): Promise<number> {
  const { state, contract, feed, ids, now } = options;
  return await takeTurn(state, contract.id, options.turn ?? {}, async () => {
    const wanted = named(state, contract.id, ids);
    const session = await openSession({
      ...options,
      mode: 'stream',
      knownOnly: true,
      maxWithdrawShare: feed.maxWithdrawShare,
      run: 'release',
    });
    try {
      const time = now().toISOString();
      await session.withdraw(wanted, `released@${time}`, time, 'left_snapshot');
      await state.changeHeld(contract.id, [], wanted);
    } finally {
      await session.close();
    }
    return wanted.length;
  });
}

/**
 * They stay on record while the rows stand that hold them. Returns how many.
 * @throws YitongError `not_found`, `dataset_busy`
 */
export async function keepHeld({
  state,
  contract,
  ids,
  now,
  by,
  turn,
}: Pick<HeldOptions, 'state' | 'contract' | 'ids' | 'now' | 'by' | 'turn'>): Promise<number> {
  return await takeTurn(state, contract.id, turn ?? {}, async () => {
    const wanted = named(state, contract.id, ids);
    await state.changeHeld(
      contract.id,
      wanted.map((one) => ({ ...one, kept: { by, at: now().toISOString() } })),
      [],
    );
    return wanted.length;
  });
}
