/** Somebody who does a matter in a browser: answers, fills in, submits, follows; and officers who decide over the API. */
import type { Page } from 'playwright-core';
import type { Bundle, Element, Json } from '../../../contracts/bundle/types.js';
import { examplePlan } from '../../../gateway/procedures/materials/example.js';
import { elements } from '../../procedures/cases/office.js';
import type { ApplyingCity } from './applying-city.js';

/** What somebody writes instead of the examples of the elements. */
export type Instead = Readonly<Record<string, Json>>;

const GO_ON = 'button:has-text("保存并继续")';

async function put(page: Page, { id, type, many }: Element, value: Json): Promise<void> {
  const name = `v-${id}`;
  const named = page.locator(`[name="${name}"]:not([type=hidden])`);
  const values = (Array.isArray(value) ? value : [value]).map((one) =>
    one === true ? 'yes' : one === false ? 'no' : String(one),
  );
  const kind = await page.evaluate<string>(`document.querySelector('[name="${name}"]:not([type=hidden])').type`);
  if (kind === 'radio' || kind === 'checkbox') {
    for (const one of values) await page.check(`[name="${name}"][value="${one}"]`);
  } else if (kind === 'select-one') await named.selectOption(values[0] ?? '');
  else await named.fill(many || type === 'text' ? values.join('\n') : (values[0] ?? ''));
}

/** Writes the examples of the elements into each field that asks for one and is blank. */
export async function fillIn(page: Page, instead: Instead = {}): Promise<readonly string[]> {
  const names = JSON.parse(
    await page.evaluate<string>(
      `JSON.stringify([...new Set([...document.querySelectorAll('[name^="v-"]:not([type=hidden])')].map((one) => one.name))])`,
    ),
  ) as string[];
  for (const name of names) {
    const element = elements.elements.get(name.slice(2));
    if (element === undefined) throw new Error(`the form asks for ${name}, which is no element`);
    await put(page, element, instead[element.id] ?? element.examples[0] ?? null);
  }
  return names.map((name) => name.slice(2));
}

/** From the page of the matter to the check of the draft. @returns the id of the case */
export async function begin(page: Page, bundle: Bundle, instead: Instead = {}): Promise<string> {
  await page.goto(`/matters/${bundle.id}?lang=zh`);
  await page.click('text=/开始办理$/');
  await page.click(GO_ON);
  while (page.url().endsWith('/questions')) {
    await page.click(GO_ON);
  }
  await fillIn(page, instead);
  await page.click(GO_ON);
  // what a first look at registers brought up is asked for then
  if (page.url().includes('/form')) {
    await fillIn(page, instead);
    await page.click(GO_ON);
  }
  return /matters\/([0-9a-f]{16})/.exec(page.url())?.[1] ?? '';
}

/** Presses each step that may be done now. @returns how many there were */
export async function doSteps(page: Page, prefer = 'post'): Promise<number> {
  for (let pressed = 0, looks = 0; ; pressed++, looks++) {
    if (looks > 40) throw new Error(`its steps come again and again: ${await page.innerText('main')}`);
    const open = page.locator('.mine form');
    const video = page.locator('.mine a[href$="/video"]');
    if ((await video.count()) > 0) {
      await video.click();
      await page.click('text=完成核验');
      continue;
    }
    if ((await open.count()) === 0) return pressed;
    const liked = page.locator(`.mine form:has(input[name=port][value=${prefer}])`);
    await ((await liked.count()) > 0 ? liked : open).first().locator('button').click();
  }
}

/** Uploads a picture for each paper that no register has. */
export async function upload(page: Page): Promise<void> {
  const missing = page.locator('[data-material][data-state=missing]');
  for (let looks = 0; (await missing.count()) > 0; looks++) {
    if (looks > 40) throw new Error(`papers are asked for again and again: ${await page.innerText('main')}`);
    const one = missing.first();
    await one
      .locator('input[type=file]')
      .setInputFiles({ name: 'plan.png', mimeType: 'image/png', buffer: examplePlan() });
    await one.locator('button').click();
  }
}

export async function submit(page: Page): Promise<void> {
  await upload(page);
  await doSteps(page);
  await page.click('text=提交申请');
}

/** By item, as the page shows it. */
export const linesOf = async (page: Page): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    JSON.parse(
      await page.evaluate<string>(
        "JSON.stringify([...document.querySelectorAll('.lines [data-item]')].map((one) => [one.dataset.item, one.dataset.status]))",
      ),
    ) as (readonly [string, string])[],
  );

interface Decisions {
  /** Items that are refused. */
  readonly refuse?: readonly string[];
}

/** Systems of the authorities decide whatever waits for them, until nothing does but whoever applies. */
export async function decide(
  here: ApplyingCity,
  bundle: Bundle,
  id: string,
  { refuse = [] }: Decisions = {},
): Promise<void> {
  for (let decided = true; decided; ) {
    decided = false;
    for (const { id: item, authority, issues } of bundle.items.values()) {
      const system = await here.officer(authority);
      const seen = await system.oneCase(id).catch(() => undefined);
      const own = seen?.items.find((one) => one.item === item);
      if (own?.status !== 'held') continue;
      decided = true;
      if (refuse.includes(item)) {
        await system.actOnCase(id, { act: 'refuse', item, says: '不符合规定的条件，详见书面决定。' });
        continue;
      }
      const issued = Object.fromEntries(
        issues.map((element) => [element, elements.elements.get(element)?.examples[0] ?? null]),
      ) as Readonly<Record<string, string>>;
      await system.actOnCase(id, { act: 'grant', item, checked: own.unknown, issued });
    }
  }
}

/** A department asks for a field of its own form anew, once. @returns the field's name there, and its element */
export async function ask(
  here: ApplyingCity,
  bundle: Bundle,
  id: string,
  item: string,
): Promise<readonly [field: string, element: string]> {
  const found = bundle.items.get(item);
  const system = await here.officer(found?.authority ?? '');
  const seen = await system.oneCase(id);
  const form = seen.items.find((one) => one.item === item)?.form ?? {};
  const field = found?.form.fields.find(
    ({ name, element }) =>
      typeof form[name] === 'string' && elements.elements.get(element ?? '')?.type === 'text' && element !== undefined,
  );
  if (field?.element === undefined) throw new Error(`the form of ${item} has no text`);
  await system.actOnCase(id, { act: 'ask', item, says: '请在表中更正，与证件一致。', fields: [field.name] });
  return [field.name, field.element];
}
