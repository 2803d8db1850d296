/** What `yitong feed new` is answered by options is what a page is answered by fields: the same answers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { answersOf, saidOf, withAnswer } from '../../gateway/cli/feed-new/answers.js';
import { toldOf } from '../connectors/proposed.js';
import { run } from '../e2e/command.js';

t.setTimeout(120_000);

const STALLS = [
  '统一社会信用代码,户名,是否作废',
  ...Array.from({ length: 30 }, (_, n) => `${uscc.make(n + 1)},第${String(n)}号面馆,${n % 5 === 0 ? '是' : '否'}`),
].join('\n');

t.test(
  'what firms are called, and which rows have left, is said by an option or in answer to a question',
  async (t) => {
    const dir = t.testdir();
    const workspace = join(dir, 'city');
    await run('init', workspace);
    const file = join(dir, 'stalls.csv');
    writeFileSync(file, STALLS);
    const feedNew = (...more: readonly string[]) =>
      run('feed', 'new', file, '--workspace', workspace, '--authority', 'registry', '--dry-run', '--json', ...more);
    const open = toldOf((await feedNew()).stdout);
    t.ok(open.open.includes('firm') && open.open.includes('gone'), open.open.join(', '));
    const { code, stdout, stderr } = await feedNew(
      '--firm',
      '户名',
      '--gone',
      '是否作废=是',
      '--rename',
      '是否作废=isVoid',
      '--header',
      'first',
    );
    t.equal(code, 0, stderr);
    const told = toldOf(stdout);
    t.strictSame(told.open, []);
    t.match(told.trial, { rows: 30, published: 24, quarantined: 0, skipped: 6 });
    t.match(told.files['connectors/feeds/registry/stalls.json'], {
      mapping: { skip: { column: '是否作废', in: ['是'] } },
    });
    t.equal(told.fields[1]?.field, 'name');
    t.strictSame(toldOf((await feedNew('--firm', 'none', '--gone', 'none')).stdout).trial.published, 30);
    const wrong = await feedNew('--gone', '是否作废');
    t.equal(wrong.code, 2);
    t.match(wrong.stderr, /`--gone` is written COLUMN=word,word/);
  },
);

t.test('what is typed in answer to a question is the option that it names', (t) => {
  const said = withAnswer(withAnswer(saidOf({}), '--gone ', '是否作废=是,已作废'), '--firm ', '户名');
  t.match(answersOf(said), { gone: { column: '是否作废', values: ['是', '已作废'] }, firm: '户名' });
  t.match(answersOf(withAnswer(withAnswer(said, '--gone ', 'none'), '--firm ', 'none')), { gone: null, firm: null });
  t.end();
});
