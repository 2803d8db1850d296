/**
 * The view on PostgreSQL as tests open it: one schema for each server of a view that stands in a folder, in the
 * database that `YITONG_VIEW_POSTGRES` names.
 */
import { createHash } from 'node:crypto';
import type { InRecord } from '../../../connectors/bus/port.js';
import type {
  ApplyResult,
  CaughtUp,
  Cut,
  Forget,
  PreparedBatch,
  ViewReader,
  ViewWriter,
} from '../../../gateway/answer/view/port.js';
import {
  migrateView,
  openPostgresViewWriter,
  readerOver,
  ServerView,
  SLICES,
  type SliceRun,
} from '../../../gateway/answer/view/postgres/index.js';
import { Pool } from '../../../gateway/ground/state/postgres/pool.js';
import type { PostgresServer } from '../../../gateway/ground/state/postgres/server.js';
import type { ViewDriver } from './view.js';

export const VARIABLE = 'YITONG_VIEW_POSTGRES';

/** A server as its address names it, in clear: tests only. */
export function serverAt(url: string, more: Partial<PostgresServer> = {}): PostgresServer {
  const { hostname, port, pathname, username, password } = new URL(url);
  return {
    addresses: [{ host: hostname, port: Number(port) }],
    database: pathname.slice(1),
    user: username,
    password: () => password,
    tls: undefined,
    connections: 4,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 20_000,
    lockTimeoutMs: 10_000,
    ...more,
  };
}

/** As many runs of slices as there are servers, one behind the other. */
export const evenly = (servers: number): readonly SliceRun[] =>
  Array.from({ length: servers }, (_, i) => [
    Math.floor((i * SLICES) / servers),
    Math.floor(((i + 1) * SLICES) / servers) - 1,
  ]);

const urlOf = (): string => {
  const url = process.env[VARIABLE];
  if (url === undefined) throw new Error(`${VARIABLE} names no database`);
  return url;
};

/** The servers of a folder's view, which are schemas of one database. */
function serversOf(dir: string, count: number): readonly ServerView[] {
  const digest = createHash('sha256').update(dir).digest('hex').slice(0, 20);
  return Array.from(
    { length: count },
    (_, i) => new ServerView(`s${String(i)}`, new Pool(serverAt(urlOf())), `view_${digest}_${String(i)}`),
  );
}

const close = (servers: readonly ServerView[]): Promise<unknown> =>
  Promise.all(servers.map(({ pool }) => pool.close()));

/** @param count of servers */
export const postgresDriver = (count: number): ViewDriver => {
  const serverOf = (slice: number): string =>
    `s${String(evenly(count).findIndex(([from, to]) => from <= slice && slice <= to))}`;
  return {
    async openWriter(dir, workspace) {
      const servers = serversOf(dir, count);
      const { username } = new URL(urlOf());
      await Promise.all(servers.map(({ pool, schema }) => migrateView(pool, schema, username)));
      const runs = evenly(count);
      const writers = await Promise.all(
        servers.map((server, i) => openPostgresViewWriter({ server, workspace, slices: runs.slice(i, i + 1) })),
      );
      return new Together(
        writers,
        () => readerOver({ servers, serverOf, workspace }),
        () => close(servers),
      );
    },
    openReader(dir, workspace) {
      const servers = serversOf(dir, count);
      const reader = readerOver({ servers, serverOf, workspace });
      return {
        read: () => reader.read(),
        fetch: reader.fetch,
        datasetState: (dataset) => reader.datasetState(dataset),
        cut: (datasets) => reader.cut(datasets),
        subjects: (dataset, after, most) => reader.subjects(dataset, after, most),
        async close() {
          await reader.close();
          await close(servers);
        },
      };
    },
  };
};

/** All servers' writers as one: each batch goes to all of them. */
export class Together implements ViewWriter {
  readonly #writers: readonly ViewWriter[];
  readonly #first: ViewWriter;
  readonly #reader: () => ViewReader;
  readonly #close: () => Promise<unknown>;

  constructor(writers: readonly ViewWriter[], reader: () => ViewReader, closeAll: () => Promise<unknown>) {
    const [first] = writers;
    if (first === undefined) throw new Error('a view has at least one server');
    this.#writers = writers;
    this.#first = first;
    this.#reader = reader;
    this.#close = closeAll;
  }

  #all<T>(work: (writer: ViewWriter) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#writers.map(work));
  }

  async apply(batch: readonly InRecord[], after?: Cut): Promise<ApplyResult> {
    const results = await this.#all((writer) => writer.apply(batch, after));
    const control = batch[0]?.topic.endsWith('._control') === true;
    const [first] = results;
    // of a control topic every server takes all
    if (control && first !== undefined) return first;
    const sum = (of: (result: ApplyResult) => number): number => results.reduce((all, one) => all + of(one), 0);
    const [applied, poisoned] = [sum((one) => one.applied), sum((one) => one.poisoned)];
    return { applied, poisoned, ignored: batch.length - applied - poisoned };
  }
  prepare(batch: readonly InRecord[]): PreparedBatch {
    return this.#first.prepare(batch);
  }
  async applyAll(batches: readonly PreparedBatch[]): Promise<void> {
    await this.#all((writer) => writer.applyAll(batches));
  }
  async caughtUp(partitions: readonly CaughtUp[]): Promise<void> {
    await this.#all((writer) => writer.caughtUp(partitions));
  }
  nextOffset(topic: string, partition: number): number {
    return Math.min(...this.#writers.map((writer) => writer.nextOffset(topic, partition)));
  }
  completeUpTo(topic: string, partition: number): number {
    return Math.min(...this.#writers.map((writer) => writer.completeUpTo(topic, partition)));
  }
  async reset(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    await this.#all((writer) => writer.reset(clusterId, topicIds));
  }
  async forget(topic: string, how?: Forget): Promise<void> {
    await this.#all((writer) => writer.forget(topic, how));
  }
  outgrown(): readonly string[] {
    return [...new Set(this.#writers.flatMap((writer) => writer.outgrown()))];
  }
  async markIncomplete(topic: string, behind?: { readonly partition: number; readonly next: number }): Promise<void> {
    await this.#all((writer) => writer.markIncomplete(topic, behind));
  }
  async rebuilt(): Promise<void> {
    await this.#all((writer) => writer.rebuilt());
  }
  identity(): ReturnType<ViewWriter['identity']> {
    return this.#first.identity();
  }
  async setIdentity(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void> {
    await this.#all((writer) => writer.setIdentity(clusterId, topicIds));
  }
  reader(): ViewReader {
    return this.#reader();
  }
  look(signal: AbortSignal): Promise<string | undefined> {
    return this.#first.look(signal);
  }
  async close(): Promise<void> {
    await this.#all((writer) => writer.close());
    await this.#close();
  }
}
