/** 政务数据共享条例 Art.14(3), 15(2): what is not shared rests on an act that says so. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Acts, forbidsProblem } from '../../contracts/acts.js';
import { readDeclared } from '../../gateway/answer/inforce/declared.js';
import { packageRoot } from '../../gateway/ground/files/places.js';

const WHEN = { from: '2026-01-01' };
const articles = { 1: { about: 'x', paragraphs: 1 }, 14: { about: 'x', paragraphs: 1 } };
const act = (name: string, rank?: Acts['acts'][number]['rank']): Acts['acts'][number] => ({
  name,
  text: '2020-01-01',
  from: '2020-01-01',
  last: 99,
  articles,
  ...(rank === undefined ? {} : { rank }),
});
const acts: Acts = {
  acts: [act('某法', 'law'), act('上海市某条例'), act('政务数据共享条例', 'administrative-regulation')],
  examples: [{ name: '税收征收管理法', rank: 'law' }, { name: '某办法' }],
};

t.test('a law, a regulation or a decision keeps an entry from others; nothing else does', (t) => {
  t.equal(forbidsProblem(['某法第一条'], acts, WHEN), undefined);
  t.equal(forbidsProblem(['上海市某条例第一条', '税收征收管理法第八条（示例）'], acts, WHEN), undefined);
  t.match(forbidsProblem(['上海市某条例第一条'], acts, WHEN), /no basis is a law/, 'a local act');
  t.match(forbidsProblem(['某办法第一条（示例）'], acts, WHEN), /no basis is a law/, 'an act of no known rank');
  t.match(
    forbidsProblem(['政务数据共享条例第十四条第三项'], acts, WHEN),
    /no basis is a law/,
    'the rule itself forbids none',
  );
  t.match(
    forbidsProblem(['某法第二条'], acts, WHEN),
    /does not say what article 2/,
    'an article that nobody looked at',
  );
  t.match(forbidsProblem([], acts, WHEN), /no basis is a law/);
  t.end();
});

t.test('an entry that is not shared, and of which no act says so, is found', async (t) => {
  const dir = join(t.testdir(), 'city');
  const name = 'contracts/datasets/tax/risk-ratings';
  mkdirSync(join(dir, 'contracts/datasets/tax'), { recursive: true });
  cpSync(join(packageRoot(), name), join(dir, name), { recursive: true });
  const settings = JSON.parse(readFileSync(join(packageRoot(), 'yitong.json'), 'utf8')) as object;
  writeFileSync(join(dir, 'yitong.json'), JSON.stringify({ ...settings, extends: packageRoot() }));
  const found = async (legalBasis: readonly string[]) => {
    const file = join(dir, name, 'contract.json');
    const contract = JSON.parse(readFileSync(file, 'utf8')) as { sharing: { refusal: object } };
    writeFileSync(
      file,
      JSON.stringify({
        ...contract,
        sharing: { ...contract.sharing, refusal: { ...contract.sharing.refusal, legalBasis } },
      }),
    );
    return (await readDeclared(dir)).findings.filter(({ severity }) => severity === 'error');
  };
  t.strictSame(await found(['税收征收管理法第八条（示例）']), []);
  t.match(await found(['政务数据共享条例第十四条第三项']), [
    { code: 'entry_without_act', dataset: 'tax.risk-ratings', message: /no basis is a law/ },
  ]);
});
