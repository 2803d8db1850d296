/** Health and metrics on their own port: live, ready with reasons, Prometheus text over all workers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import type { LogHealth } from '../audit/log/sequencer.js';
import type { ContentReport } from './roll.js';
import { replicaMetrics, replicasHealth, type ReplicasReport } from './replicas-health.js';
import { spanMetrics } from './span-metrics.js';
import type { SpanCount } from './tracing.js';

export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  readonly reasons: () => readonly string[];
  readonly warnings: () => readonly string[];
  /** How far the published log is; undefined before that is known. */
  readonly log: () => LogHealth | undefined;
  /** The other replicas of the log; undefined where there are none. */
  readonly replicas: () => ReplicasReport | undefined;
  /** Whether contracts, feeds or yitong.json on disk are not those in force, because they may not be. */
  readonly stale: () => boolean;
  /** What of the workspace is in force; undefined before that is known. */
  readonly content: () => ContentReport | undefined;
  /** Alerts of the watching rules ever raised, by rule. */
  readonly alerts: () => Readonly<Record<string, number>>;
  /** Spans of traces, by process. */
  readonly spans: () => readonly SpanCount[];
}

/** What health says of the log: never a reason to take the gateway out, for answers do not wait for witnesses. */
function logReport({ publishedAt, behindSince, ...rest }: LogHealth, now: number): Readonly<Record<string, unknown>> {
  const seconds = (since: number): number => Math.max(0, Math.round((now - since) / 1000));
  return { ...rest, ...(publishedAt === undefined ? {} : { publishedAgeSeconds: seconds(publishedAt) }), behindSeconds: behindSince === undefined ? 0 : seconds(behindSince) };
}

/** The log's metrics, read when they are asked for. */
function logMetrics(options: HealthOptions): Registry {
  const { log, alerts } = options;
  const registry = new Registry();
  const gauge = (name: string, help: string, value: (health: LogHealth) => number | undefined): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const health = log();
        const now = health === undefined ? undefined : value(health);
        this.set(now ?? NaN);
      },
    });
  };
  gauge('yitong_log_entries', 'entries integrated into the log', ({ size }) => size);
  gauge('yitong_log_published_entries', 'entries under the published checkpoint', ({ publishedSize }) => publishedSize);
  gauge('yitong_log_published_age_seconds', 'time since the published checkpoint was published', ({ publishedAt }) => (publishedAt === undefined ? undefined : (Date.now() - publishedAt) / 1000));
  gauge('yitong_log_behind_seconds', 'for how long integrated entries wait for a published checkpoint', ({ behindSince }) => (behindSince === undefined ? 0 : (Date.now() - behindSince) / 1000));
  new Gauge({
    name: 'yitong_witness_up',
    help: '1 where the witness cosigned when it was asked last',
    labelNames: ['witness', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, state } of log()?.witnesses ?? []) this.set({ witness: name, state }, state === 'cosigned' ? 1 : 0);
    },
  });
  new Gauge({
    name: 'yitong_contracts_stale',
    help: '1 while contracts, feeds or yitong.json on disk are not what is in force, because they are refused',
    registers: [registry],
    collect() {
      this.set(options.stale() ? 1 : 0);
    },
  });
  replicaMetrics(registry, options.replicas);
  spanMetrics(registry, options.spans);
  // they are counted in the data folder, so that a restart does not begin anew
  new Counter({
    name: 'yitong_alerts_total',
    help: 'alerts raised by the watching rules, by rule',
    labelNames: ['rule'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [rule, count] of Object.entries(alerts())) this.inc({ rule }, count);
    },
  });
  return registry;
}

/** GET /health/live, /health/ready (503 with reasons; warnings, and how far the log is, do not change the status), /metrics. */
export async function serveHealth(options: HealthOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
  const registry = new AggregatorRegistry();
  const ofLog = logMetrics(options);
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
        const log = options.log();
        const replicas = options.replicas();
        const content = options.content();
        const body = { ready: reasons.length === 0, reasons, warnings: options.warnings(), ...(content === undefined ? {} : { content }), ...(log === undefined ? {} : { log: logReport(log, Date.now()) }), ...(replicas === undefined ? {} : { replicas: replicasHealth(replicas, Date.now()) }) };
        return send(reasons.length === 0 ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`);
      }
      case '/metrics':
        Promise.all([registry.clusterMetrics(), ofLog.metrics()]).then(
          ([workers, log]) => send(200, registry.contentType, `${workers}\n${log}`),
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
