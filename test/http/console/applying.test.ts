/**
 * Matters of several departments, each done as one by whoever applies, in a browser: every bundle of the reference city
 * on its good path, one refusal each with what is left standing, one supplement each; in Chinese no code, id or English
 * word on any of the pages.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { bundles, named } from '../../procedures/cases/office.js';
import { type ApplyingCity, applyingCity, PERSON, words } from './applying-city.js';
import { ask, begin, decide, doSteps, fillIn, type Instead, linesOf, submit, upload } from './applying-walk.js';
import type { Desk } from './browser.js';
import { latinIn, TEXTS } from './latin.js';

t.setTimeout(560_000);

/** A company that nothing stands in the way of, and that has a title. */
const COMPANY = 'uscc:91990101MA000011PR';
const TITLE = '云（2004）北塔区不动产权第0000043号';
const INSTEAD: Instead = { 'title.number': TITLE };

/** What is refused, and what is left then. */
const REFUSALS: Readonly<Record<string, readonly [item: string, left: Readonly<Record<string, string>>]>> = {
  'open-restaurant': ['food-licence', { 'food-licence': 'refused', 'shop-sign': 'granted', 'fire-check': 'granted' }],
  'open-transport': [
    'goods-permit',
    { 'scope-change': 'granted', 'goods-permit': 'refused', 'vehicle-certificates': 'dropped' },
  ],
  'change-company': ['seal', { registration: 'granted', seal: 'refused', tax: 'granted' }],
  'deregister-company': ['tax', { tax: 'refused', insurance: 'dropped', registration: 'dropped' }],
  'open-company': ['tax', { registration: 'granted', seal: 'granted', tax: 'refused', insurance: 'granted' }],
  'transfer-real-estate': ['taxes', { contract: 'undone', taxes: 'refused', registration: 'dropped' }],
};

const shots = process.env['YITONG_TEST_SCREENSHOTS'];

/** Looks at the page as it is, on a desk and on a phone: its words, and whether it has to be pushed sideways. */
async function look(t: Test, page: Page, name: string): Promise<void> {
  t.strictSame(latinIn(await page.evaluate<string>(TEXTS)), [], `${name}: no word in Latin letters`);
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    const over = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    t.ok(over <= 0, `${name}: ${String(over)} px too wide at ${String(width)}`);
    if (shots === undefined) continue;
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}-${String(width)}.png`), fullPage: true });
  }
}

const deskOf = new Map<string, Desk>();
async function pageFor(here: ApplyingCity, applicant: 'company' | 'person'): Promise<Page> {
  const desk = deskOf.get(applicant) ?? (await here.as(applicant));
  deskOf.set(applicant, desk);
  return desk.page;
}

t.test('applying in a browser', async (t) => {
  const here = await applyingCity(t, { company: [COMPANY], person: [PERSON] });
  if (here === undefined) return;

  for (const bundle of bundles.values())
    await t.test(`${bundle.id}: to its good end`, async (t) => {
      const page = await pageFor(here, bundle.applicant);
      const id = await begin(page, bundle, INSTEAD);
      t.match(page.url(), new RegExp(`/console/matters/${id}$`), 'nothing is missing');
      await look(t, page, `${bundle.id}-1-check`);
      if (bundle.id === 'open-company') t.equal(await page.locator('.mine > li').count(), 3, 'three steps');
      if (bundle.id === 'open-restaurant') t.equal(await page.locator('.papers > li').count(), 2, 'two papers');
      await submit(page);
      await look(t, page, `${bundle.id}-2-submitted`);
      for (let steps = 1; steps > 0; ) {
        await decide(here, bundle, id);
        await page.reload();
        steps = await doSteps(page);
      }
      t.ok(
        Object.values(await linesOf(page)).every((status) => status === 'granted'),
        JSON.stringify(await linesOf(page)),
      );
      t.match(await words(page), /已办结/);
      await look(t, page, `${bundle.id}-3-done`);
    });
  for (const [name, [refused, left]] of Object.entries(REFUSALS))
    await t.test(`${name}: a supplement is asked for and given, then ${refused} is refused`, async (t) => {
      const bundle = named(name);
      const page = await pageFor(here, bundle.applicant);
      const id = await begin(page, bundle, INSTEAD);
      await submit(page);
      const [item] = Object.entries(await linesOf(page)).find(([, status]) => status === 'held') ?? [''];
      const [field, element] = await ask(here, bundle, id, item);
      await page.reload();
      t.match(await linesOf(page), { [item]: 'supplement' });
      t.match(await words(page), /请在表中更正/, 'what is asked for');
      await look(t, page, `${name}-4-supplement`);
      await page.fill(`[name="v-${element}"]`, '');
      await page.click('text=提交补正');
      t.ok(await page.locator('.supplement .fault').count(), `${field} is missing, and that is said beside it`);
      await fillIn(page, INSTEAD);
      await page.click('text=提交补正');
      t.match(await linesOf(page), { [item]: 'held' }, 'it is given, and its department goes on');

      for (let steps = 1; steps > 0; ) {
        await decide(here, bundle, id, { refuse: [refused] });
        await page.reload();
        steps = await doSteps(page);
      }
      t.match(await linesOf(page), left, 'what is left');
      const [outcome] = [...bundle.outcomes.values()].filter((one) => one.item === refused);
      const told = await words(page);
      t.ok(told.includes(outcome?.title.zh ?? '-'), 'what it has come to');
      t.ok(told.includes('不符合规定的条件'), 'with its reasons');
      for (const offer of outcome?.offers ?? []) t.ok(told.includes(offer.zh), `what can be done: ${offer.zh}`);
      if (outcome?.task !== undefined) t.ok(told.includes(outcome.task.says.zh), 'who has a task');
      await look(t, page, `${name}-5-refused`);
    });

  await t.test('a draft is saved as it is, come back to, and says what is wrong with it', async (t) => {
    const page = await pageFor(here, 'company');
    const bundle = named('open-restaurant');
    await page.goto('/matters/open-restaurant?lang=zh&a-dishes=hot&a-dishes=cold&a-wants-sign=no&a-area=88');
    await page.click('text=按以上回答开始办理');
    t.notOk(await page.isChecked('[name="a-dishes"][value="drinks"]'), 'answers come along');
    await page.fill('[name="a-area"]', 'large');
    await page.click('button:has-text("保存并继续")');
    t.ok(await page.locator('.field.wrong').count(), 'an answer that is none is said beside its question');
    t.equal(await page.inputValue('[name="a-area"]'), 'large', 'and stays as it was written');
    await page.fill('[name="a-area"]', '88');
    for (const name of ['a-dine-in', 'a-chain', 'a-open-kitchen']) await page.check(`[name="${name}"][value="no"]`);
    await page.fill('[name="a-floor"]', '1');
    await page.click('button:has-text("保存并继续")');
    t.match(page.url(), /\/form$/);
    t.notMatch(await words(page), /招牌宽度/, 'what was said not to apply is not asked');
    await page.fill('[name="v-premises.place-name"]', '好味餐馆');
    await page.click('button:has-text("保存，稍后再填")');
    t.match(await words(page), /草稿已保存/);
    await look(t, page, 'my-cases');
    await page.click('.own-cases tbody a >> nth=0');
    t.match(await words(page), /表单还有\d+项没有填好/);
    t.ok(await page.isDisabled('button:has-text("提交申请")'), 'it cannot be submitted so');
    await look(t, page, 'draft-incomplete');
    await page.click('text=/表单还有/');
    t.equal(await page.inputValue('[name="v-premises.place-name"]'), '好味餐馆');
    await fillIn(page);
    await page.fill('[name="v-premises.place-name"]', '');
    await page.click('button:has-text("保存并继续")');
    t.match(await page.innerText('.faults'), /请填写“场所名称（门头名称）”/);
    await look(t, page, 'form-faults');
    await page.fill('[name="v-premises.place-name"]', '好味餐馆');
    await page.click('button:has-text("保存并继续")');
    t.match(await words(page), /1份材料还没有上传/);
    const none = { name: 'plan.png', mimeType: 'image/png', buffer: Buffer.from('this is no plan') };
    await page.setInputFiles('[data-material=plan] input[type=file]', none);
    await page.click('[data-material=plan] button');
    t.equal(
      await page.locator('[data-material=plan] .fault').count(),
      1,
      'a file that is none is said beside its field',
    );
    t.ok(await page.isDisabled('button:has-text("提交申请")'), 'not without its plan');
    await upload(page);
    await doSteps(page);
    t.ok(await page.isEnabled('button:has-text("提交申请")'));
    await page.goto(page.url() + '/form');
    await page.click('button:has-text("保存并继续")');
    t.ok(await page.isDisabled('button:has-text("提交申请")'), 'what was saved again has to be signed again');
    await submit(page);
    t.match(await words(page), new RegExp(`${bundle.title.zh}[\\s\\S]*办理中`));
    await page.click('summary:has-text("撤回申请")');
    await page.click('button:has-text("撤回申请")');
    t.match(await words(page), /已撤回/);
    t.ok(
      Object.values(await linesOf(page)).every((status) => status === 'dropped'),
      'and nobody has it any more',
    );
  });

  await t.test('of what nobody knows the page says so, whose it is, and never that it is clear', async (t) => {
    const page = await pageFor(here, 'company');
    // a title that the register does not have: whether it is seized is not known
    await begin(page, named('transfer-real-estate'), { 'title.number': '云（2001）不动产权第9999999号' });
    const [unknown] = await page.locator('[data-obstacle="unknown"]').allInnerTexts();
    t.match(unknown, /暂不能确定[\s\S]*不动产被查封[\s\S]*不视为符合/);
    await look(t, page, 'unknown');
    await submit(page);
    t.match(await words(page), /部门将核查：.*不动产被查封/);
  });

  await t.test('what stands in the way is found before anything is filed, with whose it is', async (t) => {
    const page = await pageFor(here, 'company');
    await page.goto('/matters/deregister-company?lang=zh&a-way=simple&a-frozen=yes');
    await page.click('text=按以上回答开始办理');
    for (const name of ['charged', 'investigated', 'sued', 'other-fines', 'debts'])
      await page.check(`[name="a-${name}"][value="no"]`);
    await page.click('button:has-text("保存并继续")');
    await fillIn(page);
    await page.click('button:has-text("保存并继续")');
    t.match(await page.locator('[data-obstacle="no"]').allInnerTexts(), [/不符合[\s\S]*冻结[\s\S]*修改回答/]);
    await doSteps(page);
    t.ok(await page.isDisabled('button:has-text("提交申请")'));
    await look(t, page, 'barred');
  });

  await t.test('each kind of page by keyboard, in both languages, schemes and widths', async (t) => {
    const desk = await here.as('company');
    const { page } = desk;
    await page.goto('/console/matters');
    const id = await begin(page, named('open-restaurant'));
    t.same(await desk.inspect('/console/matters', 'applying-list'), []);
    t.same(await desk.inspect('/console/matters/start?bundle=open-restaurant', 'applying-start'), []);
    t.same(await desk.inspect(`/console/matters/${id}/questions`, 'applying-questions'), []);
    t.same(await desk.inspect(`/console/matters/${id}/form`, 'applying-form'), []);
    t.same(await desk.inspect(`/console/matters/${id}`, 'applying-check'), []);
    await page.goto(`/console/matters/${id}?lang=zh`);
    await submit(page);
    await ask(here, named('open-restaurant'), id, 'food-licence');
    t.same(await desk.inspect(`/console/matters/${id}`, 'applying-progress'), []);
    t.same(await desk.inspect('/console/messages', 'applying-messages'), []);
    t.strictSame(desk.complaints, [], 'no page complains of anything');
  });

  for (const desk of deskOf.values()) t.strictSame(desk.complaints, [], 'no page complains of anything');

  await t.test('nobody sees the case of somebody else', async (t) => {
    const company = await pageFor(here, 'company');
    const person = await pageFor(here, 'person');
    await company.goto('/console/matters?lang=zh');
    const href = (await company.getAttribute('.own-cases tbody a >> nth=0', 'href')) ?? '';
    for (const path of ['', '/form', '/questions']) t.equal((await person.goto(`${href}${path}`))?.status(), 404, path);
    await person.goto('/console/matters/start?bundle=open-restaurant&lang=zh');
    t.match(await words(person), /此事项由企业申请/, 'a person does not apply for what a company does');
  });
});
