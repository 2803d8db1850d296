/**
 * Brings the schema of the state up to this program, as its owner: forward only, each migration once, all of them in
 * one transaction under a lock. Before that they are tried on a copy: a schema beside it with the same tables and some
 * of their rows, in a transaction that is rolled back.
 */
import { randomBytes } from 'node:crypto';
import { YitongError } from '../../../../contracts/errors.js';
import { migrations } from './migrations/index.js';
import type { Connection, Pool } from './pool.js';

/** The schema, and who uses it. */
export interface Names {
  readonly schema: string;
  readonly user: string;
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Rows of each table that are copied for the try. */
const TRIED_ROWS = 1000;

/** What the role of the gateway calls. */
const FUNCTIONS = ['commit', 'sent', 'take_lease', 'release_lease', 'sweep'] as const;

interface SchemaStatus {
  /** Migrations that were made; 0 where there is no schema yet. */
  readonly made: number;
  readonly known: number;
  /** Names of those that are missing. */
  readonly missing: readonly string[];
}

/** @throws YitongError `state_newer` where the schema is newer than this program */
async function schemaStatus(connection: Connection, schema: string): Promise<SchemaStatus> {
  const made = await versionOf(connection, schema);
  if (made > migrations.length) throw newer(schema, made);
  return { made, known: migrations.length, missing: migrations.slice(made).map(({ name }) => name) };
}

/** Migrations that a schema has; 0 where there is none. */
export async function versionOf(connection: Connection, schema: string): Promise<number> {
  const there = await connection.query<{ readonly found: boolean }>(
    { name: 'yt_is_there', text: 'SELECT to_regclass($1) IS NOT NULL AS found' },
    [`${quoted(schema)}.migrations`],
  );
  if (there[0]?.found !== true) return 0;
  const rows = await connection.query<{ readonly made: number }>({
    name: 'yt_version',
    text: `SELECT coalesce(max(version), 0) AS made FROM ${quoted(schema)}.migrations`,
  });
  return rows[0]?.made ?? 0;
}

const newer = (schema: string, made: number): YitongError =>
  new YitongError(
    'state_newer',
    `the schema \`${schema}\` is of version ${String(made)}, and this program knows ${String(migrations.length)}: a ` +
      'newer one has been here; run that, or put the schema back from before',
  );

/**
 * @param owner connections of the owner
 * @returns what was made
 * @throws YitongError `state_newer`, `state_denied`, `state_unavailable`
 */
export async function migrate(owner: Pool, names: Names): Promise<readonly string[]> {
  return await owner.using(async (connection) => {
    const { missing } = await schemaStatus(connection, names.schema);
    if (missing.length > 0) await tryOnCopy(connection, names);
    await connection.run('BEGIN');
    await connection.run(`SELECT pg_advisory_xact_lock(hashtext(${literal(`yitong ${names.schema}`)}))`);
    // whoever held the lock may have made them
    const { made } = await schemaStatus(connection, names.schema);
    await makeFrom(connection, names.schema, made);
    await connection.run(grants(names));
    await connection.run('COMMIT');
    return migrations.slice(made).map(({ name }) => name);
  });
}

async function makeFrom(connection: Connection, schema: string, made: number): Promise<void> {
  const s = quoted(schema);
  if (made === 0)
    await connection.run(
      `CREATE SCHEMA IF NOT EXISTS ${s}; CREATE TABLE ${s}.migrations (version int PRIMARY KEY, name text NOT NULL, ` +
        'at timestamptz NOT NULL DEFAULT clock_timestamp())',
    );
  for (const [i, { name, sql }] of migrations.entries()) {
    if (i < made) continue;
    await connection.run(sql(s));
    await connection.run(`INSERT INTO ${s}.migrations VALUES (${String(i + 1)}, ${literal(name)})`);
  }
}

async function tryOnCopy(connection: Connection, { schema }: Names): Promise<void> {
  const copy = `yt_try_${randomBytes(6).toString('hex')}`;
  await connection.run('BEGIN');
  const made = await versionOf(connection, schema);
  const c = quoted(copy);
  await connection.run(`CREATE SCHEMA ${c}`);
  if (made > 0) {
    const tables = await connection.query<{ readonly name: string }>(
      { name: 'yt_tables', text: 'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1' },
      [schema],
    );
    for (const { name } of tables) {
      const [from, to] = [`${quoted(schema)}.${quoted(name)}`, `${c}.${quoted(name)}`];
      await connection.run(
        `CREATE TABLE ${to} (LIKE ${from} INCLUDING ALL); INSERT INTO ${to} SELECT * FROM ${from} LIMIT ` +
          String(TRIED_ROWS),
      );
    }
  }
  await makeFrom(connection, copy, made);
  await connection.run('ROLLBACK');
}

/** The user reads tables and calls functions, and does nothing else. */
function grants({ schema, user }: Names): string {
  const [s, u] = [quoted(schema), quoted(user)];
  return [
    `REVOKE ALL ON SCHEMA ${s} FROM PUBLIC`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${s} FROM PUBLIC`,
    `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${s} FROM PUBLIC`,
    `GRANT USAGE ON SCHEMA ${s} TO ${u}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${s} TO ${u}`,
    ...FUNCTIONS.map((name) => `GRANT EXECUTE ON FUNCTION ${s}.${name} TO ${u}`),
  ].join('; ');
}

/**
 * What the role of the gateway must not be able to do, looked at as that role: whoever takes the gateway over gets no
 * more than this.
 */
const RIGHTS = {
  name: 'yt_rights',
  text:
    'SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS mighty, ' +
    "has_database_privilege(current_database(), 'CREATE') AS makes_schemas, " +
    "ARRAY(SELECT n.nspname::text FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND has_schema_privilege(n.oid, " +
    "'CREATE') ORDER BY 1) AS makes_tables, ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON " +
    "n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r' AND has_table_privilege(c.oid, " +
    "'INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY 1) AS writes_tables, pg_encoding_to_char(d.encoding) AS encoding " +
    'FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()',
} as const;

interface Rights {
  readonly [column: string]: unknown;
  readonly mighty: boolean;
  readonly makes_schemas: boolean;
  readonly makes_tables: readonly string[];
  readonly writes_tables: readonly string[];
  readonly encoding: string;
}

/**
 * Whether the schema is what this program needs, and its user may do no more than it must.
 * @throws YitongError `state_newer`, `state_denied`
 */
export async function checkUse(connection: Connection, { schema, user }: Names): Promise<void> {
  const [rights] = await connection.query<Rights>(RIGHTS, [schema]);
  const { missing } = await schemaStatus(connection, schema);
  if (missing.length > 0)
    throw new YitongError(
      'state_newer',
      `the schema \`${schema}\` lacks ${missing.map((name) => `\`${name}\``).join(', ')}; run \`yitong state migrate\``,
    );
  const surplus = rights === undefined ? ['is not known to the server'] : surplusOf(rights);
  if (surplus.length > 0)
    throw new YitongError(
      'state_denied',
      `the role \`${user}\` of the state ${surplus.join(', ')}; it may read its schema and call its functions, and ` +
        'nothing else: take the rest from it (docs/state.md)',
    );
  if (rights?.encoding !== 'UTF8')
    throw new YitongError(
      'state_denied',
      `the database of the state has the encoding ${String(rights?.encoding)}, not UTF8`,
    );
}

function surplusOf({ mighty, makes_schemas, makes_tables, writes_tables }: Rights): readonly string[] {
  const names = (list: readonly string[]): string => list.map((name) => `\`${name}\``).join(', ');
  return [
    ...(mighty ? ['is a superuser, or may make roles or databases or replicate'] : []),
    ...(makes_schemas ? ['may make schemas in the database'] : []),
    ...(makes_tables.length > 0 ? [`may make tables in ${names(makes_tables)}`] : []),
    ...(writes_tables.length > 0 ? [`may write to ${names(writes_tables)}`] : []),
  ];
}
