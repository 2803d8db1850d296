/** Lists of subjects that are kept: each stands sealed under its own key, and is gone once that is destroyed. */
import { randomBytes } from 'node:crypto';
import { NONCE_BYTES, seal, unseal } from './seal.js';
import type { SealingKeys } from './sealing-keys.js';

export type SealedSubjects = readonly { readonly pseudonym: string; readonly enc: string }[];

export const sealSubjects = (keys: SealingKeys, subjects: readonly string[]): Promise<SealedSubjects> =>
  Promise.all(
    subjects.map(async (subject) => {
      const secret = await keys.secretOf(subject);
      const plain = Buffer.from(JSON.stringify({ subject }));
      return { pseudonym: secret.pseudonym, enc: seal(secret, randomBytes(NONCE_BYTES), plain) };
    }),
  );

/** Those that were not erased, in their order. */
export async function openSubjects(keys: SealingKeys, sealed: SealedSubjects): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { pseudonym, enc } of sealed) {
    const secret = await keys.byPseudonym(pseudonym);
    if (secret !== undefined) found.push(unseal<{ readonly subject: string }>(secret, enc).subject);
  }
  return found;
}
