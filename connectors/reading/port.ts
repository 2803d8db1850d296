/**
 * A source kind: one folder `sources/<kind>/` whose `index.ts` default-exports a SourceKind. Found by folder,
 * registered nowhere else.
 */
import type { Localised, Workspace } from '../../contracts/types.js';
import type { Feed } from '../feed.js';

/** A cell is text or absent; sources with typed values (JSON) may give any JSON value. */
export type Cell = string | null | number | boolean | readonly unknown[] | { readonly [key: string]: unknown };

/** One row as the source has it. */
export interface SourceRow {
  /**
   * Unique and stable within the source where it has one (`file.csv#17`, an LSN, a sequence number); for quarantine and
   * provenance.
   */
  readonly position: string;
  /** 1-based number within this run's file, for people. */
  readonly rowNumber: number;
  readonly cells: Readonly<Record<string, Cell>>;
  /** When the source says that this row came to be; else the batch's source time holds. ISO 8601 UTC. */
  readonly sourceTime?: string;
  /** The source says that this record was withdrawn. The cells need only hold subject and record id. */
  readonly withdrawn?: { readonly reason: string };
}

export type BrokenCode = 'bad_row' | 'wrong_charset' | 'record_too_large' | 'nested_too_deep';

/** A row that the source itself could not read. It goes to quarantine. */
export interface BrokenRow {
  readonly position: string;
  readonly rowNumber: number;
  readonly broken: { readonly code: BrokenCode; readonly reason: string };
  /** The raw line as far as it could be read, kept in the quarantine only. */
  readonly raw: string;
  /** What was read of it all the same: if that names its record, the record has not left the source. */
  readonly cells?: Readonly<Record<string, Cell>>;
  /** True where nothing after this row could be read: a snapshot then withdraws nothing. */
  readonly tail?: true;
}

/** Rows, in the order in which they count. */
export interface SourceBatch extends ReadonlyArray<SourceRow | BrokenRow> {
  /**
   * The batch has no rows; it says that the source was emptied at once: what no later row of the run names has left, as
   * if the run had seen the whole source.
   */
  readonly emptied?: true;
}

/** What became of the records that a run did not name although it saw the whole source. */
export interface Outcome {
  /** They were too many to believe. */
  readonly refused: boolean;
  /**
   * Rows that cannot be read may be theirs, so that some were not withdrawn that left since the last run that saw it.
   */
  readonly held?: boolean;
}

export interface SourceRun {
  /** ISO 8601 UTC: the source is seen up to here once the run completes. Asked again at the end. */
  readonly sourceTime: string;
  /** Rows in all, if known beforehand; for the progress bar. Bytes count as well as rows. */
  readonly total?: number;
  readonly rows: AsyncIterable<SourceBatch>;
  /**
   * Rows are events in the order in which they happened, so that two of one record are two versions and not a
   * duplicate.
   */
  readonly events?: true;
  /** How far, in the unit of `total`. */
  progress?(): number;
  /** The rows were taken before, so that what is published of a record since then is newer. */
  readonly again?: true;
  /**
   * Called after everything was published or quarantined; the source may move its cursor (returned, stored by the
   * runner) or a drop-folder file.
   */
  complete?(outcome?: Outcome): Promise<void>;
  /**
   * After the rows: true where this run saw the whole source, by its rows or by `context.keys`, so that what it did not
   * see has left. Default the feed's `snapshot`.
   */
  whole?(): boolean;
  /** True where another run should follow at once, e.g. the next file of a drop folder. Asked at the end. */
  readonly more?: boolean;
  readonly backlog?: Backlog;
  /** For the report; asked at the end. */
  notes?(): Readonly<Record<string, number>>;
}

/** What the source must keep until it is read. */
export interface Backlog {
  readonly bytes: number;
  /** More than the feed says it may be. */
  readonly high: boolean;
}

/** There is nothing to read. */
export interface Unchanged {
  readonly unchanged: true;
  /**
   * ISO 8601 UTC: the whole source was looked at and is as the last completed run left it, and it was seen up to here.
   * Absent where nothing came to be looked at.
   */
  readonly sourceTime?: string;
  /** For the report. */
  readonly notes?: Readonly<Record<string, number>>;
  readonly backlog?: Backlog;
}

/** For sources that can look at the keys of all rows without reading the rows. */
export interface Keys {
  /** The columns that say which record a row is, and whether it is one of the dataset's. */
  readonly columns: ReadonlySet<string>;
  /**
   * The row is still there. False: nothing, or nothing good, is published of it, so that it must be read as a row too.
   * To be called after the run's other rows were handed on.
   */
  keep(position: string, cells: Readonly<Record<string, Cell>>): boolean;
}

export interface SourceContext {
  readonly feed: Feed;
  readonly workspace: Workspace;
  /** Relative paths of a feed are relative to this. */
  readonly baseDir: string;
  /**
   * Folders below which files may lie beside those that the installation declares: of files that whoever runs this has
   * named itself.
   */
  readonly roots?: readonly string[];
  readonly now: () => Date;
  /** What the last completed run left here, e.g. a cursor; `set` is made durable with the run's completion. */
  readonly memory: {
    get(): unknown;
    set(value: unknown): void;
    /** Durable when it resolves, and all that was published before with it: for what must be known after a crash. */
    keep?(value: unknown): Promise<void>;
  };
  /** A run was cut off since the last that was completed: the bus may have more of the source than that one saw. */
  readonly cutOff?: boolean;
  /** Asks for a run now, between the runs of the schedule. Absent where runs are not scheduled. */
  readonly wake?: () => void;
  readonly signal: AbortSignal;
  /**
   * A name for what must not be told, such as a person's key in a position: the same text has the same name in this
   * data folder only.
   */
  readonly pseudonym: (text: string) => string;
  readonly keys: Keys;
  /** Of `up` and `connector`: e.g. companies, seed, day for synthetic sources. */
  readonly options: Readonly<Record<string, string>>;
}

/** Of a context where rows are read and nothing is published. */
export const JUST_READING: Pick<SourceContext, 'pseudonym' | 'keys'> = {
  pseudonym: (text) => text,
  keys: { columns: new Set(), keep: () => false },
};

export interface SourceKind {
  readonly kind: string;
  /** What an official calls it. */
  readonly title: Localised;
  readonly description: string;
  /** JSON schema of the feed's `source`, `additionalProperties: false`. */
  readonly schema: { readonly [key: string]: unknown };
  /** Its rows are sent to the gateway, so that its feeds have the schedule `push` and no run; default false. */
  readonly pushed?: boolean;
  /** The server keeps what a feed has not read, until a run with the option `dropSlot` (`--drop-slot`); else false. */
  readonly slot?: boolean;
  /**
   * What the schema cannot say of a feed, looked at when feeds are loaded, so that nobody meets it at night. Opens
   * nothing; the schema was checked.
   * @throws YitongError `bad_feed` with the file
   */
  check?(feed: Feed, workspace: Workspace): void;
  /** Undefined where there is nothing new, and nothing that would say up to when. @throws YitongError `bad_feed` */
  open(context: SourceContext): Promise<SourceRun | Unchanged | undefined>;
}
