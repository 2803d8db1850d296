/**
 * People at two equal gateways over one state, in a browser whose every page and form goes to the other one in turn: a
 * matter with its questions, forms, uploads and steps, and a form that cannot be taken and comes back.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { until } from '../../e2e/ask.js';
import { pairOfCities } from '../../e2e/pair.js';
import { named } from '../../procedures/cases/office.js';
import { kafkaForTest } from '../../support/servers/kafka.js';
import { words } from './applying-city.js';
import { begin, submit } from './applying-walk.js';
import { chromiumForTest, launch, signIn } from './browser.js';
import { turning } from './turning.js';

t.setTimeout(560_000);

const COMPANY = 'uscc:91990101MA000011PR';
/** ms, on a machine that others use as well. */
const PATIENCE = 90_000;
const WRITTEN = '超出目的的查询，请说明。';

/** Nothing is held back by the browser: what is wrong is found by whoever takes the form. */
const unchecked = (page: Page): Promise<unknown> =>
  page.evaluate('document.querySelectorAll("form").forEach((form) => { form.noValidate = true; })');

const broker = kafkaForTest(t);
const chromium = chromiumForTest(t);
if (broker !== undefined && chromium !== undefined)
  void t.test('each request goes to the other replica', async (t) => {
    const pair = await pairOfCities(t, broker, { workers: 1 });
    if (pair === undefined) return;
    const file = join(pair.workspace, 'yitong.json');
    const read = (path: string): Record<string, unknown> =>
      JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const { gateway, synthetic } = read(join(packageRoot(), 'yitong.json'));
    writeFileSync(
      file,
      JSON.stringify({ ...read(file), synthetic, gateway: { ...(gateway as object), caseDrivers: 'development' } }),
    );
    mkdirSync(join(pair.workspace, 'policies'), { recursive: true });
    writeFileSync(
      join(pair.workspace, 'policies', 'people.json'),
      JSON.stringify([
        {
          id: 'applicant',
          name: '申请人',
          roles: ['subject'],
          subjects: [COMPANY],
          note: { zh: '办理一件事', en: 'applies' },
        },
        { id: 'sharing', name: '共享主管', roles: ['sharing-authority'], note: { zh: '停用', en: 'suspends' } },
      ]),
    );
    const args = ['--day', '300'];
    const [east, west] = [await pair.start('east', { args }), await pair.start('west', { args })];
    const there = await west.as('one-stop-counter');
    const asked = { purpose: 'open-restaurant', subject: COMPANY, datasets: [{ id: 'samr.company-register' }] };
    await until(
      'the registers at the other',
      async () => (await there.query(asked)).datasets[0]?.status,
      (status) => status === 'current',
    );
    t.teardown(() => {
      if (!t.passing()) for (const one of [east, west]) t.comment(one.said().slice(-3000));
    });
    const way = await turning(t, [east, west]);
    const browser = await launch(t, chromium);
    const { page } = await signIn(browser, way.address);
    page.setDefaultTimeout(PATIENCE);
    const signsIn = async (on: Page, person: string): Promise<void> => {
      await on.goto('/sign-in');
      await on.click(`form[action$="/${person}"] button`);
      await on.waitForURL((url) => url.href.startsWith(`${east.people}/console`));
    };
    await signsIn(page, 'applicant');

    await t.test('a matter from its first question to its submission, with uploads', async (t) => {
      const id = await begin(page, named('open-restaurant'));
      t.match(id, /^[0-9a-f]{16}$/);
      const draft = page.url();
      await page.goto('/console');
      await page.goto(draft);
      await submit(page);
      await page.waitForLoadState();
      const counter = await west.as('one-stop-counter');
      const one = await counter.oneCase(id, { as: COMPANY });
      t.not(one.phase, 'draft', one.phase);
    });

    await t.test('a form that cannot be taken comes back with what was written', async (t) => {
      const { page: desk } = await signIn(browser, way.address);
      desk.setDefaultTimeout(PATIENCE);
      await signsIn(desk, 'sharing');
      const at = '/console/grants/counter-fire-checks';
      await desk.goto(`${at}?lang=zh`);
      await unchecked(desk);
      await desk.fill(`form[action="${at}/suspend"] [name=reason]`, ' ');
      await desk.click(`form[action="${at}/suspend"] button`);
      await desk.waitForURL(/kept=/);
      t.match(await words(desk), /填写|原因|理由|必须|不能/, 'and says what is wrong');
      await desk.fill(`form[action="${at}/suspend"] [name=reason]`, WRITTEN);
      await desk.click(`form[action="${at}/suspend"] button`);
      await desk.waitForURL((url) => !url.search.includes('kept'));
      await until(
        'the suspension',
        async () => {
          await desk.goto(`${at}?lang=zh`);
          return await words(desk);
        },
        (text) => text.includes(WRITTEN),
      );
    });

    const posts = way.taken.filter(({ method }) => method === 'POST');
    const share = (of: readonly { readonly at: number }[]): string =>
      [0, 1].map((at) => String(of.filter((one) => one.at === at).length)).join(' and ');
    t.comment(`pages and forms: ${share(way.taken)}; forms: ${share(posts)}`);
    t.ok(
      [0, 1].every((at) => posts.some((one) => one.at === at)),
      'both took forms',
    );
    t.ok(posts.length > 5, `${String(posts.length)} forms`);
  });
