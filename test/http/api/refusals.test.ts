/** What a gateway refuses, over real TLS: each with its code, in one form, and nothing of what was sent comes back. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import { type ErrorCode, errorTable } from '../../../contracts/errors.js';
import { initPki, issueClient } from '../../../gateway/operate/pki/authority.js';
import type { RawAnswer, RawRequest } from '../../e2e/ask.js';
import { routesOf } from './faces.js';
import { QUESTION, SHOP, serve } from './serve.js';

const BODY_LIMIT = 65_536;
const RATE = 3;
/** Stands in what is sent wherever a person's data might. */
const MARK = '330106199001011234';

const served = await serve(t, {
  settings: { bodyLimitBytes: BODY_LIMIT, maxJsonDepth: 8 },
  clients: { 'slow-desk': RATE, 'other-desk': RATE },
});
const query = (change: object): RawRequest => ({ method: 'POST', path: '/v1/query', body: { ...QUESTION, ...change } });

function refused(t: Test, answer: RawAnswer, code: ErrorCode): Record<string, unknown> {
  const { status, title } = errorTable[code];
  const problem = JSON.parse(answer.text) as Record<string, unknown>;
  t.equal(answer.status, status, code);
  t.match(answer.headers['content-type'], /^application\/problem\+json/);
  t.match(problem, { type: `urn:yitong:error:${code}`, title, status, code });
  t.equal(problem['requestId'], answer.headers['x-request-id'], 'body and header name the same request');
  t.notMatch(answer.text, MARK, 'nothing of the input');
  t.notMatch(answer.text, SHOP.name, 'nothing of the view');
  t.notMatch(answer.text, /at .*\.js:|node_modules|Error:/, 'nothing of the code');
  return problem;
}

const deep = (levels: number): string => `{"purpose":${'['.repeat(levels)}"${MARK}"${']'.repeat(levels)}}`;
const cases: Readonly<Record<string, readonly [ErrorCode, RawRequest]>> = {
  'a body that is too large': ['body_too_large', query({ purpose: MARK.repeat(BODY_LIMIT / 8) })],
  'a body that is too deeply nested': ['body_too_deep', { ...query({}), body: deep(9) }],
  'a body so deep that a parser would fall': ['body_too_deep', { ...query({}), body: deep(20_000) }],
  'another content type': ['wrong_content_type', { ...query({}), headers: { 'content-type': 'text/plain' } }],
  'a form': ['wrong_content_type', { ...query({}), headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  'no content type': ['wrong_content_type', { ...query({}), headers: { 'content-type': '' } }],
  'an empty body': ['bad_request', { ...query({}), body: '' }],
  'no JSON': ['bad_request', { ...query({}), body: `{"purpose":"${MARK}` }],
  'a list': ['bad_request', { ...query({}), body: [MARK] }],
  '`__proto__` in the body': [
    'bad_request',
    { ...query({}), body: `{"__proto__":{"purpose":"${MARK}"},${JSON.stringify(QUESTION).slice(1)}` },
  ],
  '`constructor.prototype` in the body': [
    'bad_request',
    { ...query({}), body: `{"constructor":{"prototype":{"purpose":"${MARK}"}},${JSON.stringify(QUESTION).slice(1)}` },
  ],
  '`__proto__` deep in the body': [
    'bad_request',
    { ...query({}), body: JSON.stringify(QUESTION).replace('{"id"', `{"__proto__":{"x":"${MARK}"},"id"`) },
  ],
  'an unknown key': ['bad_request', query({ porpoise: MARK })],
  "an unknown key that is somebody's number": ['bad_request', query({ [MARK]: 1 })],
  'an unknown key of a dataset': ['bad_request', query({ datasets: [{ id: 'office.shops', feilds: [MARK] }] })],
  'a number for a text': ['bad_request', query({ purpose: 12 })],
  'no dataset': ['bad_request', query({ datasets: [] })],
  'a dataset twice': ['bad_request', query({ datasets: [{ id: 'office.shops' }, { id: 'office.shops' }] })],
  'both asOf and cut': ['bad_request', query({ asOf: '2026-01-01T00:00:00Z', cut: { 'my-city.office.shops': [0] } })],
  'a time that is none': ['bad_request', query({ asOf: MARK })],
  'a cut that is none': ['bad_request', query({ cut: { [`uscc:${MARK}`]: [MARK] } })],
  'a cut that leaves a dataset out': ['bad_request', query({ cut: { [MARK]: [0] } })],
  'a purpose that is no name': ['bad_identifier', query({ purpose: MARK })],
  'a dataset that is no name': ['bad_identifier', query({ datasets: [{ id: MARK }] })],
  'a dataset without its authority': ['bad_identifier', query({ datasets: [{ id: 'shops' }] })],
  'a field that is no path': ['bad_identifier', query({ datasets: [{ id: 'office.shops', fields: [MARK] }] })],
  'a claim about a field that is no path': [
    'bad_identifier',
    {
      method: 'POST',
      path: '/v1/verify',
      body: {
        purpose: 'permit-check',
        subject: SHOP.subject,
        claims: [{ dataset: 'office.shops', field: MARK, value: 'x' }],
      },
    },
  ],
  'a limit of none': ['bad_request', query({ datasets: [{ id: 'office.shops', limit: 0 }] })],
  'a subject with a wrong check character': ['bad_subject', query({ subject: 'uscc:91990101MAEXA0001A' })],
  'a subject that is none': ['bad_subject', query({ subject: `uscc:${MARK}` })],
  'a subject of an unknown scheme': ['bad_subject', query({ subject: `passport:${MARK}` })],
  'a subject without a scheme': ['bad_subject', query({ subject: MARK })],
  'a subject of a scheme that is no key of the dataset': ['bad_subject', query({ subject: 'siren:399315613' })],
  'an unknown route': ['not_found', { path: `/v1/${MARK}` }],
  "a route of the people's port": ['not_found', { path: '/' }],
  'an address that no parameter is as long as': ['not_found', { path: `/v1/catalogue/${MARK.repeat(40)}` }],
  'a path that climbs': ['not_found', { path: `/v1/../../etc/${MARK}` }],
  'a broken escape': ['not_found', { path: `/v1/catalogue/%E0%A4%A${MARK}` }],
  'a wrong method': ['method_not_allowed', { path: '/v1/query' }],
  'a wrong method of a route with a parameter': [
    'method_not_allowed',
    { ...query({}), path: '/v1/catalogue/office.shops' },
  ],
  'an unknown catalogue entry': ['not_found', { path: `/v1/catalogue/${MARK}` }],
  'a dataset that one does not publish': [
    'not_publisher',
    { method: 'POST', path: `/v1/datasets/${MARK}/records`, body: { sourceTime: '2026-01-01T00:00:00Z', records: [] } },
  ],
};

for (const [what, [code, sent]] of Object.entries(cases)) {
  void t.test(`${what}: ${code}`, async (t) => {
    const before = served.waited.length;
    const problem = refused(t, await served.ask(sent), code);
    if (what === 'a wrong method')
      t.equal((await served.ask(sent)).headers['allow'], 'POST', 'and says which it takes');
    if (what === 'an unknown key')
      t.match(problem['detail'], '`porpoise`', "a misspelt key is named: it is the caller's own word");
    t.strictSame(
      served.waited.slice(before).map((entry) => [entry['type'], entry['code']]),
      code === 'not_publisher' ? [['refused', code]] : [],
      'a refusal is on record; where nothing was decided, nothing is',
    );
  });
}

void t.test('who shows no certificate, or one of another CA, is let into nothing', async (t) => {
  const other = join(served.dir, 'other-pki');
  await initPki(other);
  const stranger = await issueClient(other, 'front-desk');
  const unbound = await issueClient(served.pki, 'nobody');
  const knock = (path: string, files?: { readonly cert: string; readonly key: string }): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const pair = files === undefined ? {} : { cert: readFileSync(files.cert), key: readFileSync(files.key) };
      const sent = request(
        new URL(path, served.api),
        {
          method: path === '/v1/query' ? 'POST' : 'GET',
          agent: false,
          ca: readFileSync(join(served.pki, 'ca.pem')),
          ...pair,
          headers: { 'x-request-id': 'mine' },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  for (const path of [
    '/v1/catalogue',
    '/v1/query',
    '/v1/openapi.json',
    '/registry/subjects',
    '/v1/no-such-route',
    `/v1/catalogue/${MARK.repeat(40)}`,
    `/v1/catalogue/%E0%A4%A${MARK}`,
  ]) {
    const answers = [await knock(path), await knock(path, stranger), await knock(path, unbound)];
    for (const [i, code] of (['certificate_required', 'certificate_untrusted', 'client_unknown'] as const).entries()) {
      const answer = answers[i];
      if (answer === undefined) throw new Error('no answer');
      refused(t, answer, code);
      t.equal(answer.headers['x-request-id'], 'mine');
      t.equal(answer.headers['connection'], 'close', "a stranger's connection is not held");
    }
  }
});

void t.test('a request id of the caller is honoured if it is one, and replaced if not', async (t) => {
  const id = async (given: string) =>
    (await served.ask({ path: '/v1/catalogue', headers: { 'x-request-id': given } })).headers['x-request-id'];
  for (const good of ['a', 'Case-17.b_2', 'x'.repeat(64)]) t.equal(await id(good), good);
  const replaced = new Set<unknown>();
  for (const bad of ['', 'two words', 'x'.repeat(65), '<script>', '{"a":1}', 'a;b', '../../etc']) {
    const got = await id(bad);
    t.not(got, bad);
    t.match(got, /^[A-Za-z0-9.-]{10,64}$/);
    replaced.add(got);
  }
  t.equal(replaced.size, 7, 'each gets one of its own');
});

void t.test('what is no HTTP is refused in the same form', async (t) => {
  const pem = (...path: string[]): Buffer => readFileSync(join(served.pki, ...path));
  const say = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port: Number(new URL(served.api).port),
          ca: pem('ca.pem'),
          cert: pem('clients/front-desk/cert.pem'),
          key: pem('clients/front-desk/key.pem'),
        },
        () => socket.write(text),
      );
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(answer));
    });
  for (const text of [
    `${MARK}\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\nx-${MARK}: ${'y'.repeat(100_000)}\r\n\r\n`,
    'POST /v1/query HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
  ]) {
    const [head = '', body = ''] = (await say(text)).split('\r\n\r\n');
    t.match(head, /^HTTP\/1\.1 400 /);
    t.match(head, 'content-type: application/problem+json');
    t.match(JSON.parse(body), { code: 'bad_request', status: 400 });
    t.notMatch(head + body, MARK);
  }
});

void t.test('a body that is larger than is taken by far is answered, and its sender comes to read why', async (t) => {
  const pem = (...path: string[]): Buffer => readFileSync(join(served.pki, ...path));
  /** As one that reads nothing before all is written; a connection that is reset loses the answer. */
  const send = async (length: number, chunked: boolean, pair: object): Promise<number> => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(served.api).port), ca: pem('ca.pem'), ...pair });
    const failed = new Promise<never>((_, reject) => socket.once('error', reject));
    failed.catch(() => undefined);
    const put = (part: string): Promise<void> =>
      Promise.race([failed, new Promise<void>((resolve) => socket.write(part, () => resolve()))]);
    await put(
      `POST /v1/query HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${chunked ? 'transfer-encoding: chunked' : `content-length: ${String(length)}`}\r\n\r\n`,
    );
    for (let left = length; left > 0; left -= 50_000) {
      const part = 'x'.repeat(Math.min(left, 50_000));
      await put(chunked ? `${part.length.toString(16)}\r\n${part}\r\n` : part);
    }
    if (chunked) await put('0\r\n\r\n');
    let said = '';
    socket.on('data', (data: Buffer) => (said += data.toString()));
    await Promise.race([failed, new Promise((resolve) => socket.once('close', resolve))]);
    return Number(/^HTTP\/1\.1 (\d{3}) /.exec(said)?.[1]);
  };
  const known = { cert: pem('clients/front-desk/cert.pem'), key: pem('clients/front-desk/key.pem') };
  for (let i = 0; i < 5; i++) {
    t.equal(await send(4_000_000, false, known), 413, 'of a length that was said');
    t.equal(await send(4_000_000, true, known), 413, 'of a length that comes out');
    t.equal(await send(4_000_000, false, {}), 401, 'of a stranger');
  }
});

void t.test('a request that does not end is closed when it should be', async (t) => {
  const short = await serve(t, { settings: { requestTimeoutMs: 1000 } });
  const pem = (...path: string[]): Buffer => readFileSync(join(short.pki, ...path));
  const begun = Date.now();
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(
      {
        host: '127.0.0.1',
        port: Number(new URL(short.api).port),
        ca: pem('ca.pem'),
        cert: pem('clients/front-desk/cert.pem'),
        key: pem('clients/front-desk/key.pem'),
      },
      () =>
        socket.write(
          'POST /v1/query HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{',
        ),
    );
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(said));
  });
  t.match(answer, /^HTTP\/1\.1 408 /);
  t.match(answer, '"code":"request_timeout"');
  t.ok(Date.now() - begun < 10_000, 'not at the next of the looks that Node takes every half minute');
});

void t.test('a client that asks too often is told when to come back; others are not held up', async (t) => {
  const ask = (client: string) => served.ask({ path: '/v1/catalogue' }, client);
  for (let i = 0; i < RATE; i++) t.equal((await ask('slow-desk')).status, 200);
  const before = served.waited.length;
  const answer = await served.ask(query({ purpose: MARK }), 'slow-desk');
  refused(t, answer, 'rate_limited');
  const after = Number(answer.headers['retry-after']);
  t.ok(Number.isInteger(after) && after >= 1 && after <= 60, `retry-after is ${String(answer.headers['retry-after'])}`);
  const wait = after === 60 ? '1 minute' : after === 1 ? '1 second' : `${String(after)} seconds`;
  t.match(JSON.parse(answer.text), { detail: `at most ${String(RATE)} requests a minute; try again in ${wait}` });
  for (const [name, value] of Object.entries({ limit: RATE, remaining: 0, reset: after }))
    t.equal(answer.headers[`x-ratelimit-${name}`], String(value));
  t.equal(served.waited.length, before, 'nothing was decided');
  t.equal((await ask('other-desk')).status, 200, 'each client has its own');
  t.equal((await ask('front-desk')).status, 200);
  for (let i = 1; i < RATE; i++) await ask('other-desk');
  refused(t, await served.ask({ path: `/v1/${MARK}` }, 'other-desk'), 'rate_limited');
});

void t.test('the description names exactly the routes that there are', async (t) => {
  const { paths, openapi } = JSON.parse((await served.ask({ path: '/v1/openapi.json' })).text) as {
    openapi: string;
    paths: Record<string, Record<string, { summary?: string }>>;
  };
  t.match(openapi, /^3\.1\./);
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  // what gateways of regions say to one another is no offer to clients
  const real = routesOf(served.app)
    .filter(({ url }) => url !== '/v1/region-cases')
    .map(({ method, url }) => `${method} ${url}`);
  t.ok(real.length >= 9, `${real.length} routes`);
  t.strictSame(described.sort(), real.sort());
  for (const methods of Object.values(paths))
    for (const { summary } of Object.values(methods)) t.type(summary, 'string', 'each says what it does');
});
