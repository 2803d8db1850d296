/** Health and metrics of a gateway on their own port: live, ready with reasons, Prometheus text over all processes. */
import { present } from '../../../contracts/present.js';
import { type Family, merge } from '../../ground/counts/families.js';
import { replicasHealth } from '../children/replicas-health.js';
import { buildInfo, processFigures } from '../metrics/process.js';
import {
  alertFigures,
  diskFigures,
  logFigures,
  readyFigures,
  replicaFigures,
  staleFigure,
  taskFigure,
} from '../metrics/replica.js';
import { type FiguresServer, serveFigures } from '../metrics/serve.js';
import { logReport, stalledTasks, type WatchedAudit, watchLog } from './log-health.js';
import type { Group } from './supervisor.js';

/**
 * ms without coming forward after which a task of the writer is a warning; the slowest, over a long log, says so every
 * few seconds.
 */
const STALLED = 120_000;

interface HealthOptions {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly audit: WatchedAudit;
}

/**
 * GET /health/live, /health/ready (503 with reasons; warnings, and how far the log is, do not change the status),
 * /metrics. Entries that nobody takes into the log are a reason; those that wait for witnesses are not, for other
 * houses must not be able to stop this one.
 */
export async function serveHealth(group: Group, { host, port, data, audit }: HealthOptions): Promise<FiguresServer> {
  const ofProcess = processFigures('supervisor');
  const log = watchLog({ dataDir: data, audit, now: Date.now });
  const reasons = (): readonly string[] => [...group.reasons(), ...log.reasons()];
  const warnings = (): readonly string[] => [
    ...group.warnings(),
    ...log.warnings(),
    ...stalledTasks(group.passes(), STALLED, Date.now()),
  ];
  const metrics = async (): Promise<readonly Family[]> => {
    const [processes, disk] = await Promise.all([group.metrics(), diskFigures(data)]);
    const now = Date.now();
    return merge([
      [buildInfo('gateway'), ...readyFigures('gateway', reasons(), warnings()), ...ofProcess(), ...disk],
      [
        ...logFigures(group.log(), log.waiting(), now),
        taskFigure(group.passes(), now),
        ...replicaFigures(group.replicas(), group.passes(), now),
        ...alertFigures(group.alerts()),
        staleFigure(group.stale()),
      ],
      processes,
    ]);
  };
  const more = (): Readonly<Record<string, unknown>> => {
    const now = Date.now();
    const said = logReport(group.log(), log.waiting(), now);
    const replicas = group.replicas();
    const content = group.content();
    return {
      warnings: warnings(),
      ...present({ content, log: said }),
      ...(replicas === undefined ? {} : { replicas: replicasHealth(replicas, now) }),
    };
  };
  const served = await serveFigures({ host, port, reasons, more, metrics });
  return {
    port: served.port,
    close() {
      log.stop();
      return served.close();
    },
  };
}
