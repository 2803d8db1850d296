/** A way to a server that can be cut: before what is under way has arrived, or after, with its answer lost. */
import { createConnection, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** `after`: what comes next still gets there, and nobody hears of it. */
  cut(when: 'before' | 'after'): void;
  cuts(): number;
  close(): Promise<void>;
}

interface Way {
  readonly client: Socket;
  readonly server: Socket;
  /** The next bytes to the server are the last. */
  last: boolean;
}

/** @param own its own port; default: a free one */
export async function cuttingProxy(host: string, port: number, own = 0): Promise<CuttingProxy> {
  const ways = new Set<Way>();
  let cuts = 0;
  const listener = createServer((client) => {
    const way: Way = { client, server: createConnection(port, host), last: false };
    ways.add(way);
    const end = (): void => {
      ways.delete(way);
      client.destroy();
      way.server.destroy();
    };
    client.on('data', (bytes) => {
      way.server.write(bytes, () => {
        if (!way.last) return;
        cuts += 1;
        // the server has it and works on it, and its answer goes nowhere
        client.destroy();
        way.server.end();
        ways.delete(way);
      });
    });
    way.server.on('data', (bytes) => {
      if (!way.last) {
        client.write(bytes);
        return;
      }
      // of what was under way already: who waits for its answer hears that it is lost, and does not wait for a time-out
      cuts += 1;
      end();
    });
    for (const socket of [client, way.server]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => listener.listen(own, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    cut(when) {
      for (const way of ways) {
        if (when === 'after') way.last = true;
        else {
          cuts += 1;
          way.client.destroy();
          way.server.destroy();
          ways.delete(way);
        }
      }
    },
    cuts: () => cuts,
    async close() {
      for (const { client, server } of ways) {
        client.destroy();
        server.destroy();
      }
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
