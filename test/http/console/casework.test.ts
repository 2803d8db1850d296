/**
 * An officer's day in a real browser: the inbox with what is overdue in front, one case on one page, the decision, and
 * a colleague who comes too late.
 */
import type { Page } from 'playwright-core';
import t from 'tap';
import { applicantOf, named, officer } from '../../procedures/cases/office.js';
import { LU, officeWithBrowser, TANG, underway } from './casework-town.js';

t.setTimeout(240_000);

const DAY = 86_400_000;
const titles = (page: Page): Promise<readonly string[]> => page.locator('table.inbox tbody th a').allTextContents();
const main = (page: Page): Promise<string> => page.locator('main').innerText();

t.test('an officer finds what waits, decides it by keyboard, and a later colleague is told', async (t) => {
  const office = await officeWithBrowser(t);
  if (office === undefined) return;
  const { here, as } = office;
  const city = underway(t, here.dataDir);
  const restaurant = named('open-restaurant');
  const company = named('open-company');
  city.now = Date.now() - 90 * DAY;
  const old = await city.submitted(restaurant);
  city.now = Date.now();
  const fresh = await city.submitted(restaurant);
  const registration = await city.submitted(company, { seals: false, invoices: false, hires: false });

  const tang = await as(TANG);
  const { page } = tang;
  await page.goto('/console/casework?lang=zh');
  t.same(
    (await titles(page)).slice(0, 3),
    ['食品经营许可', '设立登记', '食品经营许可'],
    'what runs out first comes first',
  );
  t.match(await page.locator('tbody tr').first().innerText(), /逾期 \d+ 个工作日/);
  t.same(await tang.inspect('/console/casework', 'casework-inbox'), []);
  await page.goto('/console/casework?show=over&lang=zh');
  t.same(await titles(page), ['食品经营许可'], 'the overdue one alone');
  await page.goto('/console/casework?matter=open-company&lang=zh');
  t.same(await titles(page), ['设立登记'], 'one matter alone');

  await page.goto('/console/casework?lang=zh');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(old));
  const words = await main(page);
  t.match(words, /食品经营许可[\s\S]*来源[\s\S]*企业登记/, 'its own form with the register of each value');
  t.match(words, /材料清单[\s\S]*营业执照/);
  t.notMatch(words, /招牌宽度/, 'not the form of another department');
  t.same(await tang.inspect(`/console/casework/${old}`, 'casework-case'), []);

  const lu = await as(LU);
  await lu.page.goto(`/console/casework/${old}?lang=zh`);
  await page.goto(`/console/casework/${old}?lang=zh`);
  await page.keyboard.press('g');
  await page.keyboard.type('符合条件');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`${old}$`));
  t.match(await main(page), /已办结/);
  t.match(await main(page), /同意办理[\s\S]*唐经办/, 'with whom of the own authority it was');
  await lu.page.keyboard.press('r');
  await lu.page.locator('form[data-once] textarea:visible').fill('不符合');
  await lu.page.getByRole('button', { name: '作出不予办理决定' }).click();
  await lu.page.waitForSelector('#faults');
  t.match(await lu.page.locator('#faults').innerText(), /刚刚由其他人员办理/, 'who is later is told');
  t.match(await main(lu.page), /已办结/, 'and sees how it is');

  const acts = here.entries.filter(({ body }) => body['action'] === 'case_act' && body['target'] === old);
  t.match(acts.at(-1)?.body, { by: 'case-officer', detail: { act: 'grant', item: 'food-licence', authority: 'samr' } });
  t.notMatch(JSON.stringify(acts.map(({ body }) => body)), /唐经办|符合条件/, 'names nobody in clear');

  await page.goto(`/console/casework/${registration}?lang=zh`);
  await page.keyboard.press('g');
  await page.getByRole('button', { name: '同意办理' }).click();
  t.match(
    await page.evaluate<string>("document.activeElement.name ?? ''"),
    /issued/,
    'what the item issues is asked for before anything is sent',
  );
  await page.locator('[name="issued.company.uscc"]').fill('123');
  await page.getByRole('button', { name: '同意办理' }).click();
  await page.waitForSelector('#faults');
  t.match(await page.locator('#faults').innerText(), /统一社会信用代码/);
  t.same(
    await tang.inspect(`/console/casework/${registration}`, 'casework-issued', async (one) => {
      await one.locator('section.act summary').first().click();
    }),
    [],
  );

  await page.goto(`/console/casework/${fresh}?lang=zh`);
  await page.keyboard.press('s');
  await page.getByRole('button', { name: '告知申请人' }).click();
  await page.waitForSelector('#faults');
  await page.locator('input[name=fields]').first().check();
  await page.locator('[data-key=s] textarea').fill('请更正');
  await page.getByRole('button', { name: '告知申请人' }).click();
  await page.waitForURL(new RegExp(`${fresh}$`));
  t.match(await main(page), /待申请人补正/);
  await page.goto('/console/casework?show=asked&lang=zh');
  t.same(await titles(page), ['食品经营许可']);
  const asked = await city.cases.get(fresh, { actor: officer('samr'), record: city.record });
  t.equal(asked.contents?.items['food-licence']?.asked?.fields.length, 1, 'the field that was chosen');
  t.equal(asked.history?.at(-1)?.officer, TANG.name);
  const mine = await city.cases.get(fresh, { actor: applicantOf(restaurant), record: city.record });
  t.notMatch(JSON.stringify(mine), /唐经办/, 'who applies is told of the authority alone');
  t.same([...tang.complaints, ...lu.complaints], []);
});
