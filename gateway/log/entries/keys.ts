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
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { damageOf } from '../../../connectors/lmdb/file.js';
import { YitongError } from '../../../contracts/errors.js';
import { createOnce } from '../../ground/files/durable.js';

export interface SubjectSecret {
  /** 32 hex digits. */
  readonly pseudonym: string;
  /** AES-256 */
  readonly key: KeyObject;
}

/**
 * One subject's key is damaged: what stands under it cannot be read, and nothing more is put under it. Everything of
 * other subjects goes on.
 */
export class SubjectKeyDamaged extends YitongError {
  /** 32 hex digits; of the subject itself nothing is said. Undefined where even that is not known. */
  readonly pseudonym: string | undefined;
  constructor(pseudonym: string | undefined) {
    super(
      'store_damaged',
      `the key of subject \`${pseudonym ?? 'unknown'}\` is damaged; put \`audit/keys\` back from a backup ` +
        '(docs/faults.md)',
    );
    this.pseudonym = pseudonym;
  }
}

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

const PSEUDONYM = 16;
const KEY = 32;
/**
 * First byte of the keys that lead from a pseudonym to its subject's record; those of the records themselves are 32
 * bytes long.
 */
const BY_PSEUDONYM = Buffer.from('p');
/** How many halves were given out, and how many times something was destroyed. */
const HALVES = Buffer.from('n');
const GENERATION = Buffer.from('g');
/** By which the secret is known to be the one that the records were made under. */
const CHECK = Buffer.from('c');
/** What an erasure is about to destroy: a half that is gone without it is damage. */
const DESTROYING = Buffer.from('d');
const SUM = 8;
/**
 * A record: pseudonym, half of the key, place of the other half, sum. Older ones have no sum; those of old hold the
 * whole key and no place either.
 */
const UNSUMMED = PSEUDONYM + KEY + 6;
const RECORD = UNSUMMED + SUM;
/** Key of a record in the map: an HMAC. */
const LOOKUP = 32;
/** First bytes of `halves`, in the place of one: a file without a byte is one that was emptied. */
const HALVES_HEAD = Buffer.from("yitong halves of subjects' keys\n".padEnd(KEY, ' ').slice(0, KEY));
/** Records between two turns of the event loop. */
const SLICE = 500;
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
  const env = openEnv<Buffer, Buffer>({ file: mapFile, encoding: 'binary', keyEncoding: 'binary', maxReaders: 512 });
  const map = env.root;
  chmodSync(mapFile, 0o600);

  const reverse = (pseudonym: Buffer): Buffer => Buffer.concat([BY_PSEUDONYM, pseudonym]);
  const destroying = (pseudonym: Buffer): Buffer => Buffer.concat([DESTROYING, pseudonym]);
  const lookup = (subject: string): Buffer => createHmac('sha256', secret).update(subject).digest();
  const halves = openSync(halvesFile, constants.O_RDWR | constants.O_CREAT, 0o600);
  const placeOf = (value: Buffer): number => value.readUIntBE(PSEUDONYM + KEY, 6) * KEY;
  // a prefix that no subject's key begins with keeps this use of the secret apart, as in `reference`
  const sumOf = (at: Buffer, value: Buffer, key: Buffer): Buffer =>
    createHmac('sha256', secret)
      .update('record\0')
      .update(at)
      .update(value.subarray(0, UNSUMMED))
      .update(key)
      .digest()
      .subarray(0, SUM);
  /** The pseudonym may itself be what is damaged: then none leads to the record. */
  const damagedAt = (at: Buffer, name: Buffer): SubjectKeyDamaged =>
    new SubjectKeyDamaged(map.get(reverse(name))?.equals(at) === true ? name.toString('hex') : undefined);
  /** Undefined where the key is destroyed, though a crash kept the record. @throws SubjectKeyDamaged */
  function decode(at: Buffer, value: Buffer): SubjectSecret | undefined {
    const name = value.toString('hex', 0, PSEUDONYM);
    if (value.length !== RECORD && value.length !== UNSUMMED && value.length !== PSEUDONYM + KEY)
      throw new SubjectKeyDamaged(undefined);
    const key = Buffer.from(value.subarray(PSEUDONYM, PSEUDONYM + KEY));
    if (value.length >= UNSUMMED) {
      const half = Buffer.alloc(KEY);
      readSync(halves, half, 0, KEY, placeOf(value));
      if (half.equals(NOTHING)) {
        const marked = (): boolean => map.get(destroying(value.subarray(0, PSEUDONYM))) !== undefined;
        if (value.length === UNSUMMED || marked()) return undefined;
        // the record may have been read before another process destroyed it, the half after
        map.resetReadTxn();
        if (map.get(at)?.equals(value) !== true || marked()) return undefined;
        throw damagedAt(at, value.subarray(0, PSEUDONYM));
      }
      for (let i = 0; i < KEY; i++) key[i] = (key[i] ?? 0) ^ (half[i] ?? 0);
      half.fill(0);
    }
    if (value.length === RECORD && !sumOf(at, value, key).equals(value.subarray(UNSUMMED)))
      throw damagedAt(at, value.subarray(0, PSEUDONYM));
    const secret = { pseudonym: name, key: createSecretKey(key) };
    key.fill(0);
    return secret;
  }
  /**
   * A record that cannot be found is not found between two that are where they belong; see `answer/view/lmdb/checked.ts`.
   * @throws SubjectKeyDamaged
   */
  function missing(at: Buffer): void {
    const [after] = [...map.getRange({ start: at, limit: 1 })];
    const [before] = [...map.getRange({ start: at, reverse: true, limit: 1 })];
    if (
      (after !== undefined && Buffer.compare(after.key, at) < 0) ||
      (before !== undefined && Buffer.compare(before.key, at) > 0)
    )
      throw new SubjectKeyDamaged(undefined);
    for (const beside of [after, before]) {
      if (beside === undefined) continue;
      const { key, value } = beside;
      if (key.length === LOOKUP || value.length === RECORD) decode(key, value);
      else if (key.length !== 1 && key.length !== 1 + PSEUDONYM) throw new SubjectKeyDamaged(undefined);
    }
  }
  const counter = (key: Buffer): number => map.get(key)?.readUIntBE(0, 6) ?? 0;
  function count(key: Buffer, to: number): void {
    const bytes = Buffer.alloc(6);
    bytes.writeUIntBE(to, 0, 6);
    map.putSync(key, bytes);
  }

  const check = createHmac('sha256', secret).update('key store\0').digest();
  const known = map.get(CHECK);
  if (known === undefined) env.writeSync(() => map.putSync(CHECK, check));
  else if (!known.equals(check)) throw lost('`secret` is not the one that they were made under');
  // after the map has a page on disk: halves without a map are damage
  if (counter(HALVES) === 0) {
    env.writeSync(() => {
      if (counter(HALVES) !== 0) return;
      writeSync(halves, HALVES_HEAD, 0, KEY, 0);
      fdatasyncSync(halves);
      count(HALVES, 1);
    });
  }
  if (fstatSync(halves).size < counter(HALVES) * KEY) throw lost('`halves` was cut short');

  // Two generations instead of a linked list: a hit in the old one moves to the young; when the young is half the
  // cache, the old is dropped.
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
    turn: () => env.writeSync(() => count(GENERATION, counter(GENERATION) + 1)),
    get(subject) {
      const hit = young.get(subject);
      if (hit !== undefined) return hit;
      const older = old.get(subject);
      if (older !== undefined) return remember(subject, older);
      const at = lookup(subject);
      const value = map.get(at);
      if (value === undefined) missing(at);
      const secret = value === undefined ? undefined : decode(at, value);
      return secret === undefined ? undefined : remember(subject, secret);
    },
    byPseudonym(pseudonym) {
      const at = map.get(reverse(Buffer.from(pseudonym, 'hex')));
      if (at === undefined) return undefined;
      const value = map.get(at);
      // both go in one transaction
      if (value === undefined || value.toString('hex', 0, PSEUDONYM) !== pseudonym)
        throw new SubjectKeyDamaged(pseudonym);
      return decode(at, value);
    },
    // a prefix that no subject's key begins with keeps the two uses of the secret apart
    reference: (kind, text) =>
      createHmac('sha256', secret)
        .update(`${kind}\0${text}`)
        .digest('hex')
        .slice(0, 2 * PSEUDONYM),
    ensure(subjects) {
      env.writeSync(() => {
        let place = counter(HALVES);
        const from = place;
        for (const subject of subjects) {
          const at = lookup(subject);
          // looked up again inside: another process may have made it since, and LMDB has one writer
          const there = map.get(at);
          try {
            if (there === undefined) missing(at);
            else if (decode(at, there) !== undefined) continue;
          } catch (error) {
            if (error instanceof SubjectKeyDamaged) continue;
            throw error;
          }
          if (there !== undefined) map.removeSync(reverse(there.subarray(0, PSEUDONYM)));
          const made = Buffer.alloc(RECORD);
          const whole = randomBytes(KEY);
          const half = randomBytes(KEY);
          randomBytes(PSEUDONYM).copy(made);
          for (let i = 0; i < KEY; i++) made[PSEUDONYM + i] = (whole[i] ?? 0) ^ (half[i] ?? 0);
          made.writeUIntBE(place, PSEUDONYM + KEY, 6);
          sumOf(at, made, whole).copy(made, UNSUMMED);
          writeSync(halves, half, 0, KEY, place * KEY);
          whole.fill(0);
          half.fill(0);
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
      const name = Buffer.from(pseudonym, 'hex');
      // on disk before the half is overwritten: one that is gone without it is damage
      const found = env.writeSync(() => {
        const at = map.get(reverse(name));
        const value = at === undefined ? undefined : map.get(at);
        if (at === undefined || value === undefined) return undefined;
        map.putSync(destroying(name), at);
        return { at, value };
      });
      const done =
        found !== undefined &&
        env.writeSync(() => {
          const { at, value } = found;
          // a crash right after it leaves a record that counts as none, and is removed by the next destroy or ensure
          if (value.length >= UNSUMMED) {
            writeSync(halves, NOTHING, 0, KEY, placeOf(value));
            fdatasyncSync(halves);
          }
          map.removeSync(reverse(name));
          map.removeSync(destroying(name));
          // another process may have given the subject another one in between
          if (map.get(at)?.equals(value) === true) map.removeSync(at);
          count(GENERATION, counter(GENERATION) + 1);
          return true;
        });
      refresh();
      return done;
    },
    forgetDestroyed() {
      env.writeSync(() => {
        for (const { key, value } of [...map.getRange({})]) {
          if (key.length !== LOOKUP || value.length < UNSUMMED) continue;
          const half = Buffer.alloc(KEY);
          readSync(halves, half, 0, KEY, placeOf(value));
          if (!half.equals(NOTHING)) continue;
          map.removeSync(reverse(value.subarray(0, PSEUDONYM)));
          map.removeSync(key);
        }
      });
    },
    async damaged(signal) {
      const found = new Set<string>();
      let start: Buffer | undefined = Buffer.alloc(0);
      while (start !== undefined && signal?.aborted !== true) {
        const slice: { key: Buffer; value: Buffer }[] = [...map.getRange({ start, limit: SLICE })];
        for (const { key, value } of slice) {
          try {
            if (key.length === LOOKUP) decode(key, value);
          } catch (error) {
            if (!(error instanceof SubjectKeyDamaged)) throw error;
            found.add(error.pseudonym ?? 'unknown');
          }
        }
        const last = slice.length < SLICE ? undefined : slice.at(-1)?.key;
        start = last === undefined ? undefined : Buffer.concat([last, Buffer.alloc(1)]);
        await turn();
        map.resetReadTxn();
      }
      return [...found];
    },
    async close() {
      clearInterval(refreshing);
      await env.close();
      closeSync(halves);
    },
  };
}

const SECRET = 32;

const lost = (what: string): YitongError =>
  new YitongError(
    'store_damaged',
    `the keys of subjects are damaged or lost (${what}): nobody can read what stands under them in the log; ` +
      `put \`audit/keys\` back from a backup (docs/faults.md)`,
  );

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
  if (found !== undefined) throw lost(`\`subjects\`: ${found}`);
  const [subjects, half, secret] = [sizeOf(mapFile), sizeOf(halvesFile), sizeOf(secretFile)];
  if (existsSync(secretFile) && secret !== SECRET) throw lost('`secret` has another length');
  if (secret === 0 && (subjects > 0 || half > 0)) throw lost('`secret` is gone');
  if (subjects === 0 && half > 0) throw lost('`subjects` is gone');
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
  if (written) throw lost('the folder `audit/keys` is gone');
}
