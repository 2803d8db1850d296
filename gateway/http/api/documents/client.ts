/** The part of the TypeScript client: documents by their codes. */
import { type CallOptions, queryOf, type StatedCase, type Wire } from '../../../../contracts/client.js';

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
    | 'correction'
    | 'correction_ended'
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

export interface DocumentsMethods {
  /** Whether documents are genuine and what has changed since, by their codes. */
  verifyDocuments(body: VerifyDocumentsBody, options?: CallOptions): Promise<VerifyDocumentsAnswer>;
  /**
   * Of the documents that this client watches.
   * @param after of the answer before; 0 at first
   * @param wait seconds to wait for a first change, at most 25
   */
  documentChanges(after?: number, wait?: number, options?: CallOptions): Promise<DocumentChanges>;
}

export const documentsMethods = (wire: Wire): DocumentsMethods => ({
  verifyDocuments: (body, call) => wire.post('/v1/documents/verify', body, call),
  documentChanges: (after = 0, wait = 0, call) => wire.get(`/v1/documents/changes${queryOf({ after, wait })}`, call),
});
