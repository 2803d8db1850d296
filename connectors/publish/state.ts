/**
 * What has been published, in one LMDB folder a workspace (`<data>/connectors`): record key → content hash. Written
 * after the bus has acknowledged, so that a crash makes a record come twice, never not at all. Losing the folder costs
 * one full re-publishing.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { recordKey } from '../../contracts/ids.js';
import { SUM_BYTES, sumOf } from '../checksum.js';
import { asBinary, type Database, type Env, openEnv } from '../lmdb/env.js';

/** One published record. `slot` is a small number of its own, for the bitmap of a run. */
export interface Published {
  readonly slot: number;
  /** 16 bytes of the SHA-256 of the framed value, a character a byte: compared as text, which costs no object a row. */
  readonly hash: string;
  /** ms since 1970 */
  readonly sourceTime: number;
  /**
   * Hashes of rows of the last run that a later row of the same run replaced (`onDuplicate: last`), one behind the
   * other.
   */
  readonly superseded: string;
  /** 8 bytes of a hash of what its row holds beside the key, a character a byte; empty where that is not known. */
  readonly rest: string;
}

/** A version that was about to be sent; the bus may have it, and the state does not say so yet. */
export interface Intent {
  readonly key: string;
  readonly sequence: string;
  /** As in `Published`; of a withdrawal, of what names it. */
  readonly hash: string;
  readonly withdrawn: boolean;
}

/**
 * A record that the source does not name any more, and that is not withdrawn: a row that cannot be read may be its row.
 */
export interface Held {
  readonly subject: string;
  readonly recordId: string;
  /** ISO 8601 UTC */
  readonly since: string;
  /** What holds it: ids of unreadable rows, or of groups of them (`connectors/publish/holds.ts`). */
  readonly by: readonly string[];
  /** Where those rows stand in the source, a few of them; for people. */
  readonly positions: readonly string[];
  /** Somebody looked and said that it is still on the register. */
  readonly kept?: { readonly by: string; readonly at: string };
  /**
   * It was named since, by something that did not see the whole source: it is held again if a run that does see it does
   * not name it.
   */
  readonly dormant?: true;
}

export const HASH_BYTES = 16;
export const REST_BYTES = 8;
/**
 * Of an entry that was written before there were `rest` and a checksum; told by its length, which is a number of hashes
 * longer.
 */
const OLD_HEAD = 12;
const REST_AT = OLD_HEAD;
const SUM_AT = REST_AT + REST_BYTES;
const HEAD = SUM_AT + SUM_BYTES;
const NO_REST = '\0'.repeat(REST_BYTES);
/** Slots taken at once: a first load takes more and more of them. */
const FIRST_BLOCK = 1024;
const LAST_BLOCK = 65_536;
const KEEP_POSITIONS_MS = 30 * 86_400_000;
const PRUNE = 20_000;
const FORGET = 20_000;

/** `<dataset>|<subject>|<recordId>`; neither a dataset nor a subject holds a bar. */
export const stateKey = (dataset: string, subject: string, recordId: string): string =>
  `${dataset}|${recordKey(subject, recordId)}`;

/** What `stateKey` was made of. */
export function namesOf(key: string): { readonly subject: string; readonly recordId: string } {
  const [, subject = ''] = key.split('|', 2);
  return { subject, recordId: key.slice(key.indexOf('|') + subject.length + 2) };
}

/** Whether `list` (hashes one behind the other) holds `hash`. */
export function hasHash(list: string, hash: string): boolean {
  for (let at = 0; at < list.length; at += HASH_BYTES) if (list.startsWith(hash, at)) return true;
  return false;
}

/** Over the key too: a value under another key is none. */
const sumAt = (key: string, bytes: Buffer): number =>
  sumOf(Buffer.from(key), bytes.subarray(0, SUM_AT), bytes.subarray(HEAD));

function encode(key: string, { slot, hash, sourceTime, superseded, rest }: Published): Buffer {
  const out = Buffer.allocUnsafe(HEAD + hash.length + superseded.length);
  out.writeUInt32LE(slot, 0);
  out.writeDoubleLE(sourceTime, 4);
  out.write(rest === '' ? NO_REST : rest, REST_AT, 'latin1');
  out.write(hash, HEAD, 'latin1');
  if (superseded !== '') out.write(superseded, HEAD + hash.length, 'latin1');
  out.writeUInt32LE(sumAt(key, out), SUM_AT);
  return out;
}

/** @throws YitongError `store_damaged` if the entry is not what was written */
function headOf(key: string, bytes: Buffer): number {
  if (bytes.length >= OLD_HEAD + HASH_BYTES && (bytes.length - OLD_HEAD) % HASH_BYTES === 0) return OLD_HEAD;
  if (bytes.length < HEAD + HASH_BYTES || bytes.readUInt32LE(SUM_AT) !== sumAt(key, bytes)) {
    throw new YitongError(
      'store_damaged',
      'what the connectors remember of a record is damaged; put `connectors` back from a backup, or remove it ' +
        'with `data.mdb.made`, so that it is learnt from the bus (docs/faults.md)',
    );
  }
  return HEAD;
}

function restOf(key: string, bytes: Buffer): string {
  if (headOf(key, bytes) === OLD_HEAD) return '';
  const rest = bytes.toString('latin1', REST_AT, SUM_AT);
  return rest === NO_REST ? '' : rest;
}

const queueOf = (stored: unknown): readonly string[] =>
  Array.isArray(stored) ? stored.filter((one) => typeof one === 'string') : [];

/** Key, sequence, hash in base64, whether it is a withdrawal; a bare key where an older version wrote it. */
type StoredIntent = string | readonly [key: string, sequence: string, hash: string, withdrawn: 0 | 1];

const storedIntent = ({ key, sequence, hash, withdrawn }: Intent): StoredIntent => [
  key,
  sequence,
  Buffer.from(hash, 'latin1').toString('base64'),
  withdrawn ? 1 : 0,
];

interface Block {
  readonly from: number;
  readonly to: number;
}

export class State {
  private free = 0;
  private freeEnd = 0;
  private half = 0;
  private block = FIRST_BLOCK;
  /** The block after this one. */
  private reserve: Block | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private readonly epoch = randomBytes(6).toString('hex');
  private sent = 0;
  /** The first write that failed since it was last told. */
  private failure: YitongError | undefined;
  /** Where the next look for old positions begins. */
  private pruned = '';

  private constructor(
    /** The folder of which this is a part. */
    readonly dataDir: string,
    private readonly env: Env<Buffer, string>,
    private readonly records: Database<Buffer, string>,
    private readonly meta: Database<unknown, string>,
    private readonly positions: Database<Buffer, string>,
    private readonly intents: Database<readonly StoredIntent[], string>,
    private readonly holds: Database<Omit<Held, 'subject' | 'recordId'>, string>,
  ) {}

  /** Whether something was ever published from this folder. */
  static exists(dataDir: string): boolean {
    return existsSync(join(dataDir, 'connectors', 'data.mdb'));
  }

  static open(dataDir: string): State {
    const dir = join(dataDir, 'connectors');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const env = openEnv<Buffer, string>({ file: join(dir, 'data.mdb'), encoding: 'binary', maxDbs: 8 });
    return new State(
      dataDir,
      env,
      env.table<Buffer, string>('records', { encoding: 'binary' }),
      env.table<unknown, string>('meta', { encoding: 'json' }),
      env.table<Buffer, string>('positions', { encoding: 'binary' }),
      env.table<readonly StoredIntent[], string>('intents', { encoding: 'json' }),
      env.table<Omit<Held, 'subject' | 'recordId'>, string>('held', { encoding: 'json' }),
    );
  }

  get(key: string): Published | undefined {
    // the buffer is LMDB's own until the next read; nothing of it is kept
    const bytes: Buffer | undefined = this.records.getBinaryFast(key);
    if (bytes === undefined) return undefined;
    const end = bytes.length;
    const head = headOf(key, bytes);
    return {
      slot: bytes.readUInt32LE(0),
      sourceTime: bytes.readDoubleLE(4),
      hash: bytes.toString('latin1', head, head + HASH_BYTES),
      superseded: end === head + HASH_BYTES ? '' : bytes.toString('latin1', head + HASH_BYTES, end),
      rest: restOf(key, bytes),
    };
  }

  /**
   * Names the next version that is sent: `<epoch>.<number>`. Within an epoch, which is one opening of this folder, it
   * only rises.
   */
  nextSequence(): string {
    return `${this.epoch}.${(this.sent += 1)}`;
  }

  /** @throws YitongError `state_unavailable` */
  private async commit<T>(work: () => T): Promise<T> {
    try {
      return await this.env.write(work);
    } catch (cause) {
      throw new YitongError(
        'state_unavailable',
        'what was published could not be written to the folder of the connectors; is its disk full or broken?',
        { cause },
      );
    }
  }

  /** A write that nobody may wait for; that it failed is told by the next `check` or `flushed` as well. */
  private track<T>(work: () => T): Promise<T> {
    const written = this.commit(work);
    this.last = written;
    written.catch((error: YitongError) => (this.failure ??= error));
    return written;
  }

  /** @throws YitongError `state_unavailable` if something that was put since the last look is not on disk */
  check(): void {
    const { failure } = this;
    if (failure === undefined) return;
    this.failure = undefined;
    throw failure;
  }

  /** All in one commit, with what is left of the intents that it carries out; resolves when it is on disk. */
  putAll(
    dataset: string,
    changes: readonly (Published & {
      readonly key: string /** Then the record is forgotten. */;
      readonly withdrawn: boolean;
    })[],
    intents: ReadonlyMap<string, readonly Intent[]>,
  ): Promise<unknown> {
    const left = [...intents].map(([name, rest]) => ({ name: `${dataset}|${name}`, rest: rest.map(storedIntent) }));
    const records = changes.map((change) => ({
      key: change.key,
      bytes: change.withdrawn ? undefined : encode(change.key, change),
    }));
    return this.track(() => {
      for (const { name, rest } of left)
        if (rest.length === 0) this.intents.removeSync(name);
        else this.intents.putSync(name, rest);
      for (const { key, bytes } of records)
        if (bytes === undefined) this.records.removeSync(key);
        else this.records.putSync(key, bytes);
    });
  }

  /** A number that no other record has, also not one of another process. */
  newSlot(): number {
    if (this.free === this.freeEnd) {
      if (this.reserve === undefined) this.use(this.env.writeSync(() => this.takeBlock()));
      else this.use(this.reserve);
      this.reserve = undefined;
    } else if (this.reserve === undefined && this.freeEnd - this.free === this.half) {
      // beforehand, as taking a block waits for the disk
      this.commit(() => this.takeBlock()).then(
        (block) => (this.reserve ??= block),
        () => undefined, // then it is taken when it is needed, or fails there
      );
    }
    return this.free++;
  }

  private use({ from, to }: Block): void {
    this.free = from;
    this.freeEnd = to;
    this.half = (to - from) / 2;
  }

  /** Within a write transaction. */
  private takeBlock(): Block {
    const from = Number(this.meta.get('slots') ?? 0);
    const to = from + this.block;
    this.meta.putSync('slots', to);
    this.block = Math.min(LAST_BLOCK, this.block * 8);
    return { from, to };
  }

  /** Every record of a dataset, in key order; waits for what was put before. */
  async *all(dataset: string): AsyncGenerator<{
    readonly subject: string;
    readonly recordId: string;
    readonly slot: number;
    readonly rest: string;
  }> {
    await this.last.catch(() => undefined);
    this.check();
    let start = `${dataset}|`;
    const end = `${dataset}}`;
    // in pieces, so that no read transaction stays open while withdrawals are sent
    for (;;) {
      const piece = [...this.records.getRange({ start, end, limit: 1000 })];
      for (const { key, value } of piece)
        yield { ...namesOf(key), slot: value.readUInt32LE(0), rest: restOf(key, value) };
      const tail = piece.at(-1);
      if (tail === undefined || piece.length < 1000) return;
      start = `${tail.key}\0`;
    }
  }

  /** The content hash that came with a position, for sources that may send one twice (`http-push`). */
  position(dataset: string, position: string): string | undefined {
    return this.positions.get(`${dataset}|${position}`)?.toString('latin1', 8);
  }

  putPosition(dataset: string, position: string, hash: string, now: number): Promise<unknown> {
    const value = Buffer.allocUnsafe(8 + hash.length);
    value.writeDoubleLE(now, 0);
    value.write(hash, 8, 'latin1');
    return this.track(() => this.positions.putSync(`${dataset}|${position}`, value));
  }

  /**
   * Forgets positions older than 30 days. Looks at a bounded number of them and goes on from there the next time;
   * returns how many it forgot.
   */
  async prunePositions(now: number): Promise<number> {
    const piece = [
      ...this.positions.getRange({ ...(this.pruned === '' ? {} : { start: `${this.pruned}\0` }), limit: PRUNE }),
    ];
    this.pruned = piece.length < PRUNE ? '' : (piece.at(-1)?.key ?? '');
    const old = piece.filter(({ value }) => now - value.readDoubleLE(0) > KEEP_POSITIONS_MS);
    if (old.length > 0) {
      await this.track(() => {
        for (const { key } of old) this.positions.removeSync(key);
      });
    }
    return old.length;
  }

  /** What is about to be sent; on disk when it resolves. */
  intend(dataset: string, name: string, intents: readonly Intent[]): Promise<unknown> {
    const stored = intents.map(storedIntent);
    return this.track(() => this.intents.putSync(`${dataset}|${name}`, stored));
  }

  /**
   * What a process that died, or a send that failed, may have left on the bus without noting it; in the order in which
   * it was sent.
   */
  intended(dataset: string): readonly { readonly name: string; readonly intents: readonly Intent[] }[] {
    return [...this.intents.getRange({ start: `${dataset}|`, end: `${dataset}}` })].map(({ key, value }) => ({
      name: key.slice(dataset.length + 1),
      intents: value.map((stored) =>
        typeof stored === 'string'
          ? { key: stored, sequence: '', hash: '', withdrawn: false }
          : {
              key: stored[0],
              sequence: stored[1],
              hash: Buffer.from(stored[2], 'base64').toString('latin1'),
              withdrawn: stored[3] === 1,
            },
      ),
    }));
  }

  /** Whether the bus may have something of the dataset that the records here do not speak of. */
  isUncertain(dataset: string): boolean {
    return this.intents.getKeysCount({ start: `${dataset}|`, end: `${dataset}}`, limit: 1 }) > 0;
  }

  /** Records of a dataset whose withdrawal is held back, in key order. */
  held(dataset: string): Held[] {
    return this.holders(dataset).filter(({ dormant }) => dormant !== true);
  }

  /** The same, with those that were named since. */
  holders(dataset: string): Held[] {
    return [...this.holds.getRange({ start: `${dataset}|`, end: `${dataset}}` })].map(({ key, value }) => ({
      ...namesOf(key),
      ...value,
    }));
  }

  /** In one commit. */
  changeHeld(
    dataset: string,
    put: readonly Held[],
    remove: readonly Pick<Held, 'subject' | 'recordId'>[],
  ): Promise<unknown> {
    return this.track(() => {
      for (const { subject, recordId } of remove) this.holds.removeSync(stateKey(dataset, subject, recordId));
      for (const { subject, recordId, ...held } of put) this.holds.putSync(stateKey(dataset, subject, recordId), held);
    });
  }

  read(name: string, dataset: string): unknown {
    return this.meta.get(`${name}|${dataset}`);
  }

  /** 32 bytes that only this folder knows, for names that cannot be guessed back. */
  secret(): Buffer {
    const own = this.meta.get('secret');
    if (typeof own === 'string') return Buffer.from(own, 'hex');
    const hex = this.env.writeSync(() => {
      // another process may have been faster
      const known = this.meta.get('secret');
      if (typeof known === 'string') return known;
      const fresh = randomBytes(32).toString('hex');
      this.meta.putSync('secret', fresh);
      return fresh;
    });
    return Buffer.from(hex, 'hex');
  }

  write(name: string, dataset: string, value: unknown): void {
    // as it is now: whoever gave it may change it before it is written
    const text = asBinary(Buffer.from(JSON.stringify(value)));
    void this.track(() => this.meta.putSync(`${name}|${dataset}`, text));
  }

  /** Who publishes to a dataset, first, and who waits to, as the other processes have left it. */
  queue(dataset: string): readonly string[] {
    this.env.root.resetReadTxn();
    return queueOf(this.meta.get(`queue|${dataset}`));
  }

  /** Resolves when the others see it. */
  async changeQueue(dataset: string, change: (queue: readonly string[]) => readonly string[]): Promise<void> {
    await this.commit(() => {
      const next = change(queueOf(this.meta.get(`queue|${dataset}`)));
      if (next.length === 0) this.meta.removeSync(`queue|${dataset}`);
      else this.meta.putSync(`queue|${dataset}`, next);
    });
  }

  /** All that is known of a dataset: its records, positions, what its source had read, its watermark. */
  async forget(dataset: string): Promise<void> {
    await this.last.catch(() => undefined);
    for (const map of [this.records, this.positions, this.intents, this.holds]) {
      for (;;) {
        const keys = [...map.getKeys({ start: `${dataset}|`, end: `${dataset}}`, limit: FORGET })];
        await this.commit(() => {
          for (const key of keys) map.removeSync(key);
        });
        if (keys.length < FORGET) break;
      }
    }
    await this.commit(() => {
      for (const name of ['memory', 'watermark', 'refused', 'run', 'unreadable', 'groups', 'unlearnt'])
        this.meta.removeSync(`${name}|${dataset}`);
    });
  }

  /** Resolves when all that was put is on disk. @throws YitongError `state_unavailable` if it is not */
  async flushed(): Promise<void> {
    await this.last.catch(() => undefined);
    this.check();
  }

  async close(): Promise<void> {
    try {
      await this.flushed();
    } finally {
      await this.env.close();
    }
  }
}

/** Which slots a run has seen. */
export class SeenSlots {
  private bits = new Uint8Array(1024);

  has(slot: number): boolean {
    return ((this.bits[slot >> 3] ?? 0) & (1 << (slot & 7))) !== 0;
  }

  add(slot: number): void {
    const at = slot >> 3;
    if (at >= this.bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.bits.length * 2));
      larger.set(this.bits);
      this.bits = larger;
    }
    this.bits[at] = (this.bits[at] ?? 0) | (1 << (slot & 7));
  }
}
