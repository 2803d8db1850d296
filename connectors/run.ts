/**
 * Runs of a feed: source → mapping → publishing → withdrawals → watermark → the source's cursor, until the source has
 * nothing new.
 */

import { isYitongError, YitongError } from '../contracts/errors.js';
import { present } from '../contracts/present.js';
import type { Span } from '../contracts/tracing.js';
import type { Contract } from '../contracts/types.js';
import { type Crosswalks, openCrosswalks } from './mapping/crosswalks/index.js';
import { sendWatermark, takeTurn } from './publish/index.js';
import { Quarantine } from './quarantine.js';
import { type CutOff, joinReports, type RunReport } from './report.js';
import { retryInTurn } from './retry.js';
import { type EndedRun, noteEnded, takeAsked } from './run/asked.js';
import { lastWatermark } from './run/end.js';
import { retryMended } from './run/mended.js';
import { Run } from './run/once.js';
import type { RunOptions } from './run/options.js';

export type { RunReport } from './report.js';
export type { Progress, RunOptions } from './run/options.js';

/**
 * Runs the feed until its source has nothing new. After a crash anywhere the next run starts over; what the bus has is
 * then `unchanged`, or comes a second time with the same position and is kept once by the view.
 * @throws YitongError after a `failed` watermark was sent, if the bus could still take it
 */
export async function runFeed(options: RunOptions): Promise<RunReport> {
  const { feed, workspace } = options;
  const contract = workspace.contracts.get(feed.dataset);
  if (contract === undefined)
    throw new YitongError('bad_feed', `there is no contract of \`${feed.dataset}\``, { place: { file: feed.file } });
  return takeTurn(options.state, feed.dataset, { signal: options.signal }, () =>
    recorded(options, (span) => run(options, contract, span)),
  );
}

/** Within a span, where the trace of this run is recorded. */
async function recorded(
  { tracer, feed }: RunOptions,
  work: (span: Span | undefined) => Promise<RunReport>,
): Promise<RunReport> {
  const span = tracer?.run(feed.dataset);
  if (span === undefined) return work(undefined);
  try {
    const report = await work(span);
    const { rows, published, unchanged, merged, quarantined, skipped, withdrawn, state } = report;
    span.set({
      'yitong.run.rows': rows,
      'yitong.run.published': published,
      'yitong.run.unchanged': unchanged,
      'yitong.run.merged': merged,
      'yitong.run.quarantined': quarantined,
      'yitong.run.skipped': skipped,
      'yitong.run.withdrawn': withdrawn,
      'yitong.run.state': state,
    });
    return report;
  } catch (error) {
    span.fail(isYitongError(error) ? error.code : 'internal');
    throw error;
  } finally {
    span.end();
  }
}

/** Between two looks at how far a run is, for the one that finds it cut off. */
const NOTED_MS = 5_000;

/** Keeps on disk that a run goes on, and how far it is. Returns what the last one left that never ended. */
function noteRun(
  { state, feed, onProgress }: RunOptions,
  now: () => Date,
): { readonly cutOff: CutOff | undefined; readonly onProgress: NonNullable<RunOptions['onProgress']>; ended(): void } {
  const before = state.read('run', feed.dataset) as CutOff | null | undefined;
  const began = now().toISOString();
  let noted = performance.now();
  state.write('run', feed.dataset, { began, rows: 0 } satisfies CutOff);
  return {
    cutOff: before ?? undefined,
    onProgress(progress) {
      onProgress?.(progress);
      if (performance.now() - noted < NOTED_MS) return;
      noted = performance.now();
      state.write('run', feed.dataset, { began, rows: progress.rows } satisfies CutOff);
    },
    ended: () => state.write('run', feed.dataset, null),
  };
}

const NOTHING_READ = { rows: 0, published: 0, unchanged: 0, quarantined: 0, skipped: 0, withdrawn: 0 };

/** Tells everybody of the data folder how a run ended; one that was stopped goes on as the next. */
function noteOutcome(
  { state, feed }: Pick<RunOptions, 'state' | 'feed'>,
  began: Date,
  now: () => Date,
  outcome: RunReport | { readonly error: unknown },
): void {
  const when = { began: began.toISOString(), ended: now().toISOString() };
  if ('error' in outcome) {
    const code = isYitongError(outcome.error) ? outcome.error.code : 'internal';
    if (code !== 'shutting_down')
      noteEnded(state, feed.dataset, { ...when, ...NOTHING_READ, state: 'failed', code } satisfies EndedRun);
    return;
  }
  const { state: how, rows, published, unchanged, quarantined, skipped, withdrawn } = outcome;
  noteEnded(state, feed.dataset, {
    ...when,
    state: how,
    rows,
    published,
    unchanged,
    quarantined,
    skipped,
    withdrawn,
  });
}

async function run(given: RunOptions, contract: Contract, span: Span | undefined): Promise<RunReport> {
  const { feed, state } = given;
  const now = given.now ?? (() => new Date());
  // before its beginning is noted: what is asked for from here on is done by the next
  await takeAsked(state, feed.dataset);
  const noted = noteRun(given, now);
  const began = now();
  const options: RunOptions = { ...given, onProgress: noted.onProgress };
  const quarantine = Quarantine.open(options.dataDir, feed.dataset, now);
  const reports: RunReport[] = [];
  // what was asked of one run is not asked of those that follow it
  const { again: _again, acceptShrink: _acceptShrink, ...later } = options.options ?? {};
  let crosswalks: Crosswalks | undefined;
  try {
    crosswalks = await openCrosswalks(options);
    for (;;) {
      const { report, more } = await new Run(
        reports.length === 0 ? options : { ...options, options: later },
        contract,
        quarantine,
        crosswalks,
        now,
        span,
      ).once();
      reports.push(report);
      if (more && !options.signal.aborted) continue;
      const tied = await retryTied(options, quarantine, crosswalks, now);
      const mended = await retryMended(options, quarantine, crosswalks, { now, began });
      const held = state.held(feed.dataset).length;
      const joined = {
        ...(joinReports(reports) ?? report),
        inQuarantine: quarantine.count(),
        ...(held === 0 ? {} : { held }),
        ...present({ cutOff: noted.cutOff }),
      };
      const whole = {
        ...joined,
        notes: {
          ...joined.notes,
          ...(tied === 0 ? {} : { tied_by_crosswalk: tied }),
          ...(mended === 0 ? {} : { mended_by_mapping: mended }),
        },
      };
      noteOutcome(given, began, now, whole);
      return whole;
    }
  } catch (error) {
    await failed(options, contract, now).catch(() => undefined);
    noteOutcome(given, began, now, { error });
    throw error;
  } finally {
    // one that failed is told as such
    noted.ended();
    await quarantine.close();
    await crosswalks?.close();
  }
}

/**
 * Rows that waited for a crosswalk, once more when it has changed, since the source need not give them again. Returns
 * how many are published now.
 */
async function retryTied(
  { feed, workspace, bus, state, signal }: RunOptions,
  quarantine: Quarantine,
  crosswalks: Crosswalks,
  now: () => Date,
): Promise<number> {
  const { version } = crosswalks;
  if (version === undefined || state.read('crosswalks', feed.dataset) === version || signal.aborted) return 0;
  const ids = (await quarantine.list())
    .filter(({ problems }) =>
      problems.some(({ code }) => code === 'not_in_crosswalk' || code === 'ambiguous_crosswalk'),
    )
    .map(({ id }) => id);
  const report =
    ids.length === 0 ? undefined : await retryInTurn({ workspace, feed, bus, state, quarantine, now, ids }, crosswalks);
  state.write('crosswalks', feed.dataset, version);
  return (report?.published ?? 0) + (report?.unchanged ?? 0);
}

async function failed({ bus, workspace, state, feed }: RunOptions, contract: Contract, now: () => Date): Promise<void> {
  const last = lastWatermark(state, feed);
  await sendWatermark(bus, workspace, contract, {
    dataset: feed.dataset,
    sourceTime: last?.sourceTime ?? now().toISOString(),
    snapshot: feed.snapshot,
    rows: 0,
    state: 'failed',
  });
}
