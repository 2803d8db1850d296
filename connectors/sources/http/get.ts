/** One GET: bounded in time, size, redirects and retries. */
import { createHash } from 'node:crypto';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { Door } from '../../reading/door.js';

interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Getter {
  /** @throws YitongError `source_unavailable`, `shutting_down` */
  get(url: URL): Promise<Answer>;
  close(): void;
}

export interface Answer {
  /** After redirects. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** SHA-256 of the body. */
  readonly digest: string;
}

interface GetOptions {
  readonly door: Door;
  readonly tls: Tls;
  /** Credentials; they go to the origin of `home` only, on each page. */
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly accept: string;
  readonly home: URL;
  /** Milliseconds of one try, from look-up to the last byte. */
  readonly timeout: number;
  readonly maxBytes: number;
  readonly retries: number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 5;
const FIRST_WAIT = 1_000;
const LAST_WAIT = 60_000;
/** A source that wants to be left alone for longer is asked again by the next run. */
const MAX_RETRY_AFTER = 300_000;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
const PASSING_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const FOREIGN_CHARSET = /charset\s*=\s*"?(?!utf-?8)/i;

/** A failure that may pass. */
class Passing extends Error {
  constructor(
    message: string,
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

const refuse = (what: string): YitongError => new YitongError('source_unavailable', what);

/** Milliseconds; undefined if the header says nothing (RFC 9110, 10.2.3). */
export function retryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

export function makeGetter(options: GetOptions): Getter {
  const agents = { plain: new PlainAgent({ keepAlive: true }), tls: new TlsAgent({ keepAlive: true, ...options.tls }) };
  return {
    get: (url) => retrying(options, () => following(options, agents, url)),
    close() {
      agents.plain.destroy();
      agents.tls.destroy();
    },
  };
}

interface Agents {
  readonly plain: PlainAgent;
  readonly tls: TlsAgent;
}

async function retrying(options: GetOptions, work: () => Promise<Answer>): Promise<Answer> {
  const { retries, sleep, signal } = options;
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw new YitongError('shutting_down', 'the run was stopped; the next one starts over');
      if (!(error instanceof Passing)) throw error;
      const wait = error.retryAfter ?? Math.min(LAST_WAIT, FIRST_WAIT * 2 ** (tried - 1));
      if (tried > retries || wait > MAX_RETRY_AFTER)
        throw new YitongError(
          'source_unavailable',
          `\`${options.home.host}\` ${error.message}, ${tried === 1 ? 'once' : `${tried} times`}`,
          { cause: error },
        );
      await sleep(wait, signal).catch(() => undefined);
    }
  }
}

async function following(options: GetOptions, agents: Agents, start: URL): Promise<Answer> {
  let url = start;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    options.door.check(url);
    const answer = await once(options, agents, url);
    if ('body' in answer) return answer;
    const next = target(answer.location, url);
    if (url.protocol === 'https:' && next.protocol !== 'https:')
      throw refuse(`\`${url.host}\` redirects to an address without TLS`);
    url = next;
  }
  throw refuse(`\`${start.host}\` redirects more than ${MAX_REDIRECTS} times`);
}

/** @throws YitongError `source_unavailable` if it is no address */
export function target(location: string, from: URL): URL {
  try {
    return new URL(location, from);
  } catch {
    throw refuse(`\`${from.host}\` points to what is no address`);
  }
}

async function once(options: GetOptions, agents: Agents, url: URL): Promise<Answer | { readonly location: string }> {
  const own = url.origin === options.home.origin;
  const headers = {
    accept: options.accept,
    'accept-encoding': 'identity',
    'user-agent': 'yitong',
    ...(own ? options.headers : {}),
  };
  const asked = new URL(url);
  if (own) for (const [name, value] of Object.entries(options.parameters)) asked.searchParams.set(name, value);
  const timeout = AbortSignal.timeout(options.timeout);
  const signal = AbortSignal.any([options.signal, timeout]);
  const plain = url.protocol === 'http:';
  const common = { method: 'GET', headers, signal, lookup: options.door.lookup(plain) };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = plain
        ? plainRequest(asked, { ...common, agent: agents.plain }, resolve)
        : tlsRequest(asked, { ...common, agent: agents.tls }, resolve);
      sent.on('error', reject);
      sent.end();
    });
    return await read(options, url, response);
  } catch (error) {
    if (isYitongError(error) || error instanceof Passing) throw error;
    if (timeout.aborted) throw new Passing(`did not answer within ${options.timeout} ms`);
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
    if (PASSING_CODES.has(code)) throw new Passing(`could not be reached (${code})`);
    throw new YitongError('source_unavailable', `\`${url.host}\` could not be reached (${code})`, { cause: error });
  }
}

async function read(
  options: GetOptions,
  url: URL,
  response: IncomingMessage,
): Promise<Answer | { readonly location: string }> {
  const { maxBytes, now } = options;
  const { statusCode: status = 0, headers } = response;
  const stop = (error: Error): never => {
    response.destroy();
    throw error;
  };
  if (REDIRECTS.has(status) && headers.location !== undefined) {
    response.destroy();
    return { location: headers.location };
  }
  if (PASSING.has(status)) return stop(new Passing(`answered ${status}`, retryAfter(headers['retry-after'], now())));
  if (status !== 200)
    return stop(
      refuse(
        `\`${url.host}\` answered ` +
          `${status}${status === 401 || status === 403 ? '; the credentials of the feed are not accepted' : ''}`,
      ),
    );
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type) || FOREIGN_CHARSET.test(type))
    return stop(refuse(`\`${url.host}\` answered with a content type that is not JSON in UTF-8`));
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    return stop(refuse(`\`${url.host}\` answered in a content encoding that was not asked for`));
  const tooLarge = (): never => stop(refuse(`a page of \`${url.host}\` is larger than ${maxBytes} bytes`));
  if (Number(headers['content-length'] ?? 0) > maxBytes) return tooLarge();
  // decoded as it comes: bytes and text of a large page are never held both
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const hash = createHash('sha256');
  const decode = (work: () => string): string => {
    try {
      return work();
    } catch {
      return stop(refuse(`a page of \`${url.host}\` is not in UTF-8`));
    }
  };
  let body = '';
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return tooLarge();
    hash.update(chunk);
    body += decode(() => decoder.decode(chunk, { stream: true }));
  }
  body += decode(() => decoder.decode());
  return { url, headers, body, digest: hash.digest('base64') };
}
