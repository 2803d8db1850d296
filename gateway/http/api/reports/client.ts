/** The part of the TypeScript client: reports on companies, and who may ask for them. */
import {
  at,
  type CallOptions,
  type Localised,
  type Receipt,
  type StatedCase,
  subjectHeader,
  type Wire,
} from '../../../../contracts/client.js';
import type { ReportModel } from '../../../documents/model/model.js';

export interface ReportDefinitions {
  readonly reports: readonly {
    readonly id: string;
    /** SHA-256 (base64url) of the definition. */
    readonly definition: string;
    readonly title: Localised;
    readonly maxSubjects: number;
    readonly purposes: Readonly<Record<string, Localised>>;
    readonly domains: readonly { readonly id: string; readonly title: Localised }[];
  }[];
}

export interface ReportBody {
  readonly report: string;
  /** The company that asks. */
  readonly as: string;
  /** `group`: the company with all that the register ties to it. */
  readonly subjects: 'group' | readonly string[];
  /** Default: all of the report. */
  readonly domains?: readonly string[];
  /** First and last day of conduct and events. */
  readonly from: string;
  readonly to: string;
  /** One of the report's purposes. */
  readonly purpose: string;
  /** Who is to be shown it, as the company names them. */
  readonly bearer: string;
  /** Companies that have not authorised it are left out, and the report names them. */
  readonly leaveOut?: boolean;
  readonly case?: StatedCase;
}

export interface ReportAnswer {
  readonly id: string;
  /** In no other answer. */
  readonly code: string;
  /** SHA-256 (base64url) over the canonical JSON of the model. */
  readonly document: string;
  readonly model: ReportModel;
  readonly keptUntil: string;
  readonly receipt: Receipt;
}

export interface ReportPreview {
  readonly members: readonly {
    readonly subject: string;
    readonly name: string;
    readonly relation: 'self' | 'parent' | 'subsidiary' | 'branch' | 'shareholder' | 'named';
    readonly company?: string;
  }[];
  /** `member` is an index into `members`, `company` whose authorisation it takes. */
  readonly missing: readonly { readonly member: number; readonly company: string }[];
  /** As it would be issued now; absent while an authorisation is missing. */
  readonly model?: ReportModel;
  readonly receipt: Receipt;
}

/** What a list says of an issued report. */
export interface ReportRow {
  readonly id: string;
  readonly report: string;
  readonly document: string;
  readonly issuedAt: string;
  readonly purpose: string;
  readonly bearer: string;
  readonly range: { readonly from: string; readonly to: string };
  readonly subjects: number;
  readonly domains: number;
  readonly keptUntil: string;
  readonly revokedAt?: string;
}

export interface AuthorisationBody {
  readonly report: string;
  /** Who authorises, and who may then ask. */
  readonly from: string;
  readonly to: string;
  /** Only these; default all. */
  readonly domains?: readonly string[];
  readonly purposes?: readonly string[];
  /** First and last day on which it holds. */
  readonly since: string;
  readonly until: string;
  readonly case?: StatedCase;
}

export interface Authorisation {
  readonly id: string;
  readonly report: string;
  readonly from: string;
  readonly to: string;
  readonly domains?: readonly string[];
  readonly purposes?: readonly string[];
  readonly since: string;
  readonly until: string;
  readonly recordedAt: string;
  readonly withdrawnAt?: string;
}

export interface ReportsMethods {
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
}

export const reportsMethods = (wire: Wire): ReportsMethods => ({
  reportDefinitions: (call) => wire.get('/v1/reports/definitions', call),
  previewReport: (body, call) => wire.post('/v1/reports/preview', body, call),
  issueReport: (body, progress = () => undefined, call) =>
    wire.result(
      { method: 'POST', path: '/v1/reports', body, headers: { accept: 'application/x-ndjson' } },
      progress,
      call,
    ),
  listReports: (subject, call) => wire.get('/v1/reports', call, subjectHeader(subject)),
  showReport: (id, subject, call) => wire.get(at('v1', 'reports', id), call, subjectHeader(subject)),
  reportDocument: (id, subject, { mediaType, code, holder }, call) =>
    wire.bytes(
      {
        method: 'GET',
        path: at('v1', 'reports', id),
        headers: {
          accept: mediaType,
          ...subjectHeader(subject),
          'yitong-code': code,
          ...(holder === undefined
            ? {}
            : { 'yitong-holder': Buffer.from(JSON.stringify(holder)).toString('base64url') }),
        },
      },
      call,
    ),
  authorise: (body, call) => wire.post('/v1/authorisations', body, call),
  authorisations: (subject, call) => wire.get('/v1/authorisations', call, subjectHeader(subject)),
  withdrawAuthorisation: (id, from, call) =>
    wire.ask({ method: 'DELETE', path: at('v1', 'authorisations', id), headers: subjectHeader(from) }, call),
});
