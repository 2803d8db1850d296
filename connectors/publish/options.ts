/** What a publisher is told, and what it says of each row. */
import type { ErrorCode } from '../../contracts/errors.js';
import type { Span } from '../../contracts/tracing.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import type { Quarantine } from '../quarantine.js';
import type { Cell } from '../reading/port.js';
import type { JsonForm } from './identity.js';
import type { State } from './state.js';

export interface Place {
  /** The source's own; at most 1,024 bytes. */
  readonly position: string;
  readonly rowNumber: number;
  /** ISO 8601 UTC */
  readonly sourceTime: string;
}

export type PublishRow = Place &
  (
    | {
        readonly value: JsonForm /** As the source had it, for the quarantine. */;
        readonly cells?: Readonly<Record<string, Cell>> /** As in `Published`. */;
        readonly rest?: string;
      }
    | {
        readonly withdraw: {
          /** With or without its scheme. */ readonly subject: string;
          readonly recordId: string;
          readonly reason: string;
        };
      }
  );

type PublishStatus = 'published' | 'unchanged' | 'merged' | 'quarantined';

export interface PublishResult {
  readonly position: string;
  readonly status: PublishStatus;
  readonly code?: ErrorCode;
  /** True where the record's key was brought into normal form. */
  readonly normalised?: true;
  /** True where it cannot be said which record the row is about. */
  readonly nameless?: true;
}

export interface PublisherOptions {
  readonly workspace: Workspace;
  readonly contract: Contract;
  readonly state: State;
  readonly quarantine: Quarantine;
  readonly now: () => Date;
  /**
   * `run`: rows of one run, where a key that comes twice is a duplicate. `stream`: rows in the order of events, where
   * it is a change. Default `stream`.
   */
  readonly mode?: 'run' | 'stream';
  /** Of a run: whether it sees the whole source, and which of two different rows of one key counts. */
  readonly snapshot?: boolean;
  readonly onDuplicate?: 'quarantine' | 'last';
  /** Of a stream: a position that came before is not published again (`http-push`). Default false. */
  readonly rememberPositions?: boolean;
  /**
   * Rows older than what is published of their record are `merged` (retries from the quarantine, files that are read
   * again). Default false.
   */
  readonly skipOlder?: boolean;
  /**
   * Of a stream: a withdrawal of what is not published is `unchanged`, so that the key of a row that was never the
   * dataset's stays untold. Default false.
   */
  readonly knownOnly?: boolean;
  /**
   * Records whose withdrawal is held (`stateKey`); those that a row names, or withdraws, leave it and are given by
   * `takeNamedAgain` of the publisher.
   */
  readonly held?: Set<string>;
  /** Under which it publishes, where its trace is recorded: each batch then has a span, and its records say which. */
  readonly span?: Span;
  /** Name of the run, for the quarantine. */
  readonly run?: string;
}
