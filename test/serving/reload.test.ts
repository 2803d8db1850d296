/**
 * Certificates, revocation lists, policies, grants and contracts are taken while services ask without a pause, and no
 * request is lost by it.
 */

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import { present } from '../../contracts/present.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { issueServer, revoke } from '../../gateway/operate/pki/authority.js';
import { ask, type RawAnswer, until } from '../e2e/ask.js';
import { cli } from '../e2e/city.js';
import { entries } from '../e2e/command.js';
import { identityOf, type Load, load } from './load.js';
import { declared, healthOf, type Json, QUESTION, SHOP, town } from './town.js';

t.setTimeout(340_000);

const here = declared(t);
const CONTRACTS = 'contracts/datasets/office';
const desk = await here.read('policies/clients/front-desk.json');
const grant = await here.read('policies/grants/front-desk-shops.json');
await here.change('yitong.json', { gateway: { workers: 2 } });
for (const name of ['revoked', 'fresh', 'suspended']) {
  await here.write(`policies/clients/${name}.json`, {
    ...desk,
    identity: { spiffe: `spiffe://yitong.example/client/${name}` },
  });
  if (name !== 'fresh') await here.write(`policies/grants/${name}.json`, { ...grant, client: name });
}
// the files change often here, so that what they say is soon read
await here.change('connectors/feeds/office/shops.json', { schedule: 'PT1S' });

const city = await town(t, here.workspace);
const url = new URL(city.api);
const post = (client: string, dataset = 'office.shops'): Promise<RawAnswer> =>
  ask(city.api, city.pki, client, {
    method: 'POST',
    path: '/v1/query',
    body: { purpose: 'permit-check', subject: SHOP, datasets: [{ id: dataset }] },
  });
const codeOf = async (client: string, dataset?: string): Promise<string> => {
  const { status, text } = await post(client, dataset);
  return status === 200 ? 'ok' : String((JSON.parse(text) as Json)['code']);
};

/** The fingerprint that a new connection is shown. */
async function shown(port = url.port): Promise<string> {
  const socket = connect({ host: url.hostname, port: Number(port), ...identityOf(city.pki, 'front-desk') });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

/** Memory of all processes of the group that is no file's, in MiB. */
async function memory(): Promise<number> {
  const pids = [runningUp(city.data)?.pid ?? 0];
  for (const pid of pids) {
    const children = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').catch(() => '');
    pids.push(
      ...children
        .split(' ')
        .filter((text) => text !== '')
        .map(Number),
    );
  }
  const each = await Promise.all(
    pids.map(async (pid) =>
      Number(/RssAnon:\s+(\d+)/.exec(await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => ''))?.[1] ?? 0),
    ),
  );
  return Math.round(each.reduce((sum, kb) => sum + kb, 0) / 1024);
}

const asking = (check?: (text: string) => string | undefined): readonly Load[] => {
  const common = {
    api: city.api,
    pki: city.pki,
    client: 'front-desk',
    asked: { path: '/v1/query', body: QUESTION },
    ...present({ check }),
  };
  // some that never rest, and some that do what most pools do
  return [load({ ...common, connections: 3 }), load({ ...common, connections: 9, pause: 200 })];
};
const records = (text: string): readonly Json[] =>
  ((JSON.parse(text) as { datasets: { records: { record: Json }[] }[] }).datasets[0]?.records ?? []).map(
    ({ record }) => record,
  );

/** Makes the change under load, waits until it holds, and says what it cost: nothing. */
async function underLoad(
  t: Test,
  what: string,
  act: () => Promise<unknown>,
  holds: () => Promise<boolean>,
  after = 1000,
): Promise<void> {
  const loads = asking((text) => (records(text).length === 1 ? undefined : `no record: ${text.slice(0, 300)}`));
  t.teardown(() => Promise.all(loads.map((one) => one.stop())));
  await until(
    'some load',
    () => Promise.resolve(loads.reduce((sum, one) => sum + one.count(), 0)),
    (count) => count > 300,
  );
  const idle = await memory();
  let peak = idle;
  const watching = setInterval(() => void memory().then((now) => (peak = Math.max(peak, now))), 500);
  const begin = performance.now();
  await act();
  await until(what, holds, (yes) => yes, 120_000);
  const took = performance.now() - begin;
  // whoever leaves its place is to finish under load as well
  const count = (): number => loads.reduce((sum, one) => sum + one.count(), 0);
  const at = count();
  const end = performance.now() + after;
  await until(
    'the load going on',
    () => Promise.resolve(count()),
    (now) => now > at + 300 && performance.now() > end,
    60_000,
  );
  clearInterval(watching);
  const reports = await Promise.all(loads.map((one) => one.stop()));
  const sum = (of: 'answered' | 'refused' | 'connections'): number =>
    reports.reduce((all, report) => all + report[of], 0);
  t.comment(
    `${what}: ${String(sum('answered'))} answered, ${String(reports.flatMap(({ failed }) => failed).length)} ` +
      `failed, in force after ${String(Math.round(took))} ms, ${String(sum('connections'))} connections, ` +
      `${String(idle)} MiB before, ${String(peak)} MiB at most`,
  );
  t.same(
    reports.flatMap(({ failed }) => failed),
    [],
    'no request failed',
  );
  t.same(sum('refused'), 0, 'somebody listened all the time');
}
const acts = async (action: string): Promise<readonly Json[]> =>
  (await entries<Json>(city.data, '--type', 'administration')).filter((body) => body['action'] === action);
const ready = async (t: Test): Promise<void> => {
  const health = await until(
    'all well',
    () => healthOf(city),
    ({ warnings, content }) => warnings.length === 0 && !content.replacing,
    60_000,
  );
  t.same([health.status, health.reasons], [200, []]);
};

t.test("the server's certificate, on both ports", async (t) => {
  const before = await shown();
  await underLoad(
    t,
    'a new certificate',
    () => issueServer(city.pki),
    async () => (await shown()) !== before && (await shown(new URL(city.people).port)) !== before,
  );
  const fingerprint = new X509Certificate(await readFile(join(city.pki, 'server/cert.pem'))).fingerprint256;
  await until(
    'each worker',
    () => Promise.all(Array.from({ length: 8 }, () => shown())),
    (all) => all.every((one) => one === fingerprint),
  );
  await until(
    'its entry',
    () => acts('certificate_in_force'),
    (found) =>
      found.some(
        ({ target, detail }) =>
          target === 'server' &&
          (detail as Json)['fingerprint'] === fingerprint.replaceAll(':', '').toLowerCase() &&
          'before' in (detail as Json),
      ),
  );
  t.match(
    await (await fetch(`${city.health}/metrics`)).text(),
    /^yitong_certificate_seconds_left\{certificate="server"\} 3\d{7}$/m,
  );
});

t.test('a revocation list', async (t) => {
  t.equal(await codeOf('revoked'), 'ok');
  await underLoad(
    t,
    'a revoked client',
    () => revoke(city.pki, 'revoked'),
    async () => (await codeOf('revoked')) === 'certificate_revoked',
  );
});

t.test('policies', async (t) => {
  await underLoad(
    t,
    'a suspended client',
    () => here.change('policies/clients/suspended.json', { status: 'suspended' }),
    async () => (await codeOf('suspended')) === 'client_suspended',
  );
});

t.test('grants', async (t) => {
  t.equal(await codeOf('fresh'), 'denied');
  await underLoad(
    t,
    'a new grant',
    () => here.write('policies/grants/fresh.json', { ...grant, client: 'fresh' }),
    async () => (await codeOf('fresh')) === 'ok',
  );
});

/** A second version of the shops with a telephone number, and market stalls, which nobody knew. */
async function nextContracts(): Promise<void> {
  const file = (path: string): string => join(here.workspace, path);
  const v1 = await here.read(`${CONTRACTS}/shops/v1.avsc`);
  const phone = {
    name: 'phone',
    type: ['null', 'string'],
    default: null,
    title: { zh: '电话', en: 'telephone' },
    classification: 'public',
  };
  await cp(file(`${CONTRACTS}/shops`), file('stalls'), { recursive: true });
  await rm(file('stalls/examples'), { recursive: true });
  await here.write('stalls/v1.avsc', { ...v1, name: 'Stall' });
  await here.write('stalls/contract.json', {
    ...(await here.read('stalls/contract.json')),
    name: { zh: '摊位登记', en: 'Stalls' },
  });
  await rename(file('stalls'), file(`${CONTRACTS}/stalls`));
  await here.write(`${CONTRACTS}/shops/v2.avsc`, { ...v1, fields: [...(v1['fields'] as readonly Json[]), phone] });
  execFileSync(process.execPath, [cli, 'contracts', 'register', '--workspace', here.workspace]);
  await writeFile(file('inbox/stalls.csv'), await readFile(file('inbox/shops.csv'), 'utf8'));
  const rows = (await readFile(file('inbox/shops.csv'), 'utf8')).trimEnd().split('\n');
  await here.write(
    'inbox/shops.csv',
    `${rows.map((row, n) => `${row},${n === 0 ? '电话' : `1380000000${String(n)}`}`).join('\n')}\n`,
  );
  const feed = (await here.read('connectors/feeds/office/shops.json')) as { source: Json; mapping: { fields: Json } };
  await here.write('connectors/feeds/office/stalls.json', {
    ...feed,
    source: { ...feed.source, path: 'inbox/stalls.csv' },
  });
  await here.write('connectors/feeds/office/shops.json', {
    ...feed,
    mapping: { ...feed.mapping, fields: { ...feed.mapping.fields, phone: { from: '电话', steps: ['trim'] } } },
  });
  await here.change('policies/grants/front-desk-shops.json', {
    fields: [...(grant['fields'] as readonly string[]), 'phone'],
  });
  await here.write('policies/grants/stalls.json', { ...grant, dataset: 'office.stalls' });
}

t.test('contracts: a new version with a new field, and a new dataset', async (t) => {
  const journals = async (): Promise<readonly string[]> =>
    (await readdir(join(city.data, 'journal'))).filter((name) => name.startsWith('w'));
  const notReady: number[] = [];
  const watching = setInterval(() => void healthOf(city).then(({ status }) => notReady.push(status)), 100);
  await underLoad(
    t,
    'a new version and a new dataset',
    nextContracts,
    async () => {
      const [shop, stall] = await Promise.all([post('front-desk'), post('front-desk', 'office.stalls')]);
      return (
        shop.status === 200 &&
        stall.status === 200 &&
        records(shop.text)[0]?.['phone'] === '13800000001' &&
        records(stall.text).length === 1
      );
    },
    3000,
  );
  clearInterval(watching);
  t.same([...new Set(notReady)], [200], 'it was ready all the time');
  await ready(t);
  const entry = (
    await until(
      'its entry',
      () => acts('contracts_in_force'),
      (found) => found.some(({ detail }) => 'datasets' in (detail as Json)),
    )
  ).find(({ detail }) => 'datasets' in (detail as Json));
  t.match(entry?.['detail'], {
    before: /^[0-9a-f]{64}$/,
    datasets: { added: ['office.stalls'], changed: ['office.shops'], versions: { 'office.shops': 2 } },
  });
  const first = await journals();
  t.ok(first.length <= 4, 'two generations of journals');
  // and once more: only settings
  await underLoad(
    t,
    'a smaller limit',
    () => here.change('yitong.json', { gateway: { workers: 2, maxDatasets: 1 } }),
    async () => {
      const { text } = await ask(city.api, city.pki, 'front-desk', {
        method: 'POST',
        path: '/v1/query',
        body: { ...QUESTION, datasets: [{ id: 'office.shops' }, { id: 'office.stalls' }] },
      });
      return (JSON.parse(text) as Json)['code'] === 'bad_request';
    },
  );
  t.same(await journals(), first, 'no journal was added');
});
