/**
 * Whatever is wrong in a file that is followed: what was in force goes on, no request is lost, and an operator is told
 * what and where.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ask, until } from '../e2e/ask.js';
import { load } from './load.js';
import { declared, healthOf, QUESTION, town } from './town.js';

t.setTimeout(340_000);

const here = declared(t);
const city = await town(t, here.workspace);

t.test('what is broken changes nothing, and is said', async (t) => {
  const SHOPS = 'contracts/datasets/office/shops/contract.json';
  const { contracts } = (await healthOf(city)).content;
  const contract = await here.read(SHOPS);
  const feed = await here.read('connectors/feeds/office/shops.json');
  const settings = await here.read('yitong.json');
  // as they were, to the byte: then nothing has changed
  const texts = new Map(
    await Promise.all(
      [SHOPS, 'connectors/feeds/office/shops.json', 'yitong.json'].map(
        async (path) => [path, await readFile(join(here.workspace, path), 'utf8')] as const,
      ),
    ),
  );
  const mend = (path: string): Promise<void> => here.write(path, texts.get(path) ?? '');
  const cert = join(city.pki, 'server/cert.pem');
  const pem = await readFile(cert, 'utf8');
  const crl = await readFile(join(city.pki, 'crl.pem'), 'utf8');
  const cases: readonly (readonly [
    what: string,
    breaks: () => Promise<unknown>,
    mends: () => Promise<unknown>,
    why: RegExp,
    metric: RegExp,
  ])[] = [
    [
      'half a certificate',
      () => writeFile(cert, pem.slice(0, 300)),
      () => writeFile(cert, pem),
      /server certificate on disk is not taken/,
      /^yitong_certificate_stale\{certificate="server"\} 1$/m,
    ],
    [
      'half a revocation list',
      () => writeFile(join(city.pki, 'crl.pem'), crl.slice(0, 100)),
      () => writeFile(join(city.pki, 'crl.pem'), crl),
      /revocation list/,
      /^yitong_policies_stale 1$/m,
    ],
    [
      'a policy that does not parse',
      () => here.write('policies/grants/broken.json', '{ "client": '),
      () => rm(join(here.workspace, 'policies/grants/broken.json')),
      /policies on disk do not load/,
      /^yitong_policies_stale 1$/m,
    ],
    [
      'a contract that does not parse',
      () => here.write(SHOPS, '{ "name": '),
      () => mend(SHOPS),
      /contracts, feeds or yitong\.json on disk are not taken/,
      /^yitong_contracts_stale 1$/m,
    ],
    [
      'a contract that breaks what was published',
      () => here.write(SHOPS, { ...contract, partitions: 7 }),
      () => mend(SHOPS),
      /the partition count changed/,
      /^yitong_contracts_stale 1$/m,
    ],
    [
      'a feed that names no column',
      () => here.write('connectors/feeds/office/shops.json', { ...feed, source: { kind: 'nothing' } }),
      () => mend('connectors/feeds/office/shops.json'),
      /not taken.*shops/,
      /^yitong_contracts_stale 1$/m,
    ],
    [
      'a setting that takes a restart',
      () => here.write('yitong.json', { ...settings, gateway: { healthHost: '127.0.0.2' } }),
      () => mend('yitong.json'),
      /`gateway\.healthHost` changed, which takes a restart/,
      /^yitong_contracts_stale 1$/m,
    ],
  ];
  const asking = load({
    api: city.api,
    pki: city.pki,
    client: 'front-desk',
    asked: { path: '/v1/query', body: QUESTION },
    connections: 6,
    pause: 50,
  });
  t.teardown(() => asking.stop());
  for (const [what, breaks, mends, why, metric] of cases) {
    await breaks();
    const said = await until(
      what,
      () => healthOf(city),
      ({ warnings }) => warnings.some((warning) => why.test(warning)),
      60_000,
    );
    t.equal(said.status, 200, `${what}: answers go on`);
    t.match(await (await fetch(`${city.health}/metrics`)).text(), metric, what);
    t.equal(
      (await ask(city.api, city.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: QUESTION })).status,
      200,
      what,
    );
    await mends();
    await until(
      `${what}: mended`,
      () => healthOf(city),
      ({ warnings }) => warnings.length === 0,
      60_000,
    );
  }
  const { answered, failed } = await asking.stop();
  t.comment(`${String(answered)} answered while seven kinds were broken and mended`);
  t.same(failed, []);
  t.same((await healthOf(city)).content.contracts, contracts, 'what is in force is what was');
});
