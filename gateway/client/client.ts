/** The client: one method a route of the mTLS API, each from the folder of its route. */

import type { Asked, CallOptions, Wire } from '../../contracts/client.js';
import type { Connection, FileConnection } from './connection.js';
import { type RouteMethods, routeMethods } from './routes.js';
import { chunksOf, resultOf } from './streams.js';
import { type ConnectOptions, transportOf } from './transport.js';

/**
 * Every method takes `CallOptions` last, and throws `GatewayError` (what the gateway refused, with its code of
 * docs/errors.md), `ConnectionError` (no whole answer came) or the reason of its signal. Codes that are named beside
 * them are those that a caller is likely to handle.
 */
export interface Client extends RouteMethods {
  /** OpenAPI 3.1. */
  openapi(options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  /** Whatever else the gateway serves: a service of your own. @param path from the root, encoded */
  get(path: string, options?: CallOptions): Promise<unknown>;
  /** Ends all connections; what is under way fails. */
  close(): void;
}

/** @param connection PEM texts, or paths of files that are read again when they change */
export function connect(connection: Connection | FileConnection, options: ConnectOptions = {}): Client {
  const transport = transportOf(connection, options);
  const ask = <T>(asked: Asked, call?: CallOptions): Promise<T> => transport.json(asked, call) as Promise<T>;
  const wire: Wire = {
    ask,
    get: (path, call, headers = {}) => ask({ method: 'GET', path, headers }, call),
    post: (path, body, call) => ask({ method: 'POST', path, body }, call),
    bytes: (asked, call) => transport.bytes(asked, call),
    chunks: (asked, call, onChunk) => chunksOf(transport.lines(asked, call), onChunk),
    pieces: (asked, call, status) => transport.pieces(asked, call, status),
    result: async <T>(asked: Asked, progress: (done: number, of: number) => void, call?: CallOptions) =>
      (await resultOf(transport.lines(asked, call), progress)) as T,
  };
  return {
    ...routeMethods(wire),
    openapi: (call) => wire.get('/v1/openapi.json', call),
    get: (path, call) => wire.get(path, call),
    close: () => transport.close(),
  };
}
