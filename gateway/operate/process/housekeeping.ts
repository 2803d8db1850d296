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
import type { DatasetId } from '../../../contracts/ids.js';
import type { Workspace } from '../../../contracts/types.js';
import type { KeepTerms } from '../../ground/config/keep.js';
import { counter, type Family, gauge } from '../../ground/counts/families.js';
import { inWords } from '../../ground/logging/words.js';
import { openState } from '../../http/publishing/state.js';
import type { Pruning } from '../../log/sequencer/prune.js';
import { actsQuarantines } from '../../procedures/cases/held-acts.js';
import { overdueAlerts } from '../../procedures/lifecycles/overdue.js';
import type { Tickets } from '../../procedures/lifecycles/tickets.js';
import type { Watcher } from '../../procedures/watch/follow.js';
import type { CaseTerms } from './case-terms.js';

export interface HousekeepingOptions {
  readonly dataDir: string;
  readonly keep: KeepTerms;
  readonly workspace: () => Pick<Workspace, 'contracts'>;
  readonly tickets: () => Pick<Tickets, 'all' | 'prune'>;
  readonly cases: Pick<CaseTerms, 'prune'>;
  readonly alerts: Pick<Watcher, 'prune'>;
  /** Removes uploads that nobody needs any more. @returns how many */
  readonly uploads: () => Promise<number>;
  /** Removes records of use whose term is over. @returns of how many grants */
  readonly use: () => Promise<number>;
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

type Kind = 'positions' | 'quarantine' | 'alerts' | 'tickets' | 'cases' | 'uploads' | 'use';
const KINDS: readonly Kind[] = ['positions', 'quarantine', 'alerts', 'tickets', 'cases', 'uploads', 'use'];
const WORDS: Readonly<Record<Kind | 'journals', string>> = {
  journals: 'segments of journals',
  positions: 'positions of pushed records',
  quarantine: 'pushed records in quarantine',
  alerts: 'acknowledged alerts',
  tickets: 'tickets that are over',
  cases: 'cases that ended',
  uploads: 'uploads of cases that nobody needs',
  use: 'records of use of grants',
};

/** What no setting says. */
const WHY: Partial<Readonly<Record<Kind, string>>> = {
  uploads: '',
  use: ': three years after the last day of their grant are over',
};
const whyGone = (kind: Kind): string => WHY[kind] ?? `: their term of \`keep.${kind}\` is over`;

/** How far a job is. */
interface Progress {
  /** ms since 1970 when it went through last; of the start before it. */
  doneAt: number;
  /** Since the start. */
  gone: number;
  /** Why it failed last. */
  why: string | undefined;
}

export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  return new RunningHousekeeping(options);
}

class RunningHousekeeping implements Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #now: () => number;
  readonly #interval: number;
  readonly #jobs: ReadonlyMap<Kind, Progress>;
  readonly #timers: readonly NodeJS.Timeout[];
  #state: State | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: HousekeepingOptions) {
    const { keep, now, interval } = options;
    this.#options = options;
    this.#now = now;
    this.#interval = interval ?? Math.max(1000, Math.min(HOUR, ...Object.values(keep).map((ms) => ms / 4)));
    const startedAt = now();
    this.#jobs = new Map(KINDS.map((kind) => [kind, { doneAt: startedAt, gone: 0, why: undefined }]));
    this.#timers = [
      setInterval(() => void this.look(), this.#interval),
      setInterval(() => this.#tellProblems(), Math.min(this.#interval, 10_000)),
    ];
  }

  /** Never rejects: what fails is a problem that is told, and tried again with the next look. */
  look(): Promise<void> {
    return (this.#looking ??= this.#lookNow().finally(() => (this.#looking = undefined)));
  }

  figures(): Family[] {
    const { journals } = this.#options;
    const at = this.#now();
    const age = (doneAt: number): number => Math.max(0, at - doneAt) / 1000;
    const pruned = journals?.given();
    return [
      gauge('yitong_housekeeping_age_seconds', [
        ...[...this.#jobs].map(([kind, { doneAt }]) => [{ kind }, age(doneAt)] as const),
        ...(journals === undefined ? [] : [[{ kind: 'journals' }, age(journals.lookedAt())] as const]),
      ]),
      counter('yitong_housekeeping_gone_total', [
        ...[...this.#jobs].map(([kind, { gone }]) => [{ kind }, gone] as const),
        ...(pruned === undefined ? [] : [[{ kind: 'journals' }, pruned.segments] as const]),
      ]),
      counter('yitong_journal_given_back_bytes_total', pruned?.bytes),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#looking;
    await this.#state?.close();
  }

  async #lookNow(): Promise<void> {
    for (const [kind, progress] of this.#jobs) {
      try {
        const gone = await this.#removePast(kind);
        progress.gone += gone;
        progress.doneAt = this.#now();
        progress.why = undefined;
        if (gone > 0 && kind !== 'positions')
          this.#options.onGone(`${String(gone)} ${WORDS[kind]} went${whyGone(kind)}`);
      } catch (error) {
        progress.why = inWords(error);
      }
    }
    this.#tellProblems();
  }

  /** @returns how many went */
  #removePast(kind: Kind): Promise<number> {
    const { keep, tickets, cases } = this.#options;
    switch (kind) {
      case 'positions':
        return this.#removePositions();
      case 'quarantine':
        return this.#removeQuarantined();
      case 'alerts':
        return this.#removeAlerts();
      case 'tickets':
        return tickets().prune(this.#now() - keep.tickets);
      case 'cases':
        return cases.prune(this.#now() - keep.cases);
      case 'uploads':
        return this.#options.uploads();
      case 'use':
        return this.#options.use();
    }
  }

  async #removePositions(): Promise<number> {
    const { dataDir, keep } = this.#options;
    if (!existsSync(join(dataDir, 'connectors'))) return 0;
    let gone = 0;
    // each call looks at some of them, and the next goes on behind these
    for (let calls = Math.min(CALLS, Math.ceil(this.#interval / CALL_EACH)); calls > 0; calls--)
      gone += await this.#openedState().prunePositions(this.#now() + POSITIONS - keep.positions);
    return gone;
  }

  async #removeQuarantined(): Promise<number> {
    const { dataDir, workspace } = this.#options;
    let gone = 0;
    for (const id of [...workspace().contracts.keys(), ...actsQuarantines(dataDir)]) {
      if (!Quarantine.exists(dataDir, id)) continue;
      try {
        gone += await takeTurn(this.#openedState(), id, { wait: WAIT }, () => this.#removeQuarantinedOf(id));
      } catch (error) {
        // somebody publishes to it; it is looked at again
        if (!isYitongError(error) || error.code !== 'dataset_busy') throw error;
      }
    }
    return gone;
  }

  async #removeQuarantinedOf(dataset: DatasetId): Promise<number> {
    const { dataDir, keep } = this.#options;
    const quarantine = Quarantine.open(dataDir, dataset, () => new Date(this.#now()));
    try {
      return await quarantine.expirePushed(new Date(this.#now() - keep.quarantine));
    } finally {
      await quarantine.close();
    }
  }

  /** Alerts of clocks that are still overdue stay: they would be raised again. */
  async #removeAlerts(): Promise<number> {
    const { alerts, keep, tickets } = this.#options;
    const standing = new Set((await overdueAlerts(tickets(), this.#now())).map(({ id }) => id));
    return alerts.prune(this.#now() - keep.alerts, standing);
  }

  /** It stays open: it knows how far the positions were looked through. */
  #openedState(): State {
    return (this.#state ??= openState(this.#options.dataDir));
  }

  #tellProblems(): void {
    const { journals, onProblems } = this.#options;
    const jobs = [...this.#jobs].flatMap(([kind, { doneAt, why }]) => this.#late(kind, doneAt, this.#interval, why));
    if (journals === undefined) return onProblems(jobs);
    const late = this.#late('journals', journals.lookedAt(), Math.max(this.#interval, 60_000), undefined);
    onProblems([...jobs, ...late, ...journals.kept()]);
  }

  /** In words, where it went through so long ago that somebody should look. */
  #late(kind: keyof typeof WORDS, doneAt: number, pause: number, why: string | undefined): string[] {
    if (this.#now() - doneAt <= MISSED * pause + WAIT * 10) return [];
    return [
      `${WORDS[kind]} are not given back since ${new Date(doneAt).toISOString()}: ${why ?? 'the look takes long'}`,
    ];
  }
}
