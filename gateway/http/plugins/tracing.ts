/**
 * A span for each request whose trace is recorded, by route: no subject, no value, no address. Registered behind
 * identity, so that a stranger has none; where traces are not configured there is no hook at all.
 */
import type { FastifyInstance } from 'fastify';
import { errorTable } from '../../../contracts/errors.js';
import { parseTraceparent, type TraceContext } from '../../../contracts/tracing.js';
import type { GatewayContext } from '../../documents/context.js';
import { CLIENT_LEFT } from './ending.js';
import { codeOf } from './errors.js';

const contextOf = ({
  traceparent,
  tracestate,
}: Readonly<Record<string, string | string[] | undefined>>): TraceContext | undefined =>
  typeof traceparent === 'string'
    ? parseTraceparent(traceparent, typeof tracestate === 'string' ? tracestate : undefined)
    : undefined;

export function tracingPlugin(
  app: FastifyInstance,
  { tracer, inForce }: Pick<GatewayContext, 'tracer' | 'inForce'>,
): void {
  app.decorateRequest('span', undefined);
  if (tracer === undefined) return;
  app.addHook('onRequest', (request, _reply, done) => {
    request.span = tracer.request(
      request.method,
      request.routeOptions.url,
      contextOf(request.headers),
      request.client?.id,
    );
    done();
  });
  app.addHook('preHandler', (request, _reply, done) => {
    const purpose =
      request.span === undefined
        ? undefined
        : (request.body as { readonly purpose?: unknown } | null | undefined)?.purpose;
    // a word that the workspace does not know may be somebody's name
    if (typeof purpose === 'string' && inForce().purposes.has(purpose))
      request.span?.set({ 'yitong.purpose': purpose });
    done();
  });
  app.addHook('onError', (request, _reply, error, done) => {
    if (request.span !== undefined) {
      const { code } = codeOf(error);
      if (errorTable[code].status >= 500) request.span.fail(code);
      else request.span.set({ 'error.type': code });
    }
    done();
  });
  app.whenOver((request, reply, whole) => {
    request.span?.set({ 'http.response.status_code': whole ? reply.statusCode : CLIENT_LEFT });
    request.span?.end();
  });
}
