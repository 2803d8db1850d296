import t from 'tap';
import { tableSuite } from '../support/conformance/table.js';
import { mysqlForTest } from '../support/servers/mysql.js';
import { read } from './reading.js';

/** Rows of one run as the source gives them, read as a user who may do anything. */
async function readTable(url: string, source: object, columns: readonly string[]): Promise<unknown> {
  const { host, pathname, username, password } = new URL(url);
  process.env['YITONG_FEED_SUPER'] = password;
  const fields = Object.fromEntries(columns.map((column, i) => [`f${i}`, { from: column }]));
  const whole = {
    kind: 'mysql',
    server: host,
    database: pathname.slice(1),
    user: username,
    password: { env: 'YITONG_FEED_SUPER' },
    ...source,
  } as const;
  return (
    await read('.', whole, { mapping: { fields: { code: { from: 'id' }, ...fields } }, overrides: { snapshot: true } })
  )?.rows;
}

tableSuite(async (t) => {
  const mysql = await mysqlForTest(t);
  if (mysql === undefined) return undefined;
  const { host } = new URL(mysql.url);
  const user = `reader_${mysql.database.slice(-8)}`;
  process.env['YITONG_FEED_READER'] = 'a secret';
  process.env['YITONG_FEED_WRONG'] = 'another';
  await mysql.sql(`CREATE USER ${user}@'127.0.0.1' IDENTIFIED BY 'a secret'`);
  t.teardown(async () => {
    await mysql.sql(`DROP USER ${user}@'127.0.0.1'`);
  });
  const other = await mysql.connect();
  return {
    name: 'MariaDB',
    kind: 'mysql',
    reader: { server: host, database: mysql.database, user, password: { env: 'YITONG_FEED_READER' } },
    sql: (text) => mysql.sql(text),
    other: (text) => other.query(text),
    quote: (name) => `\`${name.replaceAll('`', '``')}\``,
    types: { text: 'longtext', moment: 'timestamp(6)', local: 'datetime(6)' },
    ago: (seconds) => `now(6) - interval ${seconds} second`,
    cut: async () => {
      const rows = await mysql.sql(`SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '${user}'`);
      if (!Array.isArray(rows)) return;
      for (const { ID } of rows as readonly { readonly ID: number }[]) await mysql.sql(`KILL ${ID}`);
    },
    grant: async (table) => {
      await mysql.sql(`GRANT SELECT ON ${table} TO ${user}@'127.0.0.1'`);
    },
  };
});

t.test('values come with every digit, and as the mapping reads them', async (t) => {
  const mysql = await mysqlForTest(t);
  if (mysql === undefined) return;
  await mysql.sql(`SET time_zone = '+09:00'`);
  await mysql.sql(
    `CREATE TABLE kinds (id bigint unsigned, amount decimal(40, 10), day date, at timestamp(6) NULL, local datetime(3), yes boolean, bits bit(10), bytes varbinary(10), doc json, half double, zero datetime, old varchar(20) CHARACTER SET gbk, span time, colour enum('red', 'green'), quoted text)`,
  );
  await mysql.sql(`SET sql_mode = ''`);
  await mysql.sql(
    `INSERT INTO kinds VALUES (18446744073709551615, 12345678901234567890.0000000001, '2024-03-01', '2024-03-01 17:30:00.123456', '2024-03-01 08:30:00.5', true, b'1000000001', X'00ff', '{"a":{"b":12345678901234567890}}', 0.1, '0000-00-00', '示例', '-12:00:00', 'green', ?)`,
    [`a'\\"`],
  );
  const columns = [
    'amount',
    'day',
    'at',
    'local',
    'yes',
    'bits',
    'bytes',
    'doc.a.b',
    'half',
    'zero',
    'old',
    'span',
    'colour',
    'quoted',
  ];
  t.match(await readTable(mysql.url, { table: 'kinds', key: ['id'] }, columns), [
    {
      cells: {
        id: '18446744073709551615',
        amount: '12345678901234567890.0000000001',
        day: '2024-03-01',
        at: '2024-03-01T08:30:00.123456Z',
        local: '2024-03-01T08:30:00.500',
        yes: '1',
        bits: '513',
        bytes: '00FF',
        'doc.a.b': '12345678901234567890',
        half: 0.1,
        zero: '0000-00-00 00:00:00',
        old: '示例',
        span: '-12:00:00',
        colour: 'green',
        quoted: `a'\\"`,
      },
    },
  ]);
});

t.test('a character that no text may hold breaks its row only', async (t) => {
  const mysql = await mysqlForTest(t);
  if (mysql === undefined) return;
  await mysql.sql('CREATE TABLE odd (id int PRIMARY KEY, name text)');
  await mysql.sql(`INSERT INTO odd VALUES (1, CONCAT('a', CHAR(0), 'b')), (2, 'whole')`);
  t.match(await readTable(mysql.url, { table: 'odd', key: ['id'] }, ['name']), [
    { broken: { code: 'bad_row' }, cells: { id: '1' } },
    { cells: { id: '2', name: 'whole' } },
  ]);
});
