/**
 * Lists of the console keep what docs/console.md promises of them: each sorts, is narrowed, chooses its columns, goes
 * out as a file and turns its pages, and what it shows is what a plain filter and a plain sort over the same rows give.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import { h } from 'preact';
import { render } from 'preact-render-to-string';
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSuspensions, suspensionsDir } from '../../../gateway/answer/inforce/suspensions.js';
import type { GatewayContext } from '../../../gateway/documents/context.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { endingFilters, fitsEnding } from '../../../gateway/http/console/applications/calendar-page.js';
import { trayColumns } from '../../../gateway/http/console/applications/tray-page.js';
import { caseListing } from '../../../gateway/http/console/applying/list.js';
import { alertListing } from '../../../gateway/http/console/auditing/alerts-page.js';
import { departmentListing } from '../../../gateway/http/console/auditing/departments.js';
import { idleListing } from '../../../gateway/http/console/auditing/insight-page.js';
import { reviewListing } from '../../../gateway/http/console/auditing/reviews-page.js';
import { authorisationListing } from '../../../gateway/http/console/authorising/list.js';
import { waitingListing } from '../../../gateway/http/console/casework/list.js';
import { complaintFilters } from '../../../gateway/http/console/complaints/list.js';
import { datasetListing } from '../../../gateway/http/console/datasets/list.js';
import { feedColumns } from '../../../gateway/http/console/desk/feeds.js';
import { fits, historyFilters, whatOf } from '../../../gateway/http/console/history/narrowing.js';
import type { HistoryEntry } from '../../../gateway/http/console/history/reading.js';
import { isAsked, messageFilters } from '../../../gateway/http/console/messages/list.js';
import { fitsNotice, noticeFilters } from '../../../gateway/http/console/notices/list-page.js';
import { useListing } from '../../../gateway/http/console/records/list.js';
import { toldListing } from '../../../gateway/http/console/records/told.js';
import { reportListing } from '../../../gateway/http/console/reporting/list.js';
import { grantListing } from '../../../gateway/http/console/sharing/grants.js';
import { ticketListing } from '../../../gateway/http/console/tickets/list.js';
import { chosenIn, chosenWords, type Filter, periodOf } from '../../../gateway/http/ui/filters.js';
import { type Column, ListTools } from '../../../gateway/http/ui/list.js';
import { type Listing, ListOf, listed } from '../../../gateway/http/ui/listing.js';
import { sourceOf } from '../../../gateway/http/ui/made.js';
import { loadPolicies } from '../../../policies/load.js';
import { faces } from '../api/faces.js';
import { linesOf } from './csv.js';
import { latinIn } from './latin.js';
import { pageRoutes } from './pages.js';

t.setTimeout(180_000);

type Language = 'zh' | 'en';
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 11, 1);
const names = { purpose: (id: string | undefined) => id } as unknown as Parameters<typeof grantListing>[1];
const subjects = { subject: 'uscc:x', hidden: 'h', others: [], query: () => '' };
const nameOf = () => ({ zh: '登记', en: 'register' });

/** Lists that are at hand whole, by their path. */
const LISTINGS: Readonly<Record<string, (language: Language) => Listing<never>>> = {
  '/console/alerts': (language) =>
    alertListing({ language, rules: new Map(), names, lifecycles: new Map() }) as Listing<never>,
  '/console/authorisations': (language) =>
    authorisationListing({
      language,
      definitions: new Map(),
      subjects,
      called: new Map(),
      today: '2026-12-01',
    }) as Listing<never>,
  '/console/casework': (language) => waitingListing(language, new Map()) as Listing<never>,
  '/console/datasets': (language) => datasetListing(language) as Listing<never>,
  '/console/grants': (language) => grantListing(language, names, NOW) as Listing<never>,
  '/console/matters': (language) => caseListing(language, new Map(), true) as Listing<never>,
  '/console/overview': (language) => departmentListing(language, '7', '2026-11-24T00:00') as Listing<never>,
  '/console/privileges': (language) => idleListing('grants', names, language) as Listing<never>,
  '/console/reports': (language) => reportListing(language, new Map(), NOW, () => '') as Listing<never>,
  '/console/reviews': (language) => reviewListing(language, names) as Listing<never>,
  '/console/sharing/records': (language) => useListing(language) as Listing<never>,
  '/console/sharing/told': (language) => toldListing(language) as Listing<never>,
  '/console/tickets': (language) => ticketListing(language, nameOf) as Listing<never>,
};
/** Lists that go on behind what is shown, or stand as days: what narrows them. */
const NARROWED: Readonly<Record<string, (language: Language) => readonly Filter[]>> = {
  '/console/applications/calendar': endingFilters,
  '/console/complaints': (language) => complaintFilters(language, []),
  '/console/history': (language) => historyFilters(language),
  '/console/messages': (language) => messageFilters(language, []),
  '/console/notices': (language) => noticeFilters(language, []),
};
/** Lists with filters of their own. */
const COLUMNS: Readonly<Record<string, (language: Language) => readonly Column<never>[]>> = {
  '/console/applications': (language) => trayColumns(language, true) as readonly Column<never>[],
  '/console/feeds': (language) => feedColumns(language) as readonly Column<never>[],
};

const columnsOf = (path: string, language: Language): readonly Column<never>[] =>
  LISTINGS[path]?.(language).columns ?? COLUMNS[path]?.(language) ?? [];

t.test('each list has what lists have', (t) => {
  for (const path of [...Object.keys(LISTINGS), ...Object.keys(COLUMNS)]) {
    for (const language of ['zh', 'en'] as const) {
      const columns = columnsOf(path, language);
      const ids = columns.map(({ id }) => id);
      t.equal(new Set(ids).size, ids.length, `${path}: each column once`);
      t.equal(columns.filter(({ head }) => head === true).length, 1, `${path}: one says what a row is`);
      t.ok(columns.filter(({ sorts }) => sorts === true).length > 1, `${path} sorts`);
      t.same(
        columns.filter(({ sorts, fixed, value }) => value === undefined && (sorts === true || fixed !== true)),
        [],
        `${path}: what sorts has a value, and all but its form goes out`,
      );
      if (language === 'zh') t.same(latinIn(columns.map(({ title }) => title.zh).join(' ')), [], path);
    }
    t.same(
      columnsOf(path, 'en').map(({ id }) => id),
      columnsOf(path, 'zh').map(({ id }) => id),
      `${path}: what is remembered counts in both languages`,
    );
  }
  for (const [path, of] of Object.entries(LISTINGS)) {
    const { path: own, choices = [], words, period } = of('en');
    t.equal(own, path);
    t.ok(choices.length + (words === undefined ? 0 : 1) + (period === undefined ? 0 : 1) > 1, `${path} is narrowed`);
  }
  for (const [path, of] of Object.entries(NARROWED)) {
    const filters = of('zh');
    t.ok(filters.length > 1, path);
    t.same(latinIn(filters.map(({ title }) => title.zh).join(' ')), [], path);
  }
  t.end();
});

t.test('the table of docs/console.md says of each list what it has', (t) => {
  const text = readFileSync(join(packageRoot(), 'docs', 'console.md'), 'utf8');
  const rows = new Map(
    [...text.matchAll(/^\| `(\/console\/[^`]*)` \|(.*)\|$/gm)].map(([, path = '', rest = '']) => [
      path,
      rest.split(' | ').map((cell) => cell.trim()),
    ]),
  );
  for (const path of [...Object.keys(LISTINGS), ...Object.keys(NARROWED), ...Object.keys(COLUMNS)]) {
    const row = rows.get(path);
    t.ok(row !== undefined, `${path} is in the table`);
    if (row === undefined) continue;
    const [, sorts = '', by = '', columns = ''] = row;
    const chooses = columnsOf(path, 'en').length > 0;
    t.equal(sorts.startsWith('yes'), chooses, `${path} sorts`);
    t.equal(columns.startsWith('yes'), chooses, `${path} has columns`);
    const listing = LISTINGS[path]?.('en');
    const titles =
      listing === undefined
        ? (NARROWED[path]?.('en') ?? []).map(({ title }) => title.en)
        : [
            ...(listing.words === undefined ? [] : ['a word']),
            ...(listing.choices ?? []).map(({ title }) => title.en),
            ...(listing.period === undefined ? [] : [listing.period.title.en]),
          ];
    for (const title of titles)
      t.ok(by.toLowerCase().includes(title.toLowerCase()), `${path} is narrowed by ${title}: ${by}`);
  }
  t.end();
});

interface Row {
  readonly n: number;
  readonly word: string;
  readonly kinds: readonly string[];
  readonly at: number | undefined;
}
const listing: Listing<Row> = {
  id: 'rows',
  path: '/rows',
  page: 4,
  keyOf: ({ n }) => String(n),
  columns: [
    { id: 'n', title: { zh: '序', en: 'n' }, head: true, sorts: true, value: ({ n }) => n, cell: ({ n }) => n },
    {
      id: 'word',
      title: { zh: '词', en: 'word' },
      sorts: true,
      value: ({ word }) => (word === '' ? undefined : word),
      cell: () => null,
    },
  ],
  words: { title: { zh: '词', en: 'word' }, of: ({ word }) => [word, undefined] },
  choices: [
    {
      id: 'kind',
      title: { zh: '类', en: 'kind' },
      of: ({ kinds }) => kinds.map((value) => ({ value, title: value })),
    },
  ],
  period: { title: { zh: '时', en: 'time' }, at: ({ at }) => at },
};

/** As a browser asks that is remembered nowhere. */
const asked = (query: object): FastifyRequest => {
  const quiet = { warn: () => undefined };
  return {
    query,
    language: 'zh',
    id: 'r',
    log: quiet,
    session: { person: { id: 'p', roles: [] } },
    server: { people: { rooms: [] }, log: quiet },
  } as unknown as FastifyRequest;
};
const nowhere = {} as unknown as GatewayContext;

const row = fc.record({
  n: fc.integer({ min: 0, max: 20 }),
  word: fc.constantFrom('', '甲', '乙', 'Abc', 'bcd'),
  kinds: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 2 }),
  at: fc.option(
    fc.integer({ min: 0, max: 9 }).map((day) => Date.UTC(2026, 0, 1 + day, 3)),
    { nil: undefined },
  ),
});
const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
const question = fc.record(
  {
    q: fc.constantFrom('', 'b', '甲'),
    kind: fc.constantFrom('', 'x', 'y'),
    since: fc.integer({ min: 0, max: 9 }).map(day),
    until: fc.integer({ min: 0, max: 9 }).map(day),
    sort: fc.constantFrom('n', 'word'),
    down: fc.constantFrom('1', '0'),
    page: fc.constantFrom('1', '2', '9'),
  },
  { requiredKeys: [] },
);

t.test('whatever rows and filters there are: what is shown is what plain filters and a plain sort give', async () => {
  const collator = new Intl.Collator('zh');
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 15 }), question, async (rows, query) => {
      const { q = '', kind = '', since = '', until = '', sort, down, page = '1' } = query;
      let wanted = rows.filter(
        ({ word, kinds, at }) =>
          (q === '' || word.toLowerCase().includes(q)) &&
          (kind === '' || kinds.includes(kind)) &&
          (since === '' || (at !== undefined && new Date(at + 8 * 3_600_000).toISOString().slice(0, 10) >= since)) &&
          (until === '' || (at !== undefined && new Date(at + 8 * 3_600_000).toISOString().slice(0, 10) <= until)),
      );
      if (sort === 'n') wanted = [...wanted].sort((a, b) => (down === '1' ? b.n - a.n : a.n - b.n));
      if (sort === 'word') {
        const said = wanted.filter(({ word }) => word !== '');
        said.sort((a, b) => collator.compare(a.word, b.word) * (down === '1' ? -1 : 1));
        wanted = [...said, ...wanted.filter(({ word }) => word === '')];
      }
      const found = await listed(asked(query), nowhere, listing, rows);
      const pages = Math.max(1, Math.ceil(wanted.length / 4));
      const at = Math.min(Number(page), pages);
      return (
        found.of === rows.length &&
        found.pages === pages &&
        found.rows.length === wanted.length &&
        found.rows.every((one, i) => one === wanted[i]) &&
        JSON.stringify(found.shown) === JSON.stringify(wanted.slice((at - 1) * 4, at * 4))
      );
    }),
  );
});

t.test('a form of a list says each field once: a parameter that comes twice is refused', (t) => {
  const state = { sort: 'n', down: true, columns: undefined, q: '甲', page: 1 };
  for (const keeps of [{}, { q: '甲' }]) {
    const html = render(
      h(ListTools<Row>, {
        language: 'zh',
        columns: listing.columns,
        rows: [],
        state,
        path: '/rows',
        keeps,
        keyOf: String,
      }),
    );
    t.equal(html.match(/name="q"/g)?.length, 1);
    t.match(html, /<option value="n" selected>/, 'as the heads say it, where a phone has none');
    t.match(html, /name="down" value="1" checked/);
  }
  t.end();
});

t.test('what no filter has is refused; what is gone finds nothing', async (t) => {
  const closed: readonly Filter[] = [
    { kind: 'choice', id: 'state', title: nameOf(), options: [{ value: 'a', title: '甲' }], closed: true },
    { kind: 'period', title: { zh: '时间', en: 'Time' } },
  ];
  for (const query of [{ state: 'b' }, { since: '2026-13-01' }, { until: 'x' }, { state: ['a', 'a'] }])
    t.throws(() => chosenIn(query, closed), { code: 'bad_request' }, JSON.stringify(query));
  t.same(chosenIn({ state: '', since: ' ', other: 'x' }, closed), {});
  const chosen = chosenIn({ state: 'a', since: '2026-11-01', until: '2026-11-30' }, closed);
  t.equal(chosenWords(closed, chosen, 'zh'), '登记：甲；时间：自 2026-11-01 至 2026-11-30');
  t.same(periodOf(chosen), { since: Date.UTC(2026, 9, 31, 16), until: Date.UTC(2026, 10, 30, 16) });
  const found = await listed(asked({ kind: 'gone' }), nowhere, listing, [{ n: 1, word: '', kinds: ['x'], at: 0 }]);
  t.same([found.of, found.rows.length], [1, 0]);
  const pageOf = async (many: number, query = {}): Promise<string> => {
    const rows = Array.from({ length: many }, (_, n): Row => ({ n, word: '', kinds: [], at: undefined }));
    return render(h(ListOf<Row>, { listed: await listed(asked(query), nowhere, listing, rows), empty: '空' }));
  };
  t.match(await pageOf(6), /list-filters[^]*共 6 项，第 1 \/ 2 页[^]*rel="next"/);
  t.notMatch(await pageOf(5), /list-filters/, 'of a few nothing has to be found');
  t.match(await pageOf(5, { kind: 'gone' }), /list-filters[^]*没有符合条件的内容/, 'but what is narrowed says so');
  t.match(await pageOf(0), /^<div class="card"><p class="empty">空/);
});

t.test('history, messages, notices and days that end: each is narrowed as its page tells it', (t) => {
  const entry = (authority: string, datasets: HistoryEntry['datasets']): HistoryEntry => ({
    index: 1,
    body: { authority, purpose: 'p' },
    datasets,
  });
  const one = (released: boolean, records: number) => ({ dataset: 'd', released, fields: [], records });
  const both = entry('tax', [one(true, 2), one(false, 0)]);
  t.same(whatOf(both), ['released', 'denied']);
  t.same(whatOf(entry('tax', [one(true, 0)])), ['none']);
  t.same(whatOf(entry('tax', [])), ['document']);
  t.ok(fits(both, { authority: 'tax', purpose: 'p', what: 'denied' }));
  for (const chosen of [{ authority: 'samr' }, { purpose: 'q' }, { what: 'none' }]) t.notOk(fits(both, chosen));
  const taxed = entry('data-bureau', [{ ...one(true, 1), dataset: 'tax.arrears' }]);
  t.ok(fits(taxed, { provider: 'tax' }), 'whose data it is, whoever looked at it');
  t.notOk(fits(taxed, { provider: 'data-bureau' }));
  const at = Date.UTC(2026, 10, 1, 17);
  t.ok(isAsked({ at, ended: undefined }, { since: '2026-11-02', until: '2026-11-02' }), 'a day of the city');
  t.notOk(isAsked({ at, ended: undefined }, { until: '2026-11-01' }));
  t.notOk(isAsked({ at, ended: undefined }, { what: 'ended' }));
  t.ok(fitsNotice({ at, read: false, room: 'sharing' }, { state: 'unread', room: 'sharing' }));
  t.notOk(fitsNotice({ at, read: false, room: 'sharing' }, { state: 'read' }));
  t.ok(fitsEnding({ kind: 'grant', day: '2026-12-31' }, { kind: 'grant', until: '2026-12-31' }));
  t.notOk(fitsEnding({ kind: 'grant', day: '2027-01-01' }, { until: '2026-12-31' }));
  t.end();
});

const HTML = { accept: 'text/html', 'accept-language': 'zh' };
type Who = NonNullable<Parameters<Awaited<ReturnType<typeof faces>>['visit']>[1]>;
const authority: Who = { roles: ['sharing-authority'], authority: 'data-bureau' };
const officer: Who = { roles: ['data-officer'], authority: 'samr' };

t.test('lists of a city: pages and files are sorted and narrowed as plain ones over its files', async (t) => {
  const here = await faces(t);
  const csvOf = async (path: string, who: Who) => {
    const { status, text } = await here.visit({ path, headers: { ...HTML, accept: '*/*' } }, who);
    t.equal(status, 200, path);
    const [heads = [], ...lines] = linesOf(text);
    return { heads, lines };
  };
  const hrefsOf = async (path: string, who: Who): Promise<readonly string[]> => {
    const all: string[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const { text } = await here.visit({ path: next, headers: HTML }, who);
      t.match(text, /class="sorts"[^]*data-made/, `${next} sorts, and says its time and source`);
      const body = text.slice(text.indexOf('<tbody'), text.indexOf('</tbody>'));
      all.push(...[...body.matchAll(/<th scope="row"[^>]*><a href="([^"?]*)/g)].map(([, href = '']) => href));
      next = /href="([^"]*)" rel="next"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    }
    return all;
  };
  const collator = new Intl.Collator('zh');
  const isNumber = (text: string): boolean => /^-?\d+(?:\.\d+)?$/.test(text);
  for (const [path, who] of [
    ['/console/grants', authority],
    ['/console/datasets', authority],
    ['/console/sharing/records', authority],
    ['/console/feeds', officer],
  ] as const) {
    const { heads, lines } = await csvOf(`${path}.csv?sort=&cols=`, who);
    t.ok(lines.length > 5, `${path}: ${String(lines.length)} rows`);
    t.equal(new Set(await hrefsOf(path, who)).size, lines.length, `${path}: all its pages have each row once`);
    const columns = columnsOf(path, 'zh').filter(({ value }) => value !== undefined);
    t.same(
      heads,
      columns.map(({ title }) => title.zh),
      `${path}: all columns go out`,
    );
    for (const [at, { id }] of columns.entries()) {
      if (columns[at]?.sorts !== true) continue;
      const isNumeric = lines.every((line) => isNumber(line[at] ?? ''));
      const plain = [...lines].sort((a, b) => {
        const [x = '', y = ''] = [a[at], b[at]];
        if (x === '' || y === '') return Number(x === '') - Number(y === '');
        return isNumeric ? Number(y) - Number(x) : -collator.compare(x, y);
      });
      t.same((await csvOf(`${path}.csv?sort=${id}&down=1`, who)).lines, plain, `${path} by ${id}`);
      t.same((await csvOf(`${path}.csv`, who)).lines, plain, 'remembered');
    }
    const [, few = ''] = columns.filter(({ head }) => head !== true).map(({ id }) => id);
    t.equal((await csvOf(`${path}.csv?sort=&cols=&cols=${few}`, who)).heads.length, 2, `${path}: columns are chosen`);
    await csvOf(`${path}.csv?cols=`, who);
  }

  const workspace = await loadWorkspace(packageRoot());
  const grants = [...(await loadPolicies(workspace)).grants.values()];
  const text = (await here.visit({ path: '/console/grants', headers: HTML }, authority)).text;
  const [, law = ''] = /<select name="law">([^]*?)<\/select>/.exec(text) ?? [];
  const laws = [...law.matchAll(/<option value="([^"]+)"/g)].map(([, act = '']) => act);
  t.ok(laws.length > 10, `${String(laws.length)} acts`);
  for (const act of laws) {
    const by = grants.filter(({ legalBasis }) => legalBasis.some((one) => one.startsWith(act)));
    const found = await hrefsOf(`/console/grants?law=${encodeURIComponent(act)}`, authority);
    t.same([...found].sort(), by.map(({ id }) => `/console/grants/${id}`).sort(), act);
  }
  const article = '第三十一条';
  const named = await csvOf(`/console/grants.csv?q=${encodeURIComponent(article)}`, authority);
  t.equal(
    named.lines.length,
    grants.filter(({ legalBasis }) => legalBasis.some((one) => one.includes(article))).length,
    'an article is looked for as well',
  );
  const lawAt = named.heads.indexOf('法律依据');
  t.ok(
    named.lines.every((line) => line[lawAt]?.includes(article)),
    'and stands in its column',
  );
  const contracts = [...workspace.contracts.values()];
  for (const attribute of ['conditional', 'unconditional', 'none']) {
    const found = await csvOf(`/console/datasets.csv?sharing=${attribute}&provider=samr`, authority);
    t.equal(
      found.lines.length,
      contracts.filter(({ sharing, authority: own }) => sharing.attribute === attribute && own === 'samr').length,
      attribute,
    );
  }
  t.match(here.entries.at(-1)?.body, { action: 'datasets', detail: { export: true } }, 'a file is on record as one');
});

t.test('what is picked of the grants is suspended by one reason, and the list stays as it was narrowed', async (t) => {
  const here = await faces(t);
  const act = '市场主体登记管理条例';
  const path = `/console/grants?${new URLSearchParams({ law: act }).toString()}`;
  const { text } = await here.visit({ path, headers: HTML }, authority);
  const [, back = ''] = /name="back" value="([^"]*)"/.exec(text) ?? [];
  t.match(back, /^\?law=/);
  const ids = [...text.matchAll(/name="grant" value="([^"]*)"/g)].map(([, id = '']) => id).slice(0, 3);
  const send = async (reason: string, picked: readonly string[]) =>
    here.visit(
      {
        method: 'POST',
        path: '/console/grants/suspend',
        headers: HTML,
        body: new URLSearchParams([
          ['csrf', await here.csrf(authority)],
          ['reason', reason],
          ['back', back],
          ...picked.map((id): [string, string] => ['grant', id]),
        ]).toString(),
      },
      authority,
    );
  const suspended = (): readonly string[] => [...readSuspensions(suspensionsDir(here.dataDir)).grants.keys()].sort();
  t.equal((await send('条例修订，暂停核对', [])).status, 400, 'nothing is picked');
  t.equal((await send('核', ids)).status, 400, 'no reason');
  t.same(suspended(), []);
  const done = await send('条例修订，暂停核对', ids);
  t.match(done, { status: 303, headers: { location: path } });
  t.same(suspended(), [...ids].sort());
  const deeds = here.entries.filter(({ body }) => body['action'] === 'grant_suspended');
  t.same(deeds.map(({ body }) => body['target']).sort(), [...ids].sort(), 'each on record by itself');
  t.equal((await send('条例修订，暂停核对', ['nobody-s'])).status, 404);
});

t.test('every page says its time and source', async (t) => {
  const here = await faces(t);
  const saidBy = (url: string) =>
    sourceOf({
      url,
      ...(here.people.findRoute({ method: 'GET', url }) as unknown as { readonly store?: object } | null)?.store,
    });
  t.same(
    pageRoutes.filter((route) => saidBy(route) === undefined),
    ['/signed-out'],
    'all of them have one, by their route or by their path (ui/made.tsx)',
  );
  t.equal(saidBy('/console/grants/clients/:client'), saidBy('/console/grants'), 'as the page above it');
  t.equal(sourceOf({ url: undefined }), undefined);
  t.equal(sourceOf({ url: '/console/grants', config: { source: nameOf() } })?.zh, '登记', 'a route may say another');
  for (const [path, who] of [
    ['/', undefined],
    ['/numbers', undefined],
    ['/matters', undefined],
    ['/console/grants', authority],
    ['/console/home', authority],
    ['/console/feeds', officer],
  ] as const) {
    const { text } = await here.visit({ path, headers: HTML }, who);
    const [, said = ''] = /data-made[^>]*>([^]*?)<\/p>/.exec(text) ?? [];
    const [, at = ''] = /datetime="([^"]*)"/i.exec(said) ?? [];
    t.ok(Math.abs(Date.now() - Date.parse(at)) < DAY, `${path}: ${said}`);
    t.match(said.replace(/<[^>]*>/g, ''), /^数据截至 \d{4}-\d\d-\d\d \d\d:\d\d（北京时间）；来源：./, path);
    t.same(latinIn(said.replace(/<[^>]*>/g, '')), [], path);
  }
  const none = await here.visit({ path: '/console/grants/nobody-s', headers: HTML }, authority);
  t.equal(none.status, 404);
  t.notMatch(none.text, /data-made/, 'an error has no source');
});
