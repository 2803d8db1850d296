/** What a worker counts. Labels are routes and codes, never a subject, a client's input or anything unbounded. */
import type { FastifyInstance } from 'fastify';
import { AggregatorRegistry, Counter, Gauge, Histogram } from 'prom-client';
import type { Spool, SpoolSize } from '../../connectors/spool/index.js';
import type { CertificateFigures } from '../inforce/certificates.js';
import type { Figures } from '../inforce/follow.js';
import type { Tickets } from '../lifecycles/tickets.js';
import type { Numbers } from '../reports/index.js';

const requests = new Counter({ name: 'yitong_requests_total', help: 'requests answered, by route and status', labelNames: ['route', 'status'] });
const seconds = new Histogram({
  name: 'yitong_request_seconds',
  help: 'time from the first byte in to the last byte out, by route',
  labelNames: ['route'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
});

/** Answers the supervisor's question for metrics: prom-client listens for it only where one of these was made. */
export const answerForMetrics = (): void => void new AggregatorRegistry();

/** Counts the requests of a worker. */
export function countRequests(app: FastifyInstance): void {
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

const certificateSeconds = new Gauge({ name: 'yitong_certificate_seconds_left', help: 'until a certificate in use is over: of the server, of documents, of the replica port; negative afterwards', labelNames: ['certificate'], aggregator: 'min' });
const certificateStale = new Gauge({ name: 'yitong_certificate_stale', help: '1 while the certificate or key on disk is not the one in use, because it is not fit', labelNames: ['certificate'], aggregator: 'max' });

export const certificateFigures: CertificateFigures = {
  certificateSecondsLeft: (certificate, left) => certificateSeconds.set({ certificate }, left),
  certificateStale: (certificate, is) => certificateStale.set({ certificate }, is ? 1 : 0),
};

let spool: Spool | undefined;
// every worker sees the same spool
const spoolGauge = (name: string, help: string, value: (size: SpoolSize) => number): Gauge =>
  new Gauge({
    name,
    help,
    aggregator: 'max',
    collect() {
      this.set(spool === undefined ? 0 : value(spool.size()));
    },
  });
spoolGauge('yitong_spool_records', 'pushed records that wait on disk for the bus', ({ records }) => records);
spoolGauge('yitong_spool_bytes', 'bytes of pushed records that wait on disk for the bus', ({ bytes }) => bytes);
spoolGauge('yitong_spool_age_seconds', 'how long the oldest of them has waited', ({ since }) => (since === undefined ? 0 : Math.max(0, Date.now() - since) / 1000));

export function watchSpool(watched: Spool): void {
  spool = watched;
}

let tickets: Tickets | undefined;
// every worker sees the same tickets
new Gauge({
  name: 'yitong_tickets_open', help: 'tickets that are not over, by lifecycle and state', labelNames: ['lifecycle', 'state'], aggregator: 'max',
  collect() {
    this.reset();
    for (const { lifecycle, state, over } of tickets?.all() ?? []) if (!over) this.inc({ lifecycle: lifecycle.id, state: state.state });
  },
});
new Gauge({
  name: 'yitong_clocks_over', help: 'clocks of tickets that run and are over, by lifecycle and clock', labelNames: ['lifecycle', 'clock'], aggregator: 'max',
  collect() {
    this.reset();
    for (const { lifecycle, clocks } of tickets?.all() ?? []) for (const { clock, over, stoppedAt } of clocks) if (over && stoppedAt === undefined) this.inc({ lifecycle: lifecycle.id, clock });
  },
});
new Gauge({
  name: 'yitong_tickets_unreadable', help: 'tickets whose events their lifecycle does not know any more; what they do to records holds', aggregator: 'max',
  collect() {
    this.set(tickets?.unreadable() ?? 0);
  },
});

export function watchTickets(watched: Tickets): void {
  tickets = watched;
}

let numbers: (() => Numbers) | undefined;
// every worker reads the same store
const documentGauge = (name: string, help: string, value: (all: Numbers) => number): Gauge =>
  new Gauge({
    name,
    help,
    aggregator: 'max',
    collect() {
      this.set(numbers === undefined ? 0 : value(numbers()));
    },
  });
documentGauge('yitong_reports_issued', 'reports issued since the data folder was made', ({ issued }) => issued);
documentGauge('yitong_certificates_replaced', 'domains times companies of those reports', ({ certificates }) => certificates);
new Gauge({
  name: 'yitong_documents_verified',
  help: 'verifications since the data folder was made, by what they found',
  labelNames: ['outcome'],
  aggregator: 'max',
  collect() {
    for (const [outcome, count] of Object.entries(numbers?.().verified ?? {})) this.set({ outcome }, count);
  },
});

export function watchNumbers(of: () => Numbers): void {
  numbers = of;
}
