/**
 * No page of the people's port is without somebody who looks at it: what the router has is what pages.ts lists, and
 * each name there is some suite's. And here those pages to which no other suite has a reason to come.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { named } from '../../procedures/cases/office.js';
import { routesOf } from '../api/faces.js';
import { officeWithBrowser, underway } from './casework-town.js';
import { misnamed, PAGES, pageRoutes, routeOf, WALK } from './pages.js';

t.setTimeout(180_000);

const office = await officeWithBrowser(t);
const COMPANY = 'uscc:91990105MA0000193X';
const company = { id: 'test|feng', name: '冯经理', roles: ['subject'], subjects: [COMPANY] } as const;

/** Suites that look at pages, as they are written. */
const suites = readdirSync(join(packageRoot(), 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(packageRoot(), 'test', name), 'utf8'))
  .filter((text) => text.includes('inspect('));

t.test('every page that is registered is looked at, or says why not', async (t) => {
  if (office === undefined) return;
  const registered = routesOf(office.here.people).filter(({ method }) => method === 'GET');
  t.strictSame(
    registered.map(({ url }) => url).sort(),
    Object.keys(PAGES).sort(),
    'a page that is added is inspected by a suite, under a name in pages.ts',
  );
  t.ok(pageRoutes.length > 70, `${String(pageRoutes.length)} pages`);
  const names = pageRoutes.flatMap((route) => PAGES[route] ?? []).filter((name) => name !== WALK);
  t.strictSame(
    names.filter((name) => !suites.some((text) => text.includes(`'${name}'`))),
    [],
    'each name is what a suite inspects it under',
  );
  t.equal(new Set(names).size, names.length, 'each name is of one page');
});

t.test('whoever looks elsewhere, or at an error, under a name of the list is told', async (t) => {
  t.equal(routeOf('/console/applications/new'), '/console/applications/new', 'what stands there as it is comes first');
  t.equal(routeOf('/console/applications/3f0a91c23f0a91c2'), '/console/applications/:id');
  t.equal(routeOf('/console/nothing-here'), undefined);
  t.same(misnamed('code-filled', '/compliance/abc', 200), []);
  t.match(misnamed('code-filled', '/compliance', 200), [/not at \/compliance\/:code/]);
  t.match(misnamed('code-filled', '/compliance/abc', 404), [/an answer of 404/]);
  t.same(misnamed('anything else', '/compliance', 404), []);
});

t.test('the end of a session, and both sides of a code that was refused', async (t) => {
  if (office === undefined) return;
  const nobody = await office.as();
  t.same(await nobody.inspect('/signed-out', 'signed-out'), []);
  const mine = await office.as(company);
  await mine.page.goto('/console/compliance?lang=zh');
  await mine.page.click('form[action="/console/compliance"] button');
  await mine.page.waitForSelector('.showcode svg');
  const pathOf = async (): Promise<string> =>
    new URL((await mine.page.locator('.showcode details .mono').textContent()) ?? '').pathname;
  const pathname = await pathOf();
  t.match(pathname, /^\/compliance\/[\w-]{43}$/);
  t.same(await nobody.inspect(pathname, 'code-filled'), []);
  // a code lives a minute, and an inspection takes its time
  await mine.page.goto('/console/compliance?lang=zh');
  await mine.page.click('form[action="/console/compliance"] button');
  await mine.page.waitForSelector('.showcode svg');
  await nobody.page.goto(await pathOf());
  await nobody.page.check('input[name=report][value="credit"]');
  await nobody.page.check('input[name=domain][value="credit/taxation"]');
  await nobody.page.click('main form button[type=submit]');
  await nobody.page.waitForURL('**/compliance/answer');
  await mine.page.waitForSelector('form[action$="/refuse"] button');
  await mine.page.click('form[action$="/refuse"] button');
  // its page looks by itself, and no more once it knows
  await nobody.page.waitForSelector('.outcome.warn');
  t.same(await nobody.inspect('/compliance/answer', 'code-refused'), []);
  t.same([...nobody.complaints, ...mine.complaints], []);
});

t.test('where somebody is seen by video', async (t) => {
  if (office === undefined) return;
  const bundle = named('transfer-real-estate');
  const city = underway(t, office.here.dataDir);
  const id = await city.submitted(bundle);
  const mine = await office.as(company);
  t.same(await mine.inspect(`/console/matters/${id}/video`, 'applying-video'), []);
  t.same(mine.complaints, []);
});
