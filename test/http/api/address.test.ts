/**
 * The address that a document, a code or a sign-in names is ours: from the configuration or the port that is open,
 * never from whoever asks.
 */

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { errorTable } from '../../../contracts/errors.js';
import { peopleAddress } from '../../../gateway/documents/address.js';
import type { Provider } from '../../../gateway/ground/identity/provider.js';
import { office, programForTest, run } from '../../documents/reports/documents.js';
import { company, entry, openWorld, REGISTER } from '../../documents/reports/world.js';
import { type Faces, type FacesOptions, faces } from './faces.js';

t.setTimeout(120_000);

const FOREIGN = 'verify.evil.test';
const HOME = 'https://data.yunzhou.example';
const boss = { roles: ['subject'] as const, subjects: [company(0)] };

/** An identity provider, as far as a browser is sent to it. */
async function issuerOf(t: Test): Promise<Provider> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    issuer,
    clientId: 'yitong',
    clientSecret: 's',
    claims: { roles: 'r', authority: 'a', subjects: 's' },
    insecure: true,
  };
}

interface Issued {
  readonly dir: string;
  readonly id: string;
  readonly code: string;
  readonly documents: { readonly documents: string; readonly documentCa: string };
}
/** A report that stands in a data folder, and the key by which documents are signed. */
async function issued(t: Test): Promise<Issued> {
  const dir = t.testdir();
  const world = await openWorld(join(dir, 'data'));
  await world.put(REGISTER, company(0), 'r-0', entry('云州甲公司'));
  await world.seen();
  const { id, code } = await world.reports.issue(world.request(), world.asking());
  await world.close();
  const { pki, caFile } = await office(dir);
  return { dir: join(dir, 'data'), id, code, documents: { documents: join(pki, 'documents'), documentCa: caFile } };
}
const openFaces = (
  t: Test,
  { dir, documents }: Issued,
  { settings = {}, ...more }: FacesOptions = {},
): Promise<Faces> =>
  faces(t, {
    dataDir: dir,
    settings: { ...settings, gateway: { ...documents, ...(settings['gateway'] as object | undefined) } },
    ...more,
  });
const download = async (here: Faces, { id, code }: Issued, as: string, host: string) =>
  here.visit(
    {
      method: 'POST',
      path: `/console/reports/${id}/document`,
      body: { csrf: await here.csrf(boss), as, code },
      headers: { host },
    },
    boss,
  );

t.test('the address in a signed document is not the host that a browser names', async (t) => {
  const one = await issued(t);
  const here = await openFaces(t, one, { listening: 'https://127.0.0.1:18444' });
  for (const [host, wanted] of [
    [FOREIGN, '127.0.0.1:18444'],
    ['127.0.0.1:9', '127.0.0.1:18444'],
    ['localhost:18444', 'localhost:18444'],
  ] as const) {
    const answer = await here.people.inject({
      method: 'POST',
      url: `/console/reports/${one.id}/document`,
      headers: { host, cookie: await here.cookie(boss), 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ csrf: await here.csrf(boss), as: 'pdf', code: one.code }).toString(),
    });
    t.equal(answer.statusCode, 200, answer.body.slice(0, 200));
    if (!programForTest(t, 'pdftotext', 'poppler-utils')) return;
    const file = join(one.dir, '..', 'report.pdf');
    writeFileSync(file, answer.rawPayload);
    const text = run('pdftotext', '-raw', file, '-').replaceAll(/\s/g, '');
    t.match(text, `https://${wanted}/verify/`);
    t.notMatch(text, 'evil');
  }
});

t.test(
  'where nobody knows by which address the port is reached, no document is made, and nothing is issued',
  async (t) => {
    const one = await issued(t);
    const here = await openFaces(t, one, { settings: { gateway: { peopleHost: '0.0.0.0' } } });
    for (const as of ['pdf', 'sdjwt']) {
      const answer = await download(here, one, as, FOREIGN);
      t.match(
        JSON.parse(answer.text),
        { code: 'address_unknown', status: errorTable.address_unknown.status, title: /people\.publicUrl/ },
        as,
      );
    }
    t.equal((await download(here, one, 'json', FOREIGN)).status, 200, 'what names no address is given');
    const before = here.entries.length;
    const asked = {
      method: 'POST',
      path: '/v1/reports',
      headers: {},
      body: {
        report: 'credit',
        as: company(0),
        subjects: [company(0)],
        from: '2020-01-01',
        to: '2026-01-01',
        purpose: 'listing',
        bearer: 'x',
      },
    };
    t.equal((await here.ask(asked, 'credit-report-centre')).status, 201, 'a report by itself names none');
    t.ok(here.entries.length > before);
    const shown = await here.ask(
      {
        path: `/v1/reports/${one.id}`,
        headers: { accept: 'application/pdf', 'yitong-subject': company(0), 'yitong-code': one.code },
      },
      'credit-report-centre',
    );
    t.match(JSON.parse(shown.text), { code: 'address_unknown' });
    t.match(JSON.parse((await here.visit({ path: '/.well-known/jwt-vc-issuer' })).text), { code: 'address_unknown' });
  },
);

t.test('what is configured goes before everything else', async (t) => {
  const one = await issued(t);
  const here = await openFaces(t, one, {
    settings: { people: { publicUrl: HOME }, gateway: { peopleHost: '0.0.0.0' } },
    listening: 'https://127.0.0.1:18444',
  });
  t.match(JSON.parse((await here.visit({ path: '/.well-known/jwt-vc-issuer', headers: { host: FOREIGN } })).text), {
    issuer: HOME,
  });
  await here.visit({ method: 'POST', path: '/console/compliance', body: { csrf: await here.csrf(boss) } }, boss);
  t.equal((await download(here, one, 'pdf', FOREIGN)).status, 200);
});

t.test('a compliance code and a sign-in lead to ourselves, whatever host was named', async (t) => {
  const one = await issued(t);
  const here = await openFaces(t, one, { listening: 'https://127.0.0.1:18444', provider: await issuerOf(t) });
  const made = await here.visit(
    { method: 'POST', path: '/console/compliance', body: { csrf: await here.csrf(boss) }, headers: { host: FOREIGN } },
    boss,
  );
  t.equal(made.status, 303);
  const code = String([made.headers['set-cookie']].flat()[0]).split(';')[0] ?? '';
  const page = await here.people.inject({
    url: '/console/compliance',
    headers: { host: FOREIGN, cookie: `${await here.cookie(boss)}; ${code}` },
  });
  t.match(page.body, 'https://127.0.0.1:18444/compliance/');
  t.notMatch(page.body, FOREIGN);
  for (const [host, wanted] of [
    [FOREIGN, 'https://127.0.0.1:18444/callback'],
    ['localhost:18444', 'https://localhost:18444/callback'],
    ['127.0.0.1:18444', 'https://127.0.0.1:18444/callback'],
  ] as const) {
    const left = await here.people.inject({ url: '/sign-in', headers: { host } });
    t.equal(new URL(String(left.headers.location)).searchParams.get('redirect_uri'), wanted);
  }
  const lost = await faces(t, { settings: { gateway: { peopleHost: '::' } }, provider: await issuerOf(t) });
  t.match(JSON.parse((await lost.visit({ path: '/sign-in', headers: { host: FOREIGN } })).text), {
    code: 'address_unknown',
  });
});

t.test('an address is that of one host and an open port, or it is none', (t) => {
  t.equal(peopleAddress('127.0.0.1', 41_234), 'https://127.0.0.1:41234');
  t.equal(peopleAddress('data.city.example', 443), 'https://data.city.example:443');
  t.equal(peopleAddress('::1', 8444), 'https://[::1]:8444');
  for (const [host, port] of [
    ['0.0.0.0', 8444],
    ['::', 8444],
    ['', 8444],
    ['127.0.0.1', 0],
  ] as const)
    t.equal(peopleAddress(host, port), undefined);
  t.end();
});
