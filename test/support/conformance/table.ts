/** What every source that polls a table promises; run on each database by `test/connectors/<kind>.test.ts`. */
import t, { type Test } from 'tap';
import type { Feed } from '../../../connectors/feed.js';
import { parseMapping } from '../../../connectors/mapping/index.js';
import type { RunReport } from '../../../connectors/run.js';
import { isYitongError } from '../../../contracts/errors.js';
import { digit9 } from '../../connectors/fixtures.js';
import { openOffice } from '../../connectors/office.js';

export interface TableServer {
  readonly kind: 'postgres' | 'mysql';
  /**
   * `server`, `database`, `user` and `password` of a user who may read what is there; secrets stand in the environment.
   */
  readonly reader: Readonly<Record<string, unknown>>;
  /** As an administrator, on one connection. */
  sql(text: string): Promise<unknown>;
  /** The same, on another one. */
  other(text: string): Promise<unknown>;
  quote(name: string): string;
  /** Names of types. */
  readonly types: { readonly text: string; readonly moment: string; readonly local: string };
  /** SQL of the clock less so many seconds. */
  ago(seconds: number): string;
  /** Cuts every connection of the reader. */
  cut(): Promise<void>;
  /** Grants the reader what an administrator has made since. */
  grant(table: string): Promise<void>;
  /** For people. */
  readonly name: string;
}

const counts = ({ rows, published, unchanged, merged, quarantined, skipped, withdrawn, state }: RunReport) => [
  rows,
  published,
  unchanged,
  merged,
  quarantined,
  skipped,
  withdrawn,
  state,
];
const mapping = (fields: object = {}, more: object = {}) =>
  parseMapping(
    {
      fields: {
        code: { from: 'code', steps: [{ key: 'digit9' }] },
        name: { from: 'name' },
        status: { from: 'status' },
        ...fields,
      },
      ...more,
    },
    'feed.json',
  );

export function tableSuite(open: (t: Test) => Promise<TableServer | undefined>): void {
  let server: TableServer | undefined;
  t.before(async () => {
    server = await open(t);
  });

  /** A table of its own for one test, and an office that polls it. */
  async function begin(t: Test, rows: number, extra = '') {
    if (server === undefined) return undefined;
    const db = server;
    const table = `company_${Math.random().toString(36).slice(2, 10)}`;
    await db.sql(
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, code ${db.types.text}, name ${db.types.text}, status ` +
        `${db.types.text}, updated ${db.types.moment} NULL${extra})`,
    );
    await db.grant(table);
    const insert = (from: number, to: number, seconds = 3600): Promise<unknown> =>
      db.sql(
        `INSERT INTO ${table} (id, code, name, updated) VALUES ${Array.from({ length: to - from }, (_, i) => `(${from + i}, '${digit9.make(from + i)}', 'n${from + i}', ${db.ago(seconds)})`).join(', ')}`,
      );
    if (rows > 0) await insert(0, rows);
    const office = await openOffice(t.testdir());
    t.teardown(() => office.close());
    const source = (more: object = {}): Feed['source'] => ({
      kind: db.kind,
      ...db.reader,
      table,
      key: ['id'],
      updated: 'updated',
      ...more,
    });
    const run = (more: object = {}, feed: Partial<Feed> = {}, options = {}): Promise<RunReport> =>
      office.run(
        { source: source(more), snapshot: false, mapping: mapping(), maxWithdrawShare: 0.5, ...feed },
        options,
      );
    /** As if the last sweep had been long ago. */
    const sweepDue = (): void => {
      const memory = office.state.read('memory', 'test.companies');
      office.state.write('memory', 'test.companies', { ...(memory as object), swept: '2000-01-01T00:00:00.000000' });
    };
    return { db, table, insert, office, run, source, sweepDue };
  }

  t.test('what changed is read again, and what left the table is withdrawn', async (t) => {
    const it = await begin(t, 1200);
    if (it === undefined) return;
    const { db, table, insert, office, run, sweepDue } = it;
    t.strictSame(counts(await run()), [1200, 1200, 0, 0, 0, 0, 0, 'complete']);
    t.match((await office.watermarks()).at(-1), { snapshot: true, state: 'complete' });
    const idle = await run();
    t.ok(
      idle.rows === 1200 && idle.unchanged === 1200,
      'rows of one moment stay within the overlap, and are unchanged',
    );

    await insert(1200, 1201, 0);
    await run();
    await db.sql(`UPDATE ${table} SET name = 'renamed', updated = ${db.ago(0)} WHERE id = 5`);
    await db.sql(`UPDATE ${table} SET name = 'unseen', updated = ${db.ago(7200)} WHERE id = 6`);
    await db.sql(`DELETE FROM ${table} WHERE id < 3`);
    t.strictSame(counts(await run()), [2, 1, 1, 0, 0, 0, 0, 'complete'], 'only what changed is read');
    t.match((await office.watermarks()).at(-1), { snapshot: false });

    await insert(2000, 2001, 90_000);
    await db.sql(`INSERT INTO ${table} (id, code, name) VALUES (2001, '${digit9.make(2001)}', 'no time')`);
    sweepDue();
    const swept = await run();
    t.match(
      swept,
      { published: 2, withdrawn: 3, quarantined: 0, state: 'complete' },
      'deleted rows leave, rows that no time shows are read',
    );
    const view = await office.current();
    t.equal(Object.keys(view).length, 1200);
    t.equal(view[`digit9:${digit9.make(5)}|`], 'renamed');
    t.equal(view[`digit9:${digit9.make(2001)}|`], 'no time');
    t.notOk(`digit9:${digit9.make(0)}|` in view);

    t.match(
      await run({}, {}, { options: { again: 'true' } }),
      { rows: 1200, published: 1 },
      'what an update time hides is found by reading all again',
    );
  });

  t.test('a row that becomes visible after a later one is not missed', async (t) => {
    const it = await begin(t, 10);
    if (it === undefined) return;
    const { db, table, office, run, insert } = it;
    await run();
    await db.other('BEGIN');
    await db.other(`UPDATE ${table} SET name = 'late', updated = ${db.ago(2)} WHERE id = 1`);
    await insert(10, 11, 0);
    await run();
    await db.other('COMMIT');
    t.match(await run(), { published: 1 });
    t.equal((await office.current())[`digit9:${digit9.make(1)}|`], 'late');
  });

  t.test('an update time in the future hides nothing', async (t) => {
    const it = await begin(t, 2);
    if (it === undefined) return;
    const { db, table, office, run } = it;
    await db.sql(`UPDATE ${table} SET updated = ${db.ago(-864_000)} WHERE id = 0`);
    await run();
    await db.sql(`UPDATE ${table} SET name = 'changed', updated = ${db.ago(0)} WHERE id = 1`);
    t.match(await run(), { published: 1 });
    t.equal((await office.current())[`digit9:${digit9.make(1)}|`], 'changed');
  });

  t.test('a table that lost too much is not believed, until a person says so', async (t) => {
    const it = await begin(t, 100);
    if (it === undefined) return;
    const { db, table, run, sweepDue, office } = it;
    await run();
    await db.sql(`DELETE FROM ${table} WHERE id < 60`);
    sweepDue();
    t.match(await run(), { state: 'refused', withdrawn: 0, notes: { snapshot_shrunk: 60 } });
    t.match(await run(), { state: 'refused' }, 'and it stays so');
    t.match((await office.watermarks()).at(-1), { state: 'refused' });
    t.match(await run({}, {}, { options: { acceptShrink: 'true' } }), { state: 'complete', withdrawn: 60 });
    t.match(await run(), { state: 'complete', withdrawn: 0 });
  });

  t.test('a refused row is tried again and leaves the quarantine with its row', async (t) => {
    const it = await begin(t, 10);
    if (it === undefined) return;
    const { db, table, run, sweepDue, office } = it;
    await db.sql(`UPDATE ${table} SET code = '123456789' WHERE id IN (1, 2)`);
    t.match(await run(), { published: 8, quarantined: 2, codes: { bad_check_digit: 2 } });
    const [entry] = await office.quarantine();
    t.match(entry?.position, new RegExp(`^[a-z0-9_]+\\.${table}#[0-9a-f]{32}$`), 'a position holds no key');
    await db.sql(`UPDATE ${table} SET code = '${digit9.make(1)}' WHERE id = 1`);
    await db.sql(`DELETE FROM ${table} WHERE id = 2`);
    sweepDue();
    t.match(await run(), { withdrawn: 0, state: 'complete' });
    t.strictSame(await office.quarantine(), []);
    t.equal(Object.keys(await office.current()).length, 9);
  });

  t.test('where a row cannot be asked for by its key, all is read again', async (t) => {
    const it = await begin(t, 5, ', ref bigint NULL');
    if (it === undefined) return;
    const { db, table, run, sweepDue, office } = it;
    await db.sql(`UPDATE ${table} SET ref = id`);
    await run({ key: ['ref'] });
    await db.sql(
      `INSERT INTO ${table} (id, code, name, updated) VALUES (7, '${digit9.make(7)}', 'no key', ${db.ago(90_000)})`,
    );
    await db.sql(`DELETE FROM ${table} WHERE id = 1`);
    sweepDue();
    t.match(await run({ key: ['ref'] }), { published: 1, withdrawn: 1, state: 'complete' });
    t.equal(Object.keys(await office.current()).length, 5);
  });

  t.test('rows that are marked as deleted are withdrawn at once', async (t) => {
    const it = await begin(t, 5);
    if (it === undefined) return;
    const { db, table, run, office } = it;
    const source = { deleted: { column: 'status', values: ['gone'] } };
    await run(source);
    await db.sql(`UPDATE ${table} SET status = 'gone', updated = ${db.ago(0)} WHERE id = 3`);
    await run(source);
    t.equal(Object.keys(await office.current()).length, 4);
    const before = (await office.records()).length;
    t.match(await run(source), { published: 0 });
    t.equal((await office.records()).length, before, 'and not again with each run');
  });

  t.test('without an update column every run is the whole table', async (t) => {
    const it = await begin(t, 20);
    if (it === undefined) return;
    const { db, table, run } = it;
    await run({ updated: undefined }, { snapshot: true });
    await db.sql(`DELETE FROM ${table} WHERE id = 1`);
    t.strictSame(counts(await run({ updated: undefined }, { snapshot: true })), [19, 0, 19, 0, 0, 0, 1, 'complete']);
    await t.rejects(run({}, { snapshot: true }), { code: 'bad_feed', message: /`snapshot` cannot be true/ });
    await t.rejects(run({ updated: undefined, deletes: 'none' }), {
      code: 'bad_feed',
      message: /goes with `source.updated`/,
    });
  });

  t.test('a connection that is lost fails the run, and the next one loses nothing', async (t) => {
    const it = await begin(t, 0);
    if (it === undefined) return;
    const { db, table, insert, office, run } = it;
    for (let at = 0; at < 8_000; at += 2000) await insert(at, at + 2000);
    // more than stands in the buffers of a socket
    await db.sql(`UPDATE ${table} SET status = repeat('x', 2000)`);
    let cut: Promise<void> | undefined;
    await t.rejects(run({}, {}, { onProgress: () => (cut ??= db.cut()) }), {
      code: 'source_unavailable',
      message: /connection was lost/,
    });
    await cut;
    t.match((await office.watermarks()).at(-1), { state: 'failed' });
    t.match(await run(), { state: 'complete', rows: 8_000 });
    t.equal(Object.keys(await office.current()).length, 8_000);
    const stop = new AbortController();
    await t.rejects(run({}, {}, { options: { again: 'true' }, signal: stop.signal, onProgress: () => stop.abort() }), {
      code: 'shutting_down',
    });
  });

  t.test('a long text is set aside with its own code, and its record stays', async (t) => {
    const it = await begin(t, 30);
    if (it === undefined) return;
    const { db, table, run, sweepDue, office } = it;
    await run();
    await db.sql(`UPDATE ${table} SET name = repeat('长', 400000), updated = ${db.ago(0)} WHERE id = 4`);
    t.match(await run(), { quarantined: 1, codes: { record_too_large: 1 } });
    sweepDue();
    t.match(await run(), { withdrawn: 0, state: 'complete' });
    t.equal((await office.current())[`digit9:${digit9.make(4)}|`], 'n4');
    t.match(await office.quarantine(), [{ problems: [{ code: 'record_too_large' }] }]);
  });

  t.test('names with quotes and blanks are names', async (t) => {
    const it = await begin(t, 0);
    if (it === undefined) return;
    const { db, office } = it;
    const name = `a "b" \`c\`; DROP TABLE x -- '`;
    await db.sql(
      `CREATE TABLE ${db.quote(name)} (${db.quote(`k"\`'`)} varchar(40) PRIMARY KEY, ${db.quote('名 称')} ${db.types.text}, ${db.quote('select')} ${db.types.moment})`,
    );
    await db.grant(db.quote(name));
    await db.sql(`INSERT INTO ${db.quote(name)} VALUES ('${digit9.make(1)}', '''; SELECT 1', ${db.ago(9)})`);
    const source = { kind: db.kind, ...db.reader, table: name, key: [`k"\`'`], updated: 'select' };
    const feed = {
      source,
      snapshot: false,
      mapping: parseMapping({ fields: { code: { from: `k"\`'` }, name: { from: '名 称' } } }, 'f'),
    };
    t.match(await office.run(feed), { published: 1 });
    t.strictSame(Object.values(await office.current()), ["'; SELECT 1"]);
    t.match(await office.run(feed), { unchanged: 1 });
  });

  t.test('what is missing or forbidden is said, and no row with it', async (t) => {
    const it = await begin(t, 3);
    if (it === undefined) return;
    const { db, table, run } = it;
    await t.rejects(run({}, { mapping: mapping({ since: { from: 'nowhere' } }) }), {
      code: 'bad_feed',
      message: /lacks the column `nowhere` that the mapping reads/,
      extra: { place: { file: 'feed.json' } },
    });
    await t.rejects(run({ key: ['none'] }), {
      code: 'bad_feed',
      message: /lacks the column `none` that `source.key` names/,
    });
    await t.rejects(run({ updated: 'name' }), { code: 'bad_feed', message: /neither a date nor a time/ });
    await t.rejects(run({ table: 'nothing_here' }), { code: 'bad_feed', message: /no table/ });
    await t.rejects(run({ password: { env: 'YITONG_FEED_NOT_SET' } }), { code: 'bad_feed', message: /is not set/ });
    await t.rejects(run({ password: { env: 'YITONG_FEED_WRONG' } }), {
      code: 'source_denied',
      message: /does not accept the user/,
    });
    await t.rejects(run({ tls: {} }), { code: 'source_unavailable', message: /offers no TLS/ });
    await t.rejects(run({ surplus: 1 }), { code: 'bad_feed', message: /unknown key `surplus`/ });
    await t.rejects(run({ server: '127.0.0.1:1' }), { code: 'source_unavailable' });
    await db.sql(
      `CREATE TABLE secret_${table} (id bigint PRIMARY KEY, code ${db.types.text}, name ${db.types.text}, ` +
        `status ${db.types.text}, updated ${db.types.moment})`,
    );
    // MySQL hides a table that may not be read
    const error: unknown = await run({ table: `secret_${table}` }).catch((error: unknown) => error);
    t.ok(
      isYitongError(error) &&
        ['source_denied', 'bad_feed'].includes(error.code) &&
        error.message.includes(String(db.reader['user'])),
    );
  });
}
