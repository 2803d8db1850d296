/**
 * The blocks of one log (see block.ts): full ones stand in files and are built where one is missing; the last one grows
 * in memory behind the beginning that a file holds.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { present } from '../../../contracts/present.js';
import { OneByOne } from '../../../contracts/turns.js';
import { replaceFile } from '../../ground/files/durable.js';
import type { CaseReferences } from '../entries/body.js';
import type { SubjectKeys } from '../entries/keys.js';
import type { EntryReader, ReadEntry } from '../store/reading.js';
import { BLOCK, type Block, BlockBuilder, blockFile, JoinedBlock, partFile, StoredBlock } from './block.js';

/** Entries read at once. */
const RUN = 256;

export const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The last block, as far as it was built. */
interface GrowingBlock {
  readonly block: number;
  /** Its beginning, where a file holds it. */
  readonly part?: StoredBlock;
  /** What stands behind that beginning. */
  readonly builder: BlockBuilder;
  /** That of the keys when it was begun. */
  readonly generation: number;
}

export class LogBlocks {
  readonly #dir: string;
  readonly #reader: EntryReader;
  readonly #keys: SubjectKeys;
  #last: GrowingBlock | undefined;
  /** The last block grows in place, so one caller grows it at a time. */
  readonly #growing = new OneByOne();

  /** @param dir `AuditLayout.search` */
  constructor(dir: string, reader: EntryReader, keys: SubjectKeys) {
    this.#dir = dir;
    this.#reader = reader;
    this.#keys = keys;
  }

  /** Counts up with each erasure: what was built under another one may hold terms of a subject that was erased. */
  generation(): number {
    return this.#keys.generation();
  }

  /** The result of `work` on a block of a log of `end` entries; the block is not to be used afterwards. */
  async use<T>(block: number, end: number, work: (block: Block) => T): Promise<T> {
    if ((block + 1) * BLOCK > end) return work(await this.#lastUpTo(block, end - block * BLOCK));
    const full = await this.#full(block);
    try {
      return work(full);
    } finally {
      full.close?.();
    }
  }

  /** Writes a full block that has no file; whether it had none. */
  async write(block: number): Promise<boolean> {
    if (existsSync(blockFile(this.#dir, block))) return false;
    (await this.#full(block)).close?.();
    return true;
  }

  /** Entries from the log index `from` on, until the builder has `to` of them. */
  async extend(builder: BlockBuilder, from: number, to: number): Promise<void> {
    while (builder.count < to) {
      const run = Math.min(RUN, to - builder.count);
      for (const entry of this.#reader.run(from + builder.count, run, () => undefined)) addEntry(builder, entry);
      await turnOfLoop();
    }
  }

  /**
   * Writes a full block, or the beginning of one, if this process may write.
   * @param generation that of the keys when the first entry was read
   */
  keep(block: number, builder: BlockBuilder, generation: number): void {
    const full = builder.count === BLOCK;
    const part = partFile(this.#dir, block);
    const to = full ? blockFile(this.#dir, block) : part;
    try {
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
      replaceFile(to, builder.encode(), { mode: 0o600, syncDir: false });
      // An erasure counts up, then removes the blocks that it concerns. What was built from bodies as they were before
      // is either there by then and goes with them, or sees the count here.
      if (this.#keys.generation() !== generation) rmSync(to, { force: true });
      else if (full) rmSync(part, { force: true });
    } catch (error) {
      // a reader without the right to write searches all the same
      if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  /** When the last block is no longer grown by anybody, its file is closed. */
  async close(): Promise<void> {
    await this.#growing.over();
    this.#last?.part?.close();
  }

  async #full(block: number): Promise<Block & { close?(): void }> {
    const stored = StoredBlock.open(blockFile(this.#dir, block));
    if (stored !== undefined) return stored;
    const generation = this.#keys.generation();
    const builder = new BlockBuilder();
    await this.extend(builder, block * BLOCK, BLOCK);
    this.keep(block, builder, generation);
    return builder;
  }

  #lastUpTo(block: number, to: number): Promise<Block> {
    return this.#growing.take(() => this.#grow(block, to));
  }

  /** The last block up to its entry `to`. */
  async #grow(block: number, to: number): Promise<Block> {
    const last = this.#begun(block);
    const { part, builder } = last;
    const begin = part?.count ?? 0;
    try {
      await this.extend(builder, block * BLOCK + begin, to - begin);
    } catch (error) {
      // what broke off in the middle must not be taken as the beginning of more
      this.#last = undefined;
      part?.close();
      throw error;
    }
    return part === undefined ? builder : new JoinedBlock(part, builder);
  }

  /** The last block as it was left; begun anew where another one is the last now, or a subject was erased since. */
  #begun(block: number): GrowingBlock {
    const generation = this.#keys.generation();
    if (this.#last?.block === block && this.#last.generation === generation) return this.#last;
    this.#last?.part?.close();
    const part = StoredBlock.open(partFile(this.#dir, block));
    this.#last = { block, ...present({ part }), builder: new BlockBuilder(), generation };
    return this.#last;
  }
}

/** Adds an entry to the block; one that cannot be decrypted is found by what it says in clear. */
export function addEntry(builder: BlockBuilder, entry: ReadEntry | undefined): void {
  builder.add(entry?.body, entry === undefined ? undefined : referencesOf(entry));
}

function referencesOf(entry: ReadEntry): CaseReferences | undefined {
  try {
    return entry.references;
  } catch {
    return undefined;
  }
}

/** Entries of the block, ascending, that have all terms; all entries if none is asked for. */
export function entriesWith(block: Block, terms: readonly number[]): ArrayLike<number> {
  if (terms.length === 0) return Uint16Array.from({ length: block.count }, (_, i) => i);
  const lists = terms.map((term) => block.entries(term)).sort((a, b) => a.length - b.length);
  let [result = new Uint16Array(0)] = lists;
  for (const list of lists.slice(1)) {
    if (result.length === 0) break;
    const kept = new Uint16Array(result.length);
    let count = 0;
    for (let i = 0, j = 0; i < result.length && j < list.length; ) {
      const a = result[i] ?? 0;
      const b = list[j] ?? 0;
      if (a === b) {
        kept[count++] = a;
        i++;
        j++;
      } else if (a < b) i++;
      else j++;
    }
    result = kept.subarray(0, count);
  }
  return result;
}

export function* inOrder(entries: ArrayLike<number>, ascending: boolean): Generator<number> {
  for (let i = 0; i < entries.length; i++) yield entries[ascending ? i : entries.length - 1 - i] ?? 0;
}
