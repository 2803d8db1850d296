/**
 * Names of a register's companies, to be found by a part of them, in one LMDB file (`<data>/names/index.mdb`) that the
 * writer keeps up with the bus and every worker reads. It only says where to look: what is told is read from the view
 * under policy, so that a name which is late here is told to nobody as another's.
 *
 * Companies lie in so many blocks by a hash of their key; a block is one value, and looking for a part of a name is a
 * search for bytes in each.
 */
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { type Database, type Env, openEnv } from '../../../connectors/lmdb/env.js';
import { damageOf } from '../../../connectors/lmdb/file.js';
import { fit } from './normal.js';

/** What a version on the topic says of its record: its name now, normal, or that it has none any more. */
export interface NameChange {
  readonly partition: number;
  readonly offset: number;
  /** `<subject>|<record id>` */
  readonly record: string;
  readonly name: string | undefined;
}

interface NamedCompany {
  readonly subject: string;
  /** Normal. */
  readonly name: string;
}

interface Candidates {
  /** Those that fit best come first. */
  readonly companies: readonly NamedCompany[];
  /** There are more than these. */
  readonly more: boolean;
}

/** Raised with any change of how names are made normal or kept: then the index is made anew. */
export const NAMES_FORMAT = 1;
const BLOCKS = 1024;
/** Blocks between two turns of the event loop: about 8 MB at a million companies. */
const SLICE = 128;
/** Names that fit, after which no more are looked for: whoever asks so has to say more. */
const MOST_HITS = 20_000;
const [LINE, ZERO] = [10, 0];

const dirOf = (dataDir: string): string => join(dataDir, 'names');
const fileOf = (dataDir: string): string => join(dirOf(dataDir), 'index.mdb');
/** Anything can stand in a record id; here it stands without line ends. */
const written = (record: string): string => encodeURIComponent(record);
const subjectIn = (record: string): string => decodeURIComponent(record).replace(/\|.*$/s, '');

/** FNV-1a over the subject. */
function blockOf(record: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < record.length && record[i] !== '|'; i++)
    hash = Math.imul(hash ^ record.charCodeAt(i), 0x01000193) >>> 0;
  return hash % BLOCKS;
}

export class NamesWriter {
  readonly #env: Env<unknown, string>;
  readonly #blocks: Database<Buffer, number>;
  /** Not written yet: by record, the newest. */
  #pending = new Map<string, string | undefined>();
  #next = new Map<number, number>();

  private constructor(env: Env<unknown, string>, blocks: Database<Buffer, number>) {
    this.#env = env;
    this.#blocks = blocks;
  }

  static open(dataDir: string): NamesWriter {
    mkdirSync(dirOf(dataDir), { recursive: true, mode: 0o700 });
    const path = fileOf(dataDir);
    // all of it can be had from the bus again: readers see another file, and open that
    if (damageOf(path) !== undefined) for (const file of [path, `${path}-lock`]) rmSync(file, { force: true });
    const env = openEnv<unknown, string>({ file: path, encoding: 'json', maxDbs: 4, maxReaders: 512 });
    for (const file of [path, `${path}-lock`]) if (existsSync(file)) chmodSync(file, 0o600);
    return new NamesWriter(env, env.table<Buffer, number>('blocks', { encoding: 'binary' }));
  }

  /** Of that topic, read in that way: another one is read from its beginning. */
  async follow(source: string): Promise<void> {
    this.#pending.clear();
    this.#next.clear();
    if (this.#env.root.get('source') === source) return;
    await this.#env.write(() => {
      this.#blocks.clearSync();
      for (const key of [...this.#env.root.getKeys({ start: 'next|', end: 'next}' })]) this.#env.root.removeSync(key);
      this.#env.root.putSync('source', source);
    });
  }

  /** The offset to read next, after what is taken and not written yet. */
  next(partition: number): number {
    return this.#next.get(partition) ?? Number(this.#env.root.get(`next|${String(partition)}`) ?? 0);
  }

  /**
   * Takes changes in their order; what came before is passed over. Nothing of it is kept before `flush`.
   * @returns how many wait for that
   */
  take(changes: readonly NameChange[]): number {
    for (const { partition, offset, record, name } of changes) {
      if (offset < this.next(partition)) continue;
      this.#pending.set(record, name);
      this.#next.set(partition, offset + 1);
    }
    return this.#pending.size;
  }

  /** Writes what was taken, in one commit: names and how far they were read. */
  async flush(): Promise<void> {
    if (this.#next.size === 0) return;
    const byBlock = new Map<number, [string, string | undefined][]>();
    for (const [record, name] of this.#pending) {
      const block = blockOf(record);
      const changesOfBlock = byBlock.get(block);
      if (changesOfBlock === undefined) byBlock.set(block, [[written(record), name]]);
      else changesOfBlock.push([written(record), name]);
    }
    const next = [...this.#next];
    await this.#env.write(() => {
      for (const [block, changes] of byBlock) {
        const lines = linesOf(this.#blocks.get(block));
        for (const [record, name] of changes) {
          if (name === undefined || name === '') lines.delete(record);
          else lines.set(record, name);
        }
        if (lines.size === 0) this.#blocks.removeSync(block);
        else
          this.#blocks.putSync(block, Buffer.from([...lines].map(([record, name]) => `${name}\0${record}\n`).join('')));
      }
      for (const [partition, offset] of next) this.#env.root.putSync(`next|${String(partition)}`, offset);
    });
    this.#pending.clear();
    this.#next.clear();
  }

  close(): Promise<void> {
    return this.#env.close();
  }
}

function linesOf(block: Buffer | undefined): Map<string, string> {
  const lines = new Map<string, string>();
  for (const line of block?.toString('utf8').split('\n') ?? []) {
    const zero = line.indexOf('\0');
    if (zero >= 0) lines.set(line.slice(zero + 1), line.slice(0, zero));
  }
  return lines;
}

interface Hit extends NamedCompany {
  readonly rank: number;
}
const better = (a: Hit, b: Hit): number =>
  a.rank - b.rank ||
  a.name.length - b.name.length ||
  (a.name < b.name ? -1 : a.name > b.name ? 1 : a.subject < b.subject ? -1 : 1);

export class NamesReader {
  readonly #env: Env<unknown, string>;
  readonly #blocks: Database<Buffer, number>;

  private constructor(env: Env<unknown, string>, blocks: Database<Buffer, number>) {
    this.#env = env;
    this.#blocks = blocks;
  }

  /** Undefined while there is none that can be read: its writer has not made it yet, or it is damaged. */
  static open(dataDir: string): NamesReader | undefined {
    const path = fileOf(dataDir);
    if (!existsSync(path) || damageOf(path) !== undefined) return undefined;
    try {
      const env = openEnv<unknown, string>({
        file: path,
        encoding: 'json',
        maxDbs: 4,
        maxReaders: 512,
        readOnly: true,
      });
      return new NamesReader(env, env.table<Buffer, number>('blocks', { encoding: 'binary' }));
    } catch {
      return undefined;
    }
  }

  /**
   * @param sought normal, at least two letters
   * @param most as many as are given at most
   */
  async find(sought: string, forms: readonly string[], most: number): Promise<Candidates> {
    const bytes = Buffer.from(sought);
    let hits: Hit[] = [];
    let found = 0;
    const sift = (): void => void (hits = hits.sort(better).slice(0, most));
    for (let from = 0; from < BLOCKS && found < MOST_HITS; from += SLICE) {
      // what the writer has committed meanwhile counts
      this.#env.root.resetReadTxn();
      for (let block = from; block < Math.min(from + SLICE, BLOCKS); block++) {
        const value = this.#blocks.get(block);
        if (value !== undefined) {
          for (const { name, subject } of hitsIn(value, bytes)) {
            const rank = fit(name, sought, forms);
            if (rank === undefined) continue;
            found++;
            hits.push({ name, subject, rank });
            if (hits.length > most * 50) sift();
          }
        }
      }
      await pause();
    }
    sift();
    return { companies: hits.map(({ name, subject }) => ({ name, subject })), more: found > hits.length };
  }

  close(): Promise<void> {
    return this.#env.close();
  }
}

function* hitsIn(block: Buffer, sought: Buffer): Generator<NamedCompany, void> {
  for (let at = block.indexOf(sought); at >= 0; ) {
    const start = block.lastIndexOf(LINE, at) + 1;
    const zero = block.indexOf(ZERO, start);
    const end = block.indexOf(LINE, zero);
    // what stands behind the name is a key
    if (at < zero)
      yield { name: block.toString('utf8', start, zero), subject: subjectIn(block.toString('utf8', zero + 1, end)) };
    at = block.indexOf(sought, end);
  }
}
