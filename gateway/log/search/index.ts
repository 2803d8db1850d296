/**
 * Who saw what, when and why, over the whole log: an index in blocks (see block.ts), made again from bodies and log
 * wherever it is missing. What is shown is always read from the stored body and compared; the index only says where to
 * look.
 */

import { present } from '../../../contracts/present.js';
import type { LogBody } from '../entries/body.js';
import { openSubjectKeys, type SubjectKeys } from '../entries/keys.js';
import { type AuditLayout, auditLayout } from '../entries/layout.js';
import type { OpenedSubject } from '../entries/seal.js';
import { type BodyStore, goneBy, openBodies, type StoredBody } from '../store/bodies.js';
import { type EntryReader, entryReader, type ReadEntry } from '../store/reading.js';
import { committedSize } from '../store/size.js';
import { BLOCK, type Block } from './block.js';
import { entriesWith, inOrder, LogBlocks, turnOfLoop } from './blocks.js';
import { BlockFeed, type IndexFeed } from './feed.js';
import { type SearchQuery, type Wanted, wantedBy } from './query.js';
import { mergeSummaries, type Summary } from './summary.js';

export { type IndexFeed, PART } from './feed.js';
export type { SearchQuery } from './query.js';

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

export interface FoundPage {
  readonly entries: readonly FoundEntry[];
  /** Give it as `after` for the next page; absent at the end. */
  readonly next?: number;
}

export interface SearchIndex {
  /** Entries of the log, as far as the sequencer has committed it. */
  size(): number;
  page(query: SearchQuery, options: PageOptions): Promise<FoundPage>;
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

/** Blocks looked at between two turns of the event loop. */
const TURN = 32;
/** Entries of a page where all that match are asked for. */
const PAGE = 1000;

/** Opens what a data folder has. `keys` of the caller are not closed here. */
export function openSearch(dataDir: string, keys?: SubjectKeys): SearchIndex {
  return new LogSearch(auditLayout(dataDir), keys);
}

class LogSearch implements SearchIndex {
  readonly #layout: AuditLayout;
  readonly #keys: SubjectKeys;
  /** Opened here, and so closed here. */
  readonly #ownsKeys: boolean;
  readonly #bodies: BodyStore;
  readonly #reader: EntryReader;
  readonly #blocks: LogBlocks;

  constructor(layout: AuditLayout, keys: SubjectKeys | undefined) {
    this.#layout = layout;
    this.#ownsKeys = keys === undefined;
    this.#keys = keys ?? openSubjectKeys({ dir: layout.subjectKeys });
    this.#bodies = openBodies(layout.bodies, layout.index);
    this.#reader = entryReader(this.#bodies, this.#keys);
    this.#blocks = new LogBlocks(layout.search, this.#reader, this.#keys);
  }

  /** Published or not: bodies up to here are in place and stay what they are. */
  size(): number {
    return committedSize(this.#layout);
  }

  async page(query: SearchQuery, options: PageOptions): Promise<FoundPage> {
    const end = this.size();
    const wanted = wantedBy(query, this.#keys);
    if (wanted === undefined || end === 0) return { entries: [] };
    const page = new PageInProgress(query, wanted, options, end);
    let looked = 0;
    for (const block of page.blocks()) {
      const full = await this.#blocks.use(block, end, (at) => this.#collect(page, block, at));
      if (full) return { entries: page.entries, next: page.entries.at(-1)?.index ?? page.begin };
      if (++looked % TURN === 0) await turnOfLoop();
    }
    return { entries: page.entries };
  }

  /** Adds what matches in a block to the page; true where the page is full and more matches. */
  #collect(page: PageInProgress, block: number, at: Block): boolean {
    if (page.isOutside(at.firstTime, at.lastTime)) return false;
    for (const entry of inOrder(entriesWith(at, page.wanted.terms), page.oldestFirst)) {
      const index = block * BLOCK + entry;
      if (!page.covers(index) || !page.isInTime(at, entry)) continue;
      const read = this.#reader.read(index);
      if (read === undefined || !page.wanted.matches(read)) continue;
      // one more than asked for: it says that there is a next page
      if (page.entries.length === page.limit) return true;
      page.entries.push(found(read, page.open));
    }
    return false;
  }

  async *entries(
    query: SearchQuery,
    options: Omit<PageOptions, 'limit' | 'after'> = {},
  ): AsyncGenerator<FoundEntry, void, undefined> {
    for (let after: number | undefined; ; ) {
      const { entries, next } = await this.page(query, { ...options, limit: PAGE, ...present({ after }) });
      yield* entries;
      if (next === undefined) return;
      after = next;
    }
  }

  entry(index: number, open = false): FoundEntry | undefined {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.size()) return undefined;
    const read = this.#reader.read(index);
    return read === undefined ? undefined : found(read, open);
  }

  stored(index: number): StoredBody | undefined {
    return index < this.size() ? this.#bodies.read(index) : undefined;
  }

  async overview(from: number, to: number): Promise<Summary> {
    const end = this.size();
    const summaries: Summary[] = [];
    for (let block = Math.ceil(end / BLOCK) - 1, looked = 1; block >= 0; block--, looked++) {
      const summary = await this.#blocks.use(block, end, (at) =>
        at.lastTime < from || at.firstTime >= to ? undefined : at.summary(),
      );
      if (summary !== undefined) summaries.push(summary);
      if (looked % TURN === 0) await turnOfLoop();
    }
    return mergeSummaries(summaries, from, to);
  }

  feed(): IndexFeed {
    return new BlockFeed(this.#blocks);
  }

  async catchUp(before = Infinity): Promise<number> {
    let written = 0;
    for (let block = Math.floor(Math.min(before, this.size()) / BLOCK) - 1; block >= 0; block--)
      if (await this.#blocks.write(block)) written++;
    return written;
  }

  async close(): Promise<void> {
    await this.#blocks.close();
    this.#bodies.close();
    if (this.#ownsKeys) await this.#keys.close();
  }
}

/** A page that is being filled: what it may hold, and where it begins. */
class PageInProgress {
  readonly entries: FoundEntry[] = [];
  readonly limit: number;
  readonly oldestFirst: boolean;
  readonly open: boolean;
  /** Log index at which the page begins, in its direction. */
  readonly begin: number;
  readonly #end: number;
  readonly #since: number;
  readonly #until: number;
  readonly #asksForTime: boolean;

  /** @param end entries of the log */
  constructor(
    query: SearchQuery,
    readonly wanted: Wanted,
    { limit, oldestFirst = false, after, open = false }: PageOptions,
    end: number,
  ) {
    this.limit = limit;
    this.oldestFirst = oldestFirst;
    this.open = open;
    this.#end = end;
    this.#since = query.since ?? -Infinity;
    this.#until = query.until ?? Infinity;
    this.#asksForTime = query.since !== undefined || query.until !== undefined;
    if (after === undefined) this.begin = oldestFirst ? 0 : end - 1;
    else this.begin = oldestFirst ? after + 1 : after - 1;
  }

  /** The blocks to look at, in the page's direction. */
  *blocks(): Generator<number> {
    const count = Math.ceil(this.#end / BLOCK);
    const step = this.oldestFirst ? 1 : -1;
    for (let block = Math.floor(this.begin / BLOCK); block >= 0 && block < count; block += step) yield block;
  }

  /** Whether a block, by the times of its entries, has nothing of the time asked for. */
  isOutside(firstTime: number, lastTime: number): boolean {
    return lastTime < this.#since || firstTime >= this.#until;
  }

  covers(index: number): boolean {
    return (this.oldestFirst ? index >= this.begin : index <= this.begin) && index < this.#end;
  }

  isInTime(block: Block, entry: number): boolean {
    if (!this.#asksForTime) return true;
    const time = block.time(entry);
    return time >= this.#since && time < this.#until;
  }
}

function found(entry: ReadEntry, open: boolean): FoundEntry {
  const { index, stored, body } = entry;
  const opened = open ? entry.opened : undefined;
  return { index, receipt: `${stored.journal}:${stored.seq}`, ...goneBy(stored), body, ...present({ opened }) };
}
