/**
 * Subscriptions of clients, on the State port: a document for each, one for how far a webhook has been told, and one
 * for each record that was told of where that decides whether its end may be told. A listed subject stands sealed under
 * its own key, and goes with it.
 */
import { randomBytes } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { type DatasetId, datasetId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Places } from '../../answer/changes/feed.js';
import { asJson } from '../../ground/state/as-json.js';
import type { State, StateDocument } from '../../ground/state/port.js';
import { commitTried, transact } from '../../ground/state/transact.js';
import { openSubjects, type SealedSubjects, sealSubjects } from '../../log/entries/sealed-subjects.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';

/** `poll`: it asks; else it is sent to. */
type Way = 'poll' | 'webhook' | 'topic';
type Form = 'record' | 'signal';

export interface AskedSubscription {
  readonly purpose: string;
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[] }[];
  readonly way: Way;
  readonly form: Form;
  /** Absent: all that the client may see. */
  readonly subjects?: readonly string[];
}

export interface Subscription extends Omit<AskedSubscription, 'subjects'> {
  readonly id: string;
  readonly client: string;
  /** Of its document: it changes whenever the client changes what it asks. */
  readonly version: number;
  readonly subjects: ReadonlySet<string> | undefined;
  /** Where it began. */
  readonly from: Places;
  /** What its names are made of, with the secret of the installation. */
  readonly salt: string;
  readonly createdAt: number;
}

/** How far one has been told that is sent to, or with what one that polls asked last. */
export interface Told {
  readonly places: Places;
  /** ms since 1970: since when the oldest change waits that could not be handed over. */
  readonly behindSince?: number;
  /** ms since 1970: when it asked. */
  readonly askedAt?: number;
}

const KIND = 'subscription';
/** Those that it lists, beside it: whoever goes through subscriptions does not read them. */
const SUBJECTS = 'subscription-subjects';
const PLACE = 'subscription-place';
/** When a worker went last through those that are sent to. */
const PASS = 'subscription-pass';
const RECORD = 'subscription-record';
export const LEASE = 'subscriptions';
const MOST_A_CLIENT = 100;
const PAGE = 100;
const AT_ONCE = 500;

interface Kept extends Omit<AskedSubscription, 'subjects'> {
  readonly client: string;
  readonly name: string;
  readonly from: Places;
  readonly salt: string;
  readonly createdAt: number;
  /** Whether subjects are listed. */
  readonly lists: boolean;
}
/** ms for which opened subjects are used: one that is erased is forgotten within five seconds. */
const OPENED_FOR = 3000;

const idOf = (client: string, name: string): string => `${client}/${name}`;
const clientLink = (client: string): string => `client/${client}/`;
const wayLink = (way: Way): string => `way/${way}/`;

export class SubscriptionStore {
  readonly state: State;
  readonly #keys: SealingKeys;
  /** Opened a moment ago, by the id of their subscription. */
  readonly #opened = new Map<string, { readonly version: number; readonly at: number; readonly set: Set<string> }>();

  constructor(state: State, keys: SealingKeys) {
    this.state = state;
    this.#keys = keys;
  }

  /**
   * Made, or changed: what it has of datasets that stay goes on where it was.
   * @throws YitongError `too_many_subscriptions`
   */
  async put(client: string, name: string, asked: AskedSubscription, now: Places, at: number): Promise<void> {
    const { subjects, ...rest } = asked;
    const sealed = subjects === undefined ? undefined : await sealSubjects(this.#keys, subjects);
    const id = idOf(client, name);
    const others = await this.state.documents(KIND, { link: clientLink(client), limit: MOST_A_CLIENT });
    await transact(this.state, async (transaction) => {
      const before = (await transaction.document(KIND, id))?.body as Kept | undefined;
      if (before === undefined && others.documents.length >= MOST_A_CLIENT)
        throw new YitongError('too_many_subscriptions', `a client has ${String(MOST_A_CLIENT)} subscriptions at most`);
      const place = (await transaction.document(PLACE, id))?.body as Told | undefined;
      const kept: Kept = {
        ...rest,
        client,
        name,
        from: { ...now, ...ofDatasets(before?.from ?? {}, asked.datasets) },
        salt: before?.salt ?? randomBytes(16).toString('base64url'),
        createdAt: before?.createdAt ?? at,
        lists: sealed !== undefined,
      };
      const links = [clientLink(client), wayLink(asked.way)];
      transaction.put({ kind: KIND, id, links, body: asJson(kept) });
      if (sealed === undefined) transaction.remove(SUBJECTS, id);
      else transaction.put({ kind: SUBJECTS, id, body: asJson(sealed) });
      if (place !== undefined)
        transaction.put({
          kind: PLACE,
          id,
          body: asJson({ ...place, places: ofDatasets(place.places, asked.datasets) }),
        });
    });
  }

  async find(client: string, name: string): Promise<Subscription | undefined> {
    const found = await this.state.document(KIND, idOf(client, name));
    return found === undefined ? undefined : await this.#whole(found);
  }

  async list(client: string): Promise<readonly Subscription[]> {
    const found = await headsIn(this.state, clientLink(client));
    return await Promise.all(found.map((document) => this.#whole(document)));
  }

  /** Those that are sent to, to a webhook or a topic. */
  async sent(): Promise<readonly Subscription[]> {
    const found = await sentHeads(this.state);
    return await Promise.all(found.map((document) => this.#whole(document)));
  }

  async #whole({ id, body, version }: StateDocument): Promise<Subscription> {
    const { name, lists, ...rest } = body as unknown as Kept;
    return { ...rest, id: name, version, subjects: lists ? await this.#subjects(id, version) : undefined };
  }

  /** Those that were not erased. @throws YitongError `state_conflict` where its client changes it at this moment */
  async #subjects(id: string, version: number): Promise<ReadonlySet<string>> {
    const known = this.#opened.get(id);
    if (known?.version === version && performance.now() - known.at < OPENED_FOR) return known.set;
    const found = await this.state.document(SUBJECTS, id);
    if (found?.version !== version)
      throw new YitongError('state_conflict', 'the subscription is being changed; ask again');
    const at = performance.now();
    const set = new Set(await openSubjects(this.#keys, found.body as unknown as SealedSubjects));
    this.#opened.set(id, { version, at, set });
    setTimeout(() => this.#opened.delete(id), OPENED_FOR).unref();
    return set;
  }

  /** That those that are sent to were gone through. */
  async passed(at: number): Promise<void> {
    await this.state.commit([{ do: 'put', kind: PASS, id: PASS, body: { at } }]);
  }

  /** @returns whether there was one */
  async remove(client: string, name: string): Promise<boolean> {
    const id = idOf(client, name);
    const { result } = await transact(this.state, async (transaction) => {
      if ((await transaction.document(KIND, id)) === undefined) return false;
      transaction.remove(KIND, id);
      transaction.remove(PLACE, id);
      transaction.remove(SUBJECTS, id);
      return true;
    });
    await this.#forgetRecords(id);
    return result;
  }

  async #forgetRecords(id: string): Promise<void> {
    for (;;) {
      const page = await this.state.documents(RECORD, { link: `${id}/`, limit: AT_ONCE });
      if (page.documents.length === 0) return;
      await this.state.commit(page.documents.map((found) => ({ do: 'remove', kind: RECORD, id: found.id })));
    }
  }

  async told({ client, id, from }: Subscription): Promise<Told> {
    const found = (await this.state.document(PLACE, idOf(client, id)))?.body as unknown as Told | undefined;
    return found === undefined ? { places: from } : { ...found, places: { ...from, ...found.places } };
  }

  /**
   * Only as long as the subscription is as it was and whoever says it holds the lease.
   * @throws StateConflict where it is otherwise
   */
  async setTold({ client, id, version }: Subscription, told: Told, token: number): Promise<void> {
    const document = idOf(client, id);
    await commitTried(this.state, [
      { do: 'expect-lease', lease: LEASE, token },
      { do: 'expect-document', kind: KIND, id: document, version },
      { do: 'put', kind: PLACE, id: document, body: asJson(told) },
    ]);
  }

  /** With which place one that polls asked. @throws StateConflict where it was changed meanwhile */
  async asked({ client, id, version }: Subscription, places: Places, askedAt: number): Promise<void> {
    const document = idOf(client, id);
    await commitTried(this.state, [
      { do: 'expect-document', kind: KIND, id: document, version },
      { do: 'put', kind: PLACE, id: document, body: asJson({ places, askedAt }) },
    ]);
  }

  /** Which of these names of records it was told of. */
  async known({ client, id }: Subscription, names: readonly string[]): Promise<ReadonlySet<string>> {
    const prefix = `${idOf(client, id)}/`;
    const found = new Set<string>();
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const ids = names.slice(at, at + AT_ONCE).map((name) => prefix + name);
      for (const document of await this.state.documentsById(RECORD, ids)) found.add(document.id.slice(prefix.length));
    }
    return found;
  }

  /** Durable before it is told. */
  async remember({ client, id }: Subscription, names: readonly string[]): Promise<void> {
    const prefix = `${idOf(client, id)}/`;
    for (let at = 0; at < names.length; at += AT_ONCE)
      await commitTried(
        this.state,
        names
          .slice(at, at + AT_ONCE)
          .map((name) => ({ do: 'put', kind: RECORD, id: prefix + name, links: [prefix], body: null })),
      );
  }
}

function ofDatasets(places: Places, datasets: AskedSubscription['datasets']): Places {
  const ids = new Set<string>(datasets.map(({ id }) => id));
  return Object.fromEntries(Object.entries(places).filter(([id]) => ids.has(id)));
}

/** Those of its datasets that may be read, as ids. */
export const idsOf = ({ datasets }: Pick<AskedSubscription, 'datasets'>): readonly DatasetId[] =>
  datasets.map(({ id }) => datasetId(id));

async function headsIn(state: Pick<State, 'documents'>, link: string): Promise<readonly StateDocument[]> {
  const found: StateDocument[] = [];
  for (let after: string | undefined; ; ) {
    const page = await state.documents(KIND, { link, limit: PAGE, ...present({ after }) });
    found.push(...page.documents);
    if (page.next === undefined) return found;
    after = page.next;
  }
}

const sentHeads = async (state: Pick<State, 'documents'>): Promise<readonly StateDocument[]> => [
  ...(await headsIn(state, wayLink('webhook'))),
  ...(await headsIn(state, wayLink('topic'))),
];

/** How one subscription stands. */
export interface Standing {
  readonly client: string;
  readonly name: string;
  readonly way: Way;
  readonly purpose: string;
  readonly datasets: readonly string[];
  readonly createdAt: number;
  readonly told: Told;
}

export interface SubscriptionsStanding {
  readonly all: readonly Standing[];
  /** ms since 1970: when a worker went through those that are sent to last; undefined where none ever did. */
  readonly passedAt: number | undefined;
}

/** How it stands with all subscriptions, for whoever watches from outside. @throws YitongError `state_unavailable` */
export async function subscriptionsStanding(
  state: Pick<State, 'documents' | 'document' | 'documentsById'>,
): Promise<SubscriptionsStanding> {
  const heads = [...(await headsIn(state, wayLink('poll'))), ...(await sentHeads(state))];
  const told = new Map<string, Told>();
  for (let at = 0; at < heads.length; at += AT_ONCE) {
    const ids = heads.slice(at, at + AT_ONCE).map(({ id }) => id);
    for (const { id, body } of await state.documentsById(PLACE, ids)) told.set(id, body as unknown as Told);
  }
  const pass = (await state.document(PASS, PASS))?.body as { readonly at: number } | undefined;
  const all = heads.map(({ id, body }): Standing => {
    const { client, name, way, purpose, datasets, createdAt, from } = body as unknown as Kept;
    const ids = datasets.map((dataset) => dataset.id);
    return { client, name, way, purpose, datasets: ids, createdAt, told: told.get(id) ?? { places: from } };
  });
  return { all, passedAt: pass?.at };
}
