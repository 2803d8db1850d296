/** What stands beside an entry that leaves, so that it proves itself. */
import type { FoundEntry } from '../index.js';

/** What proves a line. */
export interface Evidence {
  readonly index: number;
  /** The body's exact text; the log's entry is SHA-256(salt ‖ text). */
  readonly text: string;
  /** base64; absent where it was destroyed, as the entry `erasedBy` says. */
  readonly salt?: string;
  /** base64, from the leaf up to the checkpoint's root; absent while the checkpoint does not reach so far. */
  readonly path?: readonly string[];
  /** On the first line only: the signed note to whose root all paths lead. */
  readonly checkpoint?: string;
}

export interface ExportedEntry {
  readonly found: FoundEntry;
  readonly evidence: Evidence;
}
