/**
 * What has been published, in one LMDB folder a workspace (`<data>/connectors`): record key → content hash. Written
 * after the bus has acknowledged, so that a crash makes a record come twice, never not at all. Losing the folder costs
 * one full re-publishing.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { asBinary, type Database, type Env, openEnv } from '../lmdb/env.js';
import { readInPlace } from '../lmdb/in-place.js';
import { decodePublished, encodePublished, namesOf, type Published, restOf, slotOf, stateKey } from './published.js';
import { FreeSlots } from './slots.js';

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

const KEEP_POSITIONS_MS = 30 * 86_400_000;
const PRUNE = 20_000;
const FORGET = 20_000;
/** What is noted of a dataset beside its records. */
const NOTED = [
  'memory',
  'watermark',
  'refused',
  'run',
  'unreadable',
  'groups',
  'unlearnt',
  'asked',
  'pressed',
  'ended',
] as const;

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

type StoredHold = Omit<Held, 'subject' | 'recordId'>;

interface Tables {
  readonly records: Database<Buffer, string>;
  readonly meta: Database<unknown, string>;
  readonly positions: Database<Buffer, string>;
  readonly intents: Database<readonly StoredIntent[], string>;
  readonly holds: Database<StoredHold, string>;
}

/** Within a write transaction. @returns the first of so many slots */
function takeSlots(meta: Database<unknown, string>, size: number): number {
  const from = Number(meta.get('slots') ?? 0);
  meta.putSync('slots', from + size);
  return from;
}

export class State {
  /** The folder of which this is a part. */
  readonly dataDir: string;
  /** What it commits to; a test lets commits fail there. */
  readonly env: Env<Buffer, string>;
  readonly #tables: Tables;
  readonly #slots: FreeSlots;
  readonly #epoch = randomBytes(6).toString('hex');
  /** Versions that were named in this epoch. */
  #sent = 0;
  /** The newest write. */
  #last: Promise<unknown> = Promise.resolve();
  /** The first write that failed since it was last told. */
  #failure: YitongError | undefined;
  /** Where the next look for old positions begins. */
  #pruned = '';

  private constructor(dataDir: string, env: Env<Buffer, string>, tables: Tables) {
    this.dataDir = dataDir;
    this.env = env;
    this.#tables = tables;
    this.#slots = new FreeSlots({
      takeNow: (size) => env.writeSync(() => takeSlots(tables.meta, size)),
      takeBeforehand: (size) => this.#commit(() => takeSlots(tables.meta, size)),
    });
  }

  /** Whether something was ever published from this folder. */
  static exists(dataDir: string): boolean {
    return existsSync(join(dataDir, 'connectors', 'data.mdb'));
  }

  static open(dataDir: string): State {
    const dir = join(dataDir, 'connectors');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const env = openEnv<Buffer, string>({ file: join(dir, 'data.mdb'), encoding: 'binary', maxDbs: 8 });
    return new State(dataDir, env, {
      records: env.table<Buffer, string>('records', { encoding: 'binary' }),
      meta: env.table<unknown, string>('meta', { encoding: 'json' }),
      positions: env.table<Buffer, string>('positions', { encoding: 'binary' }),
      intents: env.table<readonly StoredIntent[], string>('intents', { encoding: 'json' }),
      holds: env.table<StoredHold, string>('held', { encoding: 'json' }),
    });
  }

  get(key: string): Published | undefined {
    // nothing of it is kept
    const bytes = readInPlace(this.#tables.records, key);
    return bytes === undefined ? undefined : decodePublished(key, bytes);
  }

  /**
   * Names the next version that is sent: `<epoch>.<number>`. Within an epoch, which is one opening of this folder, it
   * only rises.
   */
  nextSequence(): string {
    return `${this.#epoch}.${(this.#sent += 1)}`;
  }

  /** @throws YitongError `state_unavailable` */
  async #commit<T>(work: () => T): Promise<T> {
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
  #track<T>(work: () => T): Promise<T> {
    const written = this.#commit(work);
    this.#last = written;
    written.catch((error: YitongError) => (this.#failure ??= error));
    return written;
  }

  /** @throws YitongError `state_unavailable` if something that was put since the last look is not on disk */
  check(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
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
      bytes: change.withdrawn ? undefined : encodePublished(change.key, change),
    }));
    return this.#track(() => {
      for (const { name, rest } of left)
        if (rest.length === 0) this.#tables.intents.removeSync(name);
        else this.#tables.intents.putSync(name, rest);
      for (const { key, bytes } of records)
        if (bytes === undefined) this.#tables.records.removeSync(key);
        else this.#tables.records.putSync(key, bytes);
    });
  }

  /** A number that no other record has, also not one of another process. */
  newSlot(): number {
    return this.#slots.take();
  }

  /** Every record of a dataset, in key order; waits for what was put before. */
  async *all(dataset: string): AsyncGenerator<{
    readonly subject: string;
    readonly recordId: string;
    readonly slot: number;
    readonly rest: string;
  }> {
    await this.#last.catch(() => undefined);
    this.check();
    let start = `${dataset}|`;
    const end = `${dataset}}`;
    // in pieces, so that no read transaction stays open while withdrawals are sent
    for (;;) {
      const piece = [...this.#tables.records.getRange({ start, end, limit: 1000 })];
      for (const { key, value } of piece) yield { ...namesOf(key), slot: slotOf(value), rest: restOf(key, value) };
      const tail = piece.at(-1);
      if (tail === undefined || piece.length < 1000) return;
      start = `${tail.key}\0`;
    }
  }

  /** The content hash that came with a position, for sources that may send one twice (`http-push`). */
  position(dataset: string, position: string): string | undefined {
    return this.#tables.positions.get(`${dataset}|${position}`)?.toString('latin1', 8);
  }

  putPosition(dataset: string, position: string, hash: string, now: number): Promise<unknown> {
    const value = Buffer.allocUnsafe(8 + hash.length);
    value.writeDoubleLE(now, 0);
    value.write(hash, 8, 'latin1');
    return this.#track(() => this.#tables.positions.putSync(`${dataset}|${position}`, value));
  }

  /**
   * Forgets positions older than 30 days. Looks at a bounded number of them and goes on from there the next time;
   * returns how many it forgot.
   */
  async prunePositions(now: number): Promise<number> {
    const piece = [
      ...this.#tables.positions.getRange({
        ...(this.#pruned === '' ? {} : { start: `${this.#pruned}\0` }),
        limit: PRUNE,
      }),
    ];
    this.#pruned = piece.length < PRUNE ? '' : (piece.at(-1)?.key ?? '');
    const old = piece.filter(({ value }) => now - value.readDoubleLE(0) > KEEP_POSITIONS_MS);
    if (old.length > 0) {
      await this.#track(() => {
        for (const { key } of old) this.#tables.positions.removeSync(key);
      });
    }
    return old.length;
  }

  /** What is about to be sent; on disk when it resolves. */
  intend(dataset: string, name: string, intents: readonly Intent[]): Promise<unknown> {
    const stored = intents.map(storedIntent);
    return this.#track(() => this.#tables.intents.putSync(`${dataset}|${name}`, stored));
  }

  /**
   * What a process that died, or a send that failed, may have left on the bus without noting it; in the order in which
   * it was sent.
   */
  intended(dataset: string): readonly { readonly name: string; readonly intents: readonly Intent[] }[] {
    return [...this.#tables.intents.getRange({ start: `${dataset}|`, end: `${dataset}}` })].map(({ key, value }) => ({
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
    return this.#tables.intents.getKeysCount({ start: `${dataset}|`, end: `${dataset}}`, limit: 1 }) > 0;
  }

  /** Records of a dataset whose withdrawal is held back, in key order. */
  held(dataset: string): Held[] {
    return this.holders(dataset).filter(({ dormant }) => dormant !== true);
  }

  /** The same, with those that were named since. */
  holders(dataset: string): Held[] {
    return [...this.#tables.holds.getRange({ start: `${dataset}|`, end: `${dataset}}` })].map(({ key, value }) => ({
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
    return this.#track(() => {
      for (const { subject, recordId } of remove) this.#tables.holds.removeSync(stateKey(dataset, subject, recordId));
      for (const { subject, recordId, ...held } of put)
        this.#tables.holds.putSync(stateKey(dataset, subject, recordId), held);
    });
  }

  read(name: string, dataset: string): unknown {
    return this.#tables.meta.get(`${name}|${dataset}`);
  }

  /** 32 bytes that only this folder knows, for names that cannot be guessed back. */
  secret(): Buffer {
    const own = this.#tables.meta.get('secret');
    if (typeof own === 'string') return Buffer.from(own, 'hex');
    const hex = this.env.writeSync(() => {
      // another process may have been faster
      const known = this.#tables.meta.get('secret');
      if (typeof known === 'string') return known;
      const fresh = randomBytes(32).toString('hex');
      this.#tables.meta.putSync('secret', fresh);
      return fresh;
    });
    return Buffer.from(hex, 'hex');
  }

  write(name: string, dataset: string, value: unknown): void {
    // as it is now: whoever gave it may change it before it is written
    const text = asBinary(Buffer.from(JSON.stringify(value)));
    void this.#track(() => this.#tables.meta.putSync(`${name}|${dataset}`, text));
  }

  /**
   * What is noted of a dataset, read and written in one step that no other process comes between; on disk when it
   * resolves. @throws YitongError `state_unavailable`
   */
  change<T>(
    dataset: string,
    work: (noted: { get(name: string): unknown; put(name: string, value: unknown): void }) => T,
  ): Promise<T> {
    const { meta } = this.#tables;
    return this.#commit(() =>
      work({
        get: (name) => meta.get(`${name}|${dataset}`),
        put: (name, value) => meta.putSync(`${name}|${dataset}`, value),
      }),
    );
  }

  /** Who publishes to a dataset, first, and who waits to, as the other processes have left it. */
  queue(dataset: string): readonly string[] {
    this.env.root.resetReadTxn();
    return queueOf(this.#tables.meta.get(`queue|${dataset}`));
  }

  /** Resolves when the others see it. */
  async changeQueue(dataset: string, change: (queue: readonly string[]) => readonly string[]): Promise<void> {
    await this.#commit(() => {
      const next = change(queueOf(this.#tables.meta.get(`queue|${dataset}`)));
      if (next.length === 0) this.#tables.meta.removeSync(`queue|${dataset}`);
      else this.#tables.meta.putSync(`queue|${dataset}`, next);
    });
  }

  /** All that is known of a dataset: its records, positions, what its source had read, its watermark. */
  async forget(dataset: string): Promise<void> {
    await this.#last.catch(() => undefined);
    for (const map of [this.#tables.records, this.#tables.positions, this.#tables.intents, this.#tables.holds]) {
      for (;;) {
        const keys = [...map.getKeys({ start: `${dataset}|`, end: `${dataset}}`, limit: FORGET })];
        await this.#commit(() => {
          for (const key of keys) map.removeSync(key);
        });
        if (keys.length < FORGET) break;
      }
    }
    await this.#commit(() => {
      for (const name of NOTED) this.#tables.meta.removeSync(`${name}|${dataset}`);
    });
  }

  /** Resolves when all that was put is on disk. @throws YitongError `state_unavailable` if it is not */
  async flushed(): Promise<void> {
    await this.#last.catch(() => undefined);
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
