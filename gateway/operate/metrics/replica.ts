/**
 * What the supervisor knows itself: the log, the witnesses, the other replicas, alerts, the disk, whether the group is
 * ready.
 */
import { statfs } from 'node:fs/promises';
import { counter, type Family, gauge } from '../../ground/counts/families.js';
import type { LogHealth } from '../../log/sequencer/sequencer.js';
import type { Waiting } from '../../log/sequencer/waiting.js';
import type { ReplicasReport } from '../children/replicas-health.js';

const age = (since: number | undefined, now: number): number | undefined =>
  since === undefined ? undefined : Math.max(0, now - since) / 1000;

/** @param waiting undefined where another replica sequences */
export function logFigures(health: LogHealth | undefined, waiting: Waiting | undefined, now: number): Family[] {
  const since = (at: number | undefined): number | undefined =>
    waiting === undefined ? undefined : (age(at, now) ?? 0);
  return [
    gauge('yitong_log_entries', health?.size),
    gauge('yitong_log_published_entries', health?.publishedSize),
    gauge('yitong_log_published_age_seconds', age(health?.publishedAt, now)),
    gauge('yitong_log_behind_seconds', since(waiting?.unpublishedSince)),
    gauge('yitong_log_unsequenced_seconds', since(waiting?.unsequencedSince)),
    gauge('yitong_log_unsequenced_entries', waiting?.unsequenced),
    gauge('yitong_log_faults', waiting?.faults.length),
    gauge(
      'yitong_witness_up',
      (health?.witnesses ?? []).map(
        ({ name, state }) => [{ witness: name, state }, state === 'cosigned' ? 1 : 0] as const,
      ),
    ),
  ];
}

/** @param passes by task of the writer, ms since 1970 when it came forward last */
export function replicaFigures(
  report: ReplicasReport | undefined,
  passes: Readonly<Record<string, number>>,
  now: number,
): Family[] {
  const others = report?.others ?? [];
  const election = report?.election;
  return [
    gauge(
      'yitong_replica_lag_entries',
      others.map(({ name, lag }) => [{ replica: name }, lag] as const),
    ),
    gauge(
      'yitong_replica_age_seconds',
      others.map(({ name, at }) => [{ replica: name }, age(at, now)] as const),
    ),
    gauge(
      'yitong_replica_up',
      others.map(({ name, state }) => [{ replica: name, state }, state === 'following' ? 1 : 0] as const),
    ),
    gauge('yitong_sequencer_asked_age_seconds', age(report?.askedAt, now)),
    gauge('yitong_sequencer_elected', election && (election.standing === 'sequences' ? 1 : 0)),
    gauge('yitong_sequencer_lease_age_seconds', age(passes['sequencer-lease'], now)),
    gauge(
      'yitong_log_copy_age_seconds',
      (election?.copies ?? []).map(({ replica, at }) => [{ replica }, age(at, now)] as const),
    ),
  ];
}

/** @param passes by task of the writer, ms since 1970 when it came forward last */
export const taskFigure = (passes: Readonly<Record<string, number>>, now: number): Family =>
  gauge(
    'yitong_task_age_seconds',
    Object.entries(passes).map(([task, at]) => [{ task }, age(at, now)] as const),
  );

/** They are counted in the data folder, so that a restart does not begin anew. */
export const alertFigures = (counts: Readonly<Record<string, number>>): Family[] => [
  counter(
    'yitong_alerts_total',
    Object.entries(counts).map(([rule, count]) => [{ rule }, count] as const),
  ),
];

/** @param stale whether they are refused */
export const staleFigure = (stale: boolean): Family => gauge('yitong_contracts_stale', stale ? 1 : 0);

/** Of the file system that the folder stands on; nothing where it cannot be asked. */
export async function diskFigures(dir: string): Promise<Family[]> {
  const disk = await statfs(dir).catch(() => undefined);
  return [
    gauge('yitong_data_disk_free_bytes', disk === undefined ? undefined : disk.bavail * disk.bsize),
    gauge('yitong_data_disk_size_bytes', disk === undefined ? undefined : disk.blocks * disk.bsize),
  ];
}

/** @param part `gateway`, `connector`, `witness` */
export const readyFigures = (part: string, reasons: readonly string[], warnings: readonly string[]): Family[] => [
  gauge('yitong_ready', [[{ part }, reasons.length === 0 ? 1 : 0]]),
  gauge('yitong_warnings', [[{ part }, warnings.length]]),
];
