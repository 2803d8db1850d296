/**
 * The key of a case to which a department's system seals what its acts say of somebody. It is made of the key of who
 * applies, each time anew: with that key erased, nobody opens what was sealed to it any more, wherever it stands.
 * Sealed is a JWE (RFC 7516) with ECDH-ES over P-256 and A256GCM, in compact form.
 */
import { createECDH, createPrivateKey, hkdfSync, type KeyObject } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectSecret } from '../../log/entries/keys.js';

/** Order of the group of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const CURVE = 'prime256v1';
const COORDINATE = 32;
/** Characters of what is sealed. */
const MOST = 200_000;

/** Its members that everybody may know, and `d`. */
function keyOf({ key }: Pick<SubjectSecret, 'key'>, caseId: string) {
  // 16 bytes more than the group needs, so that no scalar is likelier than another
  const drawn = Buffer.from(hkdfSync('sha256', key, '', `yitong case answer ${caseId}`, 48));
  const scalar = (BigInt(`0x${drawn.toString('hex')}`) % (ORDER - 1n)) + 1n;
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(Buffer.from(scalar.toString(16).padStart(2 * COORDINATE, '0'), 'hex'));
  const point = ecdh.getPublicKey();
  const part = (from: number): string => point.subarray(from, from + COORDINATE).toString('base64url');
  const open = { kty: 'EC', crv: 'P-256', kid: caseId, x: part(1), y: part(1 + COORDINATE) };
  const d = ecdh
    .getPrivateKey()
    .toString('hex')
    .padStart(2 * COORDINATE, '0');
  return { open, d: Buffer.from(d, 'hex').toString('base64url') };
}

/** A JWK as JSON text. */
export const answerKey = (secret: Pick<SubjectSecret, 'key'>, caseId: string): string =>
  JSON.stringify(keyOf(secret, caseId).open);

function privateKeyOf(secret: Pick<SubjectSecret, 'key'>, caseId: string): KeyObject {
  const { open, d } = keyOf(secret, caseId);
  return createPrivateKey({ key: { ...open, d }, format: 'jwk' });
}

/**
 * The JSON that was sealed to the case.
 * @throws YitongError `bad_case_answer`
 */
export async function openSealed(secret: Pick<SubjectSecret, 'key'>, caseId: string, jwe: string): Promise<unknown> {
  try {
    if (jwe.length > MOST) throw new Error('too long');
    const { plaintext } = await compactDecrypt(jwe, privateKeyOf(secret, caseId), {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return JSON.parse(Buffer.from(plaintext).toString()) as unknown;
  } catch (cause) {
    throw new YitongError('bad_case_answer', '`sealed` is no JWE (ECDH-ES, A256GCM) of JSON to the key of this case', {
      cause,
    });
  }
}
