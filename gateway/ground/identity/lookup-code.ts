/**
 * The code by which whoever holds a document finds the original: 140 random bits, as people can type them. Found by
 * its hash.
 */
import { hash, randomBytes } from 'node:crypto';

/** Crockford's base 32: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 28;

/** `7K3M-…`: seven groups of four. */
export function newCode(): string {
  const text = Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte & 31]).join('');
  return text.match(/.{4}/g)?.join('-') ?? text;
}

/**
 * As it is hashed; undefined for what cannot be a code. What people mistake for each other is taken for what was meant.
 */
function normalCode(text: string): string | undefined {
  const plain = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return plain.length === LENGTH && [...plain].every((letter) => ALPHABET.includes(letter)) ? plain : undefined;
}

/** SHA-256, base64url; undefined for what cannot be a code. */
export function codeHash(text: string): string | undefined {
  const plain = normalCode(text);
  return plain === undefined ? undefined : hash('sha256', plain, 'base64url');
}
