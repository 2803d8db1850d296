/**
 * Every error of HTTP leaves as problem+json (RFC 9457) with a `code` of the error table. Nothing of the input is
 * echoed.
 */

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify';
import { looksOf } from '../../../contracts/depth.js';
import { type ErrorCode, errorTable, isYitongError, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { countError } from '../../ground/counts/counts.js';
import { endBehindBody, sayAndClose } from '../../ground/sockets/linger.js';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly requestId: string;
}

function problem(code: ErrorCode, requestId: string, detail?: string): Problem {
  const { status, title } = errorTable[code];
  return {
    type: `urn:yitong:error:${code}`,
    title,
    status,
    code,
    ...present({ detail }),
    requestId,
  };
}

/** Fastify's own errors, by their code. */
const fromFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'wrong_content_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
  FST_ERR_VALIDATION: 'bad_request',
  FST_ERR_HANDLER_TIMEOUT: 'answer_timeout',
};

/**
 * A word that a programmer may have misspelt; anything else that stands where a key should may be somebody's number.
 */
const WORD = /^[A-Za-z][A-Za-z_]{0,39}$/;
const shown = (path: string): string =>
  path
    .split('/')
    .map((part) => (part === '' || WORD.test(part) || /^\d{1,4}$/.test(part) ? part : '…'))
    .join('/');

/** `body/datasets/0/id must match …` says where and which rule, never what stood there. */
function detailOf(error: FastifyError): string | undefined {
  const first = error.validation?.[0];
  if (first === undefined) return undefined;
  const key = (first.params as { additionalProperty?: string }).additionalProperty;
  const where = `${error.validationContext ?? 'request'}${shown(first.instancePath)}`;
  if (key === undefined) return `${where} ${first.message ?? ''}`.trim();
  return WORD.test(key) ? `${where} has the unknown key \`${key}\`` : `${where} has an unknown key`;
}

/** The code under which an error leaves, and what is told of it. */
export function codeOf(error: unknown): { code: ErrorCode; detail?: string } {
  if (isYitongError(error)) return { code: error.code, detail: error.message };
  const known = error as Partial<FastifyError>;
  const code = fromFastify[known.code ?? ''];
  if (code !== undefined) {
    const detail = detailOf(known as FastifyError);
    return detail === undefined ? { code } : { code, detail };
  }
  if (known.statusCode === 429) return { code: 'rate_limited' };
  if (known.statusCode === 503) return { code: 'shutting_down' };
  if (known.statusCode === 400) return { code: 'bad_request' };
  return { code: 'internal' };
}

/** Seconds after which it is worth asking again, where nothing but time helps. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = { bus_unavailable: 5, spool_full: 30, store_full: 30 };

/**
 * An address that no route can be looked for (too long, not well-formed). Fastify's own answer would repeat it, and
 * come before anybody was asked who they are.
 * @param refusalOf why who asks is refused; undefined where nobody need be known
 */
export function answerUnrouted(
  request: FastifyRequest,
  reply: FastifyReply,
  refusalOf: ((request: FastifyRequest) => ErrorCode | undefined) | undefined,
): void {
  const refusal = refusalOf?.(request);
  if (refusal !== undefined) void reply.header('connection', 'close');
  const code = refusal ?? 'not_found';
  countError(code);
  void sendProblem(reply.header('x-request-id', request.id), request.id, code);
}

function sendProblem(reply: FastifyReply, requestId: string, code: ErrorCode, detail?: string): FastifyReply {
  const again = RETRY_AFTER[code];
  if (again !== undefined) void reply.header('retry-after', again);
  return reply
    .code(errorTable[code].status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem(code, requestId, detail));
}

/**
 * What Node refuses before there is a request: no HTTP, headers that are too large, one that never ends. Where HTTP was
 * not spoken yet, as in a handshake that failed or took too long, nothing is said: it would wait for the handshake, for
 * ever.
 */
export function sendBelowHttp(
  error: Partial<NodeJS.ErrnoException>,
  socket: Pick<Socket, 'writable' | 'destroy' | 'end' | 'resume' | 'once'>,
  requestId: string,
): void {
  const spoken = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code?.startsWith('HPE_') === true;
  if (!spoken || !socket.writable) {
    socket.destroy();
    return;
  }
  const code: ErrorCode = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'bad_request';
  countError(code);
  const body = JSON.stringify(problem(code, requestId));
  const reason = STATUS_CODES[errorTable[code].status] ?? '';
  sayAndClose(
    socket,
    `HTTP/1.1 ${errorTable[code].status} ${reason}\r\ncontent-type: ` +
      `application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-request-id: ` +
      `${requestId}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/**
 * Said once by whoever found it, or counted for the log; a line for each request would fill the disk that is full
 * already.
 */
const TOLD_ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'audit_unavailable',
  'replication_timeout',
  'shutting_down',
  'revocation_unknown',
]);

/**
 * Apart from the rest: told while an answer is under way, so that its status has left already.
 * @returns the code that is told
 */
export async function toldLate(request: FastifyRequest, error: unknown): Promise<ErrorCode> {
  const { code } = codeOf(error);
  return request.server.refused(request, code).then(
    () => code,
    (failed: unknown) => codeOf(failed).code,
  );
}

/** A page for people, where a request wants one, or where it finds one; else it gets problem+json. */
export type AsPage = (
  request: FastifyRequest,
  problem: Problem,
  reply: FastifyReply,
  error: unknown,
) => Promise<string | { readonly to: string } | undefined>;

function sendPage(
  reply: FastifyReply,
  status: number,
  page: Exclude<Awaited<ReturnType<AsPage>>, undefined>,
): FastifyReply {
  void reply.header('cache-control', 'no-store');
  return typeof page === 'string'
    ? reply.code(status).type('text/html; charset=utf-8').send(page)
    : reply.redirect(page.to, 303);
}

/** @param refused puts a refusal on record (plugins/refusals); default: there is no record */
export function errorsPlugin(
  app: FastifyInstance,
  asPage: AsPage = async () => undefined,
  refused: FastifyInstance['refused'] = () => Promise.resolve(),
): void {
  app.setErrorHandler(async (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    // a refusal is on record before it is told; where it cannot be, that is what is told
    const error = await refused(request, codeOf(thrown).code).then(
      () => thrown,
      (failed: unknown) => failed,
    );
    const { code, detail } = codeOf(error);
    countError(code);
    const { status } = errorTable[code];
    // what fails on this side (disks, brokers, our own faults) is told to the operator, with its stack, and never to
    // the client
    if (status >= 500 && !TOLD_ELSEWHERE.has(code))
      request.log.error({ err: error, requestId: request.id }, 'request failed');
    if (status === 429 || status === 503) reply.header('retry-after', reply.getHeader('retry-after') ?? '1');
    const shown = status >= 500 ? undefined : detail;
    // of a body that is not wanted enough is taken that its sender comes to read why
    if (status < 500) endBehindBody(request.raw, reply.raw);
    const html = await asPage(request, problem(code, request.id, shown), reply, error);
    if (html !== undefined) return sendPage(reply, status, html);
    return sendProblem(reply, request.id, code, shown);
  });
}

/**
 * What has no route: 405 with `allow` where the address takes other methods, else 404. Called before any route is
 * declared.
 * @param before runs first, after identity: the limits of a client count for what is not there as well
 */
export function notFoundPlugin(
  app: FastifyInstance,
  before: preHandlerHookHandler[] = [],
  asPage: AsPage = async () => undefined,
): void {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = routes.get(url) ?? new Set<string>();
    for (const one of [method].flat()) methods.add(one);
    routes.set(url, methods);
  });
  const matches = (url: string, path: readonly string[]): boolean => {
    const parts = url.split('/');
    if (parts.at(-1) === '*')
      return path.length >= parts.length && parts.slice(0, -1).every((part, i) => part === path[i]);
    return (
      parts.length === path.length &&
      parts.every((part, i) => part === path[i] || (part.startsWith(':') && path[i] !== ''))
    );
  };
  app.setNotFoundHandler({ preHandler: before }, async (request, reply) => {
    const path = (request.url.split('?')[0] ?? '').split('/');
    const allowed = new Set([...routes].flatMap(([url, methods]) => (matches(url, path) ? [...methods] : [])));
    countError(allowed.size === 0 ? 'not_found' : 'method_not_allowed');
    if (allowed.size === 0) {
      const html = await asPage(request, problem('not_found', request.id), reply, undefined);
      return html === undefined ? sendProblem(reply, request.id, 'not_found') : sendPage(reply, 404, html);
    }
    return sendProblem(reply.header('allow', [...allowed].sort().join(', ')), request.id, 'method_not_allowed');
  });
}

/** Undefined where it is no JSON. */
function plainJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * JSON bodies, with their nesting bounded before anything is parsed and `__proto__` refused.
 * @param maxDepth levels of `{` and `[`
 */
export function jsonBodies(app: FastifyInstance, maxDepth: number): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  // Fastify would take text/plain as well
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string;
    const looks = looksOf(text, maxDepth);
    if (looks === 'deep') {
      done(new YitongError('body_too_deep', `the body is nested deeper than ${maxDepth} levels`), undefined);
      return;
    }
    const parsed = looks === 'plain' ? plainJson(text) : undefined;
    if (parsed === undefined) void parse(request, text, done);
    else done(null, parsed);
  });
}
