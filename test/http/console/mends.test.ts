/**
 * One decision makes the rows of a cause good: an officer has the mend drafted, another approves it, the feed's file
 * says it, and the feed reads what it held back. In a real city, in a real browser.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import t from 'tap';
import { until } from '../../e2e/ask.js';
import { DATASET, seen } from './town.js';

t.setTimeout(300_000);

const FEED = `/console/feeds/${DATASET}`;
/** After pages were looked at in both languages. */
const zh = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}lang=zh`;

t.test('a broken code is mended by one decision of two people', async (t) => {
  const ready = await seen(t);
  if (ready === undefined) return;
  const { town, workspace, as } = ready;
  const file = join(workspace, 'connectors/feeds', `${DATASET.replace('.', '/')}.json`);
  const before = readFileSync(file, 'utf8');
  const chen = await as('chen-officer');
  const shen = await as('shen-officer');
  const { page } = chen;

  await page.goto(zh(FEED));
  const held = await page.locator('ul.rows > li').count();
  t.ok(held >= 2, `${held} rows are held back`);
  await page.click('.card table th a');
  const cause = page.url();
  t.match(await page.innerText('.mend .parts'), /增加代码对照：[^]*4530 →/, 'the rule in words');
  t.match(await page.innerText('.mend'), new RegExp(`${String(held)} 行将通过校验[^]*0 行仍不能通过`));
  t.same(await chen.inspect(`${new URL(cause).pathname}${new URL(cause).search}`, 'mend-cause'), []);

  await page.goto(zh(cause));
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click('form:has(input[value=xlsx]) button'),
  ]);
  const book = unzipSync(readFileSync(await download.path()));
  t.match(strFromU8(book['xl/worksheets/sheet1.xml'] ?? new Uint8Array()), /类型：取值不在代码表内[^]*4530/);

  // by one row, and thrown away
  await page.goto(cause);
  await page.locator('.cells tbody tr').first().locator('button').click();
  await page.waitForURL(/\/mends\/[0-9a-f]{16}/);
  t.match(await page.innerText('.state'), /待审批/);
  await page.click('form[action$="/withdraw"] button');
  t.match(await page.innerText('.state'), /已撤销/);

  // by another row, and refused by a colleague in a system of the department
  await page.goto(cause);
  await page.locator('.cells tbody tr').nth(1).locator('button').click();
  await page.waitForURL(/\/mends\/[0-9a-f]{16}/);
  const refused = new URL(page.url()).pathname;
  const officer = { id: 'shen-officer', name: '沈专员' };
  const system = await town.as('food-inspector');
  await system.actOnMend(DATASET, refused.slice(-16), { act: 'refuse', officer });
  await page.goto(zh(refused));
  t.match(await page.innerText('h1 + .state'), /已退回/);
  t.match(await page.innerText('main'), /提出\s+\S+ \S+ · 陈专员\s+退回\s+\S+ \S+ · 沈专员（经\S+）/);
  t.same(await chen.inspect(refused, 'mend-refused'), []);

  await page.goto(zh(cause));
  await page.click('.mend button');
  await page.waitForURL(/\/mends\/[0-9a-f]{16}/);
  const draft = new URL(page.url()).pathname;
  t.match(await page.innerText('h1 + .state'), /待审批/);
  t.match(await page.innerText('main'), new RegExp(`将通过校验并发布\\s+${String(held)}`), 'tried on all');
  t.match(await page.innerText('main'), /已发布的记录内容将改变\s+0/, 'and on what is published');
  t.equal(await page.locator('form[action$="/approve"]').count(), 0, 'not by whoever proposed it');
  t.same(await chen.inspect(draft, 'mend-draft'), []);
  t.equal(readFileSync(file, 'utf8'), before, 'a draft changes nothing');

  await page.goto(zh('/console/home'));
  t.equal(await page.locator('[data-room=mends]').count(), 0, 'what somebody proposed does not wait for them');
  await shen.page.goto(zh('/console/home'));
  t.match(
    await shen.page.locator('[data-room=mends]').innerText(),
    new RegExp(`待审批的映射修正 1\\s+\\S+：可使 ${String(held)} 行通过检查`),
    'it waits for a colleague',
  );
  await shen.page.locator('[data-room=mends] ul a').click();
  t.equal(new URL(shen.page.url()).pathname, draft);
  t.same(await shen.inspect(draft, 'mend-approve'), []);
  await shen.page.goto(zh(draft));
  await shen.page.click('form[action$="/approve"] button');
  t.match(await shen.page.innerText('h1 + .state'), /已生效/);
  t.match(readFileSync(file, 'utf8'), /"4530": "4530"/, 'the file says it');
  await until(
    'the rows that were held back',
    async () => {
      await page.goto(zh(FEED));
      return page.locator('ul.rows > li form[action$="/retry"]').count();
    },
    (count) => count === 0,
    120_000,
  );
  t.match(await page.innerText('main'), /读取的数据均已通过校验/);
  t.same(await chen.inspect(FEED, 'mend-feed'), []);

  await shen.page.goto(zh(draft));
  await shen.page.click('form[action$="/undo"] button');
  await shen.page.waitForURL((url) => url.pathname !== draft);
  t.match(await shen.page.innerText('main'), new RegExp(`将不再通过校验\\s+${String(held)}`), 'what undoing costs');
  t.match(await shen.page.innerText('.notice.warn'), /影响已发布的记录/);
  const undo = new URL(shen.page.url()).pathname;
  t.same(await shen.inspect(undo, 'mend-undo'), []);
  await page.goto(zh(undo));
  await page.click('form[action$="/approve"] button');
  t.match(await page.innerText('h1 + .state'), /已生效/);
  t.same(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(before), 'the mapping of before');
  await page.goto(zh(draft));
  t.match(await page.innerText('h1 + .state'), /已恢复原映射/);

  await until(
    'the run that put it back',
    async () => {
      await page.goto(zh(FEED));
      return page.locator('form[action$="/read"]').count();
    },
    (count) => count === 1,
    120_000,
  );
  t.match(await page.innerText('.readings'), /最近一次读取（\S+ \S+）：共 \d+ 行/);
  await page.click('form[action$="/read"] button');
  // the page looks for itself until it was read
  await page.waitForSelector('.readings:not([data-follow])', { timeout: 120_000 });
  t.match(await page.innerText('main'), /秒后可以再次要求|立即重新读取/);
  t.same(await chen.inspect(FEED, 'feed-read'), []);

  const auditor = await as('lin-auditor');
  await auditor.page.goto('/console/search?type=administration');
  const log = await auditor.page.innerText('main');
  for (const act of ['提出映射修正草案', '批准映射修正草案', '撤销映射修正草案', '要求立即重新读取来源'])
    t.match(log, act);
  t.same([...chen.complaints, ...shen.complaints], []);
});
