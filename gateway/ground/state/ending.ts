/**
 * Documents whose time is up, by the clock of whoever keeps them: each has a link with its end, by which those that are
 * over are found without a look at the others.
 */
import { type Change, type State, StateConflict, type StateDocument } from './port.js';

const END = 'end/';
const DIGITS = 15;
/** Of one commit, and of one page. */
const AT_ONCE = 200;

/** @param at ms since 1970, from which on it is over */
export const endLink = (at: number): string => `${END}${String(Math.max(0, Math.ceil(at))).padStart(DIGITS, '0')}`;

const endOf = ({ links }: StateDocument): number =>
  Number(links.find((link) => link.startsWith(END))?.slice(END.length) ?? Infinity);

/**
 * Goes through the documents of a kind that are over, some at a time.
 * @param of what becomes of one; none where it stays as it is
 * @param most documents that are looked at
 * @returns how many were changed
 */
export async function endDocuments(
  state: State,
  kind: string,
  now: number,
  of: (found: StateDocument) => readonly Change[] = removed,
  most = Infinity,
): Promise<number> {
  let done = 0;
  let looked = 0;
  let after: string | undefined;
  do {
    const page = await state.documents(kind, {
      link: END,
      limit: Math.min(AT_ONCE, most - looked),
      ...(after === undefined ? {} : { after }),
    });
    const over = page.documents.filter((found) => endOf(found) <= now);
    done += await changeEach(
      state,
      over.map(of).filter((changes) => changes.length > 0),
    );
    looked += page.documents.length;
    after = over.length < page.documents.length ? undefined : page.next;
  } while (after !== undefined && looked < most);
  return done;
}

const removed = ({ kind, id, version }: StateDocument): readonly Change[] => [{ do: 'remove', kind, id, version }];

/** Removes one as it was found: not where somebody changed it meanwhile. @returns whether it was */
export const removeAsFound = async (state: State, found: StateDocument): Promise<boolean> =>
  (await changeEach(state, [removed(found)])) > 0;

/** In one commit, or each by itself where somebody else changed one of them meanwhile. */
async function changeEach(state: State, each: readonly (readonly Change[])[]): Promise<number> {
  if (each.length === 0) return 0;
  try {
    await state.commit(each.flat());
    return each.length;
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
  let done = 0;
  for (const changes of each) {
    try {
      await state.commit(changes);
      done++;
    } catch (error) {
      // somebody else was faster: it is looked at again with the next round
      if (!(error instanceof StateConflict)) throw error;
    }
  }
  return done;
}
