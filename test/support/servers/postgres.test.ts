import t from 'tap';
import { postgresForTest } from './postgres.js';

t.test('a suite gets a database of its own, on a server that keeps the WAL for logical replication', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const { rows } = await postgres.sql(
    "SELECT current_setting('wal_level') AS level, current_database() AS name, getdatabaseencoding() AS encoding",
  );
  t.match(rows, [{ level: 'logical', name: /^yitong_/, encoding: 'UTF8' }]);
  await postgres.sql("SELECT pg_create_logical_replication_slot('left_behind_' || current_database(), 'pgoutput')");
});
