/**
 * A witness over HTTP: `POST /add-checkpoint` and `GET /<origin hash>/checkpoint` of C2SP tlog-witness, and `GET
 * /health/live`.
 */

import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { SAFE_TLS } from '../../ground/identity/tls.js';
import { gate } from '../../ground/sockets/gate.js';
import { portLimits, requestsWithin } from '../../ground/sockets/limits.js';
import type { Witness } from './witness.js';

interface WitnessServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** What failed inside, by message; no request. */
  readonly onError?: (message: string) => void;
}

/** Room for 63 hashes and 16 signatures of the largest kind (5 kB). */
const BODY_LIMIT = 131_072;
const REQUEST_MS = 10_000;
/** The logs that it cosigns, and whoever fetches what it did. */
const MAX_CONNECTIONS = 512;

export async function serveWitness(
  witness: Witness,
  { host, port, tls, onError }: WitnessServerOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const base: FastifyServerOptions & { readonly https?: ServerOptions } = {
    ...(tls === undefined ? {} : { https: { ...SAFE_TLS, ...tls, ...requestsWithin(REQUEST_MS) } }),
    logger: false,
    bodyLimit: BODY_LIMIT,
    // a busy machine is waited for
    pluginTimeout: 0,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
  };
  const app: FastifyInstance = Fastify(base);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/add-checkpoint', (request, reply) => {
    const { status, type, body } = witness.addCheckpoint(
      Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    );
    // the bare type: the specification names it without parameters
    void reply.code(status).header('content-type', type).send(Buffer.from(body));
  });
  app.get<{ Params: { hash: string } }>('/:hash/checkpoint', (request, reply) => {
    const note = witness.checkpoint(request.params.hash);
    void reply
      .code(note === undefined ? 404 : 200)
      .header('content-type', 'text/plain; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(note ?? 'nothing was cosigned for this log\n');
  });
  app.get('/health/live', (_request, reply) => void reply.send({ live: true }));
  app.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) onError?.(error.message);
    void reply
      .code(status)
      .header('content-type', 'text/plain; charset=utf-8')
      .send(
        status >= 500 ? 'the witness failed; nothing was cosigned\n' : 'the request is not one that a witness takes\n',
      );
  });
  const shut = gate(app.server, portLimits(MAX_CONNECTIONS));
  app.server.headersTimeout = REQUEST_MS;
  await app.listen({ host, port });
  const { port: bound } = app.server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: async () => {
      const closed = app.close();
      shut(true);
      await closed;
    },
  };
}
