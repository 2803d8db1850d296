/**
 * Who saw what, when and why, over the whole log: an index in blocks (see block.ts), made again from bodies and log wherever it is
 * missing. What is shown is always read from the stored body and compared; the index only says where to look.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { replaceFile } from '../durable.js';
import { openSubjectKeys, type SubjectKeys } from '../keys.js';
import { auditLayout } from '../layout.js';
import { goneBy, openBodies, type BodyStore, type StoredBody } from '../log/bodies.js';
import { committedSize } from '../log/size.js';
import { unseal, type OpenedSubject } from '../seal.js';
import { BLOCK, BlockBuilder, blockFile, StoredBlock, type Block } from './block.js';
import { detailsOf, eachTerm, termHash, type CaseReferences, type LogBody, type TermKind } from './entry.js';
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
  /** 事项编码 */
  readonly item?: string;
  /** `allow`: something was released; `deny`: something was refused. */
  readonly result?: 'allow' | 'deny';
  readonly type?: string;
  readonly action?: string;
  readonly request?: string;
  /** As asked, `uscc:…`. Needs access to the key map. */
  readonly subject?: string;
  /** Instead of `subject`. 32 hex digits */
  readonly pseudonym?: string;
  /** 办件编号 and 经办人. Need access to the key map. */
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
  entries(query: SearchQuery, options?: Omit<PageOptions, 'limit' | 'after'>): AsyncGenerator<FoundEntry, void, undefined>;
  /** Undefined if the log has no such entry. */
  entry(index: number, open?: boolean): FoundEntry | undefined;
  /** Its bytes and salt, as the log commits to them. */
  stored(index: number): StoredBody | undefined;
  /** Sums of the hours in [from, to), ms since 1970. */
  overview(from: number, to: number): Promise<Summary>;
  /** Writes blocks that are full and have no file; how many. */
  catchUp(): Promise<number>;
  close(): Promise<void>;
}

const TERMS: readonly (keyof SearchQuery & TermKind)[] = ['client', 'authority', 'provider', 'dataset', 'grant', 'purpose', 'item', 'result', 'type', 'action', 'request'];
/** Blocks looked at between two turns of the event loop. */
const TURN = 32;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Opens what a data folder has. `keys` of the caller are not closed here. */
export function openSearch(dataDir: string, given?: SubjectKeys): SearchIndex {
  const layout = auditLayout(dataDir);
  const keys = given ?? openSubjectKeys({ dir: layout.subjectKeys });
  const bodies: BodyStore = openBodies(layout.bodies, layout.index);
  let tail: { readonly block: number; readonly builder: BlockBuilder; readonly generation: number } | undefined;

  /** Published or not: bodies up to here are in place and stay what they are. */
  const size = (): number => committedSize(layout);
  const file = (block: number): string => blockFile(layout.search, block);

  const opened = ({ kind, body }: { readonly kind: StoredBody['kind']; readonly body: LogBody }): OpenedSubject | undefined => {
    const { pseudonym, enc } = body.subject ?? {};
    if (kind !== 'present' || pseudonym === undefined || enc === undefined) return undefined;
    const secret = keys.byPseudonym(pseudonym);
    return secret === undefined ? undefined : unseal(secret, enc);
  };

  function references(stored: StoredBody, body: LogBody): CaseReferences {
    const { caseId, actor } = detailsOf(opened({ kind: stored.kind, body }));
    return { ...(caseId === undefined ? {} : { case: keys.reference('case', caseId) }), ...(actor === undefined ? {} : { actor: keys.reference('actor', actor) }) };
  }

  /** An erased entry keeps its clear part; what led to its subject is gone. */
  function bodyOf(stored: StoredBody): FoundEntry['body'] {
    const body = JSON.parse(stored.body.toString('utf8')) as FoundEntry['body'];
    if (stored.kind === 'present') return body;
    const { subject: _, ...clear } = body;
    return clear;
  }

  async function extend(builder: BlockBuilder, block: number, to: number): Promise<void> {
    while (builder.count < to) {
      const stored = bodies.read(block * BLOCK + builder.count);
      const body = stored === undefined ? undefined : bodyOf(stored);
      builder.add(body, stored === undefined || body === undefined ? undefined : references(stored, body));
      if (builder.count % 512 === 0) await turn();
    }
  }

  let building: Promise<unknown> = Promise.resolve();
  /** A block up to its entry `to`; one at a time, since the last block grows in place. */
  function build(block: number, to: number): Promise<BlockBuilder> {
    const made = building.then(async () => {
      // terms of a subject that was erased meanwhile leave with the block that has them
      const generation = keys.generation();
      const builder = tail?.block === block && tail.generation === generation ? tail.builder : new BlockBuilder();
      // what broke off in the middle must not be taken as the beginning of more
      tail = undefined;
      await extend(builder, block, to);
      tail = { block, builder, generation };
      return builder;
    });
    building = made.catch(() => undefined);
    return made;
  }

  /** A block that is full and has no file is built, and kept if this process may write. */
  async function fullBlock(block: number): Promise<Block & { close?(): void }> {
    const stored = StoredBlock.open(file(block));
    if (stored !== undefined) return stored;
    const generation = keys.generation();
    const builder = await build(block, BLOCK);
    try {
      mkdirSync(layout.search, { recursive: true, mode: 0o700 });
      replaceFile(file(block), builder.encode(), { mode: 0o600, syncDir: false });
      // An erasure counts up, then removes the blocks that it concerns. What was built from bodies as they were before is either
      // there by then and goes with them, or sees the count here.
      if (keys.generation() !== generation) rmSync(file(block), { force: true });
    } catch (error) {
      // a reader without the right to write searches all the same
      if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
    return builder;
  }

  async function withBlock<T>(block: number, end: number, work: (block: Block) => T): Promise<T> {
    if ((block + 1) * BLOCK > end) return work(await build(block, end - block * BLOCK));
    const full = await fullBlock(block);
    try {
      return work(full);
    } finally {
      full.close?.();
    }
  }

  interface Wanted {
    readonly terms: readonly number[];
    matches(stored: StoredBody, body: LogBody): boolean;
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
    if (query.caseId !== undefined) asked.push(['case', keys.reference('case', query.caseId)]);
    if (query.actor !== undefined) asked.push(['actor', keys.reference('actor', query.actor)]);
    return {
      terms: asked.map(([kind, value]) => termHash(kind, value)),
      matches(stored, body) {
        const missing = new Set(asked.map(([kind, value]) => `${kind}:${value}`));
        // only a question about a case or its handler needs the subject's key
        eachTerm(body, query.caseId === undefined && query.actor === undefined ? undefined : references(stored, body), (kind, value) => missing.delete(`${kind}:${value}`));
        return missing.size === 0;
      },
    };
  }

  function found(index: number, stored: StoredBody, body: FoundEntry['body'], open: boolean): FoundEntry {
    const subject = open ? opened({ kind: stored.kind, body }) : undefined;
    return {
      index,
      receipt: `${stored.journal}:${stored.seq}`,
      ...goneBy(stored),
      body,
      ...(subject === undefined ? {} : { opened: subject }),
    };
  }

  async function page(query: SearchQuery, { limit, oldestFirst = false, after, open = false }: PageOptions): Promise<Page> {
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
          const stored = bodies.read(index);
          if (stored === undefined) continue;
          const body = bodyOf(stored);
          if (!want.matches(stored, body)) continue;
          // one more than asked for: it says that there is a next page
          if (entries.length === limit) return true;
          entries.push(found(index, stored, body, open));
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
        const { entries, next } = await page(query, { ...options, limit: 1000, ...(after === undefined ? {} : { after }) });
        yield* entries;
        if (next === undefined) return;
        after = next;
      }
    },
    entry(index, open = false) {
      if (!Number.isSafeInteger(index) || index < 0 || index >= size()) return undefined;
      const stored = bodies.read(index);
      return stored === undefined ? undefined : found(index, stored, bodyOf(stored), open);
    },
    stored: (index) => (index < size() ? bodies.read(index) : undefined),
    async overview(from, to) {
      const end = size();
      const summaries: Summary[] = [];
      for (let block = Math.ceil(end / BLOCK) - 1, looked = 1; block >= 0; block--, looked++) {
        const summary = await withBlock(block, end, (at) => (at.lastTime < from || at.firstTime >= to ? undefined : at.summary()));
        if (summary !== undefined) summaries.push(summary);
        if (looked % TURN === 0) await turn();
      }
      return mergeSummaries(summaries, from, to);
    },
    async catchUp() {
      let made = 0;
      for (let block = Math.floor(size() / BLOCK) - 1; block >= 0; block--) {
        if (existsSync(file(block))) continue;
        (await fullBlock(block)).close?.();
        made++;
      }
      return made;
    },
    async close() {
      await building;
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
