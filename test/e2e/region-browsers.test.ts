/**
 * 不动产跨省转移登记 in two browsers: whoever applies does it at the pages of one region, officers of four authorities
 * decide at those of the other, which `yitong region up` started beside it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { doSteps, fillIn, linesOf, upload } from '../http/console/applying-walk.js';
import { chromiumForTest, type Desk, launch, signIn } from '../http/console/browser.js';
import { latinIn, TEXTS } from '../http/console/latin.js';
import { until } from './ask.js';
import { TITLE, twoRegions } from './region-cases.js';

t.setTimeout(400_000);
const shots = process.env['YITONG_TEST_SCREENSHOTS'];
const GO_ON = 'button:has-text("保存并继续")';

/** The page as it is, on a desk and on a phone. */
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
    await page.screenshot({ path: join(shots, `region-${name}-${String(width)}.png`), fullPage: true });
  }
}

const chromium = chromiumForTest(t);
if (chromium !== undefined)
  void t.test('a title over there is transferred from here', async (t) => {
    const { near, far } = await twoRegions(t);
    const here = await launch(t, chromium);
    const there = await launch(t, chromium);
    const { page } = await signIn(here, near.people, 'he-company');
    const textOf = (of: Page): Promise<string> => of.evaluate<string>('document.body.innerText');

    await page.goto('/console/matters/start?bundle=transfer-real-estate&lang=zh');
    await page.check('[name=where][value=wanghai]');
    await look(t, page, '1-start');
    await page.check('[name="a-only-home"][value=yes]');
    await page.click(GO_ON);
    // until the registers of both regions have said all that they have
    while (page.url().includes('/form')) {
      await fillIn(page, { 'title.number': TITLE });
      await page.click(GO_ON);
    }
    const path = new URL(page.url()).pathname;
    t.match(await textOf(page), /望海市自然资源局/, 'who decides is called as there');
    await upload(page);
    await look(t, page, '2-check');
    // who somebody is; then both sides of the video question have a page
    await page.locator('.mine form button').first().click();
    await page.click('.mine a[href$="/video"]');
    await look(t, page, '3-video-here');
    await page.click('text=完成核验');
    await doSteps(page);
    await page.click('text=提交申请');
    await look(t, page, '4-submitted');

    const desks = new Map<string, Desk>();
    const officer = async (person: string): Promise<Page> => {
      const desk = desks.get(person) ?? (await signIn(there, far.people, person));
      desks.set(person, desk);
      const inbox = await until(
        `something in the inbox of ${person}`,
        async () => {
          await desk.page.goto('/console/casework?lang=zh');
          return await desk.page.locator('.inbox a[href^="/console/casework/"]').count();
        },
        (count) => count > 0,
      );
      t.ok(inbox > 0);
      await desk.page.locator('.inbox a[href^="/console/casework/"]').first().click();
      return desk.page;
    };
    const grant = async (person: string, item: string, name?: string): Promise<void> => {
      const at = await officer(person);
      t.match(await textOf(at), /由其他地区受理/);
      if (name !== undefined) await look(t, at, name);
      const button = at.getByRole('button', { name: /^(同意办理|确认知悉|已更新)/ }).first();
      if (!(await button.isVisible())) await at.locator('section.act summary, details.act summary').first().click();
      await button.click();
      await until(
        `${item} to be granted here`,
        async () => {
          await page.goto(path);
          return (await linesOf(page))[item];
        },
        (status) => status === 'granted',
      );
    };
    await grant('bai-construction', 'contract', '5-officer-there');
    await grant('luo-tax', 'taxes');
    await doSteps(page);
    const land = await officer('han-land');
    await land.click('text=查看视频核验');
    t.match(await textOf(land), /已核验/);
    await look(t, land, '6-video-there');
    t.same(await desks.get('han-land')?.inspect(new URL(land.url()).pathname, 'casework-video'), []);
    await grant('han-land', 'registration');
    await grant('jin-water', 'water');
    await look(t, page, '7-decided');
    await doSteps(page, 'post');
    t.match(await textOf(page), /已办结/);
    await look(t, page, '8-done');
    for (const desk of desks.values()) t.strictSame(desk.complaints, []);
  });
