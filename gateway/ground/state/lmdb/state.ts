/**
 * The state of one replica in its data folder: every process of it opens the same file. A commit is on disk when it
 * resolves; many that come at once share a write, and one that is refused has written nothing but that it was.
 */
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import {
  behindAll,
  checkCount,
  checkedCommit,
  checkLimit,
  checkName,
  checkPrefix,
  conflict,
  cursorOf,
  type PageRange,
  pageRange,
} from '../checked.js';
import { Hints } from '../hints.js';
import {
  type Change,
  type Changed,
  type ChangesPage,
  type Commit,
  type DocumentsPage,
  type DocumentsQuery,
  type Lease,
  type OutboxMessage,
  REMEMBERED,
  type State,
  type StateDocument,
  type StateEvent,
  type StateHealth,
  type VersionedSet,
} from '../port.js';
import {
  apply,
  conflictIn,
  counterIn,
  documentIn,
  headOf,
  isHeld,
  isOver,
  removeCounter,
  removeDocument,
} from './apply.js';
import { type CommitRow, closeTables, type DocumentRow, openTables, type Tables } from './tables.js';

interface EmbeddedStateOptions {
  /** Of its own; made where it is not there. */
  readonly dir: string;
  /** ms since 1970 */
  readonly now?: () => number;
  /** Of which keys and uploads are those of what stands in it. */
  readonly folder?: string;
}

/** @throws YitongError `store_damaged` */
export const openEmbeddedState = ({ dir, now = Date.now, folder }: EmbeddedStateOptions): State =>
  new EmbeddedState(openTables(dir), now, folder);

class EmbeddedState implements State {
  readonly driver = 'embedded';
  readonly #tables: Tables;
  readonly #now: () => number;
  readonly #hints = new Hints();
  #failed: string | undefined;
  #answeredAt = performance.now();
  readonly folder?: string;

  constructor(tables: Tables, now: () => number, folder: string | undefined) {
    this.#tables = tables;
    this.#now = now;
    if (folder !== undefined) this.folder = folder;
  }

  async events(stream: string, after = 0, limit = 1000): Promise<readonly StateEvent[]> {
    checkName(stream, 'a stream');
    const start = checkCount(after, 'a number of events') + 1;
    const { events } = this.#latest();
    return [...events.getRange({ start: [stream, start], end: [stream, Infinity], limit: checkLimit(limit) })].map(
      ({ key: [, number], value }) => ({ number, ...value }),
    );
  }

  async document(kind: string, id: string): Promise<StateDocument | undefined> {
    checkName(kind, 'a kind');
    checkName(id, 'an id');
    const row = documentIn(this.#latest(), kind, id, this.#now());
    return row && asDocument(kind, id, row);
  }

  async documentsById(kind: string, ids: readonly string[]): Promise<readonly StateDocument[]> {
    checkName(kind, 'a kind');
    for (const id of ids) checkName(id, 'an id');
    const tables = this.#latest();
    const now = this.#now();
    return [...new Set(ids)].flatMap((id) => {
      const row = documentIn(tables, kind, id, now);
      return row === undefined ? [] : [asDocument(kind, id, row)];
    });
  }

  async documents(kind: string, query: DocumentsQuery = {}): Promise<DocumentsPage> {
    checkName(kind, 'a kind');
    const range = pageRange(query);
    const tables = this.#latest();
    const now = this.#now();
    const documents: StateDocument[] = [];
    let last = '';
    for (const [link, id] of places(tables, kind, range)) {
      const row = documentIn(tables, kind, id, now);
      if (row === undefined) continue;
      if (documents.length === range.limit) return { documents, next: last };
      documents.push(asDocument(kind, id, row));
      last = cursorOf(range.by, link, id);
    }
    return { documents };
  }

  async counter(name: string): Promise<number> {
    return counterIn(this.#latest(), checkName(name, 'a counter'), this.#now())?.count ?? 0;
  }

  async counters(prefix: string): Promise<ReadonlyMap<string, number>> {
    const start = checkPrefix(prefix, 'a counter');
    const { counters } = this.#latest();
    const now = this.#now();
    const found = new Map<string, number>();
    for (const { key, value } of counters.getRange({ start, end: behindAll(prefix) }))
      if (!isOver(value, now)) found.set(key, value.count);
    return found;
  }

  async set(name: string): Promise<VersionedSet> {
    checkName(name, 'a set');
    const { sets, members } = this.#latest();
    const found = members.getRange({ start: [name, ''], end: [name, behindAll('')] });
    return { version: sets.get(name) ?? 0, members: new Map([...found].map(({ key, value }) => [key[1], value[0]])) };
  }

  async commit(given: readonly Change[], id?: string): Promise<Commit> {
    const { changes } = checkedCommit(given);
    if (id !== undefined) checkName(id, 'the id of a commit');
    const { row, repeated } = await this.#write(() => this.#commitNow(changes, id));
    if ('conflict' in row) throw conflict(...row.conflict);
    if (!repeated) this.#hints.give();
    return { ...row, repeated };
  }

  /** Within a transaction. */
  #commitNow(changes: readonly Change[], id: string | undefined): { row: CommitRow; repeated: boolean } {
    const tables = this.#tables;
    const at = this.#now();
    const before = id === undefined ? undefined : tables.commits.get(id);
    if (before !== undefined && before.at > at - REMEMBERED) return { row: before, repeated: true };
    const found = conflictIn(tables, changes, at);
    const row: CommitRow = found === undefined ? this.#made(changes, at) : { at, conflict: found };
    if (id !== undefined) {
      if (before !== undefined) tables.times.removeSync([before.at, id]);
      tables.commits.putSync(id, row);
      tables.times.putSync([at, id], 0);
    }
    return { row, repeated: false };
  }

  #made(changes: readonly Change[], at: number): CommitRow {
    const tables = this.#tables;
    tables.env.refuseFull();
    const { lost, revision: before } = headOf(tables);
    const revision = before + 1;
    const counts = apply(tables, changes, { revision, at });
    tables.env.root.putSync('head', { revision, lost });
    return { revision, at, counts };
  }

  async revision(): Promise<number> {
    return headOf(this.#latest()).revision;
  }

  async changes(since: number, limit = 1000): Promise<ChangesPage> {
    checkCount(since, 'a revision');
    const most = checkLimit(limit);
    const tables = this.#latest();
    const { revision, lost } = headOf(tables);
    if (since < lost || since > revision) return { changes: [], next: revision, more: false, lost: true };
    const changes: Changed[] = [];
    for (const { key, value } of tables.changes.getRange({ start: since + 1 })) {
      for (const one of value.changes) changes.push({ revision: key, ...one });
      if (changes.length >= most) return { changes, next: key, more: key < revision, lost: false };
    }
    return { changes, next: revision, more: false, lost: false };
  }

  onHint(hint: () => void): () => void {
    return this.#hints.on(hint);
  }

  async outbox(limit = 100): Promise<readonly OutboxMessage[]> {
    const { outbox } = this.#latest();
    return [...outbox.getRange({ limit: checkLimit(limit) })].map(({ key, value }) => ({ number: key, ...value }));
  }

  async sent(numbers: readonly number[]): Promise<void> {
    await this.#write(() => {
      for (const number of numbers) this.#tables.outbox.removeSync(number);
    });
  }

  async lease(name: string, holder: string, ms: number): Promise<Lease | undefined> {
    checkName(name, 'a lease');
    checkName(holder, 'a holder');
    checkCount(ms, 'a time', 1);
    return await this.#write(() => {
      const now = this.#now();
      const before = this.#tables.leases.get(name);
      const held = isHeld(before, now) ? before : undefined;
      if (held !== undefined && held.holder !== holder) return undefined;
      const token = held?.token ?? (before?.token ?? 0) + 1;
      const until = now + ms;
      this.#tables.leases.putSync(name, { holder, token, until });
      return { token, until };
    });
  }

  async release(name: string, token: number): Promise<void> {
    checkName(name, 'a lease');
    await this.#write(() => {
      const before = this.#tables.leases.get(name);
      if (before?.token === token) this.#tables.leases.putSync(name, { ...before, until: 0 });
    });
  }

  async sweep(limit = 1000): Promise<number> {
    const most = checkLimit(limit);
    const now = this.#now();
    // a store with nothing to remove is only looked at
    if (!isAnythingOver(this.#latest(), now)) return 0;
    return await this.#write(() => sweepTables(this.#tables, now, most));
  }

  health(): StateHealth {
    return this.#failed === undefined
      ? { answers: true, age: 0 }
      : { answers: false, age: Math.round(performance.now() - this.#answeredAt), reason: this.#failed };
  }

  async close(): Promise<void> {
    await closeTables(this.#tables);
  }

  /** What another process has committed since it was looked at last counts. */
  #latest(): Tables {
    this.#tables.env.root.resetReadTxn();
    return this.#tables;
  }

  /** @throws YitongError `state_unavailable` where the disk does not take it; `store_full` */
  async #write<T>(work: () => T): Promise<T> {
    const { env } = this.#tables;
    try {
      const result = await env.write(() => env.undone(work));
      this.#failed = undefined;
      this.#answeredAt = performance.now();
      return result;
    } catch (cause) {
      if (isYitongError(cause) || cause instanceof TypeError) throw cause;
      this.#failed = 'the store in the data folder cannot be written';
      throw new YitongError('state_unavailable', this.#failed, { cause });
    }
  }
}

const asDocument = (kind: string, id: string, { version, owner, links, until, body }: DocumentRow): StateDocument => ({
  kind,
  id,
  version,
  links,
  body,
  ...present({ owner, until }),
});

/** Ids with the link under which each stands, in the order of the page. */
function* places(tables: Tables, kind: string, range: PageRange): Generator<readonly [link: string, id: string], void> {
  const { by, descending, from, to, afterLink, afterId } = range;
  if (by === 'link') {
    const begun: [string, string, string] = [kind, afterLink, afterId];
    const bounds = descending
      ? { start: begun, end: [kind, from, ''], exclusiveStart: true, inclusiveEnd: true, reverse: true }
      : {
          start: afterLink === '' ? [kind, from, ''] : begun,
          end: [kind, to, ''],
          exclusiveStart: afterLink !== '',
        };
    // the one cast: the bounds are keys of the table, as tuples
    for (const [, link, id] of tables.links.getKeys(bounds as object)) yield [link, id];
    return;
  }
  const head = by === 'owner' ? [kind, from] : [kind];
  const bounds = descending
    ? { start: [...head, afterId], end: [...head, ''], exclusiveStart: true, reverse: true }
    : { start: [...head, afterId], end: [...head, behindAll('')], exclusiveStart: true };
  if (by === 'owner') for (const [, , id] of tables.owners.getKeys(bounds as object)) yield ['', id];
  else for (const [, id] of tables.documents.getKeys(bounds as object)) yield ['', id];
}

function isAnythingOver(tables: Tables, now: number): boolean {
  const [end] = tables.ends.getKeys({ limit: 1 });
  const [time] = tables.times.getKeys({ limit: 1 });
  const [changes] = tables.changes.getRange({ limit: 1 });
  const long = now - REMEMBERED;
  return (
    (end !== undefined && end[0] <= now) ||
    (time !== undefined && time[0] <= long) ||
    (changes !== undefined && changes.value.at <= long)
  );
}

/** Within a transaction. @returns how much was removed */
function sweepTables(tables: Tables, now: number, most: number): number {
  let removed = 0;
  for (const [until, what, name, id] of [...tables.ends.getKeys({ limit: most })]) {
    if (until > now) break;
    if (what === 'document') removeDocument(tables, name, id);
    else removeCounter(tables, name);
    removed += 1;
  }
  const long = now - REMEMBERED;
  for (const [at, id] of [...tables.times.getKeys({ limit: most })]) {
    if (at > long) break;
    tables.times.removeSync([at, id]);
    tables.commits.removeSync(id);
    removed += 1;
  }
  const head = headOf(tables);
  let lost = head.lost;
  for (const { key, value } of [...tables.changes.getRange({ limit: most })]) {
    if (value.at > long) break;
    tables.changes.removeSync(key);
    lost = key;
    removed += 1;
  }
  if (lost !== head.lost) tables.env.root.putSync('head', { ...head, lost });
  return removed;
}
