/**
 * The developer's desk in a browser: the first answer, a denial, a dry run, fields, and that nothing of
 * production is shown nor anything of the sandbox on record there; the same of whatever else shows what data look like.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { commitmentOf } from '../../../gateway/log/proof/journal.js';
import { parseVkey } from '../../../gateway/log/proof/note.js';
import { parseProof, verifyProof } from '../../../gateway/log/proof/proof.js';
import { ask, until } from '../../e2e/ask.js';
import { companies } from '../../e2e/stories.js';
import { query } from '../../e2e/suite.js';
import { begin } from './applications-walk.js';
import { latinIn, TEXTS } from './latin.js';
import { MARK, MARKED, pushMarked } from './marked.js';
import { DATASET, seen } from './town.js';

t.setTimeout(400_000);

const DEVELOPER = 'jiang-developer';

const ready = await seen(t, {}, MARK);
if (ready === undefined) t.end();
else {
  const { town, as } = ready;
  const [company = ''] = await companies(town.data);
  const shown: string[] = [];

  t.test('the first answer, with its request in four languages and its proof', async (t) => {
    const { page, complaints } = await as(DEVELOPER);
    await page.goto('/console?lang=zh');
    await page.click('nav a[href="/console/developer"]');
    await page.click('form[action="/console/developer"][method="post"] button.big');
    await page.waitForSelector('[data-allowed="true"]');
    const body = (await page.textContent('[data-part="answer"]')) ?? '';
    shown.push(body);
    const answer = JSON.parse(body) as { datasets: { status: string; records: unknown[] }[]; receipt: object };
    t.ok(answer.datasets.length > 1);
    t.ok(answer.datasets.every(({ status }) => status === 'current'));
    t.ok(answer.datasets.some(({ records }) => records.length > 0));
    for (const [id, what] of [
      ['curl', /curl --cacert/],
      ['typescript', /gateway\.query/],
      ['python', /load_cert_chain/],
      ['java', /HttpClient/],
    ] as const)
      t.match(await page.textContent(`[data-code="${id}"] pre`), what, id);
    const proof = page.locator('[data-part="proof"]');
    const text = (await proof.textContent()) ?? '';
    const [salt, vkey, entry] = await Promise.all(
      ['data-salt', 'data-vkey', 'data-body'].map(async (name) => (await proof.getAttribute(name)) ?? ''),
    );
    const origin = parseProof(text).checkpoint.split('\n')[0] ?? '';
    t.match(origin, /\/sandbox\//, 'a log of its own');
    const commitment = commitmentOf(Buffer.from(salt ?? '', 'base64'), Buffer.from(entry ?? ''));
    t.ok(verifyProof(text, commitment, origin, [parseVkey(vkey ?? '')]).size > 0);
    t.same(latinIn(await page.evaluate<string>(TEXTS)), []);
    t.same(complaints, []);
  });

  t.test('a denial and a dry run say why; fields are chosen; a case is stated', async (t) => {
    const { page } = await as(DEVELOPER);
    await page.goto('/console/developer?lang=zh&client=one-stop-counter&purpose=open-restaurant');
    await page.selectOption('select[name="also"]', 'tax.tax-arrears');
    await page.check('input[name="dataset"][value="samr.company-register"]');
    await page.click('details:has(input[value="samr.company-register name"]) > summary');
    await page.check('input[value="samr.company-register name"]');
    await page.click('button.big');
    const answer = JSON.parse((await page.textContent('[data-part="answer"]')) ?? '') as {
      datasets: { id: string; status: string; records: { record: object }[] }[];
    };
    shown.push(JSON.stringify(answer));
    t.equal(answer.datasets.find(({ id }) => id === 'tax.tax-arrears')?.status, 'denied');
    const [register] = answer.datasets.find(({ id }) => id === 'samr.company-register')?.records ?? [];
    t.same(Object.keys(register?.record ?? {}), ['name']);
    t.match(await page.textContent('.decisions'), /拒绝：[^]*怎么办：[^]*申请共享/, 'and what is to be done');
    await page.check('input[name="dryRun"]');
    await page.click('button.big');
    t.match(await page.textContent('[data-part="answer"]'), /"dryRun": true/);
  });

  t.test('only clients of the own department, and only invented subjects', async (t) => {
    const { page } = await as(DEVELOPER);
    t.equal((await page.goto('/console/developer?client=food-inspector'))?.status(), 404);
    await page.goto('/console/developer?lang=zh');
    await page.evaluate(
      `document.querySelector('select[name="subject"]').innerHTML = '<option value="${company}" selected>x</option>'`,
    );
    await page.click('button.big');
    t.match(await page.textContent('.faults'), /沙箱中只有虚构主体/);
    const company_ = await as('he-company');
    t.equal((await company_.page.goto('/console/developer'))?.status(), 403);
  });

  t.test('nothing of production is shown, and nothing of the sandbox is on record there', async (t) => {
    t.ok((await pushMarked(town, company)).includes(MARK));
    const { page } = await as(DEVELOPER);
    await page.goto('/console/developer?lang=zh');
    const subjects = JSON.parse(
      await page.evaluate<string>(
        `JSON.stringify([...document.querySelectorAll('select[name="subject"] option')].map((one) => one.value))`,
      ),
    ) as readonly string[];
    t.ok(subjects.length >= 4);
    for (const subject of subjects) {
      await page.goto('/console/developer?lang=zh');
      await page.selectOption('select[name="subject"]', subject);
      await page.selectOption('select[name="also"]', MARKED);
      await page.click('button.big');
      await page.waitForSelector('[data-part="answer"]');
      shown.push(await page.content());
    }
    const all = new Set((await companies(town.data)).map((one) => one.slice(one.indexOf(':') + 1)));
    for (const text of shown) {
      t.notOk(text.includes(MARK), 'nothing of the marked record');
      t.same(
        (text.match(/9199\d{4}MA[0-9A-Z]{8}/g) ?? []).filter((one) => all.has(one)),
        [],
        'no key of the city',
      );
    }
    // what the sandbox was asked about is nobody in the log of the city
    const auditor = await as('lin-auditor');
    for (const subject of subjects.slice(0, 2)) {
      await auditor.page.goto(`/console/log?lang=zh&subject=${encodeURIComponent(subject)}`);
      t.notMatch(await auditor.page.innerText('main'), /一网通办受理系统/);
    }
  });

  t.test('nothing of production is on what else shows how data look', async (t) => {
    const [subject = ''] = await companies(town.data, DATASET);
    const known = { purpose: 'open-restaurant', subject, datasets: [{ id: DATASET }] };
    const answer = await query(town, 'one-stop-counter', known);
    t.match(JSON.stringify(answer), new RegExp(MARK), 'records that a feed reads are marked as well');
    const measured = join(town.data, 'quality', `${DATASET}.json`);
    await until(
      'the quality of what is marked',
      () => Promise.resolve(existsSync(measured) ? readFileSync(measured, 'utf8') : '[]'),
      (text) => (JSON.parse(text) as { sampled: number }[]).some(({ sampled }) => sampled > 100),
      90_000,
    );
    const shows = new Map<string, string>();
    const api = async (path: string, body?: object): Promise<string> => {
      const told = await ask(town.api, town.pki, 'one-stop-counter', {
        path,
        ...(body === undefined ? {} : { method: 'POST', body }),
      });
      t.equal(told.status, 200, path);
      shows.set(`${path} ${JSON.stringify(body)}`, told.text);
      return told.text;
    };
    for (const path of [
      '/v1/openapi.json',
      '/v1/catalogue',
      '/v1/catalogue/csv',
      '/v1/catalogue/dcat',
      `/v1/catalogue/${DATASET}`,
      `/v1/catalogue/${MARKED}`,
    ])
      await api(path);
    const { subjects } = JSON.parse(await api('/v1/sandbox/subjects')) as { readonly subjects: { subject: string }[] };
    for (const one of subjects.filter((invented) => invented.subject.startsWith('uscc:')))
      t.match(await api('/v1/sandbox/query', { ...known, subject: one.subject }), /"sandbox":true/);
    for (const [person, paths] of [
      [
        'gao-sharing',
        ['/console/trends', '/console/datasets', ...[DATASET, MARKED].map((id) => `/console/datasets/${id}`)],
      ],
      ['lin-auditor', ['/console/home', '/console/trends', '/console/overview']],
      ['song-sharing', ['/console/applications/new?client=transport-licensing&purpose=open-transport-company']],
    ] as const) {
      const desk = await as(person);
      for (const path of paths) {
        t.equal((await desk.page.goto(path))?.status(), 200, path);
        shows.set(`${person} ${path}`, await desk.page.content());
      }
      if (person !== 'song-sharing') continue;
      await begin(desk, 'open-transport-company', [DATASET]);
      t.match(await desk.page.textContent('main'), /样例内容是虚构的/);
      shows.set('a draft', await desk.page.content());
    }
    t.ok(shows.size > 16, `${String(shows.size)} of them`);
    for (const [where, text] of shows) t.notOk(text.includes(MARK), where);
  });

  t.test('the page in both languages and widths, by keyboard, with axe', async (t) => {
    const desk = await as(DEVELOPER);
    t.same(await desk.inspect('/console/developer', 'developer'), []);
    const answered = await desk.inspect('/console/developer', 'developer-answer', async (page) => {
      await page.click('button.big');
      await page.waitForSelector('[data-part="answer"]');
    });
    t.same(answered, []);
  });
}
