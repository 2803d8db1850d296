/**
 * Runs that somebody asked for, from another process of the same data folder: the next one, sooner than it is due. And
 * what everybody of that folder may know of how a source is read: whether a run is wanted, whether one goes on, how the
 * newest ended.
 */
import { holderLives } from '../../contracts/holder.js';
import type { DatasetId } from '../../contracts/ids.js';
import { present } from '../../contracts/present.js';
import type { State } from '../publish/index.js';
import type { CutOff, RunReport } from '../report.js';

/** A run that has ended, however it did. */
export interface EndedRun
  extends Pick<RunReport, 'rows' | 'published' | 'unchanged' | 'quarantined' | 'skipped' | 'withdrawn'> {
  /** ISO 8601 UTC: what was asked for before is done by it. */
  readonly began: string;
  readonly ended: string;
  readonly state: RunReport['state'] | 'failed';
  /** Why it failed. */
  readonly code?: string;
}

export interface Reading {
  /** ISO 8601 UTC since when a run is wanted that has not begun. */
  readonly asked?: string;
  readonly running?: CutOff;
  readonly last?: EndedRun;
  /** ms until somebody may ask again by hand. */
  readonly wait: number;
}

/** Durable when it resolves. @throws YitongError `state_unavailable` */
export async function askForRun(state: State, dataset: DatasetId, now: Date): Promise<void> {
  state.write('asked', dataset, now.toISOString());
  await state.flushed();
}

/** ms that are left of a pause that began then; a clock that was put back holds nobody up. */
function leftOf(pressed: unknown, now: Date, every: number): number {
  const since = typeof pressed === 'string' ? now.getTime() - Date.parse(pressed) : Number.NaN;
  return since >= 0 && since < every ? every - since : 0;
}

/** It is asked for since then (ISO 8601 UTC), or may not be for so many ms. */
export type Pressed = { readonly asked: string } | { readonly wait: number };

/**
 * By hand: where one waits already it is enough, and none is asked for within `every` ms of the one before, by whatever
 * process. Durable when it resolves.
 * @throws YitongError `state_unavailable`
 */
export const pressForRun = (state: State, dataset: DatasetId, now: Date, every: number): Promise<Pressed> =>
  state.change(dataset, ({ get, put }): Pressed => {
    const waiting = get('asked');
    if (typeof waiting === 'string') return { asked: waiting };
    const wait = leftOf(get('pressed'), now, every);
    if (wait > 0) return { wait };
    const asked = now.toISOString();
    put('asked', asked);
    put('pressed', asked);
    return { asked };
  });

/** Whether a run is wanted that has not begun. */
export function asked(state: State, dataset: DatasetId): boolean {
  // as other processes have left it
  state.env.root.resetReadTxn();
  return typeof state.read('asked', dataset) === 'string';
}

/** A run begins: what was asked for so far is done by it. @throws YitongError `state_unavailable` */
export async function takeAsked(state: State, dataset: DatasetId): Promise<void> {
  if (asked(state, dataset)) await state.change(dataset, ({ put }) => put('asked', null));
}

/** For `readingOf`; durable with what is written next. */
export const noteEnded = (state: State, dataset: DatasetId, run: EndedRun): void => state.write('ended', dataset, run);

/** @param every as of `pressForRun` */
export function readingOf(state: State, dataset: DatasetId, now: Date, every: number): Reading {
  // a run that was killed leaves its note behind, and holds nothing any more
  const held = state.queue(dataset).some(holderLives);
  const [wanted, run, last] = ['asked', 'run', 'ended'].map((name) => state.read(name, dataset) ?? undefined);
  return {
    ...present({ asked: wanted as string | undefined }),
    ...present({ running: held ? (run as CutOff | undefined) : undefined }),
    ...present({ last: last as EndedRun | undefined }),
    wait: wanted === undefined ? leftOf(state.read('pressed', dataset), now, every) : 0,
  };
}
