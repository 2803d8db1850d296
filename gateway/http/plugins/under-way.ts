/**
 * How much of a worker one client may have at once: requests under way, over all its connections and on each. What
 * comes beyond is refused before anything of it is read; pipelined requests would all be begun before the first answer
 * is written.
 */

import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { clientOf, type GatewayContext } from '../../documents/context.js';

interface Connection {
  readonly client: string;
  count: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The connection on which it counts; undefined where it was refused before it counted. */
    underWayOn: Connection | undefined;
  }
}

/** Behind identity. */
export function underWayPlugin(
  app: FastifyInstance,
  {
    settings: {
      gateway: { underWayPerClient, underWayPerConnection },
    },
  }: Pick<GatewayContext, 'settings'>,
): void {
  app.decorateRequest('underWayOn', undefined);
  const clients = new Map<string, number>();
  const connections = new WeakMap<Socket, Connection>();
  const give = (client: string, count: number): void => {
    const left = (clients.get(client) ?? 0) - count;
    if (left > 0) clients.set(client, left);
    else clients.delete(client);
  };
  function connectionOf(socket: Socket, client: string): Connection {
    let known = connections.get(socket);
    if (known?.client === client) return known;
    known = { client, count: 0 };
    connections.set(socket, known);
    const mine = known;
    // answers that wait behind others are told of no end when their connection goes
    socket.once('close', () => {
      give(client, mine.count);
      mine.count = 0;
    });
    return known;
  }
  app.addHook('onRequest', (request, _reply, done) => {
    const client = clientOf(request).id;
    const connection = connectionOf(request.raw.socket, client);
    const all = clients.get(client) ?? 0;
    if (all >= underWayPerClient || connection.count >= underWayPerConnection) {
      return done(
        new YitongError(
          'too_many_at_once',
          `at most ${String(underWayPerConnection)} requests under way on a connection and ` +
            `${String(underWayPerClient)} of a client; wait for answers`,
        ),
      );
    }
    clients.set(client, all + 1);
    connection.count++;
    request.underWayOn = connection;
    done();
  });
  app.whenOver(({ underWayOn: connection }) => {
    if (connection === undefined || connection.count === 0) return;
    connection.count--;
    give(connection.client, 1);
  });
}
