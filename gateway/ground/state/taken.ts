/** What was taken over from the stores of a data folder: once each, so that nothing comes back that went since. */
import type { Change, State } from './port.js';

const TAKEN = 'taken-over';

/** @param folder tells one data folder from another @param what of its stores */
export const isTaken = async (state: State, folder: string, what: string): Promise<boolean> =>
  (await state.document(TAKEN, `${what}/${folder}`)) !== undefined;

/** That it is taken over, with the commit that finishes it. */
export const taken = (folder: string, what: string): Change => ({
  do: 'put',
  kind: TAKEN,
  id: `${what}/${folder}`,
  body: true,
});
