/** The other replicas of the log, as health shows them. */
import type { ReplicaHealth } from '../../log/replicas/follow.js';
import type { ElectedReport } from '../../log/sequencer/elected.js';

export interface ReplicasReport {
  /** This replica. */
  readonly name: string;
  /** Who sequences the log, as far as is known here. */
  readonly sequencer?: string;
  readonly epoch?: number;
  /** Why this one does not, though it is configured to. */
  readonly fenced?: string;
  /** Where replicas elect who sequences. */
  readonly election?: ElectedReport;
  /** Where another sequences: ms since 1970 when it asked for the journals last. */
  readonly askedAt?: number;
  /** Those whose journals are copied here. */
  readonly others: readonly ReplicaHealth[];
}

/** ms without a question of the sequencer after which somebody should look. */
const UNASKED = 10_000;

const seconds = (since: number, now: number): number => Math.max(0, Math.round((now - since) / 1000));

/** Times as ages in seconds. */
export function replicasHealth(
  { askedAt, others, election, ...rest }: ReplicasReport,
  now: number,
): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    ...(election === undefined
      ? {}
      : {
          election: {
            ...election,
            copies: election.copies.map(({ at, ...copy }) => ({
              ...copy,
              ...(at === undefined ? {} : { ageSeconds: seconds(at, now) }),
            })),
          },
        }),
    ...(askedAt === undefined ? {} : { askedSeconds: seconds(askedAt, now) }),
    others: others.map(({ at, ...other }) => ({
      ...other,
      ...(at === undefined ? {} : { ageSeconds: seconds(at, now) }),
    })),
  };
}

/** What an operator should see to. @param startedAt from when on it could be asked, ms since 1970 */
export function replicaWarnings(
  { name, fenced, sequencer, askedAt = 0, others, election }: ReplicasReport,
  startedAt: number,
  now: number,
): string[] {
  return [
    ...(election?.standing === 'nobody'
      ? [`nobody sequences the log, and this replica cannot: ${election.reason ?? ''}`]
      : []),
    ...(election?.standing === 'unknown' ? [`who sequences the log is not known: ${election.reason ?? ''}`] : []),
    ...(election?.copies ?? []).flatMap(({ replica, state, reason }) =>
      state === 'refused' ? [`the replica \`${replica}\` takes no copy of the log: ${reason ?? ''}`] : [],
    ),
    ...(fenced === undefined ? [] : [`this replica is configured to sequence the log and does not: ${fenced}`]),
    ...(sequencer === name || now - Math.max(askedAt, startedAt) < UNASKED
      ? []
      : ['no sequencer has asked for the journals of this replica for a while: receipts wait']),
    ...others
      .filter(({ state }) => state === 'unreachable')
      .map((other) => `the replica \`${other.name}\` is not followed: ${other.reason ?? 'it does not answer'}`),
  ];
}
