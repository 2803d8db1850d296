/** How fresh a dataset is, from its watermarks alone: also where no record matches. */
import { isFresh } from '../../../contracts/freshness.js';
import type { DatasetId } from '../../../contracts/ids.js';
import type { Contract } from '../../../contracts/types.js';
import type { DatasetState, ViewReader } from '../view/port.js';
import type { DatasetStatus } from './request.js';

export interface Freshness {
  readonly status: Extract<DatasetStatus, 'current' | 'stale' | 'never-loaded'>;
  /** ISO 8601 */
  readonly sourceTime?: string;
}

/**
 * `current` while the last complete watermark is no older than the contract's update frequency and not of a time to
 * come, and the view has all that the bus ever had of the dataset: of what may be missing "none on record" is not said.
 */
export function statusOf(
  contract: Contract,
  state: Pick<DatasetState, 'complete' | 'incomplete'>,
  now: number,
): Freshness {
  const { complete } = state;
  if (complete === undefined) return { status: 'never-loaded' };
  return {
    status:
      isFresh(Date.parse(complete.sourceTime), contract.updateFrequency, now) && state.incomplete !== true
        ? 'current'
        : 'stale',
    sourceTime: complete.sourceTime,
  };
}

/** Watermarks change seldom, queries come often: each dataset's is re-read after this many milliseconds. */
const REREAD = 50;

/**
 * A remembered watermark is older than the records read after it, never younger: so "none on record" is never said of
 * a dataset on the strength of a watermark that came later than the look.
 */
export function freshness(
  view: ViewReader,
): (
  contract: Contract,
  now: number,
) => { readonly status: Freshness['status']; readonly json: string; readonly bytes: Buffer } {
  const known = new Map<
    DatasetId,
    { readAt: number; sourceTime: number | undefined; incomplete: boolean; json: string; bytes: Buffer }
  >();
  return (contract, now) => {
    let entry = known.get(contract.id);
    if (entry === undefined || now - entry.readAt > REREAD || now < entry.readAt) {
      const { complete, incomplete = false } = view.datasetState(contract.id);
      const json = complete === undefined ? '' : `,"sourceTime":${JSON.stringify(complete.sourceTime)}`;
      entry = {
        readAt: now,
        incomplete,
        sourceTime: complete === undefined ? undefined : Date.parse(complete.sourceTime),
        json,
        bytes: Buffer.from(json),
      };
      known.set(contract.id, entry);
    }
    if (entry.sourceTime === undefined) return { status: 'never-loaded', json: entry.json, bytes: entry.bytes };
    return {
      status: isFresh(entry.sourceTime, contract.updateFrequency, now) && !entry.incomplete ? 'current' : 'stale',
      json: entry.json,
      bytes: entry.bytes,
    };
  };
}
