/**
 * A company shows domains of an issued report by a code, from one phone to another, in a real browser; and says that
 * something is missing in a register.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { present } from '../../../contracts/present.js';
import { programForTest } from '../../documents/reports/documents.js';
import { ask, until } from '../../e2e/ask.js';
import { entries } from '../../e2e/command.js';
import { chromiumForTest, launch, signIn } from './browser.js';
import { latinIn, TEXTS } from './latin.js';
import { seen } from './town.js';

t.setTimeout(280_000);
const PHONE = { width: 390, height: 844 };
const COMPANY = '91990102MA00001692';
const shots = process.env['YITONG_TEST_SCREENSHOTS'];
async function picture(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}
/** Nothing is wider than the phone. */
const fits = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth');

t.test('a report is shown by a code', async (t) => {
  const chromium = chromiumForTest(t);
  const ready = await seen(t);
  if (ready === undefined || chromium === undefined) return;
  const { town, as } = ready;
  const client = (name: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    ask(town.api, town.pki, name, { method, path, headers, ...present({ body }) });
  const centre = (method: string, path: string, body?: object) =>
    client('credit-report-centre', method, path, body, { 'yitong-subject': `uscc:${COMPANY}` });
  const issued = await centre('POST', '/v1/reports', {
    report: 'credit',
    as: `uscc:${COMPANY}`,
    subjects: [`uscc:${COMPANY}`],
    from: '2021-01-01',
    to: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10),
    purpose: 'bidding',
    bearer: '云州招标有限公司',
  });
  t.equal(issued.status, 201, issued.text);
  const { id } = JSON.parse(issued.text) as { readonly id: string };

  const company = await as('he-company');
  await company.page.setViewportSize(PHONE);
  const browser = await launch(t, chromium);
  const stranger = await signIn(browser, town.people);
  await stranger.page.setViewportSize(PHONE);

  async function show(...domains: readonly string[]): Promise<string> {
    await company.page.goto(`/console/reports/${id}`);
    await company.page.click('a[href^="/console/compliance/release"]');
    if (domains.length === 0) await company.page.check('input[name=scope][value=whole]');
    for (const domain of domains) await company.page.check(`input[name=domain][value="${domain}"]`);
    await company.page.click('form[action="/console/compliance/release"] button');
    await company.page.waitForSelector('.showcode svg');
    return (await company.page.locator('.showcode details .mono').textContent()) ?? '';
  }

  await t.test('what is not chosen at all is not shown at all; the code is read from the screen', async (t) => {
    await company.page.goto(`/console/compliance/release?report=${id}`);
    t.ok(await fits(company.page));
    await picture(company.page, 'release-choose');
    await company.page.click('form[action="/console/compliance/release"] button');
    t.match(await company.page.innerText('[role=alert]'), /请至少选择一个领域/);
    const address = await show('taxation', 'market-regulation');
    t.match(address, new RegExp(`^${town.people}/compliance/report/[A-Za-z0-9_-]{43}$`));
    t.notMatch(company.page.url(), /[A-Za-z0-9_-]{43}/, 'no address of the company’s pages holds a code');
    t.ok(await fits(company.page));
    await picture(company.page, 'release-shown');
    if (programForTest(t, 'zbarimg', 'zbar-tools')) {
      const file = join(t.testdir(), 'phone.png');
      await company.page.screenshot({ path: file });
      t.equal(execFileSync('zbarimg', ['--quiet', '--raw', file], { encoding: 'utf8' }).trim(), address);
    }

    for (let n = 0; n < 2; n++) {
      const opened = await stranger.page.goto(address);
      t.match(opened?.headers(), { 'referrer-policy': 'origin', 'cache-control': 'no-store' });
      t.notMatch(
        await stranger.page.innerText('main'),
        new RegExp(COMPANY),
        'the address alone says of nobody, and opening it uses nothing up',
      );
    }
    t.ok(await fits(stranger.page));
    await picture(stranger.page, 'release-before');
    await stranger.page.click('main form button');
    await stranger.page.waitForSelector('[data-state=looked]');
    const text = await stranger.page.innerText('main');
    t.match(text, new RegExp(`${COMPANY}[^]*请与企业营业执照核对[^]*真实有效[^]*出示领域\\s+市场监管、税务`));
    // the number of all domains, and not a minute of the clock
    const timeless = text.replaceAll(/\d{1,2}:\d{2}/g, '');
    for (const other of ['药品监管（', '水务', '消防安全', '烟草专卖', '教育', '41'])
      t.notOk(timeless.includes(other), `nothing of ${other}`);
    t.notMatch(stranger.page.url(), /[A-Za-z0-9_-]{43}/, 'nor does the address of what was seen');
    t.ok(await fits(stranger.page));
    await picture(stranger.page, 'release-looked');
    t.same(latinIn(await stranger.page.evaluate<string>(TEXTS)), [], 'no word in Latin letters');
    await company.page.waitForSelector('.outcome.ok');
    t.match(await company.page.innerText('main'), /对方已查看[^]*公开页面，身份不明[^]*市场监管、税务/);
    await picture(company.page, 'release-seen');

    await stranger.page.goto(address);
    await stranger.page.click('main form button');
    t.match(await stranger.page.innerText('[role=alert]'), /此码已用过[^]*也不表示没有记录/);
    await picture(stranger.page, 'release-used');
  });

  await t.test('taken back before anybody looked; and what a system sees', async (t) => {
    const address = await show();
    await company.page.click('form[action$="/withdraw"] button');
    await company.page.waitForSelector('.outcome.warn');
    t.match(await company.page.innerText('main'), /已撤回[^]*无人查看过[^]*整份报告/);
    await stranger.page.goto(address);
    await stranger.page.click('main form button');
    t.match(await stranger.page.innerText('[role=alert]'), /企业已撤回出示/);
    t.match(await client('bidding-centre', 'POST', '/v1/compliance/looks', { code: address.slice(-43) }), {
      status: 410,
      text: /code_withdrawn/,
    });

    const made = await centre('POST', `/v1/reports/${id}/releases`, { domains: ['water'] });
    t.equal(made.status, 201, made.text);
    const { release, code } = JSON.parse(made.text) as { readonly release: string; readonly code: string };
    t.match(
      await client('bidding-centre', 'POST', `/v1/reports/${id}/releases`, {}, { 'yitong-subject': `uscc:${COMPANY}` }),
      { status: 403 },
      'no other client releases',
    );
    t.match(
      await client(
        'credit-report-centre',
        'POST',
        `/v1/reports/${id}/releases`,
        {},
        { 'yitong-subject': 'uscc:91990105MA000011U0' },
      ),
      { status: 404 },
      'nor for another company',
    );
    t.match(await centre('POST', `/v1/reports/${id}/releases`, { domains: ['water', 'no-such'] }), { status: 400 });
    const looked = await client('bidding-centre', 'POST', '/v1/compliance/looks', { code });
    t.equal(looked.status, 200, looked.text);
    t.match(JSON.parse(looked.text), {
      subjects: [{ subject: `uscc:${COMPANY}` }],
      domains: [{ id: 'water' }],
      outcome: 'genuine',
    });
    t.notMatch(looked.text, /"salt"|"digest"|"id":"taxation"/);
    t.match(JSON.parse((await centre('GET', `/v1/reports/${id}/releases/${release}`)).text), {
      state: 'looked',
      lookedBy: { kind: 'client', authority: 'construction' },
    });
    t.match(await client('bidding-centre', 'POST', '/v1/compliance/looks', { code }), {
      status: 409,
      text: /code_used/,
    });
    const steps = await until(
      'the entries',
      async () =>
        (await entries<{ readonly type: string; readonly step?: string }>(town.data)).flatMap(({ type, step }) =>
          type === 'compliance_code' ? [step] : [],
        ),
      ({ length }) => length >= 6,
    );
    t.same([...steps].sort(), ['looked', 'looked', 'released', 'released', 'released', 'withdrawn'], 'each on record');
  });

  await t.test('the pages are usable by keyboard, in both languages, schemes and widths', async (t) => {
    t.same(await company.inspect(`/console/compliance/release?report=${id}`, 'release'), []);
    const address = await show('taxation');
    t.same(await stranger.inspect(new URL(address).pathname, 'release-before'), []);
    await company.page.goto('/console/compliance/released?lang=en');
    t.match(await company.page.innerText('main'), /Let the other side scan it/);
    await stranger.page.goto(`${address}?lang=en`);
    await stranger.page.click('main form button');
    t.match(
      await stranger.page.innerText('main'),
      /Compare name and code[^]*of any other this says nothing[^]*Domains shown\s+Taxation/,
    );
    t.ok(await fits(stranger.page));
    await picture(stranger.page, 'release-looked-en');
    t.same(await company.inspect('/console/compliance/released', 'release-code'), []);
    await stranger.page.goto('/?lang=zh');
    await company.page.goto('/console?lang=zh');
  });

  await t.test(
    'a company says that something is missing in a register; the centre and the provider see to it',
    async (t) => {
      await company.page.goto('/console/tickets/records');
      await company.page.click('a[href^="/console/tickets/missing"]');
      t.ok(await fits(company.page));
      await picture(company.page, 'missing');
      t.ok((await company.page.locator('select[name=register] option').count()) > 20);
      await company.page
        .selectOption('select[name=register]', { label: '食品经营许可证信息' })
        .catch(() => company.page.selectOption('select[name=register]', 'samr.food-licence'));
      await company.page.fill('textarea[name="field.missing"]', '2026年3月新办的食品经营许可证没有登记');
      await company.page.click('form[action="/console/tickets"] button');
      await company.page.waitForURL(/\/console\/tickets\/[0-9a-f]{16}$/);
      t.match(await company.page.innerText('main'), /信息遗漏异议[^]*已提出/);
      const ticket = new URL(company.page.url()).pathname;
      t.same(latinIn(await company.page.evaluate<string>(TEXTS)), []);
      await picture(company.page, 'missing-ticket');
      const centreDesk = await as('zhou-centre');
      for (const act of ['标注异议', '转交提供单位']) {
        await centreDesk.page.goto(ticket);
        await centreDesk.page.click(`form button:has-text("${act}")`);
        await centreDesk.page.waitForLoadState();
      }
      const officer = await as('chen-officer');
      await officer.page.goto(ticket);
      await officer.page.fill('section[aria-label="决定补充"] textarea', '已补充登记，次日更新');
      await officer.page.click('section[aria-label="决定补充"] button');
      await officer.page.waitForLoadState();
      await company.page.goto(ticket);
      t.match(await company.page.innerText('main'), /决定补充[^]*已补充登记，次日更新/);
      t.same(await company.inspect('/console/tickets/missing', 'missing'), []);

      await company.page.goto('/console?lang=zh');
      t.match(company.page.url(), /\/console\/home$/);
      const news = company.page.locator('[data-room=messages]');
      t.match(
        await news.innerText(),
        /^消息 \d+\s+办理结论：决定补充 · 信息遗漏异议 · \S+/,
        'what was decided stands first where the company comes in',
      );
      t.same(latinIn(await company.page.evaluate<string>(TEXTS)), []);
      t.same(await company.inspect('/console/home', 'home-company'), []);
      await company.page.goto('/console/home?lang=zh');
      await news.locator('ul a').first().click();
      t.match(company.page.url(), /\/console\/messages$/);
      const told = await company.page.innerText('main');
      t.match(
        told,
        /办理结论：决定补充\s+新[^]*信息遗漏异议[^]*已补充登记，次日更新[^]*转交提供单位[^]*标注异议/,
        'the conclusion, then what went before it',
      );
      t.notMatch(told, /提出遗漏异议/, 'what it did itself is no message');
      t.ok(await fits(company.page));
      await picture(company.page, 'messages');
      await company.page.reload();
      t.notMatch(await company.page.innerText('main'), / 新/, 'seen once, it is not new');
      await company.page.goto('/console/home');
      t.equal(await news.count(), 0, 'and it is told no more');
      await company.page.goto('/console/messages');
      t.same(latinIn(await company.page.evaluate<string>(TEXTS)), []);
      t.same(await company.inspect('/console/messages', 'messages'), []);
    },
  );
  t.same(
    company.complaints.filter((one) => !/status of 4\d\d/.test(one)),
    [],
  );
});
