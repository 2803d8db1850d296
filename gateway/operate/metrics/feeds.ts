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

interface Line {
  state: (typeof STATES)[number];
  /** ms since 1970 */
  runningSince: number | undefined;
  failingSince: number | undefined;
  said: string;
  /** What is away while it fails. */
  away: 'bus' | 'source';
  lastSuccess: number | undefined;
  lastRunMs: number | undefined;
  backlogBytes: number | undefined;
  inQuarantine: number | undefined;
  held: number;
}

export const HELD_HELP =
  'records that left their register and stay on record, since rows that cannot be read may be theirs; until ' +
  'somebody releases them or the rows are mended';

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
  const fresh = (): Line => ({
    state: 'starting',
    runningSince: undefined,
    failingSince: undefined,
    said: '',
    away: 'source',
    lastSuccess: undefined,
    lastRunMs: undefined,
    backlogBytes: undefined,
    inQuarantine: undefined,
    held: 0,
  });
  const lines = new Map<string, Line>(feeds.map(({ dataset }) => [dataset, fresh()]));
  const rows = cells(
    'yitong_feed_rows_total',
    'rows read, by feed and what became of them; their sum is all that was read',
  );
  const withdrawn = cells('yitong_feed_withdrawn_total', 'records withdrawn because they left a snapshot, by feed');
  const codes = cells('yitong_feed_quarantined_total', 'rows put into quarantine, by feed and code of docs/errors.md');
  const runs = cells('yitong_feed_runs_total', 'runs that ended, by feed and how');
  for (const feed of lines.keys()) {
    for (const outcome of OUTCOMES) rows.cell({ feed, outcome });
    withdrawn.cell({ feed });
  }
  const line = ({ dataset }: Pick<Feed, 'dataset'>): Line => {
    let known = lines.get(dataset);
    if (known === undefined) lines.set(dataset, (known = fresh()));
    return known;
  };
  const each = (value: (line: Line) => number | undefined): [Labels, number | undefined][] =>
    [...lines].map(([feed, one]) => [{ feed }, value(one)]);
  const ago = (since: number | undefined): number | undefined =>
    since === undefined ? undefined : Math.max(0, now() - since) / 1000;
  return {
    began(feed) {
      line(feed).runningSince = now();
    },
    reported(of, report) {
      const feed = of.dataset;
      const one = line(of);
      for (const outcome of OUTCOMES) rows.cell({ feed, outcome }).n += report[outcome];
      withdrawn.cell({ feed }).n += report.withdrawn;
      for (const [code, count] of Object.entries(report.codes)) codes.cell({ feed, code }).n += count;
      runs.cell({ feed, state: report.state }).n++;
      Object.assign(one, {
        state: report.state,
        runningSince: undefined,
        failingSince: undefined,
        lastRunMs: report.ms,
        backlogBytes: report.backlogBytes,
        inQuarantine: report.inQuarantine,
        held: report.held ?? 0,
      });
      if (report.state !== 'refused') one.lastSuccess = now();
    },
    failed(feed, error) {
      const one = line(feed);
      runs.cell({ feed: feed.dataset, state: 'failed' }).n++;
      one.state = 'failing';
      one.runningSince = undefined;
      one.failingSince ??= now();
      one.said = inWords(error);
      one.away = isYitongError(error) && error.code.startsWith('bus_') ? 'bus' : 'source';
    },
    reasons: () =>
      [...lines].flatMap(([feed, { state, failingSince, said, away }]) => {
        if (failingSince !== undefined)
          return [
            away === 'bus'
              ? `${feed}: the bus is away since ${new Date(failingSince).toISOString()}: ${said}`
              : `${feed} has not been read since ${new Date(failingSince).toISOString()}: ${said}`,
          ];
        return state === 'starting' ? [`${feed}: its first run is not done`] : [];
      }),
    figures: () => [
      rows.family(),
      withdrawn.family(),
      codes.family(),
      runs.family(),
      gauge(
        'yitong_feed_state',
        '1 for what the feed does: starting until its first run is done, then how the last run ended',
        [...lines].flatMap(([feed, { state }]) =>
          STATES.map((one) => [{ feed, state: one }, one === state ? 1 : 0] as const),
        ),
      ),
      gauge(
        'yitong_feed_failing_seconds',
        'for how long runs of the feed have failed; 0 where the last one did not',
        each(({ failingSince }) => ago(failingSince) ?? 0),
      ),
      gauge(
        'yitong_feed_running_seconds',
        'for how long the present run goes on; 0 between runs',
        each(({ runningSince }) => ago(runningSince) ?? 0),
      ),
      gauge(
        'yitong_feed_last_success_timestamp_seconds',
        'when a run ended well last, seconds since 1970',
        each(({ lastSuccess }) => (lastSuccess === undefined ? undefined : lastSuccess / 1000)),
      ),
      gauge(
        'yitong_feed_last_run_seconds',
        'how long the last run took',
        each(({ lastRunMs }) => (lastRunMs === undefined ? undefined : lastRunMs / 1000)),
      ),
      gauge(
        'yitong_feed_backlog_bytes',
        'what the source must keep until the feed has read it (the write-ahead log of a database)',
        each(({ backlogBytes }) => backlogBytes),
      ),
      ...(own
        ? [
            gauge(
              'yitong_feed_held_withdrawals',
              HELD_HELP,
              each(({ held }) => held),
            ),
            gauge(
              'yitong_quarantine_rows',
              'rows that wait in quarantine, by dataset',
              [...lines].map(([dataset, { inQuarantine }]) => [{ dataset }, inQuarantine] as const),
            ),
          ]
        : []),
    ],
  };
}
