/** One request over a kept connection, with its timeout and its signal; whole answers and streams of lines. */
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { agentsOf, type Connection, type FileConnection } from './connection.js';
import { ConnectionError, GatewayError, type ProblemBody } from './errors.js';
import type { CallOptions } from './types/common.js';

export interface ConnectOptions {
  /** ms until an answer is whole; of a stream, ms without a byte. Default 60,000. */
  readonly timeoutMs?: number;
  /** Connections at once; default as many as requests are under way. */
  readonly maxConnections?: number;
}

export interface Asked {
  readonly method: string;
  /** With its query, encoded. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer whose head has come. */
interface Exchange {
  readonly response: IncomingMessage;
  /** Waiting for bytes begins; where it lasts too long, the exchange ends. */
  wait(): void;
  /** Nobody waits. */
  rest(): void;
  /** The exchange is over, whether or not it was read to its end. */
  over(): void;
  /** What went wrong, as the caller is told. */
  failed(error: unknown): unknown;
}

export interface Transport {
  /** The value of a JSON answer. @throws GatewayError, ConnectionError, the signal's reason */
  json(asked: Asked, options?: CallOptions): Promise<unknown>;
  /** The bytes of an answer that is no JSON. @throws as `json` */
  bytes(asked: Asked, options?: CallOptions): Promise<Buffer>;
  /** Lines of an NDJSON answer as they come, no faster than they are taken. @throws as `json` */
  lines(asked: Asked, options?: CallOptions): AsyncGenerator<string, void, undefined>;
  close(): void;
}

const DEFAULT_TIMEOUT = 60_000;

/** Bytes of whole answers: what the digest in the log is over. */
const received = new WeakMap<object, Buffer>();
/** The bytes of an answer as they came; undefined for values that are no answer of `connect`. */
export const bytesOf = (answer: object): Buffer | undefined => received.get(answer);

function headersOf(
  { headers }: Asked,
  payload: Buffer | undefined,
  { traceparent, requestId }: CallOptions,
): Record<string, string | number> {
  return {
    ...headers,
    ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
  };
}

function problemOf(bytes: Buffer, { statusCode: status = 0, headers }: IncomingMessage): GatewayError {
  let problem: ProblemBody = {};
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown;
    if (typeof value === 'object' && value !== null) problem = value as ProblemBody;
  } catch {
    // something between here and the gateway answered: the status is all there is
  }
  return new GatewayError(status, problem, headers);
}

export function transportOf(
  connection: Connection | FileConnection,
  { timeoutMs = DEFAULT_TIMEOUT, maxConnections = Infinity }: ConnectOptions,
): Transport {
  const agents = agentsOf(connection, maxConnections);

  /** @throws ConnectionError, the signal's reason */
  function exchange(asked: Asked, options: CallOptions): Promise<Exchange> {
    const { signal } = options;
    const limit = options.timeoutMs ?? timeoutMs;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const payload = asked.body === undefined ? undefined : Buffer.from(JSON.stringify(asked.body));
      const held = agents.take();
      let ended: { readonly why: unknown } | undefined;
      const request = httpsRequest(new URL(asked.path, connection.api), {
        method: asked.method,
        agent: held.agent,
        headers: headersOf(asked, payload, options),
      });
      const end = (why: unknown): void => {
        ended ??= { why };
        request.destroy(why instanceof Error ? why : new Error('aborted'));
      };
      const late = (): void => end(new ConnectionError('timeout', `nothing came within ${String(limit)} ms`));
      let timer: NodeJS.Timeout | undefined = setTimeout(late, limit);
      const onAbort = (): void => end(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const rest = (): void => {
        clearTimeout(timer);
        timer = undefined;
      };
      const over = (): void => {
        rest();
        signal?.removeEventListener('abort', onAbort);
        held.release();
      };
      const failed = (error: unknown): unknown => {
        if (ended !== undefined) return ended.why;
        if (error instanceof GatewayError || error instanceof ConnectionError) return error;
        const { code = 'cut_off', message = String(error) } = error as NodeJS.ErrnoException;
        return new ConnectionError(code, message, error);
      };
      request.on('error', (error) => {
        over();
        reject(failed(error) as Error);
      });
      request.on('response', (response) =>
        resolve({ response, rest, over, failed, wait: () => (timer ??= setTimeout(late, limit)) }),
      );
      request.end(payload);
    });
  }

  /** All bytes, and the head that they came with. */
  async function whole(found: Exchange): Promise<Buffer> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of found.response) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    } catch (error) {
      throw found.failed(error);
    } finally {
      found.over();
    }
  }
  const fine = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

  async function bytes(asked: Asked, options: CallOptions = {}): Promise<Buffer> {
    const found = await exchange(asked, options);
    const answer = await whole(found);
    if (!fine(found.response)) throw problemOf(answer, found.response);
    return answer;
  }

  return {
    bytes,
    async json(asked, options) {
      const answer = await bytes(asked, options);
      let value: unknown;
      try {
        value = JSON.parse(answer.toString('utf8'));
      } catch (cause) {
        throw new ConnectionError('no_json', 'the answer is no JSON', cause);
      }
      if (typeof value === 'object' && value !== null) received.set(value, answer);
      return value;
    },
    async *lines(asked, options = {}) {
      const found = await exchange(asked, options);
      if (!fine(found.response)) throw problemOf(await whole(found), found.response);
      const { response, wait, rest, over, failed } = found;
      let text = '';
      const decoder = new TextDecoder();
      try {
        const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
        for (;;) {
          wait();
          const { value, done } = await chunks.next();
          // whoever takes the lines may take their time: only the gateway's is measured
          rest();
          if (done === true) break;
          const lines = (text + decoder.decode(value, { stream: true })).split('\n');
          text = lines.pop() ?? '';
          yield* lines;
        }
        if (text !== '') throw new ConnectionError('cut_off', 'the answer was cut off in the middle of a line');
      } catch (error) {
        throw failed(error);
      } finally {
        over();
        // left early, the rest is not read
        response.destroy();
      }
    },
    close: () => agents.close(),
  };
}
