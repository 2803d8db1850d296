/**
 * What has been published, in one LMDB folder a workspace (`<data>/connectors`): record key → content hash. Written after the bus has
 * acknowledged, so that a crash makes a record come twice, never not at all. Losing the folder costs one full re-publishing.
 */
import { mkdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { writes } from '../write-lock.js';

/** One published record. `slot` is a small number of its own, for the bitmap of a run. */
export interface Published {
  readonly slot: number;
  /** 16 bytes of the SHA-256 of the framed value, a character a byte: compared as text, which costs no object a row. */
  readonly hash: string;
  /** ms since 1970 */
  readonly sourceTime: number;
  /** Hashes of rows of the last run that a later row of the same run replaced (`onDuplicate: last`), one behind the other. */
  readonly superseded: string;
}

export const HASH_BYTES = 16;
const HEAD = 12;
/** Slots taken at once: a first load takes more and more of them. */
const FIRST_BLOCK = 1024;
const LAST_BLOCK = 65_536;
const KEEP_POSITIONS_MS = 30 * 86_400_000;
const PRUNE = 20_000;
const FORGET = 20_000;

/** `<dataset>|<subject>|<recordId>`; neither a dataset nor a subject holds a bar. */
export const stateKey = (dataset: string, subject: string, recordId: string): string => `${dataset}|${subject}|${recordId}`;

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

function encode({ slot, hash, sourceTime, superseded }: Published): Buffer {
  const out = Buffer.allocUnsafe(HEAD + hash.length + superseded.length);
  out.writeUInt32LE(slot, 0);
  out.writeDoubleLE(sourceTime, 4);
  out.write(hash, HEAD, 'latin1');
  if (superseded !== '') out.write(superseded, HEAD + hash.length, 'latin1');
  return out;
}

const queueOf = (stored: unknown): readonly string[] => (Array.isArray(stored) ? stored.filter((one) => typeof one === 'string') : []);

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
  private readonly closed = writes();

  private constructor(
    /** The folder of which this is a part. */
    readonly dataDir: string,
    private readonly root: RootDatabase<Buffer, string>,
    private readonly records: Database<Buffer, string>,
    private readonly meta: Database<unknown, string>,
    private readonly positions: Database<Buffer, string>,
    private readonly intents: Database<readonly string[], string>,
  ) {}

  static open(dataDir: string): State {
    const dir = join(dataDir, 'connectors');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const root = open<Buffer, string>({ path: dir, encoding: 'binary', noSubdir: false, maxDbs: 8 });
    return new State(
      dataDir,
      root,
      root.openDB<Buffer, string>({ name: 'records', encoding: 'binary' }),
      root.openDB<unknown, string>({ name: 'meta', encoding: 'json' }),
      root.openDB<Buffer, string>({ name: 'positions', encoding: 'binary' }),
      root.openDB<readonly string[], string>({ name: 'intents', encoding: 'json' }),
    );
  }

  get(key: string): Published | undefined {
    // the buffer is LMDB's own until the next read; nothing of it is kept
    const bytes: Buffer | undefined = this.records.getBinaryFast(key);
    if (bytes === undefined) return undefined;
    const end = bytes.length;
    return {
      slot: bytes.readUInt32LE(0),
      sourceTime: bytes.readDoubleLE(4),
      hash: bytes.toString('latin1', HEAD, HEAD + HASH_BYTES),
      superseded: end === HEAD + HASH_BYTES ? '' : bytes.toString('latin1', HEAD + HASH_BYTES, end),
    };
  }

  /** All in one commit; resolves when readers see it. */
  putAll(changes: readonly (Published & { readonly key: string; /** Then the record is forgotten. */ readonly withdrawn: boolean })[]): Promise<unknown> {
    return (this.last = this.records.batch(() => {
      for (const change of changes) void (change.withdrawn ? this.records.remove(change.key) : this.records.put(change.key, encode(change)));
    }));
  }

  /** A number that no other record has, also not one of another process. */
  newSlot(): number {
    if (this.free === this.freeEnd) {
      if (this.reserve === undefined) this.use(this.root.transactionSync(() => this.takeBlock()));
      else this.use(this.reserve);
      this.reserve = undefined;
    } else if (this.reserve === undefined && this.freeEnd - this.free === this.half) {
      // beforehand, as taking a block waits for the disk
      this.last = this.root
        .transaction(() => this.takeBlock())
        .then(
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
  async *all(dataset: string): AsyncGenerator<{ readonly subject: string; readonly recordId: string; readonly slot: number }> {
    await this.last;
    let start = `${dataset}|`;
    const end = `${dataset}}`;
    // in pieces, so that no read transaction stays open while withdrawals are sent
    for (;;) {
      const piece = [...this.records.getRange({ start, end, limit: 1000 })];
      for (const { key, value } of piece) yield { ...namesOf(key), slot: value.readUInt32LE(0) };
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
    return (this.last = this.positions.put(`${dataset}|${position}`, value));
  }

  /** Forgets positions older than 30 days, a bounded number at a time. */
  async prunePositions(now: number): Promise<void> {
    for (const { key, value } of [...this.positions.getRange({ limit: PRUNE })]) {
      if (now - value.readDoubleLE(0) > KEEP_POSITIONS_MS) this.last = this.positions.remove(key);
    }
    await this.last;
  }

  /** Keys of new records that are about to be sent; another process sees them when it resolves. */
  intend(dataset: string, name: string, keys: readonly string[]): Promise<unknown> {
    return (this.last = this.intents.put(`${dataset}|${name}`, keys));
  }

  /** They are sent, and the records say so. */
  settled(dataset: string, name: string): void {
    this.last = this.intents.remove(`${dataset}|${name}`);
  }

  /** What a process that died may have sent without noting it. */
  intended(dataset: string): readonly { readonly name: string; readonly keys: readonly string[] }[] {
    return [...this.intents.getRange({ start: `${dataset}|`, end: `${dataset}}` })].map(({ key, value }) => ({ name: key.slice(dataset.length + 1), keys: value }));
  }

  read(name: string, dataset: string): unknown {
    return this.meta.get(`${name}|${dataset}`);
  }

  /** 32 bytes that only this folder knows, for names that cannot be guessed back. */
  secret(): Buffer {
    const own = this.meta.get('secret');
    if (typeof own === 'string') return Buffer.from(own, 'hex');
    const hex = this.root.transactionSync(() => {
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
    this.last = this.meta.put(`${name}|${dataset}`, value);
  }

  /** Who publishes to a dataset, first, and who waits to, as the other processes have left it. */
  queue(dataset: string): readonly string[] {
    this.root.resetReadTxn();
    return queueOf(this.meta.get(`queue|${dataset}`));
  }

  /** Resolves when the others see it. */
  async changeQueue(dataset: string, change: (queue: readonly string[]) => readonly string[]): Promise<void> {
    await this.root.transaction(() => {
      const next = change(queueOf(this.meta.get(`queue|${dataset}`)));
      if (next.length === 0) this.meta.removeSync(`queue|${dataset}`);
      else this.meta.putSync(`queue|${dataset}`, next);
    });
  }

  /** All that is known of a dataset: its records, positions, what its source had read, its watermark. */
  async forget(dataset: string): Promise<void> {
    await this.last;
    for (const map of [this.records, this.positions]) {
      for (;;) {
        const keys = [...map.getKeys({ start: `${dataset}|`, end: `${dataset}}`, limit: FORGET })];
        await this.root.transaction(() => {
          for (const key of keys) void map.remove(key);
        });
        if (keys.length < FORGET) break;
      }
    }
    await this.root.transaction(() => {
      for (const name of ['memory', 'watermark', 'refused', 'nameless']) void this.meta.remove(`${name}|${dataset}`);
    });
  }

  /** Resolves when all that was put is on disk. */
  async flushed(): Promise<void> {
    await this.last;
    await this.root.flushed;
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.root.close();
    this.closed();
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
