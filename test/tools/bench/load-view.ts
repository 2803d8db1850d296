/**
 * One large load of the view on PostgreSQL, by hand: how fast it goes from its first tenth to its last, and what it
 * costs the server in disk, write-ahead log, processor and memory.
 *
 *     node dist/test/tools/bench/load-view.js --records 10000000 --dir FOLDER [--until HH:MM]
 *
 * FOLDER gets a server of its own, whose commits wait for the disk, and is empty again when it is over. With `--until`
 * (UTC) it ends there with what there is by then. One line of JSON on stdout.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import {
  migrateView,
  openPostgresViewWriter,
  ServerView,
  SLICES,
} from '../../../gateway/answer/view/postgres/index.js';
import { Pool } from '../../../gateway/ground/state/postgres/pool.js';
import { serverAt } from '../../support/conformance/view-servers.js';
import { world } from '../../support/conformance/view-world.js';
import { benchPostgres } from './postgres.js';
import { median, round } from './rows.js';
import { batches, DATASETS, SCHEMA } from './view-postgres.js';

const MB = 1024 * 1024;
/** Reports of how it goes. */
const TENTHS = 10;
const TICKS = 100;

const { values } = parseArgs({
  options: { records: { type: 'string' }, dir: { type: 'string' }, until: { type: 'string' } },
});
const records = Number(values.records ?? 10_000_000);
const end =
  values.until === undefined ? Infinity : Date.parse(`${new Date().toISOString().slice(0, 10)}T${values.until}Z`);
if (values.dir === undefined || !Number.isInteger(records) || Number.isNaN(end)) {
  console.error('usage: load-view.js --records N --dir FOLDER [--until HH:MM]');
  process.exit(2);
}
process.env['YITONG_TEST_POSTGRES'] = '';

/** Processes of the server: the first and all that it started. */
function serverProcesses(first: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid === first || statOf(pid)?.[1] === String(first));
}

/** What `/proc/PID/stat` says behind the name, from the state on; undefined of one that is gone. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Seconds of processor, those of its processes that ended included. */
function secondsOf(first: number): number {
  const own = serverProcesses(first).map((pid) => {
    const stat = statOf(pid) ?? [];
    return Number(stat[11] ?? 0) + Number(stat[12] ?? 0) + (pid === first ? Number(stat[13]) + Number(stat[14]) : 0);
  });
  return own.reduce((sum, ticks) => sum + ticks, 0) / TICKS;
}

/** Bytes in memory of their own, and the part of the shared buffers that is in use, once. */
function memoryOf(first: number): number {
  let own = 0;
  let shared = 0;
  for (const pid of serverProcesses(first)) {
    try {
      const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
      const kB = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      own += kB('RssAnon') * 1024;
      shared = Math.max(shared, kB('RssShmem') * 1024);
    } catch {
      // it is gone
    }
  }
  return own + shared;
}

const postgres = await benchPostgres(values.dir);
if (postgres === undefined) throw new Error('PostgreSQL is not installed here');
try {
  const url = await postgres.database('load');
  const first = Number(readFileSync(join(values.dir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const pool = new Pool(serverAt(url, { connections: 3 }));
  await migrateView(pool, SCHEMA, new URL(url).username);
  const server = new ServerView('one', pool, SCHEMA);
  const writer = await openPostgresViewWriter({ server, workspace: world(DATASETS), slices: [[0, SLICES - 1]] });
  const number = async (sql: string): Promise<number> => Number((await admin.query<{ n: string }>(sql)).rows[0]?.n);
  const walAt = (): Promise<number> => number("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS n");
  const sizeOf = (what: string): Promise<number> => number(`SELECT pg_total_relation_size('${SCHEMA}.${what}') AS n`);

  const [cpu, loader, wal] = [secondsOf(first), process.cpuUsage(), await walAt()];
  const loads: number[] = [];
  const tenths: number[] = [];
  const most = { server: 0, loader: 0 };
  const began = performance.now();
  let [done, lastDone, lastAt] = [0, 0, began];
  for (const together of batches(records)) {
    await writer.applyAll(together.map((batch) => writer.prepare(batch)));
    done += together.reduce((sum, batch) => sum + batch.length, 0);
    most.loader = Math.max(most.loader, process.memoryUsage.rss());
    if (done - lastDone < records / TENTHS && done < records) {
      if (Date.now() >= end) break;
      continue;
    }
    const at = performance.now();
    tenths.push(Math.round(((done - lastDone) / (at - lastAt)) * 1000));
    [lastDone, lastAt] = [done, at];
    loads.push(loadavg()[0] ?? 0);
    most.server = Math.max(most.server, memoryOf(first));
    process.stderr.write(
      `${done.toLocaleString('en')} records, ${String(tenths.at(-1))}/s, load ${String(loads.at(-1))}\n`,
    );
  }
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(loader);
  const logged = (await walAt()) - wal;
  const cost = secondsOf(first) - cpu;
  const loaded = {
    heads: await sizeOf('heads'),
    database: await number('SELECT pg_database_size(current_database()) AS n'),
  };
  const settings = await admin.query<{ buffers: string; wal: string }>(
    "SELECT current_setting('shared_buffers') AS buffers, current_setting('max_wal_size') AS wal",
  );
  await admin.query(`VACUUM FULL ${SCHEMA}.heads`);
  process.stdout.write(
    `${JSON.stringify({
      records: done,
      seconds: Math.round(seconds),
      perSecond: Math.round(done / seconds),
      tenths,
      diskMB: Math.round(loaded.database / MB),
      headsMB: Math.round(loaded.heads / MB),
      headsPackedMB: Math.round((await sizeOf('heads')) / MB),
      walMB: Math.round(logged / MB),
      serverCpuSeconds: Math.round(cost),
      loaderCpuSeconds: Math.round((used.user + used.system) / 1e6),
      serverMemoryMB: Math.round(most.server / MB),
      loaderMemoryMB: Math.round(most.loader / MB),
      load: { median: round(median(loads), 3), most: round(Math.max(0, ...loads), 3) },
      ...settings.rows[0],
    })}\n`,
  );
  await writer.close();
  await pool.close();
  await admin.end();
} finally {
  await postgres.stop();
  rmSync(join(values.dir, 'postgres'), { recursive: true, force: true });
}
