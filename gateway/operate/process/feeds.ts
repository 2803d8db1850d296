/**
 * Under `up`: every feed of the workspace, by its schedule, in one process. In production each feed is a `yitong
 * connector`.
 */
import { join } from 'node:path';
import { openBus } from '../../../connectors/bus/open.js';
import { loadFeed, loadFeeds } from '../../../connectors/feeds.js';
import { runFeed } from '../../../connectors/run.js';
import { scheduleFeeds } from '../../../connectors/schedule.js';
import { loadSourceKinds } from '../../../connectors/sources/load.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readTracing } from '../../ground/config/tracing.js';
import { inWords } from '../../ground/logging/words.js';
import { openState } from '../../http/publishing/state.js';
import { type FirstPass, runChild, starting, tell } from '../children/messages.js';
import { answerForMetrics } from '../metrics/answer.js';
import { feedFigures } from '../metrics/feeds.js';
import { spanFigures } from '../metrics/spans.js';
import { childTracing } from './tracing.js';

runChild('feeds', async (args, signal) => {
  starting('loads the workspace');
  const workspace = await loadWorkspace(args.workspace);
  const kinds = await loadSourceKinds();
  const all = [...(await loadFeeds(workspace, kinds)).values()];
  const feeds = all.filter((feed) => feed.schedule !== 'push');
  starting('opens the bus');
  const bus = await openBus(args.bus, { mayBeAway: true });
  const state = openState(args.data);
  const tracing = await childTracing(
    readTracing(workspace.settings['tracing'], { file: join(args.workspace, 'yitong.json') }, process.env),
    'feeds',
    args,
  );
  const traced = tracing === undefined ? {} : { tracer: tracing.tracer };
  const figures = feedFigures(feeds, false);
  answerForMetrics('feeds', () => [...figures.figures(), ...spanFigures('feeds', tracing)]);
  /** Feeds whose last run failed, in words. */
  const failing = new Map<string, { readonly since: string; readonly said: string }>();
  const warn = (): void =>
    tell({
      kind: 'warnings',
      warnings: [...failing].map(
        ([dataset, { since, said }]) => `${dataset} has not been read since ${since}: ${said}`,
      ),
    });
  const reports = new Map<string, FirstPass>();
  const heard = (
    dataset: string,
    outcome: string,
    { rows, quarantined, skipped } = { rows: 0, quarantined: 0, skipped: 0 },
  ): void => {
    if (reports.has(dataset)) return;
    reports.set(dataset, { dataset, rows, quarantined, skipped, state: outcome });
    tell({ kind: 'progress', done: reports.size, total: feeds.length, dataset });
    if (reports.size === feeds.length) tell({ kind: 'first-pass', reports: [...reports.values()] });
  };
  if (feeds.length === 0) tell({ kind: 'first-pass', reports: [] });
  const scheduler = scheduleFeeds({
    feeds,
    baseDir: args.workspace,
    reload: async (feed) => (await loadFeed(workspace, feed.dataset, kinds)) ?? feed,
    run: (feed, stop) => {
      figures.began(feed);
      return runFeed({
        feed,
        workspace,
        bus,
        state,
        dataDir: args.data,
        signal: AbortSignal.any([signal, stop]),
        baseDir: args.workspace,
        kinds,
        options: args.options,
        ...traced,
        wake: () => scheduler.trigger(feed),
      });
    },
    onReport: (feed, report) => {
      figures.reported(feed, report);
      if (failing.delete(feed.dataset)) warn();
      heard(feed.dataset, report.state, report);
      if (report.cutOff !== undefined)
        tell({
          kind: 'alert',
          message:
            `${feed.dataset}: the run that began at ${report.cutOff.began} was cut off after some ` +
            `${report.cutOff.rows} rows; this one has started over`,
        });
      if (report.held !== undefined && report.state !== 'nothing-new')
        tell({
          kind: 'alert',
          message:
            `${feed.dataset}: ${report.held} records that left are still on record, since rows that cannot be ` +
            `read may be theirs; see \`yitong withdrawals list ${feed.dataset}\``,
        });
      if (report.notes['older_files_left'] !== undefined)
        tell({
          kind: 'alert',
          message:
            `${feed.dataset}: ${report.notes['older_files_left']} files of the folder are older than the newest ` +
            'by their names and were passed over',
        });
      if (report.notes['backlog_high'] !== undefined)
        tell({
          kind: 'alert',
          message:
            `${feed.dataset}: the database must keep ${Math.round((report.backlogBytes ?? 0) / 1_048_576)} MiB ` +
            'of its log for this feed',
        });
    },
    onError: (feed, error, retryIn, lasting) => {
      figures.failed(feed, error);
      const said = inWords(error);
      tell({
        kind: 'alert',
        message: `${feed.dataset}: ${said}; again ${lasting ? 'when its files change' : `in ${Math.round(retryIn / 1000)} s`}`,
      });
      failing.set(feed.dataset, { since: failing.get(feed.dataset)?.since ?? new Date().toISOString(), said });
      warn();
      heard(feed.dataset, said);
    },
  });
  tell({ kind: 'ready' });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await scheduler.stop();
  await tracing?.stop();
  await state.close();
  await bus.close();
});
