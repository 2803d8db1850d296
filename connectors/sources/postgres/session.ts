/** One connection to PostgreSQL that reads a table. */
import type { Client } from 'pg';
import type { Column, RawRow, Session, Statement, TableInfo, TableName, TimeKind } from '../../sql/dialect.js';
import { FetchSize } from '../../sql/fetch.js';
import type { Server } from '../../sql/server.js';
import { connectPostgres, postgresError } from './connect.js';
import { cellReader } from './values.js';

/** `pg_type.dat` */
const BYTEA = '17';
const JSONS: ReadonlySet<string> = new Set(['114', '3802']);
const TIMES: ReadonlyMap<string, TimeKind> = new Map([
  ['1082', 'date'],
  ['1114', 'local'],
  ['1184', 'instant'],
]);

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Tables, views, materialized views, foreign and partitioned tables; of a domain the type below it. */
const COLUMNS = `
  WITH RECURSIVE base AS (
    SELECT oid AS type, oid AS base FROM pg_type WHERE typtype <> 'd'
    UNION ALL
    SELECT t.oid, b.base FROM pg_type t JOIN base b ON t.typtype = 'd' AND t.typbasetype = b.type
  )
  SELECT a.attname, y.oid::text, CASE WHEN y.typcategory = 'A' THEN y.typelem::text END,
    y.typlen = -1 AND y.typname <> 'numeric', c.reltuples::bigint::text
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN base ON base.type = a.atttypid
  JOIN pg_type y ON y.oid = base.base
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  ORDER BY a.attnum`;

function column([name, type, element, long]: RawRow): Column {
  const reference = `t.${quote(name ?? '')}`;
  return {
    name: name ?? '',
    select: reference,
    bytes:
      long !== 't'
        ? undefined
        : type === BYTEA
          ? `2 * octet_length(${reference}::bytea)`
          : `octet_length(${reference}::text)`,
    read: cellReader(Number(type), element === null ? undefined : Number(element)),
    time: TIMES.get(type ?? ''),
    json: JSONS.has(type ?? ''),
    value: (text, parameter) => parameter(text),
  };
}

class PostgresSession implements Session {
  constructor(
    private readonly client: Client,
    private readonly server: Server,
    private readonly signal: AbortSignal,
    private readonly cut: AbortController,
  ) {}

  async table({ schema, table }: TableName): Promise<TableInfo | undefined> {
    const rows = await this.query(COLUMNS, [schema, table]);
    const [first] = rows;
    if (first === undefined) return undefined;
    const estimate = Number(first[4]);
    return { columns: rows.map(column), rows: estimate > 0 ? estimate : undefined };
  }

  async begin(): Promise<string> {
    await this.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY', []);
    // the transaction began before this statement, with which its view of the database begins
    const [row] = await this.query(`SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')`, []);
    return row?.[0] ?? '';
  }

  async *rows({ text, values }: Statement): AsyncGenerator<readonly RawRow[]> {
    // the whole result will be read
    await this.query('SET LOCAL cursor_tuple_fraction = 1', []);
    await this.query(`DECLARE yitong NO SCROLL CURSOR FOR ${text}`, values);
    const size = new FetchSize();
    for (;;) {
      const rows = await this.query(`FETCH ${size.rows} FROM yitong`, []);
      if (rows.length > 0) yield rows;
      if (rows.length < size.rows) break;
      size.saw(rows);
    }
    await this.query('CLOSE yitong', []);
  }

  async close(): Promise<void> {
    // ends the transaction as well; a server that went away without a word does not answer
    const timer = setTimeout(() => this.cut.abort(), GOODBYE);
    await this.client.end().catch(() => undefined);
    clearTimeout(timer);
  }

  private async query(text: string, values: readonly string[]): Promise<RawRow[]> {
    try {
      return (await this.client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' })).rows;
    } catch (error) {
      throw postgresError(error, this.server, this.signal);
    }
  }
}

/** ms that a connection may take to end. */
const GOODBYE = 2_000;

export async function connectSession(server: Server, signal: AbortSignal): Promise<Session> {
  const cut = new AbortController();
  return new PostgresSession(await connectPostgres(server, AbortSignal.any([signal, cut.signal])), server, signal, cut);
}
