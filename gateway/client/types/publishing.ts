/** For clients of an authority that publishes: records, the quarantine, objections. */

export interface PublishBody {
  /** ISO 8601: the source is seen up to here. */
  readonly sourceTime: string;
  /** These records are the whole dataset; what is missing has left. */
  readonly snapshot?: boolean;
  /**
   * At most 10,000. A position is the source's own, unique and stable: what comes again under it is not published
   * again.
   */
  readonly records: readonly (
    | { readonly position: string; readonly value: Readonly<Record<string, unknown>> }
    | {
        readonly position: string;
        readonly withdraw: { readonly subject: string; readonly recordId?: string };
        readonly reason: string;
      }
  )[];
}

export interface PublishAnswer {
  /**
   * `spooled`: the bus is away, the record is safe on the gateway's disk and is published in its order. `code` says why
   * a record is quarantined.
   */
  readonly results: readonly {
    readonly position: string;
    readonly status: 'published' | 'unchanged' | 'merged' | 'quarantined' | 'spooled';
    readonly code?: string;
  }[];
  /** Of a snapshot: records that had left. */
  readonly withdrawn?: number;
}

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

export interface ObjectionsQuestion {
  /** `todo` (default): those on which your authority may act now. */
  readonly show?: 'todo' | 'open' | 'closed';
  /** Tickets in the answer, at most 200; default 50. */
  readonly limit?: number;
  /** `next` of an earlier answer. */
  readonly after?: string;
}

export interface Ticket {
  readonly id: string;
  readonly lifecycle: string;
  readonly dataset: string;
  /** Absent where the subject was erased. */
  readonly subject?: string;
  readonly recordId?: string;
  readonly state: string;
  readonly openedAt: string;
  /** True once nothing more is done on it. */
  readonly over: boolean;
  readonly clocks: readonly {
    readonly clock: string;
    readonly party: string;
    /** The last working day of the term. */
    readonly due: string;
    /** It reaches into a year whose holidays are not published. */
    readonly provisional: boolean;
    /** Working days until then; negative once it is over. */
    readonly left: number;
    readonly over: boolean;
    readonly stoppedAt?: string;
  }[];
  /** What your authority may do now. */
  readonly acts: readonly {
    readonly act: string;
    readonly requires: readonly string[];
    readonly optional: readonly string[];
  }[];
  readonly events: readonly {
    readonly at: string;
    readonly act: string;
    readonly party: string;
    readonly fields?: Readonly<Record<string, string>>;
  }[];
}

export interface ObjectionsAnswer {
  /** The next to run out comes first. */
  readonly tickets: readonly Ticket[];
  readonly next?: string;
}

export interface ActBody {
  /** One of the ticket's `acts`. */
  readonly act: string;
  /** By the names of its `requires` and `optional`. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface OpenObjectionBody extends ActBody {
  readonly lifecycle: string;
  /** Of your own authority; where you speak for the subject, any. */
  readonly dataset: string;
  readonly subject: string;
  /** Absent where the dataset lacks something of the subject. */
  readonly recordId?: string;
}
