/** The state on PostgreSQL over time, as it is, with connections that are cut, and with a server that is stopped. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import t from 'tap';
import { PostgresState } from '../../../gateway/ground/state/postgres/state.js';
import { until } from '../../support/conformance/state.js';
import { stateOverTime } from '../../support/conformance/state-model.js';
import { cuttingProxy } from '../../support/servers/cutting-proxy.js';
import { freePort } from '../../support/servers/ports.js';
import { postgresForTest } from '../../support/servers/postgres.js';
import { programs } from '../../support/servers/postgres-programs.js';
import { serverAt, stateForTest } from '../../support/servers/state.js';

t.setTimeout(300_000);
const given = process.env['YITONG_TEST_SEED'];
const seeds = (...usual: readonly number[]): readonly number[] => (given === undefined ? usual : [Number(given)]);

for (const seed of seeds(1, Date.now() % 1e6))
  t.test('the store on PostgreSQL over time is as its model', async (t) => {
    const postgres = await postgresForTest(t);
    if (postgres === undefined) return;
    const { schema, user, server } = await stateForTest(t, postgres);
    await stateOverTime(t, seed, async (now) => new PostgresState({ server, schema, user, now }));
  });

let answersLost = 0;
for (const seed of seeds(2, Date.now() % 1e6))
  t.test('connections that are cut at any moment lose nothing, and double nothing', async (t) => {
    const postgres = await postgresForTest(t);
    if (postgres === undefined) return;
    const { schema, user, passwords } = await stateForTest(t, postgres);
    const { hostname, port } = new URL(postgres.url);
    const proxy = await cuttingProxy(hostname, Number(port));
    t.teardown(() => proxy.close());
    const server = serverAt(postgres, user, passwords.user, { host: '127.0.0.1', port: proxy.port });
    const found = await stateOverTime(t, seed, async (now) => new PostgresState({ server, schema, user, now }), {
      steps: 80,
      enough: () => proxy.cuts() > 20,
      disturb: async (random) => {
        for (let cuts = 0; cuts < 3; cuts++) {
          await new Promise((resolve) => setTimeout(resolve, random() * 15));
          proxy.cut(random() < 0.5 ? 'before' : 'after');
        }
      },
    });
    t.ok(proxy.cuts() > 20, `${String(proxy.cuts())} connections were cut`);
    answersLost += found.answersLost;
  });

t.test('and there were commits whose answers were lost', async (t) => {
  if (process.env['YITONG_TEST_POSTGRES'] === undefined && answersLost === 0) return t.pass('there was no server');
  t.ok(answersLost > 0, `${String(answersLost)} of them`);
});

t.test('a server that crashes and recovers has everything that it acknowledged', async (t) => {
  const postgres = await postgresForTest(t, { own: true });
  if (postgres === undefined) return;
  const { schema, user, server } = await stateForTest(t, postgres);
  let crashes = 0;
  await stateOverTime(t, 3, async (now) => new PostgresState({ server, schema, user, now }), {
    steps: 60,
    enough: () => crashes > 2,
    disturb: async (random) => {
      if (crashes >= 6) return;
      crashes += 1;
      const admin = new Client({ connectionString: postgres.url });
      admin.on('error', () => undefined);
      await admin.connect();
      const { rows } = await admin.query<{ readonly pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' ORDER BY random() LIMIT 1",
      );
      await new Promise((resolve) => setTimeout(resolve, random() * 20));
      // it ends all others, and goes through its log as after a power cut
      process.kill(rows[0]?.pid ?? Number.NaN, 'SIGKILL');
      await admin.end().catch(() => undefined);
    },
  });
  t.ok(crashes > 2, `${String(crashes)} crashes`);
});

t.test('a standby that takes over from a server that is gone has everything that was acknowledged', async (t) => {
  const postgres = await postgresForTest(t, { own: true });
  if (postgres === undefined) return;
  const { schema, user, server } = await stateForTest(t, postgres);
  const { data, run } = await programs(postgres);
  const standby = join(tmpdir(), `yitong-standby-${randomBytes(6).toString('hex')}`);
  const port = await freePort();
  t.teardown(() => rm(standby, { recursive: true, force: true }));
  await run('pg_basebackup', '-D', standby, '-d', postgres.url, '-R', '-X', 'stream', '-c', 'fast');
  await run('pg_ctl', '-D', standby, '-w', 'start', '-l', '/dev/null', '-o', `-p ${String(port)}`);
  t.teardown(() => run('pg_ctl', '-D', standby, '-w', 'stop', '-m', 'immediate').catch(() => undefined));
  // without its standby a server that waits for one would wait for ever when what the test made is dropped
  t.teardown(async () => {
    await postgres.sql('ALTER SYSTEM RESET synchronous_standby_names').catch(() => undefined);
    await postgres.sql('SELECT pg_reload_conf()').catch(() => undefined);
  });
  await postgres.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
  await postgres.sql('SELECT pg_reload_conf()');
  await until(
    async () => (await postgres.sql("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")).rows.length === 1,
    'the standby that the server waits for',
  );
  const both = { ...server, addresses: [...server.addresses, { host: '127.0.0.1', port }] };
  let gone = false;
  let calls = 0;
  await stateOverTime(t, 4, async (now) => new PostgresState({ server: both, schema, user, now }), {
    steps: 80,
    enough: () => gone,
    disturb: async (random) => {
      calls += 1;
      if (gone || calls < 8) return;
      gone = true;
      await new Promise((resolve) => setTimeout(resolve, random() * 10));
      // not waited for: whoever keeps the test's server removes the folder of one that has ended, where that would look
      await run('pg_ctl', '-D', data, '-W', 'stop', '-m', 'immediate');
      await run('pg_ctl', '-D', standby, '-w', 'promote');
    },
  });
  t.ok(gone, 'the server went in the middle of it');
});
