/** The part of the TypeScript client: rows that broke their contract. */
import { at, type CallOptions, queryOf, type Wire } from '../../../../contracts/client.js';

export interface QuarantineQuestion {
  /** Rows in the answer, at most 500; default 100. */
  readonly limit?: number;
  /** `next` of an earlier answer. */
  readonly after?: string;
  /** With what each row held. */
  readonly rows?: boolean;
}

export interface QuarantineAnswer {
  readonly dataset: string;
  /** Rows in quarantine. */
  readonly count: number;
  readonly rows: readonly {
    /** Derived from the position. */
    readonly id: string;
    readonly position: string;
    /** Within its file or request. */
    readonly rowNumber: number;
    readonly sourceTime: string;
    readonly firstSeen: string;
    readonly problems: readonly { readonly code: string; readonly field: string; readonly reason: string }[];
    readonly cells?: Readonly<Record<string, unknown>>;
    /** A line that could not be read. */
    readonly raw?: string;
    readonly value?: Readonly<Record<string, unknown>>;
    readonly withdraw?: Readonly<Record<string, unknown>>;
  }[];
  /** There are more rows: `after` of the next question. */
  readonly next?: string;
}

export interface RetryAnswer {
  /**
   * `merged`: older than what is published of the record since. `skipped`: not the dataset's any more. `absent`: not in
   * quarantine.
   */
  readonly results: readonly {
    readonly position: string;
    readonly status: 'published' | 'unchanged' | 'merged' | 'skipped' | 'quarantined' | 'absent';
    readonly code?: string;
  }[];
}

export interface QuarantineMethods {
  /** Rows that broke their contract, with the reason. */
  quarantine(dataset: string, question?: QuarantineQuestion, options?: CallOptions): Promise<QuarantineAnswer>;
  /**
   * Publishes rows of the quarantine that fit by now.
   * @param positions only these; default all but conflicting duplicates
   */
  retryQuarantine(dataset: string, positions?: readonly string[], options?: CallOptions): Promise<RetryAnswer>;
}

export const quarantineMethods = (wire: Wire): QuarantineMethods => ({
  quarantine: (dataset, question = {}, call) =>
    wire.get(`${at('v1', 'datasets', dataset, 'quarantine')}${queryOf({ ...question })}`, call),
  retryQuarantine: (dataset, positions, call) =>
    wire.post(at('v1', 'datasets', dataset, 'quarantine', 'retry'), positions === undefined ? {} : { positions }, call),
});
