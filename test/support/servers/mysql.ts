import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';
import type { Test } from 'tap';
import { missingHere } from '../missing.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../../../.ci/mysql', import.meta.url));
const NOT_INSTALLED = 3;

export interface TestMysql {
  /** Of the suite's own database, as a user who may do anything. */
  readonly url: string;
  readonly database: string;
  /** A connection of its own, closed with the suite. */
  connect(): Promise<Connection>;
  /** On one connection that stays open. */
  sql(text: string, values?: readonly unknown[]): Promise<unknown>;
}

/**
 * A fresh database on a real MariaDB: on the server of YITONG_TEST_MYSQL (`.ci/mysql start` prints it), else on one
 * that is started for this suite and stopped with it. Where MariaDB is not installed, the test is reported as skipped
 * by name; in CI it fails, so that a broken `.ci/run` cannot pass.
 */
export async function mysqlForTest(t: Test): Promise<TestMysql | undefined> {
  const given = process.env['YITONG_TEST_MYSQL'];
  const server = given === undefined || given === '' ? await startServer(t) : given;
  if (server !== undefined) return freshDatabase(t, server);
  return missingHere(t, 'real MariaDB: not installed here, install it or set YITONG_TEST_MYSQL');
}

async function startServer(t: Test): Promise<string | undefined> {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-mysql-'));
  // as root, the server runs as another user, who must reach its folder
  chmodSync(dir, 0o711);
  const env = { ...process.env, YITONG_MYSQL_STATE: join(dir, 'state'), YITONG_MYSQL_OWNER: String(process.pid) };
  t.teardown(async () => {
    if (existsSync(join(dir, 'state'))) await run(script, ['stop'], { env });
    rmSync(dir, { recursive: true, force: true });
  });
  try {
    const { stdout } = await run(script, ['start'], { env });
    return stdout.trim().slice('YITONG_TEST_MYSQL='.length);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === NOT_INSTALLED) return undefined;
    throw error;
  }
}

async function freshDatabase(t: Test, server: string): Promise<TestMysql> {
  const database = `yitong_${randomBytes(6).toString('hex')}`;
  const admin = await createConnection(server);
  await admin.query(`CREATE DATABASE ${database}`);
  await admin.query(`USE ${database}`);
  const others: Connection[] = [];
  t.teardown(async () => {
    for (const other of others) other.destroy();
    await admin
      .query(`DROP DATABASE ${database}`)
      .catch((error: unknown) => t.comment(`the database was left: ${String(error)}`));
    await admin.end();
  });
  const url = new URL(server);
  url.pathname = `/${database}`;
  return {
    url: url.href,
    database,
    async connect() {
      const connection = await createConnection(url.href);
      others.push(connection);
      return connection;
    },
    async sql(text, values = []) {
      const [rows] = await admin.query(text, [...values]);
      return rows;
    },
  };
}
