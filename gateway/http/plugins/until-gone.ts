import type { FastifyRequest } from 'fastify';

/** Aborted with the connection, since nobody waits then; and after these ms. */
export function untilGone(request: FastifyRequest, ms: number): AbortSignal {
  const gone = new AbortController();
  request.raw.once('aborted', () => gone.abort());
  return AbortSignal.any([gone.signal, AbortSignal.timeout(ms)]);
}
