/** The part of the TypeScript client: many subjects. */
import type { CallOptions, Receipt, StatedCase, Wire } from '../../../../contracts/client.js';
import type { DatasetAnswer } from '../query/client.js';

export interface BatchBody {
  readonly purpose: string;
  /** Each once; at most as many as the grant's `batchLimit`, and 10,000. */
  readonly subjects: readonly string[];
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[]; readonly limit?: number }[];
  readonly case?: StatedCase;
}

export interface BatchLine {
  readonly subject: string;
  readonly datasets: readonly DatasetAnswer[];
}

/** Behind the lines that were put on record together. */
export interface BatchChunk {
  /** From 0. */
  readonly chunk: number;
  readonly subjects: number;
  readonly receipt: Receipt;
}

/** The last line; without it the batch was cut off. */
export interface BatchSummary {
  readonly requestId: string;
  readonly subjects: number;
  readonly chunks: number;
  readonly records: number;
}

export interface BatchMethods {
  /**
   * Subject by subject, as they arrive; no faster than they are taken. Its return value is the summary.
   * @param options `onChunk` is told of each chunk that was put on record, with the bytes that its receipt is for
   * @throws GatewayError with the code that ended the batch; ConnectionError `cut_off` where it was cut off
   */
  batch(
    body: BatchBody,
    options?: CallOptions & { readonly onChunk?: (chunk: BatchChunk, bytes: Buffer) => void },
  ): AsyncGenerator<BatchLine, BatchSummary, undefined>;
}

export const batchMethods = (wire: Wire): BatchMethods => ({
  batch: (body, call) => wire.chunks({ method: 'POST', path: '/v1/query/batch', body }, call, call?.onChunk),
});
