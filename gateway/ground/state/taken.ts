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

/** Up to which revision those of that folder are here; undefined where they never came. */
export async function movedUpTo(state: State, folder: string): Promise<number | undefined> {
  const found = await Promise.all([ROWS, WHOLE_ROWS].map((what) => state.document(TAKEN, `${what}/${folder}`)));
  const versions = found.flatMap((mark) => (mark === undefined ? [] : [mark.version]));
  return versions.length === 0 ? undefined : Math.max(...versions);
}

/** Whether those of any folder ever came. */
export async function anyMoved(state: State): Promise<boolean> {
  const { documents } = await state.documents(TAKEN, { limit: 1000 });
  return documents.some(({ id }) => [ROWS, WHOLE_ROWS].some((what) => id.startsWith(`${what}/`)));
}

const WHOLE = 'whole';

/**
 * How a data folder's own state holds all that people did: `all`, with keys of subjects and uploads, as it came back
 * from a server; `own`, with those of the folder beside it, as a new folder begins.
 */
type Wholeness = 'all' | 'own';
const KINDS: readonly Wholeness[] = ['all', 'own'];

/**
 * That a data folder's own state holds all that people did, as a row of it.
 * @param revision of the newest
 */
export const wholeRow = (what: Wholeness, revision: number): StateRow => [
  TAKEN,
  `${WHOLE}/${what}`,
  revision,
  null,
  [],
  null,
  true,
];

/** Of a row that says so, its key: two states that differ in nothing else are the same. */
export const wholeKey = (row: StateRow): boolean =>
  row[0] === TAKEN && KINDS.some((what) => row[1] === `${WHOLE}/${what}`);

/**
 * Undefined where what people did stands in other stores of the folder as well.
 * @returns `since`: the newest revision when it came back; 1 of what began here
 */
export async function wholenessOf(
  state: State,
): Promise<{ readonly kind: Wholeness; readonly since: number } | undefined> {
  for (const kind of KINDS) {
    const mark = await state.document(TAKEN, `${WHOLE}/${kind}`);
    if (mark !== undefined) return { kind, since: mark.version };
  }
  return undefined;
}
