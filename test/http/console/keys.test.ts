/**
 * Certificates by self-service, as the people's port gives them: only where the development CA is at hand, only for
 * clients of the own department, on record before anything is there, and never a private key.
 */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { clientId } from '../../../contracts/ids.js';
import type { SelfService } from '../../../gateway/ground/identity/own-certificates.js';
import type { Person } from '../../../gateway/ground/identity/person.js';
import { SESSION_COOKIE } from '../../../gateway/http/plugins/people.js';
import { formId } from '../../../gateway/http/ui/form.js';
import { initPki } from '../../../gateway/operate/pki/authority.js';
import { openOwnCertificates, requestedFile } from '../../../gateway/operate/pki/own-certificates.js';
import type { RawAnswer } from '../../e2e/ask.js';
import { makeKey, requestOf } from '../../operate/pki/requests.js';
import { type Faces, faces } from '../api/faces.js';
import { latinIn } from './latin.js';

t.setTimeout(180_000);

const PATH = '/console/developer/keys';
const CLIENT = 'one-stop-counter';
type As = Pick<Person, 'roles'> & Partial<Person>;
const ours: As = { roles: ['developer'], authority: 'data-bureau' };
const others: As = { roles: ['developer'], authority: 'transport' };

interface Desk {
  readonly here: Faces;
  readonly pki: string;
  send(as: As, path: string, fields: Readonly<Record<string, string>>): Promise<RawAnswer>;
  /** Numbers in the list of clients, by state. */
  shown(as: As): Promise<Readonly<Record<string, string>>>;
  acts(): readonly Readonly<Record<string, unknown>>[];
}

async function open(t: Test, development = true): Promise<Desk> {
  const pki = t.testdir();
  await initPki(pki);
  const own = openOwnCertificates(pki, Date.now);
  const certificates: SelfService = {
    api: () => 'https://127.0.0.1:8443',
    list: (client) => own.list(client),
    issue: (asked, record) => own.issue(asked, record),
    revoke: (client, serial, record) => own.revoke(client, serial, record),
  };
  const here = await faces(t, development ? { certificates } : {});
  return {
    here,
    pki,
    send: async (as, path, fields) =>
      here.visit({ method: 'POST', path, body: { csrf: await here.csrf(as), ...fields } }, as),
    shown: async (as) => {
      const { text } = await here.visit({ path: PATH }, as);
      return Object.fromEntries(
        [...text.matchAll(/data-serial="([0-9A-F]+)" data-state="(\w+)"/g)].map(([, serial = '', state = '']) => [
          serial,
          state,
        ]),
      );
    },
    acts: () =>
      here.entries
        .map(({ body }) => body)
        .filter(({ action }) => action === 'certificate_issued' || action === 'certificate_revoked'),
  };
}

const madeIn = ({ headers }: RawAnswer): string =>
  /\?made=([0-9A-F]+)#made$/.exec(String(headers['location']))?.[1] ?? 'none';
const codeOf = ({ text }: RawAnswer): string => (JSON.parse(text) as { readonly code: string }).code;
/** What a reader of Chinese reads: no markup, no command. */
const wordsOf = (html: string): string =>
  (/<main[^]*<\/main>/.exec(html)?.[0] ?? '')
    .replace(/<pre[^>]*lang="en"[^>]*>[^]*?<\/pre>/g, ' ')
    .replace(/<[^>]+>/g, ' ');

t.test('production says where certificates come from, and issues none', async (t) => {
  const { here, send, acts } = await open(t, false);
  const page = await here.visit({ path: PATH, headers: { 'accept-language': 'zh-CN' } }, ours);
  t.equal(page.status, 200);
  t.match(page.text, /应用证书由本市证书机构签发，本页不签发/);
  t.match(page.text, /subjectAltName=URI:spiffe:\/\/yunzhou\.example\/client\/one-stop-counter/);
  t.notMatch(page.text, /name="request"/);
  t.same(latinIn(wordsOf(page.text)), []);
  for (const [path, fields] of [
    [PATH, { client: CLIENT, request: requestOf().pem }],
    [`${PATH}/4A/revoke`, {}],
  ] as const) {
    const said = await send(ours, path, fields);
    t.equal(said.status, 403);
    t.equal(codeOf(said), 'certificates_elsewhere');
  }
  t.equal(codeOf(await here.visit({ path: `${PATH}/4A` }, ours)), 'certificates_elsewhere');
  t.same(acts(), []);
});

t.test('issued, listed, downloaded and revoked, each on record first', async (t) => {
  const { here, pki, send, shown, acts } = await open(t);
  const { key, pem } = requestOf('prime256v1', 'auditor');
  here.healthy = false;
  t.equal(codeOf(await send(ours, PATH, { client: CLIENT, request: pem })), 'audit_unavailable');
  here.healthy = true;
  t.same(await shown(ours), {}, 'what could not be put on record was not issued');

  const serial = madeIn(await send(ours, PATH, { client: CLIENT, request: pem }));
  t.same(await shown(ours), { [serial]: 'in_force' });
  const given = await here.visit({ path: `${PATH}/${serial}` }, ours);
  t.match(given.headers['content-disposition'], /attachment; filename="cert\.pem"/);
  const certificate = new X509Certificate(given.text);
  t.ok(certificate.checkPrivateKey(key));
  t.equal(certificate.subjectAltName, `URI:spiffe://yunzhou.example/client/${CLIENT}`);
  t.match(certificate.subject, /CN=one-stop-counter/);
  const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
  t.ok(days > 29.9 && days <= 30, 'good for thirty days');
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const detail = { serial, fingerprint, notAfter: new Date(certificate.validTo).toISOString() };
  t.match(acts(), [{ action: 'certificate_issued', by: 'developer', target: CLIENT, detail }]);

  here.healthy = false;
  t.equal(codeOf(await send(ours, `${PATH}/${serial}/revoke`, {})), 'audit_unavailable');
  here.healthy = true;
  t.same(await shown(ours), { [serial]: 'in_force' }, 'what could not be put on record was not revoked');
  for (let twice = 0; twice < 2; twice++)
    t.equal((await send(ours, `${PATH}/${serial}/revoke`, {})).status, 303, 'also where it was done already');
  t.same(await shown(ours), { [serial]: 'revoked' });
  t.match(acts().slice(1), [{ action: 'certificate_revoked', by: 'developer', target: CLIENT, detail }]);
  t.equal(acts().length, 2, 'once');
  t.equal(codeOf(await send(ours, PATH, { client: CLIENT, request: pem })), 'certificate_key_used');

  // its file is lost: whoever has it may have it whole, so it can still be revoked
  const damaged = madeIn(await send(ours, PATH, { client: CLIENT, request: requestOf().pem }));
  writeFileSync(requestedFile(pki, clientId(CLIENT), damaged), 'x');
  t.same(await shown(ours), { [damaged]: 'damaged', [serial]: 'revoked' });
  t.equal(codeOf(await here.visit({ path: `${PATH}/${damaged}` }, ours)), 'certificates_damaged');
  t.equal((await send(ours, `${PATH}/${damaged}/revoke`, {})).status, 303);
  t.same(await shown(ours), { [damaged]: 'revoked', [serial]: 'revoked' });
});

t.test('only clients of the own department, in force; of others nothing is told', async (t) => {
  const { here, send, shown, acts } = await open(t);
  const request = (): string => requestOf().pem;
  const serial = madeIn(await send(ours, PATH, { client: CLIENT, request: request() }));
  const none = await send(others, `${PATH}/4A/revoke`, {});
  for (const said of [
    await send(others, PATH, { client: CLIENT, request: request() }),
    await send(ours, PATH, { client: 'transport-licensing', request: request() }),
    await send(ours, PATH, { client: 'nobody', request: request() }),
    await send(ours, PATH, { request: request() }),
    await send(others, `${PATH}/${serial}/revoke`, {}),
    await here.visit({ path: `${PATH}/${serial}` }, others),
  ]) {
    t.equal(said.status, 404);
    t.equal(codeOf(said), codeOf(none), 'as of one that there is not');
  }
  t.same(await shown(others), {});
  t.notMatch((await here.visit({ path: `${PATH}?client=${CLIENT}&made=${serial}` }, others)).text, serial);
  t.equal(codeOf(await send(ours, PATH, { client: 'old-portal', request: request() })), 'certificates_elsewhere');
  t.equal(acts().length, 1);
  for (const roles of [['auditor'], ['data-officer'], ['sharing-authority']] as const)
    t.equal((await send({ ...ours, roles }, PATH, { client: CLIENT, request: request() })).status, 403);
});

t.test('what is no request of a good key is refused; of many at once as many as may be are issued', async (t) => {
  const { send, shown, acts } = await open(t);
  for (const request of ['', 'x', requestOf('rsa 1024').pem, requestOf('secp256k1').pem])
    t.equal(codeOf(await send(ours, PATH, { client: CLIENT, request })), 'bad_certificate_request');
  const pem = requestOf().pem;
  const said = await Promise.all(
    [pem, pem, ...Array.from({ length: 6 }, () => requestOf().pem)].map((request) =>
      send(ours, PATH, { client: CLIENT, request }),
    ),
  );
  const refused = said.filter(({ status }) => status !== 303);
  t.equal(refused.length, 3);
  t.ok(refused.every((one) => ['too_many_certificates', 'certificate_key_used'].includes(codeOf(one))));
  t.equal(Object.keys(await shown(ours)).length, 5);
  t.equal(acts().length, 5, 'an entry for each, and for none that was refused');
  t.equal(codeOf(await send(ours, PATH, { client: CLIENT, request: requestOf().pem })), 'too_many_certificates');
  t.equal(
    (await send(ours, PATH, { client: 'name-lookup', request: requestOf().pem })).status,
    303,
    'another client has its own',
  );
});

t.test('a private key that was pasted by mistake is told, and is nowhere afterwards', async (t) => {
  const { here, pki } = await open(t);
  const key = makeKey('prime256v1');
  const pem = String(key.export({ format: 'pem', type: 'pkcs8' }));
  const secret = pem.split('\n')[2] ?? '';
  const cookie = await here.cookie(ours);
  const session = await here.people.people.sessions.find(cookie.slice(SESSION_COOKIE.length + 1));
  if (session === undefined) throw new Error('nobody is signed in');
  const accept = 'text/html,application/xhtml+xml';
  const body = {
    csrf: session.csrf,
    place: here.people.people.kept.sealPlace(session, PATH),
    form: formId(PATH),
    client: 'name-lookup',
    request: `${requestOf().pem}${pem}`,
  };
  const sent = await here.visit({ method: 'POST', path: PATH, body, headers: { accept } }, ours);
  t.equal(sent.status, 303);
  const kept = [sent.headers['set-cookie'] ?? []].flat().map((one) => one.split(';')[0] ?? '');
  const back = await here.visit({
    path: String(sent.headers['location']),
    headers: { accept, cookie: [cookie, ...kept].join('; '), 'accept-language': 'zh-CN' },
  });
  t.match(back.text, /含有私钥/, 'said beside the field');
  // whose session was over, of whose form all is kept until they are back
  const late = await here.visit({ method: 'POST', path: PATH, body, headers: { accept } });
  // a form that is refused for something else
  const other = { ...body, client: 'transport-licensing' };
  const foreign = await here.visit({ method: 'POST', path: PATH, body: other, headers: { accept } }, ours);
  for (const answer of [sent, late, foreign]) {
    const token = /__Host-yitong-kept=([^;]+)/.exec(String(answer.headers['set-cookie']))?.[1];
    const id = /kept(?:\/|=)([\w-]+)/.exec(decodeURIComponent(String(answer.headers['location'])))?.[1] ?? '';
    const held = await here.people.people.kept.find(token, id, session.person);
    t.equal(held?.kept.form, formId(PATH), 'is kept');
    t.notOk(JSON.stringify(held).includes(secret), 'without the key');
  }
  t.match(back.text, /value="name-lookup" selected/, 'what else was written is kept');
  for (const text of [back.text, ...here.log, JSON.stringify(here.entries), JSON.stringify(here.notes)])
    t.notOk(text.includes(secret));
  for (const folder of [here.dataDir, pki])
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const file = join(folder, name);
      if (statSync(file).isFile()) t.notOk(readFileSync(file, 'latin1').includes(secret), name);
    }
});
