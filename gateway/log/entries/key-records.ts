/**
 * The records of subjects' keys on disk: a map from the HMAC of a subject to its pseudonym and one half of its key, and
 * the file `halves` with the other halves, which are overwritten in place when a key is destroyed. `keys.ts` says why.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { chmodSync, closeSync, constants, fdatasyncSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { hmacUnder } from './hmac.js';
import { keysLost, SubjectKeyDamaged } from './key-faults.js';

export interface SubjectSecret {
  /** 32 hex digits. */
  readonly pseudonym: string;
  /** AES-256 */
  readonly key: KeyObject;
}

interface KeyRecordsOptions {
  readonly mapFile: string;
  readonly halvesFile: string;
  /** Under which subjects are looked up and records are summed. */
  readonly secret: KeyObject;
  readonly randomBytes: (size: number) => Buffer;
}

/** Bytes of a pseudonym, and of a key or a half of one. */
export const PSEUDONYM = 16;
const KEY = 32;
const SUM = 8;
/** Bytes of a record of the oldest kind: a pseudonym and the whole key. */
const UNPLACED = PSEUDONYM + KEY;
/** Bytes of a record of the second kind: a pseudonym, half of the key, and the place of the other half. */
const UNSUMMED = UNPLACED + 6;
/** Bytes of a record as it is made now: it ends with a sum. */
const RECORD = UNSUMMED + SUM;
/** Key of a record in the map: an HMAC. */
const LOOKUP = 32;
/**
 * First byte of the keys that lead from a pseudonym to its subject's record; those of the records themselves are 32
 * bytes long.
 */
const BY_PSEUDONYM = Buffer.from('p');
/** What an erasure is about to destroy: a half that is gone without it is damage. */
const DESTROYING = Buffer.from('d');
/** How many halves were given out, and how many times something was destroyed. */
const HALVES = Buffer.from('n');
const GENERATION = Buffer.from('g');
/** By which the secret is known to be the one that the records were made under. */
const CHECK = Buffer.from('c');
/** First bytes of `halves`, in the place of one: a file without a byte is one that was emptied. */
const HALVES_HEAD = Buffer.from("yitong halves of subjects' keys\n".padEnd(KEY, ' ').slice(0, KEY));
/** A half that was destroyed. */
const NOTHING = Buffer.alloc(KEY);
/** Records between two turns of the event loop. */
const SLICE = 500;

const nameOf = (value: Buffer): Buffer => value.subarray(0, PSEUDONYM);
const placeOf = (value: Buffer): number => value.readUIntBE(UNPLACED, 6) * KEY;
const pseudonymFrom = (value: Buffer): string => nameOf(value).toString('hex');
const secretFrom = (value: Buffer, key: Buffer): SubjectSecret => ({
  pseudonym: pseudonymFrom(value),
  key: createSecretKey(key),
});
const reverse = (pseudonym: Buffer): Buffer => Buffer.concat([BY_PSEUDONYM, pseudonym]);
const destroying = (pseudonym: Buffer): Buffer => Buffer.concat([DESTROYING, pseudonym]);
const hasHalf = (value: Buffer): boolean => value.length >= UNSUMMED;

/** Lays one half of a key over the other, which becomes the whole key, or its other half. */
function overlay(half: Buffer, on: Buffer): void {
  for (let i = 0; i < KEY; i++) on[i] = (on[i] ?? 0) ^ (half[i] ?? 0);
}

export class KeyRecords {
  readonly #env: ReturnType<typeof openEnv<Buffer, Buffer>>;
  readonly #map: ReturnType<typeof openEnv<Buffer, Buffer>>['root'];
  readonly #hmac: ReturnType<typeof hmacUnder>;
  readonly #randomBytes: (size: number) => Buffer;
  /** Descriptor of `halves`. */
  readonly #halves: number;

  /** @throws YitongError `store_damaged` where the secret is another one, or halves are gone */
  constructor({ mapFile, halvesFile, secret, randomBytes }: KeyRecordsOptions) {
    this.#hmac = hmacUnder(secret);
    this.#randomBytes = randomBytes;
    this.#env = openEnv<Buffer, Buffer>({ file: mapFile, encoding: 'binary', keyEncoding: 'binary', maxReaders: 512 });
    this.#map = this.#env.root;
    chmodSync(mapFile, 0o600);
    this.#halves = openSync(halvesFile, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#checkSecret();
    this.#beginHalves();
    if (fstatSync(this.#halves).size < this.#counter(HALVES) * KEY) throw keysLost('`halves` was cut short');
  }

  /** Undefined if the subject has no key, never had or no longer. @throws SubjectKeyDamaged */
  find(subject: string): SubjectSecret | undefined {
    const at = this.#lookup(subject);
    const value = this.#newest(at);
    if (value !== undefined) return this.#open(at, value);
    this.#refuseMisplaced(at);
    return undefined;
  }

  /** @param pseudonym 32 hex digits @throws SubjectKeyDamaged */
  byPseudonym(pseudonym: string): SubjectSecret | undefined {
    const at = this.#newest(reverse(Buffer.from(pseudonym, 'hex')));
    if (at === undefined) return undefined;
    const value = this.#map.get(at);
    // both go in one transaction
    if (value === undefined || nameOf(value).toString('hex') !== pseudonym) throw new SubjectKeyDamaged(pseudonym);
    return this.#open(at, value);
  }

  /** Every key that is there, under its look-up in hex. @throws SubjectKeyDamaged */
  *all(): Generator<{ readonly id: string; readonly secret: SubjectSecret }, void> {
    for (const { key, value } of this.#map.getRange({})) {
      const secret = key.length === LOOKUP ? this.#open(key, value) : undefined;
      if (secret !== undefined) yield { id: key.toString('hex'), secret };
    }
  }

  /**
   * Makes what is missing, in one transaction that is on disk when this returns. What is damaged is left as it is.
   * @returns the secrets of all that are not damaged, by subject
   */
  ensure(subjects: Iterable<string>): ReadonlyMap<string, SubjectSecret> {
    return this.#ensure(subjects, secretFrom);
  }

  /** As `ensure`: pseudonyms alone. */
  names(subjects: Iterable<string>): ReadonlyMap<string, string> {
    return this.#ensure(subjects, pseudonymFrom);
  }

  #ensure<T>(subjects: Iterable<string>, take: (value: Buffer, key: Buffer) => T): ReadonlyMap<string, T> {
    return this.#env.writeSync(() => {
      const found = new Map<string, T>();
      const missing: { readonly subject: string; readonly at: Buffer }[] = [];
      // looked up again inside: another process may have made it since, and LMDB has one writer
      for (const subject of new Set(subjects)) {
        const at = this.#lookup(subject);
        const there = this.#there(at, take);
        if (there === undefined) missing.push({ subject, at });
        else if (there !== 'damaged') found.set(subject, there.taken);
      }
      if (missing.length > 0) this.#make(missing, found, take);
      return found;
    });
  }

  /** Destroys the key behind a pseudonym, 32 hex digits; durable when this returns. False if there was none. */
  destroy(pseudonym: string): boolean {
    const name = Buffer.from(pseudonym, 'hex');
    // on disk before the half is overwritten: one that is gone without it is damage
    const found = this.#env.writeSync(() => {
      const at = this.#map.get(reverse(name));
      const value = at === undefined ? undefined : this.#map.get(at);
      if (at === undefined || value === undefined) return undefined;
      this.#map.putSync(destroying(name), at);
      return { at, value };
    });
    if (found === undefined) return false;
    this.#env.writeSync(() => {
      const { at, value } = found;
      // a crash right after it leaves a record that counts as none, and is removed by the next destroy or ensure
      if (hasHalf(value)) {
        writeSync(this.#halves, NOTHING, 0, KEY, placeOf(value));
        fdatasyncSync(this.#halves);
      }
      this.#map.removeSync(reverse(name));
      this.#map.removeSync(destroying(name));
      // another process may have given the subject another one in between
      if (this.#map.get(at)?.equals(value) === true) this.#map.removeSync(at);
      this.#count(GENERATION, this.#counter(GENERATION) + 1);
    });
    return true;
  }

  /** Removes records whose other half is gone. */
  forgetDestroyed(): void {
    this.#env.writeSync(() => {
      for (const { key, value } of [...this.#map.getRange({})]) {
        if (key.length !== LOOKUP || !hasHalf(value) || !this.#otherHalf(value).equals(NOTHING)) continue;
        this.#map.removeSync(reverse(nameOf(value)));
        this.#map.removeSync(key);
      }
    });
  }

  /** Pseudonyms of damaged records, `unknown` where none is known; all are looked at, in slices. */
  async damaged(signal?: AbortSignal): Promise<readonly string[]> {
    const found = new Set<string>();
    let start: Buffer | undefined = Buffer.alloc(0);
    while (start !== undefined && signal?.aborted !== true) {
      const slice: { key: Buffer; value: Buffer }[] = [...this.#map.getRange({ start, limit: SLICE })];
      for (const { key, value } of slice) {
        const damage = key.length === LOOKUP ? this.#damageOf(key, value) : undefined;
        if (damage !== undefined) found.add(damage.pseudonym ?? 'unknown');
      }
      const last = slice.length < SLICE ? undefined : slice.at(-1)?.key;
      start = last === undefined ? undefined : Buffer.concat([last, Buffer.alloc(1)]);
      await turnOfTheEventLoop();
      this.#map.resetReadTxn();
    }
    return [...found];
  }

  /** Changes with each key that is destroyed, by whichever process, and with `turn`. */
  generation(): number {
    // a thread whose event loop never turns would look at the map as it was when it began
    this.#map.resetReadTxn();
    return this.#counter(GENERATION);
  }

  turn(): void {
    this.#env.writeSync(() => this.#count(GENERATION, this.#counter(GENERATION) + 1));
  }

  async close(): Promise<void> {
    await this.#env.close();
    closeSync(this.#halves);
  }

  #checkSecret(): void {
    const check = this.#hmac('key store\0');
    const known = this.#map.get(CHECK);
    if (known === undefined) this.#env.writeSync(() => this.#map.putSync(CHECK, check));
    else if (!known.equals(check)) throw keysLost('`secret` is not the one that they were made under');
  }

  /** Writes the head of `halves`, after the map has a page on disk: halves without a map are damage. */
  #beginHalves(): void {
    if (this.#counter(HALVES) !== 0) return;
    this.#env.writeSync(() => {
      if (this.#counter(HALVES) !== 0) return;
      writeSync(this.#halves, HALVES_HEAD, 0, KEY, 0);
      fdatasyncSync(this.#halves);
      this.#count(HALVES, 1);
    });
  }

  /**
   * What is not there as this turn of the event loop sees the map may have been made since by another process: that a
   * key is gone is said of the newest state only, since it means that its subject was erased.
   */
  #newest(key: Buffer): Buffer | undefined {
    const value = this.#map.get(key);
    if (value !== undefined) return value;
    this.#map.resetReadTxn();
    return this.#map.get(key);
  }

  #lookup(subject: string): Buffer {
    return this.#hmac(subject);
  }

  /** A prefix that no subject's key begins with keeps this use of the secret apart, as in `reference`. */
  #sumOf(at: Buffer, value: Buffer, key: Buffer): Buffer {
    return this.#hmac('record\0', at, value.subarray(0, UNSUMMED), key).subarray(0, SUM);
  }

  #otherHalf(value: Buffer): Buffer {
    const half = Buffer.alloc(KEY);
    readSync(this.#halves, half, 0, KEY, placeOf(value));
    return half;
  }

  /** The pseudonym may itself be what is damaged: then none leads to the record. */
  #damagedAt(at: Buffer, value: Buffer): SubjectKeyDamaged {
    const leads = this.#map.get(reverse(nameOf(value)))?.equals(at) === true;
    return new SubjectKeyDamaged(leads ? nameOf(value).toString('hex') : undefined);
  }

  /** Undefined where the key is destroyed, though a crash kept the record. @throws SubjectKeyDamaged */
  #open(at: Buffer, value: Buffer): SubjectSecret | undefined {
    const key = this.#wholeKey(at, value);
    if (key === undefined) return undefined;
    const secret = secretFrom(value, key);
    key.fill(0);
    return secret;
  }

  /** As `#open`: the bytes of the key, which whoever asks for them fills with zeros. */
  #wholeKey(at: Buffer, value: Buffer): Buffer | undefined {
    if (value.length !== RECORD && value.length !== UNSUMMED && value.length !== UNPLACED)
      throw new SubjectKeyDamaged(undefined);
    const key = Buffer.from(value.subarray(PSEUDONYM, UNPLACED));
    if (hasHalf(value)) {
      const half = this.#otherHalf(value);
      if (half.equals(NOTHING)) {
        if (this.#isDestroyed(at, value)) return undefined;
        throw this.#damagedAt(at, value);
      }
      overlay(half, key);
      half.fill(0);
    }
    if (value.length === RECORD && !this.#sumOf(at, value, key).equals(value.subarray(UNSUMMED)))
      throw this.#damagedAt(at, value);
    return key;
  }

  /** Of a record whose other half is gone: whether an erasure took it, rather than damage. */
  #isDestroyed(at: Buffer, value: Buffer): boolean {
    const marked = (): boolean => this.#map.get(destroying(nameOf(value))) !== undefined;
    if (value.length === UNSUMMED || marked()) return true;
    // the record may have been read before another process destroyed it, the half after
    this.#map.resetReadTxn();
    return this.#map.get(at)?.equals(value) !== true || marked();
  }

  #damageOf(at: Buffer, value: Buffer): SubjectKeyDamaged | undefined {
    try {
      this.#wholeKey(at, value)?.fill(0);
      return undefined;
    } catch (error) {
      if (error instanceof SubjectKeyDamaged) return error;
      throw error;
    }
  }

  /**
   * A record that cannot be found is not found between two that are where they belong; see
   * `answer/view/lmdb/checked.ts`.
   * @throws SubjectKeyDamaged
   */
  #refuseMisplaced(at: Buffer): void {
    const after = this.#first({ start: at, limit: 1 });
    const before = this.#first({ start: at, reverse: true, limit: 1 });
    if (
      (after !== undefined && Buffer.compare(after.key, at) < 0) ||
      (before !== undefined && Buffer.compare(before.key, at) > 0)
    )
      throw new SubjectKeyDamaged(undefined);
    for (const beside of [after, before]) {
      if (beside === undefined) continue;
      const { key, value } = beside;
      if (key.length === LOOKUP || value.length === RECORD) this.#wholeKey(key, value)?.fill(0);
      else if (key.length !== 1 && key.length !== 1 + PSEUDONYM) throw new SubjectKeyDamaged(undefined);
    }
  }

  #first(range: { start: Buffer; reverse?: boolean; limit: 1 }): { key: Buffer; value: Buffer } | undefined {
    for (const found of this.#map.getRange(range)) return found;
    return undefined;
  }

  /**
   * Undefined where a subject has no key, never had or no longer; `damaged` where its record, or one beside it, is.
   * What is left of a destroyed one is removed. Within a transaction.
   */
  #there<T>(at: Buffer, take: (value: Buffer, key: Buffer) => T): { readonly taken: T } | 'damaged' | undefined {
    const there = this.#map.get(at);
    try {
      if (there === undefined) {
        this.#refuseMisplaced(at);
        return undefined;
      }
      const key = this.#wholeKey(at, there);
      if (key !== undefined) {
        const taken = take(there, key);
        key.fill(0);
        return { taken };
      }
    } catch (error) {
      if (error instanceof SubjectKeyDamaged) return 'damaged';
      throw error;
    }
    this.#map.removeSync(reverse(nameOf(there)));
    return undefined;
  }

  /** Makes a record for each of them, none of which has one. Within a transaction. */
  #make<T>(
    missing: readonly { readonly subject: string; readonly at: Buffer }[],
    made: Map<string, T>,
    take: (value: Buffer, key: Buffer) => T,
  ): void {
    const from = this.#counter(HALVES);
    const random = this.#randomBytes(missing.length * (KEY + PSEUDONYM + KEY));
    const halves = Buffer.alloc(missing.length * KEY);
    random.copy(halves);
    missing.forEach(({ subject, at }, i) => {
      const drawn = random.subarray(halves.length + i * (PSEUDONYM + KEY));
      const key = drawn.subarray(PSEUDONYM, UNPLACED);
      const value = Buffer.alloc(RECORD);
      drawn.copy(value, 0, 0, UNPLACED);
      overlay(halves.subarray(i * KEY, (i + 1) * KEY), value.subarray(PSEUDONYM, UNPLACED));
      value.writeUIntBE(from + i, UNPLACED, 6);
      this.#sumOf(at, value, key).copy(value, UNSUMMED);
      this.#map.putSync(at, value);
      this.#map.putSync(reverse(nameOf(value)), at);
      made.set(subject, take(value, key));
    });
    for (let at = 0; at < halves.length; )
      at += writeSync(this.#halves, halves, at, halves.length - at, from * KEY + at);
    random.fill(0);
    halves.fill(0);
    this.#count(HALVES, from + missing.length);
    // before the records that need them; a crash in between leaves halves that the next ones take the place of
    fdatasyncSync(this.#halves);
  }

  #counter(key: Buffer): number {
    return this.#map.get(key)?.readUIntBE(0, 6) ?? 0;
  }

  #count(key: Buffer, to: number): void {
    const bytes = Buffer.alloc(6);
    bytes.writeUIntBE(to, 0, 6);
    this.#map.putSync(key, bytes);
  }
}
