/** When a request is over: its answer has gone out whole, or whoever asked has left before. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * The status that is counted for an answer whose client has left; none is sent, and HTTP registers none: it is nginx's.
 */
export const CLIENT_LEFT = 499;

/** @param whole whether the whole answer was handed to the connection */
type Ended = (request: FastifyRequest, reply: FastifyReply, whole: boolean) => void;

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Calls `ended` once for each request, also for one that was refused by a hook, or whose client has left: of those
     * `onResponse` is not told.
     */
    whenOver(ended: Ended): void;
  }
}

/** Before all other hooks. */
export function endingPlugin(app: FastifyInstance): void {
  const all: Ended[] = [];
  app.decorate('whenOver', (ended) => void all.push(ended));
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.on('close', () => {
      const whole = reply.raw.writableFinished;
      for (const ended of all) ended(request, reply, whole);
    });
    done();
  });
}
