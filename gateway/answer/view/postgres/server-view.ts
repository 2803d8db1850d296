/** One server of the view, as this process knows it: how it is reached, and the newest state that it has told. */
import { YitongError } from '../../../../contracts/errors.js';
import type { Connection, Pool, Row, Statement } from '../../../ground/state/postgres/pool.js';
import { inSchema } from './schema.js';
import { type ChangedRows, ServerState } from './server-state.js';

/**
 * What a statement returns of the state, beside what it reads in the same snapshot: columns `stamp`, `started` and
 * `rows`, the rows that are newer than what is known.
 * @param stamp parameter with the commit that is known @param started parameter with the process that said so
 * @param where in which rows of the result
 */
export const stateColumns = (stamp: string, started: string, where = 'true'): string =>
  `c.stamp, s.started, CASE WHEN NOT (${where}) THEN NULL
   WHEN s.started <> ${started} THEN (SELECT json_object_agg(key, value)::text FROM $.state)
   WHEN c.stamp <> ${stamp}::int8
     THEN (SELECT json_object_agg(key, value)::text FROM $.state WHERE stamp > ${stamp}::int8) END AS rows`;

/** Where these columns come from. */
export const STATE_FROM = '$.commits c CROSS JOIN (SELECT pg_postmaster_start_time()::text AS started) s';

export interface StateRow {
  readonly stamp: number;
  readonly started: string;
  readonly rows: string | null;
}

/** What is wrong with a server of the view. The pool speaks of the state, for which it was made. */
export const troubleOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replace('the server of the state: ', '')
    .replace('the server of the state', 'the server')
    .replace('yitong state migrate', 'yitong view migrate');

export class ServerView {
  readonly name: string;
  readonly pool: Pool;
  readonly schema: string;
  readonly #state: Statement;
  readonly #locked: Statement;
  #latest = new ServerState();
  /** `performance.now()` when it answered last; undefined before it has. */
  #answeredAt: number | undefined;

  constructor(name: string, pool: Pool, schema: string) {
    this.name = name;
    this.pool = pool;
    this.schema = schema;
    this.#state = {
      name: 'view-state',
      text: inSchema(`SELECT ${stateColumns('$1', '$2')} FROM ${STATE_FROM}`, schema),
    };
    this.#locked = { name: 'view-lock', text: inSchema('SELECT stamp FROM $.commits FOR UPDATE', schema) };
  }

  latest(): ServerState {
    return this.#latest;
  }

  /** ms since it answered last; undefined where it never has. */
  age(): number | undefined {
    return this.#answeredAt === undefined ? undefined : performance.now() - this.#answeredAt;
  }

  /** What it said of itself at a commit. @param base what was known when it was asked */
  learn(base: ServerState, { stamp, started, rows }: StateRow): ServerState {
    this.#answeredAt = performance.now();
    if (started === base.started && stamp === base.stamp) return base;
    if (started === this.#latest.started && stamp === this.#latest.stamp) return this.#latest;
    const from = started === base.started ? base : new ServerState(0, started);
    return this.keep(from.with(stamp, rows === null ? {} : (JSON.parse(rows) as ChangedRows)));
  }

  /** Remembers a state, where none later is known. */
  keep(state: ServerState): ServerState {
    if (state.started !== this.#latest.started || state.stamp > this.#latest.stamp) this.#latest = state;
    return state;
  }

  /** Asks what it says of itself now. @throws as `Pool.query` */
  async refresh(): Promise<ServerState> {
    return this.pool.using((connection) => this.stateOn(connection));
  }

  /** What it says of itself in the snapshot of this connection. */
  async stateOn(connection: Connection): Promise<ServerState> {
    const base = this.#latest;
    const [row] = await connection.query<StateRow & Row>(this.#state, [base.stamp, base.started]);
    if (row === undefined) throw new YitongError('view_unavailable', `the server \`${this.name}\` has no commits`);
    return this.learn(base, row);
  }

  /** Keeps others from changing anything until the transaction ends, and gives the state as it is then. */
  async lock(connection: Connection): Promise<ServerState> {
    await connection.query(this.#locked);
    return this.stateOn(connection);
  }
}
