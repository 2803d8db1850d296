/** A real Chromium on the people's port of a city, which tells of everything that a page complains about. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { ownClock } from '../../support/clock.js';
import { missingHere } from '../../support/missing.js';
import { latinIn, TEXTS } from './latin.js';
import { misnamed } from './pages.js';
import { UNTIDY } from './tidy.js';

const PROGRAMS = ['/usr/lib/chromium/chromium-headless-shell', '/usr/bin/chromium'];

/**
 * The program, from YITONG_TEST_CHROMIUM or where Debian puts it: the headless shell first, which is the same engine
 * without the windows, menus and extensions that nobody sees here, and takes half of the processor's time for a page.
 * Where there is none the test is skipped by name; in CI it fails.
 */
export function chromiumForTest(t: Test): string | undefined {
  const own = process.env['YITONG_TEST_CHROMIUM'];
  const path = (own === undefined ? PROGRAMS : [own]).find((one) => existsSync(one));
  if (path !== undefined) return path;
  return missingHere(t, 'Chromium: not installed here, set YITONG_TEST_CHROMIUM');
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = [1280, 390] as const;
const HEIGHT = 900;
const LANGUAGES = ['zh', 'en'] as const;
const SCHEMES = ['light', 'dark'] as const;
/** Where to leave a picture of each page, and in untidy.txt what is untidy about it; none by default. */
const shots = process.env['YITONG_TEST_SCREENSHOTS'];

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly string[];
}

export interface Desk {
  readonly page: Page;
  /** What the page has complained of so far: policy reports, console errors, scripts that failed. */
  readonly complaints: readonly string[];
  /** The path in the given language as each width and scheme shows it: too wide, or with something that axe finds. */
  check(
    path: string,
    language: (typeof LANGUAGES)[number],
    looks: readonly (readonly [(typeof WIDTHS)[number], (typeof SCHEMES)[number]])[],
    name: string,
  ): Promise<readonly string[]>;
  /**
   * The path of the page as it is now, by keyboard, and in both languages, schemes and widths; what is wrong with it,
   * in words. Under a name of pages.ts it must be the page that the name stands for.
   * @param reach goes on from there, where the page that is meant is the answer to a form
   */
  inspect(path: string, name: string, reach?: (page: Page) => Promise<void>): Promise<readonly string[]>;
}

export async function launch(t: Test, executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    env: ownClock(),
  });
  t.teardown(() => browser.close());
  return browser;
}

function listen(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complaints.push(`${page.url().replace(/\?.*/, '')}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
}

/** What can be used on the page but is not reached by Tab, or does not show that it has the focus; in words. */
async function unreached(page: Page): Promise<readonly string[]> {
  const USABLE = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  const word =
    "(one) => one.tagName.toLowerCase() + ' ' + (one.name || one.getAttribute('href') || one.textContent || '').trim().slice(0, 40)";
  await page.evaluate(
    `window.left = new Set([...document.querySelectorAll('${USABLE}')].filter((one) => one.checkVisibility() ` +
      '&& !one.disabled))',
  );
  const dark: string[] = [];
  // a field of a date holds the focus for a few presses
  const presses =
    (await page.evaluate<number>('window.left.size')) +
    8 * (await page.locator('input[type=date], input[type=datetime-local]').count()) +
    // what scrolls is reached as well
    (await page.locator('[tabindex="0"]').count()) +
    1;
  for (let i = 0; i < presses; i++) {
    await page.keyboard.press('Tab');
    // one question a press: a page has up to a hundred of what is reached
    const { shown, left } = await page.evaluate<{ readonly shown: string; readonly left: number }>(`(() => {
      const one = document.activeElement;
      if (one === null || one === document.body) return { shown: '', left: window.left.size };
      window.left.delete(one);
      // one of a group is reached by Tab, the others from there by arrows
      if (one.type === 'radio') for (const other of [...window.left]) if (other.type === 'radio' && other.name === one.name && other.form === one.form) window.left.delete(other);
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const isSeen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
      return { shown: isSeen ? '' : (${word})(one), left: window.left.size };
    })()`);
    if (shown !== '') dark.push(`${shown} does not show its focus`);
    if (left === 0) break;
  }
  const left = JSON.parse(await page.evaluate<string>(`JSON.stringify([...window.left].map(${word}))`)) as string[];
  return [...dark, ...left.map((one) => `${one} is not reached by Tab`)];
}

/**
 * Somebody of the development provider, signed in, or whose session this cookie is; without one whoever comes to the
 * pages that everybody sees.
 */
export async function signIn(
  browser: Browser,
  address: string,
  person?: string | { readonly name: string; readonly value: string },
): Promise<Desk> {
  const base = {
    baseURL: address,
    ignoreHTTPSErrors: true,
    viewport: { width: WIDTHS[0], height: HEIGHT },
    locale: 'zh-CN',
  };
  const context = await browser.newContext(base);
  const page = await context.newPage();
  const complaints: string[] = [];
  listen(page, complaints);
  if (typeof person === 'object') await context.addCookies([{ ...person, url: address, secure: true, httpOnly: true }]);
  else if (person !== undefined) {
    await page.goto('/sign-in');
    await page.click(`form[action$="/${person}"] button`);
    await page.waitForURL((url) => url.href.startsWith(`${address}/console`));
  }
  let bare: { readonly context: BrowserContext; readonly page: Page } | undefined;

  /** A page of the same session on which axe, which is no script of ours, may run. */
  async function withAxe(): Promise<Page> {
    if (bare === undefined) {
      const other = await browser.newContext({ ...base, bypassCSP: true });
      await other.addInitScript({ content: axe });
      bare = { context: other, page: await other.newPage() };
    }
    // what was begun on the other page meanwhile counts here too
    await bare.context.addCookies(await context.cookies());
    return bare.page;
  }

  async function violations(on: Page): Promise<readonly Violation[]> {
    const text = await on.evaluate<string>(
      "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => JSON.stringify(violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => node.target.join(' ')) }))))",
    );
    return JSON.parse(text) as Violation[];
  }

  const shot = async (on: Page, name: string): Promise<void> => {
    if (shots === undefined) return;
    mkdirSync(shots, { recursive: true });
    await on.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    const untidy = JSON.parse(await on.evaluate<string>(UNTIDY)) as string[];
    appendFileSync(join(shots, 'untidy.txt'), untidy.map((what) => `${name}: ${what}\n`).join(''));
  };
  return {
    page,
    complaints,
    async check(path, language, looks, name) {
      const checked = await withAxe();
      const wrong: string[] = [];
      for (const [at, [width, scheme]] of looks.entries()) {
        await checked.emulateMedia({ colorScheme: scheme });
        await checked.setViewportSize({ width, height: HEIGHT });
        // one page for all of its looks, as somebody turns a phone
        if (at === 0) await checked.goto(`${path}${path.includes('?') ? '&' : '?'}lang=${language}`);
        const where = `${path} ${language} ${String(width)} ${scheme}`;
        const over = await checked.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        if (over > 0) wrong.push(`${where}: ${over} px too wide`);
        await shot(checked, `${name}-${language}-${String(width)}-${scheme}`);
        for (const { id, impact, nodes } of await violations(checked))
          wrong.push(`${where}: axe ${id} (${impact}) at ${nodes.slice(0, 3).join(', ')}`);
      }
      return wrong;
    },
    async inspect(path, name, reach = () => Promise.resolve()) {
      const checked = await withAxe();
      await checked.setViewportSize({ width: WIDTHS[0], height: HEIGHT });
      await checked.goto(path);
      await reach(checked);
      const wrong = (await unreached(checked)).map((what) => `${name}: ${what}`);
      for (const language of LANGUAGES) {
        const address = `${path}${path.includes('?') ? '&' : '?'}lang=${language}`;
        // as people get it, under the strict policy
        await page.goto(address);
        await reach(page);
        await checked.setViewportSize({ width: WIDTHS[0], height: HEIGHT });
        const answer = await checked.goto(address);
        await reach(checked);
        wrong.push(...misnamed(name, new URL(checked.url()).pathname, answer?.status() ?? 0));
        if (language === 'zh')
          for (const word of latinIn(await checked.evaluate<string>(TEXTS)))
            wrong.push(`${name}: \`${word}\` on a Chinese page`);
        for (const scheme of SCHEMES) {
          await checked.emulateMedia({ colorScheme: scheme });
          for (const width of WIDTHS) {
            const where = `${name} ${language} ${scheme} ${width}`;
            await checked.setViewportSize({ width, height: HEIGHT });
            const over = await checked.evaluate<number>(
              'document.documentElement.scrollWidth - document.documentElement.clientWidth',
            );
            if (over > 0) wrong.push(`${where}: ${over} px too wide`);
            await shot(checked, `${name}-${language}-${scheme}-${width}`);
            // words change how wide things are, and no colour: the second language in one scheme
            if (language !== LANGUAGES[0] && scheme !== SCHEMES[0]) continue;
            for (const { id, impact, nodes } of await violations(checked))
              wrong.push(`${where}: axe ${id} (${impact}) at ${nodes.slice(0, 3).join(', ')}`);
          }
        }
      }
      return wrong;
    },
  };
}
