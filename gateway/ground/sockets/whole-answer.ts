/** The answer of another server, read as a whole: no longer than the limit, and all of it in time. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { Told } from '../logging/words.js';

interface Bounds {
  /** ms until the last byte must be there. */
  readonly within: number;
  readonly maxBytes: number;
  /** Words for an operator where it takes longer; default `no answer within <n> s`. */
  readonly late?: string;
  /** Words for an operator where it is longer; default `its answer is too long`. */
  readonly tooLong?: string;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** @throws Told where a bound is passed, or the error of the network */
export function wholeAnswer(
  url: URL,
  options: RequestOptions,
  body: Buffer | undefined,
  bounds: Bounds,
): Promise<WholeAnswer> {
  const { within, maxBytes } = bounds;
  const { late = `no answer within ${within / 1000} s`, tooLong = 'its answer is too long' } = bounds;
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('data', (part: Buffer) => {
        length += part.length;
        if (length > maxBytes) request.destroy(new Told(tooLong));
        else parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(parts) }),
      );
    });
    const timer = setTimeout(() => request.destroy(new Told(late)), within);
    request.on('error', reject);
    request.on('close', () => clearTimeout(timer));
    request.end(body);
  });
}
