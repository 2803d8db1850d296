/** Cases that ended go once their term of keeping is over: case, events and messages in one commit, then its files. */
import type { Blobs } from '../../ground/state/blobs.js';
import type { Change, State } from '../../ground/state/port.js';
import { StateConflict } from '../../ground/state/port.js';
import { isLow } from './machine.js';
import { changesWithout, ENDED, type StoredCase } from './store.js';

const PAGE = 100;

/** A low rating that nobody has answered keeps its case. */
const isOwed = ({ state: { rating } }: Pick<StoredCase, 'state'>): boolean =>
  rating !== undefined && isLow(rating) && rating.answeredAt === undefined;

/**
 * @param before ms since 1970: cases on which nothing happened since, and nothing is left to do
 * @returns how many went
 * @throws YitongError `state_unavailable`
 */
export async function pruneCases(
  { state, blobs }: { readonly state: State; readonly blobs: Pick<Blobs, 'removeAll'> },
  before: number,
): Promise<number> {
  let gone = 0;
  for (let after: string | undefined; ; ) {
    const { documents, next } = await state.documents('case', {
      link: ENDED,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const { id, version, body } of documents) {
      const stored = body as unknown as Omit<StoredCase, 'id' | 'version'>;
      if (stored.state.at >= before) return gone;
      if (isOwed(stored)) continue;
      if (!(await isRemoved(state, changesWithout({ id, version, ...stored })))) continue;
      // in a folder that no case names any more they would be found as what nobody filed
      await blobs.removeAll(id);
      gone++;
    }
    if (next === undefined) return gone;
    after = next;
  }
}

/** Another replica may remove the same, and somebody may still rate it: then it is left. */
async function isRemoved(state: State, changes: readonly Change[]): Promise<boolean> {
  try {
    await state.commit(changes);
    return true;
  } catch (error) {
    if (error instanceof StateConflict) return false;
    throw error;
  }
}
