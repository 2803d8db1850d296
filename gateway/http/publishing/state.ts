/**
 * The state of connectors, for whoever publishes beside answering: one that is damaged or cannot be opened is said to
 * whoever needs it, and to nobody else.
 */
import { join } from 'node:path';
import { markMade, refuseDamaged } from '../../../connectors/lmdb/file.js';
import { State } from '../../../connectors/publish/index.js';
import { isYitongError, YitongError } from '../../../contracts/errors.js';

/** @throws YitongError `store_damaged`, `state_unavailable` */
export function openState(dataDir: string): State {
  const file = join(dataDir, 'connectors', 'data.mdb');
  refuseDamaged(
    file,
    'the state of connectors',
    'put `connectors` back from a backup, or remove it, so that it is learnt from the bus and every feed is ' +
      'read anew (docs/faults.md)',
    true,
  );
  try {
    const state = State.open(dataDir);
    markMade(file);
    return state;
  } catch (cause) {
    if (isYitongError(cause)) throw cause;
    throw new YitongError('state_unavailable', 'the state of connectors cannot be opened', { cause });
  }
}
