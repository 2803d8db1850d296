/** The page for whoever looks after the words of bundles: figures and masked sentences, for that role, on record. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSettings } from '../../../gateway/ground/config/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { heardOf } from '../../../gateway/procedures/guide/heard.js';
import { faces } from '../api/faces.js';
import { latinIn } from './latin.js';

const here = await faces(t);
const PATH = '/console/guide-words';
const authority = { roles: ['sharing-authority'] as const };
const html = { accept: 'text/html', 'accept-language': 'zh' };
const shots = process.env['YITONG_TEST_SCREENSHOTS'];

const say = async (sentence: string): Promise<void> => {
  const answer = await here.visit({
    method: 'POST',
    path: '/guide',
    headers: { ...html, origin: 'https://people.test' },
    body: { sentence },
  });
  t.equal(answer.status, 200);
};
const pageOf = async (
  path: string,
): Promise<{ readonly status: number; readonly main: string; readonly words: string }> => {
  const { status, text } = await here.visit({ path, headers: html }, authority);
  const main = text.slice(text.indexOf('<main'), text.indexOf('</main>'));
  if (shots !== undefined) {
    mkdirSync(shots, { recursive: true });
    writeFileSync(join(shots, 'heard.html'), text);
  }
  return { status, main, words: main.replace(/<[^>]*>/g, ' ').replace(/&\w+;/g, ' ') };
};

t.test('before anything was asked it says so', async (t) => {
  const { status, words } = await pageOf(PATH);
  t.equal(status, 200);
  t.match(words, /该时段没有/);
  t.same(latinIn(words), []);
});

t.test('what led nowhere is shown without anybody in it, and what was asked in figures', async (t) => {
  await say('我想开一家八十平方米的面馆');
  await say('帮王建国问社保卡怎么补办，电话13800138000');
  await say('帮李秀英问社保卡怎么补办，电话13900139000');
  await say('饭店执照想办一下');
  const { words } = await pageOf(PATH);
  t.same(latinIn(words), []);
  t.match(words, /4\s+提问/);
  t.match(words, /1\s+已对应到事项/);
  t.match(words, /帮＊＊问社保卡怎么补办，电话＊＊\s+2\s+未对应任何事项/);
  t.match(words, /饭店执照想办一下\s+1\s+未能确定事项\s+开办餐饮店/);
  t.notMatch(words, /王建国|李秀英|138|139/);
  t.match(here.entries.at(-1)?.body, { action: 'guide_heard', results: 3 });
});

t.test('as a table, which is on record as well', async (t) => {
  // as a browser follows a link
  const link = { ...html, accept: `${html.accept},*/*;q=0.8` };
  const { status, headers, text } = await here.visit({ path: `${PATH}.csv?days=7`, headers: link }, authority);
  t.equal(status, 200);
  t.match(headers['content-type'], /^text\/csv/);
  t.match(text, /^\uFEFF日期,提问（已隐去个人信息）,结果,接近的事项\r\n/);
  t.match(text, /,饭店执照想办一下,未能确定事项,开办餐饮店/);
  t.match(here.entries.at(-1)?.body, { action: 'guide_heard', detail: { days: 7, export: true } });
  t.equal((await here.visit({ path: `${PATH}?days=8`, headers: html }, authority)).status, 400);
});

t.test('nobody else sees it', async (t) => {
  for (const roles of [['subject'], ['case-officer'], ['case-manager'], ['data-officer'], ['auditor']] as const)
    for (const path of [PATH, `${PATH}.csv`])
      t.equal((await here.visit({ path, headers: html }, { roles, authority: 'samr' })).status, 403, roles[0]);
});

t.test('where answers in conversations were not understood the question is shown, and no answer', async (t) => {
  const settings = readSettings({}, { file: 'yitong.json' }, {});
  const workspace = await loadWorkspace(packageRoot());
  // as another worker of this city
  const book = heardOf({ workspace, settings, dataDir: here.dataDir, now: Date.now });
  for (let n = 0; n < 3; n++) book.note('not-understood', 'open-restaurant', 'area');
  for (let n = 0; n < 12; n++) book.note('asked', 'open-restaurant');
  for (let n = 0; n < 9; n++) book.note('answered', 'open-restaurant');
  book.note('handed-over', 'open-restaurant');
  await book.close();
  const { words } = await pageOf(PATH);
  t.same(latinIn(words), []);
  t.match(words, /对话中没有听懂回答的问题[^]*店里一共多大？（平方米）\s+开办餐饮店\s+3/);
  t.match(words, /开办餐饮店\s+1\s+12\s+9\s+3\s+1\s+0/);
});
