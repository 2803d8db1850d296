/** How fresh a dataset is, from its watermarks alone: also where no record matches. */
import { isFresh } from '../../../contracts/freshness.js';
import type { DatasetId, SubjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Contract } from '../../../contracts/types.js';
import type { DatasetState, ViewReading } from '../view/port.js';
import type { DatasetStatus } from './request.js';

export interface Freshness {
  readonly status: Extract<DatasetStatus, 'current' | 'stale' | 'never-loaded' | 'unavailable'>;
  /** ISO 8601 */
  readonly sourceTime?: string;
}

/**
 * `current` while the last complete watermark is no older than the contract's update frequency and not of a time to
 * come, and the view has all that the bus ever had of the dataset: of what may be missing "none on record" is not said.
 * `unavailable` where a part of the view is away.
 */
export function statusOf(
  contract: Contract,
  state: Pick<DatasetState, 'complete' | 'incomplete' | 'unavailable'>,
  now: number,
): Freshness {
  const { complete } = state;
  if (state.unavailable === true) return { status: 'unavailable', ...present({ sourceTime: complete?.sourceTime }) };
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

/** How fresh a dataset is, and what an answer says of it, as text and as bytes. */
interface Stated {
  readonly status: Freshness['status'];
  readonly json: string;
  readonly bytes: Buffer;
}

interface Known {
  readonly readAt: number;
  readonly sourceTime: number | undefined;
  readonly incomplete: boolean;
  readonly json: string;
  readonly bytes: Buffer;
}

function known({ complete, incomplete = false }: DatasetState, readAt: number): Known {
  const json = complete === undefined ? '' : `,"sourceTime":${JSON.stringify(complete.sourceTime)}`;
  return {
    readAt,
    incomplete,
    sourceTime: complete === undefined ? undefined : Date.parse(complete.sourceTime),
    json,
    bytes: Buffer.from(json),
  };
}

function stated({ sourceTime, incomplete, json, bytes }: Known, contract: Contract, now: number): Stated {
  if (sourceTime === undefined) return { status: 'never-loaded', json, bytes };
  return {
    status: isFresh(sourceTime, contract.updateFrequency, now) && !incomplete ? 'current' : 'stale',
    json,
    bytes,
  };
}

/**
 * Of a view that is read in place, remembered: a remembered watermark is older than the records read after it, never
 * younger, so that "none on record" is never said of a dataset on the strength of a watermark that came later than the
 * look. Of what was fetched for a subject, as it was fetched.
 */
export function freshness(
  view: Pick<ViewReading, 'datasetState'>,
): (contract: Contract, now: number, from?: Pick<ViewReading, 'datasetState'>, subject?: SubjectKey) => Stated {
  const remembered = new Map<DatasetId, Known>();
  return (contract, now, from = view, subject) => {
    if (from !== view) return stated(known(from.datasetState(contract.id, subject), now), contract, now);
    let entry = remembered.get(contract.id);
    if (entry === undefined || now - entry.readAt > REREAD || now < entry.readAt) {
      entry = known(view.datasetState(contract.id), now);
      remembered.set(contract.id, entry);
    }
    return stated(entry, contract, now);
  };
}
