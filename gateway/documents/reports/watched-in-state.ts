/**
 * Watched documents in the state that all replicas share: a document for each watch and each change, and one for each
 * client with how many it watches and the last number that it was given.
 */
import { randomBytes } from 'node:crypto';
import { present } from '../../../contracts/present.js';
import { asJson } from '../../ground/state/as-json.js';
import { endDocuments, endLink } from '../../ground/state/ending.js';
import type { Change, State, StateDocument } from '../../ground/state/port.js';
import { isTaken, taken } from '../../ground/state/taken.js';
import { type Transaction, transact } from '../../ground/state/transact.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import { type KeysWhenNeeded, sharedKeysWhenNeeded } from '../../log/entries/sealing-keys.js';
import {
  LEASE,
  MAX_WATCHED,
  READABLE,
  tooManyWatched,
  type Watch,
  type Watched,
  type WatchedChange,
  type WatchedRow,
  watchedFolder,
} from './watched-documents.js';

const WATCH = 'watch';
const CHANGE = 'watch-change';
const CLIENT = 'watch-client';
/** Documents of one commit, and of one page. */
const AT_ONCE = 300;
const DIGITS = 12;

interface ClientRow {
  readonly count: number;
  /** The highest number that was given. */
  readonly last: number;
}
interface ChangeRow {
  readonly number: number;
  readonly enc: string;
}
type Asked = Pick<Watch, 'id' | 'until' | 'state'>;

const watchId = ({ id, client }: Pick<Watch, 'id' | 'client'>): string => `${id}/${client}`;
const changeId = (client: string, number: number): string => `${client}/${String(number).padStart(DIGITS, '0')}`;

export const watchedIn = (state: State): Watched => new StateWatched(state);

class StateWatched implements Watched {
  readonly #state: State;
  readonly #keys: KeysWhenNeeded;
  /** Of the lease, by who holds it here. */
  readonly #tokens = new Map<string, number>();

  constructor(state: State) {
    this.#state = state;
    this.#keys = sharedKeysWhenNeeded(state);
  }

  // watches

  async watch(client: string, asked: readonly Asked[], now: number): Promise<void> {
    const distinct = [...new Map(asked.map((one) => [one.id, one])).values()];
    // one commit holds so many only: then it is looked at before whether all find room
    if (distinct.length > AT_ONCE) await this.#refuseTooMany(client, distinct);
    for (let at = 0; at < distinct.length; at += AT_ONCE)
      await this.#watchSome(client, distinct.slice(at, at + AT_ONCE), now);
  }

  async #refuseTooMany(client: string, asked: readonly Asked[]): Promise<void> {
    const known = (await this.#state.document(CLIENT, client))?.body as ClientRow | undefined;
    let added = asked.length;
    for (let at = 0; at < asked.length; at += AT_ONCE) {
      const ids = asked.slice(at, at + AT_ONCE).map(({ id }) => watchId({ id, client }));
      added -= (await this.#state.documentsById(WATCH, ids)).length;
    }
    if ((known?.count ?? 0) + added > MAX_WATCHED) throw tooManyWatched();
  }

  async #watchSome(client: string, asked: readonly Asked[], now: number): Promise<void> {
    await transact(this.#state, async (transaction) => {
      const row = await clientRow(transaction, client);
      const known = await Promise.all(asked.map(({ id }) => watchIn(transaction, { id, client })));
      const count = row.count + known.filter((one) => one === undefined).length;
      if (count > MAX_WATCHED) throw tooManyWatched();
      putClient(transaction, client, { ...row, count });
      asked.forEach(({ id, until, state }, i) => {
        putWatch(transaction, { client, id, state, since: now, until: Math.max(known[i]?.until ?? 0, until) });
      });
    });
  }

  async all(now: number): Promise<readonly Watch[]> {
    const found: Watch[] = [];
    for await (const { body } of this.#pages(WATCH, {})) found.push(body as unknown as Watch);
    return found.filter(({ until }) => until > now);
  }

  async forget(id: string): Promise<void> {
    for await (const { body } of this.#pages(WATCH, { link: `report/${id}/` }))
      await this.#drop(body as unknown as Watch);
  }

  /** @param over ends at that time, in ms: one that was given anew meanwhile stays */
  async #drop(watch: Pick<Watch, 'id' | 'client'>, over = Infinity): Promise<boolean> {
    const { result } = await transact(this.#state, async (transaction) => {
      const found = await watchIn(transaction, watch);
      if (found === undefined || found.until > over) return false;
      const row = await clientRow(transaction, watch.client);
      transaction.remove(WATCH, watchId(watch));
      putClient(transaction, watch.client, { ...row, count: Math.max(0, row.count - 1) });
      return true;
    });
    return result;
  }

  // changes

  async append(watch: Watch, state: string, issuer: string, change: Omit<WatchedChange, 'number'>): Promise<boolean> {
    const secret = await (await this.#keys()).secretOf(issuer);
    const enc = seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(change)));
    const { result } = await transact(this.#state, async (transaction) => {
      const { client, since, state: before } = watch;
      const now = await watchIn(transaction, watch);
      if (now === undefined || now.state !== before || now.since !== since) return false;
      const row = await clientRow(transaction, client);
      const number = row.last + 1;
      putClient(transaction, client, { ...row, last: number });
      transaction.put(changeDocument(client, { number, enc }, secret.pseudonym, now.until + READABLE));
      putWatch(transaction, { ...now, state });
      return true;
    });
    return result;
  }

  async changes(client: string, after: number, limit: number): Promise<readonly WatchedChange[]> {
    const found: WatchedChange[] = [];
    const keys = await this.#keys();
    const last = await this.last(client);
    for (let next = Math.max(after + 1, await this.#first(client)); next <= last && found.length < limit; ) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, last - next + 1) }, (_, i) => next + i);
      const documents = await this.#state.documentsById(
        CHANGE,
        numbers.map((number) => changeId(client, number)),
      );
      const inOrder = [...documents].sort((a, b) => (a.id < b.id ? -1 : 1));
      for (const { owner, body } of inOrder) {
        const { number, enc } = body as unknown as ChangeRow;
        const secret = await keys.byPseudonym(owner ?? '');
        // of an erased company nothing is readable
        if (secret !== undefined && found.length < limit)
          found.push({ number, ...unseal<Omit<WatchedChange, 'number'>>(secret, enc) });
      }
      next += numbers.length;
    }
    return found;
  }

  /** The lowest number that is still there; beyond all of them where none is. */
  async #first(client: string): Promise<number> {
    const { documents } = await this.#state.documents(CHANGE, { link: `client/${client}/`, limit: 1 });
    return (documents[0]?.body as ChangeRow | undefined)?.number ?? Infinity;
  }

  async last(client: string): Promise<number> {
    return ((await this.#state.document(CLIENT, client))?.body as ClientRow | undefined)?.last ?? 0;
  }

  // who watches

  async lease(holder: string): Promise<boolean> {
    const lease = await this.#state.lease(WATCH, holder, LEASE);
    if (lease === undefined) this.#tokens.delete(holder);
    else this.#tokens.set(holder, lease.token);
    return lease !== undefined;
  }

  async release(holder: string): Promise<void> {
    const token = this.#tokens.get(holder);
    if (token !== undefined) await this.#state.release(WATCH, token);
    this.#tokens.delete(holder);
  }

  // the end of what is past its time

  async sweep(now: number): Promise<number> {
    let gone = 0;
    for (const watch of await this.#over(now)) if (await this.#drop(watch, now)) gone++;
    return gone + (await endDocuments(this.#state, CHANGE, now));
  }

  async #over(now: number): Promise<readonly Watch[]> {
    const over: Watch[] = [];
    await endDocuments(this.#state, WATCH, now, ({ body }) => {
      over.push(body as unknown as Watch);
      return [];
    });
    return over;
  }

  close(): Promise<void> {
    return this.#keys.close();
  }

  async *#pages(kind: string, query: { readonly link?: string }): AsyncGenerator<StateDocument, void> {
    let after: string | undefined;
    do {
      const page = await this.#state.documents(kind, { ...query, limit: AT_ONCE, ...present({ after }) });
      yield* page.documents;
      after = page.next;
    } while (after !== undefined);
  }
}

async function clientRow(transaction: Transaction, client: string): Promise<ClientRow> {
  const found = await transaction.document(CLIENT, client);
  return (found?.body as ClientRow | undefined) ?? { count: 0, last: 0 };
}

const putClient = (transaction: Transaction, client: string, row: ClientRow): void =>
  transaction.put({ kind: CLIENT, id: client, body: asJson(row) });

async function watchIn(transaction: Transaction, watch: Pick<Watch, 'id' | 'client'>): Promise<Watch | undefined> {
  return (await transaction.document(WATCH, watchId(watch)))?.body as Watch | undefined;
}

const watchDocument = (watch: Watch) => ({
  kind: WATCH,
  id: watchId(watch),
  links: [`report/${watchId(watch)}`, endLink(watch.until)],
  body: asJson(watch),
});

const changeDocument = (client: string, row: ChangeRow, owner: string, until: number) => ({
  kind: CHANGE,
  id: changeId(client, row.number),
  owner,
  links: [`client/${changeId(client, row.number)}`, endLink(until)],
  body: asJson(row),
});

const putWatch = (transaction: Transaction, watch: Watch): void => transaction.put(watchDocument(watch));

const WATCHED = 'watched';

/** Watches and changes of a data folder, taken over. Again it changes nothing. @returns how many there are */
export async function adoptWatched(state: State, folder: string, dataDir: string): Promise<number> {
  const store = watchedFolder(dataDir);
  if (store === undefined) return 0;
  try {
    if (await isTaken(state, folder, WATCHED)) return 0;
    let count = 0;
    for (const put of adopted(store.rows())) {
      await state.commit([put]);
      count++;
    }
    await state.commit([taken(folder, WATCHED)]);
    return count;
  } finally {
    await store.close();
  }
}

function* adopted(rows: Iterable<WatchedRow>): Generator<Extract<Change, { do: 'put' }>, void> {
  const clients = new Map<string, ClientRow>();
  const rowOf = (client: string): ClientRow => clients.get(client) ?? { count: 0, last: 0 };
  for (const row of rows) {
    if (row.kind === 'watch') yield { do: 'put', ...watchDocument(row.watch) };
    else if (row.kind === 'change') {
      const { client, number, owner, enc, until } = row;
      yield { do: 'put', ...changeDocument(client, { number, enc }, owner, until) };
    } else clients.set(row.client, { ...rowOf(row.client), [row.kind]: row.value });
  }
  for (const [client, row] of clients) yield { do: 'put', kind: CLIENT, id: client, body: asJson(row) };
}
