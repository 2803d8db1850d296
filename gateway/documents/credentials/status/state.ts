/** Status lists in the state that all replicas share. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OneByOne } from '../../../../contracts/turns.js';
import type { Change, State } from '../../../ground/state/port.js';
import { isTaken, taken } from '../../../ground/state/taken.js';
import { type Transaction, transact } from '../../../ground/state/transact.js';
import { bit, LIST_SIZE, type StatusStore, setBit, takePlace } from '../../model/status.js';
import { listsIn } from './lmdb.js';

const LIST = 'status-list';
/** Of one document; that of the number tells which list is the newest. */
const NEWEST = 'newest';

/** Bits as base64. */
interface StatusList {
  readonly used: string;
  readonly revoked: string;
}
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');

export function statusesIn(state: State, size: number = LIST_SIZE): StatusStore {
  const idOf = (list: number): string => String(list);
  // all take from the newest list: those of one process wait for each other and not for a conflict
  const turns = new OneByOne();
  const listIn = async (transaction: Transaction, list: number): Promise<StatusList | undefined> =>
    (await transaction.document(LIST, idOf(list)))?.body as StatusList | undefined;
  const put = (transaction: Transaction, list: number, used: string, revoked: string): void =>
    transaction.put({ kind: LIST, id: idOf(list), body: { used, revoked } });
  const changed = async <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    turns.take(async () => (await transact(state, work)).result);
  return {
    allocate: () =>
      changed(async (transaction) => {
        const newest = (await transaction.document(LIST, NEWEST))?.body as { readonly list: number } | undefined;
        for (let list = newest?.list ?? 0; ; list++) {
          const found = await listIn(transaction, list);
          const used = found === undefined ? Buffer.alloc(size / 8) : bytesOf(found.used);
          const index = takePlace(used);
          if (index === undefined) continue;
          const revoked = found?.revoked ?? Buffer.alloc(size / 8).toString('base64');
          put(transaction, list, used.toString('base64'), revoked);
          if (newest?.list !== list) transaction.put({ kind: LIST, id: NEWEST, body: { list } });
          return { list, index };
        }
      }),
    revoke: ({ list, index }) =>
      changed(async (transaction) => {
        const found = await listIn(transaction, list);
        if (found === undefined || !bit(bytesOf(found.used), index)) return false;
        const revoked = bytesOf(found.revoked);
        setBit(revoked, index);
        put(transaction, list, found.used, revoked.toString('base64'));
        return true;
      }),
    async read(list) {
      const found = (await state.document(LIST, idOf(list)))?.body as StatusList | undefined;
      return found === undefined ? undefined : bytesOf(found.revoked);
    },
    close: async () => {},
  };
}

const LISTS = 'status-lists';

/**
 * Lists of a data folder, taken over into a state that replicas share. Again it changes nothing.
 * @returns how many @throws YitongError `state_conflict` where the state has lists already
 */
export async function adoptStatuses(state: State, folder: string, dir: string): Promise<number> {
  if (!existsSync(join(dir, 'statuses')) || (await isTaken(state, folder, LISTS))) return 0;
  const lists = await listsIn(dir);
  if (lists.length === 0) return 0;
  const puts = lists.map(({ used, revoked }, list): Change => {
    const body = { used: used.toString('base64'), revoked: revoked.toString('base64') };
    return { do: 'put', kind: LIST, id: String(list), version: 0, body };
  });
  const newest: Change = { do: 'put', kind: LIST, id: NEWEST, version: 0, body: { list: lists.length - 1 } };
  await state.commit([...puts, newest, taken(folder, LISTS)]);
  return lists.length;
}
