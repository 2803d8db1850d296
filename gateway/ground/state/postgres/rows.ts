/**
 * The schema as rows, for whoever moves them: as the owner of the schema, in one transaction, so that a move is there
 * whole or not at all.
 */
import { YitongError } from '../../../../contracts/errors.js';
import type { Json } from '../port.js';
import type { Part, RowTarget, StateRow } from '../rows.js';
import { quoted, versionOf } from './migrate.js';
import { migrations } from './migrations/index.js';
import { pagesOf } from './pages.js';
import type { Connection, Pool, Row } from './pool.js';

/** How a row of a part is read, and how rows are written. */
interface Words {
  readonly columns: readonly string[];
  readonly insert: (table: string) => string;
}

/** A member of a row as it comes in JSON. */
const text = (at: number): string => `v->>${String(at)}`;
const whole = (at: number): string => `(v->>${String(at)})::bigint`;
const small = (at: number): string => `(v->>${String(at)})::int`;

const words: Readonly<Record<Part, Words>> = {
  documents: {
    columns: ['kind', 'id', 'version', 'owner', 'links', 'until', 'body'],
    insert: (table) =>
      `INSERT INTO ${table} (kind, id, version, owner, links, until, body) ` +
      `SELECT ${text(0)}, ${text(1)}, ${whole(2)}, ${text(3)}, ` +
      `ARRAY(SELECT jsonb_array_elements_text(v->4)), ${whole(5)}, ${text(6)}`,
  },
  events: {
    columns: ['stream', 'number', 'revision', 'at', 'body'],
    insert: (table) =>
      `INSERT INTO ${table} (stream, number, revision, at, body) SELECT ${text(0)}, ${small(1)}, ${whole(2)}, ` +
      `${whole(3)}, ${text(4)}`,
  },
  counters: {
    columns: ['counter', 'count', 'until'],
    insert: (table) => `INSERT INTO ${table} (counter, count, until) SELECT ${text(0)}, ${whole(1)}, ${whole(2)}`,
  },
  sets: {
    columns: ['set', 'version'],
    insert: (table) => `INSERT INTO ${table} ("set", version) SELECT ${text(0)}, ${whole(1)}`,
  },
  members: {
    columns: ['set', 'member', 'value'],
    insert: (table) => `INSERT INTO ${table} ("set", member, value) SELECT ${text(0)}, ${text(1)}, ${text(2)}`,
  },
  outbox: {
    columns: ['number', 'at', 'topic', 'key', 'value', 'headers'],
    insert: (table) =>
      `INSERT INTO ${table} (number, at, topic, key, value, headers) SELECT ${whole(0)}, ${whole(1)}, ${text(2)}, ` +
      `${text(3)}, ${text(4)}, ${text(5)}`,
  },
  leases: {
    columns: ['lease', 'holder', 'token'],
    insert: (table) =>
      `INSERT INTO ${table} (lease, holder, token, until) SELECT ${text(0)}, ${text(1)}, ${whole(2)}, 0`,
  },
};

/** Of a row, the members that the table holds as JSON text. */
const JSON_AT: Readonly<Record<Part, number | undefined>> = {
  documents: 6,
  events: 4,
  counters: undefined,
  sets: undefined,
  members: 2,
  outbox: 5,
  leases: undefined,
};

export interface SchemaTarget extends RowTarget {
  /** Sessions of this role in the database at this moment. */
  sessionsOf(user: string): Promise<number>;
  /** With the transaction: that role cannot use the schema any more, until the owner migrates it again. */
  closeTo(user: string): Promise<void>;
}

/**
 * Work on the schema in one transaction; it is undone where `work` rejects.
 * @throws YitongError `state_conflict` where somebody moves the same schema, `state_newer`
 */
export async function withSchemaRows<T>(
  owner: Pool,
  schema: string,
  work: (rows: SchemaTarget) => Promise<T>,
): Promise<T> {
  return await owner.using(async (connection) => {
    await connection.run('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const [alone] = await connection.query<{ readonly alone: boolean }>(
      { name: 'yt_move_alone', text: "SELECT pg_try_advisory_xact_lock(hashtext('yitong move ' || $1)) AS alone" },
      [schema],
    );
    if (alone?.alone !== true) throw new YitongError('state_conflict', IN_USE);
    const version = await versionOf(connection, schema);
    if (version !== migrations.length)
      throw new YitongError(
        'state_newer',
        `the schema \`${schema}\` is of version ${String(version)}, and this program knows ` +
          `${String(migrations.length)}; run \`yitong state migrate\` first`,
      );
    // nobody commits meanwhile
    await connection.run(`SELECT revision FROM ${quoted(schema)}.head FOR UPDATE`);
    const result = await work(new SchemaRows(connection, schema));
    await connection.run('COMMIT');
    return result;
  });
}

const IN_USE = 'this schema is moved at this moment, or it is source and target at once';

class SchemaRows implements SchemaTarget {
  readonly #connection: Connection;
  readonly #schema: string;

  constructor(connection: Connection, schema: string) {
    this.#connection = connection;
    this.#schema = schema;
  }

  async revision(): Promise<number> {
    const sql = { name: 'yt_move_revision', text: `SELECT revision FROM ${this.#table('head')}` };
    const [row] = await this.#connection.query<{ readonly revision: number }>(sql);
    return row?.revision ?? 0;
  }

  async isEmpty(): Promise<boolean> {
    for (const part of ['documents', 'events', 'counters', 'sets', 'outbox'] as const) {
      const sql = { name: `yt_move_any_${part}`, text: `SELECT 1 FROM ${this.#table(part)} LIMIT 1` };
      if ((await this.#connection.query<Row>(sql)).length > 0) return false;
    }
    return true;
  }

  async *rows(part: Part): AsyncIterable<readonly StateRow[]> {
    const { columns } = words[part];
    const json = JSON_AT[part];
    const select = columns.map(quoted).join(', ');
    const pages = { schema: this.#schema, table: part, name: `yt_move_${part}`, select };
    for await (const page of pagesOf<Row>(this.#connection, pages))
      yield page.map((row) =>
        columns.map((column, at) =>
          at === json ? (JSON.parse(row[column] as string) as Json) : (row[column] as Json),
        ),
      );
  }

  async write(part: Part, rows: readonly StateRow[]): Promise<void> {
    const json = JSON_AT[part];
    const given = rows.map((row) => row.map((one, at) => (at === json ? JSON.stringify(one) : one)));
    const from = 'FROM jsonb_array_elements($1::jsonb) AS x(v)';
    const values = [JSON.stringify(given)];
    const table = this.#table(part);
    await this.#connection.query(
      { name: `yt_move_into_${part}`, text: `${words[part].insert(table)} ${from}` },
      values,
    );
    if (part !== 'documents') return;
    const links =
      `INSERT INTO ${this.#table('links')} (kind, link, id) SELECT ${text(0)}, l.link, ${text(1)} ${from}, ` +
      'jsonb_array_elements_text(v->4) AS l(link)';
    await this.#connection.query({ name: 'yt_move_into_links', text: links }, values);
  }

  async goOnFrom(revision: number): Promise<void> {
    await this.#connection.run(
      `UPDATE ${this.#table('head')} SET revision = greatest(revision, ${String(revision)}), ` +
        `lost = greatest(revision, ${String(revision)})`,
    );
  }

  async sessionsOf(user: string): Promise<number> {
    await this.#connection.run('SELECT pg_stat_clear_snapshot()');
    const text =
      'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND usename = $1 AND ' +
      'pid <> pg_backend_pid()';
    const [row] = await this.#connection.query<{ readonly n: number }>({ name: 'yt_move_sessions', text }, [user]);
    return row?.n ?? 0;
  }

  async closeTo(user: string): Promise<void> {
    await this.#connection.run(`REVOKE USAGE ON SCHEMA ${quoted(this.#schema)} FROM ${quoted(user)}`);
  }

  #table(name: string): string {
    return `${quoted(this.#schema)}.${quoted(name)}`;
  }
}
