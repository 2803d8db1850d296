/**
 * Where matters stand, on the State port: a stream of steps a matter, and a document of its state with links by which
 * it is found. A step, the state, what comes of it beside, and what is published stand in one commit.
 */
import { YitongError } from '../../../contracts/errors.js';
import type { MatterEvent, MatterState } from '../../../contracts/lifecycle/matter.js';
import { present } from '../../../contracts/present.js';
import { asJson } from '../../ground/state/as-json.js';
import { type Change, type Json, type State, StateConflict } from '../../ground/state/port.js';
import { commitTried } from '../../ground/state/transact.js';
import type { SubjectSecret } from '../../log/entries/keys.js';
import { unseal } from '../../log/entries/seal.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import type { MatterHead, Sides } from './types.js';

const MATTER = 'matter';
/** As they are made: `Matters.open`. */
const MATTER_ID = /^[0-9a-f]{16}$/;
const streamOf = (id: string): string => `matter/${id}`;

/** A step as it is stored; of a matter about a record, words and content stand sealed in `enc`. */
export interface StoredStep {
  readonly event: MatterEvent;
  readonly entry: string;
  readonly content?: Json;
  /** That the content said anew. */
  readonly sides?: Readonly<Record<string, Sides>>;
  readonly about?: readonly string[];
  readonly key?: string;
  readonly enc?: string;
}

export interface StoredMatter {
  readonly head: MatterHead;
  /** Of the document. */
  readonly version: number;
  readonly state: MatterState;
  readonly contents: Readonly<Record<string, Json>>;
  /** ms since 1970, of the first and the last step */
  readonly openedAt: number;
  readonly at: number;
  /** Of the subject's key, of a matter about a record. */
  readonly pseudonym?: string;
}

interface CommitMatter {
  readonly stored: StoredMatter;
  readonly step: StoredStep;
  readonly links: readonly string[];
  readonly beside: readonly Change[];
}

const asStored = (version: number, body: Json): StoredMatter => ({
  ...(body as unknown as Omit<StoredMatter, 'version'>),
  version,
});

export class MatterStore {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  async find(id: string): Promise<StoredMatter | undefined> {
    // whatever somebody wrote into an address
    if (!MATTER_ID.test(id)) return undefined;
    const found = await this.#state.document(MATTER, id);
    return found === undefined ? undefined : asStored(found.version, found.body);
  }

  async steps(id: string): Promise<readonly (StoredStep & { readonly number: number })[]> {
    const found: (StoredStep & { readonly number: number })[] = [];
    for (;;) {
      const page = await this.#state.events(streamOf(id), found.length);
      found.push(...page.map(({ number, body }) => ({ ...(body as unknown as StoredStep), number })));
      if (page.length === 0) return found;
    }
  }

  async list(
    link: string,
    page: { readonly after?: string; readonly limit: number; readonly descending?: boolean },
  ): Promise<{ readonly matters: readonly StoredMatter[]; readonly next?: string }> {
    const { documents, next } = await this.#state.documents(MATTER, { link, ...page });
    return { matters: documents.map(({ version, body }) => asStored(version, body)), ...present({ next }) };
  }

  /** Whether a matter was changed after a revision, or nobody knows. @param since below 0: none was looked at so far */
  async changedSince(since: number): Promise<boolean> {
    for (let upTo = since; upTo >= 0; ) {
      const { changes, next, more, lost } = await this.#state.changes(upTo);
      if (lost || changes.some(({ of, name }) => of === 'document' && name === MATTER)) return true;
      if (!more) return false;
      upTo = next;
    }
    return true;
  }

  /** @returns false where somebody else was first */
  async commit({ stored, step, links, beside }: CommitMatter, commitId: string): Promise<boolean> {
    const { version, ...body } = stored;
    const { id, subject } = body.head;
    try {
      await commitTried(
        this.#state,
        [
          { do: 'append', stream: streamOf(id), after: stored.state.events - 1, events: [asJson(step)] },
          { do: 'put', kind: MATTER, id, version, links, body: asJson(body), ...present({ owner: subject }) },
          ...beside,
        ],
        commitId,
      );
      return true;
    } catch (error) {
      if (error instanceof StateConflict) return false;
      throw error;
    }
  }
}

/**
 * Of a matter about a record: whom it is about, and the key under which its words and files stand; undefined of others.
 * @throws YitongError `act_refused` where the subject was erased
 */
export async function subjectIn(
  store: Pick<MatterStore, 'steps'>,
  keys: Pick<SealingKeys, 'byPseudonym'>,
  { head, pseudonym }: Pick<StoredMatter, 'head' | 'pseudonym'>,
): Promise<{ readonly subject: string; readonly secret: SubjectSecret } | undefined> {
  if (pseudonym === undefined) return undefined;
  const secret = await keys.byPseudonym(pseudonym);
  const enc = (await store.steps(head.id))[0]?.enc;
  if (secret === undefined || enc === undefined)
    throw new YitongError('act_refused', 'the subject of the matter was erased; nothing more is done on it');
  return { subject: unseal(secret, enc).subject, secret };
}

const pad = (at: number): string => String(at).padStart(15, '0');
/** Of what has no term: behind all that have one. */
const NO_TERM = 999_999_999_999_999;

/** By which a matter is found. */
export const links = {
  /** Those on which a party can act, by the term that runs out first. */
  todo: (authority: string, party: string): string => `todo/${authority}/${party}/`,
  ofAuthority: (authority: string, over: boolean): string => `${over ? 'over' : 'open'}/${authority}/`,
  ofMachine: (machine: string, over: boolean): string => `machine/${machine}/${over ? 'over' : 'open'}/`,
  about: (what: string): string => `about/${what}/`,
  /** Open ones by the term that runs out first; not those without a term. */
  due: 'due/',
  at: (prefix: string, at: number | undefined): string => `${prefix}${pad(at ?? NO_TERM)}`,
} as const;
