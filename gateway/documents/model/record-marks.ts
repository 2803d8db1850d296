/**
 * What the centre's own proceedings say of a record that its register does not say yet: objections, revocations,
 * repairs.
 */

import type { RecordMark } from './model.js';

interface MarkedRecord {
  /** `uscc:9131…` */
  readonly subject: string;
  /** `<authority>.<dataset>` */
  readonly dataset: string;
  /** As the view names the record of the subject in the dataset. */
  readonly recordId: string;
  /** Partition and offset. */
  readonly version: string;
}

export interface RecordMarks {
  /** The record is told, with what of it is under way. */
  marks(of: MarkedRecord): readonly RecordMark[];
  /** It is under way that the dataset lacks something of the subject (上海市社会信用条例 Art.36). */
  missing?(of: Pick<MarkedRecord, 'subject' | 'dataset'>): readonly 'objection'[];
  /** Revoked (上海市社会信用条例 Art.37) or repaired (Art.38): no longer told. */
  hidden(of: MarkedRecord): 'revoked' | 'repaired' | undefined;
}

/** Where no proceedings are kept. */
export const noMarks: RecordMarks = { marks: () => [], hidden: () => undefined };
