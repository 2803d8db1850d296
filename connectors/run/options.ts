/** What a run of a feed is given. */
import type { Tracer } from '../../contracts/tracing.js';
import type { Workspace } from '../../contracts/types.js';
import type { Bus } from '../bus/port.js';
import type { Feed } from '../feed.js';
import type { State } from '../publish/index.js';
import type { SourceKind } from '../reading/port.js';

export interface Progress {
  readonly rows: number;
  /** How far, in the unit of `total`; both undefined where the source does not know. */
  readonly done?: number;
  readonly total?: number;
}

export interface RunOptions {
  readonly feed: Feed;
  readonly workspace: Workspace;
  readonly bus: Bus;
  /** Shared by all feeds of a process. */
  readonly state: State;
  readonly dataDir: string;
  readonly signal: AbortSignal;
  readonly now?: () => Date;
  /** Relative paths of the feed; default the workspace's folder. */
  readonly baseDir?: string;
  /**
   * Folders below which files may lie beside those that the installation declares: of somebody who named the file by
   * hand.
   */
  readonly roots?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
  /**
   * `again: 'true'` reads what was read before; `acceptShrink: 'true'` withdraws whatever left. The rest is the
   * source's.
   */
  readonly options?: Readonly<Record<string, string>>;
  readonly kinds?: ReadonlyMap<string, SourceKind>;
  /** Undefined where traces are not configured. */
  readonly tracer?: Tracer;
  /** Of scheduled feeds: asks for another run at once. */
  readonly wake?: () => void;
}
