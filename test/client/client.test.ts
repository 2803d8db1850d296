import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import t from 'tap';
import {
  type BatchChunk,
  type BatchLine,
  bytesOf,
  ConnectionError,
  connect,
  credentialFiles,
  GatewayError,
  isTransient,
  retry,
} from '../../gateway/client/index.js';
import { issueClient } from '../../gateway/operate/pki/authority.js';
import { problem, sendJson, stub } from './stub.js';

const BATCH = { purpose: 'p', subjects: ['a:1', 'a:2'], datasets: [{ id: 'a.b' }] } as const;

t.test('importing the client loads nothing of the server and no package', (t) => {
  const list = `
    import { register } from 'node:module';
    const { port1, port2 } = new MessageChannel();
    const hooks = \`let port;
      export function initialize(given) { port = given; }
      export async function load(url, context, next) { port.postMessage(url); return next(url, context); }\`;
    const options = { parentURL: import.meta.url, data: port2, transferList: [port2] };
    register('data:text/javascript,' + encodeURIComponent(hooks), options);
    const urls = [];
    port1.on('message', (url) => urls.push(url));
    await import(${JSON.stringify(new URL('../../gateway/client/index.js', import.meta.url).href)});
    setTimeout(() => { console.log(JSON.stringify(urls)); process.exit(0); }, 100);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', list], { encoding: 'utf8' });
  const urls = JSON.parse(stdout === '' ? `"${stderr}"` : stdout) as readonly string[];
  t.ok(
    urls.some((url) => url.endsWith('/gateway/client/index.js')),
    'the list is one',
  );
  t.strictSame(
    urls.filter((url) => !url.startsWith('node:') && url.includes('/node_modules/')),
    [],
    'no package',
  );
  const ours = urls
    .filter((url) => url.startsWith('file:'))
    .map((url) => url.slice(url.indexOf('/dist/') + '/dist/'.length));
  const allowed =
    /^(?:gateway\/client\/|gateway\/log\/proof\/|gateway\/http\/api\/[^/]+\/client\.js$|contracts\/(?:errors|present|client)\.js$)/;
  t.strictSame(
    ours.filter((file) => !allowed.test(file)),
    [],
    'of our own only the pure part',
  );
  t.end();
});

t.test('a refusal comes as its code, with what the gateway says about it', async (t) => {
  const { client } = await stub(t, (request, response) => {
    if (request.url === '/v1/catalogue')
      sendJson(response, problem('audit_unavailable', 503), 503, { 'retry-after': '7' });
    else if (request.url === '/v1/catalogue/new') sendJson(response, problem('from_the_future', 418), 418);
    else if (request.url === '/registry/subjects')
      sendJson(response, { error_code: 40401, message: 'subject not found' }, 404);
    else response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>proxy</h1>');
  });
  const one = await client();
  const failure = async (asked: Promise<unknown>): Promise<GatewayError> => {
    const error = await asked.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof GatewayError)) throw new Error(`no refusal: ${String(error)}`);
    return error;
  };
  t.match(await failure(one.catalogue()), { code: 'audit_unavailable', status: 503, retryAfter: 7, requestId: 'r-1' });
  const unknown = await failure(one.catalogueEntry('new'));
  t.equal(unknown.code, 'unknown', 'a code that this client does not know is none of its table');
  t.equal(unknown.problem['code'], 'from_the_future');
  t.match(
    await failure(one.schemaSubjects()),
    { code: 'not_found', message: 'subject not found' },
    'the registry has a form of its own',
  );
  t.match(
    await failure(one.query({ purpose: 'p', subject: 'a:1', datasets: [] })),
    { code: 'unknown', status: 502 },
    'whatever answers in front of the gateway',
  );
});

t.test('what does not come in time, or is called off, ends', async (t) => {
  const { client } = await stub(t, (request, response) => {
    if (request.url === '/v1/query/batch') response.writeHead(200).write('{"subject":"a:1","datasets":[]}\n');
  });
  const one = await client();
  await t.rejects(one.catalogue({ timeoutMs: 60 }), { name: 'ConnectionError', code: 'timeout' });
  await t.rejects(
    (await client({ timeoutMs: 60 })).catalogue(),
    { code: 'timeout' },
    "also by the connection's own limit",
  );
  const leave = new AbortController();
  const reason = new Error('the citizen has left');
  const asked = one.catalogue({ signal: leave.signal });
  leave.abort(reason);
  t.equal(await asked.catch((error: unknown) => error), reason);
  await t.rejects(one.catalogue({ signal: leave.signal }), reason, 'a signal that has been given is none to wait for');
  const seen: BatchLine[] = [];
  await t.rejects(
    async () => {
      for await (const line of one.batch(BATCH, { timeoutMs: 2000 })) seen.push(line);
    },
    { code: 'timeout' },
    'a stream that stands still',
  );
  t.equal(seen.length, 1, 'what came before is taken');
});

t.test('whoever takes the lines of a batch may take longer than the gateway may', async (t) => {
  const { client } = await stub(t, (_request, response) =>
    response
      .writeHead(200)
      .end(
        '{"subject":"a:1","datasets":[]}\n{"subject":"a:2","datasets":[]}\n' +
          '{"summary":{"requestId":"r","subjects":2,"chunks":1,"records":0}}\n',
      ),
  );
  const seen: string[] = [];
  for await (const { subject } of (await client()).batch(BATCH, { timeoutMs: 2000 })) {
    seen.push(subject);
    await new Promise((resolve) => setTimeout(resolve, 2100));
  }
  t.strictSame(seen, ['a:1', 'a:2']);
});

t.test(
  'a batch gives its lines, its chunks and its summary, and is never taken for whole where it is not',
  async (t) => {
    const lines = [
      '{"subject":"a:1","datasets":[]}',
      '{"subject":"甲:2","datasets":[]}',
      '{"chunk":0,"subjects":2,"receipt":{"journal":"w","seq":1}}',
      '{"summary":{"requestId":"r","subjects":2,"chunks":1,"records":0}}',
    ];
    let send: (response: ServerResponse) => void = () => undefined;
    const { client } = await stub(t, (_request, response) => send(response));
    const one = await client();
    const whole = Buffer.from(`${lines.join('\n')}\n`);

    // in pieces that end within characters and lines
    send = (response) => {
      response.writeHead(200);
      let at = 0;
      const next = (): void => {
        if (at >= whole.length) return void response.end();
        response.write(whole.subarray(at, (at += 7)));
        setImmediate(next);
      };
      next();
    };
    const chunks: { chunk: BatchChunk; bytes: Buffer }[] = [];
    const batch = one.batch(BATCH, { onChunk: (chunk, bytes) => chunks.push({ chunk, bytes }) });
    const subjects: string[] = [];
    let last = await batch.next();
    for (; last.done !== true; last = await batch.next()) subjects.push(last.value.subject);
    t.strictSame(subjects, ['a:1', '甲:2']);
    t.strictSame(last.value, { requestId: 'r', subjects: 2, chunks: 1, records: 0 });
    t.strictSame(
      chunks.map(({ chunk, bytes }) => [chunk.chunk, bytes.toString('utf8')]),
      [[0, `${lines[0] ?? ''}\n${lines[1] ?? ''}\n`]],
      "the bytes that the chunk's receipt is for",
    );

    const take = async (): Promise<void> => {
      for await (const line of one.batch(BATCH)) t.type(line.subject, 'string');
    };
    send = (response) => response.writeHead(200).end(`${lines.slice(0, 3).join('\n')}\n`);
    await t.rejects(take(), { name: 'ConnectionError', code: 'cut_off' }, 'no summary');
    send = (response) => response.writeHead(200).end(whole.subarray(0, -8));
    await t.rejects(take(), { name: 'ConnectionError', code: 'cut_off' }, 'half a line');
    send = (response) => {
      response.writeHead(200, { 'content-length': String(whole.length) }).write(whole.subarray(0, 40));
      setTimeout(() => response.destroy(), 20);
    };
    await t.rejects(take(), { name: 'ConnectionError' }, 'a connection that breaks');
    send = (response) =>
      response
        .writeHead(200)
        .end(`${lines[0] ?? ''}\n${JSON.stringify({ problem: problem('client_suspended', 403) })}\n`);
    await t.rejects(take(), { name: 'GatewayError', code: 'client_suspended', status: 403 });
  },
);

t.test('one connection serves call after call, and a stream that is left early does not hold its own', async (t) => {
  const open = await stub(t, (request, response) => {
    if (request.url !== '/v1/query/batch') return sendJson(response, { entries: [] });
    response.writeHead(200);
    const more = setInterval(() => response.write('{"subject":"a:1","datasets":[]}\n'), 5);
    response.on('close', () => clearInterval(more));
  });
  const one = await open.client();
  for (let n = 0; n < 20; n++) await one.catalogue();
  t.equal(open.connections(), 1);
  for await (const line of one.batch(BATCH)) {
    t.equal(line.subject, 'a:1');
    break;
  }
  await one.catalogue();
  await new Promise<void>((resolve) => {
    const look = (): void =>
      void open.server.getConnections((_error, count) => (count <= 1 ? resolve() : setTimeout(look, 5)));
    look();
  });
  t.ok(open.connections() <= 3, 'and nothing else was opened');
});

t.test('trace and request id go with the request, a subject never stands in its address', async (t) => {
  const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
  const { client } = await stub(t, (request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    sendJson(response, { reports: [], given: [], received: [] });
  });
  const one = await client();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await one.listReports('uscc:91990102MA00001692', { traceparent, requestId: 'Case-17' });
  await one.authorisations('uscc:91990102MA00001692');
  await one.withdrawAuthorisation('abc', 'uscc:91990102MA00001692');
  t.match(seen[0]?.headers, { traceparent, 'x-request-id': 'Case-17', 'yitong-subject': 'uscc:91990102MA00001692' });
  for (const { url } of seen) t.notMatch(url, '91990102MA00001692');
});

t.test(
  'a certificate that is replaced in its files is used from the next request, and half a pair never',
  async (t) => {
    const open = await stub(t, (request, response) =>
      sendJson(response, {
        entries: [{ id: request.socket instanceof TLSSocket ? request.socket.getPeerCertificate().serialNumber : '' }],
      }),
    );
    const files = credentialFiles(open.pki, 'one');
    const one = connect({ api: open.api, files });
    t.teardown(() => one.close());
    const serial = async (): Promise<string> => (await one.catalogue()).entries[0]?.id ?? '';
    const before = await serial();
    const renewed = await issueClient(open.pki, 'two');
    // first the certificate alone: it does not fit the key
    writeFileSync(`${files.cert}.new`, readFileSync(renewed.cert));
    renameSync(`${files.cert}.new`, files.cert);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    t.equal(await serial(), before, 'the old pair goes on');
    writeFileSync(`${files.key}.new`, readFileSync(renewed.key));
    renameSync(`${files.key}.new`, files.key);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    t.not(await serial(), before, 'the new one is used without a restart');
  },
);

t.test('nothing is asked twice unless by `retry`, which waits as long as it is told', async (t) => {
  let asked = 0;
  let answer: (n: number) => readonly [number, string, Readonly<Record<string, string>>] = () => [200, '', {}];
  const { client } = await stub(t, (_request, response) => {
    const [status, code, headers] = answer(++asked);
    sendJson(response, status === 200 ? { entries: [] } : problem(code, status), status, headers);
  });
  const one = await client();
  answer = () => [503, 'shutting_down', {}];
  await t.rejects(one.catalogue(), { code: 'shutting_down' });
  t.equal(asked, 1, 'not by itself');

  asked = 0;
  answer = (n) =>
    n < 3
      ? [n === 1 ? 503 : 429, n === 1 ? 'shutting_down' : 'rate_limited', n === 2 ? { 'retry-after': '1' } : {}]
      : [200, '', {}];
  const pauses: number[] = [];
  t.strictSame(await retry(() => one.catalogue(), { firstMs: 20, onRetry: (_error, pause) => pauses.push(pause) }), {
    entries: [],
  });
  t.equal(asked, 3);
  t.ok((pauses[0] ?? 0) >= 10 && (pauses[0] ?? 0) <= 20, 'its own pause');
  t.equal(pauses[1], 1000, "the gateway's");

  asked = 0;
  answer = () => [403, 'denied', {}];
  await t.rejects(
    retry(() => one.catalogue(), { firstMs: 1 }),
    { code: 'denied' },
  );
  t.equal(asked, 1, 'what time does not mend');

  asked = 0;
  answer = () => [503, 'spool_full', { 'retry-after': '30' }];
  await t.rejects(
    retry(() => one.catalogue(), { firstMs: 1, mostMs: 1000 }),
    { code: 'spool_full', retryAfter: 30 },
  );
  t.equal(asked, 1, 'rather given up than asked before its time');

  asked = 0;
  answer = () => [503, 'shutting_down', {}];
  await t.rejects(
    retry(() => one.catalogue(), { attempts: 3, firstMs: 1 }),
    { code: 'shutting_down' },
  );
  t.equal(asked, 3);

  const leave = new AbortController();
  const waiting = retry(() => one.catalogue(), {
    firstMs: 60_000,
    mostMs: 120_000,
    signal: leave.signal,
    onRetry: () => leave.abort(),
  });
  await t.rejects(waiting, { name: 'AbortError' }, 'a pause can be called off');
  t.notOk(isTransient(new ConnectionError('CERT_HAS_EXPIRED', 'expired')), 'a certificate is no better a second later');
  t.ok(isTransient(new ConnectionError('ECONNREFUSED', 'refused')));
});

t.test("an answer's own bytes are kept beside it, for its digest", async (t) => {
  const text = '{"requestId":"r","time":"t","datasets":[{"n":1.0,"m":1e2}],"receipt":{}}';
  const { client } = await stub(t, (_request, response) => response.writeHead(200).end(text));
  const answer = await (await client()).query({ purpose: 'p', subject: 'a:1', datasets: [] });
  t.equal(bytesOf(answer)?.toString('utf8'), text);
  t.equal(bytesOf({ ...answer }), undefined, 'a copy is no answer');
});

t.test('a gateway that is not there, or is not who it should be, is told as such', async (t) => {
  const open = await stub(t, (_request, response) => sendJson(response, {}));
  const elsewhere = await stub(t, (_request, response) => sendJson(response, {}));
  const { server } = open;
  await t.rejects(
    (async () =>
      connect({
        api: open.api,
        files: { ...credentialFiles(open.pki, 'one'), ca: join(elsewhere.pki, 'ca.pem') },
      }).catalogue())(),
    { name: 'ConnectionError', code: /SELF_SIGNED|UNABLE_TO_VERIFY/ },
  );
  await new Promise((resolve) => server.close(resolve));
  await t.rejects((await open.client()).catalogue(), { name: 'ConnectionError', code: 'ECONNREFUSED' });
});
