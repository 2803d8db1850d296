/** What the verification of a log reports. */
import { YitongError } from '../../../contracts/errors.js';

export interface VerifyReport {
  readonly ok: boolean;
  readonly origin: string;
  /** Entries verified: those of the published checkpoint, and where the data folder has more of the log, all. */
  readonly size: number;
  readonly publishedSize: number;
  /** Names of the witnesses asked for that cosigned what is published. */
  readonly cosignedBy: readonly string[];
  readonly root: string;
  readonly tiles: number;
  readonly bodies: number;
  readonly erased: number;
  readonly expired: number;
  readonly journals: number;
  /** Entries of journals found in the log. */
  readonly journalEntries: number;
  /**
   * Of them, entries whose segments were given back to the disk: proved by the log and by the replica's signatures,
   * which are kept.
   */
  readonly pruned: number;
  /** Durable in a journal, and newer than the checkpoint. */
  readonly newer: number;
  /** Seqs that an entry of the log says are missing. */
  readonly declaredMissing: number;
  readonly signatures: number;
  /** The first fault, in words. */
  readonly fault?: string;
}

/** The report as it is being filled. */
export type Counts = { -readonly [K in keyof Omit<VerifyReport, 'ok' | 'fault'>]: VerifyReport[K] };

export const fault = (what: string): YitongError => new YitongError('log_invalid', what);
