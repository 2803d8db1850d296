import { tableSuite } from '../conformance/table.js';
import { mysqlForTest } from '../servers/mysql.js';

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
