/**
 * Secrets that all replicas of an installation share: made once, by whoever needs one first. Where the installation has
 * a key of its own (`state.installationKeyFile`), they stand in the state wrapped under it (AES-256 key wrap, RFC 3394,
 * under a key derived for each name), so that whoever reads the whole store and not that file can open nothing.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import type { Json, State } from './port.js';
import { transact } from './transact.js';

const SECRET = 'secret';
const BYTES = 32;
const WRAP = 'id-aes256-wrap';
/** RFC 3394, section 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);

/** As it stands in the state, base64: in the open, or wrapped. */
type Kept = { readonly key: string } | { readonly wrapped: string };

const wrappingKey = (installation: KeyObject, name: string): Buffer =>
  createHmac('sha256', installation).update(`a secret of the state: ${name}`).digest();

function keptOf(state: State, name: string, secret: Buffer): Kept {
  if (state.installationKey === undefined) return { key: secret.toString('base64') };
  const cipher = createCipheriv(WRAP, wrappingKey(state.installationKey, name), WRAP_IV);
  return { wrapped: Buffer.concat([cipher.update(secret), cipher.final()]).toString('base64') };
}

/** @throws YitongError `bad_config` where it is wrapped under another key than this process has */
function openedOf(state: State, name: string, kept: Kept): Buffer {
  if ('key' in kept) return Buffer.from(kept.key, 'base64');
  try {
    if (state.installationKey === undefined) throw new Error('there is no key');
    const decipher = createDecipheriv(WRAP, wrappingKey(state.installationKey, name), WRAP_IV);
    return Buffer.concat([decipher.update(Buffer.from(kept.wrapped, 'base64')), decipher.final()]);
  } catch (cause) {
    throw new YitongError(
      'bad_config',
      '`state.installationKeyFile` is not the key under which the secrets of the state are wrapped; all replicas ' +
        'have one and the same',
      { cause },
    );
  }
}

/** What is there; one that stands in the open is wrapped from now on, where there is a key for it. */
async function shared(state: State, name: string, make: () => Buffer): Promise<Buffer> {
  const { result } = await transact(state, async (transaction) => {
    const found = (await transaction.document(SECRET, name))?.body as Kept | undefined;
    const secret = found === undefined ? make() : openedOf(state, name, found);
    if (found === undefined || ('key' in found && state.installationKey !== undefined))
      transaction.put({ kind: SECRET, id: name, body: keptOf(state, name, secret) as Json });
    return secret;
  });
  return result;
}

/**
 * Makes a secret that a data folder had that of all, so that what was made under it can be found again.
 * @throws YitongError `state_conflict` where there is another one already
 */
export async function adoptSecret(state: State, name: string, bytes: Buffer): Promise<void> {
  if (!(await shared(state, name, () => bytes)).equals(bytes))
    throw new YitongError('state_conflict', 'the state holds what was made under another secret than this folder has');
}

/** @param name what it is for: each has one of its own */
export const secretIn = async (state: State, name: string): Promise<KeyObject> =>
  createSecretKey(await shared(state, name, () => randomBytes(BYTES)));
