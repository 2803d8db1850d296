/** Where the state stands on a server: who may what, what it was migrated to, and what happens while it is away. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { readState } from '../../../gateway/ground/config/state.js';
import { openState } from '../../../gateway/ground/state/open.js';
import { migrate } from '../../../gateway/ground/state/postgres/migrate.js';
import { Pool } from '../../../gateway/ground/state/postgres/pool.js';
import { serverOf } from '../../../gateway/ground/state/postgres/server.js';
import { PostgresState } from '../../../gateway/ground/state/postgres/state.js';
import { watch } from '../../../gateway/ground/state/watching.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import { until } from '../../e2e/ask.js';
import { cli } from '../../e2e/city.js';
import { cuttingProxy } from '../../support/servers/cutting-proxy.js';
import { postgresForTest } from '../../support/servers/postgres.js';
import { serverAt, stateForTest } from '../../support/servers/state.js';

const run = promisify(execFile);
const place = { file: 'yitong.json' };
const settings = (given: object) => readState(given, place, {});
const login = { section: 'state', user: 'u', passwordKey: 'passwordFile', passwordFile: '', baseDir: '.', place };

t.test('the way to a server is TLS, or the settings say that it is safe', async (t) => {
  t.throws(() => settings({ driver: 'postgres' }), { code: 'bad_config', message: /state\.servers/ });
  t.throws(() => settings({ certFile: 'a.pem' }), { code: 'bad_config', message: /certFile/ });
  t.throws(() => settings({ schema: 'a"; DROP' }), { code: 'bad_config' });
  t.throws(() => settings({ password: 'secret' }), { code: 'bad_config', message: /unknown key/ });
  const open = (given: object) => serverOf(settings({ driver: 'postgres', ...given }), login);
  t.throws(() => open({ servers: ['127.0.0.1', 'pg.example'], tls: false }), {
    code: 'bad_config',
    message: /plainAllowed/,
  });
  t.throws(() => open({ servers: ['169.254.1.1'] }), { code: 'bad_config' });
  t.throws(() => open({ servers: ['pg.example'], caFile: 'no-such-file' }), { code: 'bad_config', message: /caFile/ });
  t.equal(open({ servers: ['pg.example'] }).tls?.()?.ca, undefined, 'TLS is the default');
  t.equal(open({ servers: ['127.0.0.1:6000', '[::1]', 'localhost'], tls: false }).tls, undefined);
  t.equal(open({ servers: ['pg.example'], tls: false, plainAllowed: true }).tls, undefined);
  t.strictSame(open({ servers: ['[::1]:7', 'a'] }).addresses, [
    { host: '::1', port: 7 },
    { host: 'a', port: 5432 },
  ]);
});

t.test('a user that may do more than it must is refused, and is told what', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const { schema, user, server } = await stateForTest(t, postgres);
  const check = async (): Promise<unknown> => {
    const state = new PostgresState({ server, schema, user });
    try {
      await state.check();
      return await state.revision();
    } finally {
      await state.close();
    }
  };
  t.equal(await check(), 0);
  const database = new URL(postgres.url).pathname.slice(1);
  for (const [give, take, message] of [
    [
      `GRANT CREATE ON SCHEMA public TO ${user}`,
      `REVOKE CREATE ON SCHEMA public FROM ${user}`,
      /make tables in `public`/,
    ],
    [`GRANT CREATE ON SCHEMA ${schema} TO ${user}`, `REVOKE CREATE ON SCHEMA ${schema} FROM ${user}`, /make tables in/],
    [
      `GRANT CREATE ON DATABASE ${database} TO ${user}`,
      `REVOKE CREATE ON DATABASE ${database} FROM ${user}`,
      /make schemas/,
    ],
    [
      `GRANT DELETE ON ${schema}.events TO ${user}`,
      `REVOKE DELETE ON ${schema}.events FROM ${user}`,
      /write to `events`/,
    ],
    [`ALTER ROLE ${user} SUPERUSER`, `ALTER ROLE ${user} NOSUPERUSER`, /superuser/],
    [`ALTER ROLE ${user} CREATEROLE`, `ALTER ROLE ${user} NOCREATEROLE`, /make roles/],
  ] as const) {
    await postgres.sql(give);
    await t.rejects(check(), { code: 'state_denied', message }, give);
    await postgres.sql(take);
  }
  t.equal(await check(), 0);
  const pool = new Pool(server);
  t.teardown(() => pool.close());
  for (const [i, text] of [
    `INSERT INTO ${schema}.events VALUES ('s', 1, 1, 1, '1')`,
    `UPDATE ${schema}.head SET revision = 0`,
    `DELETE FROM ${schema}.documents`,
    `SELECT ${schema}.apply('{"do":"drop","stream":"s"}', 1, 1, 1)`,
    `CREATE TABLE ${schema}.mine (n int)`,
  ].entries())
    await t.rejects(pool.query({ name: `try_${i}`, text }), { code: 'state_denied' }, text);
});

t.test('a schema is made once, tried before, refused where it is newer, and grants nobody else anything', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const world = await stateForTest(t, postgres, { empty: true });
  const { schema, user, server, owner } = world;
  const early = new PostgresState({ server, schema, user });
  t.teardown(() => early.close());
  await t.rejects(early.revision(), { code: 'state_newer', message: /state migrate/ });
  const pools = [new Pool(owner), new Pool(owner)];
  t.teardown(() => Promise.all(pools.map((pool) => pool.close())));
  const made = await Promise.all(pools.map((pool) => migrate(pool, world)));
  t.strictSame(made.flat(), ['0001-state', '0002-hints'], 'of two who come at once, one makes it');
  const state = new PostgresState({ server, schema, user });
  t.teardown(() => state.close());
  await state.commit([{ do: 'count', counter: 'c', by: 1 }]);
  t.strictSame(await migrate(pools[0] as Pool, world), []);
  t.equal(await state.counter('c'), 1);
  const { rows } = await postgres.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'yt_try%'");
  t.strictSame(rows, [], 'nothing is left of the try');
  await postgres.sql(`CREATE ROLE stranger_${user}`);
  const { rows: strangers } = await postgres.sql(
    `SELECT has_schema_privilege('stranger_${user}', '${schema}', 'USAGE') AS may`,
  );
  await postgres.sql(`DROP ROLE stranger_${user}`);
  t.strictSame(strangers, [{ may: false }]);
  await postgres.sql(`INSERT INTO ${schema}.migrations VALUES (99, '0099-of-tomorrow')`);
  const late = new PostgresState({ server, schema, user });
  t.teardown(() => late.close());
  await t.rejects(late.commit([{ do: 'count', counter: 'c', by: 1 }]), { code: 'state_newer', message: /newer/ });
  await t.rejects(migrate(pools[0] as Pool, world), { code: 'state_newer' });
});

t.test(
  'a server that is away is told of at once, not asked by everybody, and used again when it is back',
  async (t) => {
    const postgres = await postgresForTest(t);
    if (postgres === undefined) return;
    const { schema, user, passwords } = await stateForTest(t, postgres);
    const { hostname, port } = new URL(postgres.url);
    let proxy = await cuttingProxy(hostname, Number(port));
    const address = { host: '127.0.0.1', port: proxy.port };
    const state = new PostgresState({ server: serverAt(postgres, user, passwords.user, address), schema, user });
    t.teardown(() => state.close());
    await state.commit([{ do: 'count', counter: 'c', by: 1 }]);
    t.equal(state.health().answers, true);
    await proxy.close();
    // whoever holds the port now counts who comes
    let tries = 0;
    const shut = createServer((socket) => {
      tries += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => shut.listen(address.port, '127.0.0.1', resolve));
    const refused = await Promise.allSettled(Array.from({ length: 200 }, () => state.counter('c')));
    t.ok(
      refused.every(
        (one) => one.status === 'rejected' && (one.reason as { code?: string }).code === 'state_unavailable',
      ),
    );
    t.ok(tries < 20, `${String(tries)} connections for 200 questions`);
    t.match(state.health(), { answers: false, reason: /cannot be reached/ });
    await new Promise((resolve) => shut.close(resolve));
    proxy = await cuttingProxy(hostname, Number(port), address.port);
    t.teardown(() => proxy.close());
    for (let back = false; !back; )
      back = await state.counter('c').then(
        (count) => count === 1,
        () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 50)),
      );
    t.equal(state.health().answers, true);
  },
);

t.test('a gateway may begin while the server is away, and not with a wrong password', async (t) => {
  const dir = t.testdir({ wrong: 'wrong\n' });
  const away = await openState({
    settings: settings({ driver: 'postgres', servers: ['127.0.0.1:1'], tls: false }),
    data: dir,
    baseDir: dir,
    place,
  });
  t.equal(away.health().answers, false);
  await t.rejects(away.set('s'), { code: 'state_unavailable' });
  await away.close();
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const { user } = await stateForTest(t, postgres);
  const { host, pathname } = new URL(postgres.url);
  await t.rejects(
    openState({
      settings: settings({
        driver: 'postgres',
        servers: [host],
        tls: false,
        database: pathname.slice(1),
        user,
        passwordFile: 'wrong',
      }),
      data: dir,
      baseDir: dir,
      place,
    }),
    { code: 'state_denied', message: /\(28P01\)/ },
  );
});

t.test('the certificate of the server is that of whom the settings name', async (t) => {
  const postgres = await postgresForTest(t, { own: true });
  if (postgres === undefined) return;
  const { schema, user, passwords } = await stateForTest(t, postgres);
  const dir = t.testdir({ own: {}, other: {} });
  for (const name of ['own', 'other']) await initPki(join(dir, name));
  const files = await issueServer(join(dir, 'own'));
  const give = (file: string, pem: string): Promise<unknown> =>
    postgres.sql(
      `COPY (SELECT unnest(string_to_array('${pem.trim()}', E'\\n'))) TO PROGRAM 'umask 077; cat > ${file}'`,
    );
  await give('server.crt', readFileSync(files.cert, 'utf8'));
  await give('server.key', readFileSync(files.key, 'utf8'));
  await postgres.sql('ALTER SYSTEM SET ssl = on');
  await postgres.sql('SELECT pg_reload_conf()');
  const ask = async (ca: string | undefined): Promise<number> => {
    const state = new PostgresState({
      server: {
        ...serverAt(postgres, user, passwords.user),
        tls: () => (ca === undefined ? {} : { ca: readFileSync(join(dir, ca), 'utf8') }),
      },
      schema,
      user,
    });
    return await state.revision().finally(() => state.close());
  };
  t.equal(await ask('own/ca.pem'), 0);
  await t.rejects(ask('other/ca.pem'), { code: 'state_unavailable', message: /SIGNATURE|ISSUER|CERT/ });
  await t.rejects(ask(undefined), { code: 'state_unavailable' });
});

t.test('the commands make the schema and say how it stands', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const { owner, user, schema, passwords } = await stateForTest(t, postgres, { empty: true });
  const dir = t.testdir({});
  const workspace = join(dir, 'city');
  await run(process.execPath, [cli, 'init', workspace]);
  mkdirSync(join(workspace, 'secrets'));
  writeFileSync(join(workspace, 'secrets', 'owner'), passwords.owner);
  writeFileSync(join(workspace, 'secrets', 'user'), `${passwords.user}\n`);
  const { host, pathname } = new URL(postgres.url);
  const env = {
    ...process.env,
    YITONG_STATE_DRIVER: 'postgres',
    YITONG_STATE_SERVERS: JSON.stringify([host]),
    YITONG_STATE_TLS: 'false',
    YITONG_STATE_DATABASE: pathname.slice(1),
    YITONG_STATE_SCHEMA: schema,
    YITONG_STATE_USER: user,
    YITONG_STATE_PASSWORD_FILE: 'secrets/user',
    YITONG_STATE_OWNER: owner.user,
    YITONG_STATE_OWNER_PASSWORD_FILE: 'secrets/owner',
  };
  const command = (...words: readonly string[]): Promise<{ readonly code: number; readonly found: unknown }> =>
    run(process.execPath, [cli, ...words, '--workspace', workspace, '--json'], { env }).then(
      ({ stdout }) => ({ code: 0, found: JSON.parse(stdout) }),
      (error: { readonly code: number; readonly stdout: string }) => ({
        code: error.code,
        found: error.stdout === '' ? '' : JSON.parse(error.stdout),
      }),
    );
  t.match(await command('state', 'status'), {
    code: 1,
    found: { driver: 'postgres', good: false, why: /state migrate/ },
  });
  const doctor = async (): Promise<string> =>
    JSON.stringify((await command('doctor', '--only', 'state', '--data', join(dir, 'data'))).found);
  t.match(await doctor(), /"level":"fail".*state migrate/);
  t.match(await command('state', 'migrate'), { code: 0, found: { made: ['0001-state', '0002-hints'] } });
  t.match(await command('state', 'migrate'), { code: 0, found: { made: [] } });
  t.match(await command('state', 'status'), { code: 0, found: { good: true, revision: 0 } });
  const healthy = await doctor();
  t.match(healthy, /the state answers, at revision 0/);
  t.match(healthy, /name the password of the owner/, 'which belongs on no replica');
});

t.test('who follows hears of commits at once; a hint that is lost costs no more than the usual wait', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const { schema, user, server, passwords } = await stateForTest(t, postgres);
  const { hostname, port } = new URL(postgres.url);
  let proxy = await cuttingProxy(hostname, Number(port));
  const way = { host: '127.0.0.1', port: proxy.port };
  const here = new PostgresState({ server: serverAt(postgres, user, passwords.user, way), schema, user });
  const other = new PostgresState({ server, schema, user });
  t.teardown(() => Promise.all([here.close(), other.close(), proxy.close()]));
  t.equal(here.health().hears, undefined, 'one that follows nothing has no connection for it');
  const told: string[] = [];
  const watching = watch(here, {
    wanted: ({ of }) => of === 'document',
    onChange: async (changes) => void told.push(...(changes ?? []).map(({ id }) => id ?? '')),
  });
  t.teardown(() => watching.stop());
  const commits = async (id: string): Promise<void> => {
    await other.commit([{ do: 'put', kind: 'paper', id, body: 1 }]);
    await until(
      id,
      () => Promise.resolve(told.includes(id)),
      (yes) => yes,
    );
  };
  const hears = (wanted: boolean): Promise<boolean | undefined> =>
    until(
      `hears: ${String(wanted)}`,
      () => Promise.resolve(here.health().hears),
      (now) => now === wanted,
    );
  await hears(true);
  await commits('first');
  await proxy.close();
  await hears(false);
  await other.commit([{ do: 'put', kind: 'paper', id: 'unheard', body: 1 }]);
  proxy = await cuttingProxy(hostname, Number(port), way.port);
  await until(
    'what nobody heard of',
    () => Promise.resolve(told.includes('unheard')),
    (yes) => yes,
  );
  await hears(true);
  await commits('heard again');
  // ended by the server, as where it restarts
  await postgres.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [user]);
  await hears(false);
  await commits('without');
  await hears(true);
  t.equal(new Set(told).size, told.length, 'each once');
});
