/**
 * The writing side: one process, one at a time. Each call is one transaction that holds the records, the counters and
 * the next offset, so a crash leaves either all of a batch or nothing, and the bus is read on from exactly there.
 */

import { mkdirSync } from 'node:fs';
import type { InRecord, TopicName, Watermark } from '../../../../connectors/bus/port.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { FRAME_BYTES } from '../../../../contracts/wire.js';
import { type CheckBody, checkBodies } from '../body-check.js';
import type { ApplyResult, CaughtUp, Cut, Forget, ViewWorkspace, ViewWriter } from '../port.js';
import { DataApplier, newTally, type PoisonReason, type Tally, Touched } from './apply.js';
import { readerOn } from './reader.js';
import { removeDataset } from './remove-dataset.js';
import {
  type ControlSource,
  type DataSource,
  EMPTY_DATASET,
  EMPTY_OFFSET,
  type Meta,
  numberDatasets,
  type Received,
  readDataset,
  readMeta,
  readNumbers,
  readOffset,
  settle,
  sourcesOf,
  waiting,
  writeDataset,
  writeMeta,
  writeNumbers,
  writeOffset,
} from './state.js';
import { FORMAT, openStore, poisonKey, type Store, type StoreSize } from './store.js';

const STATES = new Set<string>(['complete', 'failed', 'refused']);

interface WriterOptions {
  /** A directory on a local disk; made if it is not there. */
  readonly dir: string;
  readonly workspace: ViewWorkspace;
  /**
   * Looks at each body before it is let in. By default `checkBodies`, so that no answer stumbles over a record later.
   */
  readonly check?: CheckBody;
  /** It takes the place of one that was damaged: other processes read it after `rebuilt`. */
  readonly rebuilding?: boolean;
  readonly size?: StoreSize;
}

/** @throws YitongError `view_unavailable` */
export async function openLmdbViewWriter(options: WriterOptions): Promise<ViewWriter> {
  mkdirSync(options.dir, { recursive: true });
  const store = openStore(options.dir, false, options.size);
  store.reapReaders();
  const writer = new LmdbViewWriter(
    store,
    options.workspace,
    options.check ?? checkBodies(options.workspace),
    options.rebuilding === true,
  );
  await writer.resume();
  return writer;
}

class LmdbViewWriter implements ViewWriter {
  readonly #sources: ReadonlyMap<TopicName, DataSource | ControlSource>;
  readonly #data: DataApplier;
  /** It was emptied by this process, and nothing but what stood on the bus by then has come in since. */
  #isFresh = false;

  constructor(
    readonly store: Store,
    readonly workspace: ViewWorkspace,
    check: CheckBody,
    rebuilding: boolean,
  ) {
    const numbers = store.write(() => {
      const meta = readMeta(store);
      // made by another version of this code: all of it can be had from the bus again
      if (meta?.format !== FORMAT) {
        this.#clear({ format: FORMAT, ...(rebuilding ? { rebuilding } : {}) });
      }
      const numbered = numberDatasets(readNumbers(store), workspace.contracts.keys());
      writeNumbers(store, numbered);
      return numbered;
    });
    this.#sources = sourcesOf(workspace, numbers);
    this.#data = new DataApplier(store, workspace, check);
  }

  apply(batch: readonly InRecord[], after?: Cut): Promise<ApplyResult> {
    return new Promise((resolve) => {
      const work = this.#checked(batch, after);
      // what is new comes in: what was read again until now may have lain here for long
      if (this.#sources.get(batch[0]?.topic ?? '')?.kind === 'data') this.#isFresh = false;
      const { applied, ignored, poisoned } = this.#add(work);
      resolve({ applied, ignored, poisoned });
    });
  }

  applyAll(batches: readonly (readonly InRecord[])[]): Promise<void> {
    return new Promise((resolve) => {
      const works = batches.map((batch) => this.#checked(batch, undefined));
      this.#add((touched) => {
        for (const work of works) work(touched);
      });
      resolve();
    });
  }

  /** What applies a batch within a transaction. Whatever is wrong with its form is thrown before there is one. */
  #checked(batch: readonly InRecord[], after: Cut | undefined): (touched: Touched) => Tally {
    const [first] = batch;
    if (first === undefined) return newTally;
    const { topic, partition } = first;
    const source = this.#source(topic);
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
          ? this.#applyData(source, fresh, touched, setAside)
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
    const row = readDataset(this.store, source.number);
    const tally = this.#data.apply(
      source,
      fresh,
      { past: row.versions > row.records, isFresh: this.#isFresh, touched },
      setAside,
    );
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

  async caughtUp(partitions: readonly CaughtUp[]): Promise<void> {
    this.#write(() => {
      for (const { topic, partition, at } of partitions) {
        const row = readOffset(this.store, topic, partition);
        if (at > row.upTo) writeOffset(this.store, topic, partition, { ...row, upTo: at });
      }
    });
    this.store.reapReaders();
  }

  nextOffset(topic: TopicName, partition: number): number {
    return readOffset(this.store, topic, partition).next;
  }

  completeUpTo(topic: TopicName, partition: number): number {
    return readOffset(this.store, topic, partition).upTo;
  }

  async reset(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    this.#write(() => {
      const numbers = readNumbers(this.store);
      const rebuilding = readMeta(this.store)?.rebuilding;
      this.#clear({
        format: FORMAT,
        identity: { clusterId, topicIds },
        ...present({ rebuilding }),
      });
      writeNumbers(this.store, numbers);
    });
  }

  async forget(topic: TopicName, how: Forget = {}): Promise<void> {
    const source = this.#source(topic);
    if (source.kind === 'control') {
      this.#write(() => {
        this.#restart(topic, 1);
        for (const { number } of source.datasets.values()) {
          const { watermark: _, complete: __, ...row } = readDataset(this.store, number);
          writeDataset(this.store, number, { ...row, pending: [] });
        }
      });
      return;
    }
    this.#write(() => {
      // first of all nothing is said of the dataset any more, then its records go
      const { complete } = readDataset(this.store, source.number);
      const pending =
        how.after === undefined || complete === undefined ? [] : [{ watermark: complete, after: how.after }];
      writeDataset(this.store, source.number, {
        ...EMPTY_DATASET,
        pending,
        ...(how.incomplete === true ? { incomplete: true } : {}),
      });
      this.#restart(topic, source.contract.partitions);
      const meta = readMeta(this.store) ?? { format: FORMAT };
      writeMeta(this.store, { ...meta, forgetting: [...new Set([...(meta.forgetting ?? []), topic])] });
    });
    await this.resume();
  }

  /** Finishes what was being forgotten. */
  async resume(): Promise<void> {
    for (const topic of readMeta(this.store)?.forgetting ?? []) {
      const source = this.#sources.get(topic);
      if (source?.kind === 'data') await removeDataset(this.store, source, (work) => this.#write(work));
      this.#write(() => {
        const { forgetting = [], ...meta } = readMeta(this.store) ?? { format: FORMAT };
        const left = forgetting.filter((one) => one !== topic);
        writeMeta(this.store, left.length === 0 ? meta : { ...meta, forgetting: left });
      });
    }
  }

  outgrown(): readonly TopicName[] {
    const found = new Set<TopicName>();
    for (const { key, value } of this.store.poison.getRange({})) {
      const topic = key.toString('utf8', 0, key.indexOf(0));
      const source = this.#sources.get(topic);
      if (source?.kind !== 'data' || found.has(topic)) continue;
      const body = 4 + value.readUInt32LE(0);
      const { reason } = JSON.parse(value.toString('utf8', 4, body)) as { readonly reason: PoisonReason };
      if (reason !== 'schema' || value.length < body + FRAME_BYTES) continue;
      if (this.workspace.schemasById.get(value.readUInt32BE(body + 1))?.contract.id === source.contract.id)
        found.add(topic);
    }
    return [...found];
  }

  async markIncomplete(
    topic: TopicName,
    behind?: { readonly partition: number; readonly next: number },
  ): Promise<void> {
    const source = this.#source(topic);
    this.#write(() => {
      if (source.kind === 'data')
        writeDataset(this.store, source.number, { ...readDataset(this.store, source.number), incomplete: true });
      if (behind === undefined) return;
      const row = readOffset(this.store, topic, behind.partition);
      if (behind.next > row.next) writeOffset(this.store, topic, behind.partition, { ...row, next: behind.next });
    });
  }

  async rebuilt(): Promise<void> {
    if (readMeta(this.store)?.rebuilding === undefined) return;
    this.#write(() => {
      const { rebuilding: _, ...meta } = readMeta(this.store) ?? { format: FORMAT };
      writeMeta(this.store, meta);
    });
  }

  #restart(topic: TopicName, partitions: number): void {
    for (let partition = 0; partition < partitions; partition++)
      writeOffset(this.store, topic, partition, EMPTY_OFFSET);
  }

  #source(topic: TopicName): DataSource | ControlSource {
    const source = this.#sources.get(topic);
    if (source === undefined)
      throw new YitongError('topic_mismatch', `topic \`${topic}\` belongs to no dataset of the workspace`);
    return source;
  }

  #clear(meta: Meta): void {
    for (const db of [this.store.heads, this.store.records, this.store.history, this.store.poison, this.store.state])
      db.clear();
    this.#isFresh = true;
    writeMeta(this.store, meta);
  }

  identity(): Meta['identity'] {
    return readMeta(this.store)?.identity;
  }

  async setIdentity(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    this.#write(() =>
      writeMeta(this.store, { ...readMeta(this.store), format: FORMAT, identity: { clusterId, topicIds } }),
    );
  }

  /** @throws YitongError `store_full`; then the next offset stands where it stood */
  #add<T>(work: (touched: Touched) => T): T {
    return this.#write(() => {
      this.store.refuseFull();
      const touched = new Touched();
      const done = work(touched);
      this.#data.store(touched);
      return done;
    });
  }

  #write<T>(work: () => T): T {
    return this.store.write(work);
  }

  look(signal: AbortSignal): Promise<string | undefined> {
    return this.store.look(signal);
  }

  reader(): ReturnType<ViewWriter['reader']> {
    return readerOn(this.store, this.workspace, () => Promise.resolve());
  }

  async close(): Promise<void> {
    await this.store.close();
  }
}

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
