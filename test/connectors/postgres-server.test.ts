import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { present } from '../../contracts/present.js';
import { initPki, issueServer } from '../../gateway/operate/pki/authority.js';
import { postgresForTest } from '../support/servers/postgres.js';
import { read } from './reading.js';

/** Rows of one run as the source gives them, read as the superuser. */
async function readTable(url: string, source: object, columns: readonly string[], dir = '.'): Promise<unknown> {
  const { host, pathname, username, password } = new URL(url);
  process.env['YITONG_FEED_SUPER'] = password;
  const fields = Object.fromEntries(columns.map((column, i) => [`f${i}`, { from: column }]));
  const whole = {
    kind: 'postgres',
    server: host,
    database: pathname.slice(1),
    user: username,
    password: { env: 'YITONG_FEED_SUPER' },
    ...source,
  } as const;
  return (
    await read(dir, whole, { mapping: { fields: { code: { from: 'id' }, ...fields } }, overrides: { snapshot: true } })
  )?.rows;
}

t.test('values come with every digit, and as the mapping reads them', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  await postgres.sql(`CREATE DOMAIN money_of AS numeric(30, 10);
    CREATE TYPE colour AS ENUM ('red', 'green');
    CREATE TABLE kinds (id bigint, amount money_of, day date, at timestamptz, local timestamp, yes boolean, bytes bytea, doc jsonb, words text[], colours colour[], half float8, never timestamptz, old date, span interval, fixed char(4), id2 uuid, huge json);
    INSERT INTO kinds VALUES (9223372036854775807, 12345678901234567890.0000000001, '2024-03-01', '2024-03-01 08:30:00.123456+08', '2024-03-01 08:30:00', true, '\\x00ff',
      '{"a":{"b":12345678901234567890},"n":null}', '{"a,b","\\"q\\"",NULL,"\\\\"}', '{red,green}', 0.1, 'infinity', '0044-03-15 BC', '1 day 02:00', 'ab', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '["\\ud83d"]');
    ALTER DATABASE ${new URL(postgres.url).pathname.slice(1)} SET datestyle = 'German';
    ALTER DATABASE ${new URL(postgres.url).pathname.slice(1)} SET timezone = 'Asia/Tokyo'`);
  const rows = await readTable(postgres.url, { table: 'kinds', key: ['id'] }, [
    'amount',
    'day',
    'at',
    'local',
    'yes',
    'bytes',
    'doc.a.b',
    'doc',
    'words',
    'colours',
    'half',
    'never',
    'old',
    'span',
    'fixed',
    'id2',
  ]);
  t.match(rows, [
    {
      cells: {
        id: '9223372036854775807',
        amount: '12345678901234567890.0000000001',
        day: '2024-03-01',
        at: '2024-03-01T00:30:00.123456Z',
        local: '2024-03-01T08:30:00',
        yes: true,
        bytes: '00ff',
        'doc.a.b': '12345678901234567890',
        words: ['a,b', '"q"', null, '\\'],
        colours: ['red', 'green'],
        half: 0.1,
        never: 'infinity',
        old: '0044-03-15 BC',
        span: 'P1DT2H',
        fixed: 'ab  ',
        id2: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      },
    },
  ]);
  t.match(
    await readTable(postgres.url, { table: 'kinds', key: ['id'] }, ['huge']),
    [{ broken: { code: 'bad_row' }, cells: { id: '9223372036854775807' } }],
    'half of a character breaks its row only',
  );
});

t.test('a view cannot make us write', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  await postgres.sql(`CREATE TABLE written (n int);
    CREATE FUNCTION write() RETURNS int LANGUAGE sql AS 'INSERT INTO public.written VALUES (1) RETURNING n';
    CREATE VIEW trap AS SELECT write() AS id`);
  await t.rejects(readTable(postgres.url, { table: 'trap', key: ['id'] }, []), {
    code: 'source_unavailable',
    message: /refused a statement \(25006\)/,
  });
});

t.test('the connection is encrypted, and to whom the feed means', async (t) => {
  const postgres = await postgresForTest(t, { own: true });
  if (postgres === undefined) return;
  const dir = t.testdir({ own: {}, other: {} });
  for (const name of ['own', 'other']) await initPki(join(dir, name));
  const files = await issueServer(join(dir, 'own'));
  // the server takes a key only from a file of its own that nobody else can read
  const give = (file: string, pem: string): Promise<unknown> =>
    postgres.sql(
      `COPY (SELECT unnest(string_to_array('${pem.trim()}', E'\\n'))) TO PROGRAM 'umask 077; cat > ${file}'`,
    );
  await give('server.crt', readFileSync(files.cert, 'utf8'));
  await give('server.key', readFileSync(files.key, 'utf8'));
  await postgres.sql('ALTER SYSTEM SET ssl = on');
  await postgres.sql('SELECT pg_reload_conf()');
  await postgres.sql('CREATE TABLE one (id int); INSERT INTO one VALUES (1)');
  const readWith = (tls: unknown, server?: string): Promise<unknown> =>
    readTable(postgres.url, { table: 'one', key: ['id'], tls, ...present({ server }) }, [], dir);
  const { port } = new URL(postgres.url);
  t.match(await readWith({ ca: 'own/ca.pem' }, `localhost:${port}`), [{ cells: { id: '1' } }]);
  t.match(await readWith({ ca: 'own/ca.pem' }), [{ cells: { id: '1' } }], 'an address that the certificate names');
  await t.rejects(
    readWith({ ca: 'other/ca.pem' }, `localhost:${port}`),
    { code: 'source_unavailable', message: /SIGNATURE|ISSUER|CERT/ },
    'another authority',
  );
  await t.rejects(readWith({}), { code: 'source_unavailable' }, 'an authority that the system does not know');
});
