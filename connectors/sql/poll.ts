/**
 * A table that is asked again and again. The first run reads all of it; later ones what was changed since, by the
 * column `updated`, and from time to time the keys of all rows, by which rows are found that were deleted or that
 * `updated` did not show. Each run sees one state of the database.
 */

import { YitongError } from '../../contracts/errors.js';
import { present } from '../../contracts/present.js';
import { shape } from '../../contracts/validate.js';
import { Batcher } from '../reading/batch.js';
import type { BrokenRow, SourceContext, SourceKind, SourceRow, SourceRun } from '../reading/port.js';
import { feedIdentity, readAgain } from '../reading/take.js';
import type { Column, Dialect, Session, Statement } from './dialect.js';
import { checkFeed, makePlan, type Plan } from './plan.js';
import { RowMaker } from './rows.js';
import { addressOf, resolveServer } from './server.js';
import { type TableSource, tableSchema } from './source.js';
import { select, type Where } from './statement.js';
import { before, clockOf } from './time.js';

interface Memory {
  /** Of the feed: when it or its mapping changes, the whole table is read. */
  readonly feed: string;
  /** The greatest `updated` that was read, and not later than the database's clock. */
  readonly cursor?: string;
  /** The database's clock when all keys, or all rows, were looked at. */
  readonly swept?: string;
}
const text = { type: 'string' } as const;
const checkMemory = shape<Memory>(
  { type: 'object', required: ['feed'], properties: { feed: text, cursor: text, swept: text } },
  'internal',
);

/** Rows that a sweep may find new and remember; if there are more, the next run reads the whole table. */
const MAX_NEW = 20_000;
/** Keys of one statement. */
const KEYS = 200;

type Batch = readonly (SourceRow | BrokenRow)[];

class Reading {
  newest: string | undefined;
  read = 0;
  swept = false;
  /** More rows were new than can be remembered. */
  overflow = false;
  private readonly maker: RowMaker;
  private readonly keyMaker: RowMaker;

  constructor(
    private readonly dialect: Dialect,
    private readonly session: Session,
    source: TableSource,
    private readonly plan: Plan,
    private readonly context: SourceContext,
    at: string,
  ) {
    const { updated, zone, wanted, maxRowBytes } = plan;
    const { key, deleted } = source;
    const position = (parts: readonly (string | null)[]): string =>
      `${plan.name}#${context.pseudonym(JSON.stringify([plan.name, ...parts]))}`;
    const common = { key, deleted, wanted, maxRowBytes, zone, at, position };
    this.maker = new RowMaker({
      ...common,
      columns: plan.columns,
      updated: updated === undefined ? undefined : { name: updated.name, time: updated.time },
    });
    this.keyMaker = new RowMaker({ ...common, columns: plan.keyColumns, updated: undefined });
  }

  /** The whole table, or with `since` what was changed, and with `sweep` what the keys show. */
  async *run(since: string | undefined, sweep: boolean): AsyncGenerator<Batch> {
    const { updated } = this.plan;
    try {
      yield* this.rows(
        since === undefined || updated === undefined
          ? { kind: 'all' }
          : { kind: 'since', column: updated, from: since },
      );
      if (sweep) yield* this.sweep();
    } finally {
      await this.session.close();
    }
  }

  private statement(columns: readonly Column[], where: Where): Statement {
    return select(this.dialect, this.plan.table, columns, this.plan.maxRowBytes, where);
  }

  private async *rows(where: Where): AsyncGenerator<Batch> {
    const batcher = new Batcher();
    for await (const raws of this.session.rows(this.statement(this.plan.columns, where))) {
      for (const raw of raws) {
        const { row, updated, characters } = this.maker.make(raw);
        if (updated !== undefined && (this.newest === undefined || updated > this.newest)) this.newest = updated;
        this.read += 1;
        const full = batcher.add(row, characters);
        if (full !== undefined) yield full;
      }
    }
    const rest = batcher.take();
    if (rest !== undefined) yield rest;
  }

  /** Every row that is still there is kept; rows of which nothing good is published are read. */
  private async *sweep(): AsyncGenerator<Batch> {
    const fresh: (readonly string[])[] = [];
    for await (const raws of this.session.rows(this.statement(this.plan.keyColumns, { kind: 'all' }))) {
      for (const raw of raws) {
        const { row, key } = this.keyMaker.make(raw);
        if ('withdrawn' in row && row.withdrawn !== undefined) continue;
        const cells = row.cells ?? {};
        if (this.context.keys.keep(row.position, cells)) continue;
        const whole = key.filter((part) => part !== null);
        // a row without a key cannot be asked for
        if (fresh.length === MAX_NEW || whole.length < key.length) this.overflow = true;
        else fresh.push(whole);
      }
      if (this.overflow) return;
    }
    this.swept = true;
    for (let at = 0; at < fresh.length; at += KEYS)
      yield* this.rows({ kind: 'keys', columns: this.plan.key, keys: fresh.slice(at, at + KEYS) });
  }
}

const least = (a: string, b: string): string => (a < b ? a : b);

async function openTable(
  dialect: Dialect,
  context: SourceContext,
  check: (source: unknown, place: { file: string }) => TableSource,
  env: NodeJS.ProcessEnv,
): Promise<SourceRun> {
  const { feed, memory, workspace, baseDir, signal } = context;
  const place = { file: feed.file };
  const source = check(feed.source, place);
  checkFeed(source, feed);
  const server = await resolveServer(source, dialect.port, { workspace, baseDir, place, env });
  const table = { schema: source.schema ?? dialect.schema(server), table: source.table };
  const session = await dialect.connect(server, signal);
  try {
    const info = await session.table(table);
    if (info === undefined)
      throw new YitongError(
        'bad_feed',
        `the database \`${server.database}\` has no table \`${table.schema}.${table.table}\`, or hides it from ` +
          `the user \`${server.user}\``,
        { place },
      );
    const plan = makePlan(source, table, info, context);
    const at = await session.begin();
    const identity = feedIdentity(context);
    const kept = memory.get();
    const remembered = kept === undefined || readAgain(context) ? undefined : checkMemory(kept, place);
    const known = remembered?.feed === identity ? remembered : undefined;
    const { updated } = plan;
    const cursor = updated === undefined ? undefined : known?.cursor;
    const since =
      cursor === undefined || updated === undefined ? undefined : before(cursor, plan.overlap, updated.time);
    const due = known?.swept === undefined || Date.parse(`${at}Z`) - Date.parse(`${known.swept}Z`) >= plan.sweepEvery;
    const sweep = since !== undefined && plan.sweep && due;
    const reading = new Reading(dialect, session, source, plan, context, at);
    return {
      sourceTime: new Date(`${at}Z`).toISOString(),
      ...(since === undefined && info.rows !== undefined ? { total: info.rows } : {}),
      rows: reading.run(since, sweep),
      progress: () => reading.read,
      whole: () => (updated === undefined ? feed.snapshot : plan.sweep && (since === undefined || reading.swept)),
      complete: async (outcome) => {
        if (updated === undefined) return;
        const seen = [cursor, reading.newest]
          .filter((moment) => moment !== undefined)
          .sort()
          .at(-1);
        // an `updated` in the future must not hide what is changed until then
        const next =
          seen === undefined || reading.overflow ? undefined : least(seen, clockOf(at, updated.time, plan.zone));
        const looked = outcome?.refused !== true && (since === undefined || reading.swept) ? at : known?.swept;
        memory.set({
          feed: identity,
          ...present({ cursor: next, swept: looked }),
        } satisfies Memory);
      },
      get more() {
        return reading.overflow;
      },
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

export function tableKind(dialect: Dialect, env: NodeJS.ProcessEnv = process.env): SourceKind {
  const schema = tableSchema(dialect.kind);
  const check = shape<TableSource>(schema, 'bad_feed');
  return {
    kind: dialect.kind,
    title: dialect.title,
    description: dialect.description,
    schema,
    check(feed, workspace) {
      const source = check(feed.source, { file: feed.file });
      checkFeed(source, feed);
      addressOf(source, dialect.port, workspace, { file: feed.file });
    },
    open: (context) => openTable(dialect, context, check, env),
  };
}
