/**
 * What is told of subjects is on record before it leaves, as an answer of POST /v1/query is: one entry, and of several
 * subjects one for each besides.
 */
import { hash } from 'node:crypto';
import type { SubjectKey } from '../../../contracts/ids.js';
import type { Client } from '../../../policies/types.js';
import type { Plan } from '../../answer/question/plan.js';
import { type StatedCase, sealedOf } from '../../answer/question/request.js';
import { includedBody } from '../../log/entries/events.js';
import type { Journal, Receipt } from '../../log/entries/port.js';

interface Release {
  readonly plan: Plan;
  readonly client: Client;
  readonly purpose: string;
  /** Id of the report's definition. */
  readonly report: string;
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  readonly stated?: StatedCase | undefined;
  /** ms since 1970 */
  readonly started: number;
  readonly subjects: readonly SubjectKey[];
  /** Records released, by subject and then by the plan's dataset. */
  readonly counts: readonly (readonly number[])[];
  /** What leaves, or what it is made from. */
  readonly body: string;
}

/** Resolves when all of it is durable. @throws YitongError `audit_unavailable`: then nothing may leave */
export async function recordRelease(
  journal: Journal,
  { plan, client, purpose, report, requestId, traceparent, stated, started, subjects, counts, body }: Release,
): Promise<Receipt> {
  const time = new Date(started).toISOString();
  const sums = plan.datasets.map((_, i) => counts.reduce((sum, own) => sum + (own[i] ?? 0), 0));
  const json = sealedOf(stated, plan.unknown);
  const [only] = subjects;
  const alone = subjects.length === 1 && only !== undefined;
  const parts = {
    time,
    requestId,
    traceparent,
    report,
    records: sums,
    bodySha256: hash('sha256', body, 'base64url'),
    bytes: Buffer.byteLength(body),
    ...(alone ? {} : { subjects: subjects.length, chunk: 0 }),
  };
  if (alone) return journal.append({ clear: plan.template(parts), subject: { subject: only, json } });
  const [receipt] = await Promise.all([
    journal.append({ clear: plan.template(parts) }),
    ...subjects.map((subject, s) =>
      journal.append({
        clear: includedBody({
          time,
          requestId,
          client: client.id,
          authority: client.authority,
          purpose,
          chunk: 0,
          report,
          datasets: plan.datasets.flatMap(({ id, allowed }, i) =>
            allowed === undefined ? [] : [{ dataset: id, records: counts[s]?.[i] ?? 0 }],
          ),
        }),
        subject: { subject, json },
      }),
    ),
  ]);
  return receipt;
}
