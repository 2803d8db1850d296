/**
 * What the centre's own proceedings say of a record that its register does not say yet: objections, revocations,
 * repairs.
 */

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
  /** An objection is under way (上海市社会信用条例 Art.36): the record is told, with the mark. */
  marks(of: MarkedRecord): readonly 'objection'[];
  /** It is under way that the dataset lacks something of the subject (Art.36). */
  missing?(of: Pick<MarkedRecord, 'subject' | 'dataset'>): readonly 'objection'[];
  /** Revoked (Art.37) or repaired (Art.38): no longer told. */
  hidden(of: MarkedRecord): 'revoked' | 'repaired' | undefined;
}

/** Where no proceedings are kept. */
export const noMarks: RecordMarks = { marks: () => [], hidden: () => undefined };
