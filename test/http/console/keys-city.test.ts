/**
 * A developer's client in the development city, from no key to an answer by the four commands of the page as they stand
 * there, in a shell; and out again, once its certificate is revoked.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { until } from '../../e2e/ask.js';
import { city } from '../../e2e/city.js';
import { makeKey } from '../../operate/pki/requests.js';
import { latinIn, TEXTS } from './latin.js';
import { seen } from './town.js';

t.setTimeout(400_000);

const DEVELOPER = 'jiang-developer';
const PATH = '/console/developer/keys';
const run = promisify(execFile);

const ready = await seen(t);
if (ready === undefined) t.end();
else {
  const { town, workspace, as } = ready;
  const folder = mkdtempSync(join(tmpdir(), 'yitong-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const shell = async (...lines: readonly string[]): Promise<string> =>
    (await run('sh', ['-c', lines.join('\n')], { cwd: folder, encoding: 'utf8' })).stdout;

  t.test('from no key to an answer, by what the page says', async (t) => {
    const { page, complaints } = await as(DEVELOPER);
    await page.goto('/console/developer?lang=zh');
    const began = Date.now();
    await page.click(`a[href="${PATH}"]`);
    const command = async (id: string): Promise<string> => (await page.textContent(`#${id}`)) ?? '';
    await shell(await command('make'));
    await page.setInputFiles('input[type=file]', join(folder, 'request.pem'));
    await page.click('button:has-text("签发证书")');
    await page.waitForSelector('#made');
    for (const [link, name] of [
      [`#made a[href^="${PATH}/"]`, 'cert.pem'],
      ['#made a[href="/verify/ca.pem"]', 'ca.pem'],
    ] as const) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(link)]);
      t.equal(download.suggestedFilename(), name);
      await download.saveAs(join(folder, name));
    }
    t.match(JSON.parse(await shell(await command('connect'))), { id: String, items: [] }, 'the connection stands');
    const ask = [(await command('connect')).split('\n')[0] ?? '', await command('ask')];
    const answer = JSON.parse(await shell(...ask)) as { datasets: { status: string }[]; receipt: object };
    t.ok(answer.datasets.length > 0 && answer.datasets.every(({ status }) => status === 'current'));
    t.ok(answer.receipt, 'on record, with its receipt');
    t.comment(`from no key to an answer: ${((Date.now() - began) / 1000).toFixed(1)} s, no field typed`);
    t.same(latinIn(await page.evaluate<string>(TEXTS)), []);

    const row = 'tr[data-state="in_force"]';
    t.match(await page.innerText(row), /一网通办受理系统[^]*剩 30 天/);
    await page.click(`${row} summary`);
    await page.click(`${row} button.danger`);
    await page.waitForSelector('tr[data-state="revoked"]');
    await until(
      'the gateway refuses it',
      () => shell(...ask),
      (said) => said.includes('certificate_revoked'),
    );
    t.same(complaints, []);
    for (const name of ['cert.pem', 'key.pem']) copyFileSync(join(folder, name), join(folder, `revoked-${name}`));
  });

  t.test('a private key is held back in the browser, pasted or as a file', async (t) => {
    const { page } = await as(DEVELOPER);
    const key = String(makeKey('prime256v1').export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(join(folder, 'wrong.pem'), key);
    await page.goto(`${PATH}?lang=zh`);
    await page.fill('textarea[name="request"]', key);
    await page.waitForSelector('[data-told]:not([hidden])');
    t.equal(await page.inputValue('textarea[name="request"]'), '');
    await page.fill('textarea[name="request"]', 'x');
    await page.waitForSelector('[data-told][hidden]', { state: 'attached' });
    await page.setInputFiles('input[type=file]', join(folder, 'wrong.pem'));
    await page.waitForSelector('[data-told]:not([hidden])');
    t.equal(await page.evaluate('document.querySelector("input[type=file]").files.length'), 0);
    // what is no request at all is told beside its field, and comes back
    await page.click('button:has-text("签发证书")');
    await page.waitForSelector('.faults');
    t.match(await page.innerText('.field.wrong'), /不是证书签名请求/);
    t.equal(await page.inputValue('textarea[name="request"]'), 'x');
  });

  t.test('the page in both languages and widths, by keyboard, with axe', async (t) => {
    const desk = await as(DEVELOPER);
    await desk.page.goto(`${PATH}?lang=zh`);
    await shell((await desk.page.textContent('#make')) ?? '');
    await desk.page.fill('textarea[name="request"]', readFileSync(join(folder, 'request.pem'), 'utf8'));
    await desk.page.click('button:has-text("签发证书")');
    await desk.page.waitForSelector('#made');
    const made = new URL(desk.page.url()).searchParams.get('made') ?? '';
    const given = await desk.page.evaluate<string>(`fetch('${PATH}/${made}').then((one) => one.text())`);
    writeFileSync(join(folder, 'cert.pem'), given);
    t.same(await desk.inspect(PATH, 'developer-keys'), []);
    t.same(await desk.inspect(`${PATH}?made=${made}`, 'developer-keys-made'), []);
  });

  t.test('each act is in the log, under its name', async () => {
    const { page } = await as('lin-auditor');
    for (const [action, name] of [
      ['certificate_issued', '签发应用证书'],
      ['certificate_revoked', '吊销应用证书'],
    ] as const)
      await until(
        name,
        async () => {
          await page.goto(`/console/search?lang=zh&action=${action}`);
          return (await page.locator('tbody').allInnerTexts()).join('\n');
        },
        (text) => text.includes(name),
      );
  });

  t.test('after a restart the one is let in and the other is not', async (test) => {
    await town.stop();
    const again = await city(t, { workspace, data: town.data });
    const asked = (kind: string): Promise<string> =>
      shell(
        `curl -s --cacert ca.pem --cert ${kind}cert.pem --key ${kind}key.pem ` +
          `${again.api}/v1/catalogue/samr.company-register`,
      );
    test.match(JSON.parse(await asked('')), { id: 'samr.company-register' });
    test.match(JSON.parse(await asked('revoked-')), { code: 'certificate_revoked' });
  });
}
