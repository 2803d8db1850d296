/** The part of the TypeScript client: trying questions on invented records. */
import type { CallOptions, Receipt, StatedCase, Wire } from '../../../../contracts/client.js';
import type { DatasetAnswer } from '../query/client.js';

export interface SandboxBody {
  readonly purpose: string;
  /** One of `sandboxSubjects`. */
  readonly subject: string;
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[] }[];
  readonly case?: StatedCase;
}

export interface SandboxAnswer {
  readonly requestId: string;
  readonly time: string;
  readonly sandbox: true;
  readonly datasets: readonly DatasetAnswer[];
  /** Of the log of the sandbox. */
  readonly receipt: Receipt;
}

export interface SandboxMethods {
  /**
   * As `query`, decided alike and answered from invented records.
   * @throws GatewayError as `query`; `not_in_sandbox` of a subject that is not invented
   */
  sandboxQuery(body: SandboxBody, options?: CallOptions): Promise<SandboxAnswer>;
  /** The invented subjects about whom it can be asked, and what there is to try with each. */
  sandboxSubjects(options?: CallOptions): Promise<{
    readonly subjects: readonly {
      readonly subject: string;
      readonly title: { readonly zh: string; readonly en: string };
    }[];
  }>;
}

export const sandboxMethods = (wire: Wire): SandboxMethods => ({
  sandboxQuery: (body, call) => wire.post('/v1/sandbox/query', body, call),
  sandboxSubjects: (call) => wire.get('/v1/sandbox/subjects', call),
});
