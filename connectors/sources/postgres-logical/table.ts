/**
 * The table of a feed and whether the database tells enough of its changes: looked at before each run, as all of it may
 * be altered while we read.
 */

import type { Client } from 'pg';
import { isYitongError, type Place, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Contract } from '../../../contracts/types.js';
import type { Mapping } from '../../feed.js';
import { mappedColumns } from '../../mapping/columns.js';
import { cellReader, type ReadCell } from '../postgres/values.js';

interface Column {
  readonly name: string;
  /** Of the replica identity: what an old row is named by. */
  readonly identity: boolean;
  readonly read: ReadCell;
}

export interface Table {
  readonly schema: string;
  readonly name: string;
  /** Quoted, with its schema. */
  readonly quoted: string;
  /** Those that the mapping reads or the identity needs, by name. */
  readonly columns: ReadonlyMap<string, Column>;
  /** Columns that name the record, of the subject and the record id. */
  readonly key: readonly string[];
  /** The old row comes whole (`REPLICA IDENTITY FULL`). */
  readonly full: boolean;
  /** The publication's row filter, as SQL. */
  readonly filter: string | undefined;
  /** Changes when the table is rewritten. */
  readonly file: string;
  /** As the server guesses it. */
  readonly rows: number;
}

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const notReady = (what: string): YitongError => new YitongError('replication_not_ready', what);

/** Columns from which a mapping makes subject and record id. */
function keyColumns(mapping: Mapping, contract: Contract): ReadonlySet<string> {
  const identifying = new Set<string>([contract.subject.field, ...contract.recordId]);
  const fields = Object.entries(mapping.fields).filter(([target]) => identifying.has(target.replace(/\[\]$/, '')));
  return mappedColumns({
    ...present({ nulls: mapping.nulls }),
    fields: Object.fromEntries(fields),
  });
}

const TABLE = `SELECT c.oid::text AS oid, c.relkind::text AS kind, c.relreplident::text AS identity,
  c.relpersistence::text AS persistence,
  c.reltuples::float8::text AS rows, pg_relation_filenode(c.oid)::text AS file,
  pg_is_in_recovery()::text AS standby, current_setting('wal_level') AS wal_level
  FROM (SELECT 1) one LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace)
    ON n.nspname = $1 AND c.relname = $2`;

const COLUMNS = `WITH RECURSIVE base(attnum, oid) AS (
    SELECT attnum, atttypid FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT b.attnum, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.oid WHERE t.typtype = 'd')
  SELECT a.attname AS name, t.oid::text AS type, CASE WHEN t.typcategory = 'A' THEN t.typelem::text END AS element,
    (a.attgenerated <> '')::text AS generated,
    EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey)
      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
    )::text AS identity
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN base b ON b.attnum = a.attnum
    JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`;

const PUBLICATION = `SELECT p.pubname AS name,
  (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate)::text AS whole,
  (SELECT to_jsonb(t) FROM pg_publication_tables t
    WHERE t.pubname = p.pubname AND t.schemaname = $2 AND t.tablename = $3)::text AS covers
  FROM pg_publication p WHERE p.pubname = $1`;

interface Wanted {
  readonly client: Client;
  readonly source: { readonly table: string; readonly publication?: string };
  /** The name, where the feed gives none. */
  readonly publication: string;
  readonly mapping: Mapping;
  readonly contract: Contract;
  readonly place: Place;
}

/** @throws YitongError `replication_not_ready` with the SQL that mends it, `bad_feed` */
export async function lookAtTable(wanted: Wanted): Promise<Table> {
  const { client, source, mapping, contract, place } = wanted;
  const [schema = '', name = ''] = source.table.split('.');
  const quoted = `${quote(schema)}.${quote(name)}`;
  const table = (
    await client.query<
      Record<'oid' | 'kind' | 'identity' | 'persistence' | 'rows' | 'file' | 'standby' | 'wal_level', string>
    >(TABLE, [schema, name])
  ).rows[0];
  if (table === undefined || table.standby === 'true')
    throw notReady('the server is a standby; name its primary in `source.server`');
  if (table.wal_level !== 'logical')
    throw notReady(
      `\`wal_level\` is \`${table.wal_level}\`; run \`ALTER SYSTEM SET wal_level = logical\` and restart the server`,
    );
  if (table.oid === null)
    throw new YitongError('bad_feed', `there is no table \`${source.table}\`, or the user may not see its schema`, {
      place,
    });
  if (table.kind !== 'r')
    throw new YitongError(
      'bad_feed',
      `\`${source.table}\` is no ordinary table (partitioned tables and views: use the source \`postgres\`)`,
      { place },
    );
  if (table.persistence !== 'p')
    throw notReady(
      `\`${source.table}\` is unlogged or temporary, so that its changes are not in the log; run \`ALTER TABLE ` +
        `${quoted} SET LOGGED\``,
    );

  const found = (
    await client.query<{ name: string; type: string; element: string | null; generated: string; identity: string }>(
      COLUMNS,
      [table.oid],
    )
  ).rows;
  const read = mappedColumns(mapping);
  const missing = [...read].find((column) => !found.some((one) => one.name === column));
  if (missing !== undefined)
    throw new YitongError(
      'bad_feed',
      `the table \`${source.table}\` lacks the column \`${missing}\` that the mapping reads`,
      { place },
    );
  const generated = found.find((one) => read.has(one.name) && one.generated === 'true');
  if (generated !== undefined)
    throw new YitongError(
      'bad_feed',
      `the column \`${generated.name}\` is generated, and the log does not hold it; map what it is made from, ` +
        `or use the source \`postgres\``,
      { place },
    );

  const key = [...keyColumns(mapping, contract)];
  const full = table.identity === 'f';
  const identity = found.filter((one) => one.identity === 'true').map((one) => one.name);
  checkIdentity(quoted, full, table.identity, identity, key);
  const covers = await lookAtPublication(wanted, schema, name, quoted, [...new Set([...read, ...identity])]);
  const columns = new Map(
    found
      .filter((one) => read.has(one.name) || one.identity === 'true')
      .map(
        (one) =>
          [
            one.name,
            {
              name: one.name,
              identity: one.identity === 'true',
              read: cellReader(Number(one.type), one.element === null ? undefined : Number(one.element)),
            },
          ] as const,
      ),
  );
  return {
    schema,
    name,
    quoted,
    columns,
    key,
    full,
    filter: covers,
    file: table.file,
    rows: Math.max(0, Number(table.rows)),
  };
}

/** Whether an old row says which record it was. */
export function checkIdentity(
  quoted: string,
  full: boolean,
  kind: string,
  identity: readonly string[],
  key: readonly string[],
): void {
  if (full) return;
  const mend =
    `run \`ALTER TABLE ${quoted} REPLICA IDENTITY USING INDEX …\` with a unique index over columns that are NOT ` +
    `NULL and include them, or \`ALTER TABLE ${quoted} REPLICA IDENTITY FULL\``;
  if (kind === 'n' || kind === 'nothing')
    throw notReady(`${quoted} has REPLICA IDENTITY NOTHING, so that a deleted row has no name; ${mend}`);
  if (identity.length === 0)
    throw notReady(
      `${quoted} has no primary key for its replica identity, so that a deleted row has no name; add one, or ${mend}`,
    );
  const lacking = key.find((column) => !identity.includes(column));
  if (lacking !== undefined)
    throw notReady(
      `the replica identity of ${quoted} lacks \`${lacking}\`, of which the record's key is made; ${mend}`,
    );
}

/** @returns the row filter */
async function lookAtPublication(
  wanted: Wanted,
  schema: string,
  name: string,
  quoted: string,
  columns: readonly string[],
): Promise<string | undefined> {
  const { client, source } = wanted;
  const publication = source.publication ?? wanted.publication;
  const ask = async () =>
    (
      await client.query<{ name: string; whole: string; covers: string | null }>(PUBLICATION, [
        publication,
        schema,
        name,
      ])
    ).rows[0];
  const create = `CREATE PUBLICATION ${quote(publication)} FOR TABLE ${quoted}`;
  let found = await ask();
  if (found === undefined) {
    if (source.publication !== undefined)
      throw notReady(`there is no publication \`${publication}\`; run \`${create}\``);
    try {
      await client.query(create);
    } catch (cause) {
      if (isYitongError(cause)) throw cause;
      throw new YitongError(
        'replication_not_ready',
        `the user may not make a publication; as the owner of the table run \`${create}\``,
        { cause },
      );
    }
    found = await ask();
  }
  if (found === undefined || found.covers === null)
    throw notReady(
      `the publication \`${publication}\` does not hold the table; run \`ALTER PUBLICATION ` +
        `${quote(publication)} ADD TABLE ${quoted}\``,
    );
  if (found.whole !== 'true')
    throw notReady(
      `the publication \`${publication}\` leaves out a kind of change; run \`ALTER PUBLICATION ` +
        `${quote(publication)} SET (publish = ${literal('insert, update, delete, truncate')})\``,
    );
  const covers: unknown = JSON.parse(found.covers);
  const listed = field(covers, 'attnames');
  const hidden = Array.isArray(listed) ? columns.find((column) => !listed.includes(column)) : undefined;
  if (hidden !== undefined)
    throw notReady(
      `the publication \`${publication}\` has a column list without \`${hidden}\`, which is read; run \`ALTER ` +
        `PUBLICATION ${quote(publication)} SET TABLE ${quoted}\``,
    );
  const filter = field(covers, 'rowfilter');
  return typeof filter === 'string' ? filter : undefined;
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
