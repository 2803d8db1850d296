/**
 * What is told of subjects is on record before it leaves, as an answer of POST /v1/query is: one entry, and of several
 * subjects one for each besides.
 */
import { hash } from 'node:crypto';
import type { SubjectKey } from '../../../contracts/ids.js';
import type { Client } from '../../../policies/types.js';
import { recordMany } from '../../answer/question/on-record.js';
import type { Plan } from '../../answer/question/plan.js';
import { type StatedCase, sealedOf } from '../../answer/question/request.js';
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
  const [only] = subjects;
  const bodySha256 = hash('sha256', body, 'base64url');
  const bytes = Buffer.byteLength(body);
  if (subjects.length === 1 && only !== undefined) {
    const records = plan.datasets.map((_, i) => counts[0]?.[i] ?? 0);
    const clear = plan.template({ time, requestId, traceparent, report, records, bodySha256, bytes });
    return await journal.append({ clear, subject: { subject: only, json: sealedOf(stated, plan.unknown) } });
  }
  return await recordMany(journal, {
    plan,
    client,
    purpose,
    stated,
    requestId,
    traceparent,
    time,
    chunk: 0,
    report,
    bodySha256,
    bytes,
    included: subjects.map((subject, s) => ({ subject, counts: plan.datasets.map((_, i) => counts[s]?.[i] ?? 0) })),
  });
}
