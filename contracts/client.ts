/**
 * What the parts of the TypeScript client are made of, one a route (`gateway/http/api/<route>/client.ts`): the
 * connection as a route sees it, and what several answers share. Moments are ISO 8601 in UTC, days `YYYY-MM-DD` in
 * Asia/Shanghai. It imports nothing of a server.
 */
export type { Localised } from './localised.js';

/** What you say that you are working on; kept in the audit log as your assertion. A grant can require its members. */
export interface StatedCase {
  /** 事项编码: code of the administrative item. */
  readonly item?: string;
  /** 办件编号: number of the case at hand. */
  readonly caseId?: string;
  /** 经办人: who handles it, as you name them. */
  readonly actor?: string;
}

/**
 * The replica's signed promise that the entry of this answer will be in its audit log by `mergeBy`. Its id is
 * `<journal>:<seq>`. `verifyPromise` checks it offline; the fields are those of docs/log.md.
 */
export interface Receipt {
  /** 2; absent of receipts of before, which do not say to which answer they belong. */
  readonly version?: number;
  readonly journal: string;
  /** From 1, within the journal. */
  readonly seq: number;
  /** Leaf hash of the entry, base64. */
  readonly leaf: string;
  /** Digest of the answer without its receipt, base64url; absent where the entry is of no answer. */
  readonly bodySha256?: string;
  /** Merkle path from leaf and digest to `answers`, base64, the sibling first. */
  readonly path: readonly string[];
  /** Sequence number of the group's first entry, and how many entries were made durable with one signature. */
  readonly first: number;
  readonly count: number;
  /** Root over the leaves of the group, base64. */
  readonly root: string;
  /** Root over leaves and digests of the group, base64. */
  readonly answers?: string;
  /** ISO 8601: in the log by then. */
  readonly mergeBy: string;
  /** Name of the replica's key. */
  readonly key: string;
  readonly algorithm: string;
  /** base64(key id ‖ signature) */
  readonly signature: string;
}

/** The id of `receipt()`, GET /v1/receipts/{id} and `yitong audit receipt`. */
export const receiptId = ({ journal, seq }: Pick<Receipt, 'journal' | 'seq'>): string => `${journal}:${String(seq)}`;

/** How one request may be made otherwise than the others. */
export interface CallOptions {
  /** Ends the request; what is awaited rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** ms until the answer is whole; of a stream, ms without a byte. */
  readonly timeoutMs?: number | undefined;
  /** W3C Trace Context; stands in the entry of the audit log and goes on with what the gateway does for it. */
  readonly traceparent?: string | undefined;
  /** Your own id, `[A-Za-z0-9._-]{1,64}`; the answer and the audit log repeat it. */
  readonly requestId?: string | undefined;
}

/** Of a client through which companies speak, where a lifecycle says so: which company it is now. */
export type SpeakingOptions = CallOptions & { readonly as?: string };

export interface Asked {
  readonly method: string;
  /** With its query, encoded. */
  readonly path: string;
  /** Bytes go as they are, all else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Each throws `GatewayError`, `ConnectionError` or the reason of the signal. */
export interface Wire {
  get<T>(path: string, options?: CallOptions, headers?: Readonly<Record<string, string>>): Promise<T>;
  post<T>(path: string, body: unknown, options?: CallOptions): Promise<T>;
  ask<T>(asked: Asked, options?: CallOptions): Promise<T>;
  /** The bytes of an answer that is no JSON. */
  bytes(asked: Asked, options?: CallOptions): Promise<Buffer>;
  /**
   * Lines of a stream that comes in chunks, each put on record as a whole; returns the summary of its last line.
   * @param onChunk told of each chunk, with the bytes of its lines, over which the digest in the log is
   */
  chunks<Line, Chunk, Summary>(
    asked: Asked,
    options?: CallOptions,
    onChunk?: (chunk: Chunk, bytes: Buffer) => void,
  ): AsyncGenerator<Line, Summary, undefined>;
  /** Bytes of an answer as they come. @param status that it must have: another one is of something else */
  pieces(asked: Asked, options: CallOptions | undefined, status: number): AsyncGenerator<Buffer, void, undefined>;
  /** The result of an answer that takes a while, after its lines of progress. */
  result<T>(asked: Asked, progress: (done: number, of: number) => void, options?: CallOptions): Promise<T>;
}

/** An address of parts, each encoded. */
export const at = (...parts: readonly (string | number)[]): string =>
  `/${parts.map((part) => encodeURIComponent(part)).join('/')}`;

/** A subject never stands in an address. */
export const subjectHeader = (subject: string): Readonly<Record<string, string>> => ({ 'yitong-subject': subject });

export const speaking = (options: SpeakingOptions | undefined): Readonly<Record<string, string>> =>
  options?.as === undefined ? {} : subjectHeader(options.as);

export function queryOf(parts: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const defined = Object.entries(parts).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return defined.length === 0 ? '' : `?${new URLSearchParams(defined).toString()}`;
}
