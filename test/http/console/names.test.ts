/**
 * Companies by their names on the pages: offered while somebody types, and on a page of its own where there is no
 * script.
 */

import type { Page } from 'playwright-core';
import t from 'tap';
import { until } from '../../e2e/ask.js';
import { city } from '../../e2e/city.js';
import { query } from '../../e2e/suite.js';
import { chromiumForTest, launch, signIn } from './browser.js';

t.setTimeout(300_000);

const HEAD = '91990105MA000011U0';
/** Of the invented register, and whoever `jin-bank` speaks for. */
const BANK = '91990103MA00001ACX';
const CUSTOMER = '91990102MA00001692';

t.test('the pages that ask for a company', async (t) => {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return;
  const town = await city(t);
  await query(town, 'one-stop-counter', {
    purpose: 'open-restaurant',
    subject: `uscc:${HEAD}`,
    datasets: [{ id: 'samr.company-register' }],
  });
  const browser = await launch(t, chromium);

  await t.test('the auditor finds who saw what of a company by a part of its name, by keyboard', async (t) => {
    const { page, complaints, inspect } = await signIn(browser, town.people, 'lin-auditor');
    await page.goto('/console/search?lang=zh');
    const field = page.locator('input[name=subject]');
    const typed = async (on: Page): Promise<void> => {
      await on.locator('input[name=subject]').pressSequentially('雲州安光快餐');
      await on.waitForSelector('.options:not([hidden]) li');
    };
    // the index may be a moment behind the view of a city that has just come up
    await until(
      'the register',
      async () => {
        await page.goto('/console/search?lang=zh');
        await field.pressSequentially('安光快餐');
        return page.waitForSelector('.options:not([hidden]) li', { timeout: 3000 }).catch(() => undefined);
      },
      (found) => found !== undefined,
    );
    t.equal(await field.getAttribute('aria-expanded'), 'true');
    t.ok((await page.locator('.options li').count()) <= 8);
    t.match(await page.innerText('.told-name'), /还有更多/);
    await page.goto('/console/search?lang=zh');
    await typed(page);
    t.match(await page.innerText('.options li:first-child'), new RegExp(`云州安光快餐有限公司[^]*${HEAD}[^]*云州市`));
    await field.press('ArrowDown');
    t.equal(
      await field.getAttribute('aria-activedescendant'),
      await page.getAttribute('.options li:first-child', 'id'),
    );
    await field.press('Enter');
    t.equal(await field.inputValue(), HEAD);
    t.equal(await page.locator('.options').isVisible(), false);
    t.match(await page.innerText('.told-name'), /云州安光快餐有限公司/);
    t.equal(new URL(page.url()).pathname, '/console/search', 'choosing does not send the form');
    await Promise.all([page.waitForURL(/subject=/), field.press('Enter')]);
    t.match(await page.innerText('.chips'), new RegExp(`云州安光快餐有限公司（${HEAD}）`));
    t.notMatch(page.url(), new RegExp(HEAD));
    t.equal(await page.innerText('h1'), '云州安光快餐有限公司的数据使用记录');
    await until(
      'the answer',
      async () => (await page.reload(), page.locator('tbody tr').count()),
      (rows) => rows === 1,
    );
    await page.click('tbody th a');
    t.notMatch(decodeURIComponent(page.url()), /安光|9199/);
    t.match(
      await page.innerText('[data-subject]'),
      new RegExp(`云州安光快餐有限公司（${HEAD}）`),
      'as it was searched for',
    );
    t.match(await page.innerText('.story'), new RegExp(`查询了“云州安光快餐有限公司（${HEAD}）”的数据`));
    const entry = new URL(page.url()).pathname;
    await page.goto(`${entry}?lang=zh`);
    t.notMatch(await page.innerText('main'), /安光/, 'whoever does not come from a search for it is told nothing');
    const other = await signIn(browser, town.people, 'lin-auditor');
    await other.page.goto('/console/search?lang=zh');
    await page.goto('/console/search?lang=zh');
    await typed(page);
    await page.press('input[name=subject]', 'ArrowDown');
    await page.press('input[name=subject]', 'Enter');
    await Promise.all([page.waitForURL(/subject=/), field.press('Enter')]);
    const href = (await page.getAttribute('tbody th a', 'href')) ?? '';
    t.equal((await other.page.request.get(href)).status(), 400, 'the address says nothing in another sign-in');
    t.equal(
      (await page.request.get(href.replace(/entries\/\d+/, 'entries/0'))).status(),
      200,
      'of an entry that is not about it',
    );
    t.same(await inspect('/console/search', 'names-offered', typed), []);
    t.same(complaints, []);
    await until(
      'the look-ups',
      async () => (await page.goto('/console/search?type=looked&lang=zh'), page.innerText('main')),
      (now) => /按名称查找企业/.test(now) && /查看企业名称/.test(now),
    );
  });

  await t.test('without a script the form asks on a page of its own, and goes on as it was filled in', async (t) => {
    const scriptless = await browser.newContext({
      javaScriptEnabled: false,
      ignoreHTTPSErrors: true,
      locale: 'zh-CN',
      baseURL: town.people,
      storageState: await (await signIn(browser, town.people, 'lin-auditor')).page.context().storageState(),
    });
    const page = await scriptless.newPage();
    await page.goto('/console/search?lang=zh');
    await page.fill('input[name=subject]', '安光快餐');
    await page.selectOption('select[name=result]', 'deny');
    await page.click('form.filters button[type=submit]');
    t.match(await page.innerText('main'), /选择企业[^]*云州安光快餐有限公司[^]*91990105MA000011U0[^]*都不是/);
    t.notMatch(decodeURIComponent(page.url()), /安光/);
    await page.fill('form.card input[name=subject]', '没有这样的企业');
    await page.click('form.card button[type=submit]');
    t.match(await page.innerText('[role=status]'), /没有名称相符的企业/);
    await page.fill('form.card input[name=subject]', '云州安光快餐');
    await page.click('form.card button[type=submit]');
    await page.click(`.choices button[aria-label*="${HEAD}"]`);
    t.match(await page.innerText('.chips'), new RegExp(`${HEAD}[^]*不予提供`), 'the rest of the form went with it');
    await page.goto('/console/search?lang=zh');
    await page.fill('input[name=subject]', HEAD);
    await page.click('form.filters button[type=submit]');
    t.match(await page.innerText('.chips'), new RegExp(HEAD), 'a code as ever');
    await page.fill('input[name=subject]', '91990105MA000011U1');
    await page.click('form.filters button[type=submit]');
    t.notMatch(await page.innerText('main'), /选择企业/, 'a wrong code is no name');
    await scriptless.close();
  });

  await t.test('a company authorises another by its name', async (t) => {
    const { page, inspect, complaints } = await signIn(browser, town.people, 'sun-subsidiary');
    const asks = async (on: Page): Promise<void> => {
      await on.fill('input[name=to]', '安光快餐');
      // what is offered may lie over the button
      await on.press('input[name=to]', 'Enter');
      await on.waitForSelector('.choices');
    };
    t.same(await inspect('/console/authorisations', 'names-choose', asks), []);
    await page.goto('/console/authorisations?lang=zh');
    await asks(page);
    await page.click(`.choices button[aria-label*="${HEAD}"]`);
    t.match(await page.innerText('[role=status]'), new RegExp(`授权已生效：云州安光快餐有限公司 ${HEAD}`));
    t.match(
      await page.innerText('main table'),
      new RegExp(`云州安光快餐有限公司 ${HEAD}`),
      'and is told whom by name, not by a code alone',
    );
    t.same(complaints, []);
  });

  await t.test('a company adds another to its report by its name, and asks it', async (t) => {
    const { page, inspect, complaints } = await signIn(browser, town.people, 'he-company');
    await page.goto('/console/reports/new?lang=zh');
    const before = await page.locator('input[name=subjects]').count();
    await page.fill('input[name=bearer]', '云州银行');
    await page.fill('input[name=other]', '安光快餐');
    await page.press('input[name=other]', 'Enter');
    await page.click(`.choices button[aria-label*="${HEAD}"]`);
    t.equal(await page.locator('input[name=subjects]').count(), before + 1);
    t.ok(await page.isChecked(`input[name=subjects][value="uscc:${HEAD}"]`));
    t.equal(await page.inputValue('input[name=bearer]'), '云州银行', 'what was filled in is still there');
    await page.selectOption('select[name=purpose]', 'financing');
    await page.click('form.sheet > .row button');
    await page.waitForSelector('form[action="/console/reports/invitations"]');
    t.match(await page.innerText('main'), /云州安光快餐有限公司/);
    t.same(await inspect('/console/reports/new', 'names-report-form'), []);
    await page.goto('/console/reports/new?lang=zh');
    await page.fill('input[name=other]', '91990105MA000011U1');
    await page.click('.other button');
    t.match(await page.innerText('[role=alert]'), /校验码/);
    t.same(
      complaints.filter((one) => !one.includes('status of 400')),
      [],
    );
  });

  await t.test('the bank of the city asks about a customer as long as that lets it', async (t) => {
    const customer = await signIn(browser, town.people, 'he-company');
    const bank = await signIn(browser, town.people, 'jin-bank');
    const asked = async ({ page }: typeof bank): Promise<string> => {
      await page.goto('/console/reports/new?lang=zh');
      await page.fill('input[name=other]', CUSTOMER);
      await page.click('.other button');
      await page.uncheck(`input[name=subjects][value="uscc:${BANK}"]`);
      await page.selectOption('select[name=purpose]', 'financing');
      await page.fill('input[name=bearer]', '云州银行股份有限公司');
      await page.click('form.sheet > .row button');
      await page.waitForSelector('.steps-on');
      await page.waitForLoadState();
      return page.innerText('main');
    };
    t.match(await asked(bank), /该企业没有为这些领域和用途授权/);
    const { page } = customer;
    await page.goto('/console/authorisations?lang=zh');
    for (const purpose of ['listing', 'bidding', 'subsidy', 'other'])
      await page.locator(`input[name=purposes][value="${purpose}"]`).uncheck();
    await page.fill('input[name=to]', '云州银行');
    await page.press('input[name=to]', 'Enter');
    // the one company of that very name needs no choice
    await page.waitForSelector('[role=status]:has-text("授权已生效")');
    t.match(await page.innerText('[role=status]'), new RegExp(`授权已生效：云州银行股份有限公司 ${BANK}`));
    t.match(await asked(bank), /1 家企业，41 个领域/);
    t.ok(await bank.page.locator('form[action="/console/reports"]').first().isVisible(), 'it can be issued');
    await bank.page.goto('/console/authorisations?lang=zh');
    t.match(await bank.page.innerText('main table'), new RegExp(`${CUSTOMER}[^]*获得[^]*银行融资`));
    await page.getByRole('link', { name: '撤回' }).click();
    await page.getByRole('button', { name: '撤回授权' }).click();
    t.match(await page.innerText('[role=status]'), /授权已撤回：云州银行股份有限公司/);
    t.match(await asked(bank), /该企业没有为这些领域和用途授权/, 'and no longer');
    t.same([...customer.complaints, ...bank.complaints], []);
  });

  await t.test('a department finds the records of a company by its name', async (t) => {
    const { page, complaints } = await signIn(browser, town.people, 'chen-officer');
    await page.goto('/console/tickets/records?lang=zh');
    await page.selectOption('select[name=dataset]', 'samr.penalties');
    await page.fill('input[name=subject]', '安光快餐');
    await page.press('input[name=subject]', 'Enter');
    await page.click(`.choices button[aria-label*="${HEAD}"]`);
    t.match(await page.innerText('main'), new RegExp(HEAD));
    t.same(complaints, []);
  });
});
