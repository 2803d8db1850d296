/** A run that somebody asked for, from another process of the same data folder: the next one, sooner than it is due. */
import type { DatasetId } from '../../contracts/ids.js';
import type { State } from '../publish/index.js';

/** Durable when it resolves. @throws YitongError `state_unavailable` */
export async function askForRun(state: State, dataset: DatasetId, now: Date): Promise<void> {
  state.write('asked', dataset, now.toISOString());
  await state.flushed();
}

/** Whether a run is wanted that has not begun. */
export function asked(state: State, dataset: DatasetId): boolean {
  // as other processes have left it
  state.env.root.resetReadTxn();
  return typeof state.read('asked', dataset) === 'string';
}
