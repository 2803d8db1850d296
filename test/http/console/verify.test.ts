/**
 * A broker who was handed a report finds whether it is genuine and what has changed since, by its code and by its file,
 * in a real browser.
 */

import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import type { ReportBody } from '../../../gateway/client/index.js';
import { dayIn } from '../../../gateway/documents/compute/index.js';
import { pictures, programForTest, run, saved } from '../../documents/reports/documents.js';
import { until } from '../../e2e/ask.js';
import { city } from '../../e2e/city.js';
import { BUREAU, bureauCity, decide, penalty } from '../../e2e/penalties.js';
import { companies } from '../../e2e/stories.js';
import { freePort } from '../../support/servers/ports.js';
import { chromiumForTest, launch, signIn } from './browser.js';

// a city starts, and a browser draws some hundred pages
t.setTimeout(400_000);

/** Who signs in as him sees what is said of this company. */
const COMPANY = 'uscc:91990102MA00001692';
const NOBODYS = '7K3M-0000-0000-0000-0000-0000-0000';
const SECRETS = ['云州证券股份有限公司', '夜间超限运输', '行政处罚决定'];

/** The document as bytes, with the certificate of the client. */
function pdfOf(
  api: string,
  pki: string,
  { id, code }: { readonly id: string; readonly code: string },
): Promise<Buffer> {
  const read = (...names: string[]): Buffer => readFileSync(join(pki, ...names));
  const own = (name: string): Buffer => read('clients', 'credit-report-centre', name);
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(`/v1/reports/${id}`, api),
      {
        agent: false,
        ca: read('ca.pem'),
        cert: own('cert.pem'),
        key: own('key.pem'),
        headers: { accept: 'application/pdf', 'yitong-subject': COMPANY, 'yitong-code': code },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(Buffer.concat(chunks))
            : reject(new Error(`${String(response.statusCode)}: ${Buffer.concat(chunks).toString('utf8')}`)),
        );
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

async function type(page: Page, code: string): Promise<void> {
  await page.goto('/verify?lang=zh');
  await page.fill('input[name=code]', code);
  await page.click('form[action="/verify"] button[type=submit]');
  await page.waitForSelector('.outcome');
}
async function drop(page: Page, name: string, bytes: Buffer): Promise<string> {
  await page.evaluate("document.querySelector('[data-drop]').dataset.state = 'idle'");
  await page.setInputFiles('[data-drop] input[type=file]', { name, mimeType: 'application/pdf', buffer: bytes });
  return until(
    'the check of the file',
    async () => (await page.getAttribute('[data-drop]', 'data-state')) ?? '',
    (state) => !['idle', 'ready', 'checking'].includes(state),
  );
}

t.test('the pages on which documents are verified', async (t) => {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return;
  const port = await freePort();
  const town = await city(t, {
    workspace: bureauCity(t.testdir()),
    args: ['--port', String(port)],
    env: { YITONG_GATEWAY_WORKERS: '2', YITONG_PEOPLE_LOOKUPS_PER_MINUTE: '120' },
  });
  const [centre, bidding, bureau] = [
    await town.as('credit-report-centre'),
    await town.as('bidding-centre'),
    await town.as(BUREAU),
  ];
  const other = (await companies(town.data)).find((one) => one !== COMPANY) ?? '';
  await decide(bureau, [penalty(other, 1)], true);
  const body: ReportBody = {
    report: 'credit',
    as: COMPANY,
    subjects: [COMPANY],
    from: '2020-01-01',
    to: dayIn(Date.now()),
    purpose: 'listing',
    bearer: SECRETS[0] ?? '',
  };
  await until(
    'a report that every department answers',
    async () => (await centre.previewReport(body)).model,
    (model) => model?.sections.every(({ missing }) => missing.length === 0) === true,
  );
  const [report, another] = [
    await centre.issueReport(body),
    await centre.issueReport({ ...body, domains: ['taxation'] }),
  ];
  const [pdf, anotherPdf] = [await pdfOf(town.api, town.pki, report), await pdfOf(town.api, town.pki, another)];
  const browser = await launch(t, chromium);
  const broker = await signIn(browser, town.people);
  const { page, complaints, inspect } = broker;
  const sent: { readonly url: string; readonly bytes: number; readonly referer: string | undefined }[] = [];
  page.on('request', (one) =>
    sent.push({
      url: one.url().replace(/\/assets\/[0-9a-f]{16}\//, '/assets/'),
      bytes: one.postDataBuffer()?.length ?? 0,
      referer: one.headers()['referer'],
    }),
  );
  const name = report.model.subjects[0]?.name ?? '';

  await t.test(
    'the code, as it is typed, proves the document and tells whom it is about and nothing of what it says',
    async (t) => {
      await page.goto('/?lang=zh');
      await page.click('a[href="/verify"]');
      await page.fill('input[name=code]', report.code.toLowerCase().replaceAll('-', ' '));
      await page.click('form[action="/verify"] button[type=submit]');
      await page.waitForSelector('.outcome.ok');
      t.equal(page.url(), `${town.people}/verify`, 'a code that is typed stands in no address');
      const text = await page.innerText('main');
      t.match(
        text,
        new RegExp(
          `真实有效[^]*各部分与出具时一致[^]*${report.model.title.zh.slice(0, 6)}[^]*${name}[^]*9199\\*+1692[^]*申请上市[^]*${report.document}`,
        ),
      );
      t.notMatch(text, new RegExp([COMPANY.slice(5), ...SECRETS].join('|')));
      t.equal(await page.locator('details.raw tbody tr').count(), 41, 'the digest of each section');
      await page.click('button.lang');
      t.match(
        await page.innerText('main'),
        /Genuine[^]*every section stands as it was issued[^]*Listing|Genuine[^]*every section stands/i,
        'in the other language, without typing it again',
      );
      await page.click('button.lang');
      await page.click('form.again button.quiet');
      t.match(await page.innerText('.outcome'), /真实有效/);
      for (const path of ['/verify', `/verify/${report.code}`])
        t.same(await inspect(path, path === '/verify' ? 'verify-form' : 'verify-genuine'), []);
    },
  );

  await t.test(
    'the file is checked in the browser and stays there; a forged one and another document are told apart',
    async (t) => {
      await type(page, report.code);
      sent.length = 0;
      t.equal(await drop(page, 'report.pdf', pdf), 'proved');
      t.match(await page.innerText('[data-drop]'), /✓ 文件真实[^]*签名覆盖全文/);
      t.match(await page.innerText('[data-about]'), new RegExp(name));
      t.equal(await page.locator('[data-drop] [data-holds=true]').count(), 5);
      const forged = Buffer.from(pdf);
      const at = forged.indexOf('/Title');
      forged[at + 8] = (forged[at + 8] ?? 0) ^ 1;
      t.equal(await drop(page, 'forged.pdf', forged), 'failed');
      t.match(await page.innerText('[data-drop]'), /✗ 文件不可信：文件内容在签署之后被改动/, 'and why, in Chinese');
      t.equal(await drop(page, 'another.pdf', anotherPdf), 'other');
      t.match(await page.innerText('[data-drop]'), /不是此编码对应的文书/);
      t.equal(await drop(page, 'nothing.pdf', Buffer.from('no document')), 'failed');
      t.match(await page.innerText('[data-drop]'), /✗ 文件不可信：文件不完整、已被改写，或不是本平台出具的文书/);
      await page.goto('/verify');
      await page.waitForSelector('[data-drop][data-state=ready]');
      t.equal(await drop(page, 'another.pdf', anotherPdf), 'proved', 'without a code it is a genuine file');
      t.equal(await page.inputValue('input[name=code]'), another.code, 'and its code need not be typed');
      const most = Math.max(...sent.map(({ bytes }) => bytes));
      t.ok(most === 0, `no request carried a file; the largest had ${String(most)} bytes`);
      t.same(
        new Set(sent.map(({ url }) => new URL(url).pathname)),
        new Set([
          '/verify/ca.pem',
          '/verify',
          '/assets/yitong.css',
          '/assets/icon.svg',
          '/assets/drop.js',
          ...sent.map(({ url }) => new URL(url).pathname).filter((path) => /^\/assets\/[a-z-]+\.js$/.test(path)),
        ]),
      );
    },
  );

  await t.test('the QR code of the paper, as a printer prints it, opens the page', async (t) => {
    if (!programForTest(t, 'pdftoppm', 'poppler-utils') || !programForTest(t, 'zbarimg', 'zbar-tools')) return;
    const dir = join(t.testdir(), 'paper');
    const [first = ''] = pictures(dir, saved(dir, pdf));
    const link = run('zbarimg', '--quiet', '--raw', first).trim();
    t.equal(new URL(link).origin, town.people);
    sent.length = 0;
    const answer = await page.goto(link);
    t.match(await page.innerText('.outcome'), /真实有效|Genuine/);
    t.equal(answer?.headers()['referrer-policy'], 'no-referrer');
    t.match(answer?.headers(), { 'cache-control': 'no-store' });
    t.ok(
      sent.some(({ url }) => url.endsWith('/assets/drop.js')),
      'requests of the page are seen here',
    );
    await page.click('a.brand');
    t.strictSame(
      sent.filter(({ referer }) => referer?.includes('/verify') === true),
      [],
      'nobody is told of the address that names the code',
    );
  });

  await t.test('a new penalty is seen within five seconds of the bus having it, and not what it says', async (t) => {
    await type(page, report.code);
    await decide(bureau, [penalty(COMPANY, 2)]);
    const acknowledged = Date.now();
    await until(
      'the change',
      async () => (
        await page.click('form.again button.quiet'),
        await page.waitForSelector('.outcome'),
        page.getAttribute('.outcome', 'data-outcome')
      ),
      (outcome) => outcome === 'changed',
      5000,
    );
    t.ok(Date.now() - acknowledged < 5000, `${String(Date.now() - acknowledged)} ms`);
    await type(page, report.code);
    const text = await page.innerText('main');
    t.match(text, /出具之后有变化[^]*出具之后的变化[^]*交通运输[^]*新增 1 条记录/);
    t.notMatch(text, new RegExp(SECRETS.join('|')));
    t.same(await page.locator('main table').first().locator('tbody tr').count(), 1, 'only where something has changed');
    await page.click('button.lang');
    t.match(await page.innerText('main'), /changed since issue[^]*one new record/);
    await page.click('button.lang');
    await type(page, another.code);
    t.match(await page.innerText('.outcome'), /真实有效/, 'the other document says nothing of transport');
    t.same(await inspect(`/verify/${report.code}`, 'verify-changed'), []);
  });

  await t.test(
    'the company reads in its history what was issued, who verified it and what they were told',
    async (t) => {
      t.match((await bidding.verifyDocuments({ codes: [report.code] })).results, [{ outcome: 'changed' }]);
      const auditor = await signIn(browser, town.people, 'wu-inspector');
      await type(auditor.page, report.code);
      const company = await signIn(browser, town.people, 'he-company');
      await until(
        'the last verification',
        async () => (await company.page.goto('/console/history?lang=zh'), company.page.innerText('main')),
        (text) => text.includes('招标投标监管系统'),
      );
      const text = await company.page.innerText('main');
      t.match(text, /文书被核验[^]*核验方[^]*(?:税务局|招标投标监管系统)[^]*得知出具后有变化/);
      t.match(text, /核验方\s+国家税务总局云州市税务局/, 'of somebody who has signed in, the authority');
      t.match(text, /核验方\s+公开核验页/);
      t.match(text, /得知真实有效/);
      t.match(text, /为核验文书与 \d+ 个数据集比对，未提供记录/, 'and that what they were told was no record');
      t.notMatch(text, new RegExp(`${report.code}|public page`));
      await company.page.goto('/console/history?lang=en');
      t.match(await company.page.innerText('main'), /Document verified[^]*By[^]*was told that it has changed since/);
      t.same(await company.inspect('/console/history', 'history-documents'), []);
      let pages = '';
      for (let turn = 0; turn < 20 && !/Document issued|出具文书/.test(pages); turn++) {
        pages = await company.page.innerText('main');
        const older = company.page.locator('a[rel=next]');
        if ((await older.count()) === 0) break;
        await older.click();
      }
      t.match(await company.page.innerText('main'), /Document issued|出具文书/);
      t.same(company.complaints, []);
    },
  );

  await t.test('the numbers are those of the metrics', async (t) => {
    await page.goto('/');
    await page.click('a[href="/numbers"]');
    const tiles = async (): Promise<number[]> =>
      (await page.locator('.tile b').allInnerTexts()).map((one) => Number(one.replaceAll(',', '')));
    const metrics = await (await fetch(`${town.health}/metrics`)).text();
    const figure = (of: string): number =>
      Number(new RegExp(`^yitong_${of.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(metrics)?.[1]);
    const [genuine = 0, changed = 0, revoked = 0, unknown = 0] = ['genuine', 'changed', 'revoked', 'unknown'].map(
      (outcome) => figure(`documents_verified{outcome="${outcome}"}`),
    );
    t.ok(genuine > 5 && changed > 3);
    t.strictSame(await tiles(), [
      figure('reports_issued'),
      figure('certificates_replaced'),
      genuine + changed + revoked + unknown,
      changed,
      revoked,
      unknown,
    ]);
    t.strictSame([figure('reports_issued'), figure('certificates_replaced')], [2, 42], 'forty-one domains and one');
    t.same(await inspect('/numbers', 'numbers'), []);
    t.same(await inspect('/', 'start'), []);
  });

  await t.test('a code of nobody finds nothing, and who goes on guessing is stopped', async (t) => {
    t.same(complaints, []);
    await type(page, NOBODYS);
    t.match(await page.innerText('.outcome'), /查无此文书/);
    t.equal((await page.request.get(`/verify/${NOBODYS}`)).status(), 404);
    let status = 404;
    for (let turn = 0; turn < 400 && status === 404; turn++)
      status = (await page.request.get(`/verify/${NOBODYS.slice(0, -4)}${String(turn).padStart(4, '0')}`)).status();
    t.equal(status, 429);
    const answer = await page.goto(`/verify/${NOBODYS}`);
    t.equal(answer?.status(), 429);
    t.match(await page.innerText('main'), /过于频繁/);
    t.notMatch(await page.content(), new RegExp(NOBODYS));
    const person = await signIn(browser, town.people, 'lin-auditor');
    await type(person.page, report.code);
    t.match(await person.page.innerText('.outcome'), /有变化/, 'others are not kept from it');
  });

  const metrics = await (await fetch(`${town.health}/metrics`)).text();
  t.notMatch(
    town.said() + metrics,
    new RegExp([report.code, report.code.replaceAll('-', ''), another.code, NOBODYS, COMPANY.slice(5)].join('|'), 'i'),
    'no code and no company in what processes say and count',
  );
});
