/** A PostgreSQL of this run's own, which is killed and comes back on its data. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { migrate } from '../../../../gateway/ground/state/postgres/migrate.js';
import { Pool } from '../../../../gateway/ground/state/postgres/pool.js';
import type { PostgresServer } from '../../../../gateway/ground/state/postgres/server.js';
import { serverAt } from '../../../support/servers/state.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../../../../.ci/postgres', import.meta.url));
const SCHEMA = 'yitong';
const USER = 'faults_user';

export interface CrashingServer {
  /** As the user of the gateway reaches it. */
  readonly server: PostgresServer;
  readonly schema: string;
  readonly user: string;
  readonly password: string;
  /** Section `state` of the settings, without the file of the password. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** All of its processes at once; resolves when it is back. */
  crash(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param dir of this server alone */
export async function startCrashingServer(dir: string): Promise<CrashingServer> {
  // as root, the server runs as another user, who must reach its folder
  await chmod(dir, 0o711);
  const env = { ...process.env, YITONG_POSTGRES_STATE: join(dir, 'server'), YITONG_POSTGRES_FSYNC: 'on' };
  const { stdout } = await run(script, ['start'], { env });
  const url = stdout.trim().slice('YITONG_TEST_POSTGRES='.length);
  const [owner, password] = ['faults_owner', randomBytes(12).toString('hex')];
  const admin = new Client({ connectionString: url });
  await admin.connect();
  for (const role of [owner, USER]) await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  await admin.query(`GRANT CREATE ON DATABASE postgres TO ${owner}`);
  await admin.end();
  const pool = new Pool(serverAt({ url }, owner, password));
  await migrate(pool, { schema: SCHEMA, user: USER });
  await pool.close();
  const { hostname, port, pathname } = new URL(url);
  return {
    server: serverAt({ url }, USER, password),
    schema: SCHEMA,
    user: USER,
    password,
    settings: {
      ...{ driver: 'postgres', servers: [`${hostname}:${port}`], database: pathname.slice(1) },
      ...{ schema: SCHEMA, user: USER, tls: false },
    },
    crash: async (seconds) => void (await run(script, ['crash', String(seconds)], { env })),
    stop: async () => void (await run(script, ['stop'], { env })),
  };
}
