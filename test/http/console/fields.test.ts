/**
 * Forms and lists in a real browser: what is wrong stands beside its field before it is sent, whoever leaves with
 * something written is asked, and lists that are narrowed are looked at as every page is.
 */
import t from 'tap';
import { main, people } from './applications-walk.js';
import { officeWithBrowser } from './casework-town.js';

t.setTimeout(300_000);
const office = await officeWithBrowser(t);
const DEPUTIES = '/console/sharing/deputies';

t.test('what is wrong with a field is said beside it, and goes once it is right', async (t) => {
  if (office === undefined) return;
  const { page, complaints } = await office.as(people.yu);
  await page.goto(`${DEPUTIES}?lang=zh`);
  const said = async (name: string): Promise<string> =>
    (await page.locator(`.field:has([name="${name}"]) .fault`).allInnerTexts()).join('|');
  await page.locator('[name=reason]').fill('短');
  await page.locator('[name=reason]').press('Tab');
  t.equal(await said('reason'), '至少 4 个字，现有 1 个。', 'as soon as it is left');
  t.equal(await page.locator('[name=reason]').getAttribute('aria-invalid'), 'true');
  const described = (await page.locator('[name=reason]').getAttribute('aria-describedby')) ?? '';
  t.match(await page.locator(`[id="${described}"]`).innerText(), /至少 4 个字/, 'and is read out with it');
  await page.locator('[name=reason]').fill('赴外地培训');
  t.equal(await said('reason'), '', 'it is right now');
  t.equal(await page.locator('[name=reason]').getAttribute('aria-invalid'), null);
  t.equal(await said('name'), '', 'nothing is said of what nobody came to');

  await page.locator('form button', { hasText: '委托代行' }).click();
  t.equal(await said('name'), '请填写此项。', 'each that is missing');
  t.equal(await said('account'), '请填写此项。');
  t.equal(
    await page.evaluate<string>("document.activeElement.getAttribute('name')"),
    'name',
    'and the first of them has the focus',
  );
  await page.goto(`${DEPUTIES}?lang=en`);
  await page.locator('form button', { hasText: 'Hand over' }).click();
  t.equal(await said('name'), 'Fill this in.', 'in the language of the page');
  t.same(complaints, []);
});

t.test('whoever leaves with something written is asked; whoever sends it, or wrote nothing, is not', async (t) => {
  if (office === undefined) return;
  const { page } = await office.as(people.yu);
  const asked: string[] = [];
  let stays = true;
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void (stays ? dialog.dismiss() : dialog.accept());
  });
  await page.goto(`${DEPUTIES}?lang=zh`);
  await page.locator('[name=reason]').click();
  await page.locator('main a[href="/console/applications"]').first().click();
  await page.waitForURL('**/console/applications');
  t.same(asked, [], 'nothing was written');

  await page.goto(`${DEPUTIES}?lang=zh`);
  await page.locator('[name=reason]').click();
  await page.keyboard.type('赴外地培训');
  const leave = page.locator('main a[href="/console/applications"]').first();
  await leave.click({ noWaitAfter: true });
  await page.waitForTimeout(300);
  t.same(asked, ['beforeunload']);
  t.equal(await page.locator('[name=reason]').inputValue(), '赴外地培训', 'whoever stays has it still');

  await page.locator('[name=name]').fill('于科长');
  await page.locator('[name=account]').fill('yu');
  await page.locator('form button', { hasText: '委托代行' }).click();
  await page.waitForSelector('#faults');
  t.same(asked, ['beforeunload'], 'what is sent is not left');
  t.match(await main(page), /不能委托本人代行/);
  await page.locator('[name=reason]').click();
  await leave.click({ noWaitAfter: true });
  await page.waitForTimeout(300);
  t.same(asked, ['beforeunload', 'beforeunload'], 'what came back is not sent yet');
  stays = false;
  await leave.click();
  await page.waitForURL('**/console/applications');
});

t.test('lists that are narrowed are looked at, and keep what they are narrowed by', async (t) => {
  if (office === undefined) return;
  const gao = await office.as(people.gao);
  const law = encodeURIComponent('市场主体登记管理条例');
  t.same(
    [
      ...(await gao.inspect(`/console/grants?law=${law}`, 'grants-by-law')),
      ...(await gao.inspect('/console/sharing/records?term=in-force', 'records-in-force')),
      ...(await gao.inspect('/console/datasets?sharing=conditional', 'datasets-conditional')),
      ...(await gao.inspect('/console/applications/calendar?kind=grant', 'calendar-grants')),
    ],
    [],
  );
  const { page } = gao;
  await page.goto(`/console/grants?law=${law}&lang=zh`);
  t.match(
    await page.locator('p[role=status]').innerText(),
    /共 \d+ 项，符合条件 \d+ 项（法律依据：市场主体登记管理条例）/,
  );
  await page.locator('th a.sorts', { hasText: '期限' }).click();
  await page.waitForURL(/sort=term/);
  t.match(page.url(), /law=/, 'it stays narrowed');
  t.equal(await page.locator('select[name=law]').inputValue(), '市场主体登记管理条例');
  await page.locator('a', { hasText: '清除' }).click();
  await page.waitForURL((url) => !url.href.includes('law='));
  t.equal(await page.locator('th[aria-sort=ascending]').count(), 1, 'and sorted');
  await page.emulateMedia({ media: 'print' });
  t.ok(await page.locator('[data-made]').isVisible(), 'time and source are on paper');
  t.notOk(await page.locator('form.list-filters').isVisible());
  t.same(gao.complaints, []);
});
