/** An OTLP/HTTP endpoint for tests: takes spans, refuses them, or never answers. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Test } from 'tap';

/** `value` of an attribute: counts are texts in OTLP's JSON, as of every 64-bit number. */
interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
}
interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<SeenSpan, 'attributes' | 'resource' | 'links'> & {
        readonly attributes: readonly KeyValue[];
        readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
      })[];
    }[];
  }[];
}

export interface SeenSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  /** 1 internal, 2 server, 4 producer, 5 consumer */
  readonly kind: number;
  /** 2: failed */
  readonly status?: { readonly code?: number };
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly resource: Readonly<Record<string, string | number | undefined>>;
}

export interface Receiver {
  readonly url: string;
  /** Bodies, as they were sent. */
  readonly bodies: readonly string[];
  readonly headers: readonly Readonly<Record<string, string | string[] | undefined>>[];
  /** How it answers from now on. */
  answer: 'takes' | 'refuses' | 'hangs';
  spans(): SeenSpan[];
}

const plain = (attributes: readonly KeyValue[]): Record<string, string | number | undefined> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? (value.intValue === undefined ? undefined : Number(value.intValue)),
    ]),
  );

export async function receiver(t: Test, tls?: ServerOptions): Promise<Receiver> {
  const bodies: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (made.answer === 'hangs') return;
      if (made.answer === 'refuses') return void response.writeHead(401).end('no entry for 91350100M000100Y43');
      headers.push(request.headers);
      if (request.method === 'POST' && request.url === '/v1/traces')
        bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.once('close', () => sockets.delete(socket))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const made: Receiver = {
    url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    headers,
    answer: 'takes',
    spans: () =>
      bodies.flatMap((body) =>
        (JSON.parse(body) as Exported).resourceSpans.flatMap(({ resource, scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) =>
            spans.map((span) => ({
              ...span,
              attributes: plain(span.attributes),
              links: span.links ?? [],
              resource: plain(resource.attributes),
            })),
          ),
        ),
      ),
  };
  return made;
}
