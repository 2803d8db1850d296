import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below what a system gives to whoever asks for any port: nobody gets one of these by chance. */
const [LOWEST, HIGHEST] = [10_000, 32_000];

/** Kept for as long as this process runs, in the numbers of UDP, which nothing here uses: no other test is given it. */
const isReserved = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });

const isFree = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });

/**
 * Ports of this machine that nobody uses, all different, and that nobody else is given: for servers that must know each
 * other's address before they start.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if ((await isFree(port, '0.0.0.0')) && (await isReserved(port))) ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no port is free');
  return port;
}
