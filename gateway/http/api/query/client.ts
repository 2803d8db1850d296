/** The part of the TypeScript client: one subject, several datasets; dry run. */
import type { CallOptions, Receipt, StatedCase, Wire } from '../../../../contracts/client.js';

export interface QueryBody {
  /** A purpose of the workspace, e.g. `licence-review`. */
  readonly purpose: string;
  /** Key scheme and key, `uscc:9131…`. */
  readonly subject: string;
  /**
   * Each once. `fields` default to all that are granted; `limit` is records in this answer; `cursor` is where an
   * earlier answer of the same question stopped.
   */
  readonly datasets: readonly {
    readonly id: string;
    readonly fields?: readonly string[];
    readonly limit?: number;
    readonly cursor?: string;
  }[];
  readonly case?: StatedCase;
  /** ISO 8601, publishing time: answer as published up to then. Not together with `cut`. */
  readonly asOf?: string;
  /** Topic → next offset of each partition, as an earlier answer returned it: the same cut gives the same records. */
  readonly cut?: Readonly<Record<string, readonly number[]>>;
  /** Also say from which offsets the answer was made. */
  readonly returnCut?: boolean;
}

export type DatasetStatus =
  | 'current'
  | 'stale'
  | 'unavailable'
  | 'never-loaded'
  | 'denied'
  | 'not_yet'
  | 'history_not_kept';

export interface AnsweredRecord {
  readonly record: Readonly<Record<string, unknown>>;
  readonly provenance: {
    /** Partition and offset on the dataset's topic. */
    readonly version: string;
    readonly publishedAt: string;
    readonly sourceTime: string;
    readonly contractVersion: number;
  };
  /** A department says that it is wrong, and the provider has not answered yet. */
  readonly marks?: readonly 'correction'[];
}

export interface DatasetAnswer {
  readonly id: string;
  readonly authority?: string;
  /** The grant under which it is answered. */
  readonly grant?: string;
  /** No record of a dataset that is not `current` does not mean "none on record". */
  readonly status: DatasetStatus;
  /** Of a denial. */
  readonly reason?: string;
  /** ISO 8601: the source was seen in full up to here. */
  readonly sourceTime?: string;
  readonly records: readonly AnsweredRecord[];
  readonly withheld: readonly { readonly field: string; readonly reason: string }[];
  /** There are more records: `cursor` of the same question gives them. */
  readonly cursor?: string;
}

export interface QueryAnswer {
  readonly requestId: string;
  /** Reading time. */
  readonly time: string;
  readonly datasets: readonly DatasetAnswer[];
  readonly cut?: Readonly<Record<string, readonly number[]>>;
  readonly receipt: Receipt;
}

/** What `dryRun` answers: the decisions, and nothing of a record. */
export interface DryRunAnswer {
  readonly requestId: string;
  readonly time: string;
  readonly dryRun: true;
  readonly datasets: readonly {
    readonly id: string;
    readonly effect: 'allow' | 'deny';
    readonly grant?: string;
    /** Of a denial, or of what a policy withholds. */
    readonly reasons: readonly string[];
    /** `as`: `value`, or the form in which it would be told. */
    readonly fields: readonly { readonly field: string; readonly as: string }[];
    readonly withheld: readonly { readonly field: string; readonly reason: string }[];
  }[];
  readonly receipt: Receipt;
}

export interface QueryMethods {
  /**
   * One subject, several datasets, for a stated purpose.
   * @throws GatewayError `denied` if no dataset may be answered (`denial` says why of each), `bad_subject`,
   * `bad_identifier`
   */
  query(body: QueryBody, options?: CallOptions): Promise<QueryAnswer>;
  /** What `query` would answer, withhold or deny, and why; no record is read. */
  dryRun(body: QueryBody, options?: CallOptions): Promise<DryRunAnswer>;
}

export const queryMethods = (wire: Wire): QueryMethods => ({
  query: (body, call) => wire.post('/v1/query', body, call),
  dryRun: (body, call) => wire.post('/v1/query', { ...body, dryRun: true }, call),
});
