/**
 * What feeds do, counted from the reports of their runs: for `up`, where all run in one process, and for `yitong
 * connector`.
 */
import type { Feed } from '../../../connectors/feed.js';
import type { RunReport } from '../../../connectors/report.js';
import { isYitongError } from '../../../contracts/errors.js';
import { cells, type Family, gauge, type Labels } from '../../ground/counts/families.js';
import { inWords } from '../../ground/logging/words.js';

const OUTCOMES = ['published', 'unchanged', 'merged', 'quarantined', 'skipped'] as const;
const STATES = ['starting', 'complete', 'refused', 'nothing-new', 'failing'] as const;

/** What is known of one feed. */
interface FeedState {
  state: (typeof STATES)[number];
  /** ms since 1970 */
  runningSince: number | undefined;
  failingSince: number | undefined;
  /** Why the last run failed. */
  why: string;
  /** What is away while it fails. */
  away: 'bus' | 'source';
  lastSuccess: number | undefined;
  lastRunMs: number | undefined;
  backlogBytes: number | undefined;
  inQuarantine: number | undefined;
  held: number;
}

export interface FeedFigures {
  began(feed: Pick<Feed, 'dataset'>): void;
  reported(feed: Pick<Feed, 'dataset'>, report: RunReport): void;
  failed(feed: Pick<Feed, 'dataset'>, error: unknown): void;
  /** Why not all is well, in words. */
  reasons(): string[];
  figures(): Family[];
}

/**
 * @param own whether the data folder is the feeds' own; under a gateway, where departments push too, the writer counts
 * what waits in quarantine and what is held back
 */
export function feedFigures(
  feeds: readonly Pick<Feed, 'dataset'>[],
  own: boolean,
  now: () => number = Date.now,
): FeedFigures {
  const counted = new CountedFeeds(feeds, own, now);
  return {
    began: (feed) => counted.began(feed),
    reported: (feed, report) => counted.reported(feed, report),
    failed: (feed, error) => counted.failed(feed, error),
    reasons: () => counted.reasons(),
    figures: () => counted.figures(),
  };
}

const starting = (): FeedState => ({
  state: 'starting',
  runningSince: undefined,
  failingSince: undefined,
  why: '',
  away: 'source',
  lastSuccess: undefined,
  lastRunMs: undefined,
  backlogBytes: undefined,
  inQuarantine: undefined,
  held: 0,
});

class CountedFeeds implements FeedFigures {
  readonly #own: boolean;
  readonly #now: () => number;
  readonly #feeds: Map<string, FeedState>;
  readonly #rows = cells('yitong_feed_rows_total');
  readonly #withdrawn = cells('yitong_feed_withdrawn_total');
  readonly #codes = cells('yitong_feed_quarantined_total');
  readonly #runs = cells('yitong_feed_runs_total');

  constructor(feeds: readonly Pick<Feed, 'dataset'>[], own: boolean, now: () => number) {
    this.#own = own;
    this.#now = now;
    this.#feeds = new Map(feeds.map(({ dataset }) => [dataset, starting()]));
    for (const feed of this.#feeds.keys()) {
      for (const outcome of OUTCOMES) this.#rows.cell({ feed, outcome });
      this.#withdrawn.cell({ feed });
    }
  }

  began(feed: Pick<Feed, 'dataset'>): void {
    this.#stateOf(feed).runningSince = this.#now();
  }

  reported({ dataset: feed }: Pick<Feed, 'dataset'>, report: RunReport): void {
    for (const outcome of OUTCOMES) this.#rows.cell({ feed, outcome }).n += report[outcome];
    this.#withdrawn.cell({ feed }).n += report.withdrawn;
    for (const [code, count] of Object.entries(report.codes)) this.#codes.cell({ feed, code }).n += count;
    this.#runs.cell({ feed, state: report.state }).n++;
    const known = this.#stateOf({ dataset: feed });
    known.state = report.state;
    known.runningSince = undefined;
    known.failingSince = undefined;
    known.lastRunMs = report.ms;
    known.backlogBytes = report.backlogBytes;
    known.inQuarantine = report.inQuarantine;
    known.held = report.held ?? 0;
    if (report.state !== 'refused') known.lastSuccess = this.#now();
  }

  failed(feed: Pick<Feed, 'dataset'>, error: unknown): void {
    this.#runs.cell({ feed: feed.dataset, state: 'failed' }).n++;
    const known = this.#stateOf(feed);
    known.state = 'failing';
    known.runningSince = undefined;
    known.failingSince ??= this.#now();
    known.why = inWords(error);
    known.away = isYitongError(error) && error.code.startsWith('bus_') ? 'bus' : 'source';
  }

  reasons(): string[] {
    return [...this.#feeds].flatMap(([feed, { state, failingSince, why, away }]) => {
      if (failingSince === undefined) return state === 'starting' ? [`${feed}: its first run is not done`] : [];
      const since = new Date(failingSince).toISOString();
      return [
        away === 'bus'
          ? `${feed}: the bus is away since ${since}: ${why}`
          : `${feed} has not been read since ${since}: ${why}`,
      ];
    });
  }

  figures(): Family[] {
    return [
      this.#rows.family(),
      this.#withdrawn.family(),
      this.#codes.family(),
      this.#runs.family(),
      ...this.#gauges(),
      ...(this.#own ? this.#ownGauges() : []),
    ];
  }

  #gauges(): Family[] {
    const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
    return [
      gauge(
        'yitong_feed_state',
        [...this.#feeds].flatMap(([feed, { state }]) =>
          STATES.map((one) => [{ feed, state: one }, one === state ? 1 : 0] as const),
        ),
      ),
      gauge(
        'yitong_feed_failing_seconds',
        this.#byFeed(({ failingSince }) => this.#secondsSince(failingSince) ?? 0),
      ),
      gauge(
        'yitong_feed_running_seconds',
        this.#byFeed(({ runningSince }) => this.#secondsSince(runningSince) ?? 0),
      ),
      gauge(
        'yitong_feed_last_success_timestamp_seconds',
        this.#byFeed(({ lastSuccess }) => seconds(lastSuccess)),
      ),
      gauge(
        'yitong_feed_last_run_seconds',
        this.#byFeed(({ lastRunMs }) => seconds(lastRunMs)),
      ),
      gauge(
        'yitong_feed_backlog_bytes',
        this.#byFeed(({ backlogBytes }) => backlogBytes),
      ),
    ];
  }

  #ownGauges(): Family[] {
    return [
      gauge(
        'yitong_feed_held_withdrawals',
        this.#byFeed(({ held }) => held),
      ),
      gauge(
        'yitong_quarantine_rows',
        [...this.#feeds].map(([dataset, { inQuarantine }]) => [{ dataset }, inQuarantine] as const),
      ),
    ];
  }

  #stateOf({ dataset }: Pick<Feed, 'dataset'>): FeedState {
    let known = this.#feeds.get(dataset);
    if (known === undefined) this.#feeds.set(dataset, (known = starting()));
    return known;
  }

  #byFeed(value: (of: FeedState) => number | undefined): [Labels, number | undefined][] {
    return [...this.#feeds].map(([feed, state]) => [{ feed }, value(state)]);
  }

  #secondsSince(ms: number | undefined): number | undefined {
    return ms === undefined ? undefined : Math.max(0, this.#now() - ms) / 1000;
  }
}
