/**
 * The day of an auditor in a city that runs: a question is saved, something new fits, and that waits on the first page,
 * beside the name on every page, and in an e-mail that says nothing of it. Every page that is new is looked at.
 */
import t from 'tap';
import { until } from '../../e2e/ask.js';
import { query } from '../../e2e/suite.js';
import { MailServer } from '../notices/mail-server.js';
import { question, seen } from './town.js';

t.setTimeout(400_000);

t.test('a saved question tells of what is new, in the console and by e-mail', async (t) => {
  const server = await new MailServer().open(t);
  const here = await seen(t, {
    YITONG_NOTICES_EVERY_SECONDS: '1',
    YITONG_NOTICES_SMTP_HOST: 'localhost',
    YITONG_NOTICES_SMTP_PORT: String(server.port),
    YITONG_NOTICES_SMTP_CA_FILE: server.ca,
    YITONG_NOTICES_MAIL_FROM: 'yitong@city.example',
  });
  if (here === undefined) return;
  const { town, as } = here;
  const desk = await as('lin-auditor');
  const { page, complaints } = desk;
  const main = (): Promise<string> => page.locator('#main').innerText();

  await page.goto('/console?lang=zh');
  t.match(page.url(), /\/console\/home$/, 'the day begins here');
  t.match(await main(), /没有待办事项|项待办/);

  await page.goto('/console/search?client=one-stop-counter&lang=zh');
  await page.getByText('保存此检索').click();
  await page.getByLabel('名称（不保存时间范围）').fill('窗口查询王建国');
  await page.getByLabel('有新记录时提醒我').check();
  await page.getByRole('button', { name: '保存', exact: true }).click();
  await page.getByRole('link', { name: '窗口查询王建国' }).waitFor();

  await page.goto('/console/notices/settings');
  await page.getByLabel('邮箱（留空则不再接收）').fill('lin@city.example');
  await page.getByRole('button', { name: '保存地址' }).click();
  const [code] = await until(
    'the code',
    async () => server.received,
    (all) => all.length > 0,
  );
  await page.getByLabel('确认码（8 位数字）').fill(/\d{8}/.exec(code?.text ?? '')?.[0] ?? '');
  await page.getByRole('button', { name: '确认', exact: true }).click();
  await page.getByText('已确认。').waitFor();
  await page.getByLabel('已存检索有新记录：邮件').check({ force: true });
  await page.getByRole('button', { name: '保存', exact: true }).click();
  await page.getByText('设置已保存').waitFor();

  await query(town, 'one-stop-counter', question);
  const told = await until(
    'the e-mail',
    async () => server.received,
    (all) => all.length > 1,
  );
  const mail = told[1];
  t.match(mail, { to: 'lin@city.example', text: /已存检索有新记录：新待办/ });
  t.notMatch(`${mail?.subject ?? ''}${mail?.text ?? ''}`, /王建国|窗口|one-stop|uscc/);
  await page.goto('/console/home');
  t.match(await main(), /窗口查询王建国：新增 1 条/);
  t.match(await page.locator('.bell').innerText(), /提醒\s*\d+/);

  for (const [path, name] of [
    ['/console/home', 'home'],
    ['/console/notices', 'notices'],
    ['/console/notices/settings', 'notices-settings'],
    ['/console/trends', 'trends'],
    ['/console/search?client=one-stop-counter', 'search-saved'],
  ] as const)
    t.same(await desk.inspect(path, name), [], name);

  const link = /\/console\/notices\/[0-9a-f]{16}/.exec(mail?.text ?? '')?.[0] ?? '';
  await page.goto(link);
  t.match(page.url(), /\/console\/search\?client=one-stop-counter/, 'the notice leads to the question, asked again');
  await page.goto('/console/home?lang=zh');
  t.notMatch(await main(), /窗口查询王建国：新增/, 'and it waits no longer');
  await page.goto('/console/notices');
  t.match(await main(), /已存检索有新记录：新待办/);

  const officer = await as('chen-officer');
  await officer.page.goto('/console?lang=zh');
  t.match(await officer.page.locator('#main').innerText(), /本单位数据源\s*\d/);
  t.same(await officer.inspect('/console/home', 'home-officer'), []);
  t.same([...complaints, ...officer.complaints], []);
});
