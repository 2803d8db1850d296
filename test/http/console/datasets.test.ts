/**
 * The catalogue for people: found by word, pinyin and traditional characters; a page for each dataset that says what it
 * is, how good it was and who may ask it, without a value of any record; and the same by API and CLI.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fromDcat } from '../../../contracts/exchange/read-dcat.js';
import { ask, until } from '../../e2e/ask.js';
import { cli } from '../../e2e/city.js';
import { companies } from '../../e2e/stories.js';
import { first, query } from '../../e2e/suite.js';
import { latinIn, TEXTS } from './latin.js';
import { MARK, pushMarked } from './marked.js';
import { seen } from './town.js';

t.setTimeout(400_000);

const APPLICANT = 'song-sharing';

const ready = await seen(t);
if (ready === undefined) t.end();
else {
  const { town, workspace, as } = ready;
  const [company = ''] = await companies(town.data);

  t.test('the marked record is in the city', async (t) => {
    t.ok((await pushMarked(town, company)).includes(MARK));
  });

  t.test('search, and a page of each dataset', async (t) => {
    const desk = await as('gao-sharing');
    const { page } = desk;
    const found = async (q: string): Promise<readonly string[]> => {
      await page.goto(`/console/datasets?lang=zh&q=${encodeURIComponent(q)}`);
      return JSON.parse(
        await page.evaluate<string>(
          "JSON.stringify([...document.querySelectorAll('table.catalogue tbody th a')].map((one) => one.getAttribute('href')))",
        ),
      ) as string[];
    };
    for (const q of ['企业登记', '企業登記', 'qiyedengji', 'company register'])
      t.equal((await found(q))[0], '/console/datasets/samr.company-register', q);
    t.ok((await found('餐饮')).includes('/console/datasets/samr.food-licence'), 'by a code');
    t.ok((await found('税务局')).length > 3, 'by an authority');
    t.same(await found('没有这样的东西'), []);

    const all = await found('');
    t.ok(all.length > 50, `${String(all.length)} datasets`);
    const real = new Set<string>();
    for (const subject of (await companies(town.data)).slice(0, 20)) {
      const answer = first(
        await query(town, 'one-stop-counter', {
          purpose: 'open-restaurant',
          subject,
          datasets: [{ id: 'samr.company-register' }],
        }),
      );
      for (const { record } of answer.records) {
        real.add(subject.slice(subject.indexOf(':') + 1));
        const { name } = record as { readonly name?: unknown };
        if (typeof name === 'string') real.add(name);
      }
    }
    t.ok(real.size >= 20);
    for (const path of all) {
      await page.goto(`${path}?lang=zh`);
      const text = await page.evaluate<string>(TEXTS);
      t.same(latinIn(text), [], path);
      const html = await page.content();
      t.notOk(html.includes(MARK), `${path} has nothing of the marked record`);
      t.same(
        [...real].filter((one) => html.includes(one)),
        [],
        `${path} has no key and no name of a record`,
      );
      t.ok(text.includes('虚构'), `${path} says that its examples are invented`);
    }
    t.same(desk.complaints, []);
  });

  t.test('quality is measured, shown over time, and its owner is led on to the rows', async (t) => {
    const file = join(town.data, 'quality', 'samr.company-register.json');
    await until(
      'it was measured',
      () => Promise.resolve(existsSync(file) ? readFileSync(file, 'utf8') : '[]'),
      (text) => (JSON.parse(text) as { sampled: number }[]).some(({ sampled }) => sampled > 100),
      90_000,
    );
    const [today] = JSON.parse(readFileSync(file, 'utf8')) as [Readonly<Record<string, number>>];
    t.equal(today?.['validity'], 1);
    t.ok((today?.['completeness'] ?? 0) > 0.3);
    // the days before, as they would be by now
    const before = Array.from({ length: 89 }, (_, i) => ({
      ...today,
      day: new Date(Date.now() + 8 * 3_600_000 - (89 - i) * 86_400_000).toISOString().slice(0, 10),
      completeness: 0.9 - 0.1 * Math.sin(i / 9),
      heldShare: i % 30 === 0 ? 0.04 : 0.01,
      fresh: i % 17 !== 3,
    }));
    writeFileSync(file, JSON.stringify([...before, today]));
    const desk = await as('chen-officer');
    t.same(await desk.inspect('/console/datasets/samr.company-register', 'dataset'), []);
    t.same(await desk.inspect('/console/datasets?q=xuke', 'datasets-found'), []);
    const { page } = desk;
    await page.goto('/console/datasets/samr.company-register?lang=zh');
    const words = await page.evaluate<string>('document.body.innerText');
    t.match(words, /完整性/);
    t.match(words, /90 天平均/);
    await page.click('a[href="/console/feeds/samr.company-register"]');
    t.match(await page.title(), /企业登记信息/);
    const other = await as('wu-inspector');
    await other.page.goto('/console/datasets/samr.company-register?lang=zh');
    t.equal(await other.page.locator('a[href^="/console/feeds/"]').count(), 0, 'only its owner is led to rows');
    const company = await as('he-company');
    t.equal((await company.page.goto('/console/datasets'))?.status(), 403, 'a company has no business there');
  });

  t.test('whoever may apply for a dataset gets there from its page', async (t) => {
    const { page } = await as(APPLICANT);
    await page.goto('/console/datasets/tax.tax-arrears?lang=zh');
    await page.click('a[href^="/console/applications/new"]');
    t.match(await page.innerText('h1'), /申请/);
    const offered = page.locator('.offer a[href="/console/datasets/tax.tax-arrears"]');
    t.equal(await offered.count(), 1, 'and what is applied for leads to its page');
    await page.goto('/console/datasets/transport.penalties?lang=zh');
    t.equal(await page.locator('a[href^="/console/applications/new"]').count(), 0, 'not for one of its own');
  });

  t.test('the same to other catalogues, by API and CLI', async (t) => {
    const dcat = await ask(town.api, town.pki, 'one-stop-counter', { path: '/v1/catalogue/dcat' });
    t.equal(dcat.status, 200);
    const byApi = fromDcat(dcat.text);
    t.notOk(dcat.text.includes(MARK));
    const byCli = execFileSync(
      process.execPath,
      [cli, 'catalogue', '--dcat', '--workspace', workspace, '--data', town.data],
      { encoding: 'utf8', maxBuffer: 64 << 20 },
    );
    t.same(fromDcat(byCli), byApi);
    const csv = await ask(town.api, town.pki, 'one-stop-counter', { path: '/v1/catalogue/csv' });
    t.match(csv.text, /samr\.company-register,企业登记信息/);
    const taken = join(t.testdir(), 'catalogue.csv');
    writeFileSync(taken, csv.text);
    const compared = execFileSync(
      process.execPath,
      [cli, 'catalogue', 'import', taken, '-o', 'json', '--workspace', workspace],
      { encoding: 'utf8' },
    );
    t.ok((JSON.parse(compared) as { state: string }[]).every(({ state }) => state === 'same'));
    const entry = await ask(town.api, town.pki, 'one-stop-counter', { path: '/v1/catalogue/samr.company-register' });
    t.match(JSON.parse(entry.text), { quality: { day: /^\d{4}-/, validity: 1 } });
  });
}
