/** Where forms stand that could not be taken: in a file of the data folder, or in the state that all replicas share. */
import { createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import { createOnce } from '../../ground/files/durable.js';
import { asJson } from '../../ground/state/as-json.js';
import type { State } from '../../ground/state/port.js';
import { secretIn } from '../../ground/state/secret.js';
import { transact } from '../../ground/state/transact.js';

/** ms for which a form is kept. */
export const KEPT_FOR = 30 * 60_000;

export interface StoredForm {
  /** ms since 1970 */
  readonly at: number;
  readonly enc: string;
}

export interface KeptMap {
  /** The key under which forms say where they stand: one for all who may be asked for a page. */
  key(): Promise<Buffer>;
  /** Where it need not be waited for. */
  readonly keyHere?: Buffer;
  /** @param person whose it is; of more than are kept the oldest goes */
  put(name: string, person: string, stored: StoredForm): Promise<void>;
  /** What another process stored a moment ago as well. */
  get(name: string): Promise<StoredForm | undefined>;
  close(): Promise<void>;
}

/** Forms in a data folder. */
const MOST = 500;

/** @throws YitongError `store_damaged` */
export function keptFile(dataDir: string, now: () => number): KeptMap {
  const dir = join(dataDir, 'people');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const keyFile = join(dir, 'forms-key');
  createOnce(keyFile, () => randomBytes(32));
  const key = readFileSync(keyFile);
  const path = join(dir, 'forms');
  refuseDamaged(path, '`people/forms`', 'nothing lasting is in it: remove it (docs/faults.md)');
  const env = openEnv<StoredForm, string>({ file: path, encoding: 'json', noSync: true, maxReaders: 512 });
  const map = env.root;
  chmodSync(path, 0o600);
  const over = ({ at }: StoredForm): boolean => now() - at > KEPT_FOR;
  return {
    key: () => Promise.resolve(key),
    keyHere: key,
    async put(name, _, stored) {
      env.writeSync(() => {
        const all = [...map.getRange()];
        const past = all.filter(({ value }) => over(value));
        const left = all.filter(({ value }) => !over(value)).sort((a, b) => a.value.at - b.value.at);
        for (const { key: old } of [...past, ...left.slice(0, Math.max(0, left.length + 1 - MOST))])
          map.removeSync(old);
        map.putSync(name, stored);
      });
    },
    async get(name) {
      map.resetReadTxn();
      return map.get(name);
    },
    close: () => env.close(),
  };
}

/** Kind of documents. */
export const KEPT_FORM = 'kept-form';
const SECRET = 'kept-forms';
/** Forms of one person in a state that is shared. */
const MOST_OF_ONE = 40;

export function keptIn(state: State): KeptMap {
  let secret: Promise<KeyObject> | undefined;
  const secretOf = (): Promise<KeyObject> =>
    (secret ??= secretIn(state, SECRET).catch((error: unknown) => {
      secret = undefined;
      throw error;
    }));
  return {
    key: async () => (await secretOf()).export(),
    async put(name, person, stored) {
      // nobody reads in the store who wrote something
      const owner = createHmac('sha256', await secretOf())
        .update(`owner ${person}`)
        .digest('hex');
      const { documents } = await state.documents(KEPT_FORM, { owner, limit: 1000 });
      const oldest = documents
        .map(({ id, body }) => ({ id, at: (body as unknown as StoredForm).at }))
        .sort((a, b) => a.at - b.at)
        .slice(0, Math.max(0, documents.length + 1 - MOST_OF_ONE));
      await transact(state, async (transaction) => {
        for (const { id } of oldest) transaction.remove(KEPT_FORM, id);
        transaction.put({ kind: KEPT_FORM, id: name, owner, until: stored.at + KEPT_FOR, body: asJson(stored) });
      });
    },
    get: async (name) => (await state.document(KEPT_FORM, name))?.body as StoredForm | undefined,
    close: () => Promise.resolve(),
  };
}
