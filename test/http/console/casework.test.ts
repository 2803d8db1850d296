/**
 * An officer's day in a real browser: the inbox with what is overdue in front, one case on one page, the decision, and
 * a colleague who comes too late.
 */
import type { Page } from 'playwright-core';
import t from 'tap';
import { applicantOf, named, officer } from '../../procedures/cases/office.js';
import { LU, officeWithBrowser, TANG, type Underway, underway, XU } from './casework-town.js';

t.setTimeout(240_000);
const office = await officeWithBrowser(t);

const DAY = 86_400_000;
const titles = (page: Page): Promise<readonly string[]> => page.locator('table.inbox tbody th a').allTextContents();
const main = (page: Page): Promise<string> => page.locator('main').innerText();

t.test('an officer finds what waits, decides it by keyboard, and a later colleague is told', async (t) => {
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
  const headOf = (words: string) => page.locator('table.inbox thead a', { hasText: words });
  await headOf('剩余工作日').click();
  await headOf('剩余工作日').click();
  const last = page.locator('table.inbox tbody tr').last();
  t.match(await last.innerText(), /逾期 \d+ 个工作日/, 'turned round, what is over longest comes last');
  await page.goto('/console/casework?lang=zh');
  t.match(await last.innerText(), /逾期 \d+ 个工作日/, 'remembered');
  await headOf('剩余工作日').click();
  await page.goto('/console/casework?show=closed&lang=zh');
  t.match(await main(page), /没有办件/);

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

/** Decided by all of its departments after so many days, collected, and rated. */
async function decided(city: Underway, days: number, grade?: 1 | 2 | 3 | 4 | 5): Promise<string> {
  const restaurant = named('open-restaurant');
  const id = await city.submitted(restaurant);
  city.now += days * DAY;
  for (const [authority, item] of [
    ['samr', 'food-licence'],
    ['urban-management', 'shop-sign'],
    ['fire', 'fire-check'],
  ] as const)
    await city.cases.act(id, { act: 'grant', item }, { actor: officer(authority), record: city.record });
  const applicant = { actor: applicantOf(restaurant), record: city.record };
  await city.cases.act(id, { act: 'step', step: 'collect', port: 'collect' }, applicant);
  if (grade !== undefined) await city.cases.act(id, { act: 'rate', grade }, applicant);
  return id;
}

t.test('a manager sees days used, where cases wait and how they were rated, and answers a low rating', async (t) => {
  if (office === undefined) return;
  const { here, as } = office;
  const city = underway(t, here.dataDir);
  const grades = [5, 5, 5, 4, 4, 3, 5, 5, 4, 5] as const;
  for (const [at, grade] of grades.entries()) {
    city.now = Date.now() - 20 * DAY;
    await decided(city, at, grade);
  }
  city.now = Date.now() - 2 * DAY;
  const low = await decided(city, 1);
  const applicant = {
    id: 'test|feng',
    name: '冯经理',
    roles: ['subject'],
    subjects: ['uscc:91990105MA0000193X'],
  } as const;
  const mine = await as(applicant);
  await mine.page.goto(`/console/matters/${low}?lang=zh`);
  t.same(await mine.inspect(`/console/matters/${low}`, 'rating-form'), []);
  await mine.page.goto(`/console/matters/${low}?lang=zh`);
  await mine.page.getByLabel('不满意', { exact: true }).check();
  await mine.page.locator('#rate textarea').fill('窗口三次电话都无人接听');
  await mine.page.getByRole('button', { name: '提交评价' }).click();
  await mine.page.waitForURL(new RegExp(`${low}$`));
  t.match(await main(mine.page), /您的评价：\s*不满意[\s\S]*前核实并回复/);
  t.notOk(await mine.page.getByRole('button', { name: '提交评价' }).isVisible(), 'once');
  const rated = here.entries.filter(({ body }) => body['target'] === low).at(-1);
  t.match(rated?.body, { action: 'case_act', detail: { act: 'rate', grade: 2 } });
  t.notMatch(JSON.stringify(rated?.body), /电话/, 'no words of it in clear');
  const xu = await as(XU);
  const { page } = xu;
  await page.goto('/console/case-figures?lang=zh');
  const words = await main(page);
  t.match(words, /开办餐饮店[\s\S]*\d+ \/ \d+ 天/, 'days used by matter');
  t.match(words, /办理堵点[\s\S]*消防救援支队/, 'departments of what one leads');
  t.match(words, /90\.9%/, 'ten of eleven are satisfied');
  t.notMatch(words, /电话/, 'no words of anybody');
  t.same(await xu.inspect('/console/case-figures', 'case-figures'), []);
  t.equal((await page.goto('/console/casework'))?.status(), 403, 'the inbox is for officers');
  await page.goto('/console/case-figures?lang=zh');
  await page.locator(`a[href$="${low}"]`).click();
  t.match(await main(page), /不满意[\s\S]*窗口三次电话都无人接听/);
  t.notMatch(await main(page), /作出决定/, 'a manager decides nothing');
  t.same(await xu.inspect(`/console/casework/${low}`, 'case-rated'), []);
  await page.goto(`/console/casework/${low}?lang=zh`);
  await page.keyboard.press('a');
  await page.keyboard.type('已核实，已增加值守人员并致歉');
  await page.getByRole('button', { name: '回复申请人' }).click();
  await page.waitForURL(new RegExp(`${low}$`));
  t.match(await main(page), /已回复[\s\S]*已增加值守人员/);
  await page.goto('/console/case-figures?lang=zh');
  t.notMatch(await main(page), /待核实回复的差评/);
  await mine.page.reload();
  t.match(await main(mine.page), /部门回复：\s*已核实，已增加值守人员/, 'who applied reads the answer');
  t.equal(
    (await city.cases.messages({ actor: applicantOf(named('open-restaurant')), record: city.record }))[0]?.act,
    'answer',
  );

  const nobody = await here.visit({ path: '/ratings?lang=zh', headers: { accept: 'text/html' } });
  t.equal(Number(nobody.status), 200);
  t.match(nobody.text, /开办餐饮店/, 'eleven are shown to everybody');
  t.notMatch(nobody.text, /企业开办|电话|值守/, 'fewer than ten are not, and no words are');
  t.same(await xu.inspect('/ratings', 'ratings'), []);
  const fire = { id: 'test|ye', name: '叶主任', roles: ['case-manager'], authority: 'fire' } as const;
  const other = await here.visit({ path: '/console/case-figures?lang=zh', headers: { accept: 'text/html' } }, fire);
  t.match(other.text, /消防救援支队/);
  t.notMatch(other.text, /市场监督管理局/, 'who does not lead sees the own part alone');
  t.notMatch(
    (await here.visit({ path: `/console/casework/${low}?lang=zh`, headers: { accept: 'text/html' } }, fire)).text,
    /三次电话|值守/,
    'and no words of the rating',
  );
  t.same(
    [...xu.complaints, ...mine.complaints].filter((one) => !one.includes('403')),
    [],
  );
});
