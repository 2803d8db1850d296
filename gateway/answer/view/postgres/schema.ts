/**
 * The tables of the view on one server, in a schema of their own, and how they came to be: steps that only ever go
 * forward.
 *
 * - `commits`: one row, the number of the last commit; whoever changes anything locks it first;
 * - `state`: what the server says of itself, JSON by key, each row with the commit that changed it last, so that a
 *   reader asks only for what is newer than what it knows. A row that is no more stands as null;
 * - `heads`, `records`, `versions`, `set_aside`: the maps `heads`, `records`, `history` and `poison` of
 *   `../packed/maps.ts`, with the same bytes.
 */
import { YitongError } from '../../../../contracts/errors.js';
import type { Connection, Pool, Statement } from '../../../ground/state/postgres/pool.js';

const STEPS: readonly string[] = [
  `
CREATE TABLE $.commits (one boolean PRIMARY KEY DEFAULT true CHECK (one), stamp bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO $.commits (stamp) VALUES (0);
CREATE TABLE $.state (key text COLLATE "C" PRIMARY KEY, value text, stamp bigint NOT NULL);
CREATE INDEX state_stamp ON $.state (stamp);
CREATE TABLE $.heads (
  slice smallint NOT NULL,
  subject text COLLATE "C" NOT NULL,
  spilled boolean NOT NULL,
  head bytea NOT NULL,
  PRIMARY KEY (slice, subject)
) WITH (fillfactor = 80);
CREATE TABLE $.records (
  slice smallint NOT NULL,
  subject text COLLATE "C" NOT NULL,
  dataset integer NOT NULL,
  record text COLLATE "C" NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (slice, subject, dataset, record)
);
CREATE TABLE $.versions (
  slice smallint NOT NULL,
  subject text COLLATE "C" NOT NULL,
  dataset integer NOT NULL,
  record text COLLATE "C" NOT NULL,
  "offset" bigint NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (slice, subject, dataset, record, "offset")
);
CREATE TABLE $.set_aside (
  slice smallint NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  schema_id bigint,
  value bytea NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
);
-- what is packed is read whole: it is not worth the time to press it
ALTER TABLE $.heads ALTER COLUMN head SET STORAGE EXTERNAL;`,
];

const TABLES = ['commits', 'state', 'heads', 'records', 'versions', 'set_aside'];

/** As it stands within a statement. The settings allow nothing that would have to be escaped. */
const quoted = (schema: string): string => `"${schema}"`;

/** @param text with `$.` before each table */
export const inSchema = (text: string, schema: string): string => text.replaceAll('$.', `${quoted(schema)}.`);

const version = (schema: string): Statement => ({
  name: 'view-schema-version',
  text: inSchema('SELECT max(version) AS version FROM $.migrations', schema),
});

const there: Statement = {
  name: 'view-schema-there',
  text: 'SELECT to_regclass($1) IS NOT NULL AS there',
};

async function versionOf(connection: Pick<Connection, 'query'>, schema: string): Promise<number> {
  const [found] = await connection.query(there, [`${quoted(schema)}.migrations`]);
  if (found?.['there'] !== true) return 0;
  const [row] = await connection.query(version(schema));
  return Number(row?.['version'] ?? 0);
}

const newer = (schema: string): YitongError =>
  new YitongError(
    'view_unavailable',
    `the tables of the view in the schema \`${schema}\` are of a newer program than this one`,
  );

/**
 * Makes what is missing, in one transaction, and lets `user` read and change rows, and nothing else.
 * @param pool as the owner of the schema
 * @returns the steps that were made @throws YitongError `view_unavailable` where the tables are of a newer program
 */
export function migrateView(pool: Pool, schema: string, user: string): Promise<number> {
  return pool.using(async (connection) => {
    await connection.run('BEGIN');
    await connection.run(`SELECT pg_advisory_xact_lock(hashtext('yitong view ${schema}'))`);
    const done = await versionOf(connection, schema);
    if (done > STEPS.length) throw newer(schema);
    const steps = STEPS.slice(done);
    if (done === 0) {
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`);
      await connection.run(inSchema('CREATE TABLE $.migrations (version integer PRIMARY KEY)', schema));
    }
    for (const [i, step] of steps.entries()) {
      await connection.run(inSchema(step, schema));
      await connection.run(inSchema(`INSERT INTO $.migrations VALUES (${String(done + i + 1)})`, schema));
    }
    const role = `"${user.replaceAll('"', '""')}"`;
    await connection.run(
      `GRANT USAGE ON SCHEMA ${quoted(schema)} TO ${role};` +
        inSchema(`GRANT SELECT ON $.migrations TO ${role};`, schema) +
        TABLES.map((table) => inSchema(`GRANT SELECT, INSERT, UPDATE, DELETE ON $.${table} TO ${role}`, schema)).join(
          ';',
        ),
    );
    await connection.run('COMMIT');
    return steps.length;
  });
}

/** @throws YitongError `view_unavailable` where the tables are not those of this program */
export async function checkSchema(pool: Pool, schema: string): Promise<void> {
  const found = await pool.using((connection) => versionOf(connection, schema));
  if (found > STEPS.length) throw newer(schema);
  if (found < STEPS.length)
    throw new YitongError(
      'view_unavailable',
      `the schema \`${schema}\` has no tables for the view, or those of an older program; \`yitong view migrate\` ` +
        'makes them',
    );
}
