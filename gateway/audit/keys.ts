/**
 * A random pseudonym and a key for each subject. Look-up goes by HMAC of the subject under a secret of this data folder, so
 * the map alone names nobody; destroying a subject's record erases what was encrypted under it.
 *
 * The map copies its pages when it changes them and keeps the old ones in its file, so a key that stood in it alone would outlive
 * its record. Each key is therefore two halves: one in the map, one in the file `halves`, which is overwritten in place.
 */
import { createHmac, createSecretKey, randomBytes as systemRandom, type KeyObject } from 'node:crypto';
import { chmodSync, closeSync, constants, fdatasyncSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
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
   * A name for an item, a case id, an actor, a subject or a record that only this data folder can make again: for the search index and for tickets, which then hold none of them.
   * @returns 32 hex digits
   */
  reference(kind: 'item' | 'case' | 'actor' | 'subject' | 'record', text: string): string;
  /** Makes what is missing, in one transaction that is on disk when this returns. */
  ensure(subjects: Iterable<string>): void;
  /**
   * Destroys the key behind a pseudonym: its ciphertexts can never be read again, and the subject gets another pseudonym with its
   * next entry. Durable when this returns. Other processes forget it within a second. False if there was none.
   */
  destroy(pseudonym: string): boolean;
  /** Forgets what another process destroyed; done every second by itself wherever the event loop turns. */
  refresh(): void;
  /** Changes with each key that is destroyed, and when `turn` is called. */
  generation(): number;
  turn(): void;
  close(): Promise<void>;
}

const PSEUDONYM = 16;
const KEY = 32;
/** First byte of the keys that lead from a pseudonym to its subject's record; those of the records themselves are 32 bytes long. */
const BY_PSEUDONYM = Buffer.from('p');
/** How many halves were given out, and how many times something was destroyed. */
const HALVES = Buffer.from('n');
const GENERATION = Buffer.from('g');
/** A record: pseudonym, half of the key, place of the other half. Records of old hold the whole key and no place. */
const RECORD = PSEUDONYM + KEY + 6;
const NOTHING = Buffer.alloc(KEY);
/** ms; what is destroyed has left the memory of all within 5 s. */
const REFRESH = 1000;
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
  const halves = openSync(join(dir, 'halves'), constants.O_RDWR | constants.O_CREAT, 0o600);
  const placeOf = (value: Buffer): number => value.readUIntBE(PSEUDONYM + KEY, 6) * KEY;
  /** Undefined where the other half is gone: destroyed, though a crash kept the record. */
  function decode(value: Buffer): SubjectSecret | undefined {
    const key = Buffer.from(value.subarray(PSEUDONYM, PSEUDONYM + KEY));
    if (value.length === RECORD) {
      const half = Buffer.alloc(KEY);
      readSync(halves, half, 0, KEY, placeOf(value));
      if (half.equals(NOTHING)) return undefined;
      for (let i = 0; i < KEY; i++) key[i] = (key[i] ?? 0) ^ (half[i] ?? 0);
      half.fill(0);
    }
    const secret = { pseudonym: value.toString('hex', 0, PSEUDONYM), key: createSecretKey(key) };
    key.fill(0);
    return secret;
  }
  const counter = (key: Buffer): number => map.get(key)?.readUIntBE(0, 6) ?? 0;
  function count(key: Buffer, to: number): void {
    const bytes = Buffer.alloc(6);
    bytes.writeUIntBE(to, 0, 6);
    map.putSync(key, bytes);
  }

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

  let seen = counter(GENERATION);
  function refresh(): void {
    // a thread whose event loop never turns would look at the map as it was when it began
    map.resetReadTxn();
    const now = counter(GENERATION);
    if (now === seen) return;
    seen = now;
    young = new Map();
    old = new Map();
  }
  const refreshing = setInterval(refresh, REFRESH);
  refreshing.unref();

  return {
    dir,
    refresh,
    generation() {
      map.resetReadTxn();
      return counter(GENERATION);
    },
    turn: () => map.transactionSync(() => count(GENERATION, counter(GENERATION) + 1)),
    get(subject) {
      const hit = young.get(subject);
      if (hit !== undefined) return hit;
      const older = old.get(subject);
      if (older !== undefined) return remember(subject, older);
      const value = map.get(lookup(subject));
      const secret = value === undefined ? undefined : decode(value);
      return secret === undefined ? undefined : remember(subject, secret);
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
        let place = counter(HALVES);
        const from = place;
        for (const subject of subjects) {
          const at = lookup(subject);
          // looked up again inside: another process may have made it since, and LMDB has one writer
          const there = map.get(at);
          if (there !== undefined && decode(there) !== undefined) continue;
          if (there !== undefined) map.removeSync(reverse(there.subarray(0, PSEUDONYM)));
          const made = Buffer.alloc(RECORD);
          randomBytes(PSEUDONYM + KEY).copy(made);
          made.writeUIntBE(place, PSEUDONYM + KEY, 6);
          writeSync(halves, randomBytes(KEY), 0, KEY, place * KEY);
          place++;
          map.putSync(at, made);
          map.putSync(reverse(made.subarray(0, PSEUDONYM)), at);
        }
        if (place === from) return;
        count(HALVES, place);
        // before the records that need them; a crash in between leaves halves that the next ones take the place of
        fdatasyncSync(halves);
      });
    },
    destroy(pseudonym) {
      const done = map.transactionSync(() => {
        const back = reverse(Buffer.from(pseudonym, 'hex'));
        const at = map.get(back);
        const value = at === undefined ? undefined : map.get(at);
        if (at === undefined || value === undefined) return false;
        // the half first: a crash right after it leaves a record that counts as none, and is removed by the next destroy or ensure
        if (value.length === RECORD) {
          writeSync(halves, NOTHING, 0, KEY, placeOf(value));
          fdatasyncSync(halves);
        }
        map.removeSync(back);
        map.removeSync(at);
        count(GENERATION, counter(GENERATION) + 1);
        return true;
      });
      refresh();
      return done;
    },
    async close() {
      clearInterval(refreshing);
      await map.close();
      closeSync(halves);
    },
  };
}
