/** Health and metrics on their own port: live, ready with reasons, Prometheus text over all workers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AggregatorRegistry } from 'prom-client';

export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  readonly reasons: () => readonly string[];
  readonly warnings: () => readonly string[];
}

/** GET /health/live, /health/ready (503 with reasons; warnings do not change the status), /metrics. */
export async function serveHealth(options: HealthOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
  const registry = new AggregatorRegistry();
  const server: Server = createServer((request, response) => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    if (request.method !== 'GET') return send(405, 'text/plain', 'GET only\n');
    switch (request.url) {
      case '/health/live':
        return send(200, 'application/json', '{"live":true}\n');
      case '/health/ready': {
        const reasons = options.reasons();
        return send(reasons.length === 0 ? 200 : 503, 'application/json', `${JSON.stringify({ ready: reasons.length === 0, reasons, warnings: options.warnings() })}\n`);
      }
      case '/metrics':
        registry.clusterMetrics().then(
          (text) => send(200, registry.contentType, text),
          () => send(503, 'text/plain', 'a worker did not answer\n'),
        );
        return;
      default:
        return send(404, 'text/plain', '/health/live /health/ready /metrics\n');
    }
  });
  server.requestTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
