/**
 * Reviews: samples of answers that an auditor draws and judges one by one. A judgement is put on record before it is
 * stored; a second one of the same entry takes the place of the first, and the log has both. What is written stands
 * sealed under the key of whoever wrote it.
 */
import { randomBytes } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import type { Json, State } from '../../ground/state/port.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';

/** What an auditor finds of one entry: all right, or a question that somebody has to answer. */
export type Verdict = 'fine' | 'question';

export interface Review {
  readonly id: string;
  /** ms since 1970 */
  readonly at: number;
  /** Filters that were asked for, as they stand in an address; none that names a subject. */
  readonly filters: Readonly<Record<string, string>>;
  readonly root: string;
  readonly size: number;
  readonly first: number;
  readonly last: number;
  readonly wanted: number;
  /** In the order in which they were drawn. */
  readonly entries: readonly number[];
}

export interface Judgement {
  readonly entry: number;
  /** ms since 1970 */
  readonly at: number;
  readonly verdict: Verdict;
  /** Undefined where nothing was written, or once the key of its writer is gone. */
  readonly note?: string;
  readonly by?: string;
}

export interface Reviews {
  /** The newest first. @param since ms since 1970: of those that were drawn then or later */
  list(since?: number): Promise<readonly (Review & { readonly judged: number; readonly questions: number })[]>;
  /**
   * Of the newest, those of which entries wait for a judgement.
   * @param whole ids of those that were whole before: what was judged stays so; new ones are added
   */
  unjudged(whole: Set<string>): Promise<readonly (Review & { readonly judged: number })[]>;
  /** @throws YitongError `not_found` */
  find(id: string): Promise<{ readonly review: Review; readonly judged: ReadonlyMap<number, Judgement> }>;
  add(review: Review): Promise<void>;
  /** @throws YitongError `not_found` where the review has no such entry */
  judge(
    id: string,
    judgement: Omit<Judgement, 'by'>,
    by: { readonly id: string; readonly name: string },
  ): Promise<void>;
}

const KIND = 'review';
const JUDGED = 'review-judgement';
/** Links by which reviews come in their order. */
const BY_TIME = 'reviews/';
const SHOWN = 100;
const MOST_JUDGED = 1000;

interface StoredJudgement {
  readonly at: number;
  readonly verdict: Verdict;
  readonly pseudonym?: string;
  readonly enc?: string;
}

const linkAt = (at: number): string => `${BY_TIME}${String(at).padStart(15, '0')}`;
const linkOf = (review: string): string => `review/${review}/`;

/** @param keptFor ms for which a review and what was found in it are kept */
export function openReviews(state: State, keys: SealingKeys, keptFor: number): Reviews {
  const read = async (id: string): Promise<Review> => {
    const found = /^[0-9a-f]{16}$/.test(id) ? await state.document(KIND, id) : undefined;
    if (found === undefined) throw new YitongError('not_found', 'there is no such review');
    return found.body as unknown as Review;
  };
  const judgements = async (id: string): Promise<ReadonlyMap<number, StoredJudgement>> => {
    const { documents } = await state.documents(JUDGED, { link: linkOf(id), limit: MOST_JUDGED });
    return new Map(
      documents.map(({ id: name, body }) => [Number(name.slice(id.length + 1)), body as unknown as StoredJudgement]),
    );
  };
  const opened = async (entry: number, { pseudonym, enc, at, verdict }: StoredJudgement): Promise<Judgement> => {
    const secret = pseudonym === undefined ? undefined : await keys.byPseudonym(pseudonym);
    if (secret === undefined || enc === undefined) return { entry, at, verdict };
    const { name, note } = unseal(secret, enc).details as { readonly name: string; readonly note: string };
    return { entry, at, verdict, note, by: name };
  };
  const newest = async () => (await state.documents(KIND, { link: BY_TIME, descending: true, limit: SHOWN })).documents;
  return {
    async unjudged(whole) {
      const found = await Promise.all(
        (await newest())
          .filter(({ id }) => !whole.has(id))
          .map(async ({ id, body }) => ({ ...(body as unknown as Review), judged: (await judgements(id)).size })),
      );
      return found.filter(({ id, judged, entries }) => {
        if (judged >= entries.length) whole.add(id);
        return judged < entries.length;
      });
    },
    async list(since = 0) {
      const drawn = (await newest()).filter(({ body }) => (body as unknown as Review).at >= since);
      return Promise.all(
        drawn.map(async ({ id, body }) => {
          const judged = [...(await judgements(id)).values()];
          const questions = judged.filter(({ verdict }) => verdict === 'question').length;
          return { ...(body as unknown as Review), judged: judged.length, questions };
        }),
      );
    },
    async find(id) {
      const review = await read(id);
      const each = [...(await judgements(id))].map(([entry, one]) => opened(entry, one));
      return { review, judged: new Map((await Promise.all(each)).map((one) => [one.entry, one])) };
    },
    async add(review) {
      const { id, at } = review;
      await state.commit(
        [
          {
            do: 'put',
            kind: KIND,
            id,
            version: 0,
            links: [linkAt(at)],
            until: at + keptFor,
            body: review as unknown as Json,
          },
        ],
        `review/${id}`,
      );
    },
    async judge(id, { entry, at, verdict, note }, by) {
      const review = await read(id);
      if (!review.entries.includes(entry)) throw new YitongError('not_found', 'the review has no such entry');
      const subject = `person:${by.id}`;
      const secret = await keys.secretOf(subject);
      const details = { name: by.name, note: note ?? '' };
      const enc = seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify({ subject, details })));
      const body: StoredJudgement = { at, verdict, pseudonym: secret.pseudonym, enc };
      await state.commit([
        {
          do: 'put',
          kind: JUDGED,
          id: `${id}/${String(entry)}`,
          links: [linkOf(id)],
          until: review.at + keptFor,
          body: body as unknown as Json,
        },
      ]);
    },
  };
}
