/** The state on a PostgreSQL server that all replicas share. */
import { type KeyObject, randomUUID } from 'node:crypto';
import { isYitongError, type YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import {
  behindAll,
  checkCount,
  checkedCommit,
  checkLimit,
  checkName,
  checkPrefix,
  cursorOf,
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
  type Json,
  type Lease,
  MOST_CHANGES,
  type OutboxMessage,
  type State,
  type StateDocument,
  type StateEvent,
  type StateHealth,
  type Subject,
  type VersionedSet,
} from '../port.js';
import { Commits, type Outcome } from './commits.js';
import { Listening } from './listening.js';
import { checkUse, type Names, quoted } from './migrate.js';
import { Pool, type Row, type Statement } from './pool.js';
import type { PostgresServer } from './server.js';
import { type Statements, statementsOf } from './statements.js';

interface PostgresStateOptions extends Names {
  readonly server: PostgresServer;
  /** ms since 1970; default: the clock of the server. */
  readonly now?: () => number;
  readonly installationKey?: KeyObject;
}

/** ms after which a schema or user that was refused is looked at again. */
const REFUSED_FOR = 1000;

export class PostgresState implements State {
  readonly driver = 'postgres';
  readonly installationKey?: KeyObject;
  readonly #names: Names;
  readonly #now: () => number | null;
  readonly #pool: Pool;
  readonly #sql: Statements;
  readonly #commits: Commits;
  readonly #hints = new Hints();
  #listening: Listening | undefined;
  /** The look at schema and rights; kept once it found nothing wrong. */
  #check: Promise<void> | undefined;

  constructor({ server, now, schema, user, installationKey }: PostgresStateOptions) {
    if (installationKey !== undefined) this.installationKey = installationKey;
    this.#names = { schema, user };
    this.#now = now ?? (() => null);
    this.#pool = new Pool(server);
    this.#sql = statementsOf(quoted(schema));
    this.#commits = new Commits((batch) => this.#query<Outcome>(this.#sql.commit, [batch, this.#now()]));
  }

  /**
   * Looks at schema and rights, once; each question waits for it.
   * @throws YitongError `state_unavailable`, `state_newer`, `state_denied`
   */
  check(): Promise<void> {
    this.#check ??= this.#pool
      .using((connection) => checkUse(connection, this.#names))
      .catch((error: unknown) => {
        if (isYitongError(error) && error.code !== 'state_unavailable')
          setTimeout(() => (this.#check = undefined), REFUSED_FOR).unref();
        else this.#check = undefined;
        throw error as YitongError;
      });
    return this.#check;
  }

  async events(stream: string, after = 0, limit = 1000): Promise<readonly StateEvent[]> {
    checkName(stream, 'a stream');
    const values = [stream, checkCount(after, 'a number of events'), checkLimit(limit)];
    const rows = await this.#query<Omit<StateEvent, 'body'> & { readonly body: string }>(this.#sql.events, values);
    return rows.map(({ number, revision, at, body }) => ({ number, revision, at, body: parsed(body) }));
  }

  async document(kind: string, id: string): Promise<StateDocument | undefined> {
    checkName(kind, 'a kind');
    checkName(id, 'an id');
    const [row] = await this.#query<DocumentRow>(this.#sql.document, [kind, id, this.#now()]);
    return row && asDocument(kind, row);
  }

  async documentsById(kind: string, ids: readonly string[]): Promise<readonly StateDocument[]> {
    checkName(kind, 'a kind');
    for (const id of ids) checkName(id, 'an id');
    const rows = await this.#query<DocumentRow>(this.#sql.documentsById, [kind, ids, this.#now()]);
    return rows.map((row) => asDocument(kind, row));
  }

  async documents(kind: string, query: DocumentsQuery = {}): Promise<DocumentsPage> {
    checkName(kind, 'a kind');
    const { by, descending, limit, from, to, afterLink, afterId } = pageRange(query);
    const values = [kind, from, to, afterLink, afterId, limit + 1, this.#now()];
    const rows = await this.#query<DocumentRow & { readonly link: string }>(
      this.#sql.documents(by, descending),
      values,
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      documents: page.map((row) => asDocument(kind, row)),
      ...(rows.length > limit && last !== undefined ? { next: cursorOf(by, last.link, last.id) } : {}),
    };
  }

  async counter(name: string): Promise<number> {
    const values = [checkName(name, 'a counter'), this.#now()];
    const [row] = await this.#query<{ readonly count: number }>(this.#sql.counter, values);
    return row?.count ?? 0;
  }

  async counters(prefix: string): Promise<ReadonlyMap<string, number>> {
    const values = [checkPrefix(prefix, 'a counter'), behindAll(prefix), this.#now()];
    const rows = await this.#query<{ readonly counter: string; readonly count: number }>(this.#sql.counters, values);
    return new Map(rows.map(({ counter, count }) => [counter, count]));
  }

  async set(name: string): Promise<VersionedSet> {
    const rows = await this.#query<{
      readonly version: number;
      readonly member: string | null;
      readonly value: string;
    }>(this.#sql.set, [checkName(name, 'a set')]);
    const members = rows.flatMap(({ member, value }): [string, Json][] =>
      member === null ? [] : [[member, parsed(value)]],
    );
    return { version: rows[0]?.version ?? 0, members: new Map(members) };
  }

  async commit(given: readonly Change[], id: string = randomUUID()): Promise<Commit> {
    const { changes, bytes } = checkedCommit(given);
    const commit = await this.#commits.make(checkName(id, 'the id of a commit'), changes, bytes);
    if (!commit.repeated) this.#hints.give();
    return commit;
  }

  async revision(): Promise<number> {
    const [row] = await this.#query<{ readonly revision: number }>(this.#sql.revision);
    return row?.revision ?? 0;
  }

  async changes(since: number, limit = 1000): Promise<ChangesPage> {
    checkCount(since, 'a revision');
    const most = checkLimit(limit);
    // enough for the whole of the commit that reaches the limit
    const fetched = most + MOST_CHANGES;
    const rows = await this.#query<ChangeRow>(this.#sql.changes, [since, fetched]);
    const { head = 0, lost = 0 } = rows[0] ?? {};
    if (since < lost || since > head) return { changes: [], next: head, more: false, lost: true };
    const found = rows.flatMap((row) => (row.revision === null ? [] : [asChanged(row, row.revision)]));
    const last = found[most - 1]?.revision;
    if (last === undefined) return { changes: found, next: head, more: false, lost: false };
    return { changes: found.filter(({ revision }) => revision <= last), next: last, more: last < head, lost: false };
  }

  onHint(hint: () => void): () => void {
    // a process that follows nothing does without the connection
    this.#listening ??= new Listening(this.#pool, this.#names.schema, () => this.#hints.give());
    return this.#hints.on(hint);
  }

  async outbox(limit = 100): Promise<readonly OutboxMessage[]> {
    const rows = await this.#query<Omit<OutboxMessage, 'headers'> & { readonly headers: string }>(this.#sql.outbox, [
      checkLimit(limit),
    ]);
    // the one cast: `commit` wrote it
    return rows.map((row) => ({ ...row, headers: parsed(row.headers) as OutboxMessage['headers'] }));
  }

  async sent(numbers: readonly number[]): Promise<void> {
    await this.#query(this.#sql.sent, [numbers]);
  }

  async lease(name: string, holder: string, ms: number): Promise<Lease | undefined> {
    checkName(name, 'a lease');
    checkName(holder, 'a holder');
    const values = [name, holder, checkCount(ms, 'a time', 1), this.#now()];
    const [lease] = await this.#query<{ readonly token: number; readonly until: number }>(this.#sql.lease, values);
    return lease && { token: lease.token, until: lease.until };
  }

  async release(name: string, token: number): Promise<void> {
    await this.#query(this.#sql.release, [checkName(name, 'a lease'), token]);
  }

  async sweep(limit = 1000): Promise<number> {
    const values = [checkLimit(limit), this.#now()];
    const [row] = await this.#query<{ readonly removed: number }>(this.#sql.sweep, values);
    return row?.removed ?? 0;
  }

  health(): StateHealth {
    return { ...this.#pool.health(), ...present({ hears: this.#listening?.hears }) };
  }

  async close(): Promise<void> {
    this.#listening?.close();
    await this.#pool.close();
  }

  async #query<R extends Row>(statement: Statement, values: readonly unknown[] = []): Promise<readonly R[]> {
    await this.check();
    return await this.#pool.query<R>(statement, values);
  }
}

interface DocumentRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly version: number;
  readonly owner: string | null;
  readonly links: readonly string[];
  readonly until: number | null;
  readonly body: string;
}

interface ChangeRow {
  readonly [column: string]: unknown;
  readonly head: number;
  readonly lost: number;
  readonly revision: number | null;
  readonly of: Subject;
  readonly name: string;
  readonly id: string | null;
}

/** The one cast: it was written as JSON. */
const parsed = (text: string): Json => JSON.parse(text) as Json;

const asDocument = (kind: string, { id, version, owner, links, until, body }: DocumentRow): StateDocument => ({
  kind,
  id,
  version,
  links,
  body: parsed(body),
  ...present({ owner: owner ?? undefined, until: until ?? undefined }),
});

const asChanged = ({ of, name, id }: ChangeRow, revision: number): Changed => ({
  revision,
  of,
  name,
  ...present({ id: id ?? undefined }),
});
