/**
 * The writing side: one process, one at a time. Each call is one transaction that holds the records, the counters and
 * the next offset, so a crash leaves either all of a batch or nothing, and the bus is read on from exactly there.
 */

import { mkdirSync } from 'node:fs';
import type { InRecord, TopicName } from '../../../../connectors/bus/port.js';
import { type CheckBody, checkBodies } from '../body-check.js';
import { newTally, type Tally } from '../packed/apply.js';
import { FORMAT, missingSchema, ViewChanges } from '../packed/changes.js';
import { numberDatasets, readMeta, readNumbers, writeMeta, writeNumbers } from '../packed/state.js';
import type { ApplyResult, CaughtUp, Cut, Forget, PreparedBatch, ViewWorkspace, ViewWriter } from '../port.js';
import { readerOn } from './reader.js';
import { removeDataset } from './remove-dataset.js';
import { openStore, type Store, type StoreSize } from './store.js';

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
  readonly #changes: ViewChanges;
  /** It was emptied by this process, and nothing but what stood on the bus by then has come in since. */
  #isFresh = false;

  constructor(
    readonly store: Store,
    readonly workspace: ViewWorkspace,
    check: CheckBody,
    rebuilding: boolean,
  ) {
    const numbers = store.write(() => {
      // made by another version of this code: all of it can be had from the bus again
      if (readMeta(store)?.format !== FORMAT) {
        this.#clear();
        writeMeta(store, { format: FORMAT, ...(rebuilding ? { rebuilding } : {}) });
      }
      const numbered = numberDatasets(readNumbers(store), workspace.contracts.keys());
      writeNumbers(store, numbered);
      return numbered;
    });
    this.#changes = new ViewChanges(store, workspace, numbers, check);
  }

  prepare(batch: readonly InRecord[]): PreparedBatch {
    return this.#changes.prepare(batch);
  }

  async apply(batch: readonly InRecord[], after?: Cut): Promise<ApplyResult> {
    const prepared = this.#changes.prepare(batch);
    // what is new comes in: what was read again until now may have lain here for long
    if (this.#changes.sources.get(prepared.topic)?.kind === 'data') this.#isFresh = false;
    const [tally = newTally()] = this.#add([prepared], after);
    const { applied, ignored, poisoned } = tally;
    return { applied, ignored, poisoned };
  }

  async applyAll(batches: readonly PreparedBatch[]): Promise<void> {
    this.#add(batches);
  }

  async caughtUp(partitions: readonly CaughtUp[]): Promise<void> {
    this.#write(() => this.#changes.caughtUp(partitions));
    this.store.reapReaders();
  }

  nextOffset(topic: TopicName, partition: number): number {
    return this.#changes.nextOffset(topic, partition);
  }

  completeUpTo(topic: TopicName, partition: number): number {
    return this.#changes.completeUpTo(topic, partition);
  }

  async reset(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    this.#write(() => {
      const numbers = readNumbers(this.store);
      const rebuilding = readMeta(this.store)?.rebuilding;
      this.#clear();
      this.#changes.begin(clusterId, topicIds, rebuilding);
      writeNumbers(this.store, numbers);
    });
  }

  async forget(topic: TopicName, how: Forget = {}): Promise<void> {
    this.#write(() => this.#changes.beginForgetting(topic, how));
    await this.resume();
  }

  /** Finishes what was being forgotten. */
  async resume(): Promise<void> {
    for (const topic of this.#changes.forgetting()) {
      const source = this.#changes.sources.get(topic);
      if (source?.kind === 'data') await removeDataset(this.store, source, (work) => this.#write(work));
      this.#write(() => this.#changes.forgotten(topic));
    }
  }

  outgrown(): readonly TopicName[] {
    const found = new Set<TopicName>();
    for (const { key, value } of this.store.poison.getRange({})) {
      const topic = key.toString('utf8', 0, key.indexOf(0));
      const source = this.#changes.sources.get(topic);
      if (source?.kind !== 'data' || found.has(topic)) continue;
      const schema = this.workspace.schemasById.get(missingSchema(value) ?? -1);
      if (schema?.contract.id === source.contract.id) found.add(topic);
    }
    return [...found];
  }

  async markIncomplete(
    topic: TopicName,
    behind?: { readonly partition: number; readonly next: number },
  ): Promise<void> {
    this.#write(() => this.#changes.markIncomplete(topic, behind));
  }

  async rebuilt(): Promise<void> {
    if (readMeta(this.store)?.rebuilding === undefined) return;
    this.#write(() => this.#changes.rebuilt());
  }

  #clear(): void {
    for (const db of [this.store.heads, this.store.records, this.store.history, this.store.poison, this.store.state])
      db.clear();
    this.#isFresh = true;
  }

  identity(): ReturnType<ViewWriter['identity']> {
    return this.#changes.identity();
  }

  async setIdentity(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    this.#write(() => this.#changes.setIdentity(clusterId, topicIds));
  }

  /** @throws YitongError `store_full`; then the next offset stands where it stood */
  #add(batches: readonly PreparedBatch[], after?: Cut): Tally[] {
    return this.#write(() => {
      this.store.refuseFull();
      return this.#changes.apply(batches, after, this.#isFresh);
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
