/** One connection to MySQL or MariaDB that reads a table. */
import type { Connection } from 'mysql2';
import { YitongError } from '../../../contracts/errors.js';
import { type Parsed, parseJson } from '../../reading/json-value.js';
import type { Column, RawRow, Session, Statement, TableInfo, TableName, TimeKind } from '../../sql/dialect.js';
import type { Server } from '../../sql/server.js';
import { ask, connectMysql, mysqlError, textsOf } from './connect.js';

export const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

const COLUMNS = `SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`;
const ROWS = `SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?`;
/** MariaDB's JSON is a text with a check. */
const CHECKED = `SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
  WHERE CONSTRAINT_SCHEMA = ? AND TABLE_NAME = ?`;
const JSON_CHECK = /^json_valid\(`((?:[^`]|``)+)`\)$/i;

const BINARY: ReadonlySet<string> = new Set([
  'binary',
  'varbinary',
  'tinyblob',
  'blob',
  'mediumblob',
  'longblob',
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
]);
const TEXT: ReadonlySet<string> = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'json']);
const NUMBER: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'year',
  'bit',
]);
const FLOATS: ReadonlySet<string> = new Set(['float', 'double']);
const TIMES: ReadonlyMap<string, TimeKind> = new Map([
  ['timestamp', 'instant'],
  ['datetime', 'local'],
  ['date', 'date'],
]);
const DIGITS = /^-?\d+(?:\.\d+)?$/;
const HEX = /^[0-9A-F]*$/;

/**
 * `2024-03-01 08:30:00.123456` → `2024-03-01T08:30:00.123456`, with `Z` where the session's UTC is meant; `0000-00-00`
 * stays, and the mapping refuses it.
 */
const moment =
  (zone: string) =>
  (text: string): Parsed => ({ ok: true, value: text.startsWith('0000') ? text : `${text.replace(' ', 'T')}${zone}` });

function column(name: string, type: string, json: boolean): Column {
  const reference = `t.${quote(name)}`;
  const binary = BINARY.has(type);
  const number = (text: string): Parsed => ({ ok: true, value: Number.isFinite(Number(text)) ? Number(text) : text });
  const read = json
    ? (text: string) => parseJson(text)
    : type === 'timestamp'
      ? moment('Z')
      : type === 'datetime'
        ? moment('')
        : FLOATS.has(type)
          ? number
          : undefined;
  return {
    name,
    select: binary ? `HEX(${reference})` : type === 'bit' ? `CAST(${reference} AS UNSIGNED)` : reference,
    bytes: binary ? `2 * OCTET_LENGTH(${reference})` : TEXT.has(type) ? `OCTET_LENGTH(${reference})` : undefined,
    read,
    time: TIMES.get(type),
    json,
    value(text, parameter) {
      // as a number, since a text would be compared as a double
      if (NUMBER.has(type) && DIGITS.test(text)) return text;
      return binary && HEX.test(text) ? `X'${text}'` : parameter(text);
    },
  };
}

class MysqlSession implements Session {
  constructor(
    private readonly connection: Connection,
    private readonly server: Server,
    private readonly signal: AbortSignal,
  ) {}

  async table({ schema, table }: TableName): Promise<TableInfo | undefined> {
    const columns = await this.ask(COLUMNS, [schema, table]);
    if (columns.length === 0) return undefined;
    // MySQL before 8.0.16 has no such checks, and a JSON type of its own
    const checks = await this.ask(CHECKED, [schema, table]).catch(() => []);
    const checked = new Set(checks.map(([clause]) => JSON_CHECK.exec(clause ?? '')?.[1]?.replaceAll('``', '`')));
    const estimate = Number((await this.ask(ROWS, [schema, table]))[0]?.[0]);
    return {
      columns: columns.map(([name, type]) =>
        column(name ?? '', (type ?? '').toLowerCase(), type?.toLowerCase() === 'json' || checked.has(name ?? '')),
      ),
      rows: estimate > 0 ? estimate : undefined,
    };
  }

  async begin(): Promise<string> {
    const [row] = await this.ask(`SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%f')`, []);
    await this.ask('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', []);
    await this.ask('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY', []);
    return row?.[0] ?? '';
  }

  async *rows({ text, values }: Statement): AsyncGenerator<readonly RawRow[]> {
    const { statementTimeout } = this.server;
    let late = false;
    let waiting: NodeJS.Timeout | undefined;
    const wait = (): void => {
      waiting = setTimeout(() => {
        late = true;
        this.connection.destroy();
      }, statementTimeout);
    };
    const stream = this.connection.query({ sql: text, values: [...values] }).stream({ highWaterMark: ROWS_AHEAD });
    // a connection that is destroyed does not tell its statement
    const lost = (): void => void stream.destroy(new Error('the connection was lost'));
    this.connection.once('end', lost);
    this.signal.addEventListener('abort', lost, { once: true });
    try {
      let batch: RawRow[] = [];
      wait();
      for await (const row of stream as AsyncIterable<unknown>) {
        batch.push(textsOf(row));
        if (batch.length < BATCH) continue;
        clearTimeout(waiting);
        yield batch;
        batch = [];
        wait();
      }
      clearTimeout(waiting);
      if (batch.length > 0) yield batch;
    } catch (error) {
      if (late)
        throw new YitongError(
          'source_unavailable',
          `the database \`${this.server.database}\` at \`${this.server.name}\` gave no rows within ` +
            '`statementTimeout`',
        );
      throw mysqlError(error, this.server, this.signal);
    } finally {
      clearTimeout(waiting);
      this.connection.removeListener('end', lost);
      this.signal.removeEventListener('abort', lost);
    }
  }

  async close(): Promise<void> {
    // whatever is on its way is not wanted any more, and the transaction ends with its connection
    this.connection.destroy();
  }

  private async ask(sql: string, values: readonly string[]): Promise<RawRow[]> {
    try {
      return await ask(this.connection, sql, values);
    } catch (error) {
      throw mysqlError(error, this.server, this.signal);
    }
  }
}

/** Rows that the driver holds before it stops reading from the server. */
const ROWS_AHEAD = 16;
const BATCH = 64;

export const connectSession = async (server: Server, signal: AbortSignal): Promise<Session> =>
  new MysqlSession(await connectMysql(server, signal), server, signal);
