/** What can come in place of an answer: a refusal of the gateway, or no answer at all. */
import { type ErrorCode, errorTable } from '../../contracts/errors.js';
import type { QueryAnswer } from '../http/api/query/client.js';

/** Problem+json (RFC 9457) as it came. */
export type ProblemBody = Readonly<Record<string, unknown>>;

/**
 * What a 403 `denied` says beside its code: each dataset with its reason, and the receipt of the entry that says so.
 */
export type Denial = Pick<QueryAnswer, 'requestId' | 'datasets' | 'receipt'> & ProblemBody;

const known = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorTable, code);

/** What the gateway answered in place of what was asked. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  /**
   * A code of docs/errors.md; `unknown` where this client is older than the code, which then stands in `problem.code`.
   */
  readonly code: ErrorCode | 'unknown';
  /** By this id the operator finds the request. */
  readonly requestId?: string;
  /** Seconds after which it is worth asking again, where the gateway says so. */
  readonly retryAfter?: number;
  /** Of `denied` to a question about datasets. */
  readonly denial?: Denial;

  /** @param status of HTTP @param headers in lower case */
  constructor(
    readonly status: number,
    readonly problem: ProblemBody,
    headers: Readonly<Record<string, string | string[] | undefined>> = {},
  ) {
    const { code, detail, title, message, requestId } = problem;
    super(
      [detail, title, message].find((text) => typeof text === 'string') ?? `the gateway answered ${String(status)}`,
    );
    // the schema registry has error codes of its own
    this.code = known(code) ? code : code === undefined && status === 404 ? 'not_found' : 'unknown';
    const id = requestId ?? headers['x-request-id'];
    if (typeof id === 'string') this.requestId = id;
    const seconds = Number(headers['retry-after'] ?? Number.NaN);
    if (Number.isFinite(seconds)) this.retryAfter = seconds;
    if (this.code === 'denied' && 'datasets' in problem) this.denial = problem as Denial;
  }
}

/** Nothing came, or not all of it: whether the gateway did what was asked is not known. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /**
   * `timeout`, `cut_off` (the answer ended in the middle), `no_json`, or the code of Node: `ECONNREFUSED`,
   * `ECONNRESET`, `CERT_HAS_EXPIRED` …
   */
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
