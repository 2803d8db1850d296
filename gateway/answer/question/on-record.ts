/**
 * What leaves about several subjects at once is on record before it does: one entry of what was released, and one for
 * each subject in it, by which whoever asks about that subject finds it.
 */
import { present } from '../../../contracts/present.js';
import type { Client } from '../../../policies/types.js';
import { includedBody } from '../../log/entries/events.js';
import type { Journal, Receipt } from '../../log/entries/port.js';
import type { Plan } from './plan.js';
import { type StatedCase, sealedOf } from './request.js';

/** One subject of what leaves. */
export interface Included {
  readonly subject: string;
  /** Records a dataset of the plan, in its order; of one that is undefined its entry says nothing. */
  readonly counts: readonly (number | undefined)[];
}

interface ReleaseOfMany {
  readonly plan: Plan;
  readonly client: Pick<Client, 'id' | 'authority'>;
  readonly purpose: string;
  readonly stated?: StatedCase | undefined;
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  /** ISO 8601 UTC */
  readonly time: string;
  readonly chunk?: number | undefined;
  /** Id of a report's definition. */
  readonly report?: string | undefined;
  /** For whom the gateway of another region asks, as JSON text. */
  readonly asker?: string | undefined;
  /** base64url */
  readonly bodySha256: string;
  readonly bytes: number;
  readonly included: readonly Included[];
}

/** Resolves when all of it is durable. @throws YitongError `audit_unavailable`: then nothing may leave */
export async function recordMany(journal: Journal, release: ReleaseOfMany): Promise<Receipt> {
  const { plan, requestId, time, chunk, report, included } = release;
  const records = plan.datasets.map((_, i) => included.reduce((sum, { counts }) => sum + (counts[i] ?? 0), 0));
  const json = sealedOf(release.stated, plan.unknown);
  const { traceparent, asker, bodySha256, bytes } = release;
  // most have as many records as others: their entries differ in the subject alone
  const bodies = new Map<string, string>();
  const bodyOf = (counts: Included['counts']): string => {
    const alike = counts.join();
    let body = bodies.get(alike);
    if (body === undefined) bodies.set(alike, (body = includedClear(release, counts)));
    return body;
  };
  // one group commit as a rule
  const [receipt] = await Promise.all([
    journal.append({
      clear: plan.template({
        time,
        requestId,
        traceparent,
        records,
        bodySha256,
        bytes,
        chunk,
        subjects: included.length,
        report,
        asker,
      }),
    }),
    ...included.map(({ subject, counts }) =>
      journal.append({ clear: bodyOf(counts), subject: { subject, json }, unreceipted: true }),
    ),
  ]);
  return receipt;
}

function includedClear(release: ReleaseOfMany, counts: Included['counts']): string {
  const { plan, client, purpose, requestId, time, chunk = 0, report } = release;
  return includedBody({
    time,
    requestId,
    client: client.id,
    authority: client.authority,
    purpose,
    chunk,
    ...present({ report }),
    datasets: plan.datasets.flatMap(({ id, allowed }, i) => {
      const own = counts[i];
      return allowed === undefined || own === undefined ? [] : [{ dataset: id, records: own }];
    }),
  });
}
