/**
 * What a transaction changes in the maps of a view: batches with their offsets and counters, watermarks, and what is
 * forgotten. Everything is called within a transaction of the driver, and nothing here waits.
 */
import type { InRecord, TopicName, Watermark } from '../../../../connectors/bus/port.js';
import { present } from '../../../../contracts/present.js';
import { FRAME_BYTES } from '../../../../contracts/wire.js';
import type { CaughtUp, Cut, Forget, PoisonReason, PreparedBatch } from '../port.js';
import { type BatchWork, DataApplier, type DatasetWork, newTally, type Tally } from './apply.js';
import { poisonKey } from './keys.js';
import type { ViewMaps } from './maps.js';
import { rawOf } from './prepared.js';
import {
  type ControlSource,
  type DataSource,
  EMPTY_DATASET,
  EMPTY_OFFSET,
  type Meta,
  type Received,
  readDataset,
  readMeta,
  readOffset,
  type Sources,
  settle,
  sourceOf,
  waiting,
  writeDataset,
  writeMeta,
  writeOffset,
} from './state.js';

const STATES = new Set<string>(['complete', 'failed', 'refused']);

/** Raised with any change of layout; a view of another number is rebuilt from the bus. */
export const FORMAT = 2;

/** By which a record is known to belong somewhere; of its key no more than the subject is needed. */
export type RecordAddress = Pick<InRecord, 'key' | 'topic' | 'partition' | 'offset'>;

/** A dataset that batches of a transaction are of. */
interface OpenDataset {
  readonly number: number;
  readonly work: DatasetWork;
  /** Of its batches. */
  readonly tallies: Tally[];
  /** ms since 1970; 0 where there is none. */
  newest: number;
}

export class ViewChanges {
  readonly #data: DataApplier;

  /**
   * @param sources by the numbers that the maps have of the datasets
   * @param isHere whether a record of a data topic belongs here; the offset goes beyond one that does not. Default: all
   */
  constructor(
    readonly store: ViewMaps,
    readonly sources: Sources,
    readonly isHere?: (record: RecordAddress) => boolean,
  ) {
    this.#data = new DataApplier(store);
  }

  /**
   * Applies batches within a transaction.
   * @param after as `ViewWriter.apply` takes it
   * @param isFresh as `ViewMap.get` takes it
   * @returns of each batch what became of its records
   */
  apply(batches: readonly PreparedBatch[], after?: Cut, isFresh = false): Tally[] {
    const datasets = new Map<number, OpenDataset>();
    const works: BatchWork[] = [];
    const tallies = batches.map((batch) => {
      const { topic, partition, count, last } = batch;
      const tally = newTally();
      if (count === 0) return tally;
      const source = sourceOf(this.sources, topic);
      const row = readOffset(this.store, topic, partition);
      if (last.offset < row.next) {
        tally.ignored = count;
        return tally;
      }
      if (source.kind === 'data') works.push(this.#begin(source, batch, { from: row.next, datasets, tally }));
      else this.#applyControl(source, batch, { from: row.next, after, tally });
      // one of the same millisecond may still follow
      writeOffset(this.store, topic, partition, {
        next: last.offset + 1,
        upTo: Math.max(row.upTo, last.timestamp - 1),
      });
      return tally;
    });
    this.#data.apply(works, isFresh);
    for (const { number, newest, tallies: own } of datasets.values()) {
      const row = readDataset(this.store, number);
      const sum = (of: (tally: Tally) => number): number => own.reduce((all, one) => all + of(one), 0);
      writeDataset(this.store, number, {
        ...row,
        records: row.records + sum(({ records }) => records),
        versions: row.versions + sum(({ versions }) => versions),
        poisoned: row.poisoned + sum(({ poisoned }) => poisoned),
        ...(newest === 0 ? {} : { lastPublishedAt: newest }),
      });
    }
    return tallies;
  }

  /** What of a batch is applied, from an offset on. What is to be set aside is, at once. */
  #begin(
    source: DataSource,
    { topic, partition, bytes, count, aside }: PreparedBatch,
    {
      from,
      datasets,
      tally,
    }: { readonly from: number; readonly datasets: Map<number, OpenDataset>; readonly tally: Tally },
  ): BatchWork {
    const { number, contract } = source;
    let dataset = datasets.get(number);
    if (dataset === undefined) {
      const row = readDataset(this.store, number);
      dataset = {
        number,
        newest: row.lastPublishedAt ?? 0,
        tallies: [],
        work: { number, contract, past: row.versions > row.records },
      };
      datasets.set(number, dataset);
    }
    const open = dataset;
    open.tallies.push(tally);
    const takes = (key: string, offset: number, publishedAt: number): boolean => {
      if (offset < from) {
        tally.ignored++;
        return false;
      }
      if (this.isHere?.({ key, topic, partition, offset }) === false) return false;
      open.newest = Math.max(publishedAt, open.newest);
      return true;
    };
    for (const { record, reason } of aside) {
      if (!takes(record.key, record.offset, record.timestamp)) continue;
      this.#setAside(record, reason);
      tally.poisoned++;
    }
    return {
      dataset: open.work,
      bytes,
      count,
      tally,
      takes: (subject, { offset, publishedAt }) => takes(subject, offset, publishedAt),
      setAside: (subject, version, reason) => this.#setAside(rawOf(topic, subject, version), reason),
    };
  }

  #applyControl(
    source: ControlSource,
    { control = [] }: PreparedBatch,
    { from, after, tally }: { readonly from: number; readonly after: Cut | undefined; readonly tally: Tally },
  ): void {
    for (const record of control) {
      if (record.offset < from) {
        tally.ignored++;
        continue;
      }
      const watermark = parseWatermark(record);
      // an authority speaks for its own datasets only
      const dataset = watermark === undefined ? undefined : source.datasets.get(watermark.dataset);
      if (watermark === undefined || dataset === undefined) {
        this.#setAside(record, 'watermark');
        tally.poisoned++;
        continue;
      }
      const nextOf = (partition: number): number => this.nextOffset(dataset.topic, partition);
      const row = settle(readDataset(this.store, dataset.number), nextOf);
      writeDataset(
        this.store,
        dataset.number,
        settle(waiting(row, { watermark, after: after?.[dataset.topic] ?? [] }), nextOf),
      );
      tally.applied++;
    }
  }

  #setAside(record: InRecord, reason: PoisonReason): void {
    const about = Buffer.from(
      JSON.stringify({ reason, timestamp: record.timestamp, key: record.key, headers: record.headers }),
    );
    const size = Buffer.alloc(4);
    size.writeUInt32LE(about.length);
    this.store.poison.put(
      poisonKey(record.topic, record.partition, record.offset),
      Buffer.concat([size, about, record.value ?? Buffer.alloc(0)]),
    );
  }

  caughtUp(partitions: readonly CaughtUp[]): void {
    for (const { topic, partition, at } of partitions) {
      const row = readOffset(this.store, topic, partition);
      if (at > row.upTo) writeOffset(this.store, topic, partition, { ...row, upTo: at });
    }
  }

  nextOffset(topic: TopicName, partition: number): number {
    return readOffset(this.store, topic, partition).next;
  }

  completeUpTo(topic: TopicName, partition: number): number {
    return readOffset(this.store, topic, partition).upTo;
  }

  /**
   * First of all nothing is said of the dataset any more; its records go afterwards, then `forgotten` is called. Of a
   * control topic only the watermarks go, and that is all.
   */
  beginForgetting(topic: TopicName, how: Forget): void {
    const source = sourceOf(this.sources, topic);
    if (source.kind === 'control') {
      this.#restart(topic, 1);
      for (const { number } of source.datasets.values()) {
        const { watermark: _, complete: __, ...row } = readDataset(this.store, number);
        writeDataset(this.store, number, { ...row, pending: [] });
      }
      return;
    }
    const { complete } = readDataset(this.store, source.number);
    const pending =
      how.after === undefined || complete === undefined ? [] : [{ watermark: complete, after: how.after }];
    writeDataset(this.store, source.number, {
      ...EMPTY_DATASET,
      pending,
      ...(how.incomplete === true ? { incomplete: true } : {}),
    });
    this.#restart(topic, source.contract.partitions);
    const meta = this.#meta();
    writeMeta(this.store, { ...meta, forgetting: [...new Set([...(meta.forgetting ?? []), topic])] });
  }

  /** Topics of which the records are still to go. */
  forgetting(): readonly TopicName[] {
    return readMeta(this.store)?.forgetting ?? [];
  }

  forgotten(topic: TopicName): void {
    const { forgetting = [], ...meta } = this.#meta();
    const left = forgetting.filter((one) => one !== topic);
    writeMeta(this.store, left.length === 0 ? meta : { ...meta, forgetting: left });
  }

  markIncomplete(topic: TopicName, behind?: { readonly partition: number; readonly next: number }): void {
    const source = sourceOf(this.sources, topic);
    if (source.kind === 'data')
      writeDataset(this.store, source.number, { ...readDataset(this.store, source.number), incomplete: true });
    if (behind === undefined) return;
    const row = readOffset(this.store, topic, behind.partition);
    if (behind.next > row.next) writeOffset(this.store, topic, behind.partition, { ...row, next: behind.next });
  }

  rebuilt(): void {
    const { rebuilding: _, ...meta } = this.#meta();
    writeMeta(this.store, meta);
  }

  identity(): Meta['identity'] {
    return readMeta(this.store)?.identity;
  }

  setIdentity(clusterId: string, topicIds: Readonly<Record<string, string>>): void {
    writeMeta(this.store, { ...readMeta(this.store), format: FORMAT, identity: { clusterId, topicIds } });
  }

  /** What a view that was emptied says of itself. */
  begin(clusterId: string, topicIds: Readonly<Record<string, string>>, rebuilding?: true): void {
    writeMeta(this.store, { format: FORMAT, identity: { clusterId, topicIds }, ...present({ rebuilding }) });
  }

  #meta(): Meta {
    return readMeta(this.store) ?? { format: FORMAT };
  }

  #restart(topic: TopicName, partitions: number): void {
    for (let partition = 0; partition < partitions; partition++)
      writeOffset(this.store, topic, partition, EMPTY_OFFSET);
  }
}

interface SetAside {
  readonly reason: PoisonReason;
  readonly key: string;
}

/** What is said of a record that was set aside, and where its bytes begin. */
function setAside(value: Buffer): { readonly about: SetAside; readonly body: number } {
  const body = 4 + value.readUInt32LE(0);
  // written by `#setAside`
  return { about: JSON.parse(value.toString('utf8', 4, body)) as SetAside, body };
}

/**
 * The schema, by its id, for want of which a record was set aside; undefined where it was for something else.
 * @param value as it stands in the map
 */
export function missingSchema(value: Buffer): number | undefined {
  const { about, body } = setAside(value);
  return about.reason !== 'schema' || value.length < body + FRAME_BYTES ? undefined : value.readUInt32BE(body + 1);
}

/** The key that a record which was set aside has on the bus. */
export const setAsideKey = (value: Buffer): string => setAside(value).about.key;

function parseWatermark(record: InRecord): Received | undefined {
  if (record.value === null) return undefined;
  let said: unknown;
  try {
    said = JSON.parse(record.value.toString());
  } catch {
    return undefined;
  }
  if (typeof said !== 'object' || said === null) return undefined;
  const { dataset, sourceTime, snapshot, rows, state } = said as Partial<Record<keyof Watermark, unknown>>;
  if (typeof dataset !== 'string' || record.key !== `${dataset}|`) return undefined;
  if (typeof sourceTime !== 'string' || Number.isNaN(Date.parse(sourceTime))) return undefined;
  if (typeof snapshot !== 'boolean' || typeof rows !== 'number' || typeof state !== 'string' || !STATES.has(state))
    return undefined;
  return { dataset, sourceTime, snapshot, rows, state: state as Watermark['state'], receivedAt: record.timestamp };
}
