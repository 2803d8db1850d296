/** How much one client or person may ask for: requests a minute, in each worker. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { clientOf, type GatewayContext } from '../../documents/context.js';
import { networkOf } from '../../ground/sockets/gate.js';

const WINDOW = 60_000;
const common = {
  timeWindow: WINDOW,
  errorResponseBuilder: (_request: unknown, limit: { readonly max: number; readonly after: string }) =>
    new YitongError('rate_limited', `at most ${String(limit.max)} requests a minute; try again in ${limit.after}`),
  addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
} as const;

export async function limitsPlugin(app: FastifyInstance, context: GatewayContext): Promise<void> {
  await app.register(rateLimit, {
    ...common,
    global: true,
    max: (request) => clientOf(request).rate ?? context.settings.gateway.ratePerMinute,
    keyGenerator: (request) => clientOf(request).id,
  });
}

/**
 * The same on the people's port, where whoever asks may be nobody: a person who is signed in, else a network address.
 * Behind the hook that finds the session, before anything is read.
 */
export async function peopleLimitsPlugin(
  app: FastifyInstance,
  { settings }: Pick<GatewayContext, 'settings'>,
): Promise<void> {
  await app.register(rateLimit, {
    ...common,
    global: false,
    max: settings.people.requestsPerMinute,
    keyGenerator: ({ session, ip }) =>
      session === undefined ? `address:${networkOf(ip)}` : `person:${session.person.id}`,
  });
  app.addHook('onRequest', app.rateLimit());
}
