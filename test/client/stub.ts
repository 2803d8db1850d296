/** A server of mutual TLS that answers as a test says, for what a real gateway does only at its worst. */

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Client, type ConnectOptions, connect, connectionOf } from '../../gateway/client/index.js';
import { initPki, issueClient, issueServer } from '../../gateway/operate/pki/authority.js';

export interface Stub {
  readonly api: string;
  readonly pki: string;
  readonly server: Server;
  /** Connections that came so far. */
  connections(): number;
  client(options?: ConnectOptions): Promise<Client>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Ends with the test. Its client is `one`. */
export async function stub(t: Test, handler: Handler): Promise<Stub> {
  const pki = t.testdir();
  await initPki(pki);
  await issueServer(pki);
  await issueClient(pki, 'one');
  const read = (...path: string[]): string => readFileSync(join(pki, ...path), 'utf8');
  const server = createServer(
    {
      cert: read('server', 'cert.pem'),
      key: read('server', 'key.pem'),
      ca: read('ca.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => handler(request, response, Buffer.concat(chunks).toString('utf8')));
    },
  );
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on('secureConnection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const clients: Client[] = [];
  t.teardown(async () => {
    for (const client of clients) client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    api,
    pki,
    server,
    connections: () => connections,
    async client(options) {
      const made = connect(await connectionOf(api, pki, 'one'), options);
      clients.push(made);
      return made;
    },
  };
}

export const sendJson = (
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): void =>
  void response
    .writeHead(status, { 'content-type': status < 300 ? 'application/json' : 'application/problem+json', ...headers })
    .end(JSON.stringify(value));

export const problem = (code: string, status: number): object => ({
  type: `urn:yitong:error:${code}`,
  title: code,
  status,
  code,
  requestId: 'r-1',
});
