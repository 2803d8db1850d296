/** How far a journal was read. */
import { CHAIN_START } from './journal.js';

/** Where reading goes on: everything up to `lastSeq` has been read. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
  readonly lastSeq: number;
  /** Chain hash there, base64; empty after a gap of unknown end. */
  readonly chain: string;
}

export const JOURNAL_START: Position = { segment: 0, offset: 0, lastSeq: 0, chain: CHAIN_START.toString('base64') };
