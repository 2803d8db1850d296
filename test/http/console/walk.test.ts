/**
 * All pages of all roles, as somebody reaches them who follows every link: in Chinese no code, no id, no English word
 * on any of them; and on each kind of page, in both languages, widths and schemes, nothing that axe finds, however
 * slight, and nothing that a phone has to push sideways.
 */
import t from 'tap';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { openAlerts } from '../../../gateway/procedures/watch/store.js';
import { ask } from '../../e2e/ask.js';
import type { Desk } from './browser.js';
import { latinIn, TEXTS } from './latin.js';
import { PAGES, pageRoutes, routeOf, WALK } from './pages.js';
import { seen } from './town.js';

t.setTimeout(560_000);

const PEOPLE = [
  'lin-auditor',
  'gao-sharing',
  'chen-officer',
  'wu-inspector',
  'zhou-centre',
  'he-company',
  'feng-company',
  'liu-founder',
];
/** Pages of one kind that are looked at. */
const OF_A_KIND = 3;

/** `/console/entries/17?lang=zh` → `/console/entries/:`: pages that differ by what they are about are of one kind. */
const kindOf = ({ pathname, search }: URL): string =>
  `${pathname
    .split('/')
    .map((part, i) => (i > 2 || /[\d.]/.test(part) ? ':' : part))
    .join('/')
    .replace(/^(\/console\/(?:reports\/new|tickets\/records)).*$/, '$1')}${[...new URLSearchParams(search).keys()]
    // in another order a list is what it was
    .filter((name) => name !== 'sort' && name !== 'down')
    .sort()
    .join('&')}`;

interface Walked {
  readonly wrong: readonly string[];
  readonly pages: readonly string[];
}

/** As a page is looked at: each width and each scheme in either language at least once. */
const LOOKS = [
  ['zh', 1280, 'light'],
  ['zh', 390, 'dark'],
  ['en', 1280, 'dark'],
  ['en', 390, 'light'],
] as const;

interface Looked {
  readonly by: Set<string>;
  /** Elements by name and classes that stood on one of them. */
  readonly parts: Set<string>;
}
/** By kind of page. */
const looked = new Map<string, Looked>();
/** What a page is made of. */
const PARTS =
  "JSON.stringify([...new Set([...document.body.querySelectorAll('*')].map((one) => `${one.localName}.${[...one.classList].join('.')}`))])";
/** The routes of those that were there. */
const routes = new Set<string | undefined>();

async function walk({ page, check }: Desk, starts: readonly string[], who = 'lin-auditor'): Promise<Walked> {
  const wrong: string[] = [];
  const pages: string[] = [];
  const kinds = new Map<string, number>();

  const waiting = [...starts];
  const queued = new Set(starts);
  const look = async (name: string): Promise<void> => {
    for (const word of latinIn(await page.evaluate<string>(TEXTS))) wrong.push(`${name}: \`${word}\``);
  };
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const answer = await page.goto(path);
    if (answer?.headers()['content-type']?.startsWith('text/html') !== true) continue;
    pages.push(path);
    await look(path.replace(/[?&]lang=zh/, ''));
    const kind = kindOf(new URL(path.split('?')[0] ?? '', page.url()));
    const { by, parts } = looked.get(kind) ?? { by: new Set(), parts: new Set() };
    looked.set(kind, { by, parts });
    // what everybody sees is the same for everybody
    const whose = kind.startsWith('/console/') ? who : '';
    if (!by.has(whose)) {
      if (answer?.ok() === true) routes.add(routeOf(new URL(page.url()).pathname));
      const own = JSON.parse(await page.evaluate<string>(PARTS)) as string[];
      // where another person's page is made of the same parts, with other words: one look, the next one in turn
      const looks = own.some((part) => !parts.has(part)) ? LOOKS : LOOKS.slice(by.size % LOOKS.length).slice(0, 1);
      by.add(whose);
      for (const part of own) parts.add(part);
      for (const language of ['zh', 'en'] as const) {
        const here = looks.flatMap(([said, ...look]) => (said === language ? [look] : []));
        if (here.length > 0)
          wrong.push(
            ...(await check(
              path.replace(/[?&]lang=zh/, ''),
              language,
              here,
              `${whose}${kind}`.replace(/[^a-z]+/g, '-'),
            )),
          );
      }
    }
    const found = JSON.parse(
      await page.evaluate<string>(
        "JSON.stringify([...document.querySelectorAll('a[href]:not([download])')].map((one) => one.href))",
      ),
    ) as string[];
    for (const address of found) {
      const url = new URL(address);
      url.hash = '';
      if (
        url.origin !== new URL(page.url()).origin ||
        url.searchParams.get('lang') === 'en' ||
        /\/(?:sign-out|sign-in|log|assets)\b/.test(url.pathname.replace('/console/log', ''))
      )
        continue;
      const next = `${url.pathname}${url.search}`;
      const linked = kindOf(url);
      const seenOfKind = kinds.get(linked) ?? 0;
      if (seenOfKind >= OF_A_KIND || queued.has(next)) continue;
      kinds.set(linked, seenOfKind + 1);
      queued.add(next);
      waiting.push(next);
    }
  }
  return { wrong, pages };
}

t.test('no page of any role has a word in Latin letters that is not on the short list', async (t) => {
  const ready = await seen(t);
  if (ready === undefined) return;
  const { town, as } = ready;
  // what an ordinary day does not have: an alert of each kind, a refusal, a purpose that nobody knows
  const store = openAlerts(auditLayout(town.data).alerts);
  const alert = (id: string, rule: string, facts: Readonly<Record<string, string | number>>) => ({
    id: `${id}1`.repeat(16),
    rule,
    time: Date.now(),
    recorded: true,
    client: 'one-stop-counter',
    facts,
    entries: [0],
  });
  store.commit(
    [
      alert('a', 'purpose', { purpose: 'open-restaurant' }),
      alert('b', 'volume', { subjects: 900, busiestBefore: 3 }),
      alert('c', 'overdue', {
        ticket: '3f0a91c23f0a91c2',
        lifecycle: 'of-old',
        clock: 'accept',
        party: 'centre',
        due: '2026-11-02',
      }),
      { ...alert('d', 'of-old', { figure: 3 }), client: 'left-long-ago' },
    ],
    { next: 8, time: 0, states: {} },
  );
  await store.close();
  await ask(town.api, town.pki, 'one-stop-counter', {
    method: 'POST',
    path: '/v1/query',
    body: { purpose: 'curiosity', subject: 'uscc:91990102MA00001692', datasets: [{ id: 'tax.tax-arrears' }] },
  });
  await ask(town.api, town.pki, 'one-stop-counter', { path: '/v1/quarantine/samr.business-licence' });

  for (const person of PEOPLE) {
    const desk = await as(person);
    const { wrong, pages } = await walk(desk, ['/console?lang=zh', '/'], person);
    t.ok(
      pages.length > 2,
      `${person} sees ${pages.length} pages: ` +
        `${[...new Set(pages.map((path) => kindOf(new URL(path, 'https://x'))))].join(' ')}`,
    );
    t.same(wrong, [], person);
  }
  const auditor = await as('lin-auditor');
  t.same(
    (
      await walk(auditor, [
        '/console/search?type=all',
        '/console/search?type=looked',
        '/console/search?type=refused',
        '/console/search?type=administration',
        '/console/search?purpose=curiosity',
        '/console/replay?since=&until=',
      ])
    ).wrong,
    [],
    'every type of entry',
  );
  t.same(
    (
      await walk(auditor, [
        '/console/nothing-here',
        '/console/entries/999999',
        '/console/feeds',
        '/console/search?since=never',
        '/console/search?subject=x',
        '/verify/AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG',
      ])
    ).wrong,
    [],
    'and what goes wrong',
  );
  const { page } = await as('he-company');
  await page.goto('/console/tickets/records');
  for (const path of [
    '/sign-in',
    '/compliance',
    '/verify',
    '/numbers',
    '/matters',
    '/matters/open-restaurant',
    '/guide',
  ]) {
    await page.goto(path);
    t.same(latinIn(await page.evaluate<string>(TEXTS)), [], path);
  }
  t.same(
    pageRoutes.filter((route) => PAGES[route]?.includes(WALK) === true && !routes.has(route)),
    [],
    'each page that no other suite looks at was come to',
  );
});
