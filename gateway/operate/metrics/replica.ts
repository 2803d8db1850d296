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
    gauge('yitong_log_entries', 'entries integrated into the log', health?.size),
    gauge('yitong_log_published_entries', 'entries under the published checkpoint', health?.publishedSize),
    gauge(
      'yitong_log_published_age_seconds',
      'time since the published checkpoint was published',
      age(health?.publishedAt, now),
    ),
    gauge(
      'yitong_log_behind_seconds',
      'for how long the oldest entry waits that no published checkpoint covers; 0 where none does',
      since(waiting?.unpublishedSince),
    ),
    gauge(
      'yitong_log_unsequenced_seconds',
      'for how long the oldest durable entry waits that the sequencer has not taken into the log; 0 where none does',
      since(waiting?.unsequencedSince),
    ),
    gauge(
      'yitong_log_unsequenced_entries',
      'durable entries that the sequencer has not taken into the log',
      waiting?.unsequenced,
    ),
    gauge(
      'yitong_log_faults',
      'things of the log that cannot be read; until they are mended nothing more comes into it',
      waiting?.faults.length,
    ),
    gauge(
      'yitong_witness_up',
      '1 where the witness cosigned when it was asked last',
      (health?.witnesses ?? []).map(
        ({ name, state }) => [{ witness: name, state }, state === 'cosigned' ? 1 : 0] as const,
      ),
    ),
  ];
}

export function replicaFigures(report: ReplicasReport | undefined, now: number): Family[] {
  const others = report?.others ?? [];
  return [
    gauge(
      'yitong_replica_lag_entries',
      'entries durable on another replica that are not here',
      others.map(({ name, lag }) => [{ replica: name }, lag] as const),
    ),
    gauge(
      'yitong_replica_age_seconds',
      'time since the journals of another replica were copied last',
      others.map(({ name, at }) => [{ replica: name }, age(at, now)] as const),
    ),
    gauge(
      'yitong_replica_up',
      '1 where the journals of the other replica are followed',
      others.map(({ name, state }) => [{ replica: name, state }, state === 'following' ? 1 : 0] as const),
    ),
    gauge(
      'yitong_sequencer_asked_age_seconds',
      'on a replica that does not sequence: time since the sequencer asked for its journals',
      age(report?.askedAt, now),
    ),
  ];
}

/** @param passes by task of the writer, ms since 1970 when it came forward last */
export const taskFigure = (passes: Readonly<Record<string, number>>, now: number): Family =>
  gauge(
    'yitong_task_age_seconds',
    'time since a task of the writer came forward last, by task',
    Object.entries(passes).map(([task, at]) => [{ task }, age(at, now)] as const),
  );

/** They are counted in the data folder, so that a restart does not begin anew. */
export const alertFigures = (counts: Readonly<Record<string, number>>): Family[] => [
  counter(
    'yitong_alerts_total',
    'alerts raised by the watching rules, by rule',
    Object.entries(counts).map(([rule, count]) => [{ rule }, count] as const),
  ),
];

/** @param stale whether they are refused */
export const staleFigure = (stale: boolean): Family =>
  gauge(
    'yitong_contracts_stale',
    '1 while contracts, feeds or yitong.json on disk are not what is in force, because they are refused',
    stale ? 1 : 0,
  );

/** Of the file system that the folder stands on; nothing where it cannot be asked. */
export async function diskFigures(dir: string): Promise<Family[]> {
  const disk = await statfs(dir).catch(() => undefined);
  return [
    gauge(
      'yitong_data_disk_free_bytes',
      'bytes free for the data folder',
      disk === undefined ? undefined : disk.bavail * disk.bsize,
    ),
    gauge(
      'yitong_data_disk_size_bytes',
      'bytes of the file system of the data folder',
      disk === undefined ? undefined : disk.blocks * disk.bsize,
    ),
  ];
}

/** @param part `gateway`, `connector`, `witness` */
export const readyFigures = (part: string, reasons: readonly string[], warnings: readonly string[]): Family[] => [
  gauge('yitong_ready', '1 where /health/ready says so, by part', [[{ part }, reasons.length === 0 ? 1 : 0]]),
  gauge('yitong_warnings', 'warnings of /health/ready, by part', [[{ part }, warnings.length]]),
];
