/**
 * Moves a slice from one server to another, while both are asked and written to.
 *
 * The receiving server is kept from changing while a copy is taken from a snapshot of the other one that is no further
 * back than itself; what the copy has is not applied again, by its offsets. Once the receiving server has come as far
 * as the copy, all that it says of itself holds for the slice too: it has the slice from then on, and the other one
 * says where it has gone and lets go of its rows.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { YitongError } from '../../../../contracts/errors.js';
import type { Connection, Row, Statement } from '../../../ground/state/postgres/pool.js';
import { countsOf } from '../packed/head.js';
import { type OffsetRow, readDataset, readNumbers, writeDataset } from '../packed/state.js';
import { Transaction } from './overlay.js';
import { Rows } from './rows.js';
import { inSchema } from './schema.js';
import { type ServerState, SLICES_KEY } from './server-state.js';
import type { ServerView } from './server-view.js';
import { type HeldSlices, inRuns, withoutSlice, withSlice } from './slices.js';
import { arrivingKey } from './writer.js';

/** ms between two looks whether a server has come far enough. */
const LOOK = 100;
const OFFSET = 'offset/';

interface MoveOptions {
  /**
   * ms that the receiving server may need to come as far as the copy, and the other as far as that one. Default 60 s.
   */
  readonly within?: number;
}

/**
 * Does what is left to do: a move that was interrupted is finished by another call.
 * @throws YitongError `bad_request` where the first server has no such slice or the two number their datasets
 * differently; `view_unavailable` where a server does not come as far as it must; as `Pool.using`
 */
export async function moveSlice(
  slice: number,
  from: ServerView,
  to: ServerView,
  { within = 60_000 }: MoveOptions = {},
): Promise<void> {
  const until = performance.now() + within;
  const there = await to.refresh();
  if (!inRuns(there.slices().held, slice)) {
    if (there.slices().arriving[slice] === undefined) await copySlice(slice, from, to, until);
    await arrive(slice, to, until);
  }
  await leave(slice, from, to);
}

const late = (what: string): YitongError => new YitongError('view_unavailable', `${what}; the move can be tried again`);

async function copySlice(slice: number, from: ServerView, to: ServerView, until: number): Promise<void> {
  for (;;) {
    if (await tryCopy(slice, from, to)) return;
    if (performance.now() > until) throw late(`the server \`${from.name}\` is too far behind \`${to.name}\``);
    await wait(LOOK);
  }
}

/** False where the giving server is behind the other one. */
function tryCopy(slice: number, from: ServerView, to: ServerView): Promise<boolean> {
  return to.pool.using(async (taking) => {
    await taking.run('BEGIN');
    const there = await to.lock(taking);
    return from.pool.using(async (giving) => {
      await giving.run('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const here = await from.stateOn(giving);
      if (!inRuns(here.slices().held, slice))
        throw new YitongError('bad_request', `the server \`${from.name}\` has no slice ${String(slice)}`);
      refuseOtherNumbers(here, there);
      if (!isAsFar(here, there)) {
        await giving.run('ROLLBACK');
        await taking.run('ROLLBACK');
        return false;
      }
      const counts = await copyRows(slice, { giving, from }, { taking, to });
      const maps = new Transaction(there);
      addCounts(maps, counts, 1);
      addCare(maps, here);
      putSlices(maps, { ...there.slices(), arriving: { ...there.slices().arriving, [slice]: from.name } });
      maps.state.put(Buffer.from(arrivingKey(slice)), Buffer.from(JSON.stringify(offsetsOf(here))));
      await commit(to, taking, there, maps);
      await giving.run('COMMIT');
      return true;
    });
  });
}

/** The next offset by topic and partition. */
function offsetsOf(state: ServerState): Readonly<Record<string, number>> {
  const offsets: Record<string, number> = {};
  for (const key of state.keys()) {
    if (!key.startsWith(OFFSET)) continue;
    // written by `writeOffset`
    const { next } = JSON.parse(state.row(key) ?? '{}') as Partial<OffsetRow>;
    if (next !== undefined) offsets[key.slice(OFFSET.length)] = next;
  }
  return offsets;
}

/** Whether the first has everything that the second has. */
function isAsFar(first: ServerState, second: ServerState): boolean {
  const [a, b] = [offsetsOf(first), offsetsOf(second)];
  return Object.entries(b).every(([partition, next]) => (a[partition] ?? 0) >= next);
}

function refuseOtherNumbers(first: ServerState, second: ServerState): void {
  const [a, b] = [readNumbers(first), readNumbers(second)];
  const other = Object.entries(a).find(([dataset, number]) => b[dataset] !== undefined && b[dataset] !== number);
  if (other !== undefined)
    throw new YitongError(
      'bad_request',
      `the two servers number the dataset \`${other[0]}\` differently: rows of one cannot stand on the other`,
    );
}

/** What a slice has, by dataset number. */
type Counts = ReadonlyMap<number, { readonly records: number; readonly versions: number }>;

const COLUMNS = {
  heads: ['slice', 'subject', 'spilled', 'head'],
  records: ['slice', 'subject', 'dataset', 'record', 'value'],
  versions: ['slice', 'subject', 'dataset', 'record', '"offset"', 'value'],
  set_aside: ['slice', 'topic', 'partition', '"offset"', 'schema_id', 'value'],
} as const;
type Table = keyof typeof COLUMNS;
const TABLES = Object.keys(COLUMNS) as readonly Table[];
/** Types of the columns, for arrays of them. */
const TYPES: Readonly<Record<string, string>> = {
  slice: 'int2',
  subject: 'text',
  spilled: 'bool',
  head: 'bytea',
  dataset: 'int4',
  record: 'text',
  value: 'bytea',
  '"offset"': 'int8',
  topic: 'text',
  partition: 'int4',
  schema_id: 'int8',
};
/** Rows of one statement. */
const PIECE = 1000;

async function copyRows(
  slice: number,
  { giving, from }: { readonly giving: Connection; readonly from: ServerView },
  { taking, to }: { readonly taking: Connection; readonly to: ServerView },
): Promise<Counts> {
  for (const table of TABLES) {
    const columns = COLUMNS[table];
    const names = columns.join(', ');
    // what an interrupted or earlier stay has left
    await taking.query(removal(to, table), [slice]);
    await giving.run(
      inSchema(
        `DECLARE ${table} NO SCROLL CURSOR FOR SELECT ${names} FROM $.${table} WHERE slice = ${String(slice)}`,
        from.schema,
      ),
    );
    const fetchNext: Statement = { name: `view-move-fetch-${table}`, text: `FETCH ${String(PIECE)} FROM ${table}` };
    const put: Statement = {
      name: `view-move-put-${table}`,
      text: inSchema(
        `INSERT INTO $.${table} (${names}) SELECT * FROM unnest(${columns
          .map((column, i) => `$${String(i + 1)}::${TYPES[column] ?? 'text'}[]`)
          .join(', ')})`,
        to.schema,
      ),
    };
    for (;;) {
      const rows = await giving.query(fetchNext);
      if (rows.length > 0)
        await taking.query(
          put,
          columns.map((column) => rows.map((row) => row[column.replaceAll('"', '')])),
        );
      if (rows.length < PIECE) break;
    }
    await giving.run(`CLOSE ${table}`);
  }
  return countsIn(slice, taking, to);
}

const removal = ({ schema }: ServerView, table: Table): Statement => ({
  name: `view-move-remove-${table}`,
  text: inSchema(`DELETE FROM $.${table} WHERE slice = $1`, schema),
});

async function countsIn(slice: number, connection: Connection, { schema }: ServerView): Promise<Counts> {
  const counts = new Map<number, { records: number; versions: number }>();
  const of = (dataset: number) => {
    let known = counts.get(dataset);
    if (known === undefined) counts.set(dataset, (known = { records: 0, versions: 0 }));
    return known;
  };
  const heads = await connection.query<Row & { readonly head: Buffer }>(
    { name: 'view-move-heads', text: inSchema('SELECT head FROM $.heads WHERE slice = $1', schema) },
    [slice],
  );
  for (const { head } of heads)
    for (const [dataset, records] of countsOf(head)) {
      of(dataset).records += records;
      of(dataset).versions += records;
    }
  const versions = await connection.query<Row & { readonly dataset: number; readonly count: number }>(
    {
      name: 'view-move-versions',
      text: inSchema('SELECT dataset, count(*) AS count FROM $.versions WHERE slice = $1 GROUP BY dataset', schema),
    },
    [slice],
  );
  for (const { dataset, count } of versions) of(dataset).versions += count;
  return counts;
}

/** @param sign 1 adds, -1 takes away */
function addCounts(maps: Transaction, counts: Counts, sign: 1 | -1): void {
  for (const [number, { records, versions }] of counts) {
    const row = readDataset(maps, number);
    writeDataset(maps, number, {
      ...row,
      records: row.records + sign * records,
      versions: row.versions + sign * versions,
    });
  }
}

/** What makes an answer more careful at the giving server makes it so at the receiving one. */
function addCare(maps: Transaction, other: ServerState): void {
  for (const number of Object.values(readNumbers(other))) {
    const [row, theirs] = [readDataset(maps, number), readDataset(other, number)];
    const newest = Math.max(row.lastPublishedAt ?? 0, theirs.lastPublishedAt ?? 0);
    writeDataset(maps, number, {
      ...row,
      ...(newest === 0 ? {} : { lastPublishedAt: newest }),
      ...(theirs.incomplete === true ? { incomplete: true } : {}),
    });
  }
}

function putSlices(maps: Transaction, slices: HeldSlices): void {
  maps.state.put(Buffer.from(SLICES_KEY), Buffer.from(JSON.stringify(slices)));
}

async function commit(
  server: ServerView,
  connection: Connection,
  before: ServerState,
  maps: Transaction,
): Promise<void> {
  const stamp = before.stamp + 1;
  const changed = await new Rows(server.schema).write(connection, maps, stamp);
  await connection.query({ name: 'view-commit', text: inSchema('UPDATE $.commits SET stamp = $1', server.schema) }, [
    stamp,
  ]);
  await connection.run('COMMIT');
  server.keep(before.with(stamp, changed));
}

/** Waits until the receiving server is as far as the copy, and then has it answer. */
async function arrive(slice: number, to: ServerView, until: number): Promise<void> {
  for (;;) {
    const done = await to.pool.using(async (connection) => {
      await connection.run('BEGIN');
      const state = await to.lock(connection);
      const copy = JSON.parse(state.row(arrivingKey(slice)) ?? '{}') as Readonly<Record<string, number>>;
      const own = offsetsOf(state);
      if (Object.entries(copy).some(([partition, next]) => (own[partition] ?? 0) < next)) {
        await connection.run('ROLLBACK');
        return false;
      }
      const maps = new Transaction(state);
      const { held, arriving, left } = state.slices();
      const { [slice]: _, ...others } = arriving;
      const { [slice]: __, ...gone } = left;
      putSlices(maps, { held: withSlice(held, slice), arriving: others, left: gone });
      maps.state.remove(Buffer.from(arrivingKey(slice)));
      await commit(to, connection, state, maps);
      return true;
    });
    if (done) return;
    if (performance.now() > until) throw late(`the server \`${to.name}\` does not come as far as the copy`);
    await wait(LOOK);
  }
}

/** The server that gave the slice says where it is, and has no row of it any more. */
async function leave(slice: number, from: ServerView, to: ServerView): Promise<void> {
  await from.pool.using(async (connection) => {
    await connection.run('BEGIN');
    const state = await from.lock(connection);
    const { held, arriving, left } = state.slices();
    if (!inRuns(held, slice)) {
      await connection.run('ROLLBACK');
      return;
    }
    const maps = new Transaction(state);
    addCounts(maps, await countsIn(slice, connection, from), -1);
    putSlices(maps, { held: withoutSlice(held, slice), arriving, left: { ...left, [slice]: to.name } });
    for (const table of TABLES) await connection.query(removal(from, table), [slice]);
    await commit(from, connection, state, maps);
  });
}
