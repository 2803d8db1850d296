import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Bus } from '../../connectors/bus/port.js';
import type { Feed } from '../../connectors/feed.js';
import { parseMapping } from '../../connectors/mapping/index.js';
import { scheduleFeeds } from '../../connectors/schedule.js';
import { isVisible } from '../../connectors/sources/postgres-logical/toast.js';
import { YitongError } from '../../contracts/errors.js';
import { until } from '../e2e/ask.js';
import { postgresForTest } from '../support/servers/postgres.js';
import { digit9, feed as makeFeed } from './fixtures.js';
import { differences, logicalFeed, replicated, TABLE } from './replicated.js';
import { sendingBy } from './sending.js';

const ROWS = Number(process.env['YITONG_TEST_ROWS'] ?? 5_000);
/** Bytes of memory that are the process's own. */
const anonymous = (): number =>
  Number(
    /RssAnon:\s+(\d+)/.exec(existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '')?.[1] ?? 0,
  ) * 1024;
t.setTimeout(100_000);
const LARGE = 'x'.repeat(9_000);

t.test('PostgreSQL', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const { sql, url } = postgres;

  /** A table of `rows` companies, read by an office. */
  const begin = async (
    t: Test,
    rows: number,
    { source = {}, feed = {}, table = TABLE }: { source?: object; feed?: Partial<Feed>; table?: string } = {},
  ) => {
    await sql(`DROP TABLE IF EXISTS companies; ${table}`);
    await sql('DROP PUBLICATION IF EXISTS yitong_test_companies');
    if (rows > 0)
      await sql('INSERT INTO companies (code, name, staff) SELECT c, $2, 1 FROM unnest($1::text[]) c', [
        Array.from({ length: rows }, (_, n) => digit9.make(n)),
        'n',
      ]);
    const office = await replicated(t.testdir(), url, source, feed);
    t.teardown(async () => {
      await office.run({ options: { dropSlot: 'true' } }).catch(() => undefined);
      await office.close();
    });
    const equal = async (what: string): Promise<void> =>
      void t.strictSame(
        differences(await office.last(), (await sql('SELECT code, name, status, staff FROM companies')).rows),
        [],
        what,
      );
    return { ...office, equal };
  };
  const slots = async (): Promise<unknown[]> =>
    (await sql('SELECT slot_name, active FROM pg_replication_slots WHERE database = current_database()')).rows;

  t.test(
    'a table is copied once and followed from there: inserts, changes, deletes, keys that change, nothing of ' +
      'what was rolled back',
    async (t) => {
      const office = await begin(t, 50);
      t.match(await office.run(), { rows: 50, published: 50, state: 'complete' });
      await office.equal('copied');
      await sql('UPDATE companies SET staff = 2 WHERE code = ANY ($1)', [[digit9.make(1), digit9.make(2)]]);
      await sql('CREATE TABLE IF NOT EXISTS others (n int); INSERT INTO others VALUES (1)');
      await sql('BEGIN; UPDATE companies SET staff = 3; DELETE FROM companies; ROLLBACK');
      await sql('BEGIN');
      await sql('UPDATE companies SET name = name || $1 WHERE staff = 2', ['!']);
      await sql('DELETE FROM companies WHERE code = $1', [digit9.make(20)]);
      await sql('COMMIT');
      await sql('UPDATE companies SET code = $1 WHERE code = $2', [digit9.make(100), digit9.make(30)]);
      t.match(await office.run(), { rows: 7, published: 7, state: 'complete', backlogBytes: Number });
      await office.equal('followed');
      const versions = (await office.records()).filter(({ key }) => key === `digit9:${digit9.make(1)}|`);
      t.equal(
        new Set(versions.map(({ headers }) => headers[office.HEADER.position])).size,
        3,
        'each version has its own position',
      );
      t.match(await office.run(), { rows: 0, state: 'nothing-new' });
      t.match(await slots(), [{ slot_name: /^yitong_test_companies_[0-9a-f]{12}$/, active: false }]);
      await office.run({ options: { dropSlot: 'true' } });
      t.strictSame(await slots(), [], 'the slot goes when it is told to');
    },
  );

  t.test('a large value that an update leaves alone keeps its value, with and without the old row', async (t) => {
    for (const identity of ['DEFAULT', 'FULL']) {
      const office = await begin(t, 3, {
        table:
          `${TABLE}; ALTER TABLE companies ALTER status SET STORAGE EXTERNAL; ALTER TABLE companies REPLICA ` +
          `IDENTITY ${identity}`,
      });
      await sql('UPDATE companies SET status = $1', [LARGE]);
      await office.run();
      await sql('UPDATE companies SET staff = 7 WHERE code = $1', [digit9.make(0)]);
      await sql('UPDATE companies SET code = $1 WHERE code = $2', [digit9.make(9), digit9.make(1)]);
      // passed over: when it is read, the row is another one already
      await sql('UPDATE companies SET staff = 8 WHERE code = $1', [digit9.make(2)]);
      await sql('UPDATE companies SET staff = 9, status = $2 WHERE code = $1', [digit9.make(2), `${LARGE}y`]);
      const report = await office.run();
      t.match(report, { rows: identity === 'FULL' ? 5 : 4, notes: identity === 'FULL' ? {} : { superseded: 1 } });
      await office.equal(identity);
      await office.run({ options: { dropSlot: 'true' } });
      await office.close();
    }
  });

  t.test(
    'a TRUNCATE withdraws nothing until somebody looked; a table emptied and filled again at once loses only ' +
      'what is missing',
    async (t) => {
      const office = await begin(t, 40);
      await office.run();
      await sql('BEGIN; TRUNCATE companies');
      await sql('INSERT INTO companies (code, name) SELECT c, $2 FROM unnest($1::text[]) c', [
        Array.from({ length: 39 }, (_, n) => digit9.make(n)),
        'again',
      ]);
      await sql('COMMIT');
      t.match(await office.run(), { published: 39, withdrawn: 1, state: 'complete' });
      await office.equal('emptied and filled');
      await sql('UPDATE companies SET staff = 5 WHERE code = $1', [digit9.make(3)]);
      await sql('TRUNCATE companies');
      await sql('INSERT INTO companies (code, name) VALUES ($1, $2)', [digit9.make(5), 'after']);
      t.match(await office.run(), { withdrawn: 0, state: 'refused', notes: { snapshot_shrunk: 39 } });
      await t.rejects(office.run(), { code: 'snapshot_shrunk', message: /TRUNCATE/ });
      t.equal((await office.watermarks()).at(-1)?.state, 'failed');
      t.equal((await office.last()).size, 39);
      t.match(await office.run({ options: { acceptShrink: 'true' } }), { withdrawn: 39 });
      await office.equal('accepted');
      t.match(await office.run(), { state: 'nothing-new' });
    },
  );

  t.test(
    'what was sent, but not noted before the connector died, is withdrawn when the next copy does not have it',
    async (t) => {
      await sql(`DROP TABLE IF EXISTS companies; DROP PUBLICATION IF EXISTS yitong_test_companies; ${TABLE}`);
      await sql('INSERT INTO companies VALUES ($1, $2), ($3, $2)', [digit9.make(0), 'n', digit9.make(1)]);
      let dies = true;
      // a mock, as a process dies between the acknowledgement and the note only by chance
      const dying = (bus: Bus): Bus =>
        sendingBy(bus, async (producer, topic, records) => {
          const acks = await producer.send(topic, records);
          if (dies) throw new YitongError('bus_unavailable', 'died');
          return acks;
        });
      const office = await replicated(t.testdir(), url, {}, { maxWithdrawShare: 1 }, dying);
      await t.rejects(office.run(), { code: 'bus_unavailable' });
      t.equal((await office.last()).size, 2, 'it was sent');
      dies = false;
      await sql('DELETE FROM companies WHERE code = $1', [digit9.make(0)]);
      t.match(await office.run(), { rows: 1, withdrawn: 1 });
      t.strictSame([...(await office.last()).keys()], [digit9.make(1)]);
      t.equal((await slots()).length, 1, 'the slot of the copy that was not completed is dropped');
      await office.run({ options: { dropSlot: 'true' } });
      await office.close();
    },
  );

  t.test(
    "a row that the mapping skips from a change on is withdrawn; what never was the dataset's stays untold",
    async (t) => {
      const office = await begin(t, 5, {
        feed: {
          mapping: parseMapping(
            { skip: { column: 'status', equals: 'draft' }, fields: { code: { from: 'code' }, name: { from: 'name' } } },
            'feed.json',
          ),
        },
      });
      await sql('INSERT INTO companies VALUES ($1, $2, $3)', [digit9.make(50), 'secret', 'draft']);
      t.match(await office.run(), { published: 5, skipped: 1 });
      await sql('UPDATE companies SET status = $2 WHERE code = $1', [digit9.make(0), 'draft']);
      await sql('DELETE FROM companies WHERE code = $1', [digit9.make(50)]);
      t.match(await office.run(), { rows: 2, published: 1, unchanged: 1 });
      t.equal((await office.last()).size, 4);
      t.notOk((await office.records()).some(({ key }) => key.includes(digit9.make(50))));
    },
  );

  t.test('what the database is not set up for is refused with the SQL that mends it', async (t) => {
    const office = await begin(t, 1, { table: `${TABLE}; ALTER TABLE companies DROP CONSTRAINT companies_pkey` });
    const refused = async (
      code: string,
      message: RegExp,
      source: object = {},
      feed: Partial<Feed> = {},
    ): Promise<void> => {
      await t.rejects(office.run({}, { ...logicalFeed(url, source), ...feed }), { code, message });
    };
    await refused('replication_not_ready', /no primary key.*REPLICA IDENTITY FULL/);
    await sql('ALTER TABLE companies ADD n serial PRIMARY KEY');
    await refused('replication_not_ready', /lacks `code`/);
    await sql('ALTER TABLE companies REPLICA IDENTITY NOTHING');
    await refused('replication_not_ready', /IDENTITY NOTHING/);
    await sql(
      'CREATE UNIQUE INDEX by_code ON companies (code); ALTER TABLE companies ALTER code SET NOT NULL; ALTER ' +
        'TABLE companies REPLICA IDENTITY USING INDEX by_code',
    );
    await refused(
      'replication_not_ready',
      /no publication `theirs`; run `CREATE PUBLICATION "theirs" FOR TABLE "public"."companies"`/,
      { publication: 'theirs' },
    );
    await sql('CREATE PUBLICATION theirs');
    await refused('replication_not_ready', /ADD TABLE/, { publication: 'theirs' });
    await sql('ALTER PUBLICATION theirs ADD TABLE companies (code, name)');
    await refused('replication_not_ready', /column list without `status`/, { publication: 'theirs' });
    await sql("ALTER PUBLICATION theirs SET TABLE companies; ALTER PUBLICATION theirs SET (publish = 'insert')");
    await refused('replication_not_ready', /SET \(publish = 'insert, update, delete, truncate'\)/, {
      publication: 'theirs',
    });
    await refused('bad_feed', /no table/, { table: 'public.absent' });
    await refused('bad_feed', /`snapshot`/, {}, { snapshot: true });
    const reader = `reader_${new URL(url).pathname.slice(1)}`;
    await sql(`CREATE ROLE ${reader} LOGIN PASSWORD 'p'; GRANT SELECT ON companies TO ${reader}`);
    t.teardown(() => sql(`DROP OWNED BY ${reader}; DROP ROLE ${reader}`));
    await sql('DROP PUBLICATION theirs; CREATE PUBLICATION theirs FOR TABLE companies');
    await t.rejects(office.run({}, logicalFeed(postgres.urlAs(reader, 'p'), { publication: 'theirs' })), {
      code: 'replication_not_ready',
      message: /ALTER ROLE .* REPLICATION/,
    });
    process.env['YITONG_FEED_TEST_PASSWORD'] = new URL(url).password;
    t.strictSame(await slots(), [], 'nothing was made before all was well');
    t.match(await office.run({}, logicalFeed(url, { publication: 'theirs' })), { published: 1 });
    await sql('DROP PUBLICATION theirs');
  });

  t.test(
    'a column that is not read may come; one that is read and goes fails the run, and what was before it is kept',
    async (t) => {
      const office = await begin(t, 5);
      await office.run();
      await sql('ALTER TABLE companies ADD remark text; UPDATE companies SET staff = 2, remark = $$x$$');
      t.match(await office.run(), { published: 5 });
      await sql('UPDATE companies SET staff = 3 WHERE code = $1', [digit9.make(0)]);
      await sql('ALTER TABLE companies RENAME status TO state');
      await sql('UPDATE companies SET staff = 4 WHERE code = $1', [digit9.make(0)]);
      await t.rejects(office.run(), { code: 'bad_feed', message: /`status`/ });
      await sql('ALTER TABLE companies RENAME state TO status');
      await t.rejects(
        office.run(),
        { code: 'bad_feed', message: /came without the column `status`/ },
        'the log holds what was',
      );
      const [before] = (await office.last()).values();
      t.equal(before?.[2], 3, 'the transaction before it came');
      t.match(await office.run({ options: { again: 'true' } }), { rows: 5, published: 1 });
      await office.equal('copied anew');
    },
  );

  t.test('a slot that is gone, moved or read elsewhere is told from one that is well', async (t) => {
    const office = await begin(t, 20);
    await office.run();
    const [slot] = (await sql('SELECT slot_name AS name FROM pg_replication_slots WHERE database = current_database()'))
      .rows;
    await sql('DELETE FROM companies WHERE code = $1', [digit9.make(0)]);
    await sql('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [slot?.['name']]);
    await t.rejects(office.run(), { code: 'slot_lost', message: /moved by somebody else.*--again/ });
    await sql('SELECT pg_drop_replication_slot($1)', [slot?.['name']]);
    await t.rejects(office.run(), { code: 'slot_lost', message: /is gone.*--again/ });
    t.match(
      await office.run({ options: { again: 'true' } }),
      { rows: 19, unchanged: 19, withdrawn: 1 },
      'what left while nobody looked is withdrawn',
    );
    await office.equal('anew');
    await sql('DELETE FROM companies WHERE staff = 1');
    await sql(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()',
    );
    t.match(
      await office.run({ options: { again: 'true' } }),
      { withdrawn: 0, state: 'refused' },
      'under the guards of a snapshot',
    );
    await t.rejects(office.run(), { code: 'snapshot_shrunk' });
    t.strictSame(await slots(), [], 'a slot of a copy that is not believed keeps nothing');
    t.match(await office.run({ options: { acceptShrink: 'true' } }), { withdrawn: 19 });
    await office.equal('accepted');
  });

  t.test('what the server keeps for us is told, and when it is too much', async (t) => {
    const office = await begin(t, 1, { source: { warnLag: 1_048_576 } });
    await office.run();
    await sql('CREATE TABLE IF NOT EXISTS others (n int)');
    await sql('INSERT INTO others SELECT generate_series(1, 40000)');
    const report = await office.run();
    t.ok((report.backlogBytes ?? 0) > 1_048_576);
    t.match(report.notes, { backlog_high: 1 });
  });

  t.test('values come as their text, digit by digit', async (t) => {
    const office = await begin(t, 0, {
      table: `DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('好', 'bad');
        CREATE TABLE companies (code char(9) PRIMARY KEY, name numeric(30, 10), status timestamptz, staff bigint, extra json, tags mood[], made int GENERATED ALWAYS AS (1) STORED)`,
      feed: {
        mapping: parseMapping(
          {
            fields: {
              code: { from: 'code' },
              name: { from: 'name' },
              status: { from: 'status' },
              tags: { from: 'tags' },
            },
          },
          'feed.json',
        ),
      },
    });
    const row = async (n: number): Promise<unknown> =>
      sql(
        "INSERT INTO companies VALUES ($1, '12345678901234567890.0123456789', '2024-03-01 08:30:00.123456+08', 9223372036854775807, '{}', '{好,bad}')",
        [digit9.make(n)],
      );
    await row(0);
    await office.run();
    await row(1);
    await office.run();
    const [copied, followed] = (await office.last()).values();
    t.strictSame(copied, ['12345678901234567890.0123456789', '2024-03-01T00:30:00.123456Z', null]);
    t.strictSame(followed, copied, 'the copy and the log tell one value alike');
    await t.rejects(
      office.run(
        {},
        { mapping: parseMapping({ fields: { code: { from: 'code' }, name: { from: 'made' } } }, 'feed.json') },
      ),
      { code: 'bad_feed', message: /generated/ },
    );
  });

  // YITONG_TEST_ROWS=100000 for the long form
  t.test(`${ROWS} rows in one transaction are one run`, async (t) => {
    const office = await begin(t, 0);
    await office.run();
    await sql(
      "INSERT INTO companies SELECT lpad(n::text, 8, '0') || (10 - (SELECT sum(d::int) FROM unnest(string_to_array(lpad(n::text, 8, '0'), NULL)) d) % 10) % 10, repeat('n', 200), NULL, 1 FROM generate_series(0, $1 - 1) n",
      [ROWS],
    );
    const before = anonymous();
    let most = before;
    t.match(await office.run({ onProgress: () => (most = Math.max(most, anonymous())) }), {
      rows: ROWS,
      published: ROWS,
    });
    t.comment(`${ROWS} rows: RssAnon grew by ${Math.round((most - before) / 1e6)} MB`);
    await office.equal('all of them');
  });

  t.test('between the runs of its schedule a commit wakes the feed', async (t) => {
    const office = await begin(t, 1);
    const { source = { kind: '' }, ...rest } = logicalFeed(url, {}, { schedule: 'PT1H' });
    const errors: unknown[] = [];
    let rows = 0;
    const scheduler = scheduleFeeds({
      feeds: [makeFeed(source, rest)],
      baseDir: '.',
      run: (feed, signal) => office.run({ signal, wake: () => scheduler.trigger(feed) }),
      onReport: (_feed, report) => (rows += report.rows),
      onError: (_feed, error) => errors.push(error),
    });
    const wanted = async (count: number): Promise<void> => {
      while (rows < count && errors.length === 0) await sleep(5);
    };
    await wanted(1);
    const times: number[] = [];
    for (let n = 2; n < 22; n++) {
      await sleep(20);
      await sql('INSERT INTO companies VALUES ($1, $2)', [digit9.make(n), 'new']);
      const at = performance.now();
      await wanted(n);
      times.push(performance.now() - at);
    }
    t.strictSame(errors, []);
    times.sort((a, b) => a - b);
    t.comment(
      `commit to published and reported: median ${Math.round(times[10] ?? 0)} ms, most ` +
        `${Math.round(times[19] ?? 0)} ms`,
    );
    await scheduler.stop();
    // the server's own process ends a moment after the connection
    await until('the end of the connections', slots, (seen) =>
      seen.every((slot) => (slot as { active: boolean }).active === false),
    );
    await office.equal('each of them');
  });
});

t.test('a slot whose log the server gave up is told, and the next copy brings what is missing', async (t) => {
  const postgres = await postgresForTest(t, { own: true });
  if (postgres === undefined) return;
  const { sql, url } = postgres;
  await sql(`${TABLE}; CREATE TABLE others (t text)`);
  await sql('INSERT INTO companies VALUES ($1, $2)', [digit9.make(0), 'n']);
  const office = await replicated(t.testdir(), url);
  t.teardown(() => office.close());
  await office.run();
  await sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
  await sql('SELECT pg_reload_conf()');
  for (let n = 0; n < 4; n++) {
    await sql("INSERT INTO others SELECT repeat('x', 1000) FROM generate_series(1, 20000)");
    await sql('SELECT pg_switch_wal()');
    await sql('CHECKPOINT');
  }
  await sql('INSERT INTO companies VALUES ($1, $2)', [digit9.make(1), 'missed']);
  await t.rejects(office.run(), { code: 'slot_lost', message: /max_slot_wal_keep_size.*--again/ });
  await office.run({ options: { again: 'true' } });
  t.equal((await office.last()).size, 2);
});

t.test('a snapshot tells what it does not see yet, also when numbers have gone round', async (t) => {
  t.ok(isVisible(99, '100:100:'));
  t.notOk(isVisible(100, '100:100:'));
  t.notOk(isVisible(97, '97:100:97,98'));
  t.ok(isVisible(99, '97:100:97,98'));
  t.ok(isVisible(2 ** 32 - 5, `${2n ** 32n + 10n}:${2n ** 32n + 10n}:`));
  t.notOk(isVisible(12, `${2n ** 32n + 10n}:${2n ** 32n + 10n}:`));
  t.notOk(isVisible(3, `${2n ** 32n + 3n}:${2n ** 32n + 10n}:${2n ** 32n + 3n}`));
});
