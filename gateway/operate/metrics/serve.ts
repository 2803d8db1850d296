/**
 * Health and metrics over plain HTTP, on a port of their own: GET /health/live, /health/ready (503 with reasons),
 * /metrics.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONTENT_TYPE, exposition, type Family } from '../../ground/counts/families.js';
import { gate } from '../../ground/sockets/gate.js';
import { portLimits, requestsWithin } from '../../ground/sockets/limits.js';

/** A prober and a scraper, some times over; whoever only connects gives way to them. */
const MAX_CONNECTIONS = 256;

export interface Served {
  readonly host: string;
  readonly port: number;
  /** Why it is not ready; empty when it is. */
  readonly reasons: () => readonly string[];
  /** What else stands in the answer of /health/ready. */
  readonly more?: () => Readonly<Record<string, unknown>>;
  readonly metrics: () => Promise<readonly Family[]> | readonly Family[];
}

export interface FiguresServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function serveFigures({ host, port, reasons, more, metrics }: Served): Promise<FiguresServer> {
  const server: Server = createServer(requestsWithin(5000), (request, response) => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    if (request.method !== 'GET') return send(405, 'text/plain', 'GET only\n');
    switch (request.url) {
      case '/health/live':
        return send(200, 'application/json', '{"live":true}\n');
      case '/health/ready': {
        const why = reasons();
        return send(
          why.length === 0 ? 200 : 503,
          'application/json',
          `${JSON.stringify({ ready: why.length === 0, reasons: why, ...more?.() })}\n`,
        );
      }
      case '/metrics':
        Promise.resolve(metrics()).then(
          (families) => send(200, CONTENT_TYPE, exposition(families)),
          () => send(503, 'text/plain', 'the metrics cannot be read\n'),
        );
        return;
      default:
        return send(404, 'text/plain', '/health/live /health/ready /metrics\n');
    }
  });
  const shut = gate(server, portLimits(MAX_CONNECTIONS));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // a scraper keeps its connection
        shut(false);
      }),
  };
}
