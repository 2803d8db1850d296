/** What belongs to a subject, encrypted under that subject's own key: AES-256-GCM, bound to the pseudonym beside which it stands. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { YitongError } from '../../contracts/errors.js';
import type { SubjectSecret } from './keys.js';

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** base64(nonce ‖ ciphertext ‖ tag). `nonce` must never come twice under one key: 12 fresh random bytes. */
export function seal(secret: SubjectSecret, nonce: Uint8Array, plain: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', secret.key, nonce);
  cipher.setAAD(Buffer.from(secret.pseudonym, 'latin1'));
  const middle = cipher.update(plain);
  cipher.final(); // GCM is a stream: nothing is left to come
  const whole = Buffer.allocUnsafe(NONCE_BYTES + middle.length + TAG_BYTES);
  whole.set(nonce, 0);
  whole.set(middle, NONCE_BYTES);
  whole.set(cipher.getAuthTag(), NONCE_BYTES + middle.length);
  return whole.toString('base64');
}

export interface OpenedSubject {
  readonly subject: string;
  readonly details: unknown;
}

/** @throws YitongError `log_invalid` if the bytes were changed or belong to another subject */
export function unseal(secret: SubjectSecret, sealed: string): OpenedSubject {
  const whole = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret.key, whole.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(secret.pseudonym, 'latin1'));
    decipher.setAuthTag(whole.subarray(whole.length - TAG_BYTES));
    const plain = Buffer.concat([decipher.update(whole.subarray(NONCE_BYTES, whole.length - TAG_BYTES)), decipher.final()]);
    return JSON.parse(plain.toString('utf8')) as OpenedSubject;
  } catch (cause) {
    throw new YitongError('log_invalid', 'the subject part does not decrypt under its key', { cause });
  }
}
