/** The part of the TypeScript client: comparing what somebody states. */
import type { CallOptions, Receipt, StatedCase, Wire } from '../../../../contracts/client.js';
import type { DatasetStatus } from '../query/client.js';

export interface VerifyBody {
  readonly purpose: string;
  readonly subject: string;
  /** At most 100. Decimals best as text: JSON numbers are rounded beyond 15 digits. */
  readonly claims: readonly {
    readonly dataset: string;
    readonly field: string;
    readonly value: string | number | boolean;
  }[];
  readonly case?: StatedCase;
}

export interface VerifyAnswer {
  readonly requestId: string;
  readonly time: string;
  /** In the order of the request. */
  readonly claims: readonly {
    readonly dataset: string;
    readonly field: string;
    /** `no_record` is only said of a current dataset. */
    readonly result: 'match' | 'mismatch' | 'no_record' | 'not_answered';
    /** Why it is not answered. */
    readonly reason?: string;
    readonly status?: DatasetStatus;
    readonly sourceTime?: string;
  }[];
  readonly receipt: Receipt;
}

export interface VerifyMethods {
  /**
   * Compares what somebody states with what departments have on record (核验).
   * @throws GatewayError `denied` if no claim may be answered
   */
  verify(body: VerifyBody, options?: CallOptions): Promise<VerifyAnswer>;
}

export const verifyMethods = (wire: Wire): VerifyMethods => ({
  verify: (body, call) => wire.post('/v1/verify', body, call),
});
