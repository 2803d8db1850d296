/**
 * The log's key where any replica may have to go on with the log: one for all, in the state that they share, wrapped
 * under the key of the installation, and in the data folder of each.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { createOnce } from '../../ground/files/durable.js';
import type { State } from '../../ground/state/port.js';
import { adoptSecret, secretIn } from '../../ground/state/secret.js';
import { auditLayout } from '../entries/layout.js';

const SECRET = 'log-key';
/** PKCS#8 of an Ed25519 key, before its 32 bytes. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

const keyOf = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
const seedOf = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');

/**
 * Brings the one key to this data folder; a folder that has one gives it to all, where nobody did before.
 * @throws YitongError `bad_config` where it has another; `state_unavailable`, unless it has one already
 */
export async function shareLogKey(state: State, dataDir: string): Promise<void> {
  const file = join(auditLayout(dataDir).keys, 'log.key');
  if (existsSync(file)) {
    const own = createPrivateKey(readFileSync(file));
    try {
      await adoptSecret(state, SECRET, seedOf(own));
    } catch (error) {
      if (!(error instanceof YitongError) || error.code !== 'state_conflict') throw error;
      throw new YitongError(
        'bad_config',
        "the log of this data folder has another key than that of the installation's log: it is another log. Start " +
          'this replica with a data folder that has none',
        { place: { file }, cause: error },
      );
    }
    return;
  }
  const seed = (await secretIn(state, SECRET)).export();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  createOnce(file, () => keyOf(seed).export({ format: 'pem', type: 'pkcs8' }).toString());
}
