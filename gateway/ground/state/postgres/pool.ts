/**
 * Connections to PostgreSQL: one pool a process, with limits. A server that does not answer is not asked again by every
 * caller: after a failed connection all are refused at once until it is tried again, sooner or later by its back-off.
 */
import { Socket } from 'node:net';
import type { Client } from 'pg';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { StateHealth } from '../port.js';
import type { Address, PostgresServer } from './server.js';

/** A statement that is prepared once on each connection, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** ms between two tries of a server that is away: the first, and the longest. */
const [SOON, LATE] = [250, 4000];
/** ms beyond the statement's own time, after which a server that went away without a word is given up. */
const GRACE = 1000;
/** ms that connections have to end. */
const GOODBYE = 2000;
/** `int8`: all of ours are below 2^53. */
const INT8 = 20;

/** One statement after the other on one connection, for a transaction. */
export interface Connection {
  query<R extends Row>(statement: Statement, values?: readonly unknown[]): Promise<readonly R[]>;
  /** Without preparing it; several statements may stand in it, and then it takes no values. */
  run(text: string): Promise<void>;
}

interface Waiter {
  take(client: PooledClient): void;
  fail(error: YitongError): void;
}

interface PooledClient {
  readonly client: Client;
  readonly socket: Socket;
  broken: boolean;
}

export class Pool {
  readonly #server: PostgresServer;
  readonly #idle: PooledClient[] = [];
  readonly #all = new Set<PooledClient>();
  readonly #waiting: Waiter[] = [];
  /** Connections that are being made. */
  #opening = 0;
  /** Of the addresses, the one that was used last. */
  #last = 0;
  #away: { readonly reason: YitongError; readonly until: number; readonly pause: number } | undefined;
  #answeredAt = performance.now();
  #failed: string | undefined;
  #closed = false;

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  /** @throws YitongError `state_unavailable`, `state_denied`, `state_newer`; Error with the code of anything else */
  query<R extends Row>(statement: Statement, values: readonly unknown[] = []): Promise<readonly R[]> {
    return this.using((connection) => connection.query<R>(statement, values));
  }

  /** A connection for one piece of work; one on which something failed is not used again. */
  async using<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const held = await this.#acquire();
    try {
      const result = await work(this.#connection(held));
      this.#answeredAt = performance.now();
      this.#failed = undefined;
      return result;
    } catch (error) {
      held.broken = true;
      const failure = failureOf(error);
      if (isYitongError(failure) && failure.code === 'state_unavailable') this.#failed = failure.message;
      throw failure;
    } finally {
      this.#release(held);
    }
  }

  /**
   * A connection beside those of the pool, for as long as it lives.
   * @param onTold a notification came @param onEnd it is gone; not told where whoever has it ends it
   * @throws YitongError `state_unavailable`, `state_denied`
   */
  async beside(onTold: () => void, onEnd: () => void): Promise<{ readonly connection: Connection; end(): void }> {
    if (this.#closed) throw closed();
    const opened = await this.#connectAny().catch((error: unknown) => {
      throw failureOf(error);
    });
    let over = false;
    const end = (): void => {
      over = true;
      opened.socket.destroy();
    };
    if (this.#closed) {
      end();
      throw closed();
    }
    opened.client.on('notification', onTold);
    opened.socket.once('close', () => {
      if (!over) onEnd();
    });
    return { connection: this.#connection(opened), end };
  }

  health(): StateHealth {
    const age = Math.round(performance.now() - this.#answeredAt);
    return this.#failed === undefined ? { answers: true, age } : { answers: false, age, reason: this.#failed };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0)) waiter.fail(closed());
    const all = [...this.#all];
    const timer = setTimeout(() => all.forEach(({ socket }) => socket.destroy()), GOODBYE);
    await Promise.all(all.map(({ client }) => client.end().catch(() => undefined)));
    clearTimeout(timer);
  }

  #connection({ client }: PooledClient): Connection {
    return {
      query: async <R extends Row>({ name, text }: Statement, values: readonly unknown[] = []) =>
        (await client.query<R>({ name, text, values: [...values] })).rows,
      run: async (text) => void (await client.query(text)),
    };
  }

  async #acquire(): Promise<PooledClient> {
    if (this.#closed) throw closed();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const away = this.#away;
    if (away !== undefined && performance.now() < away.until) throw away.reason;
    // while it is away one tries it, and the others wait for what comes of it
    const most = away === undefined ? this.#server.connections : this.#all.size + 1;
    if (this.#all.size + this.#opening < most) void this.#open();
    return new Promise<PooledClient>((resolve, reject) => {
      const waiter: Waiter = {
        take: (client) => (clearTimeout(timer), resolve(client)),
        fail: (error) => (clearTimeout(timer), reject(error)),
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(unavailable('all connections to it have been in use for too long'));
      }, this.#server.statementTimeoutMs + this.#server.connectTimeoutMs);
      this.#waiting.push(waiter);
    });
  }

  /** Makes a connection for whoever waits; tells all who wait where there is none to be had. Never rejects. */
  async #open(): Promise<void> {
    this.#opening += 1;
    try {
      const opened = await this.#connectAny();
      if (this.#closed) {
        opened.socket.destroy();
        return;
      }
      this.#all.add(opened);
      this.#away = undefined;
      this.#answeredAt = performance.now();
      this.#failed = undefined;
      this.#give(opened);
    } catch (error) {
      const failure = failureOf(error);
      const reason = isYitongError(failure) ? failure : unavailable(failure.message);
      const before = this.#away;
      const now = performance.now();
      // several that fail at once are one failure
      if (before === undefined || now >= before.until) {
        const pause = Math.min(LATE, (before?.pause ?? SOON / 2) * 2);
        this.#away = { reason, pause, until: now + pause * (0.75 + Math.random() / 2) };
      }
      this.#failed = reason.message;
      for (const waiter of this.#waiting.splice(0)) waiter.fail(reason);
    } finally {
      this.#opening -= 1;
    }
    // those who came while only one was to try
    const short = Math.min(this.#waiting.length, this.#server.connections - this.#all.size) - this.#opening;
    for (let i = 0; i < short && !this.#closed; i++) void this.#open();
  }

  async #connectAny(): Promise<PooledClient> {
    const { addresses } = this.#server;
    let failure: unknown = unavailable('no server of it is named');
    for (let i = 0; i < addresses.length; i++) {
      const at = (this.#last + i) % addresses.length;
      const address = addresses[at];
      if (address === undefined) continue;
      try {
        const opened = await this.#connect(address);
        this.#last = at;
        return opened;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #connect({ host, port }: Address): Promise<PooledClient> {
    const { database, user, password, tls, connectTimeoutMs, statementTimeoutMs, lockTimeoutMs } = this.#server;
    // a process that keeps nothing there does without its client
    const { default: pg } = await import('pg');
    const socket = new Socket();
    const client = new pg.Client({
      host,
      port,
      database,
      user,
      // as a function, since `pg` looks elsewhere for a password that is empty
      password,
      ssl: tls === undefined ? false : { ...tls(), host, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
      sslnegotiation: 'postgres',
      application_name: 'yitong',
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + GRACE,
      // no name resolves to what a user has put in a schema, whatever stands in the server's settings
      options: '-c search_path=pg_catalog -c default_transaction_isolation=read\\ committed',
      keepAlive: true,
      // the one cast: `pg` takes parsers of any kind
      types: { getTypeParser: ((oid: number, format?: 'text' | 'binary') => parser(pg.types, oid, format)) as never },
      stream: () => socket,
    });
    const pooled: PooledClient = { client, socket, broken: false };
    client.on('error', () => this.#lose(pooled));
    try {
      await client.connect();
      const { rows } = await client.query<{ readonly standby: boolean }>(SESSION);
      if (rows[0]?.standby !== false && this.#server.standby !== true)
        throw unavailable('the server that was reached is a standby, which takes no changes');
      return pooled;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  #give(client: PooledClient): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#idle.push(client);
    else waiter.take(client);
  }

  #release(held: PooledClient): void {
    if (this.#closed) return;
    if (!held.broken) {
      this.#give(held);
      return;
    }
    this.#lose(held);
    held.socket.destroy();
    if (this.#waiting.length > 0 && this.#opening === 0) void this.#open();
  }

  #lose(client: PooledClient): void {
    client.broken = true;
    this.#all.delete(client);
    const at = this.#idle.indexOf(client);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

/** Whoever set the server up to lose what it acknowledged did not mean what stands here. */
const SESSION =
  'SELECT pg_is_in_recovery() AS standby, set_config($$synchronous_commit$$, CASE ' +
  'current_setting($$synchronous_commit$$) WHEN $$off$$ THEN $$on$$ ELSE ' +
  'current_setting($$synchronous_commit$$) END, false)';

function parser(types: typeof import('pg').types, oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  return oid === INT8 && format !== 'binary' ? Number : types.getTypeParser(oid, format as 'text');
}

const unavailable = (what: string, cause?: unknown): YitongError =>
  new YitongError('state_unavailable', `the server of the state: ${what}`, cause === undefined ? {} : { cause });

const closed = (): YitongError => unavailable('it was closed by this process');

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

/** Of the server's codes, those that say nothing of the statement: it may be made again later. */
const PASSING = /^(?:08|53|57|58|40|25006|55P03|XX)/;

/** An error of the driver in our terms. Its own message may hold a value of a row, so that only its code is told. */
export function failureOf(error: unknown): Error {
  if (isYitongError(error) || error instanceof TypeError) return error;
  const code = codeOf(error);
  const cause = Object.assign(new Error(code), { code });
  if (code.startsWith('28'))
    return new YitongError('state_denied', `the server of the state does not let the user in (${code})`, { cause });
  if (code === '42501')
    return new YitongError(
      'state_denied',
      `the server of the state does not let the user do what it must (${code}); \`yitong state migrate\` grants it`,
      { cause },
    );
  if (code === '3F000' || code === '42P01' || code === '42883')
    return new YitongError(
      'state_newer',
      `the server of the state has not what this program needs (${code}); \`yitong state migrate\` makes it`,
      { cause },
    );
  if (code === '57014') return unavailable('it did not answer a statement in time (57014)', cause);
  if (code === '55P03') return unavailable('others hold what the statement needs (55P03)', cause);
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('SASL'))
    return new YitongError(
      'state_denied',
      'the server of the state asks for a password, or did not prove that it knows it',
      {
        cause,
      },
    );
  if (/does not support SSL/i.test(message))
    return unavailable('it offers no TLS; let it, or set `tls` to false where the way there is safe', cause);
  if (/^[0-9A-Z]{5}$/.test(code) && !PASSING.test(code))
    return Object.assign(new Error(`the server of the state refused a statement (${code})`), { code });
  return unavailable(`it cannot be reached, or the connection was lost (${code})`, cause);
}
