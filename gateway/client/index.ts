/**
 * The API from TypeScript: mutual TLS, kept alive, typed. Errors of the gateway come back as `GatewayError` with the
 * problem's code; nothing is retried.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IssuedRow, Outcome } from '../reports/index.js';
import type { SectionKinds } from '../reports/kinds.js';
import type { ReportModel } from '../reports/model.js';

export interface Connection {
  /** `https://host:port` */
  readonly api: string;
  /** PEM texts. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface QueryBody {
  readonly purpose: string;
  readonly subject: string;
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[]; readonly limit?: number; readonly cursor?: string }[];
  readonly case?: { readonly item?: string; readonly caseId?: string; readonly actor?: string };
  readonly asOf?: string;
  readonly cut?: Readonly<Record<string, readonly number[]>>;
  readonly returnCut?: boolean;
}

/** What a query with `dryRun` answers. */
export interface DryRunAnswer {
  readonly requestId: string;
  readonly time: string;
  readonly dryRun: true;
  readonly datasets: readonly {
    readonly id: string;
    readonly effect: 'allow' | 'deny';
    readonly grant?: string;
    readonly reasons: readonly string[];
    readonly fields: readonly { readonly field: string; readonly as: string }[];
    readonly withheld: DatasetAnswer['withheld'];
  }[];
  readonly receipt: Receipt;
}

export interface BatchBody {
  readonly purpose: string;
  /** Each once; at most as many as the grant's `batchLimit`. */
  readonly subjects: readonly string[];
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[]; readonly limit?: number }[];
  readonly case?: QueryBody['case'];
}

export interface BatchLine {
  readonly subject: string;
  readonly datasets: readonly DatasetAnswer[];
}

export interface VerifyBody {
  readonly purpose: string;
  readonly subject: string;
  readonly claims: readonly { readonly dataset: string; readonly field: string; readonly value: string | number | boolean }[];
  readonly case?: QueryBody['case'];
}

export interface VerifyAnswer {
  readonly requestId: string;
  readonly time: string;
  readonly claims: readonly {
    readonly dataset: string;
    readonly field: string;
    readonly result: 'match' | 'mismatch' | 'no_record' | 'not_answered';
    readonly reason?: string;
    readonly status?: string;
    readonly sourceTime?: string;
  }[];
  readonly receipt: Receipt;
}

export interface DatasetAnswer {
  readonly id: string;
  readonly authority?: string;
  readonly grant?: string;
  readonly status: 'current' | 'stale' | 'unavailable' | 'never-loaded' | 'denied' | 'not_yet' | 'history_not_kept';
  readonly reason?: string;
  /** ISO 8601: the source was seen in full up to here. */
  readonly sourceTime?: string;
  readonly records: readonly {
    readonly record: Readonly<Record<string, unknown>>;
    readonly provenance: { readonly version: string; readonly publishedAt: string; readonly sourceTime: string; readonly contractVersion: number };
  }[];
  readonly withheld: readonly { readonly field: string; readonly reason: string }[];
  readonly cursor?: string;
}

/** The replica's signed promise that the answer's entry is in its log; `<journal>:<seq>` is its id. */
export interface Receipt {
  readonly journal: string;
  readonly seq: number;
  /** ISO 8601: in the log by then. */
  readonly mergeBy: string;
  readonly [more: string]: unknown;
}

/** The id of GET /v1/receipts/{id} and `yitong audit receipt`. */
export const receiptId = ({ journal, seq }: Receipt): string => `${journal}:${seq}`;

export interface QueryAnswer {
  readonly requestId: string;
  readonly time: string;
  readonly datasets: readonly DatasetAnswer[];
  readonly cut?: Readonly<Record<string, readonly number[]>>;
  readonly receipt: Receipt;
}

/** What a 403 `denied` says beside its code. */
type Denial = Pick<QueryAnswer, 'requestId' | 'datasets' | 'receipt'> & Readonly<Record<string, unknown>>;

export interface PublishBody {
  /** ISO 8601 */
  readonly sourceTime: string;
  readonly snapshot?: boolean;
  readonly records: readonly (
    | { readonly position: string; readonly value: Readonly<Record<string, unknown>> }
    | { readonly position: string; readonly withdraw: { readonly subject: string; readonly recordId?: string }; readonly reason: string }
  )[];
}

export interface PublishAnswer {
  readonly results: readonly { readonly position: string; readonly status: 'published' | 'unchanged' | 'merged' | 'quarantined' | 'spooled'; readonly code?: string }[];
}

export interface ReportBody {
  readonly report: string;
  /** The company that asks. */
  readonly as: string;
  readonly subjects: 'group' | readonly string[];
  readonly domains?: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly purpose: string;
  readonly bearer: string;
  readonly case?: QueryBody['case'];
}

export interface ReportAnswer {
  readonly id: string;
  /** In no other answer. */
  readonly code: string;
  readonly document: string;
  readonly model: ReportModel;
  readonly keptUntil: string;
  readonly receipt: Receipt;
}

export interface ReportPreview {
  readonly members: readonly { readonly subject: string; readonly name: string; readonly relation: string; readonly company?: string }[];
  /** `member` is an index into `members`, `company` whose authorisation it takes. */
  readonly missing: readonly { readonly member: number; readonly company: string }[];
  readonly model?: ReportModel;
  readonly receipt: Receipt;
}

export interface AuthorisationBody {
  readonly report: string;
  readonly from: string;
  readonly to: string;
  readonly domains?: readonly string[];
  readonly purposes?: readonly string[];
  readonly since: string;
  readonly until: string;
}

export interface VerifyDocumentsBody {
  /** At most 1,000. */
  readonly codes: readonly string[];
  readonly case?: QueryBody['case'];
  /** ISO 8601 in days and below, `P90D`: how long `documentChanges` tells what changes. */
  readonly watch?: string;
}

/** One document; of an unknown code only the outcome. */
export interface VerifiedDocument {
  readonly outcome: Outcome;
  readonly report?: string;
  readonly document?: string;
  readonly issuedAt?: string;
  readonly purpose?: string;
  readonly range?: { readonly from: string; readonly to: string };
  readonly whom?: readonly { readonly name: string; readonly key: string }[];
  readonly comparedAt?: string;
  /** Where something has changed since, and of which kind. */
  readonly sections?: readonly SectionKinds[];
  readonly watchedUntil?: string;
}

export interface VerifyDocumentsAnswer {
  readonly requestId: string;
  readonly time: string;
  /** In the order of the codes. */
  readonly results: readonly VerifiedDocument[];
  /** Where `documentChanges` goes on, if `watch` was given. */
  readonly after?: number;
}

export interface DocumentChange {
  readonly number: number;
  readonly document: string;
  readonly report: string;
  readonly at: string;
  readonly outcome: Outcome;
  readonly sections: readonly SectionKinds[];
}

/** What the gateway answered in place of what was asked. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  /** Where no dataset may be answered: each with its reason, and the receipt of the entry that says so. */
  readonly denial?: Denial;
  constructor(
    readonly status: number,
    readonly code: string,
    readonly problem: Readonly<Record<string, unknown>>,
  ) {
    const { detail, title } = problem;
    super(typeof detail === 'string' ? detail : typeof title === 'string' ? title : `the gateway answered ${status}`);
    if (code === 'denied') this.denial = problem as Denial;
  }
}

export interface Client {
  /** @throws GatewayError `denied` if no dataset may be answered, and every other code of docs/errors.md */
  query(body: QueryBody): Promise<QueryAnswer>;
  /** What `query` would answer, withhold or deny, and why; no record is read. */
  dryRun(body: QueryBody): Promise<DryRunAnswer>;
  /** @throws GatewayError `denied` if no claim may be answered, and every other code of docs/errors.md */
  verify(body: VerifyBody): Promise<VerifyAnswer>;
  /**
   * Subject by subject, as they arrive; no faster than they are taken.
   * @throws GatewayError with the code that ended the batch; Error where it was cut off
   */
  batch(body: BatchBody): AsyncGenerator<BatchLine, void, undefined>;
  publish(dataset: string, body: PublishBody): Promise<PublishAnswer>;
  get(path: string): Promise<unknown>;
  previewReport(body: ReportBody): Promise<ReportPreview>;
  /** @param progress told how many companies of how many are read @throws GatewayError `authorisation_missing`, and every other code of docs/errors.md */
  issueReport(body: ReportBody, progress?: (done: number, of: number) => void): Promise<ReportAnswer>;
  /** Of a company, newest first. */
  listReports(subject: string): Promise<{ readonly reports: readonly IssuedRow[] }>;
  showReport(id: string, subject: string): Promise<Pick<ReportAnswer, 'id' | 'document' | 'model'>>;
  /** For good, with its credentials. @throws GatewayError `not_found` for a report that another client issued */
  revokeReport(id: string, reason: string): Promise<{ readonly id: string; readonly revokedAt: string; readonly credentials: number; readonly receipt: Receipt }>;
  authorise(body: AuthorisationBody): Promise<{ readonly authorisation: AuthorisationBody & { readonly id: string; readonly recordedAt: string }; readonly receipt: Receipt }>;
  withdrawAuthorisation(id: string, from: string): Promise<{ readonly receipt: Receipt }>;
  verifyDocuments(body: VerifyDocumentsBody): Promise<VerifyDocumentsAnswer>;
  /**
   * Of the documents that this client watches.
   * @param after of the answer before; 0 at first
   * @param wait seconds to wait for a first change, at most 25
   */
  documentChanges(after?: number, wait?: number): Promise<{ readonly changes: readonly DocumentChange[]; readonly after: number }>;
  close(): void;
}

/** Reads `<pki>/ca.pem` and `<pki>/clients/<client>/{cert,key}.pem`, the layout of `yitong pki` and `yitong up`. */
export async function connectionOf(api: string, pki: string, client: string): Promise<Connection> {
  const read = (...path: string[]): Promise<string> => readFile(join(pki, ...path), 'utf8');
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('clients', client, 'cert.pem'), read('clients', client, 'key.pem')]);
  return { api, ca, cert, key };
}

/** The answer of a request that is no stream. */
async function whole(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const status = response.statusCode ?? 0;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`the gateway answered ${status} without JSON`, { cause });
  }
  if (status >= 200 && status < 300) return value;
  throw problemError(status, value);
}

const problemError = (status: number, problem: Readonly<Record<string, unknown>>): GatewayError =>
  new GatewayError(status, typeof problem['code'] === 'string' ? problem['code'] : 'unknown', problem);

/** The lines of a batch, up to its summary. */
async function* linesOf(started: Promise<IncomingMessage>): AsyncGenerator<BatchLine, void, undefined> {
  const response = await started;
  if (response.statusCode !== 200) return void (await whole(response));
  for await (const text of createInterface({ input: response, crlfDelay: Infinity })) {
    const line = JSON.parse(text) as Partial<BatchLine> & { readonly summary?: object; readonly problem?: Readonly<Record<string, unknown>> };
    if (line.problem !== undefined) throw problemError(typeof line.problem['status'] === 'number' ? line.problem['status'] : 0, line.problem);
    if (line.summary !== undefined) return;
    if (line.subject !== undefined && line.datasets !== undefined) yield { subject: line.subject, datasets: line.datasets };
  }
  throw new Error('the batch was cut off in front of its summary');
}

/** The result of a long answer, after its lines of progress. */
async function resultOf(response: IncomingMessage, progress: (done: number, of: number) => void): Promise<unknown> {
  if ((response.statusCode ?? 0) >= 300) return whole(response);
  let result: unknown;
  for await (const text of createInterface({ input: response, crlfDelay: Infinity })) {
    const line = JSON.parse(text) as { readonly progress?: { readonly done: number; readonly of: number }; readonly result?: unknown; readonly problem?: Readonly<Record<string, unknown>> };
    if (line.problem !== undefined) throw problemError(typeof line.problem['status'] === 'number' ? line.problem['status'] : 0, line.problem);
    if (line.progress !== undefined) progress(line.progress.done, line.progress.of);
    if (line.result !== undefined) ({ result } = line);
  }
  // to its end, since a connection that is closed before is an error of the reader
  if (result === undefined) throw new Error('the answer was cut off in front of its result');
  return result;
}

export function connect(connection: Connection): Client {
  const agent = new Agent({ keepAlive: true, ca: connection.ca, cert: connection.cert, key: connection.key });
  const start = (method: string, path: string, body?: unknown, more: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const headers = { ...more, ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }) };
      const request = httpsRequest(new URL(path, connection.api), { method, agent, headers }, resolve);
      request.on('error', reject);
      request.end(payload);
    });
  const call = async (method: string, path: string, body?: unknown, more?: Readonly<Record<string, string>>): Promise<unknown> => whole(await start(method, path, body, more));
  const of = (subject: string): Readonly<Record<string, string>> => ({ 'yitong-subject': subject });
  return {
    query: (body) => call('POST', '/v1/query', body) as Promise<QueryAnswer>,
    dryRun: (body) => call('POST', '/v1/query', { ...body, dryRun: true }) as Promise<DryRunAnswer>,
    verify: (body) => call('POST', '/v1/verify', body) as Promise<VerifyAnswer>,
    batch: (body) => linesOf(start('POST', '/v1/query/batch', body)),
    publish: (dataset, body) => call('POST', `/v1/datasets/${encodeURIComponent(dataset)}/records`, body) as Promise<PublishAnswer>,
    get: (path) => call('GET', path),
    previewReport: (body) => call('POST', '/v1/reports/preview', body) as Promise<ReportPreview>,
    issueReport: async (body, progress = () => undefined) => (await resultOf(await start('POST', '/v1/reports', body, { accept: 'application/x-ndjson' }), progress)) as ReportAnswer,
    listReports: (subject) => call('GET', '/v1/reports', undefined, of(subject)) as ReturnType<Client['listReports']>,
    showReport: (id, subject) => call('GET', `/v1/reports/${encodeURIComponent(id)}`, undefined, of(subject)) as ReturnType<Client['showReport']>,
    revokeReport: (id, reason) => call('POST', `/v1/reports/${encodeURIComponent(id)}/revocation`, { reason }) as ReturnType<Client['revokeReport']>,
    authorise: (body) => call('POST', '/v1/authorisations', body) as ReturnType<Client['authorise']>,
    withdrawAuthorisation: (id, from) => call('DELETE', `/v1/authorisations/${encodeURIComponent(id)}`, undefined, of(from)) as ReturnType<Client['withdrawAuthorisation']>,
    verifyDocuments: (body) => call('POST', '/v1/documents/verify', body) as Promise<VerifyDocumentsAnswer>,
    documentChanges: (after = 0, wait = 0) => call('GET', `/v1/documents/changes?after=${String(after)}&wait=${String(wait)}`) as ReturnType<Client['documentChanges']>,
    close: () => agent.destroy(),
  };
}
