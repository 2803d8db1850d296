import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import t from 'tap';
import { makeAnchor } from '../../gateway/identity/anchors.js';
import { pemBlocks } from '../../gateway/identity/certificate.js';
import { readRevocationList } from '../../gateway/identity/revocation.js';
import { initPki, issueClient, issueDocumentSigner, issueServer, keepPki, revoke } from '../../gateway/pki/authority.js';
import { isDevelopmentCertificate } from '../../gateway/pki/marker.js';

const openssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is missing';
const main = new URL('../../gateway/cli/main.js', import.meta.url).pathname;
const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
const text = (path: string): Promise<string> => readFile(path, 'utf8');

t.test('a private key or a password is readable by its owner only', async (t) => {
  const dir = t.testdir();
  t.equal(await initPki(dir), true);
  const server = await issueServer(dir, ['gateway.city.example', '10.0.0.7']);
  const client = await issueClient(dir, 'alpha', { rsa: true, p12: true });
  for (const file of [join(dir, 'ca.key'), server.key, client.key, client.p12 ?? '', client.password ?? '']) t.equal(await mode(file), 0o600, file);
  const { subjectAltName } = new X509Certificate(await text(server.cert));
  for (const name of ['DNS:localhost', 'IP Address:127.0.0.1', 'DNS:gateway.city.example', 'IP Address:10.0.0.7']) t.match(subjectAltName, name);
  const ca = await text(join(dir, 'ca.pem'));
  t.equal(await initPki(dir), false, 'a CA that stands is not made anew');
  t.equal(await text(join(dir, 'ca.pem')), ca);
  for (const pem of [ca, await text(server.cert), await text(client.cert)]) t.equal(isDevelopmentCertificate(pem), true, 'production can tell it');
});

t.test('a bundle opens in the programs of others, with the same key and certificates', { skip: openssl }, async (t) => {
  const dir = t.testdir();
  await initPki(dir);
  for (const rsa of [true, false]) {
    const { cert, key, p12 = '', password = '' } = await issueClient(dir, 'alpha', { rsa, p12: true });
    const opened = execFileSync('openssl', ['pkcs12', '-in', p12, '-passin', `file:${password}`, '-nodes'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const prints = pemBlocks(opened, 'CERTIFICATE').map((pem) => new X509Certificate(pem).fingerprint256);
    t.same(prints, [cert, join(dir, 'ca.pem')].map((file) => new X509Certificate(readFileSync(file)).fingerprint256));
    t.ok(createPrivateKey(pemBlocks(opened, 'PRIVATE KEY')[0] ?? '').equals(createPrivateKey(await text(key))));
    t.doesNotThrow(() => createSecureContext({ pfx: readFileSync(p12), passphrase: readFileSync(password, 'utf8').trim() }), 'Node takes it');
    t.not(spawnSync('openssl', ['pkcs12', '-in', p12, '-passin', 'pass:wrong', '-nodes']).status, 0);
    t.match(execFileSync('openssl', ['verify', '-purpose', 'sslclient', '-CAfile', join(dir, 'ca.pem'), cert], { encoding: 'utf8' }), /OK/);
  }
});

t.test('all certificates of a client are revoked, also those that were replaced', { skip: openssl }, async (t) => {
  const dir = t.testdir();
  await initPki(dir);
  const first = await issueClient(dir, 'alpha');
  const second = await issueClient(dir, 'alpha');
  const beta = await issueClient(dir, 'beta');
  t.same([...(await revoke(dir, 'alpha'))].sort(), [first.serial, second.serial].sort());
  t.same(await revoke(dir, 'alpha'), []);
  t.same(await revoke(dir, beta.serial.toLowerCase()), [beta.serial]);
  await t.rejects(revoke(dir, 'nobody'), { code: 'bad_config' });
  const list = execFileSync('openssl', ['crl', '-in', join(dir, 'crl.pem'), '-CAfile', join(dir, 'ca.pem'), '-noout', '-text'], { encoding: 'utf8' });
  for (const { serial } of [first, second, beta]) t.match(list, serial);
  t.throws(() => execFileSync('openssl', ['verify', '-crl_check', '-CAfile', join(dir, 'ca.pem'), '-CRLfile', join(dir, 'crl.pem'), beta.cert], { stdio: 'ignore' }));
});

t.test('a list that another CA signed, or that was changed, is not taken', async (t) => {
  const dir = t.testdir({ one: {}, other: {} });
  const [one, other] = [join(dir, 'one'), join(dir, 'other')];
  await initPki(one);
  await initPki(other);
  await issueClient(one, 'alpha');
  await revoke(one, 'alpha');
  const [ca, crl] = [await text(join(one, 'ca.pem')), await text(join(one, 'crl.pem'))];
  const root = new X509Certificate(ca);
  t.equal(readRevocationList(crl, [root]).revoked.size, 1);
  t.throws(() => makeAnchor({ id: 'x', ca, crl: '', authorities: '*' }), { code: 'revocation_unknown' });
  const stranger = new X509Certificate(await text(join(other, 'ca.pem')));
  t.throws(() => readRevocationList(crl, [stranger]), { code: 'revocation_unknown' });
  const der = Buffer.from(crl.replace(/-----[^-]+-----/g, ''), 'base64');
  let taken = 0;
  for (let at = 0; at < der.length; at++) {
    const bent = Buffer.from(der);
    bent[at] = (bent[at] ?? 0) ^ 1;
    try {
      readRevocationList(`-----BEGIN X509 CRL-----\n${bent.toString('base64')}\n-----END X509 CRL-----`, [root]);
      taken++;
    } catch {
      continue;
    }
  }
  t.equal(taken, 0, 'no byte can be changed');
  for (let end = 0; end < der.length; end += 7) t.throws(() => readRevocationList(der.subarray(0, end).toString('base64'), [root]));
});

t.test('the command line issues and revokes', async (t) => {
  const dir = join(t.testdir(), 'pki');
  const run = (...args: string[]) => spawnSync(process.execPath, [main, 'pki', ...args], { encoding: 'utf8' });
  t.match(run('issue', 'alpha', '--dir', dir), { status: 2, stderr: /yitong pki init/ });
  t.equal(run('init', '--dir', dir).status, 0);
  const issued = run('issue', 'alpha', '--dir', dir, '--json');
  const { cert, serial } = JSON.parse(issued.stdout) as { cert: string; serial: string };
  t.match(new X509Certificate(await text(cert)).subjectAltName, 'URI:spiffe://yitong.example/client/alpha');
  t.same(JSON.parse(run('revoke', 'alpha', '--dir', dir, '--json').stdout), { revoked: [serial] });
  t.equal(run('revoke', 'nobody', '--dir', dir).status, 2);
});

t.test('a folder that stood for a year is usable again, and who was revoked stays out', async (t) => {
  const dir = t.testdir();
  const DAY = 86_400_000;
  const then = Date.parse('2031-02-03T04:00:00Z');
  const days = (n: number): Date => new Date(then + n * DAY);
  const clients = ['alpha', 'beta', 'gamma'].map((id) => ({ id, uri: `spiffe://yitong.example/client/${id}` }));
  await keepPki(dir, { clients, signer: 'the office', now: days(0) });
  await issueDocumentSigner(dir, 'the office', { now: days(0) });
  await issueClient(dir, 'alpha', { now: days(0), rsa: true, p12: true });
  await revoke(dir, 'beta', { now: days(1) });
  await issueClient(dir, 'gamma', { now: days(320) });
  const root = new X509Certificate(await text(join(dir, 'ca.pem')));
  const of = async (path: string): Promise<X509Certificate> => new X509Certificate(await text(join(dir, path)));
  const list = async () => readRevocationList(await text(join(dir, 'crl.pem')), [root]);
  const [alpha, beta, gamma] = [await of('clients/alpha/cert.pem'), await of('clients/beta/cert.pem'), await of('clients/gamma/cert.pem')];
  t.ok((await list()).nextUpdate < days(335).getTime(), 'the list of then is long over');

  await keepPki(dir, { clients, signer: 'the office', now: days(336) });
  t.equal((await list()).nextUpdate, days(366).getTime(), 'the list is good for thirty days again');
  t.ok((await list()).revoked.has(beta.serialNumber), 'with all that is revoked');
  const fresh = await of('clients/alpha/cert.pem');
  t.not(fresh.serialNumber, alpha.serialNumber);
  t.equal(Date.parse(fresh.validTo), days(336 + 365).getTime());
  t.match(fresh, { subjectAltName: 'URI:spiffe://yitong.example/client/alpha', publicKey: { asymmetricKeyType: 'rsa' } }, 'of the same name and kind');
  t.ok(fresh.checkPrivateKey(createPrivateKey(await text(join(dir, 'clients/alpha/key.pem')))));
  t.equal((await of('clients/beta/cert.pem')).serialNumber, beta.serialNumber, 'none for who was revoked');
  t.equal((await of('clients/gamma/cert.pem')).serialNumber, gamma.serialNumber, 'nor for who has a good one');
  t.equal(Date.parse((await of('documents/cert.pem')).validTo), days(336 + 365).getTime());
  t.equal(Date.parse((await of('server/cert.pem')).validTo), days(336 + 365).getTime());
});
