/** How much one client may ask for: requests a minute, in each worker. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../contracts/errors.js';
import { clientOf, type GatewayContext } from '../context.js';

export async function limitsPlugin(app: FastifyInstance, context: GatewayContext): Promise<void> {
  await app.register(rateLimit, {
    global: true,
    timeWindow: 60_000,
    max: (request) => clientOf(request).rate ?? context.settings.gateway.ratePerMinute,
    keyGenerator: (request) => clientOf(request).id,
    errorResponseBuilder: (_request, limit) => new YitongError('rate_limited', `at most ${limit.max} requests a minute; try again in ${limit.after}`),
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  });
}
