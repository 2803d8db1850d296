/**
 * Audit: what a gateway worker needs of the log. An entry's body is JSON without raw identifiers; what belongs to the
 * subject is handed over apart and stands in the stored body encrypted under that subject's key.
 */

/** The part of an entry that is encrypted under the subject's own key (AES-256-GCM). */
interface SubjectPart {
  /** `uscc:9131…` as asked. */
  readonly subject: string;
  /** Whatever else could name the subject: case id, actor, record ids. JSON text. */
  readonly json: string;
}

export interface EntryDraft {
  /** JSON object text of the clear part, e.g. `{"type":"released",…}`; no subject, no value. */
  readonly clear: string;
  readonly subject?: SubjectPart;
  /**
   * The bytes of an answer whose digest has still to be made: `clear` has `DIGEST_TO_COME` where it goes. They must
   * stay as they are until the entry is durable.
   */
  readonly answer?: Buffer;
  /** Nobody is given a receipt of it: its `json` is empty, since to write it costs more than the entry. */
  readonly unreceipted?: true;
}

/**
 * The replica's promise for one entry: under one signature a group commit, with the path from the leaf to the group's
 * root.
 */
export interface Receipt {
  /** `<journal>:<seq>`; the id of GET /v1/receipts/{id}. */
  readonly id: string;
  /** The receipt as JSON text, ready to stand in an answer. */
  readonly json: string;
}

export interface Journal {
  /**
   * Resolves when the entry is durable (written and fdatasync-ed).
   * @throws YitongError `audit_unavailable`; then nothing may leave.
   */
  append(draft: EntryDraft): Promise<Receipt>;
  /** For what is not waited for (`completed`); never throws; failures are counted and close the journal. */
  note(draft: EntryDraft): void;
  /** False while answers must be 503. */
  readonly healthy: boolean;
  close(): Promise<void>;
}
