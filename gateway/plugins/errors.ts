/** Every error of HTTP leaves as problem+json (RFC 9457) with a `code` of the error table. Nothing of the input is echoed. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorTable, isYitongError, type ErrorCode, YitongError } from '../../contracts/errors.js';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly requestId: string;
}

export function problem(code: ErrorCode, requestId: string, detail?: string): Problem {
  const { status, title } = errorTable[code];
  return { type: `urn:yitong:error:${code}`, title, status, code, ...(detail === undefined ? {} : { detail }), requestId };
}

/** Fastify's own errors, by their code. */
const fromFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'wrong_content_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
  FST_ERR_VALIDATION: 'bad_request',
  FST_ERR_HANDLER_TIMEOUT: 'request_timeout',
};

/** `body/datasets/0/id must match …` says where and which rule, never what stood there. */
function detailOf(error: FastifyError): string | undefined {
  const first = error.validation?.[0];
  if (first === undefined) return undefined;
  const key = (first.params as { additionalProperty?: string }).additionalProperty;
  const where = `${error.validationContext ?? 'request'}${first.instancePath}`;
  return key === undefined ? `${where} ${first.message ?? ''}`.trim() : `${where} has the unknown key \`${key.slice(0, 80)}\``;
}

function codeOf(error: unknown): { code: ErrorCode; detail?: string } {
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

export function sendProblem(reply: FastifyReply, requestId: string, code: ErrorCode, detail?: string): FastifyReply {
  return reply.code(errorTable[code].status).type('application/problem+json').serializer(JSON.stringify).send(problem(code, requestId, detail));
}

export function errorsPlugin(app: FastifyInstance): void {
  app.setErrorHandler((error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const { code, detail } = codeOf(error);
    // an unexpected error is told to the operator, with its stack, and never to the client
    if (code === 'internal') request.log.error({ err: error, requestId: request.id }, 'request failed');
    if (code === 'rate_limited') reply.header('retry-after', reply.getHeader('retry-after') ?? '1');
    return sendProblem(reply, request.id, code, code === 'internal' ? undefined : detail);
  });
  app.setNotFoundHandler((request, reply) => sendProblem(reply, request.id, 'not_found'));
}

/**
 * JSON bodies, with their nesting bounded before anything is parsed and `__proto__` refused.
 * @param maxDepth levels of `{` and `[`
 */
export function jsonBodies(app: FastifyInstance, maxDepth: number): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string;
    if (deeperThan(text, maxDepth)) {
      done(new YitongError('bad_request', `the body is nested deeper than ${maxDepth} levels`), undefined);
      return;
    }
    void parse(request, text, done);
  });
}

/** Counts brackets outside of strings; one pass, no allocation. */
export function deeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > limit) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}
