/**
 * A company asks for the report of its group on the pages of a real city, in a real browser; another authorises it;
 * whoever holds the code finds it.
 */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import t from 'tap';
import { until } from '../../e2e/ask.js';
import { city } from '../../e2e/city.js';
import { chromiumForTest, launch, signIn } from './browser.js';

// a city starts, and a browser draws some hundred pages
t.setTimeout(300_000);

const HEAD = '91990105MA000011U0';
const SUBSIDIARY = '91990106MA000011WH';
const OWN_BRANCHES = [
  '91990107MA000011X3',
  '91990103MA0000121K',
  '91990104MA00001225',
  '91990106MA00001248',
  '91990102MA0000127P',
];
/** Eight: the company, five of its branches, a subsidiary and a branch of that. */
const EIGHT = [HEAD, ...OWN_BRANCHES, SUBSIDIARY, '91990101MA000011YF'];
const BEARER = '云州证券股份有限公司';

/** From the empty form to its preview. */
async function fill(page: Page, subjects: readonly string[] = []): Promise<void> {
  for (const key of subjects) await page.check(`input[name=subjects][value="uscc:${key}"]`);
  await page.selectOption('select[name=purpose]', 'listing');
  await page.fill('input[name=bearer]', BEARER);
  await page.click('form.sheet > .row button');
  await page.waitForSelector('.steps-on');
  // a page that takes a while comes in parts
  await page.waitForLoadState();
}

t.test('the pages on which a company asks for its report', async (t) => {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return;
  const town = await city(t, { env: { YITONG_GATEWAY_WORKERS: '2' } });
  const browser = await launch(t, chromium);
  const head = await signIn(browser, town.people, 'qian-company');
  const { page, complaints, inspect } = head;

  await t.test('whose authorisation is missing is said by name, and nothing is read or issued', async (t) => {
    await page.goto('/console/reports?lang=zh');
    t.match(await page.innerText('main'), /暂无报告[^]*一百多份/);
    await page.click('main a.button');
    t.equal(
      await page.locator('input[name=domains]:checked').count(),
      41,
      'all domains unless the company says otherwise',
    );
    t.ok((await page.locator('input[name=subjects]').count()) > 60, 'the whole group stands in the register');
    t.same(await page.locator('input[name=subjects]:checked').count(), 1);
    await fill(page, EIGHT);
    const text = await page.innerText('main');
    t.match(text, /8 家企业中有 2 家没有/);
    t.match(text, /云州安光宏园餐饮有限公司[^]*由其自行授权/);
    t.equal(await page.locator('form[action="/console/reports"]').count(), 0, 'it cannot be issued');
    t.same(await inspect('/console/reports/new', 'report-missing', (on) => fill(on, EIGHT)), []);
    await page.click('form[action="/console/reports/new"] button');
    await page.waitForSelector('form.sheet');
    t.equal(await page.locator('input[name=subjects]:checked').count(), 8, 'what was filled in is still there');
    t.equal(await page.inputValue('input[name=bearer]'), BEARER);
  });

  await t.test(
    'the whole group, as the README says: most have authorised it, the others are asked or left out by name',
    async (t) => {
      const group = async (on: Page): Promise<void> => {
        await on.goto('/console/reports/new?whom=group&lang=zh');
        await fill(on);
      };
      await group(page);
      t.match(await page.innerText('main'), /71 家企业中有 3 家没有/);
      await page.click('form:has(input[name=leaveOut]) button');
      await page.waitForSelector('form[action="/console/reports"]');
      // a page that takes a while comes in parts: its button may be there before the rest
      await page.waitForLoadState();
      t.match(
        await page.innerText('main'),
        /68 家企业，41 个领域[^]*下列 3 家企业未授权，未列入本报告[^]*云州安光宏园餐饮有限公司/,
      );
      await page.click('form[action="/console/reports"] button');
      await page.waitForSelector('.seal');
      const [pdf] = await Promise.all([page.waitForEvent('download'), page.click('button[value=pdf]')]);
      t.equal(
        readFileSync(await pdf.path())
          .subarray(0, 5)
          .toString(),
        '%PDF-',
      );

      await group(page);
      await page.click('form[action="/console/reports/invitations"] button');
      t.match(await page.innerText('main'), /已向 2 家企业发出授权请求[^]*云州安光宏园餐饮有限公司/);
      t.match(
        await page.getAttribute('main ul.rows a', 'href'),
        new RegExp(`^${town.people}/console/authorisations\\?invitation=[0-9a-f]{32}$`),
        'the link names nobody',
      );
      await page.goto('/console/reports/new?whom=group&lang=zh');
      t.equal(await page.locator('.member .state', { hasText: '已请求授权' }).count(), 3);
      t.same(
        await inspect('/console/reports/new', 'report-invited', async (on) => {
          await fill(on, EIGHT);
          await on.click('form[action="/console/reports/invitations"] button');
          await on.waitForSelector('ul.rows a');
        }),
        [],
      );
    },
  );

  await t.test('the subsidiary finds at its next sign-in that it is asked, and authorises it', async (t) => {
    const other = await signIn(browser, town.people, 'sun-subsidiary');
    t.match(other.page.url(), /\/console\/authorisations/, 'what others wait for comes first');
    t.same(await other.inspect('/console/authorisations', 'authorisation-asked'), []);
    await other.page.goto('/console/authorisations?lang=zh');
    t.match(
      await other.page.innerText('.invitation'),
      new RegExp(`云州安光快餐有限公司[^]*${HEAD}[^]*申请上市[^]*${BEARER}`),
    );
    await other.page.fill('input[name=to]', '91990105MA000011U1');
    await other.page.click('form.sheet button[type=submit]');
    t.match(await other.page.innerText('[role=alert]'), /校验码/);
    await other.page.click('.invitation button[value=agree]');
    t.match(await other.page.innerText('[role=status]'), new RegExp(`授权已生效：云州安光快餐有限公司 ${HEAD}`));
    t.equal(await other.page.locator('.invitation').count(), 0);
    t.notMatch(other.page.url(), new RegExp(HEAD), 'no address names a company');
    t.same(await other.inspect('/console/authorisations', 'authorisations'), []);
    // the answer that was refused is a complaint of the browser's console
    t.same(
      other.complaints.filter((one) => !one.includes('status of 400')),
      [],
    );
  });

  let code = '';
  await t.test('a group of eight is previewed and issued, with its code shown once', async (t) => {
    await page.goto('/console/reports/new?lang=zh');
    await fill(page, EIGHT);
    t.match(await page.innerText('main'), /8 家企业，41 个领域/);
    t.equal(await page.locator('.matrix tbody tr').count(), 8);
    t.equal(await page.locator('.matrix tbody td').count(), 8 * 41);
    t.same(await inspect('/console/reports/new', 'report-preview', (on) => fill(on, EIGHT.slice(0, 2))), []);
    await page.goto('/console/reports/new?lang=zh');
    await fill(page, EIGHT);
    await page.click('form[action="/console/reports"] button');
    code = await page.innerText('output.code');
    t.match(code, /^(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}$/);
    t.equal(await page.getAttribute('.seal a', 'href'), `${town.people}/verify/${code}`);
    t.equal(await page.locator('svg.qr path').count(), 1);
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('button[value=json]')]);
    const { model } = JSON.parse(readFileSync(await file.path(), 'utf8')) as {
      readonly model: { readonly subjects: readonly unknown[]; readonly bearer: string };
    };
    t.same([model.subjects.length, model.bearer], [8, BEARER]);
  });

  await t.test('the report stands in the list, without its code, and says who verified it', async (t) => {
    await page.goto('/console/reports?lang=zh');
    t.match(await page.innerText('tbody tr:first-child'), new RegExp(`8[^]*申请上市[^]*${BEARER}[^]*可核验`));
    await Promise.all([page.waitForURL(/\/console\/reports\/[0-9a-f]+$/), page.click('tbody tr:first-child a')]);
    const report = new URL(page.url()).pathname;
    const text = await page.innerText('main');
    t.notMatch(text, new RegExp(code));
    t.match(text, /没有变化[^]*暂无核验记录/);
    const anybody = await browser.newPage({ ignoreHTTPSErrors: true, locale: 'zh-CN' });
    await anybody.goto(`${town.people}/verify/${code}`);
    t.match(
      await anybody.innerText('main'),
      /真实有效[^]*云州安光宏园餐饮有限公司/,
      'whoever has the code finds the report',
    );
    await anybody.close();
    await until(
      'the verification',
      async () => (await page.goto(report), page.innerText('main')),
      (now) => /公开核验页[^]*得知真实有效/.test(now),
    );
    await page.fill('input[name=code]', 'AAAA');
    await page.click('button[value=pdf]');
    t.match(await page.innerText('[role=alert]'), /不是这份报告的核验码/);
    await page.fill('input[name=code]', code);
    const [pdf] = await Promise.all([page.waitForEvent('download'), page.click('button[value=pdf]')]);
    t.equal(
      readFileSync(await pdf.path())
        .subarray(0, 5)
        .toString(),
      '%PDF-',
    );
    const other = await signIn(browser, town.people, 'sun-subsidiary');
    t.equal((await other.page.request.get(report)).status(), 404, 'another company’s report does not exist');
    t.same(await inspect('/console/reports', 'reports'), []);
    const issue = async (on: Page): Promise<void> => {
      await fill(on);
      await on.click('form[action="/console/reports"] button');
      await on.waitForSelector('.seal');
    };
    t.same(await inspect('/console/reports/new', 'report-form'), []);
    t.same(await inspect('/console/reports/new', 'report-issued', issue), []);
    await page.goto('/console/reports');
    await Promise.all([page.waitForURL(/\/console\/reports\/[0-9a-f]+$/), page.click('tbody tr:first-child a')]);
    t.same(await inspect(new URL(page.url()).pathname, 'report'), []);
    t.same(complaints, []);
  });

  await t.test('once it is withdrawn, no new report can be issued', async (t) => {
    const other = await signIn(browser, town.people, 'sun-subsidiary');
    await other.page.goto('/console/authorisations');
    await other.page.click('tbody a.quiet');
    const confirm = new URL(other.page.url()).pathname;
    t.same(await other.inspect(confirm, 'authorisation-withdraw'), []);
    await other.page.goto(`${confirm}?lang=zh`);
    t.match(await other.page.innerText('dl.facts'), /授权给\s+云州安光快餐有限公司/, 'whom it was given to, by name');
    await other.page.click('.button.danger');
    t.match(await other.page.innerText('[role=status]'), /授权已撤回/);
    await page.goto('/console/reports/new?lang=zh');
    await fill(page, EIGHT);
    t.match(await page.innerText('h1'), /部分企业尚未授权/);
    const auditor = await signIn(browser, town.people, 'lin-auditor');
    await until(
      'the acts',
      async () => (await auditor.page.goto('/console/search?type=administration'), auditor.page.innerText('main')),
      (now) => /撤回报告授权[^]*授权查询报告/.test(now),
    );
    t.same(other.complaints, []);
  });
});
