/** Holds the development provider's port, and starts its process with the first connection. */
import { type ChildProcess, fork } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { ProviderArguments } from './provider.js';

interface LazyProvider {
  readonly issuer: string;
  /** Known once the workers listen. */
  serve(people: string): void;
  close(): Promise<void>;
}

export async function lazyProvider(args: Omit<ProviderArguments, 'issuer' | 'people'>): Promise<LazyProvider> {
  let people: string | undefined;
  let child: ChildProcess | undefined;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    if (people === undefined) return void socket.destroy();
    if (child === undefined) {
      child = fork(
        fileURLToPath(new URL('./provider.js', import.meta.url)),
        [JSON.stringify({ ...args, issuer, people } satisfies ProviderArguments)],
        { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
      );
      child.once('exit', () => (child = undefined));
    }
    child.send('connection', socket, (error) => {
      if (error !== null) socket.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    serve: (at) => {
      people = at;
    },
    close: () => {
      child?.disconnect();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
