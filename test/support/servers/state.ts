/** A schema of the state on a real PostgreSQL, with its two roles: the owner, and the user that may make nothing. */
import { randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import { migrate, type Names } from '../../../gateway/ground/state/postgres/migrate.js';
import { Pool } from '../../../gateway/ground/state/postgres/pool.js';
import type { PostgresServer } from '../../../gateway/ground/state/postgres/server.js';
import type { TestPostgres } from './postgres.js';

export interface TestState extends Names {
  readonly owner: PostgresServer;
  readonly server: PostgresServer;
  readonly passwords: { readonly owner: string; readonly user: string };
}

/** @param address where the user reaches the server; default: itself */
export function serverAt(
  postgres: Pick<TestPostgres, 'url'>,
  user: string,
  password: string,
  address?: { host: string; port: number },
): PostgresServer {
  const { hostname, port, pathname } = new URL(postgres.url);
  return {
    addresses: [address ?? { host: hostname, port: Number(port) }],
    database: pathname.slice(1),
    user,
    password: () => password,
    tls: undefined,
    connections: 4,
    connectTimeoutMs: 3000,
    statementTimeoutMs: 10_000,
    lockTimeoutMs: 10_000,
  };
}

/** Roles outlive a database, so they are removed with the test; the schema is migrated unless `empty`. */
export async function stateForTest(t: Test, postgres: TestPostgres, { empty = false } = {}): Promise<TestState> {
  const id = randomBytes(6).toString('hex');
  const [owner, user, schema] = [`yt_owner_${id}`, `yt_user_${id}`, 'yitong'];
  const passwords = { owner: randomBytes(12).toString('hex'), user: randomBytes(12).toString('hex') };
  const database = new URL(postgres.url).pathname.slice(1);
  await postgres.sql(`CREATE ROLE ${owner} LOGIN PASSWORD '${passwords.owner}'`);
  await postgres.sql(`CREATE ROLE ${user} LOGIN PASSWORD '${passwords.user}'`);
  await postgres.sql(`GRANT CREATE ON DATABASE ${database} TO ${owner}`);
  t.teardown(async () => {
    for (const role of [user, owner])
      await postgres.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`).catch((error: unknown) => {
        t.comment(`a role was left: ${String(error)}`);
      });
  });
  const state: TestState = {
    schema,
    user,
    passwords,
    owner: serverAt(postgres, owner, passwords.owner),
    server: serverAt(postgres, user, passwords.user),
  };
  if (!empty) {
    const pool = new Pool(state.owner);
    try {
      await migrate(pool, state);
    } finally {
      await pool.close();
    }
  }
  return state;
}
