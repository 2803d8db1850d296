/** Whatever is sent to whichever route, it is answered by a code of the error table, and never by a fault of ours. */
import t from 'tap';
import { type ErrorCode, errorTable } from '../../../contracts/errors.js';
import { ROLES } from '../../../gateway/ground/identity/person.js';
import type { RawAnswer, RawRequest } from '../../e2e/ask.js';
import { exampleOf, type Faces, faces, routesOf } from './faces.js';

t.setTimeout(300_000);

/** What is away in this gateway, or not configured: told with its own code, whatever was asked. */
const AWAY: ReadonlySet<string> = new Set<ErrorCode>(['bus_unavailable', 'sign_in_unavailable']);
const LONG = 'x'.repeat(5000);

/** What is wrong with an answer; undefined where nothing is. */
function fault({ status, text, headers }: RawAnswer): string | undefined {
  if (status < 400) return undefined;
  const page = String(headers['content-type']).startsWith('text/html');
  const code = page
    ? ((/<[^>]*mono[^>]*>[^<]*?\b([a-z]+(?:_[a-z]+)*) ·/.exec(text) ?? [])[1] ?? 'page')
    : text.startsWith('{')
      ? (JSON.parse(text) as { code?: string; error_code?: number }).code
      : undefined;
  if (status >= 500 && !(code !== undefined && AWAY.has(code)))
    return `${String(status)} ${code ?? text.slice(0, 100)}`;
  if (page) return undefined;
  // the schema registry has codes of its own
  if (code === undefined && /"error_code":404/.test(text)) return undefined;
  return code === undefined || !(code in errorTable) || code === 'internal'
    ? `${String(status)} ${text.slice(0, 100)}`
    : undefined;
}

const WRONG: readonly unknown[] = [null, true, 5, -1.5, '', ' ', LONG, [], [[]], {}, { a: { b: [] } }, ['a', 'a']];
/**
 * A body that is in order, with one thing wrong at a time: each member left out, of another type, or more than there
 * should be.
 */
function* mutations(body: Readonly<Record<string, unknown>>): Generator<unknown> {
  for (const name of Object.keys(body)) {
    const { [name]: value, ...rest } = body;
    yield rest;
    for (const wrong of WRONG) yield { ...body, [name]: wrong };
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const inner of mutations(value as Record<string, unknown>)) yield { ...body, [name]: inner };
    if (Array.isArray(value)) {
      yield { ...body, [name]: Array.from({ length: 2000 }, () => value[0] as unknown) };
      for (const wrong of WRONG) yield { ...body, [name]: [wrong] };
      const [first] = value as readonly unknown[];
      if (typeof first === 'object' && first !== null)
        for (const inner of mutations(first as Record<string, unknown>)) yield { ...body, [name]: [inner] };
    }
  }
  yield { ...body, surplus: 1 };
}
const BODIES: readonly string[] = [
  '',
  ' ',
  'null',
  'true',
  '5',
  '"text"',
  '[]',
  '[{}]',
  '{}',
  '{"a":',
  '\u0000',
  `{"a":"${LONG}"}`,
  `${'['.repeat(500)}${']'.repeat(500)}`,
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{}}}',
];
const TYPES: readonly string[] = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  '',
  ';;;',
];
const NAMES = [
  'q',
  'page',
  'state',
  'of',
  'after',
  'span',
  'days',
  'since',
  'until',
  'report',
  'whom',
  'code',
  'show',
  'lang',
  'to',
  'done',
  'side',
  'subject',
  'client',
  'type',
  'wait',
  'limit',
  'rows',
  'error',
  'iss',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
];
const VALUES = ['', '-1', '%00', '%F0%9F', '0'.repeat(400)];
function* queries(): Generator<string> {
  for (const name of NAMES) {
    yield `?${name}=a&${name}=b`;
  }
  // each handler reads a few of them: all at once is each of them
  for (const value of VALUES)
    yield `?${NAMES.map((name) => `${name}=${value}`)
      .join('&')
      .slice(0, 6000)}`;
  for (const name of ['after', 'of', 'page', 'span', 'since', 'subject'])
    for (const value of VALUES) yield `?${name}=${value}`;
  yield `?${NAMES.map((name) => `${name}=a&${name}=b`).join('&')}`;
  yield `?${'&'.repeat(3000)}`;
}
const PARAMS = [
  'x',
  '0',
  '-1',
  '999999999999999',
  '%00',
  '%E6%9D%8E',
  '..',
  'a'.repeat(290),
  'a'.repeat(400),
  '__proto__',
  'constructor',
  'samr.company-register',
  '%2F',
  'A'.repeat(43),
  `${'A'.repeat(43)}.${'B'.repeat(43)}`,
];
const filled = (url: string, value: string): string => url.replaceAll(/:(\w+)/g, value).replace('*', value);

/** Asks all of them, and says which went wrong. */
async function all(
  requests: Iterable<RawRequest>,
  send: (request: RawRequest) => Promise<RawAnswer>,
): Promise<{ readonly asked: number; readonly faults: readonly string[] }> {
  const faults: string[] = [];
  let asked = 0;
  for (const request of requests) {
    asked++;
    const wrong = fault(await send(request));
    if (wrong !== undefined)
      faults.push(
        `${request.method ?? 'GET'} ${request.path.slice(0, 120)} ${JSON.stringify(request.headers ?? {})} ` +
          `${JSON.stringify(request.body ?? '').slice(0, 120)}: ${wrong}`,
      );
  }
  return { asked, faults };
}

function* forApi(here: Faces, operations: ReadonlyMap<string, string>): Generator<RawRequest> {
  for (const { method, url } of routesOf(here.api)) {
    const { parameters, request } = exampleOf(operations.get(`${method} ${url}`) ?? '');
    const path = url.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(parameters[name] ?? 'x')));
    const subject = { 'yitong-subject': 'uscc:91990102MA00001692' };
    for (const value of PARAMS)
      if (url.includes(':'))
        yield {
          method,
          path: filled(url, value),
          headers: subject,
          ...(method === 'POST' ? { body: request ?? {} } : {}),
        };
    for (const header of ['', 'x', 'uscc:', LONG.slice(0, 3000), '%00', '__proto__:a'])
      yield {
        method,
        path,
        headers: {
          'yitong-subject': header,
          'yitong-code': header,
          'yitong-holder': header,
          accept: header,
          'x-request-id': header,
          traceparent: header,
          tracestate: header,
        },
      };
    if (method === 'GET') for (const query of queries()) yield { method, path: `${path}${query}`, headers: subject };
    if (method === 'GET') continue;
    for (const body of BODIES) yield { method, path, body, headers: subject };
    for (const type of TYPES)
      yield { method, path, body: JSON.stringify(request ?? {}), headers: { ...subject, 'content-type': type } };
    if (typeof request === 'object')
      for (const body of mutations(request as Record<string, unknown>)) yield { method, path, body, headers: subject };
  }
}

t.test('no request to the mTLS port is answered by a fault of the gateway', async (t) => {
  const here = await faces(t);
  const { paths } = JSON.parse((await here.ask({ path: '/v1/openapi.json' }, 'fire-inspector')).text) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const operations = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) =>
          [`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, operationId] as const,
      ),
    ),
  );
  for (const client of ['transport-connector', 'credit-report-centre']) {
    const { asked, faults } = await all(forApi(here, operations), (request) => here.ask(request, client));
    t.ok(asked > 2000, `${String(asked)} requests`);
    t.same(faults.slice(0, 20), [], client);
  }
});

const FIELDS = [
  'of',
  'code',
  'report',
  'domain',
  'domains',
  'subjects',
  'months',
  'shown',
  'text',
  'entry',
  'reason',
  'note',
  'id',
  'to',
  'until',
  'from',
  'purposes',
  'purpose',
  'bearer',
  'range',
  'step',
  'as',
  'record',
  'lifecycle',
  'act',
  'dataset',
  'subject',
  'field.reason',
  'field.a',
  'format',
  'side',
  'client',
  'type',
  'caseId',
  'actor',
  'item',
  'csrf',
  '__proto__',
  'constructor',
];
/** @param each whether each field is sent by itself; of somebody who is let in nowhere few are looked at */
function* forPeople(here: Faces, each: boolean): Generator<RawRequest> {
  for (const { method, url } of routesOf(here.people)) {
    const path = filled(url, 'x').replace(/^\/\*/, '/log/x').replace(/^\/x$/, '/log/x');
    for (const value of PARAMS)
      if (/[:*]/.test(url)) yield { method, path: filled(url, value), ...(method === 'POST' ? { body: 'a=b' } : {}) };
    for (const query of queries())
      if (method === 'GET' || query.startsWith('?of'))
        yield { method, path: `${path}${query}`, ...(method === 'POST' ? { body: 'a=b' } : {}) };
    if (method === 'GET') continue;
    yield { method, path };
    for (const body of BODIES)
      for (const type of TYPES.slice(0, 3)) yield { method, path, body, headers: { 'content-type': type } };
    for (const type of TYPES) yield { method, path, body: 'a=b', headers: { 'content-type': type } };
    for (const name of each ? FIELDS : ['code', 'domain', 'report', 'months', 'to', 'csrf']) {
      yield { method, path, body: `${name}=%00` };
      yield { method, path, body: `${name}=a&${name}=b` };
      for (const wrong of [null, 5, [[]], { a: 'b' }])
        yield {
          method,
          path,
          body: JSON.stringify({ [name]: wrong }),
          headers: { 'content-type': 'application/json' },
        };
    }
    yield { method, path, body: FIELDS.map((name) => `${name}=a&${name}=b`).join('&') };
    yield { method, path, body: FIELDS.map((name) => `${name}=${LONG.slice(0, 1000)}`).join('&') };
    yield { method, path, body: 'a='.repeat(40_000) };
  }
}

t.test("no request to the people's port is answered by a fault of the gateway, signed in or not", async (t) => {
  const here = await faces(t, {
    settings: { people: { requestsPerMinute: 1_000_000, lookupsPerMinute: 100_000, lookupsInAll: 1_000_000 } },
  });
  const everybody = { roles: ROLES, authority: 'samr', subjects: ['uscc:91990102MA00001692'] };
  const csrf = await here.csrf(everybody);
  for (const [who, each, send] of [
    [
      'signed in, with every role',
      true,
      (request: RawRequest) => here.visit({ ...request, headers: { 'x-csrf': csrf, ...request.headers } }, everybody),
    ],
    ['nobody', false, (request: RawRequest) => here.visit(request)],
  ] as const) {
    const { asked, faults } = await all(forPeople(here, each), send);
    t.ok(asked > 3000, `${String(asked)} requests`);
    t.same(faults.slice(0, 30), [], who);
    t.equal(faults.length, 0);
  }
  t.same(
    here.log
      .filter((line) => line.includes('"level":50') && !/no identity provider is configured/.test(line))
      .slice(0, 5),
    [],
    'nothing that would wake an operator',
  );
});

t.test('a parameter that comes twice is refused, but where a form has it many times', async (t) => {
  const here = await faces(t);
  const authority = { roles: ['sharing-authority'] as const };
  t.match(JSON.parse((await here.visit({ path: '/console/grants?q=a&q=b' }, authority)).text), {
    code: 'bad_request',
    status: 400,
  });
  for (const body of ['', 'domain=credit/a&domain=credit/b&report=credit']) {
    const { headers, text } = await here.visit({ method: 'POST', path: '/compliance', body });
    t.match(headers['content-type'], /^text\/html/, `${body}: the form is shown again`);
    t.notMatch(text, 'comes once');
  }
  t.match(JSON.parse((await here.visit({ method: 'POST', path: '/compliance', body: 'code=a&code=b' })).text), {
    code: 'bad_request',
  });
});

t.test('the limit of an address counts before anything of a request is read', async (t) => {
  const here = await faces(t, { settings: { people: { requestsPerMinute: 5 } } });
  for (let i = 0; i < 5; i++) await here.visit({ path: '/' });
  for (const request of [
    { path: '/' },
    { method: 'POST', path: '/compliance', body: 'code=a&code=b' },
    { method: 'POST', path: '/compliance', body: '{', headers: { 'content-type': 'application/json' } },
    { path: '/console/grants?q=a&q=b' },
    { path: '/nothing' },
  ]) {
    const answer = await here.visit(request);
    t.match(JSON.parse(answer.text), { code: 'rate_limited', status: 429 }, request.path);
    t.ok(Number(answer.headers['retry-after']) >= 1);
  }
  t.equal(
    (await here.visit({ path: '/console/grants' }, { roles: ['sharing-authority'] })).status,
    200,
    'somebody who is signed in has their own',
  );
});
