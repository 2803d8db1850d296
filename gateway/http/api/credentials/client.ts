/** The part of the TypeScript client: credentials of reports. */
import { at, type CallOptions, type Localised, type Receipt, type Wire } from '../../../../contracts/client.js';
import type { ReportSection } from '../../../documents/model/model.js';

export interface RevocationAnswer {
  readonly id: string;
  readonly revokedAt: string;
  /** How many credentials of the report are revoked with it. */
  readonly credentials: number;
  readonly receipt: Receipt;
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

export interface CredentialsMethods {
  /** @throws GatewayError `credential_…` or `holder_proof_…`, each refusal with its own code */
  verifyCredential(body: VerifyCredentialBody, options?: CallOptions): Promise<VerifyCredentialAnswer>;
  /** For good, with its credentials. @throws GatewayError `not_found` for a report that another client issued */
  revokeReport(id: string, reason: string, options?: CallOptions): Promise<RevocationAnswer>;
}

export const credentialsMethods = (wire: Wire): CredentialsMethods => ({
  verifyCredential: (body, call) => wire.post('/v1/credentials/verify', body, call),
  revokeReport: (id, reason, call) => wire.post(at('v1', 'reports', id, 'revocation'), { reason }, call),
});
