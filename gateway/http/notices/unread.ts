/** How many notices somebody has not read, beside the name on each page of the console. */
import type { FastifyInstance } from 'fastify';
import type { GatewayContext } from '../../documents/context.js';
import { noticesOf } from './opened.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** At most 100; undefined where it is not known. */
    unread: number | undefined;
  }
}

/** ms: a page does not wait longer for it. */
const PATIENCE = 300;

export function unreadPlugin(app: FastifyInstance, context: GatewayContext): void {
  const notices = noticesOf(
    context,
    () => app.people.rooms,
    (error) => app.log.warn({ err: error }, 'notices'),
  );
  app.addHook('onClose', () => notices.close());
  app.decorateRequest('unread', undefined);
  app.addHook('preHandler', async (request) => {
    const { session } = request;
    if (session === undefined || request.method !== 'GET' || request.routeOptions.config.roles === undefined) return;
    if (request.headers.accept?.includes('text/html') !== true) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE);
    });
    request.unread = await Promise.race([
      // a state that is away takes nothing from the page but this number
      notices
        .deskIfAny()
        .then((desk) => desk?.store.unread(session.person))
        .catch(() => undefined),
      late,
    ]).finally(() => clearTimeout(timer));
  });
}
