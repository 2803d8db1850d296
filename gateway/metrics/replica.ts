/** What the supervisor knows itself: the log, the witnesses, the other replicas, alerts, the disk, whether the group is ready. */
import { statfs } from 'node:fs/promises';
import type { LogHealth } from '../audit/log/sequencer.js';
import type { ReplicasReport } from '../process/replicas-health.js';
import { counter, gauge, type Family } from './families.js';

const age = (since: number | undefined, now: number): number | undefined => (since === undefined ? undefined : Math.max(0, now - since) / 1000);

export function logFigures(health: LogHealth | undefined, now: number): Family[] {
  return [
    gauge('yitong_log_entries', 'entries integrated into the log', health?.size),
    gauge('yitong_log_published_entries', 'entries under the published checkpoint', health?.publishedSize),
    gauge('yitong_log_published_age_seconds', 'time since the published checkpoint was published', age(health?.publishedAt, now)),
    gauge('yitong_log_behind_seconds', 'for how long integrated entries wait for a published checkpoint; 0 where none does', health === undefined ? undefined : (age(health.behindSince, now) ?? 0)),
    gauge('yitong_witness_up', '1 where the witness cosigned when it was asked last', (health?.witnesses ?? []).map(({ name, state }) => [{ witness: name, state }, state === 'cosigned' ? 1 : 0] as const)),
  ];
}

export function replicaFigures(report: ReplicasReport | undefined, now: number): Family[] {
  const others = report?.others ?? [];
  return [
    gauge('yitong_replica_lag_entries', 'entries durable on another replica that are not here', others.map(({ name, lag }) => [{ replica: name }, lag] as const)),
    gauge('yitong_replica_age_seconds', 'time since the journals of another replica were copied last', others.map(({ name, at }) => [{ replica: name }, age(at, now)] as const)),
    gauge('yitong_replica_up', '1 where the journals of the other replica are followed', others.map(({ name, state }) => [{ replica: name, state }, state === 'following' ? 1 : 0] as const)),
    gauge('yitong_sequencer_asked_age_seconds', 'on a replica that does not sequence: time since the sequencer asked for its journals', age(report?.askedAt, now)),
  ];
}

/** They are counted in the data folder, so that a restart does not begin anew. */
export const alertFigures = (counts: Readonly<Record<string, number>>): Family[] => [
  counter('yitong_alerts_total', 'alerts raised by the watching rules, by rule', Object.entries(counts).map(([rule, count]) => [{ rule }, count] as const)),
];

/** Of the file system that the folder stands on; nothing where it cannot be asked. */
export async function diskFigures(dir: string): Promise<Family[]> {
  const disk = await statfs(dir).catch(() => undefined);
  return [
    gauge('yitong_data_disk_free_bytes', 'bytes free for the data folder', disk === undefined ? undefined : disk.bavail * disk.bsize),
    gauge('yitong_data_disk_size_bytes', 'bytes of the file system of the data folder', disk === undefined ? undefined : disk.blocks * disk.bsize),
  ];
}

/** @param part `gateway`, `connector`, `witness` */
export const readyFigures = (part: string, reasons: readonly string[], warnings: readonly string[]): Family[] => [
  gauge('yitong_ready', '1 where /health/ready says so, by part', [[{ part }, reasons.length === 0 ? 1 : 0]]),
  gauge('yitong_warnings', 'warnings of /health/ready, by part', [[{ part }, warnings.length]]),
];
