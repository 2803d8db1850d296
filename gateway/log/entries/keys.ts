/**
 * A random pseudonym and a key for each subject. Look-up goes by HMAC of the subject under a secret of this data
 * folder, so the map alone names nobody; destroying a subject's record erases what was encrypted under it.
 *
 * The map copies its pages when it changes them and keeps the old ones in its file, so a key that stood in it alone
 * would outlive its record. Each key is therefore two halves: one in the map, one in the file `halves`, which is
 * overwritten in place.
 *
 * What is lost or damaged is never made anew in silence, for then nobody could read again what stands under it: a file
 * that is gone or cut short is refused on opening, and each record has a keyed sum over itself and both halves of its
 * key, so that a damaged one is known when it is used.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes as systemRandom } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { damageOf } from '../../../connectors/lmdb/file.js';
import { createOnce } from '../../ground/files/durable.js';
import { keysLost, SubjectKeyDamaged } from './key-faults.js';
import { KeyRecords, PSEUDONYM, type SubjectSecret } from './key-records.js';

export { SubjectKeyDamaged } from './key-faults.js';
export type { SubjectSecret } from './key-records.js';

export interface SubjectKeys {
  /** A worker thread opens its own view of the same map from here. */
  readonly dir: string;
  /** Undefined if the subject has none, never had or no longer. @throws SubjectKeyDamaged */
  get(subject: string): SubjectSecret | undefined;
  /**
   * The secret of the subject that stands behind a pseudonym; undefined once it was destroyed.
   * @throws SubjectKeyDamaged
   */
  byPseudonym(pseudonym: string): SubjectSecret | undefined;
  /**
   * A name for an item, a case id, an actor, a subject or a record that only this data folder can make again: for the
   * search index and for tickets, which then hold none of them.
   * @returns 32 hex digits
   */
  reference(kind: 'item' | 'case' | 'actor' | 'subject' | 'record', text: string): string;
  /**
   * Makes what is missing, in one transaction that is on disk when this returns. What is damaged is left as it is, for
   * `get` to say.
   */
  ensure(subjects: Iterable<string>): void;
  /**
   * Pseudonyms of these, in their order; as `ensure`, what is missing is made, in one transaction.
   * @throws SubjectKeyDamaged
   */
  names(subjects: readonly string[]): readonly string[];
  /**
   * Destroys the key behind a pseudonym: its ciphertexts can never be read again, and the subject gets another
   * pseudonym with its next entry. Durable when this returns. Other processes forget it within a second. False if there
   * was none.
   */
  destroy(pseudonym: string): boolean;
  /**
   * Of a store that was just put back whole: an erasure between the copies of its two files took a half, and its record
   * goes as well.
   */
  forgetDestroyed(): void;
  /**
   * Pseudonyms of subjects whose key is damaged, all records being looked at, with a turn of the event loop now and
   * then.
   */
  damaged(signal?: AbortSignal): Promise<readonly string[]>;
  /** Forgets what another process destroyed; done every second by itself wherever the event loop turns. */
  refresh(): void;
  /** Changes with each key that is destroyed, and when `turn` is called. */
  generation(): number;
  turn(): void;
  close(): Promise<void>;
}

/** ms; what is destroyed has left the memory of all within 5 s. */
const REFRESH = 1000;
const DEFAULT_CACHE = 100_000;
/** Bytes of `secret`. */
const SECRET = 32;

interface SubjectKeyOptions {
  readonly dir: string;
  readonly randomBytes?: (size: number) => Buffer;
  /** Subjects kept in memory. */
  readonly cache?: number;
}

/** @throws YitongError `store_damaged` where the store is damaged, or a part of it is gone */
export function openSubjectKeys({
  dir,
  randomBytes = systemRandom,
  cache = DEFAULT_CACHE,
}: SubjectKeyOptions): SubjectKeys {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const [secretFile, mapFile, halvesFile] = [join(dir, 'secret'), join(dir, 'subjects'), join(dir, 'halves')];
  refuseLost({ secretFile, mapFile, halvesFile });
  createOnce(secretFile, () => randomBytes(SECRET));
  chmodSync(secretFile, 0o600);
  const secret = createSecretKey(readFileSync(secretFile));
  const records = new KeyRecords({ mapFile, halvesFile, secret, randomBytes });
  return new CachedSubjectKeys({ dir, secret, records, cache });
}

interface CachedSubjectKeysOptions {
  readonly dir: string;
  readonly secret: KeyObject;
  readonly records: KeyRecords;
  readonly cache: number;
}

class CachedSubjectKeys implements SubjectKeys {
  readonly dir: string;
  readonly #secret: KeyObject;
  readonly #records: KeyRecords;
  /** Subjects in one generation of the cache. */
  readonly #half: number;
  /**
   * Two generations instead of a linked list: a hit in the old one moves to the young; when the young is half the
   * cache, the old is dropped.
   */
  #young = new Map<string, SubjectSecret>();
  #old = new Map<string, SubjectSecret>();
  /** Of the records when the cache was emptied last. */
  #generation: number;
  readonly #refreshing: NodeJS.Timeout;

  constructor({ dir, secret, records, cache }: CachedSubjectKeysOptions) {
    this.dir = dir;
    this.#secret = secret;
    this.#records = records;
    this.#half = cache / 2;
    this.#generation = records.generation();
    this.#refreshing = setInterval(() => this.refresh(), REFRESH);
    this.#refreshing.unref();
  }

  get(subject: string): SubjectSecret | undefined {
    const hit = this.#young.get(subject);
    if (hit !== undefined) return hit;
    const found = this.#old.get(subject) ?? this.#records.find(subject);
    return found === undefined ? undefined : this.#remember(subject, found);
  }

  byPseudonym(pseudonym: string): SubjectSecret | undefined {
    return this.#records.byPseudonym(pseudonym);
  }

  reference(kind: 'item' | 'case' | 'actor' | 'subject' | 'record', text: string): string {
    // a prefix that no subject's key begins with keeps the two uses of the secret apart
    return createHmac('sha256', this.#secret)
      .update(`${kind}\0${text}`)
      .digest('hex')
      .slice(0, 2 * PSEUDONYM);
  }

  ensure(subjects: Iterable<string>): void {
    for (const [subject, secret] of this.#records.ensure(subjects)) this.#remember(subject, secret);
  }

  names(subjects: readonly string[]): readonly string[] {
    const names = this.#records.names(subjects);
    return subjects.map((subject) => names.get(subject) ?? this.#nameless(subject));
  }

  destroy(pseudonym: string): boolean {
    const done = this.#records.destroy(pseudonym);
    this.refresh();
    return done;
  }

  forgetDestroyed(): void {
    this.#records.forgetDestroyed();
  }

  damaged(signal?: AbortSignal): Promise<readonly string[]> {
    return this.#records.damaged(signal);
  }

  refresh(): void {
    const generation = this.#records.generation();
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#young = new Map();
    this.#old = new Map();
  }

  generation(): number {
    return this.#records.generation();
  }

  turn(): void {
    this.#records.turn();
  }

  async close(): Promise<void> {
    clearInterval(this.#refreshing);
    await this.#records.close();
  }

  /** @throws SubjectKeyDamaged of one that has no name since its record, or one beside it, is damaged */
  #nameless(subject: string): never {
    this.#records.find(subject);
    throw new SubjectKeyDamaged(undefined);
  }

  #remember(subject: string, found: SubjectSecret): SubjectSecret {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(subject, found);
    return found;
  }
}

/**
 * All keys of a data folder, each under the HMAC of its subject in hex, and the secret of that HMAC: for a store that
 * takes them over.
 * @throws YitongError `store_damaged`; SubjectKeyDamaged
 */
export function takeSubjectKeys<T>(
  dir: string,
  take: (secret: Buffer, keys: Iterable<{ readonly id: string; readonly secret: SubjectSecret }>) => Promise<T>,
): Promise<T> {
  const [secretFile, mapFile, halvesFile] = [join(dir, 'secret'), join(dir, 'subjects'), join(dir, 'halves')];
  refuseLost({ secretFile, mapFile, halvesFile });
  const bytes = readFileSync(secretFile);
  const records = new KeyRecords({ mapFile, halvesFile, secret: createSecretKey(bytes), randomBytes: systemRandom });
  return take(bytes, records.all()).finally(() => records.close());
}

/**
 * A secret of a data folder for one use of its own, made from that of its keys: nobody has it without the folder.
 * @returns 32 bytes
 */
export function folderSecret(dir: string, use: string): Buffer {
  return createHmac('sha256', readFileSync(join(dir, 'secret')))
    .update(`secret for\0${use}`)
    .digest();
}

/** @throws YitongError `store_damaged` where files of the store are there without the others */
function refuseLost({
  secretFile,
  mapFile,
  halvesFile,
}: {
  readonly secretFile: string;
  readonly mapFile: string;
  readonly halvesFile: string;
}): void {
  const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const found = damageOf(mapFile);
  if (found !== undefined) throw keysLost(`\`subjects\`: ${found}`);
  const [subjects, half, secret] = [sizeOf(mapFile), sizeOf(halvesFile), sizeOf(secretFile)];
  if (existsSync(secretFile) && secret !== SECRET) throw keysLost('`secret` has another length');
  if (secret === 0 && (subjects > 0 || half > 0)) throw keysLost('`secret` is gone');
  if (subjects === 0 && half > 0) throw keysLost('`subjects` is gone');
}

/**
 * Whether a data folder whose journals have entries still has its store of keys at all: it is made before the first of
 * them.
 * @throws YitongError `store_damaged`
 */
export function refuseLostKeys({
  journals,
  subjectKeys,
}: {
  readonly journals: string;
  readonly subjectKeys: string;
}): void {
  if (existsSync(join(subjectKeys, 'secret')) || !existsSync(journals)) return;
  const written = readdirSync(journals, { withFileTypes: true }).some(
    (one) => one.isDirectory() && readdirSync(join(journals, one.name)).some((name) => name.endsWith('.seg')),
  );
  if (written) throw keysLost('the folder `audit/keys` is gone');
}
