/** `yitong guide`, as somebody runs it who has a workspace and no city. */
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { run } from '../e2e/command.js';

t.setTimeout(120_000);
const root = packageRoot();
const ask = (...args: readonly string[]) => run('guide', ...args, '--workspace', root);

t.test('one answer without a conversation, as JSON, and no more', async (t) => {
  const { code, stdout } = await ask('我想开一家八十平方米的面馆', '--json');
  t.equal(code, 0);
  const said = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  t.strictSame(Object.keys(said), ['bundle', 'title', 'candidates', 'offTopic', 'slots', 'ask']);
  t.match(said, {
    bundle: 'open-restaurant',
    title: { zh: '开办餐饮店', en: String },
    candidates: [{ bundle: 'open-restaurant', score: Number }, { score: Number }, { score: Number }],
    offTopic: false,
    slots: [{ kind: 'area', value: '80', element: 'premises.area' }],
    ask: { question: 'dishes', asks: { zh: String, en: String }, type: 'codes' },
  });
});

t.test('none of its matters: it names none, and says what it is for', async (t) => {
  const { stdout } = await ask('今天天气怎么样', '--json');
  t.match(JSON.parse(stdout), { bundle: null, title: null, offTopic: true, slots: [], ask: null });
  const words = await ask('今天天气怎么样', '--zh');
  t.equal(words.code, 0);
  t.match(words.stdout, /企业注销.*开办餐饮店/);
});

t.test('in words, in both languages', async (t) => {
  t.match((await ask('公司要注销', '--zh')).stdout, /企业注销 \(deregister-company\)[^]*接下来请回答/);
  t.match((await ask('公司要注销')).stdout, /Deregistering a company[^]*next: /);
});

t.test('what is written wrong is said, exit 2', async (t) => {
  t.match(await ask(), { code: 2, stderr: /say in a sentence/ });
  t.match(await ask('  '), { code: 2, stderr: /say in a sentence/ });
  const none = await run('guide', '开饭店', '--workspace', join(root, 'test', 'fixtures', 'workspaces', 'brazil'));
  t.match(none, { code: 2, stderr: /no bundle to lead to/ });
});
