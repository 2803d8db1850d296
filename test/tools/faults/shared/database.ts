/**
 * The PostgreSQL of a run: it crashes and recovers, or goes for good while a standby that it waited for takes over;
 * then a new standby of that one is made.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import type { Test } from 'tap';
import { until } from '../../../e2e/ask.js';
import { freePort } from '../../../support/servers/ports.js';
import type { TestPostgres } from '../../../support/servers/postgres.js';
import { type Programs, programs } from '../../../support/servers/postgres-programs.js';

/** Folders of servers that no script looks after; none outlives the harness, however that ends. */
const running = new Set<string>();
process.once('exit', () => {
  for (const data of running) {
    try {
      process.kill(Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGQUIT');
    } catch {
      // it has ended
    }
    rmSync(data, { recursive: true, force: true });
  }
});

interface Server {
  readonly data: string;
  readonly url: string;
}

const portOf = ({ url }: Server): string => new URL(url).port;

export class Database {
  #now: Server;
  #standby: Server | undefined;
  /** Promotions. */
  #made = 0;
  readonly #programs: Programs;
  readonly #test: Pick<Test, 'teardown'>;

  private constructor(test: Pick<Test, 'teardown'>, url: string, has: Programs) {
    this.#test = test;
    this.#now = { data: has.data, url };
    this.#programs = has;
  }

  /** @param standby whether one is to be there, of which each commit waits */
  static async of(test: Pick<Test, 'teardown'>, postgres: TestPostgres, standby: boolean): Promise<Database> {
    const database = new Database(test, postgres.url, await programs(postgres));
    if (standby) await database.#standbyAt(String(await freePort()));
    return database;
  }

  /** `host:port` of all servers that may be the one that takes changes. */
  get addresses(): readonly string[] {
    return [this.#now, this.#standby].flatMap((one) => (one === undefined ? [] : [`127.0.0.1:${portOf(one)}`]));
  }

  crash(): Promise<void> {
    return crash(this.#now.url);
  }

  /** The server goes for good in the middle of what it does, and the standby is promoted. */
  async promote(): Promise<void> {
    const [gone, next] = [this.#now, this.#standby];
    if (next === undefined) throw new Error('there is no standby');
    const { run } = this.#programs;
    // not waited for: whoever keeps the first server removes the folder of one that has ended, where that would look
    await run('pg_ctl', '-D', gone.data, '-W', 'stop', '-m', 'immediate');
    await run('pg_ctl', '-D', next.data, '-w', 'promote');
    this.#now = next;
    this.#standby = undefined;
    // what it was copied from waited for a standby; until there is one again this one does not
    await this.#waitsForStandby(false);
    if (this.#made++ > 0) await rm(gone.data, { recursive: true, force: true });
  }

  /** A standby of the server that takes changes now, where the one that is gone was. */
  async standbyAgain(): Promise<void> {
    const { addresses } = this;
    const [port = ''] = this.#ports.filter((one) => !addresses.includes(`127.0.0.1:${one}`));
    await this.#standbyAt(port);
  }

  readonly #ports: string[] = [];

  async #standbyAt(port: string): Promise<void> {
    const { run } = this.#programs;
    for (const one of [portOf(this.#now), port]) if (!this.#ports.includes(one)) this.#ports.push(one);
    const data = join(tmpdir(), `yitong-standby-${randomBytes(6).toString('hex')}`);
    running.add(data);
    this.#test.teardown(async () => {
      await run('pg_ctl', '-D', data, '-w', 'stop', '-m', 'immediate').catch(() => undefined);
      await rm(data, { recursive: true, force: true });
    });
    await run('pg_basebackup', '-D', data, '-d', this.#now.url, '-R', '-X', 'stream', '-c', 'fast');
    // the port of one that has just been told to end
    for (let tries = 1; ; tries++) {
      try {
        await run('pg_ctl', '-D', data, '-w', 'start', '-l', '/dev/null', '-o', `-p ${port}`);
        break;
      } catch (error) {
        if (tries === 20) throw error;
        await wait(500);
      }
    }
    const url = new URL(this.#now.url);
    url.port = port;
    this.#standby = { data, url: url.href };
    await this.#waitsForStandby(true);
  }

  async #waitsForStandby(yes: boolean): Promise<void> {
    const client = new Client({ connectionString: this.#now.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const value = yes ? "SET synchronous_standby_names = '*'" : 'RESET synchronous_standby_names';
      await client.query(`ALTER SYSTEM ${value}`);
      await client.query('SELECT pg_reload_conf()');
      if (yes)
        await until(
          'the standby that the server waits for',
          async () =>
            (await client.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")).rows.length === 1,
          (there) => there,
        );
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** A server process that is killed takes all of them along, and the server recovers from its log. */
async function crash(url: string): Promise<void> {
  // on a connection of its own, which goes with the others
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ readonly pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1 ORDER BY random() LIMIT 1',
    ['client backend'],
  );
  const [victim] = rows;
  if (victim === undefined) throw new Error('no server process to kill');
  process.kill(victim.pid, 'SIGKILL');
  await until(
    'the server to have fallen',
    () =>
      client.query('SELECT 1').then(
        () => false,
        () => true,
      ),
    (fallen) => fallen,
    10_000,
  );
  await client.end().catch(() => undefined);
}
