/** A JSON API of a department, as a real server on a free port of this machine. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written as JSON, unless it is bytes. */
  readonly body?: unknown;
  /** Ends the connection after this many bytes of the body. */
  readonly cutAt?: number;
  /** Never answers. */
  readonly hang?: true;
}

export interface Api {
  readonly host: string;
  readonly url: string;
  /** Path with query of each request, in order. */
  readonly asked: string[];
  readonly requests: IncomingMessage[];
  reply: (url: URL, request: IncomingMessage) => Reply;
  close(): Promise<void>;
}

function answer(reply: Reply, response: ServerResponse): void {
  if (reply.hang === true) return;
  const body = Buffer.isBuffer(reply.body) ? reply.body : Buffer.from(JSON.stringify(reply.body ?? null));
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
  if (reply.cutAt === undefined) response.end(body);
  else {
    response.write(body.subarray(0, reply.cutAt), () => response.destroy());
  }
}

export async function openApi(reply: Api['reply'], tls?: ServerOptions): Promise<Api> {
  const work = (request: IncomingMessage, response: ServerResponse): void => {
    api.asked.push(request.url ?? '');
    api.requests.push(request);
    answer(api.reply(new URL(request.url ?? '/', 'http://any.example'), request), response);
  };
  const server = tls === undefined ? createServer(work) : createTlsServer(tls, work);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = `${tls === undefined ? '127.0.0.1' : 'localhost'}:${port}`;
  const api: Api & { reply: Api['reply'] } = {
    host,
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    asked: [],
    requests: [],
    reply,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return api;
}
