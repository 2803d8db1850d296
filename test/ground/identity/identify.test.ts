import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { authorityId } from '../../../contracts/ids.js';
import { initPki, issueClient, issueServer, revoke } from '../../../gateway/operate/pki/authority.js';
import { anchorOf, bound, clientsOf, gateway, spiffe } from './server.js';

const DAY = 86_400_000;
const dir = t.testdir({ one: {}, other: {} });
const [one, other] = [join(dir, 'one'), join(dir, 'other')];
await initPki(one);
await initPki(other);
await issueServer(one);
const anchor = await anchorOf(one);
const issue = (client: string, options: Parameters<typeof issueClient>[2] = {}) => issueClient(one, client, options);
const world = await gateway(
  one,
  [anchor],
  clientsOf(spiffe('alpha'), spiffe('rsa'), spiffe('idle', 'suspended'), spiffe('beta')),
);
t.teardown(() => world.close());
const alpha = await issue('alpha');

t.test('a client is known by the one SPIFFE URI of its certificate, under TLS 1.2 and 1.3', async (t) => {
  t.equal(await world.ask(alpha, { maxVersion: 'TLSv1.2' }), 'alpha');
  t.equal(await world.ask(alpha, { minVersion: 'TLSv1.3' }), 'alpha');
  t.equal(await world.ask(await issue('rsa', { rsa: true })), 'rsa');
});

t.test('nobody without a good certificate of an anchor gets in', async (t) => {
  t.equal(await world.ask(), 'certificate_required');
  t.equal(await world.ask(await issueClient(other, 'alpha')), 'certificate_untrusted', 'another CA');
  t.equal(await world.ask(await issue('beta', { notAfter: new Date(Date.now() - 1000) })), 'certificate_expired');
  t.equal(
    await world.ask(await issueClient(other, 'alpha', { notAfter: new Date(Date.now() - 1000) })),
    'certificate_untrusted',
    'another CA, and expired',
  );
  t.equal(
    await world.ask(
      await issue('beta', { notBefore: new Date(Date.now() + DAY), notAfter: new Date(Date.now() + 2 * DAY) }),
    ),
    'certificate_not_yet_valid',
  );
  t.equal(await world.ask(await issueServer(one)), 'certificate_invalid', 'a server certificate is none for a client');
  t.equal(
    await world.ask({ cert: join(one, 'ca.pem'), key: join(one, 'ca.key') }),
    'certificate_invalid',
    'the CA itself',
  );
});

t.test('a certificate that names nobody, two, or a stranger is bound to no client', async (t) => {
  t.equal(await world.ask(await issue('beta', { spiffe: [] })), 'certificate_unnamed');
  t.equal(
    await world.ask(
      await issue('beta', { spiffe: ['spiffe://yitong.example/client/beta', 'spiffe://yitong.example/client/alpha'] }),
    ),
    'certificate_ambiguous',
  );
  t.equal(await world.ask(await issue('stranger')), 'client_unknown');
  t.equal(await world.ask(await issue('beta', { trustDomain: 'elsewhere.example' })), 'client_unknown');
  t.equal(
    await world.ask(await issue('beta', { spiffe: ['https://x.example/, URI:spiffe://yitong.example/client/beta'] })),
    'client_unknown',
    'a name inside a name',
  );
  t.equal(await world.ask(await issue('idle')), 'client_suspended');
});

t.test('CAs that issue no URI: a client is bound by its names or by its key', async (t) => {
  const files = await issue('gamma', { spiffe: [] });
  const certificate = new X509Certificate(await readFile(files.cert));
  const sha256 = createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  const issuer = certificate.issuer.replaceAll('\n', ', ');
  const before = world.world.policies;
  world.world.policies = clientsOf(bound('by-key', { kind: 'key', sha256 }));
  t.equal(await world.ask(files), 'by-key');
  world.world.policies = clientsOf(
    bound('by-name', { kind: 'subject', issuer, subject: 'O=Yitong development, CN=gamma' }),
  );
  t.equal(await world.ask(files), 'by-name');
  t.equal(await world.ask(alpha), 'client_unknown');
  world.world.policies = clientsOf(
    bound('by-key', { kind: 'key', sha256 }),
    bound('by-name', { kind: 'subject', issuer, subject: 'O=Yitong development, CN=gamma' }),
  );
  t.equal(await world.ask(files), 'certificate_ambiguous', 'two clients for one certificate');
  world.world.policies = before;
});

t.test('an anchor names only the clients of its authorities', async (t) => {
  const narrow = await gateway(
    one,
    [await anchorOf(one, { authorities: [authorityId('court')] })],
    clientsOf(spiffe('alpha')),
  );
  const wide = await gateway(
    one,
    [await anchorOf(one, { authorities: [authorityId('court'), authorityId('tax')] })],
    clientsOf(spiffe('alpha')),
  );
  t.equal(await narrow.ask(alpha), 'anchor_not_entitled');
  t.equal(await wide.ask(alpha), 'alpha');
  await Promise.all([narrow.close(), wide.close()]);
});

t.test(
  'on a connection that stays open, expiry, suspension and revocation count from the next request on',
  async (t) => {
    const files = await issue('beta', { notAfter: new Date(Date.now() + DAY) });
    const connection = await world.open(files);
    const before = world.world.policies;
    const now = world.world.now;
    t.equal(await connection.ask(), 'beta');
    world.world.now = now + 2 * DAY;
    t.equal(await connection.ask(), 'certificate_expired');
    world.world.now = now;
    world.world.policies = clientsOf(spiffe('beta', 'suspended'));
    t.equal(await connection.ask(), 'client_suspended');
    world.world.policies = before;
    t.equal(await connection.ask(), 'beta');
    const old = await readFile(join(one, 'crl.pem'), 'utf8');
    await revoke(one, files.serial, { now: new Date(Date.now() + 5000) });
    anchor.revocation?.replace(await readFile(join(one, 'crl.pem'), 'utf8'));
    t.equal(await connection.ask(), 'certificate_revoked');
    t.equal(await world.ask(files), 'certificate_revoked');
    anchor.revocation?.replace(old);
    t.equal(await connection.ask(), 'certificate_revoked', 'an older list brings nobody back');
    t.equal(await world.ask(alpha), 'alpha', 'the others go on');
    connection.close();
  },
);

t.test('past the end of the revocation list and its grace nobody gets in', async (t) => {
  const nextUpdate = new Date(Date.now() + DAY);
  await revoke(one, undefined, { now: new Date(Date.now() + 6000), nextUpdate });
  const strict = await gateway(one, [await anchorOf(one, { crlGrace: DAY })], clientsOf(spiffe('alpha')));
  const end = Math.floor(nextUpdate.getTime() / 1000) * 1000 + DAY;
  strict.world.now = end - 1;
  t.equal(await strict.ask(alpha), 'alpha');
  strict.world.now = end;
  t.equal(await strict.ask(alpha), 'revocation_unknown');
  await strict.close();
});

t.test('a session is never resumed, so a certificate is always shown', async (t) => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = { minVersion: version, maxVersion: version };
    const first = await world.open(alpha, options);
    const given: Buffer[] = [];
    first.socket.on('session', (session: Buffer) => given.push(session));
    t.equal(await first.ask(), 'alpha');
    const session = given.at(-1) ?? first.socket.getSession();
    const second = await world.open(alpha, session === undefined ? options : { ...options, session });
    t.equal(second.socket.isSessionReused(), false, version);
    t.equal(await second.ask(), 'alpha');
    first.close();
    second.close();
  }
});

t.test(
  'who knows only old TLS, or a cipher without forward secrecy or authentication, gets no connection',
  async (t) => {
    await t.rejects(world.open(alpha, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
    for (const ciphers of [
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-RSA-AES256-SHA384',
      'AES128-GCM-SHA256',
      'DEFAULT:!ECDHE',
    ]) {
      await t.rejects(world.open(alpha, { maxVersion: 'TLSv1.2', ciphers }), ciphers);
    }
    t.equal(
      await world.ask(alpha, {
        maxVersion: 'TLSv1.2',
        ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
      }),
      'alpha',
    );
  },
);

t.test('looking at an identity again costs next to nothing', async (t) => {
  const connection = await world.open(alpha);
  await connection.ask();
  const socket = world.sockets[world.sockets.length - 1];
  if (socket === undefined) throw new Error('no connection');
  for (let i = 0; i < 20_000; i++) world.identify(socket);
  const begin = process.hrtime.bigint();
  for (let i = 0; i < 20_000; i++) world.identify(socket);
  t.comment(`${(Number(process.hrtime.bigint() - begin) / 20_000).toFixed(0)} ns an identity`);
  t.equal(world.identify(socket).kind, 'client');
  connection.close();
});
