/**
 * Nothing that a process writes for its operator, and nothing of metrics and health, holds whom anybody asked about,
 * who asked for whom, a code, a token or a line of a file: after a day on which everything that could bring one there
 * was tried. Every line of the log is one JSON object.
 */
import { equal, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { ReportBody } from '../../../gateway/client/index.js';
import { dayIn } from '../../../gateway/documents/compute/index.js';
import { runningUp } from '../../../gateway/ground/files/places.js';
import { PROVIDER_SECRET } from '../../../gateway/operate/process/provider-secret.js';
import { ask, until } from '../../e2e/ask.js';
import { cli } from '../../e2e/city.js';
import { companies, stories } from '../../e2e/stories.js';
import { traces } from '../../e2e/traces.js';
import { childrenOf } from '../../tools/bench/servers.js';
import { type Program, program, put, textOf, watched } from './town.js';
import { Visitor } from './visitor.js';

t.setTimeout(350_000);

/** Said by whoever asks, or held by a source: none of it may be found again. */
const PERSON = '欧阳修竹';
const ACTOR = 'Actor-Ouyang-4711';
const CASE = 'CASE-20261126-0815';
const PHONE = '13800138477';
const BEARER = 'Bearer-tok-QmFzZTY0c2VjcmV0';
const SECRET = 'feed-secret-9f8e7d6c5b4a';
const SHOP = '91990101MAEXA0001X';
const inbox = [
  '统一社会信用代码,店铺名称,所在区,开业日期,座位数',
  `${SHOP},${PERSON}面馆,东湖区,2024-03-18,42`,
  `91990101MAEXA0001Z,${PERSON}茶社,东湖区,2024-03-18,42`,
  `91990101MAEXA00021,${PERSON},东湖区,${PHONE},${PERSON}`,
  `${PERSON},"${PHONE}`,
  '',
].join('\n');

const town = await watched(t, { inbox });
const { gateway } = town;
const { api, pki } = gateway;
const [subject = '', other = ''] = await companies(gateway.data);
const key = subject.slice(5);
const { allowed, denied, push } = stories;
const stated = { item: 'X', caseId: CASE, actor: ACTOR };
const post = (client: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(api, pki, client, { method: 'POST', path, body, headers });
const datasets = allowed.datasets.map((id) => ({ id }));
/** What leads to a code or a session of this run. */
const secrets: string[] = [];

async function everything(): Promise<void> {
  equal(
    (
      await post(
        allowed.client,
        '/v1/query',
        { purpose: allowed.purpose, subject, case: stated, datasets },
        {
          'x-request-id': CASE,
          authorization: BEARER,
          'user-agent': PERSON.replace(/./g, 'x'),
          cookie: `session=${BEARER}`,
        },
      )
    ).status,
    200,
  );
  equal(
    (
      await post(denied.client, '/v1/query', {
        purpose: denied.purpose,
        subject,
        case: stated,
        datasets: denied.datasets.map((id) => ({ id })),
      })
    ).status,
    403,
  );
  // where a message may repeat what it was given: keys, types, depth, broken JSON, names that are none
  const odd: readonly unknown[] = [
    { purpose: PERSON, subject, datasets },
    { purpose: allowed.purpose, subject: { [PERSON]: key }, datasets },
    { purpose: allowed.purpose, subject, datasets, [key]: PERSON },
    { purpose: allowed.purpose, subject, datasets: [{ id: PERSON, fields: [key] }] },
    { purpose: allowed.purpose, subject, datasets: [{ id: subject }] },
    { purpose: allowed.purpose, subject: `${subject}${PERSON}`, datasets },
    { purpose: allowed.purpose, subject: `${subject.slice(0, -1)}${subject.endsWith('A') ? 'B' : 'A'}`, datasets },
    { purpose: allowed.purpose, subject, case: { caseId: { [CASE]: ACTOR } }, datasets },
    { purpose: allowed.purpose, subject, datasets, asOf: PHONE },
    { purpose: allowed.purpose, subject, datasets, cut: { [key]: [PERSON] } },
    {
      purpose: allowed.purpose,
      subject,
      datasets: [{ id: datasets[0]?.id, cursor: Buffer.from(key).toString('base64url') }],
    },
    `{"subject":"${subject}","name":"${PERSON}"`,
    `{"__proto__":{"${PERSON}":"${key}"}}`,
    `${'['.repeat(40)}"${key}"`,
    [subject, PERSON],
    `"${key}"`,
  ];
  for (const path of [
    '/v1/query',
    '/v1/verify',
    '/v1/query/batch',
    '/v1/reports',
    '/v1/documents/verify',
    '/v1/credentials',
  ])
    for (const body of odd) ok((await post(allowed.client, path, body)).status >= 200);
  equal((await post(allowed.client, '/v1/query', PERSON, { 'content-type': `text/${key}` })).status, 415);
  for (const path of [
    `/v1/nothing/${key}?name=${encodeURIComponent(PERSON)}`,
    `/v1/receipts/${key}`,
    `/v1/catalogue/${subject}`,
    `/v1/datasets/${key}/records`,
    `/${encodeURIComponent(PERSON)}/%ff${key}`,
    `/v1/catalogue?subject=${subject}`,
  ])
    ok((await ask(api, pki, allowed.client, { path })).status >= 400 || path.startsWith('/v1/catalogue?'));
  ok(
    (
      await ask(api, pki, allowed.client, {
        path: '/v1/catalogue',
        headers: {
          traceparent: `00-${Buffer.from(key).toString('hex').slice(0, 32)}-${'1'.repeat(16)}-01`,
          'x-request-id': `${PERSON.length}<${key}>`,
        },
      })
    ).status === 200,
  );
  const records = [
    { position: key, value: { checkNumber: 'A1', uscc: key, [PERSON]: PHONE } },
    { position: PHONE, value: { checkNumber: { [PERSON]: key }, uscc: 5 } },
    { position: 'p3', value: { uscc: `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`, checkNumber: PERSON } },
    { position: 'p4', withdraw: { subject, recordId: PERSON }, reason: PERSON },
    { position: 'p5', withdraw: { subject: PERSON, recordId: key }, reason: PHONE },
  ];
  const target = `/v1/datasets/${push.reader.dataset}/records`;
  ok((await post(push.publisher, target, { sourceTime: new Date().toISOString(), records })).status < 500);
  ok((await post(push.publisher, target, { sourceTime: PERSON, records })).status === 400);
  ok((await post(allowed.client, target, { sourceTime: new Date().toISOString(), records })).status === 403);
}

/** Reports, codes, people. */
async function documents(): Promise<void> {
  const centre = await gateway.as('credit-report-centre');
  const body: ReportBody = {
    report: 'credit',
    as: subject,
    subjects: [subject],
    from: '2020-01-01',
    to: dayIn(Date.now()),
    purpose: 'bidding',
    bearer: PERSON,
  };
  const { code } = await centre.issueReport(body);
  secrets.push(code, code.replaceAll('-', ''));
  const bidding = await gateway.as('bidding-centre');
  equal(
    (await bidding.verifyDocuments({ codes: [code, 'no such code', key], case: { caseId: CASE, actor: ACTOR } }))
      .results[0]?.outcome,
    'genuine',
  );
  const visitor = new Visitor(gateway);
  for (const path of [
    `/verify/${code}`,
    `/verify/${key}`,
    `/verify?code=${code}`,
    `/console/history?subject=${subject}`,
    `/${encodeURIComponent(PERSON)}`,
    `/callback?code=${BEARER}&state=${key}`,
  ])
    await visitor.ours(path);
  await visitor.ours('/verify', 'POST', { code, [PERSON]: key });
  const back = new URL(await visitor.signIn('lin-auditor'));
  for (const name of ['code', 'state']) secrets.push(back.searchParams.get(name) ?? `no ${name} came back`);
  for (const [name, value] of visitor.jar)
    if (value.length >= 16 && /session|sign-in|interaction/i.test(name)) secrets.push(value);
  equal((await visitor.ours('/console')).status, 303);
  await visitor.ours(`/console/access?subject=${subject}&case=${CASE}&actor=${ACTOR}`);
  await visitor.ours('/console/access', 'POST', { csrf: BEARER, subject });
  await visitor.ours(`/console/nothing/${key}`);
  secrets.push(readFileSync(join(gateway.pki, PROVIDER_SECRET), 'utf8').trim());
}

/** Connectors whose sources fail in ways that quote their content. */
async function failing(): Promise<readonly (readonly [string, Program])[]> {
  const server = createServer((request, response) => {
    if (request.headers.authorization !== SECRET) response.writeHead(401).end(PERSON);
    else
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"data":[{"name":"${PERSON}","uscc":"${SHOP}","phone":"${PHONE}"},{"name":"${PERSON}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const api = { kind: 'http', url: `http://${host}/list`, allowHosts: [host], allowPrivate: true, retries: 0 };
  const sources = {
    'broken API': { ...api, items: '/data', headers: { authorization: { env: 'YITONG_FEED_TOKEN' } } },
    'refusing API': api,
    'broken JSON': { kind: 'json', path: 'inbox/shops.json' },
    'a folder that is not there': { kind: 'csv', path: 'inbox/nothing.csv' },
    'not the charset': { kind: 'csv', path: 'inbox/gbk.csv', charset: 'utf-8' },
  };
  const started: [string, Program][] = [];
  for (const [name, source] of Object.entries(sources)) {
    const dir = join(dirname(town.workspace), `office-${String(started.length)}`);
    execFileSync(process.execPath, [cli, 'init', dir]);
    const feed = join(dir, 'connectors/feeds/office/shops.json');
    put(feed, { ...(JSON.parse(readFileSync(feed, 'utf8')) as object), source });
    writeFileSync(
      join(dir, 'inbox/shops.json'),
      `[{"统一社会信用代码":"${SHOP}","店铺名称":"${PERSON}"},{"店铺名称":"${PERSON}" "${PHONE}"`,
    );
    writeFileSync(
      join(dir, 'inbox/gbk.csv'),
      Buffer.concat([Buffer.from(inbox), Buffer.from([0xc5, 0xb7, 0xd1, 0xf4, 0xff, 0x0a])]),
    );
    started.push([
      name,
      await program(
        t,
        ['connector', 'office.shops', '--workspace', dir, '--data', join(dir, 'data'), '--health-port', '0', '--json'],
        { YITONG_FEED_TOKEN: SECRET },
      ),
    ]);
  }
  return started;
}

await everything();
await documents();
const connectors = await failing();
const [worker] = childrenOf(runningUp(gateway.data)?.pid ?? 0, 'worker.js').filter((pid) =>
  readFileSync(`/proc/${String(pid)}/environ`, 'utf8').includes('YITONG_SLOT=1'),
);
process.kill(worker ?? Number.NaN, 'SIGKILL');
await until(
  'the crash in the log',
  () => Promise.resolve(gateway.said()),
  (said) => said.includes('worker 1 ended'),
);
await until(
  'the gateway whole again',
  () => textOf(`${gateway.health}/metrics`),
  (text) => /^yitong_ready\{part="gateway"\} 1$/m.test(text),
  120_000,
);
await everything();
for (const [name, { first }] of connectors) {
  await until(
    `the end of the first run of ${name}`,
    () => textOf(`${String(first['health'])}/metrics`),
    (text) => !/^yitong_feed_state\{feed="office.shops",state="starting"\} 1$/m.test(text),
    60_000,
  );
}

const stderr = new Map([
  ['gateway', gateway.said()],
  ['witness', town.witness.said().stderr],
  ['connector', town.connector.said().stderr],
  ...connectors.map(([name, one]) => [name, one.said().stderr] as const),
]);
const texts = new Map<string, Buffer>([...stderr].map(([name, text]) => [`stderr of ${name}`, Buffer.from(text)]));
for (const [name, one] of [['witness', town.witness], ['connector', town.connector], ...connectors] as const)
  texts.set(`stdout of ${name}`, Buffer.from(one.said().stdout));
for (const [name, address] of [
  ...Object.entries(town.addresses),
  ...connectors.map(([name, { first }]) => [name, String(first['health'])] as const),
]) {
  for (const path of ['/metrics', '/health/ready', '/health/live'])
    texts.set(`${path} of ${name}`, Buffer.from(await textOf(`${address}${path}`)));
}

t.test('nothing that could name anybody is in a log, in metrics or in health', (t) => {
  ok(secrets.length >= 8);
  const words = [subject, other, `uscc:${SHOP}`, PERSON, ACTOR, CASE, PHONE, BEARER, SECRET, ...secrets];
  for (const word of words) t.ok(word.length >= 4, 'a word to look for');
  t.same(traces(texts, words), []);
  t.end();
});

t.test('each line of a log is one JSON object that says when, how bad, which process and what', (t) => {
  for (const [name, text] of stderr) {
    for (const line of text.split('\n').filter((one) => one !== '')) {
      let entry: unknown;
      try {
        entry = JSON.parse(line);
      } catch {
        t.fail(`${name} wrote a line that is not JSON: ${line}`);
        continue;
      }
      t.match(
        entry,
        {
          level: /^(?:debug|info|warn|error)$/,
          time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
          process: /^(?:supervisor|writer|feeds|worker-\d|witness|connector)$/,
          msg: /./,
        },
        line,
      );
    }
  }
  t.match(stderr.get('gateway'), /"process":"supervisor","msg":"worker 1 ended \(SIGKILL\)/);
  t.end();
});

t.test('and still an operator reads what is wrong', async (t) => {
  const said = (name: string): string => stderr.get(name) ?? '';
  t.match(said('broken API'), /\[source_unavailable\]; again in/);
  t.match(said('refusing API'), /\[source_(?:denied|unavailable)\]/);
  t.match(said('a folder that is not there'), /nothing\.csv/);
  for (const [name, { first }] of connectors.slice(0, 2)) {
    const answer = await fetch(`${String(first['health'])}/health/ready`);
    t.equal(answer.status, 503, name);
    t.match(await answer.json(), { ready: false, reasons: [/^office\.shops has not been read since .*\[source_/] });
  }
  t.match(
    await textOf(`${town.addresses.connector}/metrics`),
    /^yitong_feed_quarantined_total\{feed="office\.shops",code="bad_check_digit"\} 1$/m,
  );
  t.ok(readdirSync(join(gateway.data, 'log')).length > 0);
});
