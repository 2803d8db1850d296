/**
 * What is kept of what was asked of the guide: sums over all who write, sentences without anybody in them, and nothing
 * past its term.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSettings } from '../../../gateway/ground/config/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { openGuide } from '../../../gateway/procedures/guide/guide.js';
import { dayAt, type HeardBook, heardOf } from '../../../gateway/procedures/guide/heard.js';
import { maskedToKeep } from '../../../gateway/procedures/guide/mask.js';
import { SHARED, sharedState } from '../../support/shared-state.js';

t.setTimeout(120_000);
const workspace = await loadWorkspace(packageRoot());
const guide = await openGuide(workspace);
if (guide === undefined) throw new Error('no guide');
const words = (text: string): readonly string[] => guide.words(text);
const DAY = 86_400_000;
const settings = readSettings({}, { file: 'yitong.json' }, {});
const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

const bookOn = (state: State, now: () => number, keptDays = 90): HeardBook =>
  heardOf({ workspace, settings: { ...settings, guide: { ...settings.guide, keptDays } }, dataDir: dir, state, now });

for (const kind of SHARED)
  t.test(`on a state that is ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    const state = await open();
    const now = Date.now();
    const books = [bookOn(state, () => now), bookOn(state, () => now)];
    const today = dayAt(now);
    const tell = (book: HeardBook, sentence: string): void =>
      book.sentence(sentence, guide.answer(sentence, now), words);
    for (const book of books) {
      tell(book, '我想开一家八十平方米的面馆');
      tell(book, '帮王建国问一下社保卡怎么补办，电话13800138000');
      book.note('asked', 'open-restaurant');
      book.note('not-understood', 'open-restaurant', 'dishes');
      book.note('handed-over', 'open-restaurant');
    }
    await Promise.all(books.map((book) => book.flush()));
    await books[0]?.flush();
    // of a time that is over: it is not there any more
    const old = bookOn(state, () => now - 91 * DAY);
    tell(old, '宠物医院挂号');
    old.note('asked', 'open-restaurant');
    await old.flush();
    const silent = bookOn(state, () => now, 0);
    tell(silent, '去动物园坐几路车');
    silent.note('asked', 'open-restaurant');
    await silent.flush();
    const found = await bookOn(state, () => now).between(dayAt(now - 200 * DAY), today);
    t.strictSame(found.counts.map(({ what, bundle, turn, n }) => `${what} ${bundle} ${turn} ${String(n)}`).sort(), [
      'asked open-restaurant  2',
      'handed-over open-restaurant  2',
      'named open-restaurant  2',
      'not-understood open-restaurant dishes 2',
      'off-topic   2',
    ]);
    t.equal(found.sentences.length, 2);
    for (const one of found.sentences) t.match(one, { outcome: 'off-topic', day: today, text: /社保卡怎么补办/ });
    t.notMatch(JSON.stringify(found), /王建国|13800138000|动物园|宠物/);
    t.same((await bookOn(state, () => now).between('2020-01-01', '2020-12-31')).sentences, [], 'of that time only');
  });

t.test('a state that is away keeps nobody waiting, and what was counted meanwhile is written once', async (t) => {
  const open = await sharedState(t, 'embedded');
  if (open === undefined) return;
  const state = await open();
  let away = true;
  let commits = 0;
  const weak: State = Object.assign(Object.create(state) as State, {
    // the answer of the first one is lost
    commit: async (...given: Parameters<State['commit']>) => {
      const made = await state.commit(...given);
      commits++;
      if (away) throw new Error('no answer');
      return made;
    },
    counters: (prefix: string) => state.counters(prefix),
    documents: (...given: Parameters<State['documents']>) => state.documents(...given),
  });
  const now = Date.now();
  const book = bookOn(weak, () => now);
  book.note('asked', 'open-company');
  await t.rejects(book.flush());
  away = false;
  book.note('asked', 'open-company');
  await book.flush();
  t.equal(commits, 3);
  t.match((await book.between(dayAt(now), dayAt(now))).counts, [{ what: 'asked', n: 2 }]);
});

t.test('nothing by which somebody is known is kept of a sentence', (t) => {
  for (const [sentence, secret] of [
    ['张伟想在浦东办个证', '张伟'],
    ['我是王建国，公司要改名', '王建国'],
    ['俺叫李淑芬想弄个摊子', '李淑芬'],
    ['帮欧阳娜娜问一下', '欧阳娜娜'],
    ['隔壁老王的公司要关门', '老王'],
    ['给赵铁柱办个证', '赵铁柱'],
    ['刘老板的店要转让', '刘'],
    ['我的身份证310101199001011234丢了', '310101199001011234'],
    ['统一社会信用代码91350100M000100Y43的公司', '91350100M000100Y43'],
    ['住在幸福路18号3单元', '18号'],
    ['云州好运来物流有限公司要买车', '好运来'],
    ['写信到 zhang.wei@mail.example', 'zhang.wei'],
    ['房间4021', '4021'],
  ] as const)
    t.notOk(maskedToKeep(sentence, workspace, words).includes(secret), sentence);
  for (const sentence of ['想开店要什么手续', '公司注销怎么办', '车辆年检在哪里办', '餐饮店换地址要改哪些证'])
    t.equal(maskedToKeep(sentence, workspace, words), sentence, 'and what it is about stays');
  t.end();
});
