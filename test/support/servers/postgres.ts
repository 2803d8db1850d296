import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, type QueryResult } from 'pg';
import type { Test } from 'tap';
import { missingHere } from '../missing.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../../../.ci/postgres', import.meta.url));
const NOT_INSTALLED = 3;

export interface TestPostgres {
  /** Of the suite's own database, as its superuser. */
  readonly url: string;
  /** The same database as another role. */
  urlAs(user: string, password: string): string;
  /** As superuser, on one connection that stays open. */
  sql(text: string, values?: readonly unknown[]): Promise<QueryResult<Record<string, unknown>>>;
}

export interface TestPostgresOptions {
  /** A server of the suite's own, for what changes the whole server (settings, restarts). */
  readonly own?: boolean;
}

/**
 * A fresh database on a real PostgreSQL with `wal_level=logical`: on the server of YITONG_TEST_POSTGRES (`.ci/postgres
 * start` prints it), else on one that is started for this suite and stopped with it. Where PostgreSQL is not installed,
 * the test is reported as skipped by name; in CI it fails, so that a broken `.ci/run` cannot pass.
 */
export async function postgresForTest(
  t: Test,
  { own = false }: TestPostgresOptions = {},
): Promise<TestPostgres | undefined> {
  const given = process.env['YITONG_TEST_POSTGRES'];
  const server = given === undefined || given === '' || own ? await startServer(t) : given;
  if (server !== undefined) return freshDatabase(t, server);
  return missingHere(t, 'real PostgreSQL: not installed here, install it or set YITONG_TEST_POSTGRES');
}

async function startServer(t: Test): Promise<string | undefined> {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-postgres-'));
  // as root, the server runs as another user, who must reach its folder
  chmodSync(dir, 0o711);
  const env = { ...process.env, YITONG_POSTGRES_STATE: join(dir, 'state'), YITONG_POSTGRES_OWNER: String(process.pid) };
  t.teardown(async () => {
    if (existsSync(join(dir, 'state'))) await run(script, ['stop'], { env });
    rmSync(dir, { recursive: true, force: true });
  });
  try {
    const { stdout } = await run(script, ['start'], { env });
    return stdout.trim().slice('YITONG_TEST_POSTGRES='.length);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === NOT_INSTALLED) return undefined;
    throw error;
  }
}

async function freshDatabase(t: Test, server: string): Promise<TestPostgres> {
  const database = `yitong_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${database}`;
  await onServer(server, async (admin) => admin.query(`CREATE DATABASE ${database}`));
  const client = new Client({ connectionString: url.href });
  // of a server that a test stops: whoever uses it next is told
  client.on('error', () => undefined);
  await client.connect();
  t.teardown(async () => {
    await client.end().catch(() => undefined);
    await onServer(server, async (admin) => {
      // a slot outlives its connection, and its database cannot go before it
      await admin.query(
        'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = $1 AND active',
        [database],
      );
      for (let tries = 0; ; tries++) {
        const { rows } = await admin.query<{ active: boolean }>(
          'SELECT active FROM pg_replication_slots WHERE database = $1',
          [database],
        );
        if (rows.every(({ active }) => !active) || tries === 100) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await admin.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1', [
        database,
      ]);
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
    }).catch((error: unknown) => t.comment(`the database was left: ${String(error)}`));
  });
  return {
    url: url.href,
    urlAs(user, password) {
      const other = new URL(url);
      other.username = user;
      other.password = password;
      return other.href;
    },
    sql: (text, values = []) => client.query<Record<string, unknown>>(text, [...values]),
  };
}

async function onServer(server: string, work: (admin: Client) => Promise<unknown>): Promise<void> {
  const admin = new Client({ connectionString: server });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
