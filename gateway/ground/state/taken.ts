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

const WHOLE_ROWS = 'whole-rows';

/**
 * That the rows of a folder's own state were moved, as a row that comes with them.
 * @param revision of the newest @param whole whether they were all that there was
 */
export const movedRow = (folder: string, revision: number, whole: boolean): StateRow => [
  TAKEN,
  `${whole ? WHOLE_ROWS : ROWS}/${folder}`,
  revision,
  null,
  [],
  null,
  true,
];

/** Whether a row says that the rows of that folder up to that revision were moved. */
export const saysMoved = (row: StateRow, folder: string, revision: number): boolean =>
  row[0] === TAKEN && (row[1] === `${ROWS}/${folder}` || row[1] === `${WHOLE_ROWS}/${folder}`) && row[2] === revision;

/** Whether the rows of that folder's own state are here: then what belongs to them is to come as well. */
export const rowsMoved = (state: State, folder: string): Promise<boolean> => isTaken(state, folder, ROWS);

const WHOLE = 'whole';
const ALL = 'all';

/**
 * That a data folder's own state holds all that people did, as a row that comes with a move.
 * @param revision of the newest
 */
export const wholeRow = (revision: number): StateRow => [TAKEN, `${WHOLE}/${ALL}`, revision, null, [], null, true];

/** Of a row that says so, its key: two states that differ in nothing else are the same. */
export const wholeKey = (row: StateRow): boolean => row[0] === TAKEN && row[1] === `${WHOLE}/${ALL}`;

/** Whether a data folder's own state holds all that people did, also what stands in stores of the folder otherwise. */
export const isWhole = (state: State): Promise<boolean> => isTaken(state, ALL, WHOLE);
