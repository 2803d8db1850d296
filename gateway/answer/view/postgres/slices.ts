/**
 * Subject → slice → server. A slice is what is moved; which server has it is declared by a table, and said by the
 * server itself with each answer, so that an old table leads nobody astray.
 */
import { sumOf } from '../../../../connectors/checksum.js';
import { SLICES } from '../../../ground/config/view.js';

export { SLICES };

/** Of a subject's key as it stands on the bus, `<scheme>:<subject>`. */
export const sliceOf = (subject: string): number => sumOf(Buffer.from(subject)) % SLICES;

/** Of a record's key; one that names no subject has a slice as well, where it is set aside. */
export function sliceOfKey(key: string): number {
  const bar = key.indexOf('|');
  return sliceOf(bar < 0 ? key : key.slice(0, bar));
}

/** First and last slice of a run. */
export type SliceRun = readonly [from: number, to: number];

/** What a server says of its slices. */
export interface HeldSlices {
  readonly held: readonly SliceRun[];
  /** Being copied here from the server named: not answered here yet. */
  readonly arriving: Readonly<Record<string, string>>;
  /** Has gone to the server named. */
  readonly left: Readonly<Record<string, string>>;
}

export const NO_SLICES: HeldSlices = { held: [], arriving: {}, left: {} };

export const inRuns = (runs: readonly SliceRun[], slice: number): boolean =>
  runs.some(([from, to]) => from <= slice && slice <= to);

/** Runs of the slices for which it holds, in order. */
function runsOf(holds: (slice: number) => boolean): readonly SliceRun[] {
  const runs: [number, number][] = [];
  for (let slice = 0; slice < SLICES; slice++) {
    if (!holds(slice)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[1] === slice - 1) last[1] = slice;
    else runs.push([slice, slice]);
  }
  return runs;
}

export const withSlice = (runs: readonly SliceRun[], slice: number): readonly SliceRun[] =>
  runsOf((one) => one === slice || inRuns(runs, one));
export const withoutSlice = (runs: readonly SliceRun[], slice: number): readonly SliceRun[] =>
  runsOf((one) => one !== slice && inRuns(runs, one));
