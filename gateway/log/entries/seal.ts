/**
 * What belongs to a subject, encrypted under that subject's own key: AES-256-GCM, bound to the pseudonym beside which
 * it stands.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectSecret } from './keys.js';

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** nonce ‖ ciphertext ‖ tag. `nonce` must never come twice under one key: 12 fresh random bytes. */
export function sealBytes(secret: SubjectSecret, nonce: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', secret.key, nonce);
  cipher.setAAD(Buffer.from(secret.pseudonym, 'latin1'));
  const middle = cipher.update(plain);
  cipher.final(); // GCM is a stream: nothing is left to come
  const whole = Buffer.allocUnsafe(NONCE_BYTES + middle.length + TAG_BYTES);
  whole.set(nonce, 0);
  whole.set(middle, NONCE_BYTES);
  whole.set(cipher.getAuthTag(), NONCE_BYTES + middle.length);
  return whole;
}

/** As `sealBytes`, in base64. */
export const seal = (secret: SubjectSecret, nonce: Uint8Array, plain: Uint8Array): string =>
  sealBytes(secret, nonce, plain).toString('base64');

/**
 * What `sealBytes` was given.
 * @throws YitongError `log_invalid` if the bytes were changed or belong to another subject
 */
export function unsealBytes(secret: SubjectSecret, whole: Buffer): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret.key, whole.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(secret.pseudonym, 'latin1'));
    decipher.setAuthTag(whole.subarray(whole.length - TAG_BYTES));
    return Buffer.concat([decipher.update(whole.subarray(NONCE_BYTES, whole.length - TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new YitongError('log_invalid', 'the subject part does not decrypt under its key', { cause });
  }
}

export interface OpenedSubject {
  readonly subject: string;
  readonly details: unknown;
}

/**
 * What `seal` was given, read as JSON: only who holds the key wrote it, so it has the shape that it was sealed with.
 * @throws YitongError `log_invalid` if the bytes were changed or belong to another subject
 */
export function unseal<T = OpenedSubject>(secret: SubjectSecret, sealed: string): T {
  return JSON.parse(unsealBytes(secret, Buffer.from(sealed, 'base64')).toString('utf8')) as T;
}

const MEMBER = Buffer.from('"subject":{"pseudonym":"');
const WHOLE = /^"subject":\{"pseudonym":"([0-9a-f]{32})","enc":"[A-Za-z0-9+/=]*"\}\}$/;

/**
 * Where the subject part of a stored body begins; hexadecimal and base64 cannot hold its beginning, so the last one is
 * it.
 */
function subjectAt(body: Buffer): { readonly at: number; readonly pseudonym: string } | undefined {
  const at = body.lastIndexOf(MEMBER);
  const pseudonym = at < 0 ? undefined : WHOLE.exec(body.toString('latin1', at))?.[1];
  return pseudonym === undefined ? undefined : { at, pseudonym };
}

/** The pseudonym of a stored body's subject. */
export const pseudonymOf = (body: Buffer): string | undefined => subjectAt(body)?.pseudonym;

/**
 * A stored body without pseudonym and ciphertext: JSON of the same length, so that it can be written over the one it
 * was.
 */
export function withoutSubject(body: Buffer): Buffer {
  const found = subjectAt(body);
  const blank = Buffer.from(body);
  if (found === undefined) return blank;
  // the comma before it goes too
  const end = found.at - (body[found.at - 1] === 0x2c ? 1 : 0);
  blank.fill(0x20, end);
  blank[end] = 0x7d;
  return blank;
}

/** What stands in the place of a body whose term is over: JSON of the same length without a member. */
export function emptied(body: Buffer): Buffer {
  const blank = Buffer.alloc(body.length, 0x20);
  blank.write('{');
  blank[body.length - 1] = 0x7d;
  return blank;
}
