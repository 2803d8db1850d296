/**
 * What a department mended in its file leaves the quarantine by the one command that is named for it, and the output of
 * commands counts nothing as loaded that is not.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { until } from './ask.js';
import { cli } from './city.js';
import { run } from './command.js';

t.setTimeout(180_000);
const dir = t.testdir();
const [workspace, data] = [join(dir, 'workspace'), join(dir, 'data')];
execFileSync(process.execPath, [cli, 'init', workspace]);
const keys = [1, 2, 3, 4, 5].map((n) => uscc.make(n));
const bad = `${(keys[1] ?? '').slice(0, -1)}${(keys[1] ?? '').endsWith('0') ? '1' : '0'}`;
const shops = (second: string): Promise<void> =>
  writeFile(
    join(workspace, 'inbox/shops.csv'),
    [
      '统一社会信用代码,店铺名称,所在区,开业日期,座位数',
      ...[keys[0], second, ...keys.slice(2)].map((key, i) => `${key ?? ''},店${String(i)},东湖区,2024-03-18,4`),
    ].join('\n'),
  );
await shops(bad);
const here = ['--workspace', workspace, '--data', data] as const;

t.test('`up` says how many rows are loaded, and apart from them how many are held back', async (t) => {
  const child = spawn(process.execPath, [cli, 'up', ...here, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await until(
      'that it is ready',
      () => Promise.resolve(said),
      (text) => text.includes('Ctrl-C stops.'),
      90_000,
    );
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
  t.match(said, /loaded +4 rows of 1 datasets\n/, 'of five that were read');
  t.match(said, /in quarantine +1 rows of 1 datasets: `yitong quarantine list` says why\n/);
});

t.test('a row that was mended in its file is read again by `quarantine retry`, which says so', async (t) => {
  const still = await run('quarantine', 'retry', 'office.shops', ...here);
  t.equal(still.code, 1, 'nothing was mended');
  t.match(still.stdout, /1 tried: 0 published, .* 1 still bad/);
  t.match(
    still.stdout,
    /1 rows are in quarantine as they were read; the source is read again, for what was mended there/,
  );
  t.match(still.stdout, /office\.shops: 5 rows = 0 published \+ 4 unchanged \+ 0 merged \+ 1 quarantined/);
  await shops(keys[1] ?? '');
  const stored = await run('quarantine', 'retry', 'office.shops', '--stored', ...here);
  t.equal(stored.code, 1);
  t.notMatch(stored.stdout, /read again/);
  const [id = ''] =
    (
      JSON.parse((await run('quarantine', 'list', '--json', ...here)).stdout) as {
        datasets: { rows: { id: string }[] }[];
      }
    ).datasets[0]?.rows.map((row) => row.id) ?? [];
  t.match(
    (await run('quarantine', 'retry', 'office.shops', id, ...here)).stdout,
    /without ids, the source is read again/,
  );
  const mended = await run('quarantine', 'retry', 'office.shops', ...here, '--json');
  t.equal(mended.code, 0, mended.stderr);
  t.match(JSON.parse(mended.stdout), {
    tried: 1,
    published: 0,
    stillBad: 1,
    again: { rows: 5, published: 1, unchanged: 4, quarantined: 0, inQuarantine: 0 },
  });
  t.equal((await run('quarantine', 'list', ...here)).code, 0, 'none is left');
});

t.test(
  'a connector that was not told to run once says that it goes on, for what, and how to run it once',
  async (t) => {
    t.match(await readFile(join(workspace, 'connectors/feeds/office/shops.json'), 'utf8'), /"schedule"/);
    const child = spawn(process.execPath, [cli, 'connector', 'office.shops', ...here], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, YITONG_GATEWAY_LOG_FORMAT: 'text' },
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await until(
      'what it goes on for',
      () => Promise.resolve(said),
      (text) => text.includes('--once'),
      60_000,
    );
    t.match(said, /^office\.shops: goes on until it is stopped; it runs .*\. `--once` runs it once and ends\n/);
    child.kill('SIGTERM');
    t.equal(await ended, 0);
  },
);
