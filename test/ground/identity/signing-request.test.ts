/** Which requests for a certificate are taken, and that nothing but a key is taken from one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, ECDH } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { keyDigest, readSigningRequest, type SignedKey } from '../../../gateway/ground/identity/signing-request.js';
import { makeKey, pemOf, publicOf, requestDer, requestOf } from '../../operate/pki/requests.js';

t.setTimeout(120_000);

const openssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is missing';
const GOOD = ['prime256v1', 'secp384r1', 'secp521r1', 'rsa 2048', 'ed25519'];
/** The key of one that is taken. */
function taken(sent: string | Buffer): SignedKey {
  const key = read(sent);
  if (typeof key === 'string') throw new Error(`it was not taken: ${key}`);
  return key;
}
const read = (sent: string | Buffer): ReturnType<typeof readSigningRequest> => readSigningRequest(Buffer.from(sent));

t.test('a key of each kind that is let in is taken, however its request is written', (t) => {
  for (const kind of GOOD) {
    const key = makeKey(kind);
    const der = requestDer({ key });
    const written = [
      der,
      pemOf(der),
      pemOf(der, 'NEW CERTIFICATE REQUEST'),
      pemOf(der).replaceAll('\n', '\r\n'),
      `Certificate Request:\n    Data:\n${pemOf(der)}\nas we talked about on the telephone`,
    ];
    for (const one of written) t.ok(taken(one).spki.equals(publicOf(key)), kind);
  }
  t.end();
});

t.test('a key that would not be let in is not certified', (t) => {
  for (const kind of ['rsa 1024', 'secp256k1', 'ed448']) t.equal(read(requestOf(kind).pem), 'weak_key', kind);
  t.end();
});

t.test('whoever asks has the key: what another signed, or signed as of old, is not taken', (t) => {
  const [key, signer] = [makeKey('prime256v1'), makeKey('prime256v1')];
  t.equal(read(requestDer({ key, signer })), 'unsigned');
  t.equal(read(requestDer({ key, digest: 'sha1' })), 'unsigned');
  t.equal(read(requestDer({ key: makeKey('rsa 2048'), digest: 'sha1' })), 'unsigned');
  t.ok(taken(requestDer({ key, digest: 'sha384' })));
  t.end();
});

t.test('no byte of a request can be changed, and none left out', (t) => {
  const der = requestDer({ key: makeKey('prime256v1') });
  for (let at = 0; at < der.length; at++)
    for (const bit of [1, 0x80]) {
      const bent = Buffer.from(der);
      bent[at] = (bent[at] ?? 0) ^ bit;
      t.type(read(bent), 'string', `byte ${String(at)}`);
    }
  for (let end = 0; end < der.length; end++) t.equal(read(der.subarray(0, end)), 'unreadable');
  t.equal(read(Buffer.concat([der, Buffer.of(0)])), 'unreadable');
  t.end();
});

t.test('a private key is told from all else, whatever stands around it', (t) => {
  const key = makeKey('prime256v1');
  const request = pemOf(requestDer({ key }));
  const keys = [
    key.export({ format: 'pem', type: 'pkcs8' }),
    key.export({ format: 'pem', type: 'sec1' }),
    key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }),
    makeKey('rsa 2048').export({ format: 'pem', type: 'pkcs1' }),
  ].map(String);
  for (const one of keys) {
    t.equal(read(one), 'private_key');
    t.equal(read(`${request}${one}`), 'private_key');
    t.equal(read(`${one}${request}`), 'private_key');
  }
  t.end();
});

t.test('what is no request is none', (t) => {
  const request = requestOf().pem;
  for (const one of [
    '',
    'please',
    `${request}${request}`,
    request.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'),
    '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----',
    `${request}${' '.repeat(20_000)}`,
  ])
    t.equal(read(one), 'unreadable');
  t.end();
});

t.test('one key has one digest, whichever way its point is written', (t) => {
  const key = makeKey('prime256v1');
  const plain = publicOf(key);
  const point = plain.subarray(-65);
  const short = ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer;
  // 59 bytes: the lengths before the point are 32 less
  const spki = Buffer.concat([plain.subarray(0, plain.length - 65), short]);
  spki[1] = (spki[1] ?? 0) - 32;
  spki[plain.length - 65 - 2] = (spki[plain.length - 65 - 2] ?? 0) - 32;
  const [one, other] = [taken(requestDer({ key })), taken(requestDer({ key, spki }))];
  t.equal(one.digest, other.digest);
  t.ok(one.spki.equals(other.spki), 'and is certified in one form');
  t.equal(keyDigest(key), one.digest);
  t.end();
});

t.test('as openssl makes one, with all that it wishes for', { skip: openssl }, (t) => {
  const dir = t.testdir();
  const key = join(dir, 'key.pem');
  execFileSync(
    'openssl',
    [
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key],
      ...['-out', join(dir, 'request.pem'), '-subj', '/O=Somebody else/CN=auditor'],
      ...['-addext', 'subjectAltName=URI:spiffe://yitong.example/client/somebody-else'],
      ...['-addext', 'basicConstraints=critical,CA:TRUE'],
    ],
    { stdio: 'ignore' },
  );
  const found = taken(readFileSync(join(dir, 'request.pem')));
  t.same(Object.keys(found).sort(), ['digest', 'spki'], 'a key, and nothing else');
  t.ok(found.spki.equals(publicOf(createPrivateKey(readFileSync(key)))));
  t.end();
});
