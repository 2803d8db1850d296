/** What of a state that comes back with a backup is of the moment, and must not: each goes before anything starts. */
import { CODE_KINDS } from '../../documents/compliance/state-store.js';
import type { State } from '../../ground/state/port.js';
import { KEPT_FORM } from '../../http/people/kept-map.js';
import { SIGN_IN } from '../../http/people/sessions.js';

/** Who signed out since must not be signed in again, nor a code be answered that was answered. */
const PASSING: readonly string[] = [SIGN_IN, KEPT_FORM, ...CODE_KINDS];
/** Documents of one commit. */
const AT_ONCE = 500;

/** @returns how many there were */
export async function dropPassing(state: State): Promise<number> {
  let count = 0;
  for (const kind of PASSING)
    for (;;) {
      const { documents } = await state.documents(kind, { limit: AT_ONCE });
      if (documents.length === 0) break;
      await state.commit(documents.map(({ id }) => ({ do: 'remove', kind, id })));
      count += documents.length;
    }
  return count;
}
