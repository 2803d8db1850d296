/** The part of the TypeScript client: what a company releases by a code. */
import { at, type CallOptions, type Localised, subjectHeader, type Wire } from '../../../../contracts/client.js';
import type { ReportModel, ReportSection } from '../../../documents/model/model.js';
import type { SectionKinds } from '../documents/client.js';

export interface ReleaseBody {
  /** Ids of domains of the report; default all. */
  readonly domains?: readonly string[];
}

export interface ReleaseAnswer {
  /** By which it is followed and taken back. */
  readonly release: string;
  /** For a phone to show, as the last part of an address; in no other answer. */
  readonly code: string;
  readonly expiresAt: string;
}

export interface ReleaseStateAnswer {
  readonly state: 'released' | 'looked' | 'withdrawn' | 'expired';
  /** When the state ends by itself, or ended. */
  readonly until: string;
  readonly domains: readonly string[];
  readonly lookedBy?: {
    readonly kind: 'client' | 'person' | 'public';
    readonly name?: string;
    readonly authority?: string;
  };
}

export interface LookBody {
  /** As the QR says it: the last part of its address. */
  readonly code: string;
}

/**
 * The domains that a company released of a report, beside the registers as they are now. Of any other domain it says
 * nothing.
 */
export interface ReleasedReport {
  readonly report: string;
  readonly title: Localised;
  readonly issuer: Localised;
  /** All data are invented. */
  readonly synthetic: boolean;
  readonly issuedAt: string;
  readonly range: { readonly from: string; readonly to: string };
  readonly purpose: { readonly id: string; readonly name: Localised };
  readonly bearer: string;
  readonly subjects: ReportModel['subjects'];
  readonly leftOut?: NonNullable<ReportModel['leftOut']>;
  readonly domains: ReportModel['domains'];
  /** `sections[s * domains.length + d]` */
  readonly sections: readonly Omit<ReportSection, 'salt' | 'digest'>[];
  readonly notes: readonly Localised[];
  readonly outcome: 'genuine' | 'changed';
  /** Absent where its definition is gone, so that there is nothing to compare it with. */
  readonly comparedAt?: string;
  readonly changes: readonly SectionKinds[];
}

export interface ReleasesMethods {
  /**
   * Releases an issued report of a company, or chosen domains of it, to whoever scans the code: two minutes, one look.
   * @throws GatewayError `report_revoked`
   */
  releaseReport(id: string, subject: string, body?: ReleaseBody, options?: CallOptions): Promise<ReleaseAnswer>;
  /** Whether it was seen, and by whom. */
  releaseState(id: string, release: string, subject: string, options?: CallOptions): Promise<ReleaseStateAnswer>;
  /** Until it was seen. @throws GatewayError `code_used`, `code_expired` */
  withdrawRelease(id: string, release: string, subject: string, options?: CallOptions): Promise<ReleaseStateAnswer>;
  /**
   * What a company released by a code, once.
   * @throws GatewayError `code_unknown`, `code_used`, `code_withdrawn`, `code_expired`, `report_revoked`
   */
  lookAtReport(body: LookBody, options?: CallOptions): Promise<ReleasedReport>;
}

export const releasesMethods = (wire: Wire): ReleasesMethods => ({
  releaseReport: (id, subject, body = {}, call) =>
    wire.ask(
      { method: 'POST', path: at('v1', 'reports', id, 'releases'), body, headers: subjectHeader(subject) },
      call,
    ),
  releaseState: (id, release, subject, call) =>
    wire.get(at('v1', 'reports', id, 'releases', release), call, subjectHeader(subject)),
  withdrawRelease: (id, release, subject, call) =>
    wire.ask(
      { method: 'DELETE', path: at('v1', 'reports', id, 'releases', release), headers: subjectHeader(subject) },
      call,
    ),
  lookAtReport: (body, call) => wire.post('/v1/compliance/looks', body, call),
});
