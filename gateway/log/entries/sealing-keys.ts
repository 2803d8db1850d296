/**
 * Keys of subjects for what is kept of them beside the log: those of this data folder, or, where all replicas share
 * what is kept, those that they share as well.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import {
  type Change,
  type DocumentsPage,
  type State,
  StateConflict,
  type StateDocument,
} from '../../ground/state/port.js';
import { adoptSecret, secretIn } from '../../ground/state/secret.js';
import { isTaken, taken } from '../../ground/state/taken.js';
import { type Transaction, transact } from '../../ground/state/transact.js';
import { openSubjectKeys, type SubjectSecret, takeSubjectKeys } from './keys.js';
import { auditLayout } from './layout.js';
import { NONCE_BYTES, sealBytes, unsealBytes } from './seal.js';

/** What a name that only the keeper of the keys can make is of. */
type ReferenceKind = Parameters<ReturnType<typeof openSubjectKeys>['reference']>[0];

export interface SealingKeys {
  /** A name that only whoever holds the secret of the store can make again: 32 hex digits. */
  reference(kind: ReferenceKind, text: string): string;
  /** Made where it is missing; durable when it resolves. */
  secretOf(subject: string): Promise<SubjectSecret>;
  /** Undefined if the subject has none, never had or no longer. */
  find(subject: string): Promise<SubjectSecret | undefined>;
  /** Undefined once it was destroyed. */
  byPseudonym(pseudonym: string): Promise<SubjectSecret | undefined>;
  close(): Promise<void>;
}

/** @param cache subjects kept in memory */
export function sealingKeysOf(dir: string, cache?: number): SealingKeys {
  const keys = openSubjectKeys({ dir, ...(cache === undefined ? {} : { cache }) });
  return {
    reference: (kind, text) => keys.reference(kind, text),
    async secretOf(subject) {
      keys.ensure([subject]);
      const secret = keys.get(subject);
      if (secret === undefined) throw new YitongError('internal', 'a subject has no key');
      return secret;
    },
    find: async (subject) => keys.get(subject),
    byPseudonym: async (pseudonym) => keys.byPseudonym(pseudonym),
    close: () => keys.close(),
  };
}

const KIND = 'subject-key';
/** Of a key that was destroyed: its id is the pseudonym. */
const ERASED_KEY = 'erased-subject-key';
const PSEUDONYM = 16;
const KEY = 32;
const DIGITS = 32;
/** ms for which a key is used that another replica may have destroyed: what is destroyed is gone everywhere in 5 s. */
const FRESH = 1000;
const MOST = 10_000;

interface Kept {
  readonly pseudonym: string;
  /** The key, sealed under the secret of the installation. */
  readonly key: string;
}

/** One that was read a moment ago. */
interface Recent {
  readonly at: number;
  readonly secret: SubjectSecret | undefined;
}

const secretName = 'subjects';
const referenceIn = (secret: KeyObject, text: string): string =>
  createHmac('sha256', secret).update(text).digest('hex').slice(0, DIGITS);
/** As a data folder looks its own up, so that those of one folder can become those of all. */
const subjectId = (secret: KeyObject, subject: string): string =>
  createHmac('sha256', secret).update(subject).digest('hex');
const pseudonymLink = (pseudonym: string): string => `pseudonym/${pseudonym}`;
const wrapping = (secret: KeyObject, pseudonym: string): SubjectSecret => ({
  pseudonym,
  key: createSecretKey(createHmac('sha256', secret).update('subject keys are wrapped under this').digest()),
});

/** As it stands in the state. */
function keptOf(secret: KeyObject, { pseudonym, key }: SubjectSecret) {
  const sealed = sealBytes(wrapping(secret, pseudonym), randomBytes(NONCE_BYTES), key.export()).toString('base64');
  return { kind: KIND, links: [pseudonymLink(pseudonym)], body: { pseudonym, key: sealed } };
}

class SharedKeys implements SealingKeys {
  readonly #state: State;
  readonly #secret: KeyObject;
  readonly #recent = new Map<string, Recent>();

  constructor(state: State, secret: KeyObject) {
    this.#state = state;
    this.#secret = secret;
  }

  reference(kind: ReferenceKind, text: string): string {
    return referenceIn(this.#secret, `${kind}\0${text}`);
  }

  async secretOf(subject: string): Promise<SubjectSecret> {
    const known = await this.find(subject);
    if (known !== undefined) return known;
    const id = subjectId(this.#secret, subject);
    const { result } = await transact(this.#state, async (transaction) => {
      const found = await transaction.document(KIND, id);
      if (found !== undefined) return this.#opened(found);
      const pseudonym = randomBytes(PSEUDONYM).toString('hex');
      const key = randomBytes(KEY);
      transaction.put({ id, ...keptOf(this.#secret, { pseudonym, key: createSecretKey(key) }) });
      return { pseudonym, key: createSecretKey(key) };
    });
    return result;
  }

  find(subject: string): Promise<SubjectSecret | undefined> {
    const id = subjectId(this.#secret, subject);
    return this.#fresh(id, async () => {
      const found = await this.#state.document(KIND, id);
      return found === undefined ? undefined : this.#opened(found);
    });
  }

  byPseudonym(pseudonym: string): Promise<SubjectSecret | undefined> {
    const link = pseudonymLink(pseudonym);
    return this.#fresh(link, async () => {
      const [found] = (await this.#state.documents(KIND, { link, limit: 1 })).documents;
      return found === undefined ? undefined : this.#opened(found);
    });
  }

  async close(): Promise<void> {
    this.#recent.clear();
  }

  async #fresh(name: string, read: () => Promise<SubjectSecret | undefined>): Promise<SubjectSecret | undefined> {
    const at = performance.now();
    const known = this.#recent.get(name);
    if (known?.secret !== undefined && at - known.at < FRESH) return known.secret;
    const secret = await read();
    if (this.#recent.size >= MOST) this.#recent.clear();
    this.#recent.set(name, { at, secret });
    return secret;
  }

  #opened({ body }: Pick<StateDocument, 'body'>): SubjectSecret {
    const { pseudonym, key } = body as unknown as Kept;
    const bytes = unsealBytes(wrapping(this.#secret, pseudonym), Buffer.from(key, 'base64'));
    return { pseudonym, key: createSecretKey(bytes) };
  }
}

/** Subjects of a data folder kept in memory. */
const CACHED = 1000;

/** Those of what stands in a state: that all replicas share, or of the data folder that the state belongs to. */
export const sharedSealingKeys = async (state: State): Promise<SealingKeys> =>
  state.folder === undefined
    ? new SharedKeys(state, await secretIn(state, secretName))
    : sealingKeysOf(auditLayout(state.folder).subjectKeys, CACHED);

/**
 * Destroys the key of what stands in a state: what is sealed under it can never be read again; each replica has
 * forgotten it a second later. Durable when it resolves.
 * @returns whether there was one
 */
export async function destroySharedKey(state: State, subject: string): Promise<boolean> {
  if (state.folder !== undefined) return await destroyIn(auditLayout(state.folder).subjectKeys, subject);
  const destroy = await destroyingSharedKey(state, subject);
  return (await transact(state, destroy)).result;
}

async function destroyIn(dir: string, subject: string): Promise<boolean> {
  const keys = openSubjectKeys({ dir });
  try {
    const secret = keys.get(subject);
    return secret !== undefined && keys.destroy(secret.pseudonym);
  } finally {
    await keys.close();
  }
}

/** The same as a part of a piece of work, which its commit makes or not; of a folder nothing is to be done in it. */
export async function destroyingSharedKey(
  state: State,
  subject: string,
): Promise<(transaction: Transaction) => Promise<boolean>> {
  // that of the folder goes with the order for it
  if (state.folder !== undefined) return () => Promise.resolve(false);
  const id = subjectId(await secretIn(state, secretName), subject);
  return async (transaction) => {
    const found = await transaction.document(KIND, id);
    if (found === undefined) return false;
    transaction.remove(KIND, id);
    // so that a dump of before is loaded without it; the pseudonym names nobody
    transaction.put({ kind: ERASED_KEY, id: (found.body as unknown as Kept).pseudonym, body: { at: Date.now() } });
    return true;
  };
}

/** Pseudonyms of keys that were destroyed. */
export async function* erasedSharedKeys(state: State): AsyncGenerator<string, void> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: DocumentsPage = await state.documents(ERASED_KEY, after === '' ? {} : { after });
    for (const { id } of page.documents) yield id;
    after = page.next;
  }
}

/** Destroys keys that came back with a store of before. @returns how many there were */
export async function destroySharedKeysAgain(state: State, pseudonyms: readonly string[]): Promise<number> {
  let destroyed = 0;
  for (const pseudonym of pseudonyms) {
    const { documents } = await state.documents(KIND, { link: pseudonymLink(pseudonym), limit: 1 });
    for (const { id } of documents) {
      await state.commit([
        { do: 'remove', kind: KIND, id },
        { do: 'put', kind: ERASED_KEY, id: pseudonym, body: { at: Date.now() } },
      ]);
      destroyed++;
    }
  }
  return destroyed;
}

interface DumpedRow {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

/** The pseudonym of a destroyed key, where a row of a dump says so. */
export const erasedKeyIn = ({ table, row }: DumpedRow): string | undefined =>
  table === 'documents' && row['kind'] === ERASED_KEY && typeof row['id'] === 'string' ? row['id'] : undefined;

/**
 * Rows of a dump that bring back a key which was destroyed since, in the order of the dump.
 * @param erased pseudonyms
 */
export function bringsErasedBack(erased: ReadonlySet<string>): (row: DumpedRow) => boolean {
  const left = new Set<unknown>();
  return ({ table, row }) => {
    if ((table !== 'documents' && table !== 'links') || row['kind'] !== KIND) return false;
    if (table === 'documents' && erased.has((JSON.parse(String(row['body'])) as Kept).pseudonym)) left.add(row['id']);
    return left.has(row['id']);
  };
}

export interface KeysWhenNeeded {
  (): Promise<SealingKeys>;
  close(): Promise<void>;
}

/** Opened when they are needed first, and again where the store was away then. */
export function sharedKeysWhenNeeded(state: State): KeysWhenNeeded {
  let opening: Promise<SealingKeys> | undefined;
  const keys = (): Promise<SealingKeys> =>
    (opening ??= sharedSealingKeys(state).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));
  return Object.assign(keys, { close: async () => (await opening?.catch(() => undefined))?.close() });
}

/** Keys of one commit. */
const AT_ONCE = 300;

type FolderKey = { readonly id: string; readonly secret: SubjectSecret };

/** Without those that were destroyed, also where somebody destroys one at this moment. */
async function putLiving(state: State, secret: KeyObject, keys: readonly FolderKey[]): Promise<void> {
  for (;;) {
    const erased = await state.documentsById(
      ERASED_KEY,
      keys.map((one) => one.secret.pseudonym),
    );
    const gone = new Set(erased.map(({ id }) => id));
    const living = keys.filter((one) => !gone.has(one.secret.pseudonym));
    if (living.length === 0) return;
    try {
      await state.commit(
        living.flatMap((one): Change[] => [
          { do: 'expect-document', kind: ERASED_KEY, id: one.secret.pseudonym, version: 0 },
          { do: 'put', id: one.id, ...keptOf(secret, one.secret) },
        ]),
      );
      return;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

/**
 * Takes the keys of a data folder over, with the secret under which they are found: what was sealed there can be read
 * by all. Again it changes nothing, and brings no key back that was destroyed since, also where it was interrupted.
 * @returns how many there are @throws YitongError `state_conflict` where the state has keys of another folder already
 */
export async function adoptKeys(state: State, folder: string, dir: string): Promise<number> {
  if (await isTaken(state, folder, KIND)) return 0;
  return takeSubjectKeys(dir, async (bytes, keys) => {
    await adoptSecret(state, secretName, bytes);
    const secret = createSecretKey(bytes);
    let count = 0;
    const some: FolderKey[] = [];
    for (const one of keys) {
      count++;
      some.push(one);
      if (some.length === AT_ONCE) await putLiving(state, secret, some.splice(0));
    }
    await putLiving(state, secret, some);
    await state.commit([taken(folder, KIND)]);
    return count;
  });
}
