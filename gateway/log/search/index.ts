/**
 * Who saw what, when and why, over the whole log: an index in blocks (see block.ts), made again from bodies and log
 * wherever it is missing. What is shown is always read from the stored body and compared; the index only says where to
 * look.
 */

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { present } from '../../../contracts/present.js';
import { replaceFile } from '../../ground/files/durable.js';
import { type CaseReferences, eachTerm, type LogBody, type TermKind, termHash } from '../entries/body.js';
import { openSubjectKeys, type SubjectKeys } from '../entries/keys.js';
import { auditLayout } from '../entries/layout.js';
import type { OpenedSubject } from '../entries/seal.js';
import { type BodyStore, goneBy, openBodies, type StoredBody } from '../store/bodies.js';
import { entryReader, type ReadEntry } from '../store/reading.js';
import { committedSize } from '../store/size.js';
import { BLOCK, type Block, BlockBuilder, blockFile, JoinedBlock, partFile, StoredBlock } from './block.js';
import { mergeSummaries, type Summary } from './summary.js';

export interface SearchQuery {
  readonly client?: string;
  /** The authority to which the client belongs. */
  readonly authority?: string;
  /** The authority that publishes a dataset. */
  readonly provider?: string;
  readonly dataset?: string;
  readonly grant?: string;
  readonly purpose?: string;
  /** `allow`: something was released; `deny`: something was refused. */
  readonly result?: 'allow' | 'deny';
  readonly type?: string;
  readonly action?: string;
  readonly request?: string;
  /** As asked, `uscc:…`. Needs access to the key map. */
  readonly subject?: string;
  /** Instead of `subject`. 32 hex digits */
  readonly pseudonym?: string;
  /** 事项编码, 办件编号 and 经办人. Need access to the key map. */
  readonly item?: string;
  readonly caseId?: string;
  readonly actor?: string;
  /** ms since 1970 */
  readonly since?: number;
  /** ms since 1970, exclusive */
  readonly until?: number;
}

export interface PageOptions {
  readonly limit: number;
  readonly oldestFirst?: boolean;
  /** Log index of the last entry seen: the page begins behind it, in the direction asked for. */
  readonly after?: number;
  /** Decrypts subject parts, for those who may resolve them. */
  readonly open?: boolean;
}

export interface FoundEntry {
  readonly index: number;
  /** `<journal>:<seq>` */
  readonly receipt: string;
  readonly erasedBy?: number;
  /** Its term was over: nothing of the body is left. */
  readonly expiredBy?: number;
  readonly body: LogBody & Readonly<Record<string, unknown>>;
  /** The decrypted subject part: where it was asked for and its key was not destroyed. */
  readonly opened?: OpenedSubject;
}

export interface Page {
  readonly entries: readonly FoundEntry[];
  /** Give it as `after` for the next page; absent at the end. */
  readonly next?: number;
}

export interface SearchIndex {
  /** Entries of the log, as far as the sequencer has committed it. */
  size(): number;
  page(query: SearchQuery, options: PageOptions): Promise<Page>;
  /** All that match, page by page. */
  entries(
    query: SearchQuery,
    options?: Omit<PageOptions, 'limit' | 'after'>,
  ): AsyncGenerator<FoundEntry, void, undefined>;
  /** Undefined if the log has no such entry. */
  entry(index: number, open?: boolean): FoundEntry | undefined;
  /** Its bytes and salt, as the log commits to them. */
  stored(index: number): StoredBody | undefined;
  /** Sums of the hours in [from, to), ms since 1970. */
  overview(from: number, to: number): Promise<Summary>;
  /** Writes blocks that are full and have no file, of the entries before `before`, by default of all; how many. */
  catchUp(before?: number): Promise<number>;
  /** For the one process that follows the log and writes the index as it goes. */
  feed(): IndexFeed;
  close(): Promise<void>;
}

/** The index as one who reads each entry anyway makes it. */
export interface IndexFeed {
  /**
   * Ready for entry `next`: what the block holds before it is read again where this was not fed with it, or where a
   * subject of it was erased since.
   */
  begin(next: number): Promise<void>;
  /**
   * The entry behind the last one; undefined where there is none to read. A block that it fills is written, and now and
   * then the beginning of one.
   */
  take(entry: ReadEntry | undefined): void;
}

const TERMS: readonly (keyof SearchQuery & TermKind)[] = [
  'client',
  'authority',
  'provider',
  'dataset',
  'grant',
  'purpose',
  'result',
  'type',
  'action',
  'request',
];
/** Blocks looked at between two turns of the event loop. */
const TURN = 32;
/** Entries read at once. */
const RUN = 256;
/** Entries after which the beginning of a block is written: whoever opens the index reads no more bodies than these. */
export const PART = 4096;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Opens what a data folder has. `keys` of the caller are not closed here. */
export function openSearch(dataDir: string, given?: SubjectKeys): SearchIndex {
  const layout = auditLayout(dataDir);
  const keys = given ?? openSubjectKeys({ dir: layout.subjectKeys });
  const bodies: BodyStore = openBodies(layout.bodies, layout.index);
  const reader = entryReader(bodies, keys);
  let tail:
    | {
        readonly block: number;
        readonly part?: StoredBlock;
        readonly builder: BlockBuilder;
        readonly generation: number;
      }
    | undefined;

  /** Published or not: bodies up to here are in place and stay what they are. */
  const size = (): number => committedSize(layout);
  const file = (block: number): string => blockFile(layout.search, block);

  /** What cannot be decrypted is found by what it says in clear. */
  const referencesOf = (entry: ReadEntry): CaseReferences | undefined => {
    try {
      return entry.references;
    } catch {
      return undefined;
    }
  };
  const addTo = (builder: BlockBuilder, entry: ReadEntry | undefined): void =>
    builder.add(entry?.body, entry === undefined ? undefined : referencesOf(entry));

  /** Entries from the log index `from` on, until the builder has `to`. */
  async function extend(builder: BlockBuilder, from: number, to: number): Promise<void> {
    while (builder.count < to) {
      for (const entry of reader.run(from + builder.count, Math.min(RUN, to - builder.count), () => undefined))
        addTo(builder, entry);
      await turn();
    }
  }

  let building: Promise<unknown> = Promise.resolve();
  /** The last block up to its entry `to`; one at a time, since it grows in place. */
  function lastBlock(block: number, to: number): Promise<Block> {
    const made = building.then(async (): Promise<Block> => {
      // terms of a subject that was erased meanwhile leave with the block that has them
      const generation = keys.generation();
      if (tail?.block !== block || tail.generation !== generation) {
        tail?.part?.close();
        const part = StoredBlock.open(partFile(layout.search, block));
        tail = { block, ...present({ part }), builder: new BlockBuilder(), generation };
      }
      const { part, builder } = tail;
      const begin = part?.count ?? 0;
      try {
        await extend(builder, block * BLOCK + begin, to - begin);
      } catch (error) {
        // what broke off in the middle must not be taken as the beginning of more
        tail = undefined;
        part?.close();
        throw error;
      }
      return part === undefined ? builder : new JoinedBlock(part, builder);
    });
    building = made.catch(() => undefined);
    return made;
  }

  /** Kept if this process may write. `generation`: that of the keys when the first entry was read. */
  function keep(block: number, builder: BlockBuilder, generation: number): void {
    const full = builder.count === BLOCK;
    const to = full ? file(block) : partFile(layout.search, block);
    try {
      mkdirSync(layout.search, { recursive: true, mode: 0o700 });
      replaceFile(to, builder.encode(), { mode: 0o600, syncDir: false });
      // An erasure counts up, then removes the blocks that it concerns. What was built from bodies as they were before
      // is either there by then and goes with them, or sees the count here.
      if (keys.generation() !== generation) rmSync(to, { force: true });
      else if (full) rmSync(partFile(layout.search, block), { force: true });
    } catch (error) {
      // a reader without the right to write searches all the same
      if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  /** A block that is full and has no file is built. */
  async function fullBlock(block: number): Promise<Block & { close?(): void }> {
    const stored = StoredBlock.open(file(block));
    if (stored !== undefined) return stored;
    const generation = keys.generation();
    const builder = new BlockBuilder();
    await extend(builder, block * BLOCK, BLOCK);
    keep(block, builder, generation);
    return builder;
  }

  function feed(): IndexFeed {
    let at: { readonly block: number; builder: BlockBuilder; readonly generation: number } | undefined;
    return {
      async begin(next) {
        const block = Math.floor(next / BLOCK);
        const generation = keys.generation();
        if (at?.block === block && at.builder.count === next % BLOCK && at.generation === generation) return;
        at = undefined;
        const builder = new BlockBuilder();
        await extend(builder, block * BLOCK, next % BLOCK);
        at = { block, builder, generation };
      },
      take(entry) {
        if (at === undefined) return;
        const { block, builder, generation } = at;
        addTo(builder, entry);
        if (builder.count % PART !== 0) return;
        if (keys.generation() === generation) keep(block, builder, generation);
        if (builder.count === BLOCK)
          at = { block: block + 1, builder: new BlockBuilder(), generation: keys.generation() };
      },
    };
  }

  async function withBlock<T>(block: number, end: number, work: (block: Block) => T): Promise<T> {
    if ((block + 1) * BLOCK > end) return work(await lastBlock(block, end - block * BLOCK));
    const full = await fullBlock(block);
    try {
      return work(full);
    } finally {
      full.close?.();
    }
  }

  interface Wanted {
    readonly terms: readonly number[];
    matches(entry: ReadEntry): boolean;
  }

  /** Undefined where nothing can match: a subject that nobody ever asked about, or whose key was destroyed. */
  function wanted(query: SearchQuery): Wanted | undefined {
    const asked: [TermKind, string][] = [];
    for (const kind of TERMS) {
      const value = query[kind];
      if (value !== undefined) asked.push([kind, value]);
    }
    const pseudonym = query.pseudonym ?? (query.subject === undefined ? undefined : keys.get(query.subject)?.pseudonym);
    if (query.subject !== undefined && pseudonym === undefined) return undefined;
    if (pseudonym !== undefined) asked.push(['subject', pseudonym]);
    if (query.item !== undefined) asked.push(['item', keys.reference('item', query.item)]);
    if (query.caseId !== undefined) asked.push(['case', keys.reference('case', query.caseId)]);
    if (query.actor !== undefined) asked.push(['actor', keys.reference('actor', query.actor)]);
    return {
      terms: asked.map(([kind, value]) => termHash(kind, value)),
      matches(entry) {
        const missing = new Set(asked.map(([kind, value]) => `${kind}:${value}`));
        // only a question about an item, a case or its handler needs the subject's key
        eachTerm(
          entry.body,
          query.item === undefined && query.caseId === undefined && query.actor === undefined
            ? undefined
            : entry.references,
          (kind, value) => missing.delete(`${kind}:${value}`),
        );
        return missing.size === 0;
      },
    };
  }

  function found(entry: ReadEntry, open: boolean): FoundEntry {
    const { index, stored, body } = entry;
    const subject = open ? entry.opened : undefined;
    return {
      index,
      receipt: `${stored.journal}:${stored.seq}`,
      ...goneBy(stored),
      body,
      ...present({ opened: subject }),
    };
  }

  async function page(
    query: SearchQuery,
    { limit, oldestFirst = false, after, open = false }: PageOptions,
  ): Promise<Page> {
    const end = size();
    const want = wanted(query);
    const entries: FoundEntry[] = [];
    if (want === undefined || end === 0) return { entries };
    const { since = -Infinity, until = Infinity } = query;
    const blocks = Math.ceil(end / BLOCK);
    const step = oldestFirst ? 1 : -1;
    const begin = after === undefined ? (oldestFirst ? 0 : end - 1) : after + step;
    for (let block = Math.floor(begin / BLOCK), looked = 1; block >= 0 && block < blocks; block += step, looked++) {
      const more = await withBlock(block, end, (at) => {
        if (at.lastTime < since || at.firstTime >= until) return false;
        for (const entry of inOrder(intersect(at, want.terms), oldestFirst)) {
          const index = block * BLOCK + entry;
          if ((oldestFirst ? index < begin : index > begin) || index >= end) continue;
          if (query.since !== undefined || query.until !== undefined) {
            const time = at.time(entry);
            if (!(time >= since && time < until)) continue;
          }
          const read = reader.read(index);
          if (read === undefined || !want.matches(read)) continue;
          // one more than asked for: it says that there is a next page
          if (entries.length === limit) return true;
          entries.push(found(read, open));
        }
        return false;
      });
      if (more) return { entries, next: entries.at(-1)?.index ?? begin };
      if (looked % TURN === 0) await turn();
    }
    return { entries };
  }

  return {
    size,
    page,
    async *entries(query, options = {}) {
      for (let after: number | undefined; ; ) {
        const { entries, next } = await page(query, {
          ...options,
          limit: 1000,
          ...present({ after }),
        });
        yield* entries;
        if (next === undefined) return;
        after = next;
      }
    },
    entry(index, open = false) {
      if (!Number.isSafeInteger(index) || index < 0 || index >= size()) return undefined;
      const read = reader.read(index);
      return read === undefined ? undefined : found(read, open);
    },
    stored: (index) => (index < size() ? bodies.read(index) : undefined),
    async overview(from, to) {
      const end = size();
      const summaries: Summary[] = [];
      for (let block = Math.ceil(end / BLOCK) - 1, looked = 1; block >= 0; block--, looked++) {
        const summary = await withBlock(block, end, (at) =>
          at.lastTime < from || at.firstTime >= to ? undefined : at.summary(),
        );
        if (summary !== undefined) summaries.push(summary);
        if (looked % TURN === 0) await turn();
      }
      return mergeSummaries(summaries, from, to);
    },
    feed,
    async catchUp(before = Infinity) {
      let made = 0;
      for (let block = Math.floor(Math.min(before, size()) / BLOCK) - 1; block >= 0; block--) {
        if (existsSync(file(block))) continue;
        (await fullBlock(block)).close?.();
        made++;
      }
      return made;
    },
    async close() {
      await building;
      tail?.part?.close();
      bodies.close();
      if (given === undefined) await keys.close();
    },
  };
}

/** Entries that have all terms; all entries if none is asked for. */
function intersect(block: Block, terms: readonly number[]): ArrayLike<number> {
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

function* inOrder(entries: ArrayLike<number>, ascending: boolean): Generator<number> {
  for (let i = 0; i < entries.length; i++) yield entries[ascending ? i : entries.length - 1 - i] ?? 0;
}
