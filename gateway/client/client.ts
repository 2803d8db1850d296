/** The client: one method a route of the mTLS API, and what each answers. */

import type { Connection, FileConnection } from './connection.js';
import { batchOf, resultOf } from './streams.js';
import { type Asked, type ConnectOptions, transportOf } from './transport.js';
import type {
  BatchBody,
  BatchChunk,
  BatchLine,
  BatchSummary,
  DryRunAnswer,
  QueryAnswer,
  QueryBody,
  VerifyAnswer,
  VerifyBody,
} from './types/asking.js';
import type { CatalogueEntry, CatalogueHead, ReceiptAnswer, RegisteredSchema } from './types/catalogue.js';
import type { CallOptions, Receipt } from './types/common.js';
import type {
  Authorisation,
  AuthorisationBody,
  ComplianceAnswer,
  DocumentChanges,
  LookBody,
  ReleaseAnswer,
  ReleaseBody,
  ReleasedReport,
  ReleaseStateAnswer,
  ReportAnswer,
  ReportBody,
  ReportDefinitions,
  ReportPreview,
  ReportRow,
  RevocationAnswer,
  ScanAnswer,
  ScanBody,
  VerifyCredentialAnswer,
  VerifyCredentialBody,
  VerifyDocumentsAnswer,
  VerifyDocumentsBody,
} from './types/documents.js';
import type {
  ActBody,
  ObjectionsAnswer,
  ObjectionsQuestion,
  OpenObjectionBody,
  PublishAnswer,
  PublishBody,
  QuarantineAnswer,
  QuarantineQuestion,
  RetryAnswer,
  Ticket,
} from './types/publishing.js';

/** Of a client through which companies speak, where a lifecycle says so: which company it is now. */
export type SpeakingOptions = CallOptions & { readonly as?: string };

/**
 * Every method takes `CallOptions` last, and throws `GatewayError` (what the gateway refused, with its code of
 * docs/errors.md), `ConnectionError` (no whole answer came) or the reason of its signal. Codes that are named below are
 * those that a caller is likely to handle.
 */
export interface Client {
  /**
   * One subject, several datasets, for a stated purpose.
   * @throws GatewayError `denied` if no dataset may be answered (`denial` says why of each), `bad_subject`,
   * `bad_identifier`
   */
  query(body: QueryBody, options?: CallOptions): Promise<QueryAnswer>;
  /** What `query` would answer, withhold or deny, and why; no record is read. */
  dryRun(body: QueryBody, options?: CallOptions): Promise<DryRunAnswer>;
  /**
   * Compares what somebody states with what departments have on record (核验).
   * @throws GatewayError `denied` if no claim may be answered
   */
  verify(body: VerifyBody, options?: CallOptions): Promise<VerifyAnswer>;
  /**
   * Subject by subject, as they arrive; no faster than they are taken. Its return value is the summary.
   * @param options `onChunk` is told of each chunk that was put on record, with the bytes that its receipt is for
   * @throws GatewayError with the code that ended the batch; ConnectionError `cut_off` where it was cut off
   */
  batch(
    body: BatchBody,
    options?: CallOptions & { readonly onChunk?: (chunk: BatchChunk, bytes: Buffer) => void },
  ): AsyncGenerator<BatchLine, BatchSummary, undefined>;

  /** The data catalogue, by id. */
  catalogue(options?: CallOptions): Promise<{ readonly entries: readonly CatalogueHead[] }>;
  /** One entry with its items, and how fresh it is. @throws GatewayError `not_found` */
  catalogueEntry(dataset: string, options?: CallOptions): Promise<CatalogueEntry>;
  /** What the log proves about a receipt of this client, by `receiptId`. `verifyReceipt` checks it. */
  receipt(id: string, options?: CallOptions): Promise<ReceiptAnswer>;
  /** OpenAPI 3.1. */
  openapi(options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;

  /**
   * Publishes records of a dataset of the client's own authority. By their positions it may be sent again.
   * @throws GatewayError `not_publisher`, `bus_unavailable`, `spool_full`, `store_full`, `snapshot_shrunk`
   */
  publish(dataset: string, body: PublishBody, options?: CallOptions): Promise<PublishAnswer>;
  /** Rows that broke their contract, with the reason. */
  quarantine(dataset: string, question?: QuarantineQuestion, options?: CallOptions): Promise<QuarantineAnswer>;
  /**
   * Publishes rows of the quarantine that fit by now.
   * @param positions only these; default all but conflicting duplicates
   */
  retryQuarantine(dataset: string, positions?: readonly string[], options?: CallOptions): Promise<RetryAnswer>;
  /** Objections and repairs of which the client's authority is a party. */
  objections(question?: ObjectionsQuestion, options?: SpeakingOptions): Promise<ObjectionsAnswer>;
  /** Does one of a ticket's `acts`. @throws GatewayError `act_refused`, `act_incomplete`, `ticket_moved` */
  actOnObjection(id: string, body: ActBody, options?: SpeakingOptions): Promise<Ticket>;
  /**
   * Opens a ticket about a record of the client's authority.
   * @throws GatewayError `not_found` for a record that is not in its dataset now
   */
  openObjection(body: OpenObjectionBody, options?: SpeakingOptions): Promise<Ticket>;

  /** The reports that this client may ask for. */
  reportDefinitions(options?: CallOptions): Promise<ReportDefinitions>;
  /** Whom a report would be about, whose authorisation is missing, and what it would say. */
  previewReport(body: ReportBody, options?: CallOptions): Promise<ReportPreview>;
  /** @param progress told how many companies of how many are read @throws GatewayError `authorisation_missing` */
  issueReport(
    body: ReportBody,
    progress?: (done: number, of: number) => void,
    options?: CallOptions,
  ): Promise<ReportAnswer>;
  /** Of a company, newest first. */
  listReports(subject: string, options?: CallOptions): Promise<{ readonly reports: readonly ReportRow[] }>;
  /** @throws GatewayError `not_found` */
  showReport(
    id: string,
    subject: string,
    options?: CallOptions,
  ): Promise<Pick<ReportAnswer, 'id' | 'document' | 'model'>>;
  /**
   * The report as a document: `application/pdf`, or `application/dc+sd-jwt` for a credential.
   * @param document `code` of the report, which is not kept here; `holder`: public JWK (P-256) to which a credential is
   * bound
   */
  reportDocument(
    id: string,
    subject: string,
    document: { readonly mediaType: string; readonly code: string; readonly holder?: object },
    options?: CallOptions,
  ): Promise<Buffer>;
  /** For good, with its credentials. @throws GatewayError `not_found` for a report that another client issued */
  revokeReport(id: string, reason: string, options?: CallOptions): Promise<RevocationAnswer>;
  /** Records that a company lets another ask for its report. */
  authorise(
    body: AuthorisationBody,
    options?: CallOptions,
  ): Promise<{ readonly authorisation: Authorisation; readonly receipt: Receipt }>;
  /** That a company gave and received, newest first. */
  authorisations(
    subject: string,
    options?: CallOptions,
  ): Promise<{ readonly given: readonly Authorisation[]; readonly received: readonly Authorisation[] }>;
  /** @param from the company that gave it */
  withdrawAuthorisation(id: string, from: string, options?: CallOptions): Promise<{ readonly receipt: Receipt }>;

  /** Whether documents are genuine and what has changed since, by their codes. */
  verifyDocuments(body: VerifyDocumentsBody, options?: CallOptions): Promise<VerifyDocumentsAnswer>;
  /**
   * Of the documents that this client watches.
   * @param after of the answer before; 0 at first
   * @param wait seconds to wait for a first change, at most 25
   */
  documentChanges(after?: number, wait?: number, options?: CallOptions): Promise<DocumentChanges>;
  /** @throws GatewayError `credential_…` or `holder_proof_…`, each refusal with its own code */
  verifyCredential(body: VerifyCredentialBody, options?: CallOptions): Promise<VerifyCredentialAnswer>;
  /**
   * Asks one question by a compliance code (合规一码通).
   * @throws GatewayError `code_unknown`, `code_used`, `code_expired`
   */
  scan(body: ScanBody, options?: CallOptions): Promise<ScanAnswer>;
  /**
   * Whether the company has confirmed; then the answer, once.
   * @throws GatewayError `code_refused`, `code_expired`, `code_used`
   */
  scanAnswer(ticket: string, options?: CallOptions): Promise<ComplianceAnswer>;
  /**
   * Releases an issued report of a company, or chosen domains of it, to whoever scans the code: two minutes, one look.
   * @throws GatewayError `report_revoked`
   */
  releaseReport(id: string, subject: string, body?: ReleaseBody, options?: CallOptions): Promise<ReleaseAnswer>;
  /** Whether it was seen, and by whom. */
  releaseState(id: string, release: string, subject: string, options?: CallOptions): Promise<ReleaseStateAnswer>;
  /** Until it was seen. @throws GatewayError `code_used`, `code_expired` */
  withdrawRelease(id: string, release: string, subject: string, options?: CallOptions): Promise<ReleaseStateAnswer>;
  /**
   * What a company released by a code, once.
   * @throws GatewayError `code_unknown`, `code_used`, `code_withdrawn`, `code_expired`, `report_revoked`
   */
  lookAtReport(body: LookBody, options?: CallOptions): Promise<ReleasedReport>;

  /** A schema of the registry by its id, as Avro JSON text. */
  schema(id: number, options?: CallOptions): Promise<{ readonly schema: string; readonly schemaType: string }>;
  /** `<topic>-value` of each dataset. */
  schemaSubjects(options?: CallOptions): Promise<readonly string[]>;
  schemaVersions(subject: string, options?: CallOptions): Promise<readonly number[]>;
  /** @param version a number, or `latest` */
  schemaVersion(subject: string, version: number | 'latest', options?: CallOptions): Promise<RegisteredSchema>;

  /** Whatever else the gateway serves: a service of your own. @param path from the root, encoded */
  get(path: string, options?: CallOptions): Promise<unknown>;
  /** Ends all connections; what is under way fails. */
  close(): void;
}

const at = (...parts: readonly (string | number)[]): string =>
  `/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
/** A subject never stands in an address. */
const of = (subject: string): Readonly<Record<string, string>> => ({ 'yitong-subject': subject });

const speaking = (call: SpeakingOptions | undefined): Readonly<Record<string, string>> =>
  call?.as === undefined ? {} : of(call.as);

function queryOf(parts: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const defined = Object.entries(parts).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return defined.length === 0 ? '' : `?${new URLSearchParams(defined).toString()}`;
}

/** @param connection PEM texts, or paths of files that are read again when they change */
export function connect(connection: Connection | FileConnection, options: ConnectOptions = {}): Client {
  const transport = transportOf(connection, options);
  const ask = <T>(asked: Asked, call?: CallOptions): Promise<T> => transport.json(asked, call) as Promise<T>;
  const get = <T>(path: string, call?: CallOptions, headers: Readonly<Record<string, string>> = {}): Promise<T> =>
    ask({ method: 'GET', path, headers }, call);
  const post = <T>(path: string, body: unknown, call?: CallOptions): Promise<T> =>
    ask({ method: 'POST', path, body }, call);
  return {
    query: (body, call) => post('/v1/query', body, call),
    dryRun: (body, call) => post('/v1/query', { ...body, dryRun: true }, call),
    verify: (body, call) => post('/v1/verify', body, call),
    batch: (body, call) =>
      batchOf(transport.lines({ method: 'POST', path: '/v1/query/batch', body }, call), call?.onChunk),

    catalogue: (call) => get('/v1/catalogue', call),
    catalogueEntry: (dataset, call) => get(at('v1', 'catalogue', dataset), call),
    receipt: (id, call) => get(at('v1', 'receipts', id), call),
    openapi: (call) => get('/v1/openapi.json', call),

    publish: (dataset, body, call) => post(at('v1', 'datasets', dataset, 'records'), body, call),
    quarantine: (dataset, question = {}, call) =>
      get(`${at('v1', 'datasets', dataset, 'quarantine')}${queryOf({ ...question })}`, call),
    retryQuarantine: (dataset, positions, call) =>
      post(at('v1', 'datasets', dataset, 'quarantine', 'retry'), positions === undefined ? {} : { positions }, call),
    objections: (question = {}, call) => get(`/v1/objections${queryOf({ ...question })}`, call, speaking(call)),
    actOnObjection: (id, body, call) =>
      ask({ method: 'POST', path: at('v1', 'objections', id), body, headers: speaking(call) }, call),
    openObjection: (body, call) => ask({ method: 'POST', path: '/v1/objections', body, headers: speaking(call) }, call),

    reportDefinitions: (call) => get('/v1/reports/definitions', call),
    previewReport: (body, call) => post('/v1/reports/preview', body, call),
    issueReport: async (body, progress = () => undefined, call) =>
      (await resultOf(
        transport.lines(
          { method: 'POST', path: '/v1/reports', body, headers: { accept: 'application/x-ndjson' } },
          call,
        ),
        progress,
      )) as ReportAnswer,
    listReports: (subject, call) => get('/v1/reports', call, of(subject)),
    showReport: (id, subject, call) => get(at('v1', 'reports', id), call, of(subject)),
    reportDocument: (id, subject, { mediaType, code, holder }, call) =>
      transport.bytes(
        {
          method: 'GET',
          path: at('v1', 'reports', id),
          headers: {
            accept: mediaType,
            ...of(subject),
            'yitong-code': code,
            ...(holder === undefined
              ? {}
              : { 'yitong-holder': Buffer.from(JSON.stringify(holder)).toString('base64url') }),
          },
        },
        call,
      ),
    revokeReport: (id, reason, call) => post(at('v1', 'reports', id, 'revocation'), { reason }, call),
    authorise: (body, call) => post('/v1/authorisations', body, call),
    authorisations: (subject, call) => get('/v1/authorisations', call, of(subject)),
    withdrawAuthorisation: (id, from, call) =>
      ask({ method: 'DELETE', path: at('v1', 'authorisations', id), headers: of(from) }, call),

    verifyDocuments: (body, call) => post('/v1/documents/verify', body, call),
    documentChanges: (after = 0, wait = 0, call) => get(`/v1/documents/changes${queryOf({ after, wait })}`, call),
    verifyCredential: (body, call) => post('/v1/credentials/verify', body, call),
    scan: (body, call) => post('/v1/compliance/scans', body, call),
    scanAnswer: (ticket, call) => get(at('v1', 'compliance', 'scans', ticket), call),
    releaseReport: (id, subject, body = {}, call) =>
      ask({ method: 'POST', path: at('v1', 'reports', id, 'releases'), body, headers: of(subject) }, call),
    releaseState: (id, release, subject, call) => get(at('v1', 'reports', id, 'releases', release), call, of(subject)),
    withdrawRelease: (id, release, subject, call) =>
      ask({ method: 'DELETE', path: at('v1', 'reports', id, 'releases', release), headers: of(subject) }, call),
    lookAtReport: (body, call) => post('/v1/compliance/looks', body, call),

    schema: (id, call) => get(at('registry', 'schemas', 'ids', id), call),
    schemaSubjects: (call) => get('/registry/subjects', call),
    schemaVersions: (subject, call) => get(at('registry', 'subjects', subject, 'versions'), call),
    schemaVersion: (subject, version, call) => get(at('registry', 'subjects', subject, 'versions', version), call),

    get: (path, call) => get(path, call),
    close: () => transport.close(),
  };
}
