/** Of requests that were answered nothing is kept: what they held goes with the next collection of the young heap. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { getHeapSpaceStatistics } from 'node:v8';
import t from 'tap';
import { gate } from '../../../gateway/ground/sockets/gate.js';

const CONNECTIONS = 32;
const REQUESTS = 6000;
/** Numbers that each answer holds on to, 8 bytes each. */
const HELD = 2048;
const MB = 2 ** 20;

const old = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? NaN;

t.test('a port keeps next to nothing of answers that have ended', async (t) => {
  const server = createServer((_, response) => {
    Object.assign(response, { held: Array.from({ length: HELD }, (_, i) => i) });
    setImmediate(() => response.end('answer'));
  });
  gate(server, { unasked: 100, unaskedOfAddress: 100, open: 100 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect({ port, host: '127.0.0.1' });
      await once(socket, 'connect');
      return socket;
    }),
  );
  let most = 0;
  /** So many requests on each connection, the next when the answer to the last has come. */
  const asking = (count: number): Promise<unknown> =>
    Promise.all(
      sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            let left = count;
            const next = (): void => {
              most = Math.max(most, old());
              if (left-- > 0) return void socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
              socket.off('data', next);
              resolve();
            };
            // an answer is one piece
            socket.on('data', next);
            next();
          }),
      ),
    );
  await asking(20);
  const before = old();
  most = 0;
  await asking(REQUESTS / CONNECTIONS);
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
  // 9 to 12 without a gate as well: what was under way when a collection came
  const grown = Math.round((most - before) / MB);
  t.ok(grown < 20, `${String(grown)} MB of ${String(Math.round((REQUESTS * HELD * 8) / MB))} have grown old`);
});
