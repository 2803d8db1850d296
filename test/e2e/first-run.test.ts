/**
 * What a newcomer types, without one flag: every command finds what `up` made in this folder, and Ctrl-C ends it in
 * good order.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import t from 'tap';
import type { Figures } from '../../gateway/cli/top/figures.js';
import { keepPki } from '../../gateway/operate/pki/authority.js';
import { startUp } from '../../gateway/operate/process/start.js';
import { latinIn } from '../http/console/latin.js';
import { touch } from '../support/clock.js';
import { until } from './ask.js';
import { city, cli } from './city.js';

t.setTimeout(240_000);

void t.test("init, up, query, audit and quarantine work from the workspace's own folder", async (t) => {
  const cwd = join(t.testdir(), 'my-city');
  execFileSync(process.execPath, [cli, 'init', cwd]);
  // the file's age decides whether its rows are current; under another day's clock a file made now is a year old
  touch(join(cwd, 'inbox/shops.csv'));
  // a process group of its own, as a terminal gives it: Ctrl-C reaches every process of it at once
  const up = spawn(process.execPath, [cli, 'up', '--json', '--port', '0'], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(up, 'exit') as Promise<[number | null, string | null]>;
  const pid = up.pid;
  if (pid === undefined) throw new Error('up did not start');
  let running = true;
  t.teardown(() => running && process.kill(-pid, 'SIGKILL'));
  const [line] = (await once(createInterface({ input: up.stdout }), 'line')) as [string];
  const data = join(cwd, '.yitong/data');
  t.match(
    JSON.parse(line),
    { ready: true, data, pki: join(data, 'pki') },
    'up says that it is ready, and where its data are',
  );

  const run = (...args: string[]): Promise<{ code: number; stdout: string }> =>
    promisify(execFile)(process.execPath, [cli, ...args], { cwd }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (failed: { code: number; stdout: string }) => failed,
    );
  const asked = await run(
    'query',
    'uscc:91990101MAEXA0001X',
    '--datasets',
    'office.shops',
    '--purpose',
    'permit-check',
    '--as',
    'front-desk',
  );
  t.equal(asked.code, 0, `the question is answered: ${asked.stdout}`);
  t.match(asked.stdout, '晨光面馆', 'the answer has the shop');
  t.match(
    (
      await run(
        'query',
        'uscc:91990101MAEXA0001X',
        '--datasets',
        'office.shops',
        '--purpose',
        'permit-check',
        '--as',
        'front-desk',
        '-o',
        'table',
      )
    ).stdout,
    /Shop register \(office\.shops\): current[^]*\n1 {7}name +.*晨光面馆\n/,
    'the table says that the rows are current, and names the shop',
  );
  const spoken = await run(
    'query',
    'uscc:91990101MAEXA0001X',
    '--datasets',
    'office.shops',
    '--purpose',
    'permit-check',
    '--as',
    'front-desk',
    '--zh',
  );
  t.match(
    spoken.stdout,
    /店铺登记：最新，数据截至 .*（北京时间）\n记录 +字段 +内容\n[^]*店铺名称 +晨光面馆[^]*\n回执 /,
    'the answer in Chinese says the same',
  );
  t.same(latinIn(spoken.stdout.replace(/回执 \S+/, '')), [], 'no code and no id');
  t.match(
    (
      await run(
        'query',
        'uscc:91990101MAEXA0001X',
        '--datasets',
        'office.shops',
        '--purpose',
        'permit-check',
        '--as',
        'front-desk',
        '-o',
        'csv',
      )
    ).stdout,
    /^\ufeffdataset,dataset name,record,field,name,value,value name\r\noffice\.shops,Shop register,1,uscc,/,
    'the answer as CSV begins with the mark of Excel and its columns',
  );
  const watched = JSON.parse((await run('watch', 'uscc:91990101MAEXA0001X', '--once', '--json')).stdout) as unknown[];
  t.match(watched[0], { body: { client: 'front-desk', purpose: 'permit-check' } }, 'who asked about it is on record');
  const figures = JSON.parse((await run('top', '--every', '1', '--json')).stdout) as Figures;
  t.match(figures, { ready: true, reasons: [], datasets: { all: 1, current: 1, others: [] }, failing: 0 });
  t.ok((figures.log.entries ?? 0) >= watched.length, 'top counts the entries of the log');
  t.same(
    figures.processes.map(({ process, up }) => [process, up]).sort(),
    [
      ['feeds', true],
      ['supervisor', true],
      ['worker-1', true],
      ['writer', true],
    ],
    'and names every process',
  );
  t.match(
    JSON.parse((await run('pki', 'issue', 'front-desk', '--force', '--json')).stdout),
    { cert: join(data, 'pki', 'clients', 'front-desk', 'cert.pem') },
    'a certificate is of the city that runs here, unless another CA is named',
  );
  const stands = JSON.parse((await run('status', '--json')).stdout) as { findings: { level: string }[] };
  t.match(stands, { ready: true, datasets: { all: 1, current: 1 } });
  t.same(
    stands.findings.filter(({ level }) => level === 'stop'),
    [],
    'nothing stops answers, by its own word',
  );
  t.match((await run('status', '--zh')).stdout, /就绪，正常答复[^]*1 个数据集中 1 个为最新；审计日志/);
  t.match(
    await run(
      'query',
      'uscc:91990101MAEXA0001X',
      '--datasets',
      'office.shops',
      '--purpose',
      'permit-check',
      '--as',
      'front-dsk',
    ),
    { code: 2 },
    'a client without a certificate',
  );
  t.match(
    (await run('catalogue', '-o', 'table')).stdout,
    /office\.shops +Shop register +.* current +\d{4}-\d{2}-\d{2} \d{2}:\d{2} +3\n/,
    'the catalogue says that the dataset is current, and of three records',
  );
  t.match(await run('quarantine', 'list'), { code: 0, stdout: 'no row is in quarantine' }, 'no row is in quarantine');

  process.kill(-pid, 'SIGINT');
  const [code, signal] = await ended;
  running = false;
  t.strictSame([code, signal], [0, null], 'Ctrl-C ends it in good order');
  const verified = await run('audit', 'verify', '--json');
  t.equal(verified.code, 0, `the log is whole: ${verified.stdout}`);
  const report = JSON.parse(verified.stdout) as { ok: boolean; size: number; newer: number };
  t.match(report, { ok: true, newer: 0 }, 'the last entry that a worker wrote is in the log');
  t.ok(report.size >= 2, 'the question was released and completed');
  const told = await run('audit', 'search', '--type', 'released', '--zh');
  t.match(told.stdout, /答复 +.*店铺登记/, 'the answers are found in the log, in Chinese');
  t.same(latinIn(told.stdout.replaceAll(/\S+:\d+$/gm, '')), [], 'no code and no id');
  t.match((await run('audit', 'verify', '--zh')).stdout, /^日志校验通过/, 'the log is whole, in Chinese');
  const found = await run('audit', 'search', '--client', 'front-desk', '--type', 'released', '--json');
  const entries = JSON.parse(found.stdout) as { receipt: string }[];
  t.equal(entries.length, 4, 'each of the four answers is one entry');
  t.equal((await run('audit', 'receipt', String(entries[0]?.receipt))).code, 0, 'a receipt of the search is proved');
  t.match(await run('audit', 'export'), { code: 0, stdout: /"released"/ }, 'the export has the answers');
  t.match(await run('status'), { code: 2 }, 'of a city that does not run nothing is said to be well');
  const month = JSON.parse((await run('trends', '--json')).stdout) as { days: { questions: number }[]; sums: object };
  t.match(month.sums, { now: { questions: 4, denied: 0 }, before: { questions: 0 } }, 'the month has the four answers');
  t.match([month.days.length, month.days.at(-1)?.questions], [30, 4], 'on their day');
  t.match((await run('trends', '-o', 'csv')).stdout, /^\ufeffday,questions,denied something,rows held back/);
});

void t.test('a data folder that stood for a year is started again, and answers', async (t) => {
  const workspace = join(t.testdir(), 'my-city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  touch(join(workspace, 'inbox/shops.csv'));
  // outlives the city, which writes to it until it has stopped
  const data = mkdtempSync(join(tmpdir(), 'yitong-year-'));
  t.teardown(() => rmSync(data, { recursive: true, force: true, maxRetries: 10 }));
  const clients = [{ id: 'front-desk', uri: 'spiffe://yitong.example/client/front-desk' }];
  await keepPki(join(data, 'pki'), { clients, signer: '我的城市', now: new Date(Date.now() - 380 * 86_400_000) });
  const town = await city(t, { workspace, data });
  const desk = await town.as('front-desk');
  const { datasets } = await desk.query({
    purpose: 'permit-check',
    subject: 'uscc:91990101MAEXA0001X',
    datasets: [{ id: 'office.shops' }],
  });
  t.match(
    datasets,
    [{ status: 'current', records: [{ record: { name: '晨光面馆' } }] }],
    'it answers with current rows',
  );
});

void t.test('the certificates and the list of a development CA are renewed while it runs', async (t) => {
  const workspace = join(t.testdir(), 'my-city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const data = join(t.testdirName, 'data');
  const up = await startUp({
    workspace,
    data,
    bus: { driver: 'embedded', dir: join(data, 'bus') },
    flags: { port: 0, peoplePort: 0, healthPort: 0 },
    options: {},
    renewMs: 1000,
  });
  try {
    const list = (): string => readFileSync(join(up.pki, 'crl.pem'), 'utf8');
    const before = list();
    await until(
      'a newer list',
      () => Promise.resolve(list() !== before),
      (newer) => newer,
    );
  } finally {
    await up.stop();
  }
});
