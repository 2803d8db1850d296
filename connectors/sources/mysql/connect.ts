/** A connection to MySQL or MariaDB as a feed's `source` names it. The only file that makes one. */
import type { Connection, RowDataPacket } from 'mysql2';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { RawRow } from '../../sql/dialect.js';
import type { Server } from '../../sql/server.js';

export const MYSQL_PORT = 3306;

/** Of a statement that is to be answered at once. */
const ANSWER = 30_000;

/** Texts and times must not depend on the server's settings, and a backslash in a text means what we escape it for. */
const SESSION =
  "SET SESSION sql_mode = '', SESSION time_zone = '+00:00', SESSION net_write_timeout = 3600, " +
  "SESSION lock_wait_timeout = 30, SESSION character_set_results = 'utf8mb4'";

/** @throws YitongError `source_unavailable`, `source_denied`, `shutting_down` */
export async function connectMysql(server: Server, signal: AbortSignal): Promise<Connection> {
  if (signal.aborted) throw new YitongError('shutting_down', 'the run was stopped; the next one starts over');
  const { host, port, database, user, password, tls, connectTimeout } = server;
  // a process that reads no such server does without its client
  const { createConnection } = await import('mysql2');
  const connection = createConnection({
    host,
    port,
    database,
    user,
    password: password ?? '',
    ...(tls === undefined
      ? {}
      : { ssl: { ...tls, rejectUnauthorized: true, verifyIdentity: true, minVersion: 'TLSv1.2' } }),
    connectTimeout,
    charset: 'utf8mb4',
    rowsAsArray: true,
    // every value as the text that the server writes
    typeCast: (field) => field.string(),
    // a server must not be able to ask for files of ours
    flags: ['-LOCAL_FILES'],
  });
  const cut = (): void => connection.destroy();
  signal.addEventListener('abort', cut, { once: true });
  connection.once('end', () => signal.removeEventListener('abort', cut));
  try {
    await new Promise<void>((resolve, reject) => {
      // stays: a connection that is lost fails the statement on it, and must not end the process
      connection.on('error', reject);
      connection.connect((error) => (error === null ? resolve() : reject(error)));
    });
    await ask(connection, SESSION, []);
    return connection;
  } catch (error) {
    connection.destroy();
    throw mysqlError(error, server, signal);
  }
}

/** Few rows, at once. */
export const ask = async (connection: Connection, sql: string, values: readonly string[]): Promise<RawRow[]> =>
  new Promise((resolve, reject) => {
    connection.query<RowDataPacket[][]>({ sql, values: [...values], timeout: ANSWER }, (error, rows) =>
      error === null ? resolve(Array.isArray(rows) ? rows.map(textsOf) : []) : reject(error),
    );
  });

export const textsOf = (row: unknown): RawRow =>
  Array.isArray(row) ? row.map((value: unknown) => (typeof value === 'string' ? value : null)) : [];

const DENIED: ReadonlySet<string> = new Set([
  'ER_ACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_ACCESS_DENIED_NO_PASSWORD_ERROR',
  'ER_NOT_SUPPORTED_AUTH_MODE',
  'AUTH_SWITCH_PLUGIN_ERROR',
  'ER_HOST_NOT_PRIVILEGED',
]);
const NO_GRANT: ReadonlySet<string> = new Set([
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_COLUMNACCESS_DENIED_ERROR',
  'ER_VIEW_INVALID',
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
]);
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

/** An error of the driver in our terms. Its own message may hold a value of a row, so that only its code is told. */
export function mysqlError(
  error: unknown,
  server: Pick<Server, 'name' | 'user' | 'database'>,
  signal: AbortSignal,
): YitongError {
  if (isYitongError(error)) return error;
  if (signal.aborted) return new YitongError('shutting_down', 'the run was stopped; the next one starts over');
  const code = codeOf(error);
  const at = `the database \`${server.database}\` at \`${server.name}\``;
  const make = (kind: 'source_unavailable' | 'source_denied', what: string): YitongError =>
    new YitongError(kind, `${at} ${what} (${code})`);
  if (DENIED.has(code))
    return make(
      'source_denied',
      `does not accept the user \`${server.user}\` with the feed's credentials, or not over this connection`,
    );
  if (NO_GRANT.has(code))
    return make(
      'source_denied',
      `does not let the user \`${server.user}\` do what the feed asks; grant it SELECT on the table`,
    );
  if (code === 'ER_BAD_DB_ERROR') return make('source_unavailable', 'is not there');
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT')
    return make('source_unavailable', 'offers no TLS; let it, or say `"tls": false` if the way there is safe');
  if (code.startsWith('ER_')) return make('source_unavailable', 'refused a statement');
  return make('source_unavailable', 'could not be reached, or the connection was lost');
}
