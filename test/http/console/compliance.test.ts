/**
 * A compliance code from one phone to another, in a real browser: what the company shows, what the scanner asks, what
 * it gets, and what it does not.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import t from 'tap';
import { present } from '../../../contracts/present.js';
import { programForTest } from '../../documents/reports/documents.js';
import { ask, until } from '../../e2e/ask.js';
import { type City, city } from '../../e2e/city.js';
import { entries } from '../../e2e/command.js';
import { chromiumForTest, launch, signIn } from './browser.js';

// a code lives a minute, and one has to die here
t.setTimeout(280_000);

const PHONE = { width: 390, height: 844 };
const COMPANY = '91990102MA00001692';
const shots = process.env['YITONG_TEST_SCREENSHOTS'];

/** Nobody: a browser of its own, on a phone. */
async function stranger(
  browser: Browser,
  town: City,
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
  const context = await browser.newContext({
    baseURL: town.people,
    ignoreHTTPSErrors: true,
    viewport: PHONE,
    locale: 'zh-CN',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}
async function picture(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}
const form = async (page: Page, domain: string): Promise<void> => {
  await page.check(`input[name=report][value="${domain.slice(0, domain.indexOf('/'))}"]`);
  await page.check(`input[name=domain][value="${domain}"]`);
};
async function show(page: Page): Promise<string> {
  await page.goto('/console/compliance');
  await page.click('form[action="/console/compliance"] button');
  await page.waitForSelector('.showcode svg');
  return (await page.locator('.showcode details .mono').textContent()) ?? '';
}

void t.test(
  'a company shows its code, a stranger asks one thing, the company agrees, and the stranger sees that and ' +
    'nothing else',
  async (t) => {
    const chromium = chromiumForTest(t);
    if (chromium === undefined) return;
    const town = await city(t, { env: { YITONG_GATEWAY_WORKERS: '2' } });
    const browser = await launch(t, chromium);
    const company = await signIn(browser, town.people, 'he-company');
    await company.page.setViewportSize(PHONE);
    const scanner = await stranger(browser, town);

    const address = await show(company.page);
    t.match(address, new RegExp(`^${town.people}/compliance/[A-Za-z0-9_-]{43}$`));
    const left = Number(await company.page.textContent('[data-left]'));
    t.ok(left > 50 && left <= 60, `${String(left)} s are shown`);
    await until(
      'the countdown',
      async () => Number(await company.page.textContent('[data-left]')),
      (now) => now < left,
    );
    await picture(company.page, 'phone-created');

    await t.test('the QR is read from a picture of the phone', async (t) => {
      if (!programForTest(t, 'zbarimg', 'zbar-tools')) return;
      const file = join(t.testdir(), 'phone.png');
      await company.page.screenshot({ path: file });
      t.equal(execFileSync('zbarimg', ['--quiet', '--raw', file], { encoding: 'utf8' }).trim(), address);
    });

    const opened = await scanner.page.goto(address);
    t.match(opened?.headers(), {
      'referrer-policy': 'origin',
      'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
      'cache-control': 'no-store',
    });
    t.equal(await scanner.page.inputValue('input[name=code]'), address.slice(-43), 'the code is filled in');
    await scanner.page.click('form button[type=submit]');
    t.match(await scanner.page.innerText('main'), /至少选择一个领域/, 'a question about nothing is none');
    await form(scanner.page, 'food-safety/market-regulation');
    await picture(scanner.page, 'phone-form');
    await scanner.page.click('form button[type=submit]');
    await scanner.page.waitForURL('**/compliance/answer');
    const number = await scanner.page.innerText('.number');
    t.match(number, /^\d{4}$/);
    await picture(scanner.page, 'phone-waiting');

    // the company's page has noticed by itself
    await company.page.waitForSelector('.ask');
    const seen = await company.page.innerText('main');
    t.match(seen, /公开页面，身份不明[^]*市场监管，近 24 个月[^]*食品经营/);
    t.equal(await company.page.innerText('.number'), number, 'the same number on both');
    t.notMatch(await scanner.page.innerText('main'), new RegExp(COMPANY), 'before it agrees nobody learns who it is');
    await picture(company.page, 'phone-asked');

    const second = await stranger(browser, town);
    await second.page.goto(address);
    await form(second.page, 'credit/taxation');
    const [replayed] = await Promise.all([
      second.page.waitForResponse((answer) => answer.request().method() === 'POST'),
      second.page.click('form button[type=submit]'),
    ]);
    t.equal(replayed.status(), 409);
    t.match(
      await second.page.innerText('main'),
      /此码已用过/,
      'a picture of the code that is sent on is worth nothing once it was scanned',
    );
    await second.page.goto('/compliance/answer');
    t.match(await second.page.innerText('main'), /没有这个合规码/, 'nor is there an answer for whoever did not ask');

    await company.page.click('form[action$="/confirm"] button');
    await scanner.page.waitForSelector('[data-result]');
    const answer = await scanner.page.innerText('main');
    t.match(
      answer,
      new RegExp(`[\\u4e00-\\u9fff]{4,}\\s+${COMPANY}`),
      'the name to compare with the licence, and its key',
    );
    t.match(answer, /市场监管\s+(无记录|\d+ 条记录|至少 \d+ 条|未答复)/);
    t.same(
      await Promise.all(
        (await scanner.page.locator('[data-domain]').all()).map((row) => row.getAttribute('data-domain')),
      ),
      ['market-regulation'],
      'and nothing that was not asked',
    );
    await picture(scanner.page, 'phone-answer');
    await company.page.waitForSelector('.outcome.ok');
    await picture(company.page, 'phone-answered');
    const once = await scanner.page.goto('/compliance/answer');
    t.equal(once?.status(), 200);
    t.match(await scanner.page.innerText('main'), /答复已显示过一次/);
    t.equal(await scanner.page.locator('[data-result]').count(), 0);

    await t.test(
      'an inspector with a name is shown as such; the company refuses, and that is all that is learnt',
      async (t) => {
        const inspector = await signIn(browser, town.people, 'wu-inspector');
        const other = await show(company.page);
        await inspector.page.goto(other);
        await form(inspector.page, 'credit/taxation');
        await inspector.page.click('main form button[type=submit]');
        await company.page.waitForSelector('.ask');
        t.match(await company.page.innerText('main'), /税务局[^]*吴督查[^]*税务，近 24 个月/);
        await company.page.click('form[action$="/refuse"] button');
        await inspector.page.waitForSelector('.outcome.warn');
        t.match(await inspector.page.innerText('main'), /企业拒绝答复[^]*也不表示没有记录/);
        t.notMatch(await inspector.page.innerText('main'), new RegExp(COMPANY));
        t.same(inspector.complaints, []);
      },
    );

    await t.test('a system asks by its certificate', async (t) => {
      const code = (await show(company.page)).slice(-43);
      const bidding = (path: string, body?: object) =>
        ask(town.api, town.pki, 'bidding-centre', {
          method: body === undefined ? 'GET' : 'POST',
          path,
          ...present({ body }),
        });
      const question = { code, report: 'credit', domains: ['taxation', 'water'], months: 36 };
      t.match(await bidding('/v1/compliance/scans', { ...question, domains: ['no-such'] }), {
        status: 400,
        text: /bad_request/,
      });
      t.match(
        await bidding('/v1/compliance/scans', { ...question, code: 'A'.repeat(43) }),
        { status: 404, text: /code_unknown/ },
        'a guess',
      );
      const scan = await bidding('/v1/compliance/scans', question);
      t.equal(scan.status, 201, scan.text);
      const { ticket, number } = JSON.parse(scan.text) as { readonly ticket: string; readonly number: string };
      t.match(JSON.parse((await bidding(`/v1/compliance/scans/${ticket}`)).text), { state: 'waiting' });
      t.match(
        await ask(town.api, town.pki, 'food-inspector', { path: `/v1/compliance/scans/${ticket}` }),
        { status: 404, text: /code_unknown/ },
        'another client',
      );
      await company.page.waitForSelector('.ask');
      t.equal(await company.page.innerText('.number'), number);
      t.match(await company.page.innerText('main'), /经证书确认的系统[^]*近 36 个月/);
      await company.page.click('form[action$="/confirm"] button');
      const got = await until(
        'the answer',
        () => bidding(`/v1/compliance/scans/${ticket}`),
        ({ text }) => (JSON.parse(text) as { readonly state?: unknown }).state === 'answered',
      );
      t.match(JSON.parse(got.text), {
        state: 'answered',
        answer: {
          subject: `uscc:${COMPANY}`,
          domains: [
            { domain: 'taxation', state: /none|records/ },
            { domain: 'water', state: /none|records/ },
          ],
        },
      });
      t.match(await bidding(`/v1/compliance/scans/${ticket}`), { status: 409, text: /code_used/ });
      t.match(await bidding('/v1/compliance/scans', question), { status: 409, text: /code_used/ });
    });

    await t.test('without scripts, and for a camera', async (t) => {
      const bare = await (
        await browser.newContext({
          baseURL: town.people,
          ignoreHTTPSErrors: true,
          viewport: PHONE,
          locale: 'zh-CN',
          javaScriptEnabled: false,
        })
      ).newPage();
      await bare.goto(await show(company.page));
      await form(bare, 'credit/taxation');
      await bare.click('form button[type=submit]');
      await bare.waitForURL('**/compliance/answer');
      await company.page.waitForSelector('.ask');
      await company.page.click('form[action$="/confirm"] button');
      await bare.click('form[action="/compliance/answer"] button');
      t.match(await bare.innerText('main'), new RegExp(COMPANY), 'the page was asked for anew by itself');

      const seen = `https://other.example/compliance/${'x'.repeat(43)}`;
      const camera = await stranger(browser, town);
      await camera.page.goto('/compliance');
      t.equal(
        await camera.page.locator('[data-camera]').isVisible(),
        false,
        'where the browser cannot read codes no camera is offered',
      );
      // a browser that can, and a camera that shows a code
      await camera.page.addInitScript({
        content: `
      window.BarcodeDetector = class { async detect() { return [{ rawValue: ${JSON.stringify(seen)} }]; } };
      navigator.mediaDevices.getUserMedia = async () => { const canvas = document.createElement('canvas'); canvas.getContext('2d').fillRect(0, 0, 9, 9); return (window.stream = canvas.captureStream(10)); };`,
      });
      await camera.page.reload();
      await camera.page.click('[data-camera] button');
      await until(
        'the code',
        () => camera.page.inputValue('input[name=code]'),
        (value) => value === 'x'.repeat(43),
      );
      t.equal(
        await camera.page.evaluate<string>('stream.getTracks()[0].readyState'),
        'ended',
        'the camera is off again',
      );
      t.same(camera.complaints, []);
    });

    await t.test(
      'its pages are fit for a phone, a keyboard and the dark; a code that waited too long is refused',
      async (t) => {
        const late = await signIn(browser, town.people, 'he-company');
        const waiting = await show(late.page);
        t.same(await late.inspect('/console/compliance', 'code-created'), []);
        const asked = await signIn(browser, town.people, 'he-company');
        const current = await show(asked.page);
        await second.page.goto(current);
        await form(second.page, 'credit/taxation');
        await second.page.click('form button[type=submit]');
        await second.page.waitForURL('**/compliance/answer');
        // its page looks by itself and comes anew: not while it is led elsewhere
        await asked.page.waitForSelector('.ask');
        t.same(await asked.inspect('/console/compliance', 'code-asked'), []);
        const nothing = await signIn(browser, town.people, 'he-company');
        t.same(await nothing.inspect('/console/compliance', 'code-none'), []);
        t.same(await nothing.inspect('/compliance', 'code-ask'), []);
        await until(
          'the end of the code',
          async () => (await late.page.goto('/console/compliance'), late.page.innerText('main')),
          (text) => text.includes('The code has expired'),
          70_000,
        );
        await second.page.goto(waiting);
        await form(second.page, 'credit/taxation');
        await second.page.click('form button[type=submit]');
        t.match(await second.page.innerText('main'), /已过时限/);
        t.same([...late.complaints, ...asked.complaints, ...nothing.complaints], []);
      },
    );

    await t.test('whoever guesses codes is stopped', async (t) => {
      const guess = async (): Promise<number> =>
        (
          await second.page.request.post('/compliance', {
            form: { code: 'g'.repeat(43), report: 'credit', domain: 'credit/taxation', months: '24' },
            maxRedirects: 0,
          })
        ).status();
      const outcomes: number[] = [];
      for (let i = 0; i < 30 && outcomes.at(-1) !== 429; i++) outcomes.push(await guess());
      t.ok(outcomes.length <= 21, `after ${String(outcomes.length)} guesses`);
      t.same([...new Set(outcomes)], [404, 429]);
    });

    t.same(company.complaints, []);
    t.match(scanner.complaints, [/status of 400/], 'the question about nothing');
    t.equal(scanner.complaints.length, 1);
    const log = await until(
      'the entries',
      () =>
        entries<{ readonly step: string; readonly by: string; readonly report?: string }>(
          town.data,
          '--type',
          'compliance_code',
        ),
      (found) => found.filter(({ step }) => step === 'answered').length === 3,
    );
    t.match(
      log
        .filter(({ step }) => step === 'answered')
        .map(({ by, report }) => [by, report])
        .sort(),
      [
        ['bidding-centre', 'credit'],
        ['public page', 'credit'],
        ['public page', 'food-safety'],
      ],
    );
    t.notMatch(
      town.said(),
      new RegExp(`${COMPANY}|${address.slice(-43)}`),
      'no process said whose code it was, or the code',
    );
  },
);
