/**
 * Puts the client behind each request of the mTLS port, or refuses; refusals are counted per source and minute for the
 * log (plugins/refusals).
 */

import { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import type { Client } from '../../../policies/types.js';
import type { GatewayContext, Identity } from '../../documents/context.js';
import { connectionOf } from './inside.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the gateway of another region may use the route, or nobody else may; default: it may not. */
    regions?: boolean | 'only';
  }
}

type Identifies = Pick<GatewayContext, 'identify'>;

function identityOf({ identify }: Identifies, request: FastifyRequest): Identity {
  const socket = connectionOf(request);
  return socket instanceof TLSSocket ? identify(socket) : { kind: 'refused', code: 'certificate_required' };
}

/** Why this client may not go on, some time after its request came; undefined while it may. */
export function refusedNow(context: Identifies, request: FastifyRequest, client: Client): ErrorCode | undefined {
  const identity = identityOf(context, request);
  if (identity.kind === 'refused') return identity.code;
  return identity.client.id === client.id ? undefined : 'client_unknown';
}

/** @throws YitongError if it may not go on */
export function checkStill(context: Identifies, request: FastifyRequest, client: Client): void {
  const code = refusedNow(context, request, client);
  if (code !== undefined) throw new YitongError(code, 'the client may not be answered any more');
}

/** Counts and names why who asks is refused; undefined where it is not. */
export type RefusalOf = (request: FastifyRequest) => ErrorCode | undefined;

/** @returns for what is answered without the hooks of a request */
export function identityPlugin(app: FastifyInstance, context: GatewayContext): RefusalOf {
  app.decorateRequest('client', undefined);
  const identify = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const identity = identityOf(context, request);
    if (identity.kind === 'client') {
      request.client = identity.client;
      // it stands for people whom this installation does not know: what they may is granted, and nothing beside it
      const { regions = false } = request.routeOptions.config;
      if (identity.client.region === undefined && regions === 'only')
        done(new YitongError('not_found', 'only the gateway of another region uses this route'));
      else if (identity.client.region !== undefined && regions === false)
        done(new YitongError('not_for_regions', 'the gateway of another region asks and verifies, and nothing else'));
      else done();
      return;
    }
    app.countRefusal(request, identity.code);
    // the connection is of no further use to a stranger, and holding it would hold a socket
    void reply.header('connection', 'close');
    done(
      new YitongError(
        identity.code,
        'present a certificate that this gateway knows; the operator can see why it was refused',
      ),
    );
  };
  app.addHook('onRequest', identify);
  // a body may take its time, and a revocation counts from the second that it is in force: asked again once the request
  // is whole
  app.addHook('preHandler', identify);
  return (request) => {
    const identity = identityOf(context, request);
    if (identity.kind === 'client') return undefined;
    app.countRefusal(request, identity.code);
    return identity.code;
  };
}
