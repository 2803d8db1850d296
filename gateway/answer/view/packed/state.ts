/** What the view knows about itself: JSON rows of the `state` map, read and written here only. */

import { controlTopic, dataTopic, type TopicName, type Watermark } from '../../../../connectors/bus/port.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { DatasetId } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import type { Contract } from '../../../../contracts/types.js';
import type { ViewMaps } from './maps.js';

export interface Meta {
  readonly format: number;
  readonly identity?: { readonly clusterId: string; readonly topicIds: Readonly<Record<string, string>> };
  /**
   * It takes the place of one that was damaged, and does not have all of it yet: it is not read, for what is missing is
   * not "none on record".
   */
  readonly rebuilding?: true;
  /** Data topics whose records are being removed: a crash in between must not leave half of them. */
  readonly forgetting?: readonly TopicName[];
}

export type Received = Watermark & { readonly receivedAt: number };

/** A watermark counts once the dataset's topic has been applied up to `after` (next offset a partition). */
interface Pending {
  readonly watermark: Received;
  readonly after: readonly number[];
}

interface DatasetRow {
  readonly records: number;
  readonly versions: number;
  readonly poisoned: number;
  readonly lastPublishedAt?: number;
  readonly incomplete?: boolean;
  readonly watermark?: Received;
  readonly complete?: Received;
  readonly pending: readonly Pending[];
}

export interface OffsetRow {
  readonly next: number;
  /** ms since 1970: everything that the bus stamped up to and including this moment has been applied. */
  readonly upTo: number;
}

export const EMPTY_DATASET: DatasetRow = { records: 0, versions: 0, poisoned: 0, pending: [] };
export const EMPTY_OFFSET: OffsetRow = { next: 0, upTo: 0 };
const MAX_PENDING = 8;

/** Moves the watermarks whose data have been applied from `pending` to where they count. */
export function settle(row: DatasetRow, nextOf: (partition: number) => number): DatasetRow {
  let { watermark, complete } = row;
  let ready = 0;
  for (const { watermark: arrived, after } of row.pending) {
    if (after.some((offset, partition) => nextOf(partition) < offset)) break;
    watermark = arrived;
    if (arrived.state === 'complete') complete = arrived;
    ready++;
  }
  if (ready === 0) return row;
  return {
    ...row,
    ...present({ watermark, complete }),
    pending: row.pending.slice(ready),
  };
}

/** The oldest waiting ones stay, so that a view that is always a little behind still gets on. */
export const waiting = (row: DatasetRow, pending: Pending): DatasetRow => ({
  ...row,
  pending: [...row.pending.slice(0, MAX_PENDING - 1), pending],
});

// The rows below were written by this file, in the format that `meta` names; that is why they are not checked again.
function read<T>(maps: Pick<ViewMaps, 'state'>, key: string): T | undefined {
  const row = maps.state.read(Buffer.from(key));
  return row === undefined ? undefined : (JSON.parse(row.toString()) as T);
}
const write = (maps: Pick<ViewMaps, 'state'>, key: string, row: unknown): void =>
  maps.state.put(Buffer.from(key), Buffer.from(JSON.stringify(row)));
export const readMeta = (maps: Pick<ViewMaps, 'state'>): Meta | undefined => read<Meta>(maps, 'meta');
export const writeMeta = (maps: Pick<ViewMaps, 'state'>, meta: Meta): void => write(maps, 'meta', meta);
export const readNumbers = (maps: Pick<ViewMaps, 'state'>): Readonly<Record<string, number>> =>
  read<Record<string, number>>(maps, 'numbers') ?? {};
export const writeNumbers = (maps: Pick<ViewMaps, 'state'>, numbers: Readonly<Record<string, number>>): void =>
  write(maps, 'numbers', numbers);
export const readDataset = (maps: Pick<ViewMaps, 'state'>, number: number): DatasetRow =>
  read<DatasetRow>(maps, `dataset/${number}`) ?? EMPTY_DATASET;
export const writeDataset = (maps: Pick<ViewMaps, 'state'>, number: number, row: DatasetRow): void =>
  write(maps, `dataset/${number}`, row);
const offsetKey = (topic: TopicName, partition: number): string => `offset/${topic}/${partition}`;
export const readOffset = (maps: Pick<ViewMaps, 'state'>, topic: TopicName, partition: number): OffsetRow =>
  read<OffsetRow>(maps, offsetKey(topic, partition)) ?? EMPTY_OFFSET;
export const writeOffset = (maps: Pick<ViewMaps, 'state'>, topic: TopicName, partition: number, row: OffsetRow): void =>
  write(maps, offsetKey(topic, partition), row);

/** What following a dataset needs of its contract: nothing that could not be sent to a thread. */
export type FollowedContract = Pick<Contract, 'id' | 'authority' | 'subject' | 'partitions' | 'history'>;

export interface DataSource {
  readonly kind: 'data';
  readonly topic: TopicName;
  readonly contract: FollowedContract;
  readonly number: number;
}
export interface ControlSource {
  readonly kind: 'control';
  readonly topic: TopicName;
  readonly datasets: ReadonlyMap<string, DataSource>;
}

/** Every topic that the view reads, by name. */
export type Sources = ReadonlyMap<TopicName, DataSource | ControlSource>;

export function sourcesOf(
  workspace: { readonly prefix: string; readonly contracts: ReadonlyMap<DatasetId, FollowedContract> },
  numbers: Readonly<Record<string, number>>,
): Sources {
  const sources = new Map<TopicName, DataSource | ControlSource>();
  const authorities = new Map<string, Map<string, DataSource>>();
  for (const contract of workspace.contracts.values()) {
    const topic = dataTopic(workspace.prefix, contract.id);
    const source: DataSource = { kind: 'data', topic, contract, number: numbers[contract.id] ?? -1 };
    sources.set(topic, source);
    const own = authorities.get(contract.authority) ?? new Map<string, DataSource>();
    authorities.set(contract.authority, own.set(contract.id, source));
  }
  for (const [authority, datasets] of authorities) {
    const topic = controlTopic(workspace.prefix, authority);
    sources.set(topic, { kind: 'control', topic, datasets });
  }
  return sources;
}

/** @throws YitongError `topic_mismatch` where the topic is none of them */
export function sourceOf(sources: Sources, topic: TopicName): DataSource | ControlSource {
  const source = sources.get(topic);
  if (source === undefined)
    throw new YitongError('topic_mismatch', `topic \`${topic}\` belongs to no dataset of the workspace`);
  return source;
}

/** A dataset keeps its number for as long as the file exists, so that readers may remember it. */
export function numberDatasets(
  known: Readonly<Record<string, number>>,
  ids: Iterable<DatasetId>,
): Readonly<Record<string, number>> {
  const numbers = { ...known };
  let next = Math.max(0, ...Object.values(numbers)) + 1;
  for (const id of ids) if (numbers[id] === undefined) numbers[id] = next++;
  return numbers;
}
