/**
 * The key of a case to which a department's system seals what its acts say of somebody. It is made of the key of who
 * applies, each time anew: with that key erased, nobody opens what was sealed to it any more, wherever it stands.
 * Sealed is a JWE (RFC 7516) with ECDH-ES over P-256 and A256GCM, in compact form.
 */
import { createDecipheriv, createECDH, createHash, type ECDH, hkdfSync } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectSecret } from '../../log/entries/keys.js';

/** Order of the group of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const CURVE = 'prime256v1';
const COORDINATE = 32;
/** Characters of what is sealed. */
const MOST = 200_000;

function keyOf({ key }: Pick<SubjectSecret, 'key'>, caseId: string): ECDH {
  // 16 bytes more than the group needs, so that no scalar is likelier than another
  const drawn = Buffer.from(hkdfSync('sha256', key, '', `yitong case answer ${caseId}`, 48));
  const scalar = (BigInt(`0x${drawn.toString('hex')}`) % (ORDER - 1n)) + 1n;
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(Buffer.from(scalar.toString(16).padStart(2 * COORDINATE, '0'), 'hex'));
  return ecdh;
}

/** A JWK as JSON text. */
export function answerKey(secret: Pick<SubjectSecret, 'key'>, caseId: string): string {
  const point = keyOf(secret, caseId).getPublicKey();
  const part = (from: number): string => point.subarray(from, from + COORDINATE).toString('base64url');
  return JSON.stringify({ kty: 'EC', crv: 'P-256', kid: caseId, x: part(1), y: part(1 + COORDINATE) });
}

const lengthed = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const bytesOf = (text: unknown): Buffer => Buffer.from(typeof text === 'string' ? text : '', 'base64url');

/** Concat KDF (NIST SP 800-56A) as RFC 7518 section 4.6.2 has it, for 256 bits. */
function contentKey(agreed: Uint8Array, { enc, apu, apv }: Readonly<Record<string, unknown>>): Buffer {
  return createHash('sha256')
    .update(Buffer.from([0, 0, 0, 1]))
    .update(agreed)
    .update(lengthed(Buffer.from(String(enc))))
    .update(lengthed(bytesOf(apu)))
    .update(lengthed(bytesOf(apv)))
    .update(Buffer.from([0, 0, 1, 0]))
    .digest();
}

/**
 * The JSON that was sealed to the case.
 * @throws YitongError `bad_case_answer`
 */
export function openSealed(secret: Pick<SubjectSecret, 'key'>, caseId: string, jwe: string): unknown {
  try {
    const [header = '', wrapped, iv, text, tag, ...more] = jwe.split('.');
    if (jwe.length > MOST || wrapped !== '' || tag === undefined || more.length > 0) throw new Error('no compact JWE');
    const said = JSON.parse(bytesOf(header).toString()) as Readonly<Record<string, unknown>>;
    if (
      said['alg'] !== 'ECDH-ES' ||
      said['enc'] !== 'A256GCM' ||
      said['crit'] !== undefined ||
      said['zip'] !== undefined
    )
      throw new Error('another algorithm');
    const epk = said['epk'] as Readonly<Record<string, unknown>>;
    if (epk['kty'] !== 'EC' || epk['crv'] !== 'P-256') throw new Error('another curve');
    const point = Buffer.concat([Buffer.from([4]), bytesOf(epk['x']), bytesOf(epk['y'])]);
    // a point that is not on the curve is refused here
    const key = contentKey(keyOf(secret, caseId).computeSecret(point), said);
    const decipher = createDecipheriv('aes-256-gcm', key, bytesOf(iv), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(header, 'ascii'));
    decipher.setAuthTag(bytesOf(tag));
    return JSON.parse(Buffer.concat([decipher.update(bytesOf(text)), decipher.final()]).toString()) as unknown;
  } catch (cause) {
    throw new YitongError('bad_case_answer', '`sealed` is no JWE (ECDH-ES, A256GCM) of JSON to the key of this case', {
      cause,
    });
  }
}
