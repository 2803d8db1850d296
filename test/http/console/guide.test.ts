/** The page of the guide: from a sentence to the matter, for everybody, without a script, and nothing is kept of it. */
import t from 'tap';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { faces } from '../api/faces.js';
import { latinIn } from './latin.js';

const { bundles } = await loadBundles(await loadWorkspace(packageRoot()));
const here = await faces(t);
const HEADERS = { host: 'people.test', accept: 'text/html' };

interface Page {
  readonly status: number;
  readonly html: string;
  readonly words: string;
}
const pageOf = ({ statusCode, body }: { readonly statusCode: number; readonly body: string }): Page => {
  const main = body.slice(body.indexOf('<main'), body.indexOf('</main>'));
  return { status: statusCode, html: main, words: main.replace(/<[^>]*>/g, ' ').replace(/&\w+;/g, ' ') };
};
const open = async (language = 'zh'): Promise<Page> =>
  pageOf(await here.people.inject({ url: '/guide', headers: { ...HEADERS, 'accept-language': language } }));
const say = async (sentence: string, more: Readonly<Record<string, string>> = {}, language = 'zh'): Promise<Page> =>
  pageOf(
    await here.people.inject({
      method: 'POST',
      url: '/guide',
      headers: {
        ...HEADERS,
        'accept-language': language,
        origin: 'https://people.test',
        'content-type': 'application/x-www-form-urlencoded',
      },
      payload: new URLSearchParams({ sentence, ...more }).toString(),
    }),
  );

t.test('it is open to everybody, in Chinese, with a sentence of each matter to be pressed', async (t) => {
  const { status, html, words } = await open();
  t.equal(status, 200);
  t.same(latinIn(words), []);
  for (const { title } of bundles.values()) t.ok(words.includes(title.zh), title.zh);
  t.match(html, /<form[^>]*method="post"[^>]*action="\/guide"/);
  t.match((await open('en')).words, /What do you want to do\?/);
});

t.test('a sentence leads to its matter, with what it says already and the next question', async (t) => {
  const { status, html, words } = await say('我想开一家八十平方米的面馆');
  t.equal(status, 200);
  t.same(latinIn(words), []);
  t.match(words, /开办餐饮店/);
  t.match(words, /经营场所使用面积（平方米）\s*80/);
  t.match(html, /href="\/matters\/open-restaurant\?a-area=80"/, 'and the matter’s page knows it');
  t.match(html, /<form class="next" method="post" action="\/guide\/begin"/);
  t.match(html, /name="a-area" value="80"/);
  t.match(html, /name="a-dishes"/);
  const matter = await here.people.inject({ url: '/matters/open-restaurant?a-area=80', headers: HEADERS });
  t.match(matter.body, /value="80"/);
});

t.test('where it is not sure one of the nearest is chosen, and no other', async (t) => {
  const unsure = '饭店执照想办一下';
  const { html } = await say(unsure);
  t.match(html, /<form class="choices" method="post" action="\/guide"/);
  t.match(html, /name="chosen" value="open-restaurant"/);
  t.match((await say(unsure, { chosen: 'open-restaurant' })).html, /class="card pad found"/);
  t.notMatch(
    (await say(unsure, { chosen: 'transfer-real-estate' })).html,
    /class="card pad found"/,
    'none of the three',
  );
});

t.test('what was answered goes along to signing in, in no address', async (t) => {
  const post = (fields: Readonly<Record<string, string>>) =>
    here.people.inject({
      method: 'POST',
      url: '/guide/begin',
      headers: { ...HEADERS, 'content-type': 'application/x-www-form-urlencoded', origin: 'https://people.test' },
      payload: new URLSearchParams(fields).toString(),
    });
  const answer = await post({ bundle: 'open-restaurant', 'a-area': '80', 'v-premises.place-name': '好味面馆' });
  t.equal(answer.statusCode, 200);
  t.match(answer.body, /href="\/guide\/begin"/);
  const cookie = answer.cookies.find(({ name }) => name === '__Host-yitong-guide');
  t.match(cookie, { httpOnly: true, secure: true, sameSite: 'Lax' });
  t.match(Buffer.from(cookie?.value ?? '', 'base64url').toString(), /好味面馆/);
  t.equal((await post({ bundle: 'build-a-bridge' })).statusCode, 404);
});

t.test('one that is for none of the matters is told what this is for', async (t) => {
  const { html, words } = await say('今天天气怎么样');
  for (const { title } of bundles.values()) t.ok(words.includes(title.zh));
  t.notMatch(html, /class="card pad found"/);
});

t.test('what is written comes back as text, and stands in no address', async (t) => {
  const { html } = await say('<script>alert(1)</script>我想开一家饭店');
  t.notMatch(html, /<script>alert/);
  t.match(html, /&lt;script>alert\(1\)/);
  for (const [, address = ''] of html.matchAll(/(?:href|action)="([^"]*)"/g)) t.notMatch(decodeURI(address), /饭店/);
});

t.test('large type stays with the next sentence, and without a sentence nothing is answered', async (t) => {
  t.match((await say('', { type: 'large' })).html, /class="guide large"/);
  t.match((await say('我想开一家饭店', { type: 'large' })).html, /class="guide large"[^]*name="type" value="large"/);
  t.notMatch((await say('')).html, /id="answer"/);
  t.equal((await say('我'.repeat(401))).status, 400);
});

t.test('that it answered is on record, and not what was asked', async (t) => {
  const before = here.entries.length;
  await say('我想跑货运，买了两辆卡车');
  const written = here.entries.slice(before).map(({ body }) => body);
  t.match(written, [{ action: 'guide_answered', by: 'public page', target: 'open-transport' }]);
  t.notMatch(JSON.stringify(here.entries), /货运，买了/);
});

t.test('one address asks so often and no more', async (t) => {
  let status = 200;
  for (let turn = 0; turn < 200 && status === 200; turn++) ({ status } = await say('我想开一家饭店'));
  t.equal(status, 429);
});
