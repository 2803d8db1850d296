import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import t from 'tap';
import { makeAnchor } from '../../../gateway/ground/identity/anchors.js';
import { pemBlocks } from '../../../gateway/ground/identity/certificate.js';
import { serialHex } from '../../../gateway/ground/identity/der.js';
import { isDevelopmentCertificate } from '../../../gateway/ground/identity/development-certificate.js';
import { readRevocationList } from '../../../gateway/ground/identity/revocation.js';
import {
  initPki,
  issueClient,
  issueDocumentSigner,
  issueServer,
  keepPki,
  revoke,
} from '../../../gateway/operate/pki/authority.js';
import { underLock } from '../../../gateway/operate/pki/lock.js';
import { requestOf } from './requests.js';

t.setTimeout(240_000);

const openssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is missing';
const main = new URL('../../../gateway/cli/main.js', import.meta.url).pathname;
const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
const text = (path: string): Promise<string> => readFile(path, 'utf8');

t.test('a private key or a password is readable by its owner only', async (t) => {
  const dir = t.testdir();
  t.equal(await initPki(dir), true);
  const server = await issueServer(dir, ['gateway.city.example', '10.0.0.7']);
  const client = await issueClient(dir, 'alpha', { rsa: true, p12: true });
  for (const file of [join(dir, 'ca.key'), server.key, client.key, client.p12 ?? '', client.password ?? ''])
    t.equal(await mode(file), 0o600, file);
  const { subjectAltName } = new X509Certificate(await text(server.cert));
  for (const name of ['DNS:localhost', 'IP Address:127.0.0.1', 'DNS:gateway.city.example', 'IP Address:10.0.0.7'])
    t.match(subjectAltName, name);
  const ca = await text(join(dir, 'ca.pem'));
  t.equal(await initPki(dir), false, 'a CA that stands is not made anew');
  t.equal(await text(join(dir, 'ca.pem')), ca);
  for (const pem of [ca, await text(server.cert), await text(client.cert)])
    t.equal(isDevelopmentCertificate(pem), true, 'production can tell it');
});

t.test('a bundle opens in the programs of others, with the same key and certificates', { skip: openssl }, async (t) => {
  const dir = t.testdir();
  await initPki(dir);
  for (const rsa of [true, false]) {
    const { cert, key, p12 = '', password = '' } = await issueClient(dir, 'alpha', { rsa, p12: true });
    const opened = execFileSync('openssl', ['pkcs12', '-in', p12, '-passin', `file:${password}`, '-nodes'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const prints = pemBlocks(opened, 'CERTIFICATE').map((pem) => new X509Certificate(pem).fingerprint256);
    t.same(
      prints,
      [cert, join(dir, 'ca.pem')].map((file) => new X509Certificate(readFileSync(file)).fingerprint256),
    );
    t.ok(createPrivateKey(pemBlocks(opened, 'PRIVATE KEY')[0] ?? '').equals(createPrivateKey(await text(key))));
    t.doesNotThrow(
      () => createSecureContext({ pfx: readFileSync(p12), passphrase: readFileSync(password, 'utf8').trim() }),
      'Node takes it',
    );
    t.not(spawnSync('openssl', ['pkcs12', '-in', p12, '-passin', 'pass:wrong', '-nodes']).status, 0);
    t.match(
      execFileSync('openssl', ['verify', '-purpose', 'sslclient', '-CAfile', join(dir, 'ca.pem'), cert], {
        encoding: 'utf8',
      }),
      /OK/,
    );
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
  const list = execFileSync(
    'openssl',
    ['crl', '-in', join(dir, 'crl.pem'), '-CAfile', join(dir, 'ca.pem'), '-noout', '-text'],
    { encoding: 'utf8' },
  );
  for (const { serial } of [first, second, beta]) t.match(list, serial);
  t.throws(() =>
    execFileSync(
      'openssl',
      ['verify', '-crl_check', '-CAfile', join(dir, 'ca.pem'), '-CRLfile', join(dir, 'crl.pem'), beta.cert],
      { stdio: 'ignore' },
    ),
  );
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
    } catch {}
  }
  t.equal(taken, 0, 'no byte can be changed');
  for (let end = 0; end < der.length; end += 7)
    t.throws(() => readRevocationList(der.subarray(0, end).toString('base64'), [root]));
});

t.test('the command line issues and revokes', async (t) => {
  const dir = join(mkdtempSync(join(tmpdir(), 'yitong-pki-')), 'pki');
  t.teardown(() => rmSync(dirname(dir), { recursive: true, force: true }));
  // no workspace is here or around the CA
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [main, 'pki', ...args], { encoding: 'utf8', cwd: tmpdir() });
  t.match(run('issue', 'alpha', '--dir', dir), { status: 2, stderr: /yitong pki init/ });
  t.equal(run('init', '--dir', dir).status, 0);
  const issued = run('issue', 'alpha', '--dir', dir, '--json');
  const { cert, serial } = JSON.parse(issued.stdout) as { cert: string; serial: string };
  t.match(new X509Certificate(await text(cert)).subjectAltName, 'URI:spiffe://yitong.example/client/alpha');
  t.same(JSON.parse(run('revoke', 'alpha', '--dir', dir, '--json').stdout), { revoked: [serial] });
  t.equal(run('revoke', 'nobody', '--dir', dir).status, 2);
});

t.test('a working credential is not written over: it stays until one says so, and then it is kept', async (t) => {
  const dir = join(mkdtempSync(join(tmpdir(), 'yitong-pki-')), 'pki');
  t.teardown(() => rmSync(dirname(dir), { recursive: true, force: true }));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [main, 'pki', ...args, '--dir', dir], { encoding: 'utf8', cwd: tmpdir() });
  t.equal(run('init').status, 0);
  t.equal(run('issue', 'alpha', '--p12').status, 0);
  const at = (...path: string[]): string => join(dir, 'clients/alpha', ...path);
  const all = async (folder: string): Promise<readonly string[]> =>
    Promise.all(['cert.pem', 'key.pem', 'bundle.password'].map((file) => text(join(folder, file))));
  const before = await all(at());
  t.match(run('issue', 'alpha'), { status: 2, stderr: /has a certificate in .* good until .*`--force`/ });
  t.same(await all(at()), before, 'nothing was touched');
  t.equal(run('issue', 'alpha', '--force').status, 0);
  t.not(await text(at('key.pem')), before[1]);
  const old = at('old', new X509Certificate(before[0] ?? '').serialNumber);
  t.same(await all(old), before, 'certificate, key and password are kept');
  t.equal(statSync(join(old, 'key.pem')).mode & 0o77, 0, 'for their owner only');
  t.notOk(existsSync(at('bundle.p12')), 'no bundle of the one before beside the new certificate');
  rmSync(join(dir, 'ca.key'));
  t.match(run('init'), { status: 2, stderr: /not its key/ });
});

t.test(
  'a certificate is of the trust domain of the workspace, and of the URI by which the workspace knows the client',
  async (t) => {
    const folder = join(t.testdir(), 'city');
    const dir = join(folder, '.yitong/data/pki');
    t.equal(spawnSync(process.execPath, [main, 'init', folder], { encoding: 'utf8' }).status, 0);
    const file = join(folder, 'policies/clients/front-desk.json');
    writeFileSync(
      file,
      (await text(file)).replace('spiffe://yitong.example/client/front-desk', 'spiffe://city.example/desk/front'),
    );
    const run = (cwd: string, ...args: string[]) =>
      spawnSync(process.execPath, [main, 'pki', ...args, '--dir', dir], { encoding: 'utf8', cwd });
    t.equal(run(folder, 'init').status, 0);
    const uriOf = async (client: string): Promise<string> =>
      new X509Certificate(await text(join(dir, 'clients', client, 'cert.pem'))).subjectAltName ?? '';
    t.match(run(folder, 'issue', 'front-desk', '--trust-domain', 'yitong.example'), {
      status: 2,
      stderr: /knows `front-desk` as `spiffe:\/\/city\.example\/desk\/front`/,
    });
    t.match(run(folder, 'issue', 'front-desk', '--spiffe', 'spiffe://city.example/desk/back'), {
      status: 2,
      stderr: /knows `front-desk` as/,
    });
    t.equal(run(folder, 'issue', 'front-desk').status, 0);
    t.equal(await uriOf('front-desk'), 'URI:spiffe://city.example/desk/front');
    t.match(run(folder, 'issue', 'other', '--trust-domain', 'elsewhere.example'), {
      status: 2,
      stderr: /`elsewhere\.example` is not the trust domain of the workspace.*`city\.example`/,
    });
    // from another folder, the workspace is the one around the CA
    t.equal(run(t.testdirName, 'issue', 'other').status, 0);
    t.equal(await uriOf('other'), 'URI:spiffe://city.example/client/other');
    t.equal(
      run(folder, 'issue', 'east', '--replica', '--spiffe', 'spiffe://elsewhere.example/replica/east').status,
      0,
      'a replica is no client',
    );
  },
);

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
  const [alpha, beta, gamma] = [
    await of('clients/alpha/cert.pem'),
    await of('clients/beta/cert.pem'),
    await of('clients/gamma/cert.pem'),
  ];
  t.ok((await list()).nextUpdate < days(335).getTime(), 'the list of then is long over');

  await keepPki(dir, { clients, signer: 'the office', now: days(336) });
  t.equal((await list()).nextUpdate, days(366).getTime(), 'the list is good for thirty days again');
  t.ok((await list()).revoked.has(serialHex(beta.serialNumber)), 'with all that is revoked');
  const fresh = await of('clients/alpha/cert.pem');
  t.not(fresh.serialNumber, alpha.serialNumber);
  t.equal(Date.parse(fresh.validTo), days(336 + 365).getTime());
  t.match(
    fresh,
    { subjectAltName: 'URI:spiffe://yitong.example/client/alpha', publicKey: { asymmetricKeyType: 'rsa' } },
    'of the same name and kind',
  );
  t.ok(fresh.checkPrivateKey(createPrivateKey(await text(join(dir, 'clients/alpha/key.pem')))));
  t.equal((await of('clients/beta/cert.pem')).serialNumber, beta.serialNumber, 'none for who was revoked');
  t.equal((await of('clients/gamma/cert.pem')).serialNumber, gamma.serialNumber, 'nor for who has a good one');
  t.equal(Date.parse((await of('documents/cert.pem')).validTo), days(336 + 365).getTime());
  t.equal(Date.parse((await of('server/cert.pem')).validTo), days(336 + 365).getTime());
});

t.test('for a key that is not seen here the command issues from a request, also many at once', async (t) => {
  const dir = join(mkdtempSync(join(tmpdir(), 'yitong-pki-')), 'pki');
  t.teardown(() => rmSync(dirname(dir), { recursive: true, force: true }));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [main, 'pki', ...args], { encoding: 'utf8', cwd: tmpdir() });
  const file = join(dirname(dir), 'request.pem');
  const { key, pem } = requestOf('prime256v1', 'somebody-else');
  writeFileSync(file, pem);
  t.match(run('issue', 'alpha', '--dir', dir, '--request', file), { status: 2, stderr: /yitong pki init/ });
  await initPki(dir);
  t.match(run('issue', 'alpha', '--dir', dir, '--request', file, '--rsa'), { status: 2, stderr: /own key and term/ });
  const { cert, serial } = JSON.parse(run('issue', 'alpha', '--dir', dir, '--request', file, '--json').stdout) as {
    cert: string;
    serial: string;
  };
  const issued = new X509Certificate(await text(cert));
  t.equal(issued.subjectAltName, 'URI:spiffe://yitong.example/client/alpha');
  t.notMatch(issued.subject, /somebody-else/);
  t.ok(issued.checkPrivateKey(key));
  t.match(run('issue', 'alpha', '--dir', dir, '--request', file), { status: 2, stderr: /make a new key/ });
  writeFileSync(file, String(key.export({ format: 'pem', type: 'pkcs8' })));
  t.match(run('issue', 'alpha', '--dir', dir, '--request', file), { status: 2, stderr: /private key/ });
  t.same(JSON.parse(run('revoke', serial, '--dir', dir, '--json').stdout), { revoked: [serial] });

  // six processes for the five that a client may have
  const exits = await Promise.all(
    Array.from({ length: 6 }, (_, at) => {
      const own = join(dirname(dir), `${String(at)}.pem`);
      writeFileSync(own, requestOf().pem);
      const child = spawn(process.execPath, [main, 'pki', 'issue', 'beta', '--dir', dir, '--request', own], {
        stdio: 'ignore',
        cwd: tmpdir(),
      });
      return new Promise<number | null>((resolve) => child.once('exit', resolve));
    }),
  );
  t.same(exits.sort(), [0, 0, 0, 0, 0, 2], 'one is refused');
  t.equal((await revoke(dir, 'beta')).length, 5, 'and none of the others was lost');
});

t.test('who does not get at the CA within a time is refused, and one that died holds up nobody', async (t) => {
  const dir = t.testdir();
  let free = (): void => undefined;
  const held = underLock(dir, () => new Promise<void>((resolve) => (free = resolve)));
  await t.rejects(
    underLock(dir, () => Promise.resolve(), 100),
    { code: 'too_many_at_once' },
  );
  free();
  await held;
  t.equal(await underLock(dir, () => Promise.resolve('in')), 'in');
  await t.rejects(
    underLock(dir, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  writeFileSync(join(dir, 'issuing.lock'), `${String(process.pid)} 1 dead\n`);
  t.equal(await underLock(dir, () => Promise.resolve('in again')), 'in again');
});
