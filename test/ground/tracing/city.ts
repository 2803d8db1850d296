/** What a traced city shows from end to end, on whichever bus. */
import { randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import { ATTRIBUTES } from '../../../contracts/tracing.js';
import { ask, until } from '../../e2e/ask.js';
import { type CityOptions, city } from '../../e2e/city.js';
import { entries } from '../../e2e/command.js';
import { companies, stories } from '../../e2e/stories.js';
import { traces } from '../../e2e/traces.js';
import { receiver, type SeenSpan } from './receiver.js';

const { allowed, denied, push } = stories;
const [SERVER, PRODUCER, CONSUMER] = [2, 4, 5];

/** As a caller would send it, recorded on its side or not. */
export const caller = (
  sampled: boolean,
): { readonly traceId: string; readonly spanId: string; readonly traceparent: string } => {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-0${sampled ? 1 : 0}` };
};

export async function tracedCity(
  t: Test,
  system: 'kafka' | 'yitong',
  options: Pick<CityOptions, 'workspace'>,
): Promise<void> {
  const collector = await receiver(t);
  const running = await city(t, {
    ...options,
    args: ['--companies', '40'],
    env: { YITONG_TRACING_ENDPOINT: collector.url, YITONG_TRACING_SAMPLE_RATIO: '1' },
  });
  const [subject = ''] = await companies(running.data);
  const seen = (what: string, holds: (span: SeenSpan) => boolean): Promise<SeenSpan> =>
    until(
      what,
      async () => collector.spans().find(holds),
      (span) => span !== undefined,
    ).then((span) => span as SeenSpan);
  const under =
    (parent: SeenSpan) =>
    (span: SeenSpan): boolean =>
      span.traceId === parent.traceId && span.parentSpanId === parent.spanId;

  await t.test('a run of a feed, its batch on the bus and its way into the view are one trace', async (t) => {
    const run = await seen('the run', ({ name }) => name === 'run samr.company-register');
    t.equal(run.parentSpanId, undefined);
    t.match(run.attributes, { 'yitong.dataset': 'samr.company-register', 'yitong.run.state': 'complete' });
    t.ok(Number(run.attributes['yitong.run.rows']) > 0);
    t.equal(run.attributes['yitong.run.published'], run.attributes['yitong.run.rows']);
    const sent = await seen('the batch', under(run));
    t.match(sent, {
      kind: PRODUCER,
      name: /^send .*\.samr\.company-register$/,
      attributes: { 'messaging.system': system, 'messaging.operation.type': 'send' },
    });
    t.equal(sent.attributes['messaging.destination.name'], sent.name.slice('send '.length));
    const applied = await seen('its way into the view', under(sent));
    t.match(applied, {
      kind: CONSUMER,
      name: sent.name.replace('send', 'apply'),
      attributes: { 'messaging.system': system, 'messaging.operation.type': 'process' },
    });
    t.strictSame(
      [run, sent, applied].map(({ resource }) => String(resource['service.instance.id']).split('-')[0]),
      ['feeds', 'feeds', 'writer'],
    );
    t.ok([run, sent, applied].every(({ resource }) => resource['service.name'] === 'yitong'));
  });

  await t.test(
    "a question goes on with its caller's trace, in its steps, and its entry in the log names that trace",
    async (t) => {
      const { traceId, spanId, traceparent } = caller(true);
      const answer = await ask(running.api, running.pki, allowed.client, {
        method: 'POST',
        path: '/v1/query',
        headers: { traceparent, tracestate: `vendor=${subject}, ot=th:8;rv:0123456789abcd` },
        body: { purpose: allowed.purpose, subject, datasets: allowed.datasets.map((id) => ({ id })) },
      });
      t.equal(answer.status, 200, answer.text);
      const span = await seen('the question', (one) => one.traceId === traceId && one.kind === SERVER);
      t.match(span, {
        name: 'POST /v1/query',
        parentSpanId: spanId,
        traceState: 'ot=th:8;rv:0123456789abcd',
        attributes: {
          'http.route': '/v1/query',
          'http.response.status_code': 200,
          'yitong.client': allowed.client,
          'yitong.purpose': allowed.purpose,
        },
      });
      t.strictSame(
        collector
          .spans()
          .filter(under(span))
          .map(({ name }) => name),
        ['decide', 'read', 'audit', 'respond'],
      );
      const logged = await until(
        'its entry',
        () => entries<{ readonly traceparent?: string }>(running.data, '--client', allowed.client),
        (all) => all.some((one) => one.traceparent === traceparent),
      );
      t.ok(logged.length > 0);
    },
  );

  await t.test('a question without a trace gets one, and its entry names it', async (t) => {
    const body = { purpose: denied.purpose, subject, datasets: denied.datasets.map((id) => ({ id })) };
    t.equal(
      (await ask(running.api, running.pki, denied.client, { method: 'POST', path: '/v1/query', body })).status,
      403,
    );
    const span = await seen('the question', ({ attributes }) => attributes['yitong.client'] === denied.client);
    t.equal(span.parentSpanId, undefined);
    await until(
      'its entry',
      () => entries<{ readonly traceparent?: string }>(running.data, '--client', denied.client),
      (all) => all.some(({ traceparent }) => traceparent === `00-${span.traceId}-${span.spanId}-01`),
    );
  });

  await t.test("what is pushed goes on in its caller's trace until it is in the view", async (t) => {
    const { traceId, traceparent } = caller(true);
    const { dataset } = push.reader;
    const value = {
      checkNumber: 'T1',
      uscc: subject.slice('uscc:'.length),
      name: null,
      plate: '云XA2421',
      station: '望江渡口超限检测站',
      checkedAt: '2026-08-14T01:12:40.000Z',
      totalMass: 40_000,
      limit: 49_000,
      overloaded: false,
      position: null,
    };
    const body = { sourceTime: new Date().toISOString(), records: [{ position: 't1', value }] };
    const pushed = await ask(running.api, running.pki, push.publisher, {
      method: 'POST',
      path: `/v1/datasets/${dataset}/records`,
      headers: { traceparent },
      body,
    });
    t.match(JSON.parse(pushed.text), { results: [{ status: 'published' }] });
    const span = await seen('the push', (one) => one.traceId === traceId && one.kind === SERVER);
    t.equal(span.name, 'POST /v1/datasets/:id/records');
    const sent = await seen('the batch', (one) => under(span)(one) && one.kind === PRODUCER);
    t.match(await seen('its way into the view', under(sent)), {
      kind: CONSUMER,
      attributes: { 'messaging.batch.message_count': 1 },
    });
    const again = caller(true);
    const unchanged = await ask(running.api, running.pki, push.publisher, {
      method: 'POST',
      path: `/v1/datasets/${dataset}/records`,
      headers: { traceparent: again.traceparent },
      body,
    });
    t.match(
      JSON.parse(unchanged.text),
      { results: [{ status: 'unchanged' }] },
      'another trace does not make it another record',
    );
  });

  await t.test('a caller that does not record its side decides for ours too', async (t) => {
    const { traceId, traceparent } = caller(false);
    const body = { purpose: allowed.purpose, subject, datasets: [{ id: allowed.datasets[0] }] };
    t.equal(
      (
        await ask(running.api, running.pki, allowed.client, {
          method: 'POST',
          path: '/v1/query',
          headers: { traceparent },
          body,
        })
      ).status,
      200,
    );
    const after = caller(true);
    t.equal(
      (
        await ask(running.api, running.pki, allowed.client, {
          method: 'POST',
          path: '/v1/query',
          headers: { traceparent: after.traceparent },
          body,
        })
      ).status,
      200,
    );
    await seen('the question after it', (one) => one.traceId === after.traceId && one.kind === SERVER);
    t.notOk(collector.spans().some((one) => one.traceId === traceId));
  });

  await t.test("no span names a company, a code or a word of a caller's own, whatever is asked", async (t) => {
    const key = subject.slice('uscc:'.length);
    const as = (path: string, body?: unknown) =>
      ask(running.api, running.pki, allowed.client, { path, ...(body === undefined ? {} : { method: 'POST', body }) });
    for (const body of [
      { purpose: key.toLowerCase(), subject, datasets: [{ id: key }] },
      { purpose: allowed.purpose, subject: key, datasets: [{ id: subject }] },
      { subject },
      `{"purpose":"${subject}"`,
    ])
      await as('/v1/query', body);
    await as('/v1/verify', {
      purpose: allowed.purpose,
      subject,
      claims: [{ dataset: allowed.datasets[0], field: 'name', value: subject }],
    });
    await as('/v1/query/batch', {
      purpose: allowed.purpose,
      subjects: [subject],
      datasets: [{ id: allowed.datasets[0] }],
    });
    for (const path of [`/v1/nothing/${subject}`, `/v1/receipts/${key}`, `/v1/catalogue/${key}?subject=${subject}`])
      await as(path);
    for (const path of [`/verify/${key}`, `/nothing/${key}?code=${key}`, '/'])
      await ask(running.people, running.pki, allowed.client, { path });
    await running.stop();
    const spans = collector.spans();
    for (const route of [
      'POST /v1/query',
      'POST /v1/verify',
      'POST /v1/query/batch',
      'GET /v1/receipts/:id',
      'GET /verify/:code',
    ])
      t.ok(
        spans.some(({ name }) => name === route),
        route,
      );
    t.strictSame(
      traces(new Map(collector.bodies.map((body, i) => [`export ${String(i)}`, Buffer.from(body)])), [
        subject,
        `uscc:${key}`,
      ]),
      [],
    );
    t.strictSame(
      [...new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))].filter((name) => !(name in ATTRIBUTES)),
      [],
      'nor says anything that is not on the list',
    );
    t.strictSame(
      [...new Set(spans.flatMap(({ resource }) => Object.keys(resource)))].sort(),
      ['service.instance.id', 'service.name', 'service.version'],
      'nor of the machine',
    );
    t.notOk(running.said().includes(key));
  });
}
