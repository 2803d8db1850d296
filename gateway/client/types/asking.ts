/** Questions about subjects: query, dry run, batch, verify. */
import type { Receipt, StatedCase } from './common.js';

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

export interface BatchBody {
  readonly purpose: string;
  /** Each once; at most as many as the grant's `batchLimit`, and 10,000. */
  readonly subjects: readonly string[];
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[]; readonly limit?: number }[];
  readonly case?: StatedCase;
}

export interface BatchLine {
  readonly subject: string;
  readonly datasets: readonly DatasetAnswer[];
}

/** Behind the lines that were put on record together. */
export interface BatchChunk {
  /** From 0. */
  readonly chunk: number;
  readonly subjects: number;
  readonly receipt: Receipt;
}

/** The last line; without it the batch was cut off. */
export interface BatchSummary {
  readonly requestId: string;
  readonly subjects: number;
  readonly chunks: number;
  readonly records: number;
}

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
