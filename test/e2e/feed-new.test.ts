/**
 * A data officer has a file and no idea of schemas: one command, and a service asks and is answered what it may know.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import t from 'tap';
import { firmsCsv, permitsWorkbook, type Told, toldOf } from '../connectors/proposed.js';
import { touch } from '../support/clock.js';
import { city } from './city.js';
import { run } from './command.js';

t.setTimeout(340_000);

const everything = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

t.test('a file and a workbook become datasets that answer, by what was proposed alone', async (t) => {
  const dir = t.testdir();
  const workspace = join(dir, 'city');
  const csv = join(dir, '企业登记.csv');
  const workbook = join(dir, 'permits.xlsx');
  writeFileSync(csv, iconv.encode(firmsCsv(200), 'gb18030'));
  writeFileSync(workbook, permitsWorkbook(60));
  touch(csv, workbook);
  await run('init', workspace);
  const feedNew = async (...args: string[]): Promise<Told> => {
    const { code, stdout, stderr } = await run('feed', 'new', ...args, '--workspace', workspace, '--json');
    t.equal(code, 0, stderr);
    return toldOf(stdout);
  };

  const before = everything(workspace);
  const looked = await run('feed', 'new', csv, '--workspace', workspace);
  t.equal(looked.code, 1, 'without a terminal and without --yes nothing is decided');
  t.match(looked.stdout, 'Nothing was written');
  t.strictSame(everything(workspace), before);
  t.notMatch(looked.stdout, /319900\d{11}|1381000\d{4}|王某某/, "nobody's number, telephone or name is shown");

  const firms = await feedNew(
    csv,
    '--yes',
    '--authority',
    'registry',
    '--dataset',
    'firms',
    '--grant',
    'front-desk:permit-check',
  );
  const permits = await feedNew(
    workbook,
    '--yes',
    '--authority',
    'registry',
    '--copy',
    '--grant',
    'counter:opening',
    '--legal-basis',
    '食品安全法 第三十五条',
  );
  t.strictSame([firms.dataset, permits.dataset], ['registry.firms', 'registry.permits']);
  t.ok(existsSync(join(workspace, 'inbox/permits.xlsx')));
  t.ok(
    existsSync(join(workspace, 'inbox/企业登记.csv')),
    'also without `--copy`: a feed reads nothing outside of the workspace',
  );
  t.ok(firms.undo.includes('inbox/企业登记.csv'));
  const checked = await run('contracts', 'check', '--workspace', workspace, '--json');
  t.match(
    JSON.parse(checked.stdout),
    { errors: 0, findings: [] },
    'nothing is left to complain about, not even an example',
  );
  t.equal((await run('policies', 'check', '--workspace', workspace)).code, 0);

  const again = await run(
    'feed',
    'new',
    csv,
    '--workspace',
    workspace,
    '--yes',
    '--authority',
    'registry',
    '--dataset',
    'firms',
  );
  t.equal(again.code, 2);
  t.match(again.stderr, /`registry\.firms` is there already/);

  const running = await city(t, { workspace });
  const ask = async (client: string, purpose: string, told: Told) =>
    (await (await running.as(client)).query({ purpose, subject: told.subject, datasets: [{ id: told.dataset }] }))
      .datasets[0];
  const firm = await ask('front-desk', 'permit-check', firms);
  t.equal(firm?.status, 'current');
  t.match(firm?.records[0]?.record, {
    name: '示例第1商贸有限公司',
    establishedOn: '2015-01-02',
    registeredCapital: '1000.50',
    postalCode: '000001',
  });
  for (const field of ['legalRepresentative', 'personId', 'phone'])
    t.notOk(field in (firm?.records[0]?.record ?? {}), `${field} was not granted`);
  const permit = await ask('counter', 'opening', permits);
  t.strictSame(
    permit?.records.map(({ record }) => record['licenceNumber']),
    ['XK-2026-00001'],
    'the key is the number of the permit',
  );
  await running.stop();

  // what is said to undo it does
  for (const path of [...firms.undo, ...permits.undo]) rmSync(join(workspace, path), { recursive: true, force: true });
  t.strictSame(
    everything(workspace).filter((path) => /registry|permits\.xlsx|企业登记/.test(path.slice(workspace.length))),
    [],
  );
});

t.test(
  'a file of the workspace is read where it lies, by its own name where a link was named; a link in the inbox ' +
    'is not written through',
  async (t) => {
    const dir = t.testdir();
    const workspace = join(dir, 'city');
    await run('init', workspace);
    writeFileSync(join(workspace, 'inbox', 'firms-11.csv'), firmsCsv(20));
    symlinkSync(join(workspace, 'inbox', 'firms-11.csv'), join(dir, 'firms.csv'));
    const feedNew = (file: string, dataset: string, ...more: string[]) =>
      run(
        'feed',
        'new',
        file,
        '--workspace',
        workspace,
        '--yes',
        '--authority',
        'registry',
        '--dataset',
        dataset,
        '--json',
        ...more,
      );
    const { code, stdout, stderr } = await feedNew(join(dir, 'firms.csv'), 'firms');
    t.equal(code, 0, stderr);
    t.equal(
      (JSON.parse(stdout) as { files: Record<string, { source: { path: string } }> }).files[
        'connectors/feeds/registry/firms.json'
      ]?.source.path,
      'inbox/firms-11.csv',
    );
    t.strictSame(
      readdirSync(join(workspace, 'inbox')).filter((name) => name.startsWith('firms')),
      ['firms-11.csv'],
    );
    writeFileSync(join(dir, 'other.csv'), firmsCsv(20));
    symlinkSync(join(dir, 'elsewhere.csv'), join(workspace, 'inbox', 'other.csv'));
    t.not((await feedNew(join(dir, 'other.csv'), 'other', '--copy')).code, 0);
    t.notOk(existsSync(join(dir, 'elsewhere.csv')));
  },
);

t.test('in a workspace with many authorities nobody is guessed, and the city goes on as before', async (t) => {
  const dir = t.testdir();
  const csv = join(dir, 'firms.csv');
  writeFileSync(csv, firmsCsv(60));
  const workspace = join(dir, 'second');
  await run('init', workspace, '--extends', new URL('../../../', import.meta.url).pathname);
  const unnamed = await run('feed', 'new', csv, '--workspace', workspace, '--yes');
  t.equal(unnamed.code, 2);
  t.match(unnamed.stderr, /`--authority`.*samr/);
  const { code, stdout } = await run(
    'feed',
    'new',
    csv,
    '--workspace',
    workspace,
    '--yes',
    '--authority',
    'samr',
    '--json',
  );
  t.equal(code, 0);
  t.equal(toldOf(stdout).dataset, 'samr.firms');
  t.notOk(existsSync(join(workspace, 'contracts/datasets/samr/authority.json')), 'the authority is that of the base');
  t.match(JSON.parse(readFileSync(join(workspace, 'contracts/schema-ids.json'), 'utf8')), { 'samr.firms': { 1: {} } });
  t.equal((await run('contracts', 'check', '--workspace', workspace)).code, 0);
});

t.test(
  'two provinces have a register of one name, and what cannot be written is said before the register is read',
  async (t) => {
    const dir = t.testdir();
    const [workspace, csv, bare] = [join(dir, 'city'), join(dir, 'companies.csv'), join(dir, 'bare.csv')];
    writeFileSync(csv, firmsCsv(60));
    // whoever reads it to its end says that it has no row
    writeFileSync(bare, '统一社会信用代码,企业名称\n');
    await run('init', workspace);
    const feedNew = (...args: readonly string[]) =>
      run('feed', 'new', ...args, '--workspace', workspace, '--yes', '--json');
    for (const authority of ['north', 'south']) {
      const { code, stderr } = await feedNew(csv, '--authority', authority, '--grant', 'front-desk:permit-check');
      t.equal(code, 0, stderr);
      t.match(
        JSON.parse(readFileSync(join(workspace, `policies/grants/front-desk-${authority}-companies.json`), 'utf8')),
        { dataset: `${authority}.companies` },
      );
    }
    t.equal((await run('policies', 'check', '--workspace', workspace)).code, 0);
    const before = everything(workspace);
    // what is there already, under the name that another grant would have
    copyFileSync(
      join(workspace, 'policies/grants/front-desk-north-companies.json'),
      join(workspace, 'policies/grants/front-desk-north-bare.json'),
    );
    writeFileSync(join(workspace, 'connectors/feeds/west'), 'no folder');
    for (const [args, why] of [
      [['--authority', 'north', '--dataset', 'companies'], /`north\.companies` is there already/],
      [['--authority', 'west'], /connectors\/feeds\/west` is no folder/],
      [['--authority', 'east', '--grant', 'front-desk:nobody-knows'], /there is no purpose `nobody-knows`/],
      [
        ['--authority', 'north', '--dataset', 'bare', '--grant', 'front-desk:permit-check'],
        /front-desk-north-bare\.json` is there already/,
      ],
    ] as const) {
      const { code, stderr } = await feedNew(bare, ...args);
      t.strictSame([code, why.test(stderr)], [2, true], stderr);
    }
    rmSync(join(workspace, 'policies/grants/front-desk-north-bare.json'));
    rmSync(join(workspace, 'connectors/feeds/west'));
    t.strictSame(everything(workspace), before);
  },
);

t.test('a register whose rows carry a free identifier answers by it, though no key scheme is built in', async (t) => {
  const dir = t.testdir();
  const [workspace, csv] = [join(dir, 'city'), join(dir, 'stalls.csv')];
  await run('init', workspace);
  mkdirSync(join(workspace, 'contracts/subjects'), { recursive: true });
  const stall = {
    name: { zh: '摊位', en: 'stall' },
    standard: 'own',
    kind: 'none',
    normalise: { fullWidth: true, case: 'upper' },
    length: { min: 1, max: 30 },
    vectors: { valid: ['摊位 A:1'], invalid: [{ input: ' ', code: 'bad_value' }] },
  };
  writeFileSync(join(workspace, 'contracts/subjects/stall.json'), JSON.stringify(stall));
  writeFileSync(csv, `摊位,店名\n${Array.from({ length: 40 }, (_, i) => `东区  a:${i},示例${i}店`).join('\n')}\n`);
  touch(csv);
  const made = await run(
    'feed',
    'new',
    csv,
    '--workspace',
    workspace,
    '--yes',
    '--authority',
    'market',
    '--grant',
    'front-desk:permit-check',
    '--json',
  );
  t.equal(made.code, 0, made.stderr);
  const checked = await run('contracts', 'check', '--workspace', workspace, '--json');
  t.match(JSON.parse(checked.stdout), { errors: 0 });
  const running = await city(t, { workspace });
  const answer = await (await running.as('front-desk')).query({
    purpose: 'permit-check',
    subject: 'stall: 东区 Ａ:7',
    datasets: [{ id: 'market.stalls' }],
  });
  t.match(answer.datasets[0], { status: 'current', records: [{ record: { name: '示例7店' } }] });
  t.equal(
    (
      await (
        await running.as('front-desk')
      ).query({ purpose: 'permit-check', subject: 'stall:东区 A:99', datasets: [{ id: 'market.stalls' }] })
    ).datasets[0]?.records.length,
    0,
  );
  await running.stop();
});
