/** What every driver's reader makes of the rows that it has read: how far a dataset is, and what is visited. */
import { dataTopic } from '../../../../connectors/bus/port.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { DatasetId } from '../../../../contracts/ids.js';
import type { DatasetState, ReadOutcome, ReadPoint, VersionView, ViewWorkspace } from '../port.js';
import { bytesOf, startOf } from './head.js';
import type { ViewMaps } from './maps.js';
import { lengthAt, type RecordView } from './record.js';
import { type OffsetRow, readDataset, readOffset, settle } from './state.js';

export type Visit = (dataset: number, version: VersionView) => void | boolean;

export interface Known {
  readonly state: DatasetState;
  /** A partition each. */
  readonly offsets: readonly OffsetRow[];
}

/** @param number the dataset's own */
export function knownOf(
  maps: Pick<ViewMaps, 'state'>,
  { prefix, contracts }: ViewWorkspace,
  dataset: DatasetId,
  number: number,
): Known {
  const topic = dataTopic(prefix, dataset);
  const partitions = contracts.get(dataset)?.partitions ?? 0;
  const offsets = Array.from({ length: partitions }, (_, partition) => readOffset(maps, topic, partition));
  const row = settle(readDataset(maps, number), (partition) => offsets[partition]?.next ?? 0);
  const { pending: _, ...state } = row;
  return { state, offsets };
}

/**
 * Whether the view can answer for that moment at all.
 * @throws YitongError `bad_request` where a cut does not name every partition
 */
export function reachable(
  { prefix, contracts }: ViewWorkspace,
  dataset: DatasetId,
  { state, offsets }: Known,
  at: ReadPoint,
): ReadOutcome {
  const latest = contracts.get(dataset)?.history === 'latest';
  if (at.kind !== 'now' && state.incomplete === true) return 'history_not_kept';
  switch (at.kind) {
    case 'now':
      return 'ok';
    case 'asOf':
      if (offsets.length === 0 || offsets.some(({ upTo }) => upTo < at.time)) return 'not_yet';
      return latest && at.time < (state.lastPublishedAt ?? 0) ? 'history_not_kept' : 'ok';
    case 'cut': {
      const cut = at.cut[dataTopic(prefix, dataset)];
      if (cut?.length !== offsets.length) {
        throw new YitongError('bad_request', `the cut must give the next offset of each partition of \`${dataset}\``);
      }
      if (offsets.some(({ next }, partition) => next < (cut[partition] ?? 0))) return 'not_yet';
      return latest && offsets.some(({ next }, partition) => next > (cut[partition] ?? 0)) ? 'history_not_kept' : 'ok';
    }
  }
}

/** Whether a version of a dataset's topic was there at the moment asked about. */
export const holdsAt =
  (at: ReadPoint, topic: string) =>
  (version: VersionView): boolean => {
    switch (at.kind) {
      case 'now':
        return true;
      case 'asOf':
        return version.publishedAt <= at.time;
      case 'cut':
        return version.offset < (at.cut[topic]?.[version.partition] ?? 0);
    }
  };

/** The records of one dataset that stand packed in a head. @param entry of the dataset */
export function visitPacked(view: RecordView, head: Buffer, entry: number, i: number, visit: Visit): void {
  let at = startOf(head, entry);
  const end = at + bytesOf(head, entry);
  while (at < end) {
    const next = at + lengthAt(head, at);
    if (visit(i, view.at(head, at)) === false) return;
    at = next;
  }
}
