/** The catalogue goes out of a workspace and into another one in a shell, where no city runs. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { cli } from '../e2e/city.js';

t.setTimeout(120_000);
const dir = t.testdir();
const run = (
  ...args: readonly string[]
): { readonly status: number | null; readonly out: string; readonly err: string } => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [cli, 'catalogue', ...args, '--workspace', packageRoot()],
    {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      cwd: dir,
    },
  );
  return { status, out: stdout, err: stderr };
};

t.test('out as DCAT-AP and CSV, and in again', (t) => {
  const nowhere = run('--dcat', '--data', join(dir, 'none'));
  t.equal(nowhere.status, 2);
  t.match(nowhere.err, /--api/, 'distributions need an address, and none is made up');
  const dcat = run('--dcat', '--api', 'https://gateway.example', '--data', join(dir, 'none'));
  t.equal(dcat.status, 0, dcat.err);
  writeFileSync(join(dir, 'all.jsonld'), dcat.out);
  writeFileSync(join(dir, 'all.csv'), run('--exchange').out);
  for (const file of ['all.jsonld', 'all.csv']) {
    const { status, out } = run('import', file, '-o', 'json');
    t.equal(status, 0);
    const found = JSON.parse(out) as { readonly state: string }[];
    t.ok(found.length > 40);
    t.ok(
      found.every(({ state }) => state === 'same'),
      file,
    );
  }
  t.end();
});

t.test('drafts of what is not here, and nothing is written over', (t) => {
  const other = readFileSync(join(dir, 'all.csv'), 'utf8').replace(
    'samr.company-register,',
    'samr.company-register-2,',
  );
  writeFileSync(join(dir, 'other.csv'), other);
  t.equal(run('import', 'other.csv').status, 0);
  t.notOk(existsSync(join(dir, 'drafts')), 'without a folder it only says what there is');
  const first = run('import', 'other.csv', '--to', 'drafts');
  t.equal(first.status, 0, first.err);
  const file = join(dir, 'drafts/samr/company-register-2/contract.json');
  const draft = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
  t.match(draft, { name: { zh: '企业登记信息' }, sharing: { attribute: 'unconditional' }, updateFrequency: 'P1D' });
  t.notOk('approval' in draft, 'nobody has approved it here');
  t.notOk(existsSync(join(dir, 'drafts/tax')), 'nothing of what is here');
  writeFileSync(file, 'mine');
  t.equal(run('import', 'other.csv', '--to', 'drafts').status, 2);
  t.equal(readFileSync(file, 'utf8'), 'mine');
  for (const [name, content] of [
    ['not.csv', 'a,b\n'],
    ['not.jsonld', '{"@context":"https://other.example/"}'],
  ] as const) {
    writeFileSync(join(dir, name), content);
    t.equal(run('import', name).status, 2, name);
  }
  t.equal(run('import', 'nowhere.csv').status, 2);
  t.equal(run('import').status, 2);
  t.end();
});
