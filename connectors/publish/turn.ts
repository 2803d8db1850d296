/**
 * One at a time publishes to a dataset, over all processes that share a data folder: feeds, workers that take pushes,
 * retries. Two at once would each miss what the other is about to publish, and a run would withdraw what came in behind
 * its back.
 */
import { randomBytes } from 'node:crypto';
import { YitongError } from '../../contracts/errors.js';
import { holderLives, holderName } from '../../contracts/holder.js';
import type { State } from './state.js';

export interface TurnOptions {
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
  /** ms to wait for the others; default as long as it takes. */
  readonly wait?: number;
}

/** Between looks whether the others have done: short for a push, longer while a long run goes on. */
const FIRST_LOOK = 2;
const LAST_LOOK = 100;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Does the work when all who came before have done theirs; what a process held that died is passed on.
 * @throws YitongError `dataset_busy` if the others took longer than `wait`, `shutting_down`; whatever the work throws
 */
export async function takeTurn<T>(
  state: State,
  dataset: string,
  { signal, wait = Infinity }: TurnOptions,
  work: () => Promise<T>,
): Promise<T> {
  const mine = holderName(randomBytes(8).toString('hex'));
  const until = performance.now() + wait;
  await state.changeQueue(dataset, (queue) => [...queue.filter(holderLives), mine]);
  try {
    for (let ms = FIRST_LOOK; state.queue(dataset)[0] !== mine; ms = Math.min(LAST_LOOK, ms * 2)) {
      if (signal?.aborted === true) throw new YitongError('shutting_down', 'the run was stopped before its turn came');
      if (performance.now() > until)
        throw new YitongError('dataset_busy', `\`${dataset}\` is being published to; try again later`);
      const [first] = state.queue(dataset);
      if (first !== undefined && !holderLives(first))
        await state.changeQueue(dataset, (queue) => queue.filter(holderLives));
      else await pause(ms);
    }
    return await work();
  } finally {
    await state.changeQueue(dataset, (queue) => queue.filter((one) => one !== mine));
  }
}
