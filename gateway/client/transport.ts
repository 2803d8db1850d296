/** One request over a kept connection, with its timeout and its signal; whole answers and streams of lines. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Asked, CallOptions } from '../../contracts/client.js';
import { present } from '../../contracts/present.js';
import { type Agents, agentsOf, type Connection, type FileConnection, type Held } from './connection.js';
import { ConnectionError, GatewayError, type ProblemBody } from './errors.js';

export interface ConnectOptions {
  /** ms until an answer is whole; of a stream, ms without a byte. Default 60,000. */
  readonly timeoutMs?: number;
  /** Connections at once; default as many as requests are under way. */
  readonly maxConnections?: number;
}

interface Transport {
  /** The value of a JSON answer. @throws GatewayError, ConnectionError, the signal's reason */
  json(asked: Asked, options?: CallOptions): Promise<unknown>;
  /** The bytes of an answer that is no JSON. @throws as `json` */
  bytes(asked: Asked, options?: CallOptions): Promise<Buffer>;
  /** Lines of an NDJSON answer as they come, no faster than they are taken. @throws as `json` */
  lines(asked: Asked, options?: CallOptions): AsyncGenerator<string, void, undefined>;
  /**
   * Bytes as they come, no faster than they are taken.
   * @param status that the answer must have: another one is of something else @throws as `json`
   */
  pieces(asked: Asked, options: CallOptions | undefined, status: number): AsyncGenerator<Buffer, void, undefined>;
  close(): void;
}

const DEFAULT_TIMEOUT = 60_000;

/** Bytes of whole answers: what the digest in the log is over. */
const received = new WeakMap<object, Buffer>();
/** The bytes of an answer as they came; undefined for values that are no answer of `connect`. */
export const bytesOf = (answer: object): Buffer | undefined => received.get(answer);

function payloadOf({ body }: Asked): Buffer | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(JSON.stringify(body));
}

function headersOf(
  { headers, body }: Asked,
  payload: Buffer | undefined,
  { traceparent, requestId }: CallOptions,
): Record<string, string | number> {
  return {
    ...headers,
    ...(payload === undefined
      ? {}
      : {
          'content-type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json',
          'content-length': payload.length,
        }),
    ...present({ traceparent }),
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

const isFine = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

export const transportOf = (connection: Connection | FileConnection, options: ConnectOptions): Transport =>
  new HttpsTransport(connection, options);

class HttpsTransport implements Transport {
  readonly #api: string;
  readonly #agents: Agents;
  readonly #timeoutMs: number;

  constructor(
    connection: Connection | FileConnection,
    { timeoutMs = DEFAULT_TIMEOUT, maxConnections = Infinity }: ConnectOptions,
  ) {
    this.#api = connection.api;
    this.#agents = agentsOf(connection, maxConnections);
    this.#timeoutMs = timeoutMs;
  }

  async json(asked: Asked, options?: CallOptions): Promise<unknown> {
    const answer = await this.bytes(asked, options);
    let value: unknown;
    try {
      value = JSON.parse(answer.toString('utf8'));
    } catch (cause) {
      throw new ConnectionError('no_json', 'the answer is no JSON', cause);
    }
    if (typeof value === 'object' && value !== null) received.set(value, answer);
    return value;
  }

  async bytes(asked: Asked, options: CallOptions = {}): Promise<Buffer> {
    const exchange = this.#exchange(asked, options);
    const response = await exchange.head();
    const answer = await exchange.whole(response);
    if (!isFine(response)) throw problemOf(answer, response);
    return answer;
  }

  async *lines(asked: Asked, options: CallOptions = {}): AsyncGenerator<string, void, undefined> {
    const exchange = this.#exchange(asked, options);
    const response = await exchange.head();
    if (!isFine(response)) throw problemOf(await exchange.whole(response), response);
    yield* exchange.lines(response);
  }

  async *pieces(asked: Asked, options: CallOptions = {}, status: number): AsyncGenerator<Buffer, void, undefined> {
    const exchange = this.#exchange(asked, options);
    const response = await exchange.head();
    if (!isFine(response)) throw problemOf(await exchange.whole(response), response);
    for await (const piece of exchange.pieces(response)) {
      if (response.statusCode !== status) throw new ConnectionError('changed', 'it is not what was begun any more');
      yield piece;
    }
  }

  close(): void {
    this.#agents.close();
  }

  /** @throws the signal's reason where it was aborted before */
  #exchange(asked: Asked, options: CallOptions): Exchange {
    options.signal?.throwIfAborted();
    const payload = payloadOf(asked);
    const held = this.#agents.take();
    const request = httpsRequest(new URL(asked.path, this.#api), {
      method: asked.method,
      agent: held.agent,
      headers: headersOf(asked, payload, options),
    });
    return new Exchange(request, payload, held, options.timeoutMs ?? this.#timeoutMs, options.signal);
  }
}

/** One request and its answer, which a timeout or a signal may end. */
class Exchange {
  readonly #request: ClientRequest;
  readonly #payload: Buffer | undefined;
  readonly #held: Held;
  /** ms that bytes may be waited for. */
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Why it was ended from here. */
  #ended: { readonly why: unknown } | undefined;
  readonly #onAbort = (): void => this.#end(this.#signal?.reason);

  constructor(
    request: ClientRequest,
    payload: Buffer | undefined,
    held: Held,
    limit: number,
    signal: AbortSignal | undefined,
  ) {
    this.#request = request;
    this.#payload = payload;
    this.#held = held;
    this.#limit = limit;
    this.#signal = signal;
  }

  /** Sends the request. @returns the head of the answer @throws ConnectionError, the signal's reason */
  head(): Promise<IncomingMessage> {
    this.#wait();
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    return new Promise((resolve, reject) => {
      this.#request.on('error', (error) => {
        this.#over();
        reject(this.#failure(error) as Error);
      });
      this.#request.on('response', resolve);
      this.#request.end(this.#payload);
    });
  }

  /** All bytes of the answer. */
  async whole(response: IncomingMessage): Promise<Buffer> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#over();
    }
  }

  /** Lines as they come. */
  async *lines(response: IncomingMessage): AsyncGenerator<string, void, undefined> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of this.pieces(response)) {
      const lines = (text + decoder.decode(piece, { stream: true })).split('\n');
      text = lines.pop() ?? '';
      yield* lines;
    }
    if (text !== '') throw new ConnectionError('cut_off', 'the answer was cut off in the middle of a line');
  }

  /** Bytes as they come; whoever takes them may take their time: only the gateway's is measured. */
  async *pieces(response: IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
    try {
      const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      for (;;) {
        this.#wait();
        const { value, done } = await chunks.next();
        this.#rest();
        if (done === true) break;
        yield value;
      }
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#over();
      // left early, the rest is not read
      response.destroy();
    }
  }

  /** Waiting for bytes begins; where it lasts too long, the exchange ends. */
  #wait(): void {
    this.#timer ??= setTimeout(
      () => this.#end(new ConnectionError('timeout', `nothing came within ${String(this.#limit)} ms`)),
      this.#limit,
    );
  }

  /** Nobody waits. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(why: unknown): void {
    this.#ended ??= { why };
    this.#request.destroy(why instanceof Error ? why : new Error('aborted'));
  }

  /** The exchange is over, whether or not it was read to its end. */
  #over(): void {
    this.#rest();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#held.release();
  }

  /** What went wrong, as the caller is told. */
  #failure(error: unknown): unknown {
    if (this.#ended !== undefined) return this.#ended.why;
    if (error instanceof GatewayError || error instanceof ConnectionError) return error;
    const { code = 'cut_off', message = String(error) } = error as NodeJS.ErrnoException;
    return new ConnectionError(code, message, error);
  }
}
