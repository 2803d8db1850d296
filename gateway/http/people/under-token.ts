/** What stands under a key that only a browser's token gives: whoever reads the file reads nothing of it. */
import { createSecretKey, randomBytes } from 'node:crypto';
import type { SubjectSecret } from '../../log/entries/keys.js';
import { NONCE_BYTES, sealBytes, unsealBytes } from '../../log/entries/seal.js';

/** Bound to nothing beside its key, which is for one purpose. */
const under = (key: Buffer): SubjectSecret => ({ key: createSecretKey(key), pseudonym: '' });

export const sealed = (key: Buffer, value: object): string =>
  sealBytes(under(key), randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(value))).toString('base64url');

/** Undefined for what is not sealed under this key. */
export function unsealed(key: Buffer, text: string): unknown {
  try {
    return JSON.parse(unsealBytes(under(key), Buffer.from(text, 'base64url')).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
