/** How much one client or person may ask for: requests a minute, in each worker. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { clientOf, type GatewayContext } from '../../documents/context.js';
import { networkOf } from '../../ground/sockets/gate.js';

const WINDOW = 60_000;
const tooMany = (max: number, after: string): YitongError =>
  new YitongError('rate_limited', `at most ${String(max)} requests a minute; try again in ${after}`);

const common = {
  timeWindow: WINDOW,
  errorResponseBuilder: (_request: unknown, { max, after }: { readonly max: number; readonly after: string }) =>
    tooMany(max, after),
  addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
} as const;

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether it has been counted: a route that answers GET and HEAD may have the hook twice. */
    isLimited: boolean;
  }
}

/** What a client has asked since its minute began. */
interface Minute {
  /** ms since 1970 */
  begun: number;
  count: number;
}

/**
 * On the mTLS port, where every request has a client: a count and no promise, for it is on the way of each question.
 * It says the same as @fastify/rate-limit, which has the people's port.
 * @returns for what has no route
 */
export function limitsPlugin(
  app: FastifyInstance,
  { settings }: Pick<GatewayContext, 'settings'>,
): onRequestHookHandler {
  /** By client; policies bound them. */
  const minutes = new Map<string, Minute>();
  app.decorateRequest('isLimited', false);
  const limit: onRequestHookHandler = (request, reply, done) => {
    if (request.isLimited) return done();
    request.isLimited = true;
    const { id, rate: max = settings.gateway.ratePerMinute } = clientOf(request);
    const now = Date.now();
    let minute = minutes.get(id);
    if (minute === undefined) minutes.set(id, (minute = { begun: now, count: 0 }));
    else if (minute.begun + WINDOW <= now) {
      minute.begun = now;
      minute.count = 0;
    }
    if (++minute.count <= max) return done();
    const seconds = Math.ceil((minute.begun + WINDOW - now) / 1000);
    void reply.headers({
      'x-ratelimit-limit': max,
      'x-ratelimit-remaining': 0,
      'x-ratelimit-reset': seconds,
      'retry-after': seconds,
    });
    done(tooMany(max, seconds === WINDOW / 1000 ? '1 minute' : seconds === 1 ? '1 second' : `${seconds} seconds`));
  };
  // behind all hooks that are of no route, as identity is
  app.addHook('onRoute', (route) => {
    route.onRequest = [...[route.onRequest ?? []].flat(), limit];
  });
  return limit;
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
