/** What is encrypted for a receiver is opened by OpenSSL with the receiver's key, and by nobody else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { envelopeFor, receiverKey } from '../../../gateway/procedures/files/envelope.js';

const dir = t.testdir();
const pairOf = (bits: number): { key: string; pem: string } => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const key = join(dir, `${randomBytes(4).toString('hex')}.pem`);
  writeFileSync(key, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return { key, pem: publicKey.export({ format: 'pem', type: 'spki' }).toString() };
};
const { key, pem } = pairOf(2048);

function sealed(plain: Buffer, piece: number): Buffer {
  const envelope = envelopeFor(receiverKey(pem));
  const pieces = [envelope.head()];
  for (let at = 0; at < plain.length; at += piece) pieces.push(envelope.update(plain.subarray(at, at + piece)));
  return Buffer.concat([...pieces, envelope.end()]);
}

function opened(cms: Buffer, by: string): { status: number | null; plain: Buffer } {
  const [from, to] = [join(dir, 'file.cms'), join(dir, 'file')];
  writeFileSync(from, cms);
  writeFileSync(to, '');
  const { status } = spawnSync('openssl', [
    ...['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', from, '-inkey', by, '-out', to],
  ]);
  return { status, plain: readFileSync(to) };
}

t.test('OpenSSL opens it with the key of the receiver', async (t) => {
  for (const [length, piece] of [
    [0, 1],
    [1, 1],
    [100_003, 977],
    [3_000_000, 65_536],
  ] as const) {
    const plain = randomBytes(length);
    const { status, plain: found } = opened(sealed(plain, piece), key);
    t.equal(status, 0);
    t.ok(found.equals(plain), `${String(length)} bytes in pieces of ${String(piece)}`);
  }
});

t.test('and refuses what was changed, and another key', async (t) => {
  const plain = Buffer.alloc(50_000, 'plain text');
  const cms = sealed(plain, 4096);
  t.notOk(cms.includes('plain text'));
  const changed = Buffer.from(cms);
  changed[30_000] = (changed[30_000] ?? 0) ^ 1;
  t.not(opened(changed, key).status, 0, 'a changed byte');
  t.not(opened(cms, pairOf(2048).key).status, 0, 'another key');
});

t.test('what it has is what a certificate of the receiver says as well', async (t) => {
  const cert = join(dir, 'cert.pem');
  execFileSync('openssl', ['req', '-x509', '-key', key, '-subj', '/CN=desk', '-days', '1', '-out', cert], {
    stdio: 'ignore',
  });
  const certificate = receiverKey(readFileSync(cert, 'utf8'));
  t.ok(certificate.equals(receiverKey(pem)));
});

t.test('keys that are no keys, too short, of another kind, or private are refused', async (t) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const wrong of [
    'no key',
    publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    pairOf(1024).pem,
    readFileSync(key, 'utf8'),
  ])
    t.throws(() => receiverKey(wrong), { code: 'bad_request' });
});
