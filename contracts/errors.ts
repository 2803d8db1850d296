/**
 * The one error table. Each code stands in docs/errors.md (a test holds the two equal); a message is lower case,
 * puts the input in backticks, holds no person's data, and says what to do.
 */
import type { Localised } from './localised.js';

export interface ErrorRow {
  /** HTTP status where the error reaches a client of the gateway. */
  readonly status: number;
  /** One line for docs/errors.md and problem+json `title`. */
  readonly title: string;
  /** Somebody may not have what was asked for, or is told that it is not there: on record with whom. */
  readonly refusal?: true;
}

const rows = {
  // requests
  bad_request: { status: 400, title: 'the request does not have the form that the API describes' },
  bad_identifier: { status: 400, title: 'an identifier is not written as its kind is written' },
  source_time_ahead: { status: 400, title: 'the source time lies in the future' },
  bad_subject: { status: 400, title: 'the subject is not a valid key of its scheme' },
  bad_case: { status: 400, title: 'a part of the case holds nothing that can be read' },
  bad_cursor: {
    status: 400,
    title: 'the cursor is not one of this question under the policies in force',
    refusal: true,
  },
  body_too_large: { status: 413, title: 'the request body is larger than the limit' },
  body_too_deep: { status: 400, title: 'the request body is nested deeper than the limit' },
  wrong_content_type: { status: 415, title: 'the content type is not one that this route takes' },
  not_acceptable: {
    status: 406,
    title: 'none of the media types that are asked for is one in which the address answers',
  },
  rate_limited: { status: 429, title: 'the client has used up its requests for now' },
  too_many_at_once: { status: 429, title: 'the client has as many requests under way as it may' },
  request_timeout: { status: 408, title: 'the request did not arrive in time' },
  not_found: { status: 404, title: 'there is nothing at this address', refusal: true },
  method_not_allowed: { status: 405, title: 'the address does not take this method' },
  // identity
  certificate_required: { status: 401, title: 'no client certificate was presented' },
  certificate_invalid: { status: 401, title: 'the client certificate does not verify' },
  certificate_untrusted: { status: 401, title: 'no trust anchor of the gateway issued the client certificate' },
  certificate_expired: {
    status: 401,
    title: 'the client certificate or one of its issuers has expired',
    refusal: true,
  },
  certificate_not_yet_valid: { status: 401, title: 'the client certificate or one of its issuers is not valid yet' },
  certificate_revoked: { status: 401, title: 'the client certificate or one of its issuers is revoked', refusal: true },
  revocation_unknown: { status: 503, title: 'the revocation list is past its grace, so nobody can be let in' },
  certificate_unnamed: { status: 403, title: 'the certificate has no SPIFFE URI and is bound to no client otherwise' },
  certificate_ambiguous: { status: 403, title: 'the certificate has more than one URI, or fits more than one client' },
  anchor_not_entitled: {
    status: 403,
    title: 'the trust anchor of the certificate may not name clients of that authority',
    refusal: true,
  },
  client_unknown: { status: 403, title: 'the certificate is bound to no client', refusal: true },
  client_suspended: { status: 403, title: 'the client is suspended', refusal: true },
  // decision
  denied: { status: 403, title: 'no dataset of the request may be answered', refusal: true },
  too_many_watched: { status: 422, title: 'the client watches as many documents as a client may' },
  authorisation_missing: {
    status: 403,
    title: 'a company of the report has not authorised whoever asks',
    refusal: true,
  },
  not_publisher: { status: 403, title: 'only the authority of a dataset publishes to it', refusal: true },
  replay_running: { status: 409, title: 'as many replays run as may run at once' },
  dataset_busy: { status: 409, title: 'another run publishes to the dataset' },
  // running
  internal: { status: 500, title: 'the gateway failed; nothing was released' },
  audit_unavailable: { status: 503, title: 'the audit log cannot be written, so nothing can be answered' },
  replication_timeout: {
    status: 503,
    title: 'no second replica confirmed the audit entry in time, so nothing can be answered',
  },
  store_damaged: {
    status: 503,
    title:
      'a store of the data folder is damaged or gone, so what needs it is not answered; the message says ' +
      'which, and what to do',
  },
  view_unavailable: { status: 503, title: 'the view cannot be read' },
  state_unavailable: { status: 503, title: 'a store on the disk of this process cannot be written or read' },
  bus_unavailable: { status: 503, title: 'the bus did not take the records' },
  spool_full: { status: 503, title: 'the bus is away and the spool of records that wait for it is full' },
  bus_denied: { status: 500, title: 'the bus does not let this principal do that' },
  bus_login_failed: {
    status: 500,
    title: 'the bus and this program do not trust each other: certificate, user name or password',
  },
  address_unknown: {
    status: 503,
    title:
      'the address by which people reach the gateway is not known (`people.publicUrl`), so nothing that names ' +
      'it is made',
  },
  answer_timeout: { status: 503, title: 'the answer was not ready in time' },
  shutting_down: { status: 503, title: 'the gateway is stopping' },
  // content of a workspace
  bad_workspace: { status: 500, title: 'a file of the workspace is malformed' },
  port_taken: { status: 500, title: 'a port of the group is taken by another program, or may not be opened' },
  bad_config: { status: 500, title: 'the configuration has an unknown key or a wrong value' },
  bad_contract: { status: 500, title: 'a contract lacks what the law or the platform asks of it' },
  schema_refused: { status: 500, title: 'an Avro schema has a shape that is refused at registration' },
  schema_incompatible: { status: 500, title: 'a schema version breaks readers of an earlier one' },
  schema_id_collision: { status: 500, title: 'two schemas claim one id' },
  schema_unregistered: { status: 500, title: 'a schema has no registered id' },
  bad_policy: { status: 500, title: 'a policy does not compile or refers to nothing' },
  bad_grant: { status: 500, title: 'a grant refers to nothing or is malformed' },
  bad_report: { status: 500, title: 'the definition of a report refers to nothing or is malformed' },
  bad_calendar: { status: 500, title: 'a calendar of working days is malformed' },
  outside_calendar: { status: 500, title: 'a day lies in a year that the calendar of working days does not cover' },
  bad_lifecycle: {
    status: 500,
    title: 'a lifecycle is malformed, or has a state, an act or a clock that leads nowhere',
  },
  bad_feed: { status: 500, title: 'a feed is malformed' },
  source_unavailable: { status: 503, title: 'a source of records does not answer, or not as its feed says' },
  replication_not_ready: {
    status: 503,
    title: 'a database is not set up to tell its changes; the message holds the SQL that mends it',
  },
  slot_in_use: { status: 503, title: 'the replication slot of a feed is read by another connection' },
  slot_lost: {
    status: 503,
    title:
      'the replication slot of a feed is gone or was moved, so that changes may be missing; `--again` copies ' +
      'the table anew',
  },
  source_denied: { status: 503, title: 'a source of records does not let us read what the feed names' },
  // records
  wire_format: { status: 500, title: 'bytes of a topic are not in the registry wire format' },
  bad_row: { status: 422, title: 'a row cannot be read by its source format' },
  wrong_charset: { status: 422, title: 'a source is not in the charset that its feed says' },
  bad_value: { status: 422, title: 'a value does not fit its field' },
  missing_value: { status: 422, title: 'a required field has no value' },
  surplus_field: { status: 422, title: 'a record has a field that its contract does not know' },
  not_in_codelist: { status: 422, title: 'a value is outside its code list' },
  bad_check_digit: { status: 422, title: 'a key does not satisfy its check digit' },
  record_too_large: { status: 422, title: 'a record is larger than its dataset allows' },
  nested_too_deep: { status: 422, title: 'a row is nested deeper than its source allows' },
  not_in_crosswalk: { status: 422, title: 'an identifier is not tied to a subject, or not yet' },
  ambiguous_crosswalk: { status: 422, title: 'an identifier is tied to more than one subject' },
  conflicting_duplicate: { status: 422, title: 'two rows of one snapshot have one key and different content' },
  snapshot_shrunk: {
    status: 422,
    title: 'a snapshot lost more records than the feed allows, so nothing was withdrawn',
  },
  // bus
  topic_mismatch: { status: 500, title: 'a topic has another partition count or identity than its contract' },
  topic_weak: { status: 500, title: 'a topic keeps or asks for fewer copies than the settings say' },
  offset_out_of_range: { status: 500, title: 'the offset asked for is no longer kept' },
  // people
  sign_in_required: { status: 401, title: 'nobody is signed in', refusal: true },
  sign_in_failed: { status: 401, title: 'the sign-in was not confirmed' },
  sign_in_unavailable: { status: 503, title: 'nobody can sign in at present' },
  role_missing: { status: 403, title: 'the person has none of the roles that this needs', refusal: true },
  form_foreign: { status: 403, title: 'the form did not come from a page of this session', refusal: true },
  // documents
  report_invalid: { status: 422, title: 'a report does not verify' },
  report_revoked: { status: 409, title: 'the report is revoked, so no credential is made of it', refusal: true },
  // credentials of reports
  credential_malformed: { status: 422, title: 'the credential is not written as its format and type say' },
  credential_type: { status: 422, title: 'the credential is of another type' },
  credential_algorithm: {
    status: 422,
    title: 'something in the credential is signed or hashed with an algorithm that is not allowed',
  },
  credential_issuer: { status: 422, title: 'the issuer of the credential, or its key, is not one that is trusted' },
  credential_signature: { status: 422, title: "the issuer's signature does not verify" },
  credential_expired: { status: 422, title: 'the credential has expired' },
  credential_not_yet_valid: { status: 422, title: 'the credential is not valid yet' },
  credential_digest_twice: { status: 422, title: 'a digest or a disclosure occurs twice in the credential' },
  credential_disclosure_stray: { status: 422, title: 'a disclosure belongs to no digest of the credential' },
  credential_claim_missing: { status: 422, title: 'a domain that was asked for is not disclosed of every subject' },
  credential_revoked: { status: 422, title: 'the credential is revoked' },
  credential_status_invalid: {
    status: 422,
    title: 'the status list is not one that the issuer signed for this credential',
  },
  credential_status_unavailable: {
    status: 503,
    title: 'no fresh status list could be had, so nobody knows whether the credential is revoked',
  },
  holder_proof_missing: { status: 422, title: 'the presentation lacks the proof that its holder made it' },
  holder_proof_unexpected: {
    status: 422,
    title: 'the presentation has a proof of a holder to whom the credential is not bound',
  },
  holder_proof_invalid: {
    status: 422,
    title: "the proof of the holder is malformed or not signed with the holder's key",
  },
  holder_proof_audience: { status: 422, title: 'the presentation was made for somebody else' },
  holder_proof_nonce: { status: 422, title: 'the presentation answers another question' },
  holder_proof_time: { status: 422, title: 'the presentation was made too long ago, or in the future' },
  holder_proof_digest: { status: 422, title: 'what is presented is not what the holder signed' },
  // compliance codes
  code_unknown: { status: 404, title: 'there is no such code for whoever asks', refusal: true },
  code_used: { status: 409, title: 'the code was used', refusal: true },
  code_expired: { status: 410, title: 'the code or its answer was not used in time', refusal: true },
  code_refused: { status: 403, title: 'the company refused to answer', refusal: true },
  code_withdrawn: { status: 410, title: 'the company took its release back', refusal: true },
  code_not_confirmed: { status: 409, title: 'the company has not confirmed', refusal: true },
  code_changed: { status: 409, title: 'what was confirmed is not what was asked', refusal: true },
  // tickets
  act_refused: { status: 409, title: 'this party may not do that in the present state of the ticket', refusal: true },
  act_incomplete: { status: 400, title: 'the act lacks what it requires; all of it is told at once' },
  file_type: { status: 400, title: 'a file is of no kind that is taken: PDF, JPEG and PNG are, told by their content' },
  file_too_large: { status: 413, title: 'a file is empty, or larger than is taken' },
  too_many_files: { status: 400, title: 'more files than the act takes' },
  ticket_moved: { status: 409, title: 'somebody acted on the ticket at the same time; look at it again' },
  // log
  log_invalid: { status: 500, title: 'the audit log does not verify' },
  retention_too_short: { status: 500, title: 'the audit log would be kept for less time than the law asks' },
  replica_refused: { status: 403, title: 'the certificate is not that of a replica of this log' },
  replica_unavailable: { status: 503, title: 'another replica of the log does not answer, or not as one' },
  log_elsewhere: { status: 503, title: 'the log is kept by another replica; ask there' },
  sequencer_fenced: { status: 409, title: 'another replica is the sequencer of the log' },
  // backups
  backup_exists: { status: 409, title: 'there is something where the backup is to be written' },
  backup_no_room: { status: 507, title: 'the disk has too little room for the copy' },
  backup_source: { status: 503, title: 'the data folder cannot be copied as it is' },
  backup_manifest: { status: 422, title: 'the manifest of a backup is missing, cut off or changed' },
  backup_format: { status: 422, title: 'a backup is of a format that this version does not read' },
  backup_damaged: { status: 422, title: 'a file of a backup is not what its manifest says' },
  backup_file_missing: { status: 422, title: 'a file of a backup is missing' },
  backup_file_surplus: { status: 422, title: 'a backup has a file that its manifest does not know' },
  backup_incomplete: { status: 422, title: 'a backup lacks files of its data folder that nobody knew how to copy' },
  restore_target: { status: 409, title: 'a backup is restored into a missing or empty folder only' },
  restore_fork: { status: 409, title: 'the checkpoint is not one of the log in the backup' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof rows;
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = rows;

/** Where in a file of the workspace something stands. */
export interface Place {
  readonly file: string;
  readonly line?: number;
}

/** Every error that Yitong raises on purpose. `code` is stable; `message` is for people. */
export class YitongError extends Error {
  override readonly name = 'YitongError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly extra: {
      readonly place?: Place;
      readonly cause?: unknown;
      readonly problems?: readonly FieldProblem[];
      readonly faults?: FormFaults;
    } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
  }
  get status(): number {
    return errorTable[this.code].status;
  }
}

/**
 * What is wrong with fields of a form, by their names, in words for whoever filled it in. Never holds what was written.
 */
export type FormFaults = Readonly<Record<string, Localised>>;

/** What is wrong with one field of one record. Never holds the value. */
export interface FieldProblem {
  readonly code: ErrorCode;
  readonly field: string;
  readonly reason: string;
}

export const isYitongError = (error: unknown): error is YitongError => error instanceof YitongError;
