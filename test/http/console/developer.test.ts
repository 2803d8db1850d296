/**
 * The developer's desk in a browser: the first answer with its counts, a denial, a dry run, fields, and that nothing of
 * production is shown nor anything of the sandbox on record there.
 */
import t from 'tap';
import { commitmentOf } from '../../../gateway/log/proof/journal.js';
import { parseVkey } from '../../../gateway/log/proof/note.js';
import { parseProof, verifyProof } from '../../../gateway/log/proof/proof.js';
import { ask, until } from '../../e2e/ask.js';
import { companies, stories } from '../../e2e/stories.js';
import { query } from '../../e2e/suite.js';
import { latinIn, TEXTS } from './latin.js';
import { seen } from './town.js';

t.setTimeout(400_000);

const DEVELOPER = 'jiang-developer';
const MARK = '绝密标记';
const { push } = stories;

const ready = await seen(t);
if (ready === undefined) t.end();
else {
  const { town, as } = ready;
  const [company = ''] = await companies(town.data);
  const key = company.slice(company.indexOf(':') + 1);
  const shown: string[] = [];

  t.test('the first answer: from the home page, by two clicks and without a field typed', async (t) => {
    const { page, complaints } = await as(DEVELOPER);
    await page.goto('/console?lang=zh');
    const began = Date.now();
    let clicks = 0;
    const click = async (what: string): Promise<void> => {
      clicks++;
      await page.click(what);
    };
    await click('nav a[href="/console/developer"]');
    await click('form[action="/console/developer"][method="post"] button.big');
    await page.waitForSelector('[data-allowed="true"]');
    const seconds = (Date.now() - began) / 1000;
    t.comment(`first answer: ${String(clicks)} clicks, 0 fields typed, ${seconds.toFixed(1)} s`);
    t.equal(clicks, 2);
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
    t.match(await page.textContent('.decisions'), /拒绝：/);
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
    const pushed = await ask(town.api, town.pki, push.publisher, {
      method: 'POST',
      path: `/v1/datasets/${push.reader.dataset}/records`,
      body: {
        sourceTime: new Date().toISOString(),
        records: [
          {
            position: 'marked-desk',
            value: {
              checkNumber: `${MARK}一`,
              uscc: key,
              name: `${MARK}二`,
              plate: `${MARK}三`,
              station: `${MARK}四`,
              checkedAt: '2026-01-06T01:03:00.000Z',
              totalMass: 17230,
              limit: 18000,
              overloaded: false,
              position: null,
            },
          },
        ],
      },
    });
    t.equal(pushed.status, 200);
    await until(
      'the marked record is answered',
      () =>
        query(town, push.reader.client, {
          purpose: push.reader.purpose,
          subject: company,
          datasets: [{ id: push.reader.dataset }],
        }),
      (one) => JSON.stringify(one).includes(MARK),
    );
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
      await page.selectOption('select[name="also"]', push.reader.dataset);
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
