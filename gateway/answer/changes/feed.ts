/**
 * What has moved on the bus between a place and where the view stands: records of some datasets in the order of each
 * partition, so many at a time. Never beyond the view, by which it is judged what of them counts.
 */
import { type Bus, dataTopic, type InRecord } from '../../../connectors/bus/port.js';
import { YitongError } from '../../../contracts/errors.js';
import type { DatasetId } from '../../../contracts/ids.js';
import type { Cut } from '../view/port.js';

/** How far somebody is in one topic. */
interface Place {
  /** Of the topic: offsets mean nothing in one that was made anew. */
  readonly topic: string;
  /** The next offset of each partition. */
  readonly next: readonly number[];
  /** ms since 1970: when nothing lay behind it last. */
  readonly at: number;
}
export type Places = { readonly [dataset: string]: Place };

export interface Stretch {
  /** In the order of the bus within a partition. */
  readonly records: readonly { readonly dataset: DatasetId; readonly record: InRecord }[];
  /** Datasets of which the bus no longer has what came next: whoever follows begins anew with them. */
  readonly lost: readonly DatasetId[];
  /** Behind what was read. */
  readonly places: Places;
}

interface FeedParts {
  readonly bus: Bus;
  readonly prefix: string;
  readonly datasets: readonly DatasetId[];
  readonly from: Places;
  /** Where the view stands. */
  readonly to: Cut;
  readonly most: number;
  readonly history: (dataset: DatasetId) => 'full' | 'latest';
  readonly now: () => number;
}

/** ms without a record after which the bus is taken to be away. */
const PATIENCE = 20_000;
/** A compacted topic keeps a withdrawal so long: whoever was away longer may have missed one. */
const WITHDRAWALS_KEPT_MS = 24 * 3_600_000;

/** Where somebody begins who begins now. */
export async function placesNow(
  bus: Bus,
  prefix: string,
  datasets: readonly DatasetId[],
  to: Cut,
  at: number,
): Promise<Places> {
  const places = await Promise.all(
    datasets.map(async (dataset) => {
      const topic = dataTopic(prefix, dataset);
      const id = (await bus.topicState(topic))?.id ?? '';
      return [dataset, { topic: id, next: to[topic] ?? [], at }] as const;
    }),
  );
  return Object.fromEntries(places);
}

/** Whether something of these datasets lies between. */
export const hasMoved = (prefix: string, datasets: readonly DatasetId[], from: Places, to: Cut): boolean =>
  datasets.some((dataset) => {
    const next = from[dataset]?.next;
    return (to[dataTopic(prefix, dataset)] ?? []).some((end, partition) => end !== (next?.[partition] ?? 0));
  });

/**
 * @throws YitongError `bus_unavailable` where it cannot be read
 */
export async function readStretch(parts: FeedParts): Promise<Stretch> {
  const { datasets, from } = parts;
  const records: { dataset: DatasetId; record: InRecord }[] = [];
  const places: Record<string, Place> = { ...from };
  const lost: DatasetId[] = [];
  for (const dataset of datasets) {
    const left = parts.most - records.length;
    if (left <= 0) break;
    const read = await readDataset(parts, dataset, left);
    places[dataset] = read.place;
    if (read.records === 'lost') lost.push(dataset);
    else for (const record of read.records) records.push({ dataset, record });
  }
  return { records, lost, places };
}

interface DatasetRead {
  readonly records: readonly InRecord[] | 'lost';
  readonly place: Place;
}

async function readDataset(parts: FeedParts, dataset: DatasetId, most: number): Promise<DatasetRead> {
  const { bus, prefix, from, to, history, now } = parts;
  const topic = dataTopic(prefix, dataset);
  const ends = to[topic] ?? [];
  const known = from[dataset] ?? { topic: '', next: [], at: now() };
  if (ends.every((end, partition) => end === (known.next[partition] ?? 0)))
    return { records: [], place: { ...known, at: now() } };
  const looked = now();
  const state = await bus.topicState(topic);
  if (state === undefined) return { records: [], place: known };
  const next = ends.map((_, partition) => known.next[partition] ?? 0);
  // a topic that was not there yet when somebody began
  const isNew = known.topic === '' && next.every((offset) => offset === 0);
  const tooOld = history(dataset) === 'latest' && looked - known.at > WITHDRAWALS_KEPT_MS;
  const gap = !isNew && state.partitions.some(({ low }, partition) => low > (next[partition] ?? 0));
  // the view itself may have been built anew from a topic that is shorter
  const isAhead = ends.some((end, partition) => (next[partition] ?? 0) > end);
  if ((!isNew && known.topic !== state.id) || tooOld || gap || isAhead)
    return { records: 'lost', place: { topic: state.id, next: ends, at: looked } };
  const records = await readPartitions(bus, topic, next, ends, most);
  const isThere = next.every((offset, partition) => offset >= (ends[partition] ?? 0));
  return { records, place: { topic: state.id, next, at: isThere ? looked : known.at } };
}

/** Moves `next` behind what it gives. */
async function readPartitions(
  bus: Bus,
  topic: string,
  next: number[],
  ends: readonly number[],
  most: number,
): Promise<readonly InRecord[]> {
  const records: InRecord[] = [];
  let settle: (error?: unknown) => void = () => undefined;
  const over = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error as Error));
  });
  over.catch(() => undefined);
  const late = (): void => settle(new YitongError('bus_unavailable', 'what changed cannot be read from the bus'));
  let timer = setTimeout(late, PATIENCE);
  const isOver = (): boolean => records.length >= most || ends.every((end, partition) => (next[partition] ?? 0) >= end);
  const consumption = await bus
    .consume({
      topics: [topic],
      from: (_, partition) => next[partition] ?? 0,
      onOffsetLost: ({ low }) => low,
      maxBatch: most,
      onBatch: async (batch) => {
        clearTimeout(timer);
        timer = setTimeout(late, PATIENCE);
        for (const record of batch) {
          if (isOver()) break;
          const end = ends[record.partition] ?? 0;
          next[record.partition] = Math.min(end, record.offset + 1);
          if (record.offset < end) records.push(record);
        }
        if (isOver()) settle();
      },
    })
    .catch((error: unknown) => {
      clearTimeout(timer);
      throw error;
    });
  consumption.done.catch(settle);
  try {
    await over;
  } finally {
    clearTimeout(timer);
    await consumption.stop();
  }
  return records;
}
