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
import { begin, decide, doSteps, type Instead, linesOf, submit } from './applying-walk.js';
import type { Desk } from './browser.js';
import { latinIn, TEXTS } from './latin.js';

t.setTimeout(560_000);

/** A company that nothing stands in the way of, and that has a title. */
const COMPANY = 'uscc:91990101MA000011PR';
const TITLE = '云（2004）北塔区不动产权第0000043号';
const INSTEAD: Instead = { 'title.number': TITLE };

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
        await decide(t, here, bundle, id);
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
  for (const desk of deskOf.values()) t.strictSame(desk.complaints, [], 'no page complains of anything');
});
void named;
