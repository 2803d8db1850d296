/**
 * What health says of the log: from what is left undone, seen by the supervisor, not from what the sequencer says of
 * itself.
 */

import type { AuditSettings } from '../../ground/config/index.js';
import { openRegister } from '../../log/replicas/epoch.js';
import type { LogHealth } from '../../log/sequencer/sequencer.js';
import { type Waiting, watchWaiting } from '../../log/sequencer/waiting.js';

interface LogWatch {
  /** As it was looked at last, at most a second ago; undefined where this replica does not sequence. */
  waiting(): Waiting | undefined;
  /** Why no more answers are to come here: their receipts would promise what is not kept. */
  reasons(): readonly string[];
  warnings(): readonly string[];
  stop(): void;
}

/** ms */
const LOOK_EVERY = 1000;

const seconds = (since: number, now: number): number => Math.max(0, Math.round((now - since) / 1000));

/** What of the settings health looks at. */
export type WatchedAudit = Pick<
  AuditSettings,
  'sequencer' | 'replica' | 'replicas' | 'mergeWithinSeconds' | 'behindSeconds'
>;

interface LogWatchOptions {
  readonly dataDir: string;
  readonly audit: WatchedAudit;
  readonly now: () => number;
}

export function watchLog({ dataDir, audit, now }: LogWatchOptions): LogWatch {
  const looks = audit.sequencer
    ? watchWaiting({ dataDir, mergeDelay: audit.mergeWithinSeconds * 1000, now })
    : undefined;
  const limit = audit.behindSeconds * 1000;
  let last: Waiting | undefined;
  let lookedAt = 0;
  /** ms since 1970 from which on something cannot be read. */
  let faultSince: number | undefined;
  /**
   * Others have to agree first, or another sequences: what waits here then waits for people, or for another machine.
   */
  let heldBack: string | undefined;

  function heldBackNow(): string | undefined {
    const current = openRegister(dataDir).current();
    if (current === undefined)
      return Object.keys(audit.replicas).length === 0
        ? undefined
        : 'the other replicas must agree once that this one sequences';
    if (current.holder === audit.replica)
      return current.established ? undefined : 'the other replicas must agree once that this one sequences';
    // one that is not configured any more sequences nothing
    return audit.replicas[current.holder] === undefined
      ? undefined
      : `\`${current.holder}\` was agreed to as the sequencer`;
  }

  function look(): void {
    if (looks === undefined || now() - lookedAt < LOOK_EVERY / 2) return;
    lookedAt = now();
    try {
      last = looks.look();
      heldBack = heldBackNow();
    } catch (error) {
      // of what stood there before, nothing is known to be better
      const fault = `the log cannot be looked at: ${error instanceof Error ? error.message : 'unknown'}`;
      last = { unsequenced: 0, ...last, faults: [fault] };
    }
    faultSince = last.faults.length === 0 ? undefined : (faultSince ?? lookedAt);
  }
  const timer = setInterval(look, LOOK_EVERY);
  timer.unref();
  look();

  const lasts = (since: number | undefined): boolean => since !== undefined && now() - since > limit;
  /** What the sequencer leaves undone. */
  function undone(): string[] {
    look();
    if (last === undefined) return [];
    const { unsequenced, unsequencedSince, faults } = last;
    return [
      ...(unsequencedSince !== undefined && lasts(unsequencedSince)
        ? [
            `${unsequenced} entries are not taken into the log, the oldest for ` +
              `${seconds(unsequencedSince, now())} s; \`audit.behindSeconds\` is ${audit.behindSeconds}`,
          ]
        : []),
      ...(lasts(faultSince) ? faults : []),
    ];
  }

  return {
    waiting() {
      look();
      return last;
    },
    reasons: () => (heldBack === undefined ? undone() : []),
    warnings() {
      const held = undone();
      if (last === undefined) return [];
      const { unpublishedSince, faults } = last;
      return [
        ...(heldBack === undefined ? [] : held.map((what) => `${what}: ${heldBack}`)),
        ...(lasts(faultSince) ? [] : faults),
        ...(held.length === 0 && unpublishedSince !== undefined && lasts(unpublishedSince)
          ? [
              'the log is not published: the oldest entry waits for a checkpoint for ' +
                `${seconds(unpublishedSince, now())} s; \`audit.behindSeconds\` is ${audit.behindSeconds}`,
            ]
          : []),
      ];
    },
    stop: () => clearInterval(timer),
  };
}

/** What health says of the log in figures. */
export function logReport(
  health: LogHealth | undefined,
  waiting: Waiting | undefined,
  now: number,
): Readonly<Record<string, unknown>> | undefined {
  if (health === undefined && waiting === undefined) return undefined;
  const { publishedAt, ...rest } = health ?? {};
  const age = (since: number | undefined): number => (since === undefined ? 0 : seconds(since, now));
  return {
    ...rest,
    ...(publishedAt === undefined ? {} : { publishedAgeSeconds: age(publishedAt) }),
    ...(waiting === undefined
      ? {}
      : {
          behindSeconds: age(waiting.unpublishedSince),
          unsequencedEntries: waiting.unsequenced,
          unsequencedSeconds: age(waiting.unsequencedSince),
          faults: waiting.faults,
        }),
  };
}

/**
 * Tasks of the writer that have not come forward for longer than they may, as warnings.
 * @param passes by task, ms since 1970 when it did last
 */
export const stalledTasks = (passes: Readonly<Record<string, number>>, limit: number, now: number): string[] =>
  Object.entries(passes).flatMap(([task, at]) =>
    now - at > limit ? [`the task \`${task}\` of the writer has not come forward for ${seconds(at, now)} s`] : [],
  );
