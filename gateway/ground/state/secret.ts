/** Secrets that all replicas of an installation share: made once, by whoever needs one first. */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import type { State } from './port.js';
import { transact } from './transact.js';

const SECRET = 'secret';
const BYTES = 32;

/**
 * Makes a secret that a data folder had that of all, so that what was made under it can be found again.
 * @throws YitongError `state_conflict` where there is another one already
 */
export async function adoptSecret(state: State, name: string, bytes: Buffer): Promise<void> {
  const key = bytes.toString('base64');
  await transact(state, async (transaction) => {
    const found = (await transaction.document(SECRET, name))?.body as { readonly key: string } | undefined;
    if (found === undefined) transaction.put({ kind: SECRET, id: name, body: { key } });
    else if (found.key !== key)
      throw new YitongError(
        'state_conflict',
        'the state holds what was made under another secret than this folder has',
      );
  });
}

/** @param name what it is for: each has one of its own */
export async function secretIn(state: State, name: string): Promise<KeyObject> {
  const { result } = await transact(state, async (transaction) => {
    const found = (await transaction.document(SECRET, name))?.body as { readonly key: string } | undefined;
    const key = found?.key ?? randomBytes(BYTES).toString('base64');
    if (found === undefined) transaction.put({ kind: SECRET, id: name, body: { key } });
    return key;
  });
  return createSecretKey(Buffer.from(result, 'base64'));
}
