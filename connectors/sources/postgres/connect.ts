/** A connection to PostgreSQL as a feed's `source` names it. The only file that makes one. */
import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { Server } from '../../sql/server.js';

export const POSTGRES_PORT = 5432;

/** Every value comes as the text that the server writes; `values.ts` makes cells of it, digit by digit. */
const asText = { getTypeParser: () => (text: string) => text };

/** Longer than a statement may take at the server: it ends a wait for a server that went away without a word. */
const GRACE = 15_000;

/** Settings of one connection; `pg` takes nothing from `PG…` variables or `.pgpass` then. */
function clientConfig({
  host,
  port,
  database,
  user,
  password,
  tls,
  connectTimeout,
  statementTimeout,
}: Server): ClientConfig {
  return {
    host,
    port,
    database,
    user,
    // as a function, since `pg` looks elsewhere for a password that is missing or empty
    password: () => password ?? '',
    ssl: tls === undefined ? false : { ...tls, host, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    sslnegotiation: 'postgres',
    application_name: 'yitong',
    connectionTimeoutMillis: connectTimeout,
    query_timeout: statementTimeout + GRACE,
    keepAlive: true,
    types: asText,
  };
}

/**
 * What one text of each type looks like must not depend on the server's settings, and no name may resolve to what a
 * user has put in a schema.
 */
const sessionSettings = ({ statementTimeout }: Pick<Server, 'statementTimeout'>): string =>
  `SET search_path = pg_catalog; SET client_encoding = 'UTF8'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = ` +
  `'iso_8601'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET xmloption = ` +
  `'content'; SET lock_timeout = '30s'; SET statement_timeout = ${Math.ceil(statementTimeout)}`;

/**
 * An open connection whose values are texts. An abort cuts it.
 * @throws YitongError `source_unavailable`, `source_denied`, `shutting_down`
 */
export async function connectPostgres(
  server: Server,
  signal: AbortSignal,
  more: Pick<ClientConfig, 'options'> & { readonly replication?: 'database' } = {},
): Promise<Client> {
  if (signal.aborted) throw new YitongError('shutting_down', 'the run was stopped; the next one starts over');
  // a process that reads no such server does without its client
  const { default: pg } = await import('pg');
  const socket = new Socket();
  const cut = (): void => void socket.destroy();
  signal.addEventListener('abort', cut, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', cut));
  const client = new pg.Client({ ...clientConfig(server), ...more, stream: () => socket });
  // a connection that is lost fails the query on it, or the next one; without a listener it would end the process
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sessionSettings(server));
    const { rows } = await client.query<{ encoding: string }>(
      "SELECT pg_catalog.current_setting('server_encoding') AS encoding",
    );
    if (rows[0]?.encoding === 'SQL_ASCII')
      throw new YitongError(
        'source_unavailable',
        `the database \`${server.database}\` has the encoding SQL_ASCII, so that nobody knows what its texts ` +
          'are; it must be converted first',
      );
    return client;
  } catch (error) {
    socket.destroy();
    throw postgresError(error, server, signal);
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

/** An error of the driver in our terms. Its own message may hold a value of a row, so that only its code is told. */
export function postgresError(
  error: unknown,
  server: Pick<Server, 'name' | 'user' | 'database'>,
  signal: AbortSignal,
): YitongError {
  if (isYitongError(error)) return error;
  if (signal.aborted) return new YitongError('shutting_down', 'the run was stopped; the next one starts over');
  const code = codeOf(error);
  const at = `the database \`${server.database}\` at \`${server.name}\``;
  const make = (kind: 'source_unavailable' | 'source_denied', what: string): YitongError =>
    new YitongError(kind, `${at} ${what} (${code})`, { cause: Object.assign(new Error(code), { code }) });
  if (code.startsWith('28'))
    return make(
      'source_denied',
      `does not accept the user \`${server.user}\` with the feed's credentials, or not over this connection`,
    );
  if (code === '42501')
    return make(
      'source_denied',
      `does not let the user \`${server.user}\` do what the feed asks; grant it USAGE on the schema and SELECT ` +
        'on the table',
    );
  if (code === '57014') return make('source_unavailable', 'did not answer a statement within `statementTimeout`');
  if (code.startsWith('3D')) return make('source_unavailable', 'is not there');
  if (/^(?!08|57P)[0-9A-Z]{5}$/.test(code)) return make('source_unavailable', 'refused a statement');
  if (error instanceof Error && error.message.startsWith('SASL'))
    return make('source_denied', 'asks for a password that the feed does not name, or did not prove that it knows it');
  const tls = error instanceof Error && /does not support SSL/i.test(error.message);
  return make(
    'source_unavailable',
    tls
      ? 'offers no TLS; let it, or say `"tls": false` if the way there is safe'
      : 'could not be reached, or the connection was lost',
  );
}
