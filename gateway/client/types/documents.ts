/** Reports on companies, authorisations, documents by their code, credentials, compliance codes. */

import type { ReportModel, ReportSection, SectionState } from '../../documents/model/model.js';
import type { Localised, Receipt, StatedCase } from './common.js';

export interface ReportDefinitions {
  readonly reports: readonly {
    readonly id: string;
    /** SHA-256 (base64url) of the definition. */
    readonly definition: string;
    readonly title: Localised;
    readonly maxSubjects: number;
    readonly purposes: Readonly<Record<string, Localised>>;
    readonly domains: readonly { readonly id: string; readonly title: Localised }[];
  }[];
}

export interface ReportBody {
  readonly report: string;
  /** The company that asks. */
  readonly as: string;
  /** `group`: the company with all that the register ties to it. */
  readonly subjects: 'group' | readonly string[];
  /** Default: all of the report. */
  readonly domains?: readonly string[];
  /** First and last day of conduct and events. */
  readonly from: string;
  readonly to: string;
  /** One of the report's purposes. */
  readonly purpose: string;
  /** Who is to be shown it, as the company names them. */
  readonly bearer: string;
  /** Companies that have not authorised it are left out, and the report names them. */
  readonly leaveOut?: boolean;
  readonly case?: StatedCase;
}

export interface ReportAnswer {
  readonly id: string;
  /** In no other answer. */
  readonly code: string;
  /** SHA-256 (base64url) over the canonical JSON of the model. */
  readonly document: string;
  readonly model: ReportModel;
  readonly keptUntil: string;
  readonly receipt: Receipt;
}

export interface ReportPreview {
  readonly members: readonly {
    readonly subject: string;
    readonly name: string;
    readonly relation: 'self' | 'parent' | 'subsidiary' | 'branch' | 'shareholder' | 'named';
    readonly company?: string;
  }[];
  /** `member` is an index into `members`, `company` whose authorisation it takes. */
  readonly missing: readonly { readonly member: number; readonly company: string }[];
  /** As it would be issued now; absent while an authorisation is missing. */
  readonly model?: ReportModel;
  readonly receipt: Receipt;
}

/** What a list says of an issued report. */
export interface ReportRow {
  readonly id: string;
  readonly report: string;
  readonly document: string;
  readonly issuedAt: string;
  readonly purpose: string;
  readonly bearer: string;
  readonly range: { readonly from: string; readonly to: string };
  readonly subjects: number;
  readonly domains: number;
  readonly keptUntil: string;
  readonly revokedAt?: string;
}

export interface RevocationAnswer {
  readonly id: string;
  readonly revokedAt: string;
  /** How many credentials of the report are revoked with it. */
  readonly credentials: number;
  readonly receipt: Receipt;
}

export interface AuthorisationBody {
  readonly report: string;
  /** Who authorises, and who may then ask. */
  readonly from: string;
  readonly to: string;
  /** Only these; default all. */
  readonly domains?: readonly string[];
  readonly purposes?: readonly string[];
  /** First and last day on which it holds. */
  readonly since: string;
  readonly until: string;
  readonly case?: StatedCase;
}

export interface Authorisation {
  readonly id: string;
  readonly report: string;
  readonly from: string;
  readonly to: string;
  readonly domains?: readonly string[];
  readonly purposes?: readonly string[];
  readonly since: string;
  readonly until: string;
  readonly recordedAt: string;
  readonly withdrawnAt?: string;
}

export type Outcome = 'genuine' | 'changed' | 'revoked' | 'unknown';

export interface SectionKinds {
  /** Index into the report's companies, in the document's order. */
  readonly subject: number;
  /** Id of the domain. */
  readonly domain: string;
  /** `added`: there is a new record. `answered`: a register that did not answer does. */
  readonly changes: readonly (
    | 'added'
    | 'answered'
    | 'withdrawn'
    | 'excluded'
    | 'revoked'
    | 'repaired'
    | 'expired'
    | 'corrected'
    | 'objection'
    | 'objection_ended'
    | 'not_answered'
  )[];
}

export interface VerifyDocumentsBody {
  /** At most 1,000. Case, hyphens and blanks do not matter. */
  readonly codes: readonly string[];
  readonly case?: StatedCase;
  /** ISO 8601 in days and below, `P90D`: how long `documentChanges` tells what changes. */
  readonly watch?: string;
}

/** One document; of an unknown code only the outcome. */
export interface VerifiedDocument {
  readonly outcome: Outcome;
  /** Of `revoked`: then it is not compared. */
  readonly revokedAt?: string;
  readonly report?: string;
  readonly document?: string;
  readonly issuedAt?: string;
  readonly purpose?: string;
  readonly range?: { readonly from: string; readonly to: string };
  /** As far as the report shows them to whoever holds a code. */
  readonly whom?: readonly { readonly name: string; readonly key: string }[];
  readonly comparedAt?: string;
  /** Where something has changed since, and of which kind. */
  readonly sections?: readonly SectionKinds[];
  readonly watchedUntil?: string;
}

export interface VerifyDocumentsAnswer {
  readonly requestId: string;
  readonly time: string;
  /** In the order of the codes. */
  readonly results: readonly VerifiedDocument[];
  /** Where `documentChanges` goes on, if `watch` was given. */
  readonly after?: number;
}

export interface DocumentChange {
  readonly number: number;
  readonly document: string;
  readonly report: string;
  readonly at: string;
  readonly outcome: Outcome;
  readonly sections: readonly SectionKinds[];
}

export interface DocumentChanges {
  readonly changes: readonly DocumentChange[];
  /** `after` of the next question. */
  readonly after: number;
}

export interface VerifyCredentialBody {
  /** SD-JWT with its holder's proof, as the company gave it. */
  readonly presentation: string;
  /** At least 16 characters, given to the company for this one question; see to it that it is taken once. */
  readonly nonce: string;
  /** For whom it must have been made. */
  readonly audience: string;
  /** Ids of domains that must be shown of every company. */
  readonly required: readonly string[];
  /** Companies that must be among those of the report. */
  readonly subjects?: readonly string[];
}

export interface VerifyCredentialAnswer {
  /** What every verifier sees. `iat`, `nbf` and `exp` are seconds since 1970. */
  readonly claims: Readonly<Record<string, unknown>> & {
    readonly report: string;
    readonly subjects: readonly {
      readonly subject: string;
      readonly name: string;
      readonly relation: string;
      readonly of?: number;
    }[];
    readonly range: { readonly from: string; readonly to: string };
  };
  /** What was shown. A section that is not here is not "none". */
  readonly sections: readonly (Omit<ReportSection, 'domain' | 'salt' | 'digest'> & {
    readonly domain: { readonly id: string; readonly title: Localised };
  })[];
  readonly receipt: Receipt;
}

export interface ScanBody {
  /** As the QR says it: the last part of its address. */
  readonly code: string;
  readonly report: string;
  /** Only what is needed. */
  readonly domains: readonly string[];
  /** How far back, up to today. */
  readonly months: number;
}

export interface ScanAnswer {
  /** With what the answer is collected, by this client. */
  readonly ticket: string;
  /** Four digits that stand on the company's screen too. */
  readonly number: string;
  readonly expiresAt: string;
}

export interface ComplianceAnswer {
  readonly state: 'waiting' | 'answered';
  readonly expiresAt?: string;
  /** Given once. Compare name and subject with whom you have before you. */
  readonly answer?: {
    readonly subject: string;
    /** As the register has it; absent where it does not have the company. */
    readonly name?: string;
    readonly question: {
      readonly report: string;
      readonly domains: readonly string[];
      readonly from: string;
      readonly to: string;
    };
    readonly answeredAt: string;
    readonly domains: readonly {
      readonly domain: string;
      readonly state: SectionState;
      readonly count?: number;
      readonly asOf?: string;
    }[];
  };
}

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
