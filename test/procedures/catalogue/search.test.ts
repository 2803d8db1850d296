/** What people type finds what they mean: words of both languages, pinyin, traditional characters, several words. */
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { CatalogueSearch } from '../../../gateway/procedures/catalogue/search.js';
import { spelt } from '../../../gateway/procedures/guide/sounds.js';
import { loadPolicies } from '../../../policies/load.js';

const workspace = await loadWorkspace(packageRoot());
const policies = await loadPolicies(workspace);
const search = await CatalogueSearch.over(workspace, policies, policies.purposes);
const ids = (text: string): readonly string[] => search.find(text).map(({ dataset }) => dataset);

t.test('each dataset is the first to be found by its own name, in each way of writing it', (t) => {
  for (const { id, name } of workspace.contracts.values()) {
    t.equal(ids(name.zh)[0], id, name.zh);
    t.ok(ids(name.en).slice(0, 3).includes(id), name.en);
  }
  // as people type it: whole, in parts, with what many do not tell apart
  for (const [typed, id] of [
    ['qiyedengjixinxi', 'samr.company-register'],
    ['qiye dengji', 'samr.company-register'],
    ['shipinjingyingxuke', 'samr.food-licence'],
    ['sipin jingyin xuke', 'samr.food-licence'],
    ['yingyezhizhao', 'samr.business-licence'],
    ['qianshui', 'tax.tax-arrears'],
    ['jidongche', 'police.vehicles'],
    ['guquanchuzhi', 'samr.equity-pledges'],
    ['yancao', 'tobacco.retail-licence'],
    ['paiwuxuke', 'ecology.discharge-permits'],
  ] as const)
    t.ok(ids(typed).slice(0, 3).includes(id), `${typed}: ${ids(typed).slice(0, 3).join(', ')}`);
  t.end();
});

t.test('what is written so comes before what sounds so; both are found', (t) => {
  t.strictSame(ids('企業登記'), ids('企业登记'));
  t.equal(ids('qiyedengji')[0], 'samr.company-register');
  t.ok(ids('餐饮').includes('samr.food-licence'), 'a code of a list');
  t.ok(ids('開辦餐飲店').length > 0, 'a purpose, in traditional characters');
  t.ok(ids('稅務局')[0]?.startsWith('tax.'), 'an authority, before one that sounds like it');
  t.ok(
    ids('稅務局').some((id) => id.startsWith('water.')),
    'which is there as well',
  );
  const [first] = search.find('法定代表人');
  t.equal(first?.things[0]?.kind, 'field');
  t.strictSame(
    ids('食品 许可').filter((id) => !ids('食品').includes(id) || !ids('许可').includes(id)),
    [],
    'each word counts',
  );
  t.end();
});

t.test('nothing is found by nothing, and nothing that is typed breaks it', (t) => {
  for (const text of [
    '',
    '   ',
    '。！？',
    '没有这样的东西呀',
    'qzx',
    '(',
    '\\',
    '[',
    '\u0000',
    '𠮷'.repeat(500),
    'a'.repeat(10_000),
  ])
    t.strictSame(ids(text), [], text.slice(0, 20));
  t.strictSame(spelt('qz'), []);
  t.strictSame(spelt('xian'), [['xian'], ['xi', 'an']]);
  t.strictSame(spelt('a'.repeat(61)), []);
  const begun = performance.now();
  spelt(`${'an'.repeat(29)}q`);
  t.ok(performance.now() - begun < 1000, 'what cannot be spelt is not tried in all ways');
  t.end();
});
