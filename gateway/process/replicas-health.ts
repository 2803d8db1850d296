/** The other replicas of the log, as health and metrics show them. */
import { Gauge, type Registry } from 'prom-client';
import type { ReplicaHealth } from '../audit/replicas/follow.js';

export interface ReplicasReport {
  /** This replica. */
  readonly name: string;
  /** Who sequences the log, as far as is known here. */
  readonly sequencer?: string;
  readonly epoch?: number;
  /** Why this one does not, though it is configured to. */
  readonly fenced?: string;
  /** Where another sequences: ms since 1970 when it asked for the journals last. */
  readonly askedAt?: number;
  /** Those whose journals are copied here. */
  readonly others: readonly ReplicaHealth[];
}

/** ms without a question of the sequencer after which somebody should look. */
const UNASKED = 10_000;

const seconds = (since: number, now: number): number => Math.max(0, Math.round((now - since) / 1000));

/** Times as ages in seconds. */
export function replicasHealth({ askedAt, others, ...rest }: ReplicasReport, now: number): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    ...(askedAt === undefined ? {} : { askedSeconds: seconds(askedAt, now) }),
    others: others.map(({ at, ...other }) => ({ ...other, ...(at === undefined ? {} : { ageSeconds: seconds(at, now) }) })),
  };
}

/** What an operator should see to. @param startedAt from when on it could be asked, ms since 1970 */
export function replicaWarnings({ name, fenced, sequencer, askedAt = 0, others }: ReplicasReport, startedAt: number, now: number): string[] {
  return [
    ...(fenced === undefined ? [] : [`this replica is configured to sequence the log and does not: ${fenced}`]),
    ...(sequencer === name || now - Math.max(askedAt, startedAt) < UNASKED ? [] : ['no sequencer has asked for the journals of this replica for a while: receipts wait']),
    ...others.filter(({ state }) => state === 'unreachable').map((other) => `the replica \`${other.name}\` is not followed: ${other.reason ?? 'it does not answer'}`),
  ];
}

export function replicaMetrics(registry: Registry, report: () => ReplicasReport | undefined): void {
  const each = (name: string, help: string, set: (gauge: Gauge, health: ReplicaHealth, now: number) => void, labels: readonly string[] = []): void => {
    new Gauge({
      name, help, labelNames: ['replica', ...labels], registers: [registry],
      collect() {
        this.reset();
        for (const health of report()?.others ?? []) set(this, health, Date.now());
      },
    });
  };
  each('yitong_replica_lag_entries', 'entries durable on another replica that are not here', (gauge, { name, lag }) => gauge.set({ replica: name }, lag));
  each('yitong_replica_age_seconds', 'time since the journals of another replica were copied last', (gauge, { name, at }, now) => {
    if (at !== undefined) gauge.set({ replica: name }, (now - at) / 1000);
  });
  each('yitong_replica_up', '1 where the journals of the other replica are followed', (gauge, { name, state }) => gauge.set({ replica: name, state }, state === 'following' ? 1 : 0), ['state']);
  new Gauge({
    name: 'yitong_sequencer_asked_age_seconds', help: 'on a replica that does not sequence: time since the sequencer asked for its journals', registers: [registry],
    collect() {
      const at = report()?.askedAt;
      this.set(at === undefined ? NaN : (Date.now() - at) / 1000);
    },
  });
}
