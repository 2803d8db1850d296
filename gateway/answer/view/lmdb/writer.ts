/**
 * The writing side: one process, one at a time. Each call is one transaction that holds the records, the counters and
 * the next offset, so a crash leaves either all of a batch or nothing, and the bus is read on from exactly there.
 */

import { mkdirSync } from 'node:fs';
import type { InRecord, TopicName } from '../../../../connectors/bus/port.js';
import { OneByOne } from '../../../../contracts/turns.js';
import { type CheckBody, checkBodies } from '../body-check.js';
import { newTally, type Tally } from '../packed/apply.js';
import { FORMAT, missingSchema, ViewChanges } from '../packed/changes.js';
import { prepareBatch } from '../packed/prepared.js';
import { numberDatasets, readMeta, readNumbers, sourcesOf, writeMeta, writeNumbers } from '../packed/state.js';
import type { ApplyResult, CaughtUp, Cut, Forget, PreparedBatch, ViewWorkspace, ViewWriter } from '../port.js';
import { ApplyBeside } from './apply-beside.js';
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
  /** Bytes of batches from which on they are applied on a thread beside. Default 8 MiB. */
  readonly besideFrom?: number;
}

const BESIDE_FROM = 8 * 2 ** 20;

/** @throws YitongError `view_unavailable` */
export async function openLmdbViewWriter(options: WriterOptions): Promise<ViewWriter> {
  mkdirSync(options.dir, { recursive: true });
  const store = openStore(options.dir, false, options.size);
  store.reapReaders();
  const writer = new LmdbViewWriter(store, options);
  await writer.resume();
  return writer;
}

class LmdbViewWriter implements ViewWriter {
  readonly workspace: ViewWorkspace;
  readonly #check: CheckBody;
  readonly #changes: ViewChanges;
  readonly #beside: ApplyBeside;
  readonly #besideFrom: number;
  /** One transaction after the other, on whichever thread: this one would stand still while the other has the lock. */
  readonly #turns = new OneByOne();
  /** It was emptied by this process, and nothing but what stood on the bus by then has come in since. */
  #isFresh = false;

  constructor(
    readonly store: Store,
    {
      dir,
      workspace,
      size,
      check = checkBodies(workspace),
      rebuilding = false,
      besideFrom = BESIDE_FROM,
    }: WriterOptions,
  ) {
    this.workspace = workspace;
    this.#check = check;
    this.#besideFrom = besideFrom;
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
    this.#changes = new ViewChanges(store, sourcesOf(workspace, numbers));
    this.#beside = new ApplyBeside(() => ({
      dir,
      size,
      prefix: workspace.prefix,
      numbers,
      contracts: new Map(
        [...workspace.contracts].map(([key, { id, authority, subject, partitions, history }]) => [
          key,
          { id, authority, subject, partitions, history },
        ]),
      ),
    }));
  }

  prepare(batch: readonly InRecord[]): PreparedBatch {
    const { sources } = this.#changes;
    return prepareBatch(batch, { sources, workspace: this.workspace, check: this.#check });
  }

  async apply(batch: readonly InRecord[], after?: Cut): Promise<ApplyResult> {
    const prepared = this.prepare(batch);
    return this.#inTurn(() => {
      // what is new comes in: what was read again until now may have lain here for long
      if (this.#changes.sources.get(prepared.topic)?.kind === 'data') this.#isFresh = false;
      const [tally = newTally()] = this.#add([prepared], after);
      const { applied, ignored, poisoned } = tally;
      return { applied, ignored, poisoned };
    });
  }

  applyAll(batches: readonly PreparedBatch[]): Promise<void> {
    return this.#inTurn(async () => {
      if (batches.reduce((all, { bytes }) => all + bytes.length, 0) < this.#besideFrom) this.#add(batches);
      else await this.#beside.apply(batches, this.#isFresh).finally(() => this.store.written());
    });
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      this.#beside.refuseBroken();
      return work();
    });
  }

  caughtUp(partitions: readonly CaughtUp[]): Promise<void> {
    return this.#inTurn(() => {
      this.#write(() => this.#changes.caughtUp(partitions));
      this.store.reapReaders();
    });
  }

  nextOffset(topic: TopicName, partition: number): number {
    return this.#changes.nextOffset(topic, partition);
  }

  completeUpTo(topic: TopicName, partition: number): number {
    return this.#changes.completeUpTo(topic, partition);
  }

  reset(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    return this.#inTurn(() =>
      this.#write(() => {
        const numbers = readNumbers(this.store);
        const rebuilding = readMeta(this.store)?.rebuilding;
        this.#clear();
        this.#changes.begin(clusterId, topicIds, rebuilding);
        writeNumbers(this.store, numbers);
      }),
    );
  }

  forget(topic: TopicName, how: Forget = {}): Promise<void> {
    return this.#inTurn(() => {
      this.#write(() => this.#changes.beginForgetting(topic, how));
      return this.resume();
    });
  }

  /** Finishes what was being forgotten; when it is opened, or in turn. */
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

  markIncomplete(topic: TopicName, behind?: { readonly partition: number; readonly next: number }): Promise<void> {
    return this.#inTurn(() => this.#write(() => this.#changes.markIncomplete(topic, behind)));
  }

  rebuilt(): Promise<void> {
    return this.#inTurn(() => {
      if (readMeta(this.store)?.rebuilding !== undefined) this.#write(() => this.#changes.rebuilt());
    });
  }

  #clear(): void {
    for (const db of [this.store.heads, this.store.records, this.store.history, this.store.poison, this.store.state])
      db.clear();
    this.#isFresh = true;
  }

  identity(): ReturnType<ViewWriter['identity']> {
    return this.#changes.identity();
  }

  setIdentity(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    return this.#inTurn(() => this.#write(() => this.#changes.setIdentity(clusterId, topicIds)));
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
    await this.#turns.over();
    await this.#beside.close();
    await this.store.close();
  }
}
