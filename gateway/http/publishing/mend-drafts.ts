/**
 * Drafts of a changed mapping: proposed by one officer, decided on by another. What is in force is said by the feed's
 * own file alone: a draft that was approved is in force when the file says what the draft says, whoever wrote it.
 */
import { randomBytes } from 'node:crypto';
import type { MendKind } from '../../../connectors/propose/mend-candidates.js';
import type { Edit } from '../../../connectors/propose/mend-edits.js';
import type { HeldPreview, NotRead, SourcePreview } from '../../../connectors/propose/mend-preview.js';
import type { QuarantineCause } from '../../../connectors/quarantine-causes.js';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { authorityOf, type DatasetId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Json, State } from '../../ground/state/port.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';

export interface DraftPart {
  readonly kind: MendKind;
  readonly edits: readonly Edit[];
}

/** What a draft says from the beginning. */
export interface DraftContent {
  readonly dataset: string;
  readonly cause: QuarantineCause;
  /** None: the mapping of before another draft. */
  readonly parts: readonly DraftPart[];
  /** Of which draft the mapping before is put back. */
  readonly undoes?: string;
  /** The file as it was, and as it would be. */
  readonly before: { readonly digest: string; readonly text: string };
  readonly after: { readonly digest: string; readonly text: string };
  readonly held: HeldPreview;
  readonly source: SourcePreview | NotRead;
}

/** Who acts: somebody signed in, or an officer for whom a system of the own department answers. */
export interface Officer {
  /** `<issuer>|<sub>`, or `client:<client>|<sub>`: under which key the name stands. */
  readonly id: string;
  readonly name: string;
  /** The system. */
  readonly via?: string;
}

/** Somebody who acted; their name stands sealed under their own key. */
interface Actor {
  readonly pseudonym: string;
  readonly enc: string;
  /** By which two ways of coming are known to be one person. */
  readonly who: string;
  /** The system in which they acted; absent: on a page here. */
  readonly via?: string;
}

interface Step {
  readonly by: Actor;
  /** ms since 1970 */
  readonly at: number;
}

export interface Draft extends DraftContent {
  readonly id: string;
  readonly proposed: Step;
  readonly withdrawn?: Step;
  readonly approved?: Step;
  /** ms since 1970 when the file first said what the draft says. */
  readonly applied?: number;
  /** The draft by which the mapping before was put back. */
  readonly undone?: string;
}

/**
 * `open`: may be approved. `outdated`: the file says something else by now, so it can only be withdrawn. `waiting`:
 * approved, and not in the file yet. `in-force`: the file says it. `replaced`: the file said it once, or will not.
 */
export type Standing = 'open' | 'outdated' | 'withdrawn' | 'waiting' | 'in-force' | 'replaced' | 'undone';

/** @param file digest of the feed as it is now */
export function standingOf(draft: Draft, file: string): Standing {
  if (draft.withdrawn !== undefined) return 'withdrawn';
  if (draft.approved === undefined) return file === draft.before.digest ? 'open' : 'outdated';
  if (file === draft.after.digest) return 'in-force';
  if (draft.undone !== undefined) return 'undone';
  return draft.applied === undefined && file === draft.before.digest ? 'waiting' : 'replaced';
}

/** What may be done with a draft; `refuse` is also how whoever proposed it takes it back. */
export type MendAct = 'approve' | 'refuse' | 'write' | 'undo';

/** @param here whether the feed's file is written here */
export function actsOn(standing: Standing, here: boolean): readonly MendAct[] {
  if (standing === 'open') return ['approve', 'refuse'];
  if (standing === 'outdated') return ['refuse'];
  if (standing === 'waiting') return here ? ['write'] : [];
  return standing === 'in-force' ? ['undo'] : [];
}

/** Ended by somebody else than whoever proposed it. */
export const isRefused = ({ proposed, withdrawn }: Pick<Draft, 'proposed' | 'withdrawn'>): boolean =>
  withdrawn !== undefined && withdrawn.by.who !== proposed.by.who;

const KIND = 'mend';
/** ms for which a draft is kept. */
const KEPT = 400 * 86_400_000;
const SHOWN = 50;
/** Drafts of one dataset that nobody has decided on. */
const MOST_OPEN = 20;

const linkOf = (dataset: string, at = ''): string => `mends/${dataset}/${at}`;
/** Of drafts that nobody has decided on, by whose datasets they are. */
const openOf = (authority: string, at = ''): string => `mends-open/${authority}/${at}`;
const isUndecided = ({ approved, withdrawn }: Draft): boolean => approved === undefined && withdrawn === undefined;
const ID = /^[0-9a-f]{16}$/;

export interface MendDrafts {
  /** The newest first. */
  list(dataset: string): Promise<readonly Draft[]>;
  /** Those of an authority's datasets that nobody has decided on, the oldest first. */
  undecided(authority: string, limit: number): Promise<readonly Draft[]>;
  /** @throws YitongError `not_found` */
  find(dataset: string, id: string): Promise<Draft>;
  /** @throws YitongError `bad_request` where too many wait for a decision */
  add(content: DraftContent, by: Officer): Promise<Draft>;
  /** @throws YitongError `state_conflict` where it is decided on by now */
  withdraw(draft: Draft, by: Officer): Promise<Draft>;
  /** @throws YitongError `second_person_needed`, `state_conflict` */
  approve(draft: Draft, by: Officer): Promise<Draft>;
  /** @throws YitongError `second_person_needed` of whoever proposed it */
  refuseSame(draft: Draft, by: Officer): Promise<void>;
  proposedBy(draft: Draft, officer: Officer): Promise<boolean>;
  /** The file says it: noted once. */
  applied(draft: Draft): Promise<Draft>;
  /** Names of those who acted; without those whose key is gone. */
  names(draft: Draft): Promise<Names>;
}

interface Names {
  readonly proposed?: string;
  readonly decided?: string;
}

const subjectOf = ({ id }: Officer): string => `person:${id}`;

/** What the identity provider calls somebody, however a system writes it. */
const subOf = ({ id }: Officer): string =>
  id
    .slice(id.indexOf('|') + 1)
    .normalize('NFKC')
    .trim()
    .toLowerCase();

class OpenedDrafts implements MendDrafts {
  readonly #state: State;
  readonly #keys: SealingKeys;
  readonly #now: () => number;

  constructor(state: State, keys: SealingKeys, now: () => number) {
    this.#state = state;
    this.#keys = keys;
    this.#now = now;
  }

  /** The same of the same person on a page and in any system of the department; meaningless elsewhere. */
  #who(officer: Officer): string {
    return this.#keys.reference('actor', `mends\0${subOf(officer)}`);
  }

  async #step(officer: Officer): Promise<Step> {
    const subject = subjectOf(officer);
    const secret = await this.#keys.secretOf(subject);
    const plain = Buffer.from(JSON.stringify({ subject, details: { name: officer.name } }));
    const enc = seal(secret, randomBytes(NONCE_BYTES), plain);
    const by: Actor = { pseudonym: secret.pseudonym, enc, who: this.#who(officer), ...present({ via: officer.via }) };
    return { by, at: this.#now() };
  }

  /** @param others that change with it */
  async #put(draft: Draft, version: number, others: readonly Found[] = []): Promise<Draft> {
    await this.#state.commit(
      [{ draft, version }, ...others].map(({ draft: one, version: expected }) => {
        const at = String(one.proposed.at).padStart(15, '0');
        const open = isUndecided(one) ? [openOf(authorityOf(one.dataset as DatasetId), `${at}/${one.id}`)] : [];
        return {
          do: 'put',
          kind: KIND,
          id: one.id,
          version: expected,
          links: [linkOf(one.dataset, at), ...open],
          until: one.proposed.at + KEPT,
          body: one as unknown as Json,
        };
      }),
    );
    return draft;
  }

  async #current(dataset: string, id: string): Promise<Found> {
    const found = ID.test(id) ? await this.#state.document(KIND, id) : undefined;
    const draft = found?.body as unknown as Draft | undefined;
    if (found === undefined || draft?.dataset !== dataset)
      throw new YitongError('not_found', 'there is no such draft of a mend');
    return { draft, version: found.version };
  }

  /** As it stands now, where nobody has decided on it. */
  async #undecided({ dataset, id }: Draft): Promise<Found> {
    const found = await this.#current(dataset, id);
    if (!isUndecided(found.draft))
      throw new YitongError('state_conflict', 'the draft was decided on meanwhile; look at it again');
    return found;
  }

  async #nameOf(step: Step | undefined): Promise<string | undefined> {
    const secret = step === undefined ? undefined : await this.#keys.byPseudonym(step.by.pseudonym);
    if (step === undefined || secret === undefined) return undefined;
    return (unseal(secret, step.by.enc).details as { readonly name: string }).name;
  }

  async list(dataset: string): Promise<readonly Draft[]> {
    const { documents } = await this.#state.documents(KIND, { link: linkOf(dataset), descending: true, limit: SHOWN });
    return documents.map(({ body }) => body as unknown as Draft);
  }

  async undecided(authority: string, limit: number): Promise<readonly Draft[]> {
    const { documents } = await this.#state.documents(KIND, { link: openOf(authority), limit });
    return documents.map(({ body }) => body as unknown as Draft);
  }

  async find(dataset: string, id: string): Promise<Draft> {
    return (await this.#current(dataset, id)).draft;
  }

  async add(content: DraftContent, by: Officer): Promise<Draft> {
    const all = await this.list(content.dataset);
    if (all.filter(isUndecided).length >= MOST_OPEN)
      throw new YitongError('bad_request', 'too many drafts of this feed wait for a decision; decide on those first');
    return this.#put({ ...content, id: randomBytes(8).toString('hex'), proposed: await this.#step(by) }, 0);
  }

  async withdraw(draft: Draft, by: Officer): Promise<Draft> {
    const { draft: found, version } = await this.#undecided(draft);
    return this.#put({ ...found, withdrawn: await this.#step(by) }, version);
  }

  async proposedBy({ proposed: { by } }: Draft, officer: Officer): Promise<boolean> {
    return by.who === this.#who(officer) || (await this.#keys.find(subjectOf(officer)))?.pseudonym === by.pseudonym;
  }

  async refuseSame(draft: Draft, by: Officer): Promise<void> {
    if (await this.proposedBy(draft, by))
      throw new YitongError(
        'second_person_needed',
        'whoever proposed a mend does not approve it; another officer does',
      );
  }

  async approve(draft: Draft, by: Officer): Promise<Draft> {
    const { draft: found, version } = await this.#undecided(draft);
    await this.refuseSame(found, by);
    const undone =
      found.undoes === undefined
        ? undefined
        : await this.#current(found.dataset, found.undoes).catch((error: unknown) => {
            // its time was over
            if (isYitongError(error) && error.code === 'not_found') return undefined;
            throw error;
          });
    const others = undone === undefined ? [] : [{ ...undone, draft: { ...undone.draft, undone: found.id } }];
    return this.#put({ ...found, approved: await this.#step(by) }, version, others);
  }

  async applied(draft: Draft): Promise<Draft> {
    if (draft.applied !== undefined) return draft;
    const { draft: found, version } = await this.#current(draft.dataset, draft.id);
    if (found.applied !== undefined) return found;
    return this.#put({ ...found, applied: this.#now() }, version).catch((error: unknown) => {
      // somebody else saw it in the same moment
      if (isYitongError(error) && error.code === 'state_conflict') return this.find(draft.dataset, draft.id);
      throw error;
    });
  }

  async names({ proposed, approved, withdrawn }: Draft): Promise<Names> {
    return present({ proposed: await this.#nameOf(proposed), decided: await this.#nameOf(approved ?? withdrawn) });
  }
}

interface Found {
  readonly draft: Draft;
  readonly version: number;
}

export const openMendDrafts = (state: State, keys: SealingKeys, now: () => number): MendDrafts =>
  new OpenedDrafts(state, keys, now);
