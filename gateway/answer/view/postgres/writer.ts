/**
 * The writing side of one server: every call is one transaction that holds the records, the counters and the next
 * offset of what the server has. Whoever writes locks the server's row of commits first, so two writers do no harm: the
 * later one sees by the offsets that what it has was applied.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { dataTopic, type InRecord, type TopicName } from '../../../../connectors/bus/port.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { OneByOne } from '../../../../contracts/turns.js';
import type { Connection, Statement } from '../../../ground/state/postgres/pool.js';
import { type CheckBody, checkBodies } from '../body-check.js';
import { newTally, type Tally } from '../packed/apply.js';
import { FORMAT, missingSchema, type RecordAddress, ViewChanges } from '../packed/changes.js';
import { entryOf, isEmpty, isSpilled, without } from '../packed/head.js';
import type { ViewMaps } from '../packed/maps.js';
import { prepareBatch, visitPrepared } from '../packed/prepared.js';
import {
  numberDatasets,
  readDataset,
  readMeta,
  readNumbers,
  readOffset,
  sourcesOf,
  writeMeta,
  writeNumbers,
} from '../packed/state.js';
import type {
  ApplyResult,
  CaughtUp,
  Cut,
  Forget,
  PreparedBatch,
  ViewReader,
  ViewWorkspace,
  ViewWriter,
} from '../port.js';
import { Transaction } from './overlay.js';
import { readerOver } from './reader.js';
import { type RecordPlace, Rows } from './rows.js';
import { checkSchema, inSchema } from './schema.js';
import { SLICES_KEY } from './server-state.js';
import type { ServerView } from './server-view.js';
import { inRuns, NO_SLICES, SLICES, type SliceRun, sliceOfKey } from './slices.js';

interface PostgresWriterOptions {
  readonly server: ServerView;
  readonly workspace: ViewWorkspace;
  /** What a server that has nothing yet is to have. */
  readonly slices: readonly SliceRun[];
  readonly check?: CheckBody;
  /** Ends the waiting for a server that is away. */
  readonly signal?: AbortSignal;
  /** Told each time that the server did not do what it was asked; it is asked again. */
  readonly onAway?: (error: Error) => void;
}

/** ms between two tries of a transaction. */
const PAUSE = 200;
/** Heads that one transaction looks at while a dataset is removed. */
const PIECE = 5000;
/** Slices of which one transaction removes rows. */
const SLICES_AT_ONCE = 256;

/** What is read and changed within a transaction; outside of one, what was committed last. */
class CurrentMaps implements ViewMaps {
  current: Transaction;
  constructor(current: Transaction) {
    this.current = current;
  }
  get heads() {
    return this.current.heads;
  }
  get records() {
    return this.current.records;
  }
  get history() {
    return this.current.history;
  }
  get poison() {
    return this.current.poison;
  }
  get state() {
    return this.current.state;
  }
}

/** What of a slice that is being copied here has come with the copy: next offsets by topic and partition. */
type ArrivingOffsets = Readonly<Record<string, number>>;
export const arrivingKey = (slice: number): string => `arriving/${String(slice)}`;
const partitionKey = (topic: string, partition: number): string => `${topic}/${String(partition)}`;

/** @throws YitongError `view_unavailable`, `state_unavailable`, `state_denied` */
export async function openPostgresViewWriter(options: PostgresWriterOptions): Promise<ViewWriter> {
  const writer = new PostgresViewWriter(options);
  await writer.open(options.slices);
  return writer;
}

class PostgresViewWriter implements ViewWriter {
  readonly #server: ServerView;
  readonly #workspace: ViewWorkspace;
  readonly #check: CheckBody;
  readonly #signal: AbortSignal | undefined;
  readonly #onAway: (error: Error) => void;
  readonly #rows: Rows;
  readonly #maps: CurrentMaps;
  readonly #statements;
  #changes: ViewChanges;
  /** By slice: 0 not here, 1 here, 2 being copied here. */
  #here = new Uint8Array(SLICES);
  #arriving = new Map<number, ArrivingOffsets>();
  #slicesRow: string | undefined;
  /** Topic and schema, of records that were set aside for want of a schema. */
  readonly #missing = new Set<string>();
  /** One transaction after the other. */
  readonly #turns = new OneByOne();

  constructor({ server, workspace, check, signal, onAway = () => undefined }: PostgresWriterOptions) {
    this.#server = server;
    this.#workspace = workspace;
    this.#check = check ?? checkBodies(workspace);
    this.#signal = signal;
    this.#onAway = onAway;
    this.#rows = new Rows(server.schema);
    this.#maps = new CurrentMaps(new Transaction(server.latest()));
    this.#changes = this.#changesWith({});
    this.#statements = statementsOf(server.schema);
  }

  #changesWith(numbers: Readonly<Record<string, number>>): ViewChanges {
    return new ViewChanges(this.#maps, sourcesOf(this.#workspace, numbers), (record) => this.#isHere(record));
  }

  async open(slices: readonly SliceRun[]): Promise<void> {
    await checkSchema(this.#server.pool, this.#server.schema);
    const other = await this.#write(() => {
      const meta = readMeta(this.#maps);
      if (meta !== undefined && meta.format > FORMAT)
        throw new YitongError('view_unavailable', 'the view was made by a newer version of the gateway');
      const numbers = numberDatasets(readNumbers(this.#maps), this.#workspace.contracts.keys());
      writeNumbers(this.#maps, numbers);
      if (meta === undefined) writeMeta(this.#maps, { format: FORMAT });
      if (this.#maps.state.read(Buffer.from(SLICES_KEY)) === undefined)
        this.#maps.state.put(Buffer.from(SLICES_KEY), Buffer.from(JSON.stringify({ ...NO_SLICES, held: slices })));
      return meta !== undefined && meta.format < FORMAT;
    });
    this.#changes = this.#changesWith(readNumbers(this.#maps));
    const missing = await this.#server.pool.query<{ readonly topic: string; readonly schema_id: number }>(
      this.#statements.missing,
    );
    for (const { topic, schema_id } of missing) this.#missing.add(`${topic}/${String(schema_id)}`);
    // made by an earlier version of this code: all of it can be had from the bus again
    if (other) await this.reset('', {});
    await this.#resume();
  }

  prepare(batch: readonly InRecord[]): PreparedBatch {
    const { sources } = this.#changes;
    return prepareBatch(batch, { sources, workspace: this.#workspace, check: this.#check });
  }

  async apply(batch: readonly InRecord[], after?: Cut): Promise<ApplyResult> {
    const [tally = newTally()] = await this.#add([this.prepare(batch)], after);
    const { applied, ignored, poisoned } = tally;
    return { applied, ignored, poisoned };
  }

  async applyAll(batches: readonly PreparedBatch[]): Promise<void> {
    await this.#add(batches);
  }

  async caughtUp(partitions: readonly CaughtUp[]): Promise<void> {
    if (partitions.length > 0) await this.#write(() => this.#changes.caughtUp(partitions));
  }

  nextOffset(topic: TopicName, partition: number): number {
    return this.#changes.nextOffset(topic, partition);
  }

  completeUpTo(topic: TopicName, partition: number): number {
    return this.#changes.completeUpTo(topic, partition);
  }

  async reset(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    await this.#write(() => {
      const keep = new Set(['numbers', SLICES_KEY]);
      for (const key of this.#server.latest().keys()) if (!keep.has(key)) this.#maps.state.remove(Buffer.from(key));
      // a slice that was being copied here is still where it came from
      const slices = this.#server.latest().slices();
      this.#maps.state.put(Buffer.from(SLICES_KEY), Buffer.from(JSON.stringify({ ...slices, arriving: {} })));
      this.#changes.begin(clusterId, topicIds);
      // nothing is said of the datasets any more: now their rows can go, and a crash in between leaves none
      for (const { id } of this.#workspace.contracts.values())
        this.#changes.beginForgetting(dataTopic(this.#workspace.prefix, id), {});
    });
    await this.#removeBySlices(this.#statements.removeAll);
    await this.#write(async (connection) => void (await connection.query(this.#statements.removeAside)));
    this.#missing.clear();
    await this.#write(() => {
      for (const topic of this.#changes.forgetting()) this.#changes.forgotten(topic);
    });
  }

  async forget(topic: TopicName, how: Forget = {}): Promise<void> {
    await this.#write(() => this.#changes.beginForgetting(topic, how));
    await this.#resume();
  }

  /** Finishes what was being forgotten. */
  async #resume(): Promise<void> {
    for (const topic of this.#changes.forgetting()) {
      const source = this.#changes.sources.get(topic);
      if (source?.kind === 'data') {
        await this.#removeDataset(source.number);
        await this.#write(async (connection) => void (await connection.query(this.#statements.removeAsideOf, [topic])));
        for (const missing of this.#missing) if (missing.startsWith(`${topic}/`)) this.#missing.delete(missing);
      }
      await this.#write(() => this.#changes.forgotten(topic));
    }
  }

  async #removeDataset(number: number): Promise<void> {
    let [slice, subject] = [-1, ''];
    for (let more = true; more; ) {
      await this.#transact(
        async (connection, maps) => {
          const rows = await connection.query<{
            readonly slice: number;
            readonly subject: string;
            readonly head: Buffer;
          }>(this.#statements.heads, [slice, subject, PIECE]);
          for (const row of rows) maps.heads.load(Buffer.from(row.subject), row.head);
          more = rows.length === PIECE;
          const last = rows.at(-1);
          if (last !== undefined) [slice, subject] = [last.slice, last.subject];
          return rows;
        },
        (rows) => {
          for (const row of rows) {
            const head = without(row.head, number);
            if (head === row.head) continue;
            if (isEmpty(head)) this.#maps.heads.remove(Buffer.from(row.subject));
            else this.#maps.heads.put(Buffer.from(row.subject), head);
          }
        },
      );
    }
    await this.#removeBySlices(this.#statements.removeOf, number);
  }

  async #removeBySlices(statements: readonly Statement[], ...more: readonly unknown[]): Promise<void> {
    for (let from = 0; from < SLICES; from += SLICES_AT_ONCE)
      await this.#write(async (connection) => {
        for (const statement of statements)
          await connection.query(statement, [from, from + SLICES_AT_ONCE - 1, ...more]);
      });
  }

  outgrown(): readonly TopicName[] {
    const { prefix, schemasById } = this.#workspace;
    const found = new Set<TopicName>();
    for (const missing of this.#missing) {
      const at = missing.lastIndexOf('/');
      const topic = missing.slice(0, at);
      const id = schemasById.get(Number(missing.slice(at + 1)))?.contract.id;
      if (id !== undefined && dataTopic(prefix, id) === topic) found.add(topic);
    }
    return [...found];
  }

  async markIncomplete(
    topic: TopicName,
    behind?: { readonly partition: number; readonly next: number },
  ): Promise<void> {
    await this.#write(() => this.#changes.markIncomplete(topic, behind));
  }

  async rebuilt(): Promise<void> {
    if (readMeta(this.#maps)?.rebuilding !== undefined) await this.#write(() => this.#changes.rebuilt());
  }

  identity(): ReturnType<ViewWriter['identity']> {
    return this.#changes.identity();
  }

  async setIdentity(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    await this.#write(() => this.#changes.setIdentity(clusterId, topicIds));
  }

  reader(): ViewReader {
    const name = this.#server.name;
    return readerOver({ servers: [this.#server], serverOf: () => name, workspace: this.#workspace });
  }

  /** The server looks at its own pages, where its checksums are on. */
  async look(): Promise<string | undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    await this.#turns.over();
  }

  #isHere(record: RecordAddress): boolean {
    const slice = sliceOfKey(record.key);
    const here = this.#here[slice];
    if (here !== 2) return here === 1;
    // what the copy has is not applied again
    return record.offset >= (this.#arriving.get(slice)?.[partitionKey(record.topic, record.partition)] ?? 0);
  }

  /** Which slices are here, as the state says it within a transaction. */
  #takeSlices(): void {
    const { state } = this.#maps;
    const row = state.read(Buffer.from(SLICES_KEY))?.toString();
    if (row === this.#slicesRow) return;
    this.#slicesRow = row;
    const { held, arriving } = row === undefined ? NO_SLICES : (JSON.parse(row) as typeof NO_SLICES);
    this.#here = Uint8Array.from({ length: SLICES }, (_, slice) => (inRuns(held, slice) ? 1 : 0));
    this.#arriving = new Map();
    for (const slice of Object.keys(arriving).map(Number)) {
      this.#here[slice] = 2;
      const offsets = state.read(Buffer.from(arrivingKey(slice)))?.toString();
      this.#arriving.set(slice, offsets === undefined ? {} : (JSON.parse(offsets) as ArrivingOffsets));
    }
  }

  #add(batches: readonly PreparedBatch[], after?: Cut): Promise<Tally[]> {
    return this.#transact(
      (connection, maps) => this.#load(connection, maps, batches),
      () => this.#changes.apply(batches, after),
    );
  }

  /** Brings what applying these batches will look at. */
  async #load(connection: Connection, maps: Transaction, batches: readonly PreparedBatch[]): Promise<void> {
    const places = new Map<string, RecordPlace>();
    /** Datasets that have a past. */
    const past = new Set<number>();
    for (const batch of batches) {
      const { topic, partition } = batch;
      const source = this.#changes.sources.get(topic);
      if (source?.kind !== 'data') continue;
      const { next } = readOffset(maps, topic, partition);
      const row = readDataset(maps, source.number);
      if (row.versions > row.records && source.contract.history === 'full') past.add(source.number);
      visitPrepared(batch.bytes, (subject, version) => {
        const { offset, recordId } = version;
        const key = `${subject}|${recordId}`;
        if (offset >= next && this.#isHere({ key, topic, partition, offset }))
          places.set(`${key}|${String(source.number)}`, {
            subject,
            recordId: version.idBytes(),
            dataset: source.number,
          });
      });
    }
    await this.#rows.loadHeads(connection, maps, [...new Set([...places.values()].map(({ subject }) => subject))]);
    const spilled = [...places.values()].filter(({ subject, dataset }) => {
      const head = maps.heads.get(Buffer.from(subject));
      const entry = head === undefined ? -1 : entryOf(head, dataset);
      return head !== undefined && entry >= 0 && isSpilled(head, entry);
    });
    await this.#rows.loadRecords(connection, maps, spilled);
    await this.#rows.loadVersions(
      connection,
      maps,
      [...places.values()].filter(({ dataset }) => past.has(dataset)),
    );
  }

  /** A transaction that needs nothing of the rows. */
  #write<T>(work: (connection: Connection) => T | Promise<T>): Promise<T> {
    return this.#transact(
      () => Promise.resolve(),
      (_, connection) => work(connection),
    );
  }

  /**
   * After those before it; again where the server was away. What it changed is in memory once it is committed.
   * @param load brings what `work` looks at, from the snapshot that `work` changes
   * @param work waits for nothing as long as it changes the maps
   */
  #transact<L, T>(
    load: (connection: Connection, maps: Transaction) => Promise<L>,
    work: (loaded: L, connection: Connection) => T | Promise<T>,
  ): Promise<T> {
    return this.#turns.take(async () => {
      for (;;) {
        this.#signal?.throwIfAborted();
        try {
          return await this.#once(load, work);
        } catch (error) {
          if (!isYitongError(error) || error.code !== 'state_unavailable') throw error;
          this.#onAway(error);
          await wait(PAUSE, undefined, this.#signal === undefined ? {} : { signal: this.#signal });
        }
      }
    });
  }

  #once<L, T>(
    load: (connection: Connection, maps: Transaction) => Promise<L>,
    work: (loaded: L, connection: Connection) => T | Promise<T>,
  ): Promise<T> {
    return this.#server.pool.using(async (connection) => {
      await connection.run('BEGIN');
      const before = await this.#server.lock(connection);
      const maps = new Transaction(before);
      const committed = this.#maps.current;
      const within = <R>(step: () => R): R => {
        this.#maps.current = maps;
        try {
          return step();
        } finally {
          this.#maps.current = committed;
        }
      };
      within(() => this.#takeSlices());
      const loaded = await load(connection, maps);
      const result = await within(() => work(loaded, connection));
      const stamp = before.stamp + 1;
      const changed = await this.#rows.write(connection, maps, stamp);
      await connection.query(this.#statements.commit, [stamp]);
      await connection.run('COMMIT');
      const after = this.#server.keep(before.with(stamp, changed));
      this.#maps.current = new Transaction(after);
      for (const [key, value] of maps.poison.changes().put) {
        const schema = missingSchema(value);
        if (schema !== undefined) this.#missing.add(`${key.toString('utf8', 0, key.indexOf(0))}/${String(schema)}`);
      }
      return result;
    });
  }
}

function statementsOf(schema: string) {
  const statement = (name: string, text: string): Statement => ({ name: `view-${name}`, text: inSchema(text, schema) });
  return {
    commit: statement('commit', 'UPDATE $.commits SET stamp = $1'),
    missing: statement(
      'missing-schemas',
      'SELECT DISTINCT topic, schema_id FROM $.set_aside WHERE schema_id IS NOT NULL',
    ),
    heads: statement(
      'all-heads',
      'SELECT slice, subject, head FROM $.heads WHERE (slice, subject) > ($1::int2, $2) ' +
        'ORDER BY slice, subject LIMIT $3',
    ),
    removeOf: ['records', 'versions'].map((table) =>
      statement(`remove-dataset-${table}`, `DELETE FROM $.${table} WHERE slice BETWEEN $1 AND $2 AND dataset = $3`),
    ),
    removeAll: ['heads', 'records', 'versions'].map((table) =>
      statement(`remove-all-${table}`, `DELETE FROM $.${table} WHERE slice BETWEEN $1 AND $2`),
    ),
    removeAside: statement('remove-set-aside', 'DELETE FROM $.set_aside'),
    removeAsideOf: statement('remove-set-aside-of', 'DELETE FROM $.set_aside WHERE topic = $1'),
  };
}
