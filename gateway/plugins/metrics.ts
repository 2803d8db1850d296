/** What a worker counts. Labels are routes and codes, never a subject, a client's input or anything unbounded. */
import type { FastifyInstance } from 'fastify';
import { Counter, Histogram } from 'prom-client';

const requests = new Counter({ name: 'yitong_requests_total', help: 'requests answered, by route and status', labelNames: ['route', 'status'] });
const seconds = new Histogram({
  name: 'yitong_request_seconds',
  help: 'time from the first byte in to the last byte out, by route',
  labelNames: ['route'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
});

export function countRequests(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    requests.inc({ route, status: String(reply.statusCode) });
    seconds.observe({ route }, reply.elapsedTime / 1000);
    done();
  });
}
