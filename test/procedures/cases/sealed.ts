/** What a department's own system seals to a case: written anew, from the RFCs alone. */
import { createCipheriv, createECDH, createHash, randomBytes } from 'node:crypto';

/** As a department's own system seals, by RFC 7516 and 7518. */
export function sealedTo(answerKey: string, contents: object): string {
  const { x, y, kid } = JSON.parse(answerKey) as Record<'x' | 'y' | 'kid', string>;
  const own = createECDH('prime256v1');
  const point = own.generateKeys();
  const part = (from: number): string => point.subarray(from, from + 32).toString('base64url');
  const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid, epk: { kty: 'EC', crv: 'P-256', x: part(1), y: part(33) } };
  const protectedText = Buffer.from(JSON.stringify(header)).toString('base64url');
  const theirs = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const word = (value: number): Buffer => Buffer.from([0, 0, value >> 8, value & 255]);
  const info = [word(7), Buffer.from('A256GCM'), word(0), word(0), word(256)];
  const key = createHash('sha256')
    .update(Buffer.concat([word(1), own.computeSecret(theirs), ...info]))
    .digest();
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(protectedText, 'ascii'));
  const text = Buffer.concat([cipher.update(JSON.stringify(contents)), cipher.final()]);
  const parts = [iv, text, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url'));
  return [protectedText, '', ...parts].join('.');
}
