/** What people uploaded, from files of a data folder into a state that replicas share, as it is: sealed. */
import { blobsInFolder, blobsInState } from './blobs.js';
import type { State } from './port.js';
import { isTaken, taken } from './taken.js';

const UPLOADS = 'uploads';
/** Folders listed at a time. */
const SOME = 500;

/**
 * Each with the time at which it was put. Again it changes nothing; one that was interrupted is finished.
 * @returns how many there are @throws YitongError `store_damaged`, `state_unavailable`
 */
export async function adoptUploads(state: State, folder: string, dataDir: string): Promise<number> {
  if (await isTaken(state, folder, UPLOADS)) return 0;
  const files = blobsInFolder(dataDir);
  let at = 0;
  const here = blobsInState(state, () => at);
  let count = 0;
  for (let after = '', more = true; more; ) {
    const some = await files.folders(after, SOME);
    for (const one of some)
      for (const [name, putAt] of await files.names(one)) {
        const bytes = await files.get({ folder: one, name });
        if (bytes === undefined) continue;
        at = Math.round(putAt);
        await here.put({ folder: one, name }, bytes);
        count++;
      }
    after = some.at(-1) ?? '';
    more = some.length === SOME;
  }
  await state.commit([taken(folder, UPLOADS)]);
  return count;
}
