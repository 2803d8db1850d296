/** What a worker counts. Labels are routes and codes, never a subject, a client's input or anything unbounded. */
import type { FastifyInstance } from 'fastify';
import { AggregatorRegistry, Counter, Gauge, Histogram } from 'prom-client';
import type { Figures } from '../inforce/follow.js';

const requests = new Counter({ name: 'yitong_requests_total', help: 'requests answered, by route and status', labelNames: ['route', 'status'] });
const seconds = new Histogram({
  name: 'yitong_request_seconds',
  help: 'time from the first byte in to the last byte out, by route',
  labelNames: ['route'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
});

/** Counts the requests of a worker, and answers the supervisor when it gathers the figures of all workers. */
export function countRequests(app: FastifyInstance): void {
  // its constructor is what listens for the supervisor's question
  new AggregatorRegistry();
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    requests.inc({ route, status: String(reply.statusCode) });
    seconds.observe({ route }, reply.elapsedTime / 1000);
    done();
  });
}

const stale = new Gauge({ name: 'yitong_policies_stale', help: '1 while policies, clients, grants or revocation lists on disk are not what is in force', aggregator: 'max' });
const crlSeconds = new Gauge({ name: 'yitong_crl_seconds_left', help: 'until nobody of the anchor is let in: nextUpdate and grace of its revocation list; negative afterwards', labelNames: ['anchor'], aggregator: 'min' });

export const inForceFigures: Figures = {
  policiesStale: (is) => stale.set(is ? 1 : 0),
  crlSecondsLeft(anchor, seconds) {
    if (seconds === undefined) crlSeconds.remove({ anchor });
    else crlSeconds.set({ anchor }, seconds);
  },
};
