/**
 * What a subject may read of one entry about it, under the notice that each grant declares. Pure. Whatever is not known
 * is withheld: a grant that is gone, a time that cannot be read, a batch entry whose answer is missing.
 */

import { parseDuration } from '../../../../contracts/duration.js';
import { present } from '../../../../contracts/present.js';
import type { Grant } from '../../../../policies/types.js';
import type { LogBody, LogDataset } from '../../../log/entries/body.js';

export type NoticeGrant = Pick<Grant, 'client' | 'dataset' | 'purposes' | 'subjectNotice'>;

export interface ShownDataset {
  readonly dataset: string;
  readonly released: boolean;
  readonly fields: readonly string[];
  readonly records: number;
}

/** ms since 1970 from which the subject may read what happened at `at`; Infinity: never. */
function shownFrom({ mode, delay }: Grant['subjectNotice'], at: number): number {
  if (Number.isNaN(at)) return Infinity;
  switch (mode) {
    case 'immediate':
      return at;
    case 'delayed':
      return at + (parseDuration(delay ?? '') ?? Infinity);
    case 'withheld':
      return Infinity;
  }
}

/** What the rule reads of a grant-holder: all its grants as they are in force. */
export interface NoticeGrants {
  get(id: string): NoticeGrant | undefined;
  of(client: string): readonly NoticeGrant[];
}

export function noticeGrants(grants: ReadonlyMap<string, NoticeGrant>): NoticeGrants {
  const all = [...grants.values()];
  return { get: (id) => grants.get(id), of: (client) => all.filter((grant) => grant.client === client) };
}

/**
 * The datasets of an entry that the subject may read now; empty: then the entry is not for it at all.
 *
 * A dataset that was answered follows its grant. One that was refused without a grant follows the strictest of what the
 * client has for that dataset or purpose, and of everything else in the entry: else a refusal would tell of the look
 * beside it that is withheld.
 */
export function shownDatasets(body: LogBody, grants: NoticeGrants, now: number): readonly ShownDataset[] {
  const { client, purpose, datasets = [] } = body;
  const at = Date.parse(body.time ?? '');
  if (client === undefined || Number.isNaN(at)) return [];
  const fromOf = (id: string): number => {
    const grant = grants.get(id);
    return grant === undefined ? Infinity : shownFrom(grant.subjectNotice, at);
  };
  const holdings = grants.of(client);
  const beside = Math.max(at, ...datasets.flatMap(({ grant }) => (grant === undefined ? [] : [fromOf(grant)])));
  const from = ({ dataset, effect, grant }: LogDataset): number => {
    if (grant !== undefined) return fromOf(grant);
    // an answer without a grant is none that we know, and neither is a client that has none at all any more
    if (effect !== 'deny' || holdings.length === 0) return Infinity;
    const near = holdings.filter((one) => one.dataset === dataset || one.purposes.some((name) => name === purpose));
    return Math.max(beside, ...near.map(({ subjectNotice }) => shownFrom(subjectNotice, at)));
  };
  return datasets.flatMap((one) => {
    if (one.dataset === undefined || !(from(one) <= now)) return [];
    const released = one.effect === 'allow';
    return [
      {
        dataset: one.dataset,
        released,
        fields: released ? (one.fields ?? []) : [],
        records: released ? (one.records ?? 0) : 0,
      },
    ];
  });
}

/**
 * A batch's entry of one subject, with grants and fields from the answer that it was part of. A client may use one
 * request id twice: then each answer that it may have been counts, and a dataset is shown only where all of them let
 * it.
 */
export function batchDatasets(
  included: LogBody,
  answers: readonly LogBody[],
  grants: NoticeGrants,
  now: number,
): readonly ShownDataset[] {
  const records = new Map((included.datasets ?? []).map(({ dataset, records: n }) => [dataset, n ?? 0]));
  const shown = answers.map((answer) => shownDatasets({ ...answer, ...present({ time: included.time }) }, grants, now));
  const [first = [], ...others] = shown;
  return first
    .filter(
      ({ dataset, released }) =>
        (!released || records.has(dataset)) && others.every((other) => other.some((one) => one.dataset === dataset)),
    )
    .map((one) => ({ ...one, records: one.released ? (records.get(one.dataset) ?? 0) : 0 }));
}
