/** What a worker counts. Labels are routes and codes, never a subject, a client's input or anything unbounded. */
import type { FastifyInstance } from 'fastify';
import { Gauge, register } from 'prom-client';
import type { Spool, SpoolSize } from '../../../connectors/spool/index.js';
import type { CertificateFigures } from '../../answer/inforce/certificates.js';
import { STAGES } from '../../answer/inforce/expiry.js';
import type { Figures } from '../../answer/inforce/follow.js';
import type { Numbers } from '../../documents/reports/index.js';
import { countClient, countedFigures, countHandshake } from '../../ground/counts/counts.js';
import {
  type Cell,
  cells,
  counter,
  type Distribution,
  distributions,
  type Family,
  gauge,
} from '../../ground/counts/families.js';
import { type MetricOf, promOf } from '../../ground/counts/metrics.js';
import type { OpenJournal } from '../../log/journal/journal.js';
import type { Tickets } from '../../procedures/lifecycles/tickets.js';
import { CLIENT_LEFT } from './ending.js';

const requests = cells('yitong_requests_total');
const seconds = distributions('yitong_request_seconds', [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]);
const groups = distributions(
  'yitong_journal_group_seconds',
  [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
);
const group = groups.of({});

export const countGroup = (ms: number): void => group.observe(ms / 1000);

const servers = new Map<'api' | 'people', FastifyInstance['server']>();

/** What is counted of one route; found once a request, by the route's address. */
interface RouteCounts {
  readonly seconds: Distribution;
  readonly byStatus: Map<number, Cell>;
}

/** Counts the requests and connections of one face of a worker. */
export function countRequests(app: FastifyInstance, port: 'api' | 'people'): void {
  servers.set(port, app.server);
  app.server.on('tlsClientError', () => countHandshake(port));
  const routes = new Map<string, RouteCounts>();
  app.whenOver((request, reply, whole) => {
    const route = request.routeOptions.url ?? 'none';
    let counts = routes.get(route);
    if (counts === undefined)
      routes.set(route, (counts = { seconds: seconds.of({ port, route }), byStatus: new Map() }));
    const status = whole ? reply.statusCode : CLIENT_LEFT;
    let cell = counts.byStatus.get(status);
    if (cell === undefined)
      counts.byStatus.set(status, (cell = requests.cell({ port, route, status: String(status) })));
    cell.n++;
    counts.seconds.observe(reply.elapsedTime / 1000);
    if (request.client !== undefined) countClient(request.client.id);
  });
}

const open = (server: FastifyInstance['server']): Promise<number | undefined> =>
  new Promise((resolve) => server.getConnections((error, count) => resolve(error === null ? count : undefined)));

/** All that a worker says of itself but its process. @param process its name */
export async function workerFigures(
  process: string,
  journal: Pick<OpenJournal, 'healthy' | 'lastSeq' | 'lostNotes' | 'waiting' | 'durableAt'>,
  firstSeq: number,
): Promise<Family[]> {
  const connections = await Promise.all(
    [...servers].map(async ([port, server]) => [{ port }, await open(server)] as const),
  );
  const labels = { process };
  const { durableAt } = journal;
  return [
    requests.family(),
    seconds.family(),
    groups.family(),
    ...((await register.getMetricsAsJSON()) as unknown as Family[]),
    ...countedFigures(),
    gauge('yitong_connections_open', connections, 'sum'),
    gauge('yitong_journal_healthy', [[labels, journal.healthy ? 1 : 0]], 'min'),
    counter('yitong_journal_entries_total', [[labels, journal.lastSeq - firstSeq]]),
    counter('yitong_journal_lost_notes_total', [[labels, journal.lostNotes]]),
    gauge('yitong_journal_waiting_entries', [[labels, journal.waiting]], 'sum'),
    gauge(
      'yitong_journal_synced_age_seconds',
      [[labels, durableAt === undefined ? undefined : Math.max(0, Date.now() - durableAt) / 1000]],
      'min',
    ),
  ];
}

const stale = new Gauge({ ...promOf('yitong_policies_stale'), aggregator: 'max' });
const crlSeconds = new Gauge({ ...promOf('yitong_crl_seconds_left'), aggregator: 'min' });

const crlStage = new Gauge({ ...promOf('yitong_crl_stage'), aggregator: 'max' });

export const inForceFigures: Figures = {
  policiesStale: (is) => stale.set(is ? 1 : 0),
  crlSecondsLeft(anchor, seconds, stage) {
    if (seconds === undefined) {
      crlSeconds.remove({ anchor });
      crlStage.remove({ anchor });
    } else {
      crlSeconds.set({ anchor }, seconds);
      crlStage.set({ anchor }, STAGES.indexOf(stage));
    }
  },
};

const certificateSeconds = new Gauge({ ...promOf('yitong_certificate_seconds_left'), aggregator: 'min' });
const certificateStale = new Gauge({ ...promOf('yitong_certificate_stale'), aggregator: 'max' });

export const certificateFigures: CertificateFigures = {
  certificateSecondsLeft: (certificate, left) => certificateSeconds.set({ certificate }, left),
  certificateStale: (certificate, is) => certificateStale.set({ certificate }, is ? 1 : 0),
};

let spool: Spool | undefined;
let spoolLimit = 0;
// every worker sees the same spool
const spoolGauge = (name: MetricOf<'gauge'>, value: (size: SpoolSize) => number): Gauge =>
  new Gauge({
    ...promOf(name),
    aggregator: 'max',
    collect() {
      this.set(spool === undefined ? 0 : value(spool.size()));
    },
  });
spoolGauge('yitong_spool_records', ({ records }) => records);
spoolGauge('yitong_spool_bytes', ({ bytes }) => bytes);
spoolGauge('yitong_spool_age_seconds', ({ since }) =>
  since === undefined ? 0 : Math.max(0, Date.now() - since) / 1000,
);

new Gauge({
  ...promOf('yitong_spool_limit_bytes'),
  aggregator: 'max',
  collect() {
    if (spool === undefined) this.remove();
    else this.set(spoolLimit);
  },
});

/** @param maxBytes at which it is full */
export function watchSpool(watched: Spool, maxBytes: number): void {
  spool = watched;
  spoolLimit = maxBytes;
}

let tickets: Tickets | undefined;
/** Undefined where the store does not answer: then the figures stay as they were. */
const ticketsNow = (): Promise<Awaited<ReturnType<Tickets['all']>> | undefined> =>
  (tickets?.all() ?? Promise.resolve([])).catch(() => undefined);
// every worker sees the same tickets
new Gauge({
  ...promOf('yitong_tickets_open'),
  aggregator: 'max',
  async collect() {
    const all = await ticketsNow();
    if (all === undefined) return;
    this.reset();
    for (const { lifecycle, state, over } of all) if (!over) this.inc({ lifecycle: lifecycle.id, state: state.state });
  },
});
new Gauge({
  ...promOf('yitong_clocks_over'),
  aggregator: 'max',
  async collect() {
    const all = await ticketsNow();
    if (all === undefined) return;
    this.reset();
    for (const { lifecycle, clocks } of all)
      for (const { clock, over, stoppedAt } of clocks)
        if (over && stoppedAt === undefined) this.inc({ lifecycle: lifecycle.id, clock });
  },
});
new Gauge({
  ...promOf('yitong_tickets_unreadable'),
  aggregator: 'max',
  async collect() {
    const count = await (tickets?.unreadable() ?? Promise.resolve(0)).catch(() => undefined);
    if (count !== undefined) this.set(count);
  },
});

/** Of the faces of this worker. */
const effects = new Set<Pick<Tickets, 'age'>>();
/** @returns ends it */
export function watchEffects(watched: Pick<Tickets, 'age'>): () => void {
  effects.add(watched);
  return () => void effects.delete(watched);
}
new Gauge({
  ...promOf('yitong_tickets_age_seconds'),
  // the worker that is behind most
  aggregator: 'max',
  collect() {
    this.set(Math.max(0, ...[...effects].map((one) => one.age() / 1000)));
  },
});

export function watchTickets(watched: Tickets): void {
  tickets = watched;
}

let numbers: (() => Promise<Numbers>) | undefined;
/** Undefined where nobody counts, or the store does not answer: then the figures stay as they were. */
const countedNow = (): Promise<Numbers | undefined> => numbers?.().catch(() => undefined) ?? Promise.resolve(undefined);
// every worker reads the same store
const documentGauge = (name: MetricOf<'gauge'>, value: (all: Numbers) => number): Gauge =>
  new Gauge({
    ...promOf(name),
    aggregator: 'max',
    async collect() {
      const all = await countedNow();
      if (all !== undefined) this.set(value(all));
    },
  });
documentGauge('yitong_reports_issued', ({ issued }) => issued);
documentGauge('yitong_certificates_replaced', ({ certificates }) => certificates);
new Gauge({
  ...promOf('yitong_documents_verified'),
  aggregator: 'max',
  async collect() {
    for (const [outcome, count] of Object.entries((await countedNow())?.verified ?? {})) this.set({ outcome }, count);
  },
});

export function watchNumbers(of: () => Promise<Numbers>): void {
  numbers = of;
}
