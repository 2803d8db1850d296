/** How people go through the pages of applications: for suites. */
import type { Page } from 'playwright-core';
import type { Desk } from './browser.js';

export const people = {
  song: { id: 'test|song', name: '宋经办', roles: ['sharing-officer'], authority: 'transport' },
  yu: { id: 'test|yu', name: '于科长', roles: ['sharing-head'], authority: 'transport' },
  ding: { id: 'test|ding', name: '丁经办', roles: ['sharing-officer'], authority: 'tax' },
  ye: { id: 'test|ye', name: '叶科长', roles: ['sharing-head'], authority: 'tax' },
  pan: { id: 'test|pan', name: '潘经办', roles: ['sharing-officer'], authority: 'samr' },
  wei: { id: 'test|wei', name: '魏科长', roles: ['sharing-head'], authority: 'samr' },
  gao: { id: 'test|gao', name: '高主管', roles: ['sharing-authority'], authority: 'data-bureau' },
} as const;

export const PATH = '/console/applications';
export const main = (page: Page): Promise<string> => page.locator('main').innerText();
export const pathOf = (page: Page): string => new URL(page.url()).pathname;

/** An act of the page: unfolds its form where it has something to fill in, and sends it. */
export async function act(
  page: Page,
  title: string,
  fill: (form: ReturnType<Page['locator']>) => Promise<void> = () => Promise.resolve(),
  of?: string,
): Promise<void> {
  const whole = of === undefined ? page.locator('main') : page.locator(`section.asked[aria-label="${of}"]`);
  const form = whole
    .locator('section.act', { has: page.locator('summary, button', { hasText: new RegExp(`^${title}$`) }) })
    .first();
  if ((await form.locator('summary').count()) > 0) await form.locator('summary').click();
  await fill(form);
  await form.locator('button[type=submit]').click();
  await page.waitForLoadState();
}

/** The datasets of a purpose, chosen from the catalogue. @returns the path of the draft's form */
export async function begin({ page }: Desk, purpose: string, datasets: readonly string[]): Promise<string> {
  await page.goto(`${PATH}/new?client=transport-licensing&purpose=${purpose}&lang=zh`);
  for (const box of await page.locator('input[name=dataset]').all()) await box.setChecked(false);
  for (const one of datasets) await page.locator(`input[name=dataset][value="${one}"]`).check();
  await page.getByRole('button', { name: '用所选数据集填写申请' }).click();
  await page.waitForURL(/\/edit$/);
  return pathOf(page);
}

/** What is asked once for all datasets, and the terms of each. */
export async function complete({ page }: Desk, datasets: number): Promise<void> {
  for (let at = 0; at < datasets; at++) {
    await page.locator(`[name="frequency.${at}"]`).selectOption({ index: 1 });
    await page.locator(`[name="callsADay.${at}"]`).fill('200');
    await page.locator(`[name="until.${at}"]`).fill('2035-12-31');
  }
  await page.locator('[name=item]').fill('000118011000');
  await page.locator('[name=scenario]').fill('核验道路运输经营许可申请人的纳税情况');
  await page.locator('[name=necessity]').fill('依法审查申请条件，申请人无需另行提交纳税证明');
  await page.locator('[name=office]').fill('行政审批处');
  await page.locator('[name=phone]').fill('021-00000000');
  await page.locator('[name=truthful]').check();
}
