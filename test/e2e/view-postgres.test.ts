/**
 * A city whose view stands on two PostgreSQL servers: it answers as from its own folder; while one server is gone, what
 * that one has is `unavailable`, and never said not to be on record.
 */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { SLICES, sliceOf } from '../../gateway/answer/view/postgres/index.js';
import type { DatasetAnswer } from '../../gateway/client/index.js';
import { touch } from '../support/clock.js';
import { faultyPostgres } from '../support/servers/faulty-postgres.js';
import { until } from './ask.js';
import { city, cli } from './city.js';

t.setTimeout(240_000);

const PASSWORD = 'for this test';
const HALF = SLICES / 2;

void t.test('two servers, one of them killed and started again', async (t) => {
  const north = await faultyPostgres(t);
  const south = north === undefined ? undefined : await faultyPostgres(t);
  if (north === undefined || south === undefined) return;
  const workspace = join(t.testdir(), 'city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  await writeFile(join(workspace, 'password'), PASSWORD);
  const shops = join(workspace, 'inbox/shops.csv');
  const [heading = ''] = (await readFile(shops, 'utf8')).split('\n');
  const keys = Array.from({ length: 24 }, (_, n) => uscc.make(n));
  await writeFile(
    shops,
    `${[heading, ...keys.map((key, n) => `${key},店${String(n)},东湖区,2024-03-18,42`)].join('\n')}\n`,
  );
  touch(shops);
  const file = join(workspace, 'yitong.json');
  const settings = {
    driver: 'postgres',
    servers: [
      { name: 'north', addresses: [new URL(north.url).host], database: 'postgres' },
      { name: 'south', addresses: [new URL(south.url).host], database: 'postgres' },
    ],
    slices: [
      { from: 0, to: HALF - 1, server: 'north' },
      { from: HALF, to: SLICES - 1, server: 'south' },
    ],
    user: 'asker',
    passwordFile: 'password',
    owner: 'owner',
    ownerPasswordFile: 'password',
    tls: false,
    readTimeoutMs: 500,
    connectTimeoutMs: 500,
  };
  await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), view: settings }));
  for (const { url } of [north, south]) {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(
      `CREATE ROLE owner LOGIN PASSWORD '${PASSWORD}'; CREATE ROLE asker LOGIN PASSWORD '${PASSWORD}';
       GRANT CREATE ON DATABASE postgres TO owner`,
    );
    await client.end();
  }
  const yitong = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [cli, ...args, '--workspace', workspace], { encoding: 'utf8' });
  t.match(yitong('view', 'migrate'), /north: 1 steps made\nsouth: 1 steps made\n/);
  t.match(yitong('view', 'migrate'), /north: the tables are there\nsouth: the tables are there\n/);

  const running = await city(t, { workspace });
  const desk = await running.as('front-desk');
  const look = async (subject: string): Promise<DatasetAnswer> => {
    const { datasets } = await desk.query({ purpose: 'permit-check', subject, datasets: [{ id: 'office.shops' }] });
    const [shops] = datasets;
    if (shops === undefined) throw new Error('the dataset is missing from the answer');
    return shops;
  };
  const onSouth = (subject: string): boolean => sliceOf(subject) >= HALF;
  const there = new Map<string, DatasetAnswer>();
  for (const subject of keys.map((key) => `uscc:${key}`)) {
    const found = await until(
      subject,
      () => look(subject),
      ({ status, records }) => status === 'current' && records.length === 1,
    );
    there.set(subject, found);
  }
  const served = [...there.keys()];
  t.ok(served.some(onSouth) && served.some((subject) => !onSouth(subject)), 'both servers have some of them');

  await south.kill();
  for (const subject of served) {
    const { status, records } = await look(subject);
    if (onSouth(subject)) t.strictSame([status, records], ['unavailable', []], 'nothing is said of what is away');
    else t.strictSame([status, records], ['current', there.get(subject)?.records], 'the other one answers as before');
  }
  await south.start();
  for (const subject of served) {
    const { records } = await until(
      subject,
      () => look(subject),
      ({ status }) => status === 'current',
    );
    t.strictSame(records, there.get(subject)?.records, 'all is there again');
  }

  const [first = ''] = served.filter(onSouth);
  t.match(yitong('view', 'move', String(sliceOf(first)), '--to', 'north'), /slice \d+ is on `north`/);
  t.strictSame((await look(first)).records, there.get(first)?.records, 'it is found where it has gone');
  await running.stop();
});
