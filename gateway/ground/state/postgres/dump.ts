/**
 * All that stands in the state, of one moment, as lines; and back again into an empty schema. Revisions, versions and
 * times stay what they were, and go on far behind the newest, so that none of them comes twice and whoever watched the
 * lost store reads everything anew.
 */
import { YitongError } from '../../../../contracts/errors.js';
import { quoted, versionOf } from './migrate.js';
import { migrations } from './migrations/index.js';
import { pagesOf, TABLES, type Table } from './pages.js';
import type { Connection, Pool } from './pool.js';

const FORMAT = 1;
/** Rows of one statement. */
const PAGE = 500;
/** Commits and leases that may have come after the dump; more than a store makes between two of them. */
const BEYOND = 1_000_000_000;

interface Head {
  readonly format: number;
  /** Migrations that its schema had. */
  readonly version: number;
  readonly revision: number;
}
interface End {
  /** Lines between head and end. */
  readonly rows: number;
}
interface Row {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

interface Dumped {
  readonly row: string;
  readonly [key: string]: unknown;
}

/**
 * @param user connections of the role that reads
 * @param put gets a line after the other, without line feeds
 * @returns the newest commit in it @throws YitongError `state_unavailable`, `state_newer`
 */
export async function dumpState(
  user: Pool,
  schema: string,
  put: (line: string) => Promise<void> | void,
): Promise<number> {
  return await user.using(async (connection) => {
    await connection.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const version = await versionOf(connection, schema);
    if (version !== migrations.length) throw otherVersion(version);
    const [head] = await connection.query<{ readonly revision: number }>({
      name: 'yt_dump_head',
      text: `SELECT revision FROM ${quoted(schema)}.head`,
    });
    const revision = head?.revision ?? 0;
    await put(JSON.stringify({ format: FORMAT, version, revision } satisfies Head));
    let rows = 0;
    for (const [table, keys] of Object.entries(TABLES) as [Table, readonly string[]][]) {
      const select = `row_to_json(x)::text AS row, ${keys.map(quoted).join(', ')}`;
      for await (const page of pagesOf<Dumped>(connection, { schema, table, name: `yt_dump_${table}`, select })) {
        for (const { row } of page) await put(`{"table":"${table}","row":${row}}`);
        rows += page.length;
      }
    }
    await put(JSON.stringify({ rows } satisfies End));
    await connection.run('COMMIT');
    return revision;
  });
}

/**
 * Whole or not at all.
 * @param owner connections of the owner of the schema, which is migrated and empty
 * @param lines of a dump
 * @param leave rows that do not come back
 * @returns rows that are there now
 * @throws YitongError `state_conflict` where something was ever committed there, `state_newer` where the dump is of
 * another schema, `bad_request` where it is no whole dump
 */
export async function loadState(
  owner: Pool,
  schema: string,
  lines: AsyncIterable<string>,
  leave: (row: Row) => boolean = () => false,
): Promise<number> {
  const s = quoted(schema);
  return await owner.using(async (connection) => {
    await connection.run('BEGIN');
    const version = await versionOf(connection, schema);
    if (version !== migrations.length) throw otherVersion(version);
    const [there] = await connection.query<{ readonly revision: number }>({
      name: 'yt_load_head',
      text: `SELECT revision FROM ${s}.head FOR UPDATE`,
    });
    if (there?.revision !== 0)
      throw new YitongError('state_conflict', `the schema \`${schema}\` holds a state already; load into an empty one`);
    const loading = new Loading(connection, s, leave);
    for await (const line of lines) await loading.take(line);
    const loaded = await loading.end();
    await connection.run('COMMIT');
    return loaded;
  });
}

class Loading {
  readonly #connection: Connection;
  readonly #schema: string;
  readonly #leave: (row: Row) => boolean;
  #head: Head | undefined;
  #end: End | undefined;
  #table = '';
  #page: Row['row'][] = [];
  #seen = 0;
  #loaded = 0;

  constructor(connection: Connection, schema: string, leave: (row: Row) => boolean) {
    this.#connection = connection;
    this.#schema = schema;
    this.#leave = leave;
  }

  async take(line: string): Promise<void> {
    const found = parsedLine(line);
    if (this.#head === undefined) {
      if (!('format' in found) || found.format !== FORMAT) throw notWhole();
      if (found.version !== migrations.length) throw otherVersion(found.version);
      this.#head = found;
      return;
    }
    if (this.#end !== undefined) throw notWhole();
    if ('rows' in found) {
      this.#end = found;
      return;
    }
    if (!('table' in found) || !Object.hasOwn(TABLES, found.table)) throw notWhole();
    this.#seen++;
    if (this.#leave(found)) return;
    if (found.table !== this.#table || this.#page.length === PAGE) await this.#write();
    this.#table = found.table;
    this.#page.push(found.row);
  }

  async end(): Promise<number> {
    await this.#write();
    if (this.#head === undefined || this.#end?.rows !== this.#seen) throw notWhole();
    const newest = this.#head.revision + BEYOND;
    await this.#connection.run(
      `UPDATE ${this.#schema}.head SET revision = ${String(newest)}, lost = ${String(newest)};` +
        `UPDATE ${this.#schema}.leases SET until = 0, token = token + ${String(BEYOND)}`,
    );
    return this.#loaded;
  }

  async #write(): Promise<void> {
    if (this.#page.length === 0) return;
    await this.#connection.query(
      {
        name: `yt_load_${this.#table}`,
        text:
          `INSERT INTO ${this.#schema}.${this.#table} SELECT * FROM ` +
          `json_populate_recordset(NULL::${this.#schema}.${this.#table}, $1::json)`,
      },
      [JSON.stringify(this.#page)],
    );
    this.#loaded += this.#page.length;
    this.#page = [];
  }
}

function parsedLine(line: string): Head | Row | End {
  try {
    // the one cast: `dumpState` wrote it, and who calls looked at its digest
    return JSON.parse(line) as Head | Row | End;
  } catch (cause) {
    throw notWhole(cause);
  }
}

const notWhole = (cause?: unknown): YitongError =>
  new YitongError('bad_request', 'this is no whole dump of a state', cause === undefined ? {} : { cause });

const otherVersion = (version: number): YitongError =>
  new YitongError(
    'state_newer',
    `the schema is of version ${String(version)}, and this program knows ${String(migrations.length)}; run ` +
      '`yitong state migrate` of the version that wrote it',
  );
