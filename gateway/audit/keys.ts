/**
 * A random pseudonym and a key for each subject. Look-up goes by HMAC of the subject under a secret of this data folder, so
 * the map alone names nobody; destroying a subject's record erases what was encrypted under it.
 */
import { createHmac, createSecretKey, randomBytes as systemRandom, type KeyObject } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { createOnce } from './durable.js';

export interface SubjectSecret {
  /** 32 hex digits. */
  readonly pseudonym: string;
  /** AES-256 */
  readonly key: KeyObject;
}

export interface SubjectKeys {
  /** A worker thread opens its own view of the same map from here. */
  readonly dir: string;
  /** Undefined if the subject has none, never had or no longer. */
  get(subject: string): SubjectSecret | undefined;
  /** The secret of the subject that stands behind a pseudonym; undefined once it was destroyed. */
  byPseudonym(pseudonym: string): SubjectSecret | undefined;
  /**
   * A name for a case id or an actor that only this data folder can make again: for the search index, which then holds neither.
   * @returns 32 hex digits
   */
  reference(kind: 'case' | 'actor', text: string): string;
  /** Makes what is missing, in one transaction that is on disk when this returns. */
  ensure(subjects: Iterable<string>): void;
  /** Destroys the key: its ciphertexts can never be read again. Durable when this returns. False if there was none. */
  destroy(subject: string): boolean;
  close(): Promise<void>;
}

const PSEUDONYM = 16;
const KEY = 32;
/** First byte of the keys that lead from a pseudonym to its subject's record; those of the records themselves are 32 bytes long. */
const BY_PSEUDONYM = Buffer.from('p');
const DEFAULT_CACHE = 100_000;

export interface SubjectKeyOptions {
  readonly dir: string;
  readonly randomBytes?: (size: number) => Buffer;
  /** Subjects kept in memory. */
  readonly cache?: number;
}

export function openSubjectKeys({ dir, randomBytes = systemRandom, cache = DEFAULT_CACHE }: SubjectKeyOptions): SubjectKeys {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const secretFile = join(dir, 'secret');
  createOnce(secretFile, () => randomBytes(32));
  chmodSync(secretFile, 0o600);
  const secret = createSecretKey(readFileSync(secretFile));
  // overlappingSync off: a synchronous transaction returns after its fsync, so no entry can use a key that a power cut takes
  const map = open<Buffer, Buffer>({ path: join(dir, 'subjects'), encoding: 'binary', keyEncoding: 'binary', overlappingSync: false, noSubdir: true, maxReaders: 512 });
  chmodSync(join(dir, 'subjects'), 0o600);

  const reverse = (pseudonym: Buffer): Buffer => Buffer.concat([BY_PSEUDONYM, pseudonym]);
  const lookup = (subject: string): Buffer => createHmac('sha256', secret).update(subject).digest();
  const decode = (value: Buffer): SubjectSecret => ({
    pseudonym: value.toString('hex', 0, PSEUDONYM),
    key: createSecretKey(value.subarray(PSEUDONYM, PSEUDONYM + KEY)),
  });

  // Two generations instead of a linked list: a hit in the old one moves to the young; when the young is half the cache, the old is dropped.
  let young = new Map<string, SubjectSecret>();
  let old = new Map<string, SubjectSecret>();
  const remember = (subject: string, found: SubjectSecret): SubjectSecret => {
    if (young.size >= cache / 2) {
      old = young;
      young = new Map();
    }
    young.set(subject, found);
    return found;
  };

  return {
    dir,
    get(subject) {
      const hit = young.get(subject);
      if (hit !== undefined) return hit;
      const older = old.get(subject);
      if (older !== undefined) return remember(subject, older);
      const value = map.get(lookup(subject));
      return value === undefined ? undefined : remember(subject, decode(value));
    },
    byPseudonym(pseudonym) {
      const at = map.get(reverse(Buffer.from(pseudonym, 'hex')));
      const value = at === undefined ? undefined : map.get(at);
      return value === undefined ? undefined : decode(value);
    },
    // a prefix that no subject's key begins with keeps the two uses of the secret apart
    reference: (kind, text) => createHmac('sha256', secret).update(`${kind}\0${text}`).digest('hex').slice(0, 2 * PSEUDONYM),
    ensure(subjects) {
      map.transactionSync(() => {
        for (const subject of subjects) {
          const at = lookup(subject);
          // looked up again inside: another process may have made it since, and LMDB has one writer
          if (map.get(at) !== undefined) continue;
          const made = randomBytes(PSEUDONYM + KEY);
          map.putSync(at, made);
          map.putSync(reverse(made.subarray(0, PSEUDONYM)), at);
        }
      });
    },
    destroy(subject) {
      young.delete(subject);
      old.delete(subject);
      return map.transactionSync(() => {
        const at = lookup(subject);
        const value = map.get(at);
        if (value === undefined) return false;
        map.removeSync(reverse(value.subarray(0, PSEUDONYM)));
        return map.removeSync(at);
      });
    },
    close: () => map.close(),
  };
}
