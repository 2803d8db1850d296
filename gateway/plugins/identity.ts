/** Puts the client behind each request of the mTLS port, or refuses; refusals are counted per source and minute for the log. */
import type { FastifyInstance } from 'fastify';
import { TLSSocket } from 'node:tls';
import { YitongError } from '../../contracts/errors.js';
import type { GatewayContext } from '../context.js';
import { refusalCounter } from '../audit/events.js';

/** How often counted minutes are looked for. */
const LOOK = 5000;

export function identityPlugin(app: FastifyInstance, context: GatewayContext): void {
  const refusals = refusalCounter();
  const flush = (everything: boolean): void => {
    for (const clear of refusals.drain(context.now(), everything)) context.journal.note({ clear });
  };
  const timer = setInterval(() => flush(false), LOOK).unref();
  app.addHook('onClose', () => {
    clearInterval(timer);
    flush(true);
  });

  app.decorateRequest('client', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    const socket = request.raw.socket;
    const identity = socket instanceof TLSSocket ? context.identify(socket) : ({ kind: 'refused', code: 'certificate_required' } as const);
    if (identity.kind === 'client') {
      request.client = identity.client;
      done();
      return;
    }
    refusals.count(socket.remoteAddress ?? 'unknown', identity.code, context.now());
    // the connection is of no further use to a stranger, and holding it would hold a socket
    void reply.header('connection', 'close');
    done(new YitongError(identity.code, 'present a certificate that this gateway knows; the operator can see why it was refused'));
  });
}
