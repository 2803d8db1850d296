/**
 * What an officer sees of the quarantine and of the catalogue without a city: as lines, table, CSV and JSON, in both
 * languages, always with exit 0.
 */
import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { cli } from '../e2e/city.js';
import { latinIn } from '../http/console/latin.js';

t.setTimeout(240_000);

type Run = (
  ...args: readonly string[]
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;

async function workspace(t: Test): Promise<Run> {
  const dir = t.testdir();
  const run: Run = (...args) =>
    new Promise((resolve) =>
      execFile(process.execPath, [cli, ...args], { cwd: join(dir, 'city') }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      ),
    );
  await new Promise<void>((resolve, reject) =>
    execFile(process.execPath, [cli, 'init', join(dir, 'city')], (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
  return run;
}

t.test('the quarantine', async (t) => {
  const run = await workspace(t);
  appendFileSync(join(t.testdirName, 'city', 'inbox', 'shops.csv'), '91990101MAEXA0001Y,=bad,东湖区,2024-03-01,\n');
  const read = await run('connector', 'office.shops', '--once');
  t.match(read, { code: 1, stdout: /1 quarantined/ }, 'a run that quarantined is found wanting');
  const lines = await run('quarantine', 'list');
  t.match(
    lines,
    { code: 0, stdout: /^office\.shops: 1\n {2}[0-9a-f]{16} {2}.*shops\.csv#\d+.*bad_check_digit/ },
    'a list is not; and a pipe gets the lines of before',
  );
  const table = await run('quarantine', 'list', '-o', 'table');
  t.match(table, { code: 0, stdout: /^dataset {2,}dataset name .*\n─+ .*\noffice\.shops {2}Shop register/ });
  const zh = await run('quarantine', 'list', '--zh');
  t.match(zh, { code: 0, stdout: /数据集 .*原因/ });
  t.match(zh.stdout, /统一社会信用代码 .*校验/, 'the reason in words');
  t.same(latinIn(zh.stdout.replaceAll(/shops\.csv#\d+|[0-9a-f]{16}/g, '')), [], 'no code, no id');
  const csv = await run('quarantine', 'list', '-o', 'csv');
  t.equal(csv.stdout.charCodeAt(0), 0xfeff);
  t.match(csv, {
    code: 0,
    stdout:
      /^\ufeffdataset,dataset name,row,position,first seen \(UTC\+8\),field,reason\r\noffice\.shops,Shop register,/,
  });
  for (const args of [['-o', 'json'], ['--json']])
    t.match(JSON.parse((await run('quarantine', 'list', ...args)).stdout), {
      total: 1,
      datasets: [{ dataset: 'office.shops', rows: [{ rowNumber: Number }] }],
    });
});

t.test('the catalogue', async (t) => {
  const run = await workspace(t);
  t.match(await run('catalogue'), { code: 0, stdout: /^office\.shops {2}Shop register {2}/ });
  t.match(await run('catalogue', '-o', 'table'), {
    code: 0,
    stdout: /^dataset .*\n─.*\noffice\.shops[^]*no city runs on the workspace/,
  });
  const zh = await run('catalogue', '--zh');
  t.match(zh, { code: 0, stdout: /名称 .*共享属性[^]*店铺登记/ });
  t.same(latinIn(zh.stdout), []);
  t.match(await run('catalogue', 'office.shops', '-o', 'csv'), {
    code: 0,
    stdout: /^\ufefffield,name,classification,type,code list,unit\r\nuscc,/,
  });
  const one = await run('catalogue', 'office.shops', '--zh');
  t.match(one, { code: 0, stdout: /统一社会信用代码[^]*公开/ });
  t.same(latinIn(one.stdout), []);
  t.match(JSON.parse((await run('catalogue', 'office.shops', '--json')).stdout), {
    id: 'office.shops',
    fields: [{ path: 'uscc', classification: 'public' }],
  });
});

t.test('help in Chinese', async (t) => {
  const run = await workspace(t);
  const help = await run('--help', '--zh');
  t.match(help, { code: 0, stdout: /审计日志[^]*退出码/ });
  t.match(await run('help', 'quarantine', 'list', '--zh'), { code: 0, stdout: /^列出未通过校验的数据/ });
  t.match(await run('quarantine', '--help'), { code: 0, stdout: /quarantine list[^]*quarantine retry/ });
  t.match(
    await run('audit', 'search', '--data', 'nowhere', '--zh'),
    { code: 2, stdout: '', stderr: /^请求格式不正确.*\nthere is no data folder `/ },
    'a failure says in Chinese what it is',
  );
  t.match(await run('--version'), { code: 0, stdout: /^yitong \d/ });
});
