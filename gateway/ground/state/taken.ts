/** What was taken over from the stores of a data folder: once each, so that nothing comes back that went since. */
import type { Change, State } from './port.js';
import type { StateRow } from './rows.js';

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

const ROWS = 'rows';

/** That the rows of a folder's own state were moved, as a row that comes with them. @param revision of the newest */
export const movedRow = (folder: string, revision: number): StateRow => [
  TAKEN,
  `${ROWS}/${folder}`,
  revision,
  null,
  [],
  null,
  true,
];

/** Whether the rows of that folder's own state are here: then what belongs to them is to come as well. */
export const rowsMoved = (state: State, folder: string): Promise<boolean> => isTaken(state, folder, ROWS);
