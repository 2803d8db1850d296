/** A table is put behind the gateway without anybody writing SQL, and its password stands nowhere. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { cli } from '../e2e/city.js';
import { run } from '../e2e/command.js';
import { mysqlForTest } from '../support/servers/mysql.js';
import { postgresForTest } from '../support/servers/postgres.js';
import { toldOf } from './proposed.js';

t.setTimeout(120_000);

interface Database {
  /** With a password, `s3cret word`. */
  readonly url: string;
  sql(text: string): Promise<unknown>;
  readonly bool: string;
  readonly moment: string;
  comment(column: string, type: string, text: string): string;
}

const read = (dir: string): string =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');

async function check(t: Test, { url, sql, bool, moment, comment }: Database): Promise<void> {
  await sql(
    'CREATE TABLE licences (id int PRIMARY KEY, tyshxydm varchar(18) NOT NULL, licence_no varchar(30), ' +
      `open_date date, seats int, active ${bool}, fee numeric(12,2), post_code varchar(6), contact varchar(50), ` +
      `updated_at ${moment} NOT NULL)`,
  );
  await sql(comment('tyshxydm', 'varchar(18) NOT NULL', '统一社会信用代码'));
  await sql(comment('contact', 'varchar(50)', '联系人'));
  for (let i = 1; i <= 60; i++) {
    await sql(
      `INSERT INTO licences VALUES (${i}, '${uscc.make(Math.ceil(i / 2))}', 'XK-${i}', ` +
        `'2020-01-${String((i % 28) + 1).padStart(2, '0')}', ${i % 40}, ${i % 3 === 0}, ${i}.50, ` +
        `'2000${String(10 + (i % 80))}', '王某某', '2026-01-01 08:00:00')`,
    );
  }
  const workspace = join(t.testdir(), 'city');
  await run('init', workspace);
  const unnamed = await run('feed', 'new', url, '--workspace', workspace);
  t.equal(unnamed.code, 2);
  t.match(unnamed.stderr, '`licences`', 'says which tables there are');
  const { code, stdout, stderr } = await run(
    'feed',
    'new',
    url,
    '--table',
    'licences',
    '--workspace',
    workspace,
    '--yes',
    '--json',
    '--authority',
    'registry',
  );
  t.equal(code, 0, stderr);
  const told = toldOf(stdout);
  t.strictSame([told.of('row key'), told.of('updated'), told.of('subject')], ['id', 'updated_at', 'tyshxydm:uscc']);
  const types = Object.fromEntries(
    told.fields.map(({ column, field, type, classification }) => [column, [field, type.kind, classification]]),
  );
  t.strictSame(types['tyshxydm'], ['uscc', 'text', 'public'], 'the comment says what the name does not');
  t.strictSame(types['contact'], ['contact', 'text', 'personal']);
  t.strictSame(
    [
      types['open_date']?.[1],
      types['seats']?.[1],
      types['fee']?.[1],
      types['post_code']?.[1],
      types['updated_at']?.[1],
    ],
    ['date', 'int', 'decimal', 'text', 'timestamp'],
  );
  t.match(told.trial, { rows: 60, published: 60, quarantined: 0 });
  const everything = [stdout, stderr, unnamed.stdout, unnamed.stderr, read(workspace)].join('\n');
  t.notMatch(everything, /s3cret/, 'the password is neither written nor shown');
  t.match(told.files['connectors/feeds/registry/licences.json'], {
    source: { password: { env: /^YITONG_FEED_/ }, key: ['id'], updated: 'updated_at' },
    schedule: 'PT5M',
  });
  t.equal((await run('contracts', 'check', '--workspace', workspace)).code, 0);
  const feed = await promisify(execFile)(
    process.execPath,
    [cli, 'connector', 'registry.licences', '--once', '--workspace', workspace, '--json'],
    { env: { ...process.env, ...passwordOf(told.files['connectors/feeds/registry/licences.json']) } },
  );
  t.match(JSON.parse(feed.stdout), { published: 60, state: 'complete' }, 'the feed runs as it was written');
}

function passwordOf(feed: unknown): Readonly<Record<string, string>> {
  const { source } = feed as { readonly source: { readonly password: { readonly env: string } } };
  return { [source.password.env]: 's3cret word' };
}

t.test('PostgreSQL', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const user = `officer_${new URL(postgres.url).pathname.slice(-8)}`;
  await postgres.sql(`CREATE ROLE ${user} LOGIN PASSWORD 's3cret word'`);
  await postgres.sql(`ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${user}`);
  t.teardown(() => postgres.sql(`DROP OWNED BY ${user}; DROP ROLE ${user}`));
  await check(t, {
    url: postgres.urlAs(user, 's3cret word'),
    sql: (text) => postgres.sql(text),
    bool: 'boolean',
    moment: 'timestamptz',
    comment: (column, _type, text) => `COMMENT ON COLUMN licences.${column} IS '${text}'`,
  });
});

t.test('MariaDB', async (t) => {
  const mysql = await mysqlForTest(t);
  if (mysql === undefined) return;
  const user = `officer_${mysql.database.slice(-8)}`;
  await mysql.sql(`CREATE USER ${user} IDENTIFIED BY 's3cret word'`);
  await mysql.sql(`GRANT SELECT ON ${mysql.database}.* TO ${user}`);
  t.teardown(() => mysql.sql(`DROP USER ${user}`));
  const url = new URL(mysql.url);
  url.username = user;
  url.password = 's3cret word';
  await check(t, {
    url: url.href,
    sql: (text) => mysql.sql(text),
    bool: 'boolean',
    moment: 'datetime',
    comment: (column, type, text) => `ALTER TABLE licences MODIFY ${column} ${type} COMMENT '${text}'`,
  });
});
