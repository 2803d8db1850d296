/** The second region that ships reuses all of the first, and is told what it still has to provide. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadFeeds } from '../../../connectors/feeds.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readDeclared } from '../../../gateway/answer/inforce/declared.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { loadPolicies } from '../../../policies/load.js';

const SECOND = join(packageRoot(), 'gateway/cli/neighbour');

t.test('the shipped region has all bundles of the first, its own registers, and no error', async (t) => {
  const { bundles, findings } = await readDeclared(SECOND);
  const first = await readDeclared(packageRoot());
  t.strictSame([...bundles.bundles.keys()], [...first.bundles.bundles.keys()]);
  t.strictSame(
    findings.filter(({ severity }) => severity === 'error'),
    [],
  );
  const workspace = await loadWorkspace(SECOND);
  t.strictSame(
    [...(await loadFeeds(workspace)).keys()],
    ['natural-resources.titles'],
    'no source of the first is read',
  );
  t.equal(workspace.authorities.get('tax' as never)?.name.zh, '望海市税务局');
  t.equal((await loadPolicies(workspace)).regions.size, 0);
});

t.test('what lacks is named by bundle, register and authority; what is there is not', async (t) => {
  const { findings } = await readDeclared(SECOND);
  const of = (bundle: string): string =>
    findings
      .filter(({ code, dataset }) => code === 'region_lacks' && dataset === `bundles/${bundle}`)
      .map(({ message }) => message)
      .join('\n');
  t.match(of('open-restaurant'), /`health\.health-certificates`.*从业人员健康证明编号.*connectors\/feeds\/health\//);
  t.match(of('open-restaurant'), /not named: `urban-management`, `fire`/);
  t.match(of('transfer-real-estate'), /`samr\.company-register`/);
  t.notMatch(of('transfer-real-estate'), /natural-resources/, 'its register has a feed here');
  t.notMatch(of('transfer-real-estate'), /not named/, 'its four authorities have names of their own');
});

t.test('a workspace that is of no other region inherits all, and lacks nothing', async (t) => {
  const dir = t.testdir();
  const of = (name: string, region?: string): string => {
    const at = join(dir, name);
    mkdirSync(at);
    const settings = { name: { zh: '测试', en: 'Test' }, prefix: 'test', extends: packageRoot() };
    writeFileSync(join(at, 'yitong.json'), JSON.stringify({ ...settings, ...(region && { region: { id: region } }) }));
    return at;
  };
  for (const [name, region] of [
    ['none', undefined],
    ['same', 'yunzhou'],
  ] as const) {
    const at = of(name, region);
    t.ok((await loadFeeds(await loadWorkspace(at))).size > 40, name);
    t.strictSame(
      (await readDeclared(at)).findings.filter(({ code }) => code === 'region_lacks'),
      [],
      name,
    );
  }
  t.equal((await loadFeeds(await loadWorkspace(of('other', 'linjiang')))).size, 0);
});
