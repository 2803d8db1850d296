/** What a matter takes is shown to everybody, as the bundle declares it, and nothing of anybody is asked for it. */
import t from 'tap';
import { figuresOf } from '../../../contracts/bundle/figures.js';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { mergeForm } from '../../../contracts/bundle/merge.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { faces } from '../api/faces.js';
import { latinIn } from './latin.js';

const { bundles, elements } = await loadBundles(await loadWorkspace(packageRoot()));
const here = await faces(t);
const read = async (
  url: string,
): Promise<{ readonly status: number; readonly html: string; readonly words: string }> => {
  const { statusCode, body } = await here.people.inject({
    url,
    headers: { host: 'people.test', accept: 'text/html', 'accept-language': 'zh' },
  });
  const main = body.slice(body.indexOf('<main'), body.indexOf('</main>'));
  return { status: statusCode, html: main, words: main.replace(/<[^>]*>/g, ' ').replace(/&\w+;/g, ' ') };
};

t.test('each matter is listed with what it saves, and its own page says the same, in Chinese', async (t) => {
  const list = await read('/matters');
  t.same(latinIn(list.words), []);
  for (const bundle of bundles.values()) {
    t.ok(list.html.includes(`href="/matters/${bundle.id}"`), bundle.id);
    const { status, html, words } = await read(`/matters/${bundle.id}`);
    t.equal(status, 200, bundle.id);
    t.same(latinIn(words), [], bundle.id);
    const merged = mergeForm(bundle, elements, bundle.usual.answers, bundle.usual.registers);
    const { forms, fields, materials } = figuresOf(merged);
    const told = [...html.matchAll(/<s>(\d+)<\/s> <b>(\d+)<\/b>/g)].map(([, before, after]) =>
      [before, after].map(Number),
    );
    t.same(
      told,
      [forms, fields, materials].map(({ before, after }) => [before, after]),
      `${bundle.id}: the figures`,
    );
    for (const { item } of merged.items) t.ok(words.includes(item.title.zh), `${bundle.id}: ${item.id}`);
    for (const { element } of merged.fields) t.ok(words.includes(element.title.zh), `${bundle.id}: ${element.id}`);
  }
});

t.test('answers change what is shown, and one that cannot be taken is said beside its question', async (t) => {
  const yes = await read('/matters/open-restaurant?a-wants-sign=yes');
  t.ok(yes.words.includes('户外招牌设置'), 'with a sign');
  const no = await read('/matters/open-restaurant?a-wants-sign=no&a-floor=x&a-area=88');
  t.notOk(no.words.includes('户外招牌设置'), 'without one');
  t.match(no.html, /id="fault-floor"/);
  t.match(no.html, /name="a-area"[^>]*value="88"|value="88"[^>]*name="a-area"/, 'what was written stays');
  t.equal((await read('/matters/open-restaurant?a-wants-sign=perhaps')).status, 200);
  t.equal((await read('/matters/nothing-of-the-kind')).status, 404);
});

t.test('what no register was asked is not said to be clear', async (t) => {
  const { html } = await read('/matters/deregister-company');
  const bars = mergeForm(bundles.get('deregister-company')!, elements, {}).obstacles;
  t.ok(bars.length >= 6, `${String(bars.length)} of them`);
  for (const { requirement } of bars) t.ok(html.includes(requirement.says.zh), requirement.says.zh);
});

t.test('a question that is answered in free text is not asked in an address', async (t) => {
  let texts = 0;
  for (const bundle of bundles.values()) {
    const { html } = await read(`/matters/${bundle.id}`);
    for (const { id, kind } of bundle.questions.values()) {
      if (kind.type !== 'text' && kind.type !== 'texts') continue;
      texts++;
      t.notOk(html.includes(`name="a-${id}"`), `${bundle.id}: ${id}`);
    }
  }
  t.comment(`${String(texts)} such questions`);
});
