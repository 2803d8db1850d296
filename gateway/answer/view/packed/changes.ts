/**
 * What a transaction changes in the maps of a view: batches with their offsets and counters, watermarks, and what is
 * forgotten. Everything is called within a transaction of the driver, and nothing here waits.
 */
import type { InRecord, TopicName, Watermark } from '../../../../connectors/bus/port.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { FRAME_BYTES } from '../../../../contracts/wire.js';
import type { CheckBody } from '../body-check.js';
import type { CaughtUp, Cut, Forget, ViewWorkspace } from '../port.js';
import { DataApplier, newTally, type PoisonReason, type Tally, Touched } from './apply.js';
import { poisonKey } from './keys.js';
import type { ViewMaps } from './maps.js';
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
  settle,
  sourcesOf,
  waiting,
  writeDataset,
  writeMeta,
  writeOffset,
} from './state.js';

const STATES = new Set<string>(['complete', 'failed', 'refused']);

/** Raised with any change of layout; a view of another number is rebuilt from the bus. */
export const FORMAT = 2;

export class ViewChanges {
  readonly sources: ReadonlyMap<TopicName, DataSource | ControlSource>;
  readonly #data: DataApplier;

  /**
   * @param numbers of the datasets
   * @param isHere whether a record of a data topic belongs here; the offset goes beyond one that does not. Default: all
   */
  constructor(
    readonly store: ViewMaps,
    readonly workspace: ViewWorkspace,
    numbers: Readonly<Record<string, number>>,
    check: CheckBody,
    readonly isHere?: (record: InRecord) => boolean,
  ) {
    this.sources = sourcesOf(workspace, numbers);
    this.#data = new DataApplier(store, workspace, check);
  }

  /** Applies what `checked` has made. @param isFresh as `ViewMap.get` takes it */
  apply<T>(work: (touched: Touched) => T, isFresh = false): T {
    const touched = new Touched(isFresh);
    const done = work(touched);
    this.#data.store(touched);
    return done;
  }

  /** What applies a batch within a transaction. Whatever is wrong with its form is thrown before there is one. */
  checked(batch: readonly InRecord[], after: Cut | undefined): (touched: Touched) => Tally {
    const [first] = batch;
    if (first === undefined) return newTally;
    const { topic, partition } = first;
    const source = this.source(topic);
    let expected = first.offset;
    for (const record of batch) {
      if (record.topic !== topic || record.partition !== partition || record.offset < expected) {
        throw new YitongError('topic_mismatch', `a batch of topic \`${topic}\` must hold one partition, in order`);
      }
      expected = record.offset + 1;
    }
    return (touched) => {
      const row = readOffset(this.store, topic, partition);
      const fresh = batch.filter((record) => record.offset >= row.next);
      const last = fresh.at(-1);
      if (last === undefined) return { ...newTally(), ignored: batch.length };
      const setAside = (record: InRecord, reason: PoisonReason): void => this.#setAside(record, reason);
      const done =
        source.kind === 'data'
          ? this.#applyData(source, this.#here(fresh), touched, setAside)
          : this.#applyControl(source, fresh, after, setAside);
      done.ignored += batch.length - fresh.length;
      // one of the same millisecond may still follow
      writeOffset(this.store, topic, partition, {
        next: last.offset + 1,
        upTo: Math.max(row.upTo, last.timestamp - 1),
      });
      return done;
    };
  }

  #applyData(
    source: DataSource,
    fresh: readonly InRecord[],
    touched: Touched,
    setAside: (record: InRecord, reason: PoisonReason) => void,
  ): Tally {
    if (fresh.length === 0) return newTally();
    const row = readDataset(this.store, source.number);
    const tally = this.#data.apply(source, fresh, { past: row.versions > row.records, touched }, setAside);
    const newest = fresh.reduce((latest, record) => Math.max(latest, record.timestamp), row.lastPublishedAt ?? 0);
    writeDataset(this.store, source.number, {
      ...row,
      records: row.records + tally.records,
      versions: row.versions + tally.versions,
      poisoned: row.poisoned + tally.poisoned,
      lastPublishedAt: newest,
    });
    return tally;
  }

  #applyControl(
    source: ControlSource,
    fresh: readonly InRecord[],
    after: Cut | undefined,
    setAside: (record: InRecord, reason: PoisonReason) => void,
  ): Tally {
    const tally = newTally();
    for (const record of fresh) {
      const watermark = parseWatermark(record);
      // an authority speaks for its own datasets only
      const dataset = watermark === undefined ? undefined : source.datasets.get(watermark.dataset);
      if (watermark === undefined || dataset === undefined) {
        setAside(record, 'watermark');
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
    return tally;
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

  #here(records: readonly InRecord[]): readonly InRecord[] {
    return this.isHere === undefined ? records : records.filter(this.isHere);
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
    const source = this.source(topic);
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
    const source = this.source(topic);
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

  source(topic: TopicName): DataSource | ControlSource {
    const source = this.sources.get(topic);
    if (source === undefined)
      throw new YitongError('topic_mismatch', `topic \`${topic}\` belongs to no dataset of the workspace`);
    return source;
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
