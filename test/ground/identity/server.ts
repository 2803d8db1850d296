/** A real TLS server and client for the tests of identity. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls';
import { authorityId, clientId } from '../../../contracts/ids.js';
import { type AnchorParts, makeAnchor, type TrustAnchor } from '../../../gateway/ground/identity/anchors.js';
import { type Identity, type Known, makeIdentifier } from '../../../gateway/ground/identity/identify.js';
import { serverTlsOptions } from '../../../gateway/ground/identity/tls.js';
import type { Binding, Client, PolicySet } from '../../../policies/types.js';

export type Clients = Pick<PolicySet, 'clients'>;
export const clientsOf = (...clients: readonly Client[]): Clients => ({
  clients: new Map(clients.map((client) => [client.id, client])),
});
export const bound = (id: string, binding: Binding, status: Client['status'] = 'active'): Client => ({
  id: clientId(id),
  authority: authorityId('tax'),
  name: { zh: id, en: id },
  binding,
  status,
});
export const spiffe = (id: string, status: Client['status'] = 'active'): Client =>
  bound(id, { kind: 'spiffe', uri: `spiffe://yitong.example/client/${id}` }, status);

export async function anchorOf(
  dir: string,
  parts: Partial<Pick<AnchorParts, 'authorities' | 'crlGrace'>> = {},
): Promise<TrustAnchor> {
  const [ca, crl] = [await readFile(join(dir, 'ca.pem'), 'utf8'), await readFile(join(dir, 'crl.pem'), 'utf8')];
  return makeAnchor({ id: 'test', ca, crl, authorities: '*', ...parts });
}

export interface World {
  policies: Clients;
  now: number;
}

export interface Gateway {
  readonly port: number;
  readonly world: World;
  readonly sockets: TLSSocket[];
  readonly identify: (socket: TLSSocket) => Identity;
  /** What the gateway says to one request on a new connection. */
  ask(files?: { readonly cert: string; readonly key: string }, options?: ConnectionOptions): Promise<string>;
  /** A connection that asks as often as wanted. */
  open(
    files?: { readonly cert: string; readonly key: string },
    options?: ConnectionOptions,
  ): Promise<{ ask(): Promise<string>; close(): void; socket: TLSSocket }>;
  close(): Promise<void>;
}

const spoken = (identity: Identity): string => (identity.kind === 'client' ? identity.client.id : identity.code);

export async function gateway(serverDir: string, anchors: readonly TrustAnchor[], policies: Clients): Promise<Gateway> {
  const world: World = { policies, now: Date.now() };
  let known: Known = { policies, anchors };
  const inForce = (): Known =>
    known.policies === world.policies ? known : (known = { policies: world.policies, anchors });
  const identify = makeIdentifier({ inForce, now: () => world.now });
  const sockets: TLSSocket[] = [];
  const [cert, key] = [
    await readFile(join(serverDir, 'server/cert.pem'), 'utf8'),
    await readFile(join(serverDir, 'server/key.pem'), 'utf8'),
  ];
  const ca = await readFile(join(serverDir, 'ca.pem'), 'utf8');
  const server = createServer(serverTlsOptions({ cert, key, anchors }), (socket) => {
    sockets.push(socket);
    socket.on('data', () => socket.write(spoken(identify(socket))));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open: Gateway['open'] = async (files, options = {}) => {
    const pair = files === undefined ? {} : { cert: await readFile(files.cert), key: await readFile(files.key) };
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...pair, ...options });
    await once(socket, 'secureConnect');
    return {
      socket,
      close: () => socket.destroy(),
      ask: async () => {
        socket.write('?');
        const [answer] = (await once(socket, 'data')) as [Buffer];
        return answer.toString();
      },
    };
  };
  return {
    port,
    world,
    sockets,
    identify,
    open,
    ask: async (files, options) => {
      const connection = await open(files, options);
      const answer = await connection.ask();
      connection.close();
      return answer;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
