import { Client } from 'pg';
import { tableSuite } from '../support/conformance/table.js';
import { postgresForTest } from '../support/servers/postgres.js';

tableSuite(async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return undefined;
  const { host, pathname } = new URL(postgres.url);
  const user = `reader_${pathname.slice(-8)}`;
  process.env['YITONG_FEED_READER'] = 'a secret';
  process.env['YITONG_FEED_WRONG'] = 'another';
  await postgres.sql(`CREATE ROLE ${user} LOGIN PASSWORD 'a secret'`);
  const other = new Client({ connectionString: postgres.url });
  await other.connect();
  t.teardown(async () => {
    await other.end();
    await postgres.sql(`DROP OWNED BY ${user}; DROP ROLE ${user}`);
  });
  return {
    name: 'PostgreSQL',
    kind: 'postgres',
    reader: { server: host, database: pathname.slice(1), user, password: { env: 'YITONG_FEED_READER' } },
    sql: (text) => postgres.sql(text),
    other: (text) => other.query(text),
    quote: (name) => `"${name.replaceAll('"', '""')}"`,
    types: { text: 'text', moment: 'timestamptz', local: 'timestamp' },
    ago: (seconds) => `now() - interval '${seconds} seconds'`,
    cut: async () => {
      await postgres.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`);
    },
    grant: async (table) => {
      await postgres.sql(`GRANT SELECT ON ${table} TO ${user}`);
    },
  };
});
