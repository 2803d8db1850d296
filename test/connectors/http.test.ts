import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { parseMapping } from '../../connectors/mapping/index.js';
import { addressKind, makeDoor } from '../../connectors/reading/door.js';
import type { SourceRow } from '../../connectors/reading/port.js';
import { retryAfter } from '../../connectors/sources/http/get.js';
import { httpKind } from '../../connectors/sources/http/index.js';
import { nextLink } from '../../connectors/sources/http/pages.js';
import { initPki, issueClient, issueServer } from '../../gateway/operate/pki/authority.js';
import { type Api, openApi, type Reply } from './api.js';
import { digit9 } from './fixtures.js';
import { openOffice } from './office.js';
import { contextOf, counts, type Reading } from './reading.js';

const item = (n: number, more: object = {}) => ({ code: digit9.make(n), name: `n${n}`, status: null, ...more });
const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => item(from + i));

async function served(t: Test, reply: Api['reply'], tls?: Parameters<typeof openApi>[1]): Promise<Api> {
  const api = await openApi(reply, tls);
  t.teardown(() => api.close());
  return api;
}

const sourceOf = (api: Api, more: object = {}) =>
  ({ kind: 'http', url: `${api.url}/list`, allowHosts: [api.host], allowPrivate: true, retries: 2, ...more }) as const;

/** One run; waits take no time and are noted. */
async function run(
  api: Api,
  more: object = {},
  {
    waits = [],
    env = {},
    dir = '.',
    ...reading
  }: Reading & { waits?: number[]; env?: Record<string, string>; dir?: string } = {},
) {
  const kind = httpKind({ sleep: async (ms) => void waits.push(ms), env });
  const opened = await kind.open(contextOf(dir, sourceOf(api, more), { overrides: { snapshot: false }, ...reading }));
  const rows: unknown[] = [];
  if (opened === undefined || 'unchanged' in opened) return rows;
  for await (const batch of opened.rows) rows.push(...batch);
  await opened.complete?.();
  return rows;
}
const codes = (rows: readonly unknown[]) => (rows as SourceRow[]).map(({ cells }) => cells['code']);

t.test('every style of paging gives every item once', async (t) => {
  const all = many(0, 25);
  const part = (from: number, size: number) => all.slice(from, from + size);
  const number = (url: URL, name: string) => Number(url.searchParams.get(name));
  const styles: readonly (readonly [name: string, more: object, reply: Api['reply']])[] = [
    ['none', {}, () => ({ body: all })],
    [
      'page',
      { items: '/data', paging: { style: 'page', parameter: 'p', size: { parameter: 'n', value: 10 } } },
      (url) => ({ body: { data: part((number(url, 'p') - 1) * number(url, 'n'), 10) } }),
    ],
    [
      'page from 0, counted',
      { items: '/data', total: '/total', paging: { style: 'page', parameter: 'p', first: 0 } },
      (url) => ({ body: { data: part(number(url, 'p') * 10, 10), total: 25 } }),
    ],
    [
      'offset, though the server gives less than is asked for',
      { paging: { style: 'offset', parameter: 'from', size: { parameter: 'n', value: 100 } } },
      (url) => ({ body: part(number(url, 'from'), 10) }),
    ],
    [
      'next',
      { items: '/data', paging: { style: 'next', pointer: '/links/next' } },
      (url) => {
        const from = number(url, 'from');
        return { body: { data: part(from, 10), links: { next: from < 20 ? `?from=${from + 10}` : null } } };
      },
    ],
    [
      'link',
      { paging: { style: 'link' } },
      (url) => {
        const from = number(url, 'from');
        return {
          body: part(from, 10),
          headers:
            from < 20
              ? { link: `</other>; rel="prev", </list?from=${from + 10}>; title="x"; rel="last next"` }
              : { link: '</list>; rel=first' },
        };
      },
    ],
    [
      'cursor',
      { items: '/data', paging: { style: 'cursor', parameter: 'after', pointer: '/after' } },
      (url) => {
        const from = number(url, 'after');
        return { body: { data: part(from, 10), after: from < 20 ? from + 10 : '' } };
      },
    ],
  ];
  for (const [name, more, reply] of styles) {
    const api = await served(t, reply);
    t.strictSame(
      codes(await run(api, more)),
      all.map(({ code }) => code),
      name,
    );
  }
  for (const [header, link] of [
    ['<a>; rel="next"', 'a'],
    ['<a>; rel=next, <b>; rel="last"', 'a'],
    ['<a>; rel="nextx"', undefined],
    ['<a>; title="rel=next"', undefined],
    [undefined, undefined],
    ['<b>; rel="last", <c?x=1,2>; rel=next', 'c?x=1,2'],
  ] as const) {
    t.equal(nextLink(header), link, header ?? 'none');
  }
});

t.test('a part of a list is never taken for the list', async (t) => {
  const page = { style: 'page', parameter: 'p' };
  const cases: readonly (readonly [what: RegExp, more: object, reply: Api['reply']])[] = [
    [
      /gave 10 items of 25/,
      { items: '/data', total: '/total', paging: page },
      (url) => ({ body: { data: url.searchParams.get('p') === '1' ? many(0, 10) : [], total: 25 } }),
    ],
    [/gives one page twice/, { paging: page }, () => ({ body: many(0, 10) })],
    [
      /back to a page/,
      { items: '/d', paging: { style: 'next', pointer: '/next' } },
      (url) => ({
        body: { d: many(0, 2), n: url.search, next: url.search === '?b' ? '?a' : url.search === '?a' ? '?b' : '?a' },
      }),
    ],
    [
      /more than 3 pages/,
      { maxPages: 3, items: '/d', paging: page },
      (url) => ({ body: { d: [item(Number(url.searchParams.get('p')))] } }),
    ],
    [/no array at `\/data`/, { items: '/data' }, () => ({ body: { error: 'x' } })],
    [
      /answered 404/,
      { paging: page },
      (url) => (url.searchParams.get('p') === '1' ? { body: many(0, 2) } : { status: 404 }),
    ],
    [/could not be reached \(ECONNRESET\)|not JSON/, {}, () => ({ body: many(0, 1000), cutAt: 5000 })],
    [/content type/, {}, () => ({ body: Buffer.from('<html>'), headers: { 'content-type': 'text/html' } })],
    [/content type/, {}, () => ({ body: [], headers: { 'content-type': 'application/json; charset=gbk' } })],
    [/content encoding/, {}, () => ({ body: gzipSync('[]'), headers: { 'content-encoding': 'gzip' } })],
    [/not in UTF-8/, {}, () => ({ body: Buffer.from([0x22, 0xff, 0x22]) })],
    [/larger than 2000 bytes/, { maxPageBytes: 2000 }, () => ({ body: many(0, 100) })],
    [
      /larger than 2000 bytes/,
      { maxPageBytes: 2000 },
      () => ({ body: many(0, 100), headers: { 'transfer-encoding': 'chunked' } }),
    ],
    [/did not answer within 1000 ms/, { timeout: 'PT1S', retries: 0 }, () => ({ hang: true })],
  ];
  for (const [what, more, reply] of cases) {
    const api = await served(t, reply);
    await t.rejects(run(api, more), { code: 'source_unavailable', message: what }, String(what));
  }
});

t.test('a source that is busy is asked again, a source that refuses is not', async (t) => {
  const replies: Reply[] = [{ status: 503 }, { status: 429, headers: { 'retry-after': '7' } }, { body: [item(1)] }];
  const api = await served(t, () => replies.shift() ?? { status: 500 });
  const waits: number[] = [];
  t.equal((await run(api, {}, { waits })).length, 1);
  t.strictSame(waits, [1000, 7000]);
  await t.rejects(run(api, {}, { waits }), { code: 'source_unavailable', message: /answered 500, 3 times/ });
  api.reply = () => ({ status: 503, headers: { 'retry-after': '86400' } });
  await t.rejects(run(api, {}, { waits: [] }), { message: /answered 503, once/ });
  const asked = api.asked.length;
  api.reply = () => ({ status: 401 });
  await t.rejects(run(api), { message: /credentials/ });
  t.equal(api.asked.length, asked + 1);
  const now = new Date('2024-01-01T00:00:00Z');
  t.strictSame(
    [retryAfter('3', now), retryAfter('Mon, 01 Jan 2024 00:01:00 GMT', now), retryAfter('soon', now)],
    [3000, 60_000, undefined],
  );
});

t.test('credentials come from where the feed points, and go nowhere else', async (t) => {
  const dir = t.testdir({ key: ' s3cret\n' });
  const other = await served(t, () => ({ body: [item(2)] }));
  const api = await served(t, (url) =>
    url.searchParams.get('key') !== 's3cret'
      ? { status: 403 }
      : url.searchParams.has('b')
        ? { status: 302, headers: { location: `${other.url}/moved` } }
        : { body: [item(1)], headers: { link: '</list?b>; rel=next' } },
  );
  const more = {
    allowHosts: [api.host, other.host],
    paging: { style: 'link' },
    headers: { authorization: { env: 'YITONG_FEED_TOKEN', prefix: 'Bearer ' } },
    parameters: { key: { file: 'key' } },
  };
  t.strictSame(codes(await run(api, more, { dir, env: { YITONG_FEED_TOKEN: 'abc' } })), [
    digit9.make(1),
    digit9.make(2),
  ]);
  t.equal(api.requests[0]?.headers.authorization, 'Bearer abc');
  t.equal(other.requests[0]?.headers.authorization, undefined, 'another origin does not get them');
  t.strictSame(other.asked, ['/moved']);
  await t.rejects(run(api, more, { dir }), {
    code: 'bad_feed',
    message: /`YITONG_FEED_TOKEN` that the feed names is not set/,
  });
  const secret = await run(api, more, { dir, env: { YITONG_FEED_TOKEN: 'ab\r\nc' } }).catch((error: Error) => error);
  t.match(secret, { code: 'bad_feed', message: /cannot be sent/ });
  t.notMatch(JSON.stringify(secret), 'ab');
  for (const wrong of [
    { headers: { authorization: 'Bearer abc' } },
    { headers: { authorization: { env: 'HOME' } } },
    { headers: { host: { env: 'YITONG_FEED_X' } } },
    { headers: { Authorization: { file: 'key' } } },
    { url: api.url.replace('//', '//user:abc@') },
  ]) {
    await t.rejects(run(api, wrong, { dir }), { code: 'bad_feed' }, JSON.stringify(wrong));
  }
});

t.test('no request leaves for a place that the feed does not list', async (t) => {
  const other = await served(t, () => ({ body: [] }));
  const api = await served(t, () => ({ body: [] }));
  const redirect = (location: string) =>
    (api.reply = (url) => (url.pathname === '/list' ? { status: 301, headers: { location } } : { body: [] }));
  for (const [location, what] of [
    [`${other.url}/x`, /not one of `allowHosts`/],
    ['file:///etc/passwd', /neither/],
    ['http://[', /no address/],
    ['/list', /redirects more than 5/],
  ] as const) {
    redirect(location);
    await t.rejects(run(api), { code: 'source_unavailable', message: what }, location);
  }
  t.strictSame(other.asked, []);
  api.reply = () => ({ body: { d: [item(1)], next: `${other.url}/x` } });
  await t.rejects(run(api, { items: '/d', paging: { style: 'next', pointer: '/next' } }), {
    message: /not one of `allowHosts`/,
  });
  for (const [more, what] of [
    [{ allowPrivate: false }, /private address/],
    [{ allowHosts: ['127.0.0.1'] }, /not one of/],
    [{ url: 'http://api.example/x', allowHosts: ['api.example:80'] }, /without TLS/],
    [{ url: 'http://10.0.0.1/x', allowHosts: ['10.0.0.1:80'] }, /without TLS/],
    [{ url: 'https://169.254.169.254/x', allowHosts: ['169.254.169.254'] }, /no request may go/],
    [{ url: 'x' }, /must be an address/],
    [{ agent: 1 }, /unknown key `agent`/],
  ] as const) {
    await t.rejects(run(api, more), { code: 'bad_feed', message: what });
  }
  t.strictSame(
    [
      '8.8.8.8',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '127.0.0.2',
      '::1',
      '169.254.169.254',
      '0.0.0.0',
      '::ffff:10.0.0.1',
      '::ffff:127.0.0.1',
      'fd00::1',
      'fe80::1',
      '64:ff9b::a00:1',
      '2001:db8::1',
      'x',
    ].map(addressKind),
    [
      'public',
      'private',
      'private',
      'private',
      'private',
      'loopback',
      'loopback',
      'forbidden',
      'forbidden',
      'private',
      'loopback',
      'private',
      'forbidden',
      'forbidden',
      'public',
      'forbidden',
    ],
  );
  // an address that holds another one, in whichever way
  for (const holder of [
    '::127.0.0.1',
    '::7f00:1',
    '::10.0.0.1',
    '::169.254.169.254',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '100::1',
    '192.88.99.1',
    'fe80::1%eth0',
    '::',
  ])
    t.equal(addressKind(holder), 'forbidden', holder);
  for (const [holder, kind] of [
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:169.254.169.254', 'forbidden'],
    ['::ffff:8.8.8.8', 'public'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['0:0:0:0:0:ffff:10.0.0.1', 'private'],
  ] as const)
    t.equal(addressKind(holder), kind, holder);
  // a name is judged by the address that is connected to
  const looked = (allowPrivate: boolean) =>
    new Promise((resolve) =>
      makeDoor({ allowHosts: ['localhost'], ceiling: { allows: () => true }, allowPrivate }).lookup(false)(
        'localhost',
        { family: 4 },
        (error, address) => resolve(error?.message ?? address),
      ),
    );
  t.match(await looked(false), /private address/);
  t.equal(await looked(true), '127.0.0.1');
});

t.test('over TLS, only a server of the named authority is believed, and it learns who asks', async (t) => {
  const dir = t.testdir({ good: {}, other: {} });
  await initPki(join(dir, 'good'));
  await initPki(join(dir, 'other'));
  const server = await issueServer(join(dir, 'good'));
  const client = await issueClient(join(dir, 'good'), 'alpha');
  const api = await served(t, () => ({ body: [item(1)] }), {
    cert: readFileSync(server.cert),
    key: readFileSync(server.key),
    ca: readFileSync(join(dir, 'good/ca.pem')),
    requestCert: true,
    rejectUnauthorized: true,
  });
  const tls = { ca: 'good/ca.pem', cert: client.cert, key: client.key };
  t.strictSame(codes(await run(api, { tls }, { dir })), [digit9.make(1)]);
  t.match((api.requests[0]?.socket as TLSSocket | undefined)?.getPeerCertificate().subject.CN, 'alpha');
  await t.rejects(run(api, { tls: { ca: 'other/ca.pem' } }, { dir }), {
    code: 'source_unavailable',
    message: /could not be reached \(.*(SIGNATURE|ISSUER|CERT).*\)/,
  });
  await t.rejects(run(api, {}, { dir }), { code: 'source_unavailable' });
  await t.rejects(
    run(api, { tls: { ca: 'good/ca.pem' } }, { dir }),
    { code: 'source_unavailable' },
    'without its certificate',
  );
  await t.rejects(run(api, { tls: { ca: 'good/ca.pem', cert: client.cert } }, { dir }), {
    code: 'bad_feed',
    message: /both/,
  });
  await t.rejects(run(api, { tls: { ca: 'none.pem' } }, { dir }), {
    code: 'bad_feed',
    message: /`none.pem` .* not there/,
  });
});

t.test('every item is published or quarantined, and the next run asks for what changed since', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const data: object[] = [
    ...many(0, 1200).map((one, n) => ({ ...one, id: n, at: `2024-01-01T00:00:${String(n % 60).padStart(2, '0')}Z` })),
    { id: 5000, code: '123456789', name: 'x', at: '2024-01-02T00:00:00Z' },
    { id: 5001, name: 'y'.repeat(2000), at: '2024-01-01T00:00:00Z' },
    { code: digit9.make(7000), name: 'no id' },
    { id: 5003, deep: Array.from({ length: 40 }).reduce((inner) => [inner], 0) },
  ];
  const api = await served(t, (url) => {
    const since = url.searchParams.get('since') ?? '';
    return {
      body: {
        data: data
          .filter((one) => !('at' in one) || String(one.at) >= since)
          .slice(Number(url.searchParams.get('from')), Number(url.searchParams.get('from')) + 700),
      },
    };
  });
  const source = sourceOf(api, {
    items: '/data',
    position: '/id',
    maxItemBytes: 1000,
    paging: { style: 'offset', parameter: 'from', size: { parameter: 'n', value: 700 } },
    since: { parameter: 'since', item: '/at' },
  });
  const mapping = parseMapping(
    {
      fields: {
        code: { from: 'code', steps: [{ key: 'digit9' }] },
        name: { from: 'name' },
        status: { from: 'status' },
      },
    },
    'feed.json',
  );
  const first = await office.run({ source, mapping, snapshot: false });
  t.strictSame(counts(first), [1204, 1200, 0, 0, 4, 0, 0, 'complete']);
  t.strictSame(first.codes, { bad_check_digit: 1, record_too_large: 1, bad_row: 1, nested_too_deep: 1 });
  t.strictSame(
    (await office.quarantine()).map(({ position }) => position),
    ['5000', '5001', '#1203', '5003'],
  );

  data.push({ ...item(3), name: 'renamed', id: 3, at: '2024-01-03T00:00:00Z' });
  data.splice(
    data.findIndex((one) => 'deep' in one || !('id' in one)),
    2,
  );
  const second = await office.run({ source, mapping, snapshot: false });
  t.match(api.asked.at(-1), /since=2024-01-02T00%3A00%3A00Z/);
  t.strictSame(counts(second), [2, 1, 0, 0, 1, 0, 0, 'complete']);
  t.equal((await office.current())[`digit9:${digit9.make(3)}|`], 'renamed');
  await t.rejects(office.run({ source, mapping, snapshot: true }), {
    code: 'bad_feed',
    message: /`snapshot` cannot be true/,
  });
});

t.test('a snapshot over an API withdraws what left it, and nothing when a page fails', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  let all = many(0, 100);
  let broken = false;
  const api = await served(t, (url) => {
    const page = Number(url.searchParams.get('p'));
    return broken && page === 2 ? { status: 400 } : { body: all.slice((page - 1) * 40, page * 40) };
  });
  const source = sourceOf(api, { paging: { style: 'page', parameter: 'p' } });
  t.strictSame(counts(await office.run({ source })), [100, 100, 0, 0, 0, 0, 0, 'complete']);
  all = many(0, 95);
  broken = true;
  await t.rejects(office.run({ source }), { code: 'source_unavailable', message: /answered 400/ });
  t.match((await office.watermarks()).at(-1), { state: 'failed' });
  t.equal(Object.keys(await office.current()).length, 100);
  broken = false;
  t.strictSame(counts(await office.run({ source })), [95, 0, 95, 0, 0, 0, 5, 'complete']);
});

t.test('without a cursor of its own, the clock is the cursor, with an overlap', async (t) => {
  const api = await served(t, () => ({ body: [] }));
  const memory = {};
  const since = { parameter: 'since', overlap: 'PT1H' };
  await run(api, { since }, { memory });
  await run(api, { since }, { memory });
  await run(api, { since: { ...since, initial: '2020-01-01' } }, { memory });
  await run(api, { since: { ...since, initial: '2020-01-01' } }, { memory, options: { again: 'true' } });
  t.strictSame(
    api.asked,
    ['/list', '/list?since=2029-12-31T23%3A00%3A00.000Z', '/list?since=2020-01-01', '/list?since=2020-01-01'],
    'a feed that changed begins anew',
  );
  api.reply = () => ({ body: [item(1)] });
  await t.rejects(run(api, { since: { parameter: 'since', item: '/at' } }), {
    code: 'source_unavailable',
    message: /would not know where to go on/,
  });
});
