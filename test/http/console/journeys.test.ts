/** Six of the eight journeys, by people of a city that runs; the others are `journeys-sharing.test.ts`. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import t from 'tap';
import { until } from '../../e2e/ask.js';
import { first, query } from '../../e2e/suite.js';
import type { Desk } from './browser.js';
import { Film } from './journeys.js';
import { DATASET, question, SUBJECT, seen } from './town.js';

t.setTimeout(400_000);
const FEED = `/console/feeds/${DATASET}`;
const GRANT = '/console/grants/counter-company-register';
const JUDGED = 5;

// names are looked up until the index has them
const ready = await seen(t, { YITONG_PEOPLE_NAMES_PER_MINUTE: '10000' });
if (ready !== undefined) {
  const { town, as } = ready;
  const asked = await query(town, 'one-stop-counter', question);
  const name = String(first(asked).records[0]?.record['name']);
  for (let more = 0; more < JUDGED; more++) await query(town, 'one-stop-counter', question);

  /** A page beside the journey, on which is seen what became of it. */
  const beside = ({ page }: Desk) => page.context().newPage();

  t.test('an auditor: who looked at this company in the last seven days, by which grant, and a proof', async (t) => {
    const desk = await as('lin-auditor');
    const before = await beside(desk);
    await until(
      'the company by its name, and what was asked of it',
      async () => {
        await before.goto('/console/search');
        await before.fill('input[name=subject]', name);
        await before.click('form.filters button[type=submit]');
        await before.waitForLoadState();
        return before.locator('tbody tr').count();
      },
      (rows) => rows > JUDGED,
    );
    await before.close();
    const film = new Film(t, 'auditor');
    const page = await film.from(desk);
    await page.fill('form.ask-who input[name=subject]', name);
    await page.click('form.ask-who button');
    await page.waitForURL(/\/console\/search\?/);
    await film.picture(page);
    t.match(await page.innerText('.chips'), new RegExp(SUBJECT.slice(5)));
    t.equal(await page.locator('.pills [aria-current]', { hasText: '近七天' }).count(), 1);
    t.match(await page.innerText('tbody tr:last-child'), /第[一二三四五六七八九十百]+条/, 'by which article');
    await page.click('tbody tr:last-child th a');
    await page.waitForSelector('[data-proof][data-state=proved]');
    await film.picture(page);
    t.match(await page.innerText('.story'), /授权有效期为/);
    film.end();
    t.same(desk.complaints, []);
  });

  t.test('data officers: from a row that is held back to its published record', async (t) => {
    const [chen, shen] = [await as('chen-officer'), await as('shen-officer')];
    const aside = await beside(chen);
    const heldOn = (on: Page): Promise<number> => on.locator('ul.rows > li form[action$="/retry"]').count();
    const now = async (): Promise<{ readonly held: number; readonly records: number }> => {
      await aside.goto(FEED);
      const [, count = ''] = /当前记录\s+([\d,]+)/.exec(await aside.innerText('main')) ?? [];
      return { held: await heldOn(aside), records: Number(count.replaceAll(',', '')) };
    };
    const published = (await now()).records;
    const film = new Film(t, 'mend');
    const page = await film.from(chen);
    await page.click(`[data-room=feeds] a[href="${FEED}"]`);
    await page.waitForURL(`**${FEED}`);
    const held = await heldOn(page);
    t.ok(held > 1, `${String(held)} rows are held back`);
    await page.click('.card table th a');
    await page.waitForSelector('.mend button');
    await film.picture(page);
    await page.click('.mend button');
    await page.waitForURL(/\/mends\/[0-9a-f]{16}/);
    await film.picture(page);
    t.match(await page.innerText('main'), new RegExp(`将通过校验并发布\\s+${String(held)}`), 'what it would do');
    const second = await film.from(shen);
    await second.click('[data-room=mends] a[href*="/mends/"]');
    await second.click('form[action$="/approve"] button');
    await second.getByText('已生效').first().waitFor();
    await until('the records', now, (seen) => seen.held === 0 && seen.records > published, 120_000);
    await film.picture(aside);
    film.end();
    t.same([...chen.complaints, ...shen.complaints], []);
  });

  t.test('a developer: the first answer', async (t) => {
    const desk = await as('jiang-developer');
    const film = new Film(t, 'developer');
    const page = await film.from(desk);
    await page.click('nav a[href="/console/developer"]');
    await page.click('form[action="/console/developer"][method="post"] button.big');
    await page.waitForSelector('[data-allowed="true"]');
    await film.picture(page);
    film.end();
    t.same(desk.complaints, []);
  });

  t.test('a company: a credit report, ordered and downloaded', async (t) => {
    const desk = await as('he-company');
    const film = new Film(t, 'report');
    const page = await film.from(desk);
    await page.click('nav a[href="/console/reports"]');
    await page.click('main a.button');
    await page.selectOption('select[name=purpose]', 'listing');
    await page.fill('input[name=bearer]', '云州证券股份有限公司');
    await film.picture(page);
    await page.click('form.sheet > .row button');
    await page.waitForSelector('.steps-on');
    // a page that takes a while comes in parts
    await page.waitForLoadState();
    await film.picture(page);
    await page.click('form[action="/console/reports"] button');
    await page.waitForSelector('.seal');
    await film.picture(page);
    const [pdf] = await Promise.all([page.waitForEvent('download'), page.click('button[value=pdf]')]);
    t.equal(
      readFileSync(await pdf.path())
        .subarray(0, 5)
        .toString(),
      '%PDF-',
    );
    film.end();
    t.same(desk.complaints, []);
  });

  t.test('the sharing authority: a grant is suspended and resumed', async (t) => {
    const answer = async (): Promise<string> =>
      JSON.stringify(await query(town, 'one-stop-counter', question).catch(String));
    const desk = await as('gao-sharing');
    const film = new Film(t, 'grant');
    const page = await film.from(desk);
    await page.click('nav a[href="/console/grants"]');
    await page.fill('main input[name=q]', '企业登记信息');
    await page.click('main form.filters button');
    await page.click(`main a[href="${GRANT}"]`);
    await page.fill('form[action$="/suspend"] input[name=reason]', '核查期间暂停使用');
    await film.picture(page);
    await page.click('form[action$="/suspend"] button');
    await page.waitForSelector('form[action$="/resume"]');
    await film.picture(page);
    await until('the denial', answer, (text) => text.includes('no dataset of the request may be answered'));
    await page.fill('form[action$="/resume"] input[name=reason]', '核查无异常，恢复使用');
    await page.click('form[action$="/resume"] button');
    await page.waitForSelector('form[action$="/suspend"]');
    await until('the answer', answer, (text) => text.includes('"current"'));
    await film.picture(page);
    film.end();
    t.same(desk.complaints, []);
  });

  t.test('an auditor: a sample is drawn and judged', async (t) => {
    const desk = await as('lin-auditor');
    const film = new Film(t, 'review');
    const page = await film.from(desk);
    await page.click('nav a[href="/console/reviews"]');
    await page.selectOption('select[name=wanted]', String(JUDGED));
    await page.click('main form.filters button[type=submit]');
    for (let judged = 0; judged < JUDGED; judged++) {
      await page.getByText(`已评判 ${String(judged)} 条，共 ${String(JUDGED)} 条`).waitFor();
      await film.picture(page);
      if (judged === 1) await page.fill('textarea[name=note]', '用途与事项不符，请核实');
      await page.click(`.judge button[name=verdict][value=${judged === 1 ? 'question' : 'fine'}]`);
    }
    await page.getByText('样本已全部评判').waitFor();
    await film.picture(page);
    t.match(await page.innerText('main'), /林审计：用途与事项不符，请核实/);
    film.end();
    t.same(desk.complaints, []);
  });
}
