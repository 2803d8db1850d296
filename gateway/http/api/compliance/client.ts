/** The part of the TypeScript client: compliance codes (合规一码通). */
import { at, type CallOptions, type Wire } from '../../../../contracts/client.js';
import type { SectionState } from '../../../documents/model/model.js';

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

export interface ComplianceMethods {
  /**
   * Asks one question by a compliance code (合规一码通).
   * @throws GatewayError `code_unknown`, `code_used`, `code_expired`
   */
  scan(body: ScanBody, options?: CallOptions): Promise<ScanAnswer>;
  /**
   * Whether the company has confirmed; then the answer, once.
   * @throws GatewayError `code_refused`, `code_expired`, `code_used`
   */
  scanAnswer(ticket: string, options?: CallOptions): Promise<ComplianceAnswer>;
}

export const complianceMethods = (wire: Wire): ComplianceMethods => ({
  scan: (body, call) => wire.post('/v1/compliance/scans', body, call),
  scanAnswer: (ticket, call) => wire.get(at('v1', 'compliance', 'scans', ticket), call),
});
