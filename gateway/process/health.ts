/** Health and metrics of a gateway on their own port: live, ready with reasons, Prometheus text over all processes. */
import type { LogHealth } from '../audit/log/sequencer.js';
import { merge, type Family } from '../metrics/families.js';
import { buildInfo, processFigures } from '../metrics/process.js';
import { alertFigures, diskFigures, logFigures, readyFigures, replicaFigures } from '../metrics/replica.js';
import { serveFigures, type FiguresServer } from '../metrics/serve.js';
import { replicasHealth } from './replicas-health.js';
import type { Group } from './supervisor.js';

/** What health says of the log: never a reason to take the gateway out, for answers do not wait for witnesses. */
function logReport({ publishedAt, behindSince, ...rest }: LogHealth, now: number): Readonly<Record<string, unknown>> {
  const seconds = (since: number): number => Math.max(0, Math.round((now - since) / 1000));
  return { ...rest, ...(publishedAt === undefined ? {} : { publishedAgeSeconds: seconds(publishedAt) }), behindSeconds: behindSince === undefined ? 0 : seconds(behindSince) };
}

/** GET /health/live, /health/ready (503 with reasons; warnings, and how far the log is, do not change the status), /metrics. */
export function serveHealth(group: Group, { host, port, data }: { readonly host: string; readonly port: number; readonly data: string }): Promise<FiguresServer> {
  const ofProcess = processFigures('supervisor');
  const metrics = async (): Promise<readonly Family[]> => {
    const [processes, disk] = await Promise.all([group.metrics(), diskFigures(data)]);
    const now = Date.now();
    return merge([
      [buildInfo('gateway'), ...readyFigures('gateway', group.reasons(), group.warnings()), ...ofProcess(), ...disk],
      [...logFigures(group.log(), now), ...replicaFigures(group.replicas(), now), ...alertFigures(group.alerts())],
      processes,
    ]);
  };
  const more = (): Readonly<Record<string, unknown>> => {
    const log = group.log();
    const replicas = group.replicas();
    return { warnings: group.warnings(), ...(log === undefined ? {} : { log: logReport(log, Date.now()) }), ...(replicas === undefined ? {} : { replicas: replicasHealth(replicas, Date.now()) }) };
  };
  return serveFigures({ host, port, reasons: group.reasons, more, metrics });
}
