/**
 * A row is corrected at the source, and its feed reads it again within seconds although it is due in an hour: asked for
 * in a shell, which waits and says what came of it; by others refused until the pause is over.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { until } from './ask.js';
import { city, cli } from './city.js';
import { entries, run } from './command.js';

t.setTimeout(240_000);

type Json = Readonly<Record<string, unknown>>;
const DATASET = 'office.shops';
const CHEN = '陈小静';

const workspace = join(t.testdir(), 'workspace');
execFileSync(process.execPath, [cli, 'init', workspace]);
const file = (path: string): string => join(workspace, path);
const read = async (path: string): Promise<Json> => JSON.parse(await readFile(file(path), 'utf8')) as Json;
const write = (path: string, content: object): Promise<void> => writeFile(file(path), JSON.stringify(content));
const FEED = 'connectors/feeds/office/shops.json';
await write(FEED, { ...(await read(FEED)), schedule: 'PT1H' });
/** @param day of the second of three */
const source = (day: string): Promise<void> =>
  writeFile(
    file('inbox/shops.csv'),
    [
      '统一社会信用代码,店铺名称,所在区,开业日期,座位数',
      ...[1, 2, 3].map((n) => `${uscc.make(n)},店${String(n)},东湖区,${n === 2 ? day : '2024-03-18'},4`),
    ].join('\n'),
  );
await source('某日');
const desk = await read('policies/clients/front-desk.json');
await write('policies/clients/stranger.json', {
  ...desk,
  authority: 'other',
  identity: { spiffe: 'spiffe://yitong.example/client/stranger' },
});
await mkdir(file('contracts/datasets/other'));
await write('contracts/datasets/other/authority.json', await read('contracts/datasets/office/authority.json'));

const town = await city(t, { workspace });
const office = await town.as('front-desk');
const cliWith = async (...args: readonly string[]) => {
  const ended = await run('feed', 'read', DATASET, ...args, '--api', town.api, '--pki', town.pki, '--json');
  return { ...ended, json: ended.stdout === '' ? {} : (JSON.parse(ended.stdout) as Json) };
};
const ASKING = ['--as', 'front-desk', '--officer', 'chen', '--name', CHEN] as const;

t.test('what was corrected at the source is published within seconds', async (t) => {
  const { last } = await until(
    'the first run',
    () => office.reading(DATASET),
    (reading) => reading.last !== undefined,
  );
  t.match(last, { state: 'complete', rows: 3, published: 2, quarantined: 1 });
  t.equal((await office.quarantine(DATASET)).count, 1);
  t.match(await cliWith('--as', 'front-desk', '--status'), { code: 0, json: { last, wait: 0 } });
  t.match(await cliWith('--as', 'stranger', '--officer', 'chen'), { code: 1, json: { code: 'not_publisher' } });

  await source('2024-03-19');
  const done = await cliWith(...ASKING);
  t.equal(done.code, 0, done.stderr);
  t.match(done.json, { last: { state: 'complete', rows: 3, published: 1, unchanged: 2, quarantined: 0 } });
  t.equal((await office.quarantine(DATASET)).count, 0);
  t.match(await cliWith(...ASKING), { code: 1, json: { code: 'asked_just_now' } }, 'the pause is for everybody');
});

t.test('who asked is on record, and named nowhere in clear', async (t) => {
  const asked = await until(
    'the entry',
    () => entries<Json>(town.data, '--action', 'feed_asked'),
    (found) => found.length > 0,
  );
  t.match(asked, [{ by: 'front-desk', target: DATASET }]);
  t.equal(asked.length, 1);
  t.notMatch(JSON.stringify([asked, town.said()]), CHEN);
});
