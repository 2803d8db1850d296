/** Each role does its work on the pages of a real city, in a real browser; and no page breaks its own policy, its width or its contrast. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { Evidence } from '../../gateway/audit/search/evidence.js';
import { checkExport } from '../../gateway/audit/search/export.js';
import { parseVkey } from '../../gateway/audit/log/note.js';
import { packageRoot } from '../../gateway/cli/places.js';
import { GatewayError } from '../../gateway/client/index.js';
import { until } from '../e2e/ask.js';
import { city, cli } from '../e2e/city.js';
import { query } from '../e2e/suite.js';
import { chromiumForTest, launch, signIn, type Desk } from './browser.js';

// a city starts, and a browser draws some two hundred pages
t.setTimeout(180_000);

type Json = Readonly<Record<string, unknown>>;
const SUBJECT = 'uscc:91990102MA00001692';
const FEED = 'connectors/feeds/samr/business-licence.json';
const DATASET = 'samr.business-licence';
const GRANT = 'counter-company-register';
const question = { purpose: 'open-restaurant', subject: SUBJECT, datasets: [{ id: 'samr.company-register' }] };

t.test('the console of a city', async (t) => {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return;
  const workspace = join(t.testdir(), 'yunzhou');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const read = (path: string): Json => JSON.parse(readFileSync(path, 'utf8')) as Json;
  const put = (path: string, content: object): void => {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), JSON.stringify(content));
  };
  put('yitong.json', { ...read(join(workspace, 'yitong.json')), synthetic: read(join(packageRoot(), 'yitong.json'))['synthetic'] });
  // a mapping that does not know how partnerships are registered
  const feed = read(join(packageRoot(), FEED)) as { readonly mapping: { readonly fields: Json } };
  const knowing = (...codes: string[]): object => ({
    ...feed, mapping: { ...feed.mapping, fields: { ...feed.mapping.fields, type: { from: 'type', steps: [{ codes: Object.fromEntries(codes.map((code) => [code, code])) }] } } },
  });
  put(FEED, knowing('1130', '1219', '2100'));
  const town = await city(t, { workspace, env: { YITONG_GATEWAY_WORKERS: '2' } });
  const browser = await launch(t, chromium);
  const as = (person: string): Promise<Desk> => signIn(browser, town.people, person);

  await query(town, 'one-stop-counter', question);
  await query(town, 'food-inspector', { purpose: 'food-supervision', subject: SUBJECT, datasets: [{ id: 'samr.food-licence' }] });
  await query(town, 'company-life-service', { purpose: 'change-company', subject: SUBJECT, datasets: [{ id: 'tax.tax-registration' }] });

  await t.test('an auditor finds an entry, and the browser proves it', async (t) => {
    const { page, complaints, inspect } = await as('lin-auditor');
    await page.goto('/console/search');
    await page.fill('input[name=subject]', SUBJECT);
    await page.click('form.filters button[type=submit]');
    t.notMatch(page.url(), /91990102MA00001692/, 'no address names a subject');
    await until('the entry', async () => (await page.reload(), page.locator('tbody tr').count()), (rows) => rows === 3);
    await page.click('tbody tr:last-child a');
    const entry = new URL(page.url()).pathname;
    await until('the proof', async () => (await page.getAttribute('[data-proof]', 'data-state')) ?? '', (state) => {
      if (state === 'not-yet') void page.click('[data-prove]').catch(() => undefined);
      return state === 'proved';
    });
    t.same(await page.locator('[data-holds=true]').count(), 3);
    for (const [path, name] of [['/console/overview', 'overview'], ['/console/search', 'search'], [entry, 'entry'], ['/console/log', 'log']] as const) t.same(await inspect(path, name), []);
    t.same(complaints, []);
  });

  await t.test('a company reads its history, without what it may not know yet, and complains; the auditor sees it', async (t) => {
    const { page, complaints, inspect } = await as('he-company');
    await page.goto('/console/history');
    const text = await page.innerText('main');
    t.match(text, /企业变更与注销服务系统[^]*开办餐饮店一件事/);
    t.notMatch(text, /食品安全监督检查/, 'an inspection of which notice is given thirty days later');
    const last = page.locator('.timeline > li').last();
    await last.locator('summary').click();
    await last.locator('textarea').fill('本企业没有申请开办餐饮店');
    await last.locator('form button').click();
    t.match(await page.innerText('main'), /投诉已记入日志[^]*本企业没有申请开办餐饮店/);
    await until('the complaint', async () => (await page.goto('/console/history'), page.innerText('main')), (now) => now.includes('本企业没有申请开办餐饮店'));
    t.same(await inspect('/console/history', 'history'), []);
    t.same(complaints, []);
    const auditor = await as('lin-auditor');
    await auditor.page.goto('/console/complaints');
    t.match(await auditor.page.innerText('main'), /本企业没有申请开办餐饮店/);
    await auditor.page.click('.timeline h2 a');
    t.match(await auditor.page.innerText('main'), /one-stop-counter/);
    t.same(await auditor.inspect('/console/complaints', 'complaints'), []);
    t.same(auditor.complaints, []);
  });

  await t.test('a data officer sees what was held back, and has a row tried again once the mapping is mended', async (t) => {
    const { page, complaints, inspect } = await as('chen-officer');
    await page.goto('/console/feeds');
    await page.click(`a[href="/console/feeds/${DATASET}"]`);
    const rows = page.locator('ul.rows > li');
    const before = await rows.count();
    t.ok(before >= 2, `${before} rows are held back`);
    t.match(await rows.first().innerText(), /not_in_codelist[^]*type/);
    await rows.first().locator('form[action$="/content"] button').click();
    t.match(await page.innerText('.content pre'), /4530/);
    await page.goto(`/console/feeds/${DATASET}`);
    await rows.first().locator('form[action$="/retry"] button').click();
    t.match(await page.innerText('[role=status]'), /not_in_codelist/, 'nothing is mended yet');
    t.same([...(await inspect('/console/feeds', 'feeds')), ...(await inspect(`/console/feeds/${DATASET}`, 'feed'))], []);
    put(FEED, knowing('1130', '1219', '2100', '4530'));
    await page.goto(`/console/feeds/${DATASET}`);
    await rows.first().locator('form[action$="/retry"] button').click();
    t.match(await page.innerText('[role=status]'), /1 published|发布 1/);
    t.equal(await rows.count(), before - 1);
    await page.click('.head.below button');
    t.equal(await rows.count(), 0);
    const other = await page.request.get('/console/feeds/tax.tax-arrears');
    t.equal(other.status(), 404, 'another authority’s feed does not exist');
    t.same(complaints, []);
  });

  await t.test('the sharing authority suspends a grant, and within five seconds nobody gets anything by it', async (t) => {
    const { page, complaints, inspect } = await as('gao-sharing');
    t.same([...(await inspect('/console/grants', 'grants')), ...(await inspect(`/console/grants/${GRANT}`, 'grant'))], []);
    await page.goto(`/console/grants?q=${GRANT}`);
    await page.click('tbody a');
    await page.fill('input[name=reason]', '超出用途，暂停核查');
    await page.click('form[action$="/suspend"] button');
    const reasons = async (): Promise<unknown> => {
      const asked: unknown[] = [];
      // each worker
      for (let i = 0; i < 4; i++) asked.push(await query(town, 'one-stop-counter', question).then(() => 'released', (error: unknown) => (error instanceof GatewayError ? error.code : error)));
      return asked.join();
    };
    await until('the suspension', reasons, (seen) => seen === 'denied,denied,denied,denied', 5000);
    await until('the page', async () => (await page.reload(), page.innerText('[role=status]')), (text) => /已生效|in force\)/.test(text));
    t.same(await inspect(`/console/grants/${GRANT}`, 'grant-suspended'), []);
    await page.goto(`/console/grants/${GRANT}`);
    await page.fill('input[name=reason]', '核查完毕');
    await page.click('form[action$="/resume"] button');
    await until('the end of the suspension', reasons, (seen) => seen === 'released,released,released,released', 5000);
    t.same(complaints, []);
  });

  await t.test('an inspector exports who saw the department’s data, and the file proves itself', async (t) => {
    const { page, complaints, inspect } = await as('wu-inspector');
    await page.goto('/console/search');
    t.equal(await page.locator('tbody tr').count(), 1);
    t.same(await inspect('/console/search', 'inspector'), []);
    await page.goto('/console/search');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('form[action="/console/export"] button')]);
    const lines = readFileSync(await download.path(), 'utf8').trimEnd().split('\n').map((line): Evidence => {
      const value = JSON.parse(line) as Evidence & { readonly body: object };
      return { ...value, text: JSON.stringify(value.body) };
    });
    const verifier = parseVkey((await (await page.request.get('/log/vkey')).text()).trim());
    t.same(checkExport(lines, verifier.name, [verifier]), { proved: 1, erased: 0, unproved: 0 });
    t.equal((await page.request.get('/console/complaints')).status(), 403, 'role_missing');
    t.same(complaints, []);
  });

  await t.test('what everybody sees is as well kept', async (t) => {
    const { inspect, complaints } = await as('he-company');
    t.same(await inspect('/', 'home'), []);
    t.same(complaints, []);
  });
});
