/**
 * How a server stops without losing a request: first each answer asks for its connection to be closed (RFC 9112, 9.6)
 * while everything is still taken; then nothing new is, connections without a request are closed, and requests under
 * way are answered to their end.
 */

import type { Server } from 'node:http';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

/** Ms that connections without a whole request may still have, once no answer is under way. */
const QUIET = 500;

export interface Leaving {
  /** For the options of each server that leaves: it counts the answers under way. */
  readonly ServerResponse: typeof ServerResponse;
  /** Before it listens. */
  watch(server: Server): void;
  /** From now on each answer closes its connection. */
  begin(): void;
  /** Connections that are there go on. */
  stopListening(): void;
  /** Resolves once there is no connection any more, or after so many ms. */
  empty(within: number): Promise<void>;
  /**
   * Nothing new, and what is under way to its end.
   * @param cut ends what is still under way then
   */
  finish(cut: AbortSignal): Promise<void>;
}

export function leaving(): Leaving {
  let begun = false;
  /** Answers under way. */
  let open = 0;
  const servers: Server[] = [];
  /** Below TLS, so that a handshake which never ends is seen as well. */
  const connections = new Set<Socket>();

  class Response<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
    constructor(...args: ConstructorParameters<typeof ServerResponse<Request>>) {
      super(...args);
      open++;
      this.once('close', () => void open--);
    }
    // also asked for by Node, for an answer whose head nobody wrote
    override writeHead(status: number, ...more: never[]): this {
      if (begun) this.shouldKeepAlive = false;
      return super.writeHead(status, ...more);
    }
  }

  const stopListening = (): void => {
    // the close of an HTTP server would end connections without a request as well
    for (const server of servers) if (server.listening) NetServer.prototype.close.call(server);
  };

  return {
    ServerResponse: Response as typeof ServerResponse,
    watch(server) {
      servers.push(server);
      server.on('connection', (socket: Socket) => {
        connections.add(socket);
        socket.once('close', () => connections.delete(socket));
      });
    },
    begin() {
      begun = true;
    },
    stopListening,
    async empty(within) {
      const end = performance.now() + within;
      while (connections.size > 0 && performance.now() < end) await wait(50);
    },
    async finish(cut) {
      begun = true;
      stopListening();
      // what has reached this process is read before anything is called idle
      await turn();
      await turn();
      for (const server of servers) server.closeIdleConnections();
      let quiet = performance.now();
      while (connections.size > 0 && !cut.aborted) {
        if (open > 0) quiet = performance.now();
        else if (performance.now() - quiet > QUIET) {
          // a process that had no turn for as long has not read what is there
          await turn();
          await turn();
          if (open === 0) break;
        }
        await wait(10);
        for (const server of servers) server.closeIdleConnections();
      }
      for (const socket of connections) socket.destroy();
    },
  };
}
