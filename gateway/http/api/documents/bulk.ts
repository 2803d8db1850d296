/** Many documents verified in one request: each on record by itself, no more at a time than leaves room for others. */

import { present } from '../../../../contracts/present.js';
import type { ShownSubject } from '../../../documents/model/shown.js';
import { kindsOf, type SectionKinds, stateOf } from '../../../documents/reports/change-kinds.js';
import { eachInTurn } from '../../../documents/reports/each-in-turn.js';
import type { Asking, Issued, Outcome, Reports, Verified } from '../../../documents/reports/index.js';

interface DocumentResult {
  readonly outcome: Outcome;
  /** Of `revoked`: then it is not compared. */
  readonly revokedAt?: string;
  readonly report?: string;
  readonly document?: string;
  readonly issuedAt?: string;
  readonly purpose?: string;
  readonly range?: { readonly from: string; readonly to: string };
  /** In the document's order, as far as the report shows them to whoever holds a code. */
  readonly whom?: readonly ShownSubject[];
  /** With which state of the registers it was compared; absent where there is nothing to compare it with. */
  readonly comparedAt?: string;
  readonly sections?: readonly SectionKinds[];
  readonly watchedUntil?: string;
}

export function resultOf(
  { outcome, issued, revokedAt, changes }: Verified,
  whom: (issued: Issued) => readonly ShownSubject[],
): DocumentResult {
  if (issued === undefined) return { outcome };
  const { model, document } = issued;
  return {
    outcome,
    report: model.report,
    document,
    issuedAt: model.issuedAt,
    purpose: model.purpose.id,
    range: model.range,
    whom: whom(issued),
    ...present({ revokedAt }),
    ...(changes === undefined ? {} : { comparedAt: changes.at, sections: kindsOf(model, changes) }),
  };
}

interface Asked {
  readonly id: string;
  readonly until: number;
  readonly state: string;
}

/** What is watched of a verified document: nothing where it is unknown or cannot be compared. */
export async function watchOf(
  { issued, changes }: Verified,
  until: number,
  keptUntil: (id: string) => Promise<number | undefined>,
): Promise<Asked | undefined> {
  const kept = issued === undefined ? undefined : await keptUntil(issued.id);
  if (issued === undefined || changes === undefined || kept === undefined) return undefined;
  return { id: issued.id, until: Math.min(until, kept), state: stateOf(issued.model, changes) };
}

export const verifyAll = (reports: Reports, codes: readonly string[], asking: Asking): Promise<readonly Verified[]> =>
  eachInTurn(codes, (code) => reports.verifyCode(code, asking));
