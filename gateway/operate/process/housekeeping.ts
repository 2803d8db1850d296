/**
 * What piles up goes when its term (`keep` of the configuration) is over: one job for each kind, one after the other,
 * in the writer. A job that fails is tried again with the next look; how long ago each went through is a metric, and a
 * warning once it is long.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type State, takeTurn } from '../../../connectors/publish/index.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { isYitongError } from '../../../contracts/errors.js';
import type { Workspace } from '../../../contracts/types.js';
import type { KeepTerms } from '../../ground/config/keep.js';
import { counter, type Family, gauge } from '../../ground/counts/families.js';
import { inWords } from '../../ground/logging/words.js';
import { openState } from '../../http/publishing/state.js';
import type { Pruning } from '../../log/sequencer/prune.js';
import { overdueAlerts } from '../../procedures/lifecycles/overdue.js';
import type { Tickets } from '../../procedures/lifecycles/tickets.js';
import type { Watcher } from '../../procedures/watch/follow.js';

export interface HousekeepingOptions {
  readonly dataDir: string;
  readonly keep: KeepTerms;
  readonly workspace: () => Pick<Workspace, 'contracts'>;
  readonly tickets: () => Pick<Tickets, 'all' | 'prune'>;
  readonly alerts: Pick<Watcher, 'prune'>;
  /** Of journals; undefined where another replica sequences. */
  readonly journals: Pick<Pruning, 'given' | 'kept' | 'lookedAt'> | undefined;
  /** ms since 1970 */
  readonly now: () => number;
  readonly onProblems: (problems: readonly string[]) => void;
  /** What went, for the process log. */
  readonly onGone: (message: string) => void;
  /** ms between two looks; default an hour, less where a term is short. */
  readonly interval?: number;
}

export interface Housekeeping {
  /** One look at everything now. */
  look(): Promise<void>;
  figures(): Family[];
  stop(): Promise<void>;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Looks that a job may miss until somebody is warned. */
const MISSED = 3;
/** ms for which `State.prunePositions` keeps a position; another term is told it as another time. */
const POSITIONS = 30 * DAY;
/** Of `State.prunePositions`, at most so many calls a look, and one for so many ms between looks. */
const CALLS = 60;
const CALL_EACH = 60_000;
/** ms that a look waits for those who publish to a dataset. */
const WAIT = 2000;

type Kind = 'positions' | 'quarantine' | 'alerts' | 'tickets';
const WORDS: Readonly<Record<Kind | 'journals', string>> = {
  journals: 'segments of journals',
  positions: 'positions of pushed records',
  quarantine: 'pushed records in quarantine',
  alerts: 'acknowledged alerts',
  tickets: 'tickets that are over',
};

export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { dataDir, keep, workspace, tickets, alerts, journals, now, onProblems, onGone } = options;
  const interval = options.interval ?? Math.max(1000, Math.min(HOUR, ...Object.values(keep).map((ms) => ms / 4)));
  const startedAt = now();
  const lines = new Map<Kind, { doneAt: number; gone: number; why: string | undefined }>(
    (['positions', 'quarantine', 'alerts', 'tickets'] as const).map((kind) => [
      kind,
      { doneAt: startedAt, gone: 0, why: undefined },
    ]),
  );

  let state: State | undefined;
  // it stays open: it knows how far the positions were looked through
  const opened = (): State => (state ??= openState(dataDir));

  /** How many went. */
  const jobs: Readonly<Record<Kind, () => Promise<number> | number>> = {
    async positions() {
      if (!existsSync(join(dataDir, 'connectors'))) return 0;
      let gone = 0;
      // each call looks at some of them, and the next goes on behind these
      for (let calls = Math.min(CALLS, Math.ceil(interval / CALL_EACH)); calls > 0; calls--)
        gone += await opened().prunePositions(now() + POSITIONS - keep.positions);
      return gone;
    },
    async quarantine() {
      let gone = 0;
      for (const { id } of workspace().contracts.values()) {
        if (!Quarantine.exists(dataDir, id)) continue;
        try {
          gone += await takeTurn(opened(), id, { wait: WAIT }, async () => {
            const quarantine = Quarantine.open(dataDir, id, () => new Date(now()));
            try {
              return await quarantine.expirePushed(new Date(now() - keep.quarantine));
            } finally {
              await quarantine.close();
            }
          });
        } catch (error) {
          // somebody publishes to it; it is looked at again
          if (!isYitongError(error) || error.code !== 'dataset_busy') throw error;
        }
      }
      return gone;
    },
    alerts: () => alerts.prune(now() - keep.alerts, new Set(overdueAlerts(tickets(), now()).map(({ id }) => id))),
    tickets: () => tickets().prune(now() - keep.tickets),
  };

  function problems(): string[] {
    const late = (kind: keyof typeof WORDS, doneAt: number, pause: number, why: string | undefined): string[] =>
      now() - doneAt <= MISSED * pause + WAIT * 10
        ? []
        : [
            `${WORDS[kind]} are not given back since ${new Date(doneAt).toISOString()}: ` +
              `${why ?? 'the look takes long'}`,
          ];
    return [
      ...[...lines].flatMap(([kind, { doneAt, why }]) => late(kind, doneAt, interval, why)),
      ...(journals === undefined
        ? []
        : [...late('journals', journals.lookedAt(), Math.max(interval, 60_000), undefined), ...journals.kept()]),
    ];
  }

  let looking: Promise<void> | undefined;
  async function lookNow(): Promise<void> {
    for (const [kind, line] of lines) {
      try {
        const gone = await jobs[kind]();
        line.gone += gone;
        line.doneAt = now();
        line.why = undefined;
        if (gone > 0 && kind !== 'positions')
          onGone(`${String(gone)} ${WORDS[kind]} went: their term of \`keep.${kind}\` is over`);
      } catch (error) {
        line.why = inWords(error);
      }
    }
    onProblems(problems());
  }
  const look = (): Promise<void> => (looking ??= lookNow().finally(() => (looking = undefined)));
  const timer = setInterval(() => void look(), interval);
  const telling = setInterval(() => onProblems(problems()), Math.min(interval, 10_000));

  return {
    look,
    figures() {
      const at = now();
      const { segments, bytes } = journals?.given() ?? { segments: undefined, bytes: undefined };
      return [
        gauge('yitong_housekeeping_age_seconds', 'time since what is past its term was looked for, and went, by kind', [
          ...[...lines].map(([kind, { doneAt }]) => [{ kind }, Math.max(0, at - doneAt) / 1000] as const),
          ...(journals === undefined
            ? []
            : [[{ kind: 'journals' }, Math.max(0, at - journals.lookedAt()) / 1000] as const]),
        ]),
        counter('yitong_housekeeping_gone_total', 'what went since its term was over, by kind', [
          ...[...lines].map(([kind, { gone }]) => [{ kind }, gone] as const),
          ...(segments === undefined ? [] : [[{ kind: 'journals' }, segments] as const]),
        ]),
        counter(
          'yitong_journal_given_back_bytes_total',
          'bytes of journal segments that were given back to the disk since the writer started',
          bytes,
        ),
      ];
    },
    async stop() {
      clearInterval(timer);
      clearInterval(telling);
      await looking;
      await state?.close();
    },
  };
}
