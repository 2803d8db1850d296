/** What leaves a process as spans, and what becomes of them where their endpoint does not take them. */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { present } from '../../../contracts/present.js';
import {
  formatTraceparent,
  parseTraceparent,
  type Span,
  type SpanAttributes,
  type Tracer,
} from '../../../contracts/tracing.js';
import { readTracing } from '../../../gateway/ground/config/tracing.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { startTracing } from '../../../gateway/ground/tracing/index.js';
import type { Tracing } from '../../../gateway/ground/tracing/port.js';
import { initPki, issueClient, issueServer } from '../../../gateway/operate/pki/authority.js';
import { traces } from '../../e2e/traces.js';
import { pythonForTest } from '../../support/python.js';
import { receiver } from './receiver.js';

const SUBJECT = 'uscc:91350100M000100Y43';
const start = async (given: object, baseDir = '.', onState?: (message: string) => void): Promise<Tracing> => {
  const settings = readTracing({ sampleRatio: 1, ...given }, { file: 'yitong.json' }, {});
  const tracing = await startTracing(settings, {
    process: 'writer',
    baseDir,
    bus: 'kafka',
    ...present({ onState }),
  });
  if (tracing === undefined) throw new Error('it is configured');
  return tracing;
};
const sure = (span: Span | undefined): Span => {
  if (span === undefined) throw new Error('the span is not recorded');
  return span;
};
const headerOf = (traceDigit: string, n: number): string =>
  formatTraceparent(traceDigit.repeat(32), n.toString(16).padStart(16, '0'));

/** One of each: a run with a batch, its way into the view with a batch of another trace, a question that fails. */
function oneOfEach(tracer: Tracer): void {
  const run = sure(tracer.run('office.shops'));
  const sent = sure(run.send('city.office.shops', 3));
  sure(tracer.apply('city.office.shops', 2, [sent.traceparent, undefined, headerOf('b', 1), sent.traceparent])).end();
  sent.end();
  run.set({ 'yitong.run.rows': 3, 'yitong.run.state': 'complete' });
  run.end();
  const question = sure(tracer.request('POST', '/v1/query', undefined, 'front-desk'));
  question.step('decide');
  question.step('audit');
  question.fail('audit_unavailable');
  question.set({ 'http.response.status_code': 503 });
  question.end();
}

t.test('nothing is made where no endpoint is configured, and a setting that nobody knows is refused', async (t) => {
  const place = { file: 'yitong.json' };
  t.equal(
    await startTracing(readTracing(undefined, place, {}), { process: 'writer', baseDir: '.', bus: 'embedded' }),
    undefined,
  );
  for (const bad of [
    { endpont: 'http://a' },
    { endpoint: 'a:4318' },
    { endpoint: 'http://user:secret@a' },
    { endpoint: 'http://a/?key=secret' },
    { sampleRatio: 1.1 },
    { certFile: 'a.pem' },
  ]) {
    t.throws(() => readTracing(bad, place, {}), { code: 'bad_config' }, JSON.stringify(bad));
  }
  t.match(
    readTracing({}, place, {
      YITONG_TRACING_ENDPOINT: 'https://collector:4318/otlp',
      YITONG_TRACING_SAMPLE_RATIO: '0.5',
    }),
    { endpoint: 'https://collector:4318/otlp', sampleRatio: 0.5 },
  );
});

t.test("OpenTelemetry's own definition reads what is exported", async (t) => {
  const python = pythonForTest(t, 'opentelemetry.proto', 'opentelemetry-proto');
  if (python === undefined) return;
  const collector = await receiver(t);
  const tracing = await start({ endpoint: collector.url });
  oneOfEach(tracing.tracer);
  await tracing.stop();
  const read = spawnSync(python, [join(packageRoot(), 'test/ground/tracing/otlp.py')], {
    input: collector.bodies.join('\n'),
    encoding: 'utf8',
  });
  t.equal(read.status, 0, read.stderr);
  const spans = JSON.parse(read.stdout) as Record<string, unknown>[];
  const messaging = { 'messaging.system': 'kafka', 'messaging.destination.name': 'city.office.shops' };
  t.match(spans, [
    {
      name: 'apply city.office.shops',
      kind: 5,
      links: ['0000000000000001'],
      attributes: {
        ...messaging,
        'messaging.operation.name': 'apply',
        'messaging.operation.type': 'process',
        'messaging.destination.partition.id': '2',
        'messaging.batch.message_count': 4,
      },
    },
    {
      name: 'send city.office.shops',
      kind: 4,
      attributes: {
        ...messaging,
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.batch.message_count': 3,
      },
    },
    {
      name: 'run office.shops',
      kind: 1,
      parent: '',
      failed: false,
      attributes: { 'yitong.dataset': 'office.shops', 'yitong.run.rows': 3, 'yitong.run.state': 'complete' },
    },
    { name: 'decide', kind: 1 },
    { name: 'audit', kind: 1 },
    {
      name: 'POST /v1/query',
      kind: 2,
      parent: '',
      failed: true,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/query',
        'http.response.status_code': 503,
        'error.type': 'audit_unavailable',
        'yitong.client': 'front-desk',
      },
    },
  ]);
  const [applied, sent, run, decide, audit, question] = spans;
  t.strictSame([applied?.['trace'], sent?.['trace']], [run?.['trace'], run?.['trace']]);
  t.strictSame(
    [applied?.['parent'], sent?.['parent'], decide?.['parent'], audit?.['parent']],
    [sent?.['span'], run?.['span'], question?.['span'], question?.['span']],
  );
  t.not(question?.['trace'], run?.['trace']);
  t.equal(spans.length, 6);
});

t.test('whatever a span is asked to say, what may name somebody stays out', async (t) => {
  const collector = await receiver(t);
  const tracing = await start({ endpoint: collector.url });
  const key = SUBJECT.slice(5);
  const hostile = Object.fromEntries(
    [
      'http.route',
      'error.type',
      'yitong.client',
      'yitong.purpose',
      'yitong.dataset',
      'yitong.run.state',
      'url.full',
      'messaging.destination.name',
      'yitong.run.rows',
    ].map((name) => [name, `${SUBJECT} ${key}`]),
  ) as SpanAttributes;
  const question = sure(tracing.tracer.request('GET', `/verify/?code=${key}`, undefined, SUBJECT));
  question.set(hostile);
  question.fail(SUBJECT);
  question.end();
  const run = sure(tracing.tracer.run(`${SUBJECT}?`));
  sure(run.send(`a ${SUBJECT}?`, -1)).end();
  run.end();
  t.equal(tracing.tracer.apply('topic', 0, [`00-${key}`, SUBJECT]), undefined);
  await tracing.stop();
  t.equal(collector.spans().length, 3);
  t.strictSame(
    collector
      .spans()
      .map(({ name }) => name)
      .sort(),
    ['GET', 'run', 'send'],
  );
  t.strictSame(traces(new Map(collector.bodies.map((body, i) => [String(i), Buffer.from(body)])), [SUBJECT]), []);
});

t.test('a trace is bounded: batches of a run, links of a batch', async (t) => {
  const collector = await receiver(t);
  const tracing = await start({ endpoint: collector.url });
  const run = sure(tracing.tracer.run('office.shops'));
  const sends = Array.from({ length: 150 }, () => run.send('t', 1));
  for (const span of sends) span?.end();
  t.equal(sends.filter((span) => span !== undefined).length, 100);
  run.end();
  sure(
    tracing.tracer.apply(
      't',
      0,
      Array.from({ length: 2000 }, (_, n) => headerOf('a', n + 1)),
    ),
  ).end();
  await tracing.stop();
  const applied = collector.spans().find(({ name }) => name === 'apply t');
  t.equal(applied?.links.length, 32);
});

t.test(
  'an endpoint that is not there, hangs or refuses loses spans, which are counted, and nothing more',
  async (t) => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const collector = await receiver(t);
    for (const [how, endpoint] of [
      ['not there', `http://127.0.0.1:${port}`],
      ['hangs', collector.url],
      ['refuses', collector.url],
    ] as const) {
      if (how !== 'not there') collector.answer = how;
      const said: string[] = [];
      const tracing = await start({ endpoint }, '.', (message) => said.push(message));
      for (let n = 0; n < 5000; n++) sure(tracing.tracer.request('GET', '/v1/catalogue', undefined, 'a')).end();
      // 512 are on their way by then, 2,048 wait
      t.ok(tracing.counts().dropped >= 5000 - 2048 - 512, `${how}: what is too many is dropped at once`);
      await tracing.stop();
      t.strictSame(tracing.counts(), { exported: 0, dropped: 5000 }, `${how}: each of them is counted`);
      if (how === 'refuses') t.strictSame(said, ['traces are dropped, their endpoint does not take them: status 401']);
      t.notOk(
        said.join().includes(SUBJECT.slice(5)) || said.join().includes('127.0.0.1'),
        'what it says has no word of the endpoint',
      );
    }
    collector.answer = 'takes';
  },
);

t.test('it is said once that an endpoint refuses, and that it takes spans again', async (t) => {
  const collector = await receiver(t);
  collector.answer = 'refuses';
  const said: string[] = [];
  const tracing = await start({ endpoint: collector.url }, '.', (message) => said.push(message));
  const some = async (until: () => boolean): Promise<void> => {
    // as many as are exported at once
    for (let n = 0; n < 512; n++) sure(tracing.tracer.run('office.shops')).end();
    while (!until()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await some(() => tracing.counts().dropped === 512);
  await some(() => tracing.counts().dropped === 1024);
  collector.answer = 'takes';
  await some(() => tracing.counts().exported === 512);
  t.strictSame(said, ['traces are dropped, their endpoint does not take them: status 401', 'traces are taken again']);
  await tracing.stop();
});

t.test('an endpoint behind mTLS and a token, whose file is renewed while it runs', async (t) => {
  const dir = t.testdir();
  await initPki(dir);
  const server = await issueServer(dir);
  const own = await issueClient(dir, 'front-desk');
  const ca = join(dir, 'ca.pem');
  const collector = await receiver(t, {
    cert: readFileSync(server.cert),
    key: readFileSync(server.key),
    ca: readFileSync(ca),
    requestCert: true,
    rejectUnauthorized: true,
  });
  const token = (text: string): void =>
    writeFileSync(join(dir, 'headers.json'), JSON.stringify({ authorization: text }));
  token('Bearer one');
  const files = { caFile: 'ca.pem', certFile: own.cert, keyFile: own.key, headersFile: 'headers.json' };
  const tracing = await start({ endpoint: `${collector.url}/`, ...files }, dir);
  for (let n = 0; n < 512; n++) sure(tracing.tracer.run('office.shops')).end();
  while (collector.headers.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  token('Bearer two');
  sure(tracing.tracer.run('office.shops')).end();
  await tracing.stop();
  t.strictSame(
    collector.headers.map(({ authorization }) => authorization),
    ['Bearer one', 'Bearer two'],
  );
  t.strictSame(tracing.counts(), { exported: 513, dropped: 0 });

  const unknown = await start({ endpoint: collector.url, headersFile: 'headers.json' }, dir);
  sure(unknown.tracer.run('office.shops')).end();
  await unknown.stop();
  t.equal(unknown.counts().exported, 0, 'nothing goes to a server that nobody vouches for');
  await t.rejects(start({ endpoint: collector.url, caFile: 'nothing.pem' }, dir), { code: 'bad_config' });
  for (const bad of [
    '{"authorization":"Bearer secret"',
    '{"authorization":["Bearer secret"]}',
    '{"bad header":"Bearer secret"}',
  ]) {
    writeFileSync(join(dir, 'headers.json'), bad);
    const error = await start({ endpoint: collector.url, headersFile: 'headers.json' }, dir).then(
      () => undefined,
      (thrown: Error & { code?: string }) => thrown,
    );
    t.equal(error?.code, 'bad_config');
    t.notOk(error?.message.includes('secret'));
  }
});

t.test('what waits when a process ends is sent, up to the last span', async (t) => {
  const collector = await receiver(t);
  const tracing = await start({ endpoint: collector.url });
  for (let n = 0; n < 2000; n++) sure(tracing.tracer.request('GET', '/v1/catalogue', undefined, 'a')).end();
  await tracing.stop();
  t.strictSame(tracing.counts(), { exported: 2000, dropped: 0 });
  t.equal(collector.spans().length, 2000);
});

t.test('a span is under its caller, whatever caller sends', async (t) => {
  const collector = await receiver(t);
  const tracing = await start({ endpoint: collector.url });
  const caller = parseTraceparent(headerOf('c', 7), 'ot=th:8');
  sure(tracing.tracer.request('GET', '/v1/catalogue', caller, 'a')).end();
  await tracing.stop();
  t.match(collector.spans(), [{ traceId: 'c'.repeat(32), parentSpanId: '0000000000000007', traceState: 'ot=th:8' }]);
});
