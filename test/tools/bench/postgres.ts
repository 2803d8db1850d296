/** A PostgreSQL for a benchmark, of which a commit waits for the disk as it would in production. */
import { execFile } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../../../.ci/postgres', import.meta.url));
const NOT_INSTALLED = 3;

export interface BenchPostgres {
  /** Makes an empty database. Resolves with its address. */
  database(name: string): Promise<string>;
  /** Its version, as it says it. */
  readonly version: string;
  stop(): Promise<void>;
}

/** Whether a commit there is on the disk when it is answered, and which version it is. */
async function look(url: string): Promise<{ readonly durable: boolean; readonly version: string }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ fsync: string; commit: string; version: string }>(
      "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, " +
        "current_setting('server_version') AS version",
    );
    const [row] = rows;
    if (row === undefined) throw new Error('PostgreSQL does not say how it is set');
    return { durable: row.fsync === 'on' && row.commit !== 'off', version: row.version };
  } finally {
    await client.end();
  }
}

/** Nothing but a way through is given, and none taken: the folder above may be that of everybody. */
function letThrough(folder: string): void {
  const mode = statSync(folder).mode & 0o7777;
  if ((mode & 0o011) !== 0o011) chmodSync(folder, mode | 0o011);
}

const given = (): string | undefined => {
  const url = process.env['YITONG_TEST_POSTGRES'];
  return url === '' ? undefined : url;
};

/**
 * The server of YITONG_TEST_POSTGRES where its commits wait for the disk, else one of its own below `dir`, on the same
 * disk as the gateway's journal. Undefined where PostgreSQL is not installed.
 */
export async function benchPostgres(dir: string): Promise<BenchPostgres | undefined> {
  const theirs = given();
  if (theirs !== undefined) {
    const { durable, version } = await look(theirs);
    if (durable) return serverAt(theirs, version, () => Promise.resolve());
    process.stderr.write('  the given PostgreSQL does not wait for its disk: another is started for this figure\n');
  }
  const state = join(dir, 'postgres');
  // as root, the server runs as another user, who must reach its folder
  for (const folder of [dir, dirname(dir)]) letThrough(folder);
  const env = {
    ...process.env,
    YITONG_POSTGRES_STATE: state,
    YITONG_POSTGRES_FSYNC: 'on',
    YITONG_POSTGRES_OWNER: String(process.pid),
  };
  const stop = async (): Promise<void> => void (await run(script, ['stop'], { env }));
  try {
    const { stdout } = await run(script, ['start'], { env });
    const url = stdout.trim().slice('YITONG_TEST_POSTGRES='.length);
    const { durable, version } = await look(url);
    if (!durable) throw new Error('the PostgreSQL of this figure does not wait for its disk');
    return serverAt(url, version, stop);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === NOT_INSTALLED) return undefined;
    await stop();
    throw error;
  }
}

function serverAt(url: string, version: string, stop: () => Promise<void>): BenchPostgres {
  const made: string[] = [];
  const admin = async (work: (client: Client) => Promise<unknown>): Promise<void> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    version,
    async database(name) {
      const own = `yitong_${name}_${process.pid}`;
      await admin((client) => client.query(`CREATE DATABASE ${own}`));
      made.push(own);
      const address = new URL(url);
      address.pathname = `/${own}`;
      return address.href;
    },
    async stop() {
      try {
        await admin(async (client) => {
          for (const name of made) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
        });
      } finally {
        await stop();
      }
    },
  };
}
