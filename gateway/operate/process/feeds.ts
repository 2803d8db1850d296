/**
 * Under `up`: every feed of the workspace, by its schedule, in one process. In production each feed is a `yitong
 * connector`.
 */
import { join } from 'node:path';
import { openBus } from '../../../connectors/bus/open.js';
import type { Bus } from '../../../connectors/bus/port.js';
import type { Feed } from '../../../connectors/feed.js';
import { loadFeed, loadFeeds } from '../../../connectors/feeds.js';
import type { State } from '../../../connectors/publish/index.js';
import type { RunReport } from '../../../connectors/report.js';
import { asked } from '../../../connectors/run/asked.js';
import { runFeed } from '../../../connectors/run.js';
import { type Scheduler, scheduleFeeds } from '../../../connectors/schedule.js';
import { loadSourceKinds } from '../../../connectors/sources/load.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readTracing } from '../../ground/config/tracing.js';
import { inWords } from '../../ground/logging/words.js';
import type { Tracing } from '../../ground/tracing/port.js';
import { openState } from '../../http/publishing/state.js';
import { holdLittle } from '../children/frugal.js';
import { type FirstPass, type ProcessArguments, runChild, starting, tell } from '../children/messages.js';
import { runWarnings } from '../feed-reports.js';
import { answerForMetrics } from '../metrics/answer.js';
import { type FeedFigures, feedFigures } from '../metrics/feeds.js';
import { spanFigures } from '../metrics/spans.js';
import { childTracing } from './tracing.js';

/** What of each feed the first pass did; told once all have run. */
class FirstPassReports {
  readonly #total: number;
  readonly #reports = new Map<string, FirstPass>();

  constructor(total: number) {
    this.#total = total;
    if (total === 0) tell({ kind: 'first-pass', reports: [] });
  }

  /** Only the first of each feed counts. @param state how it ended, or why it failed */
  ended(dataset: string, state: string, { rows, quarantined, skipped }: Omit<FirstPass, 'dataset' | 'state'>): void {
    const reports = this.#reports;
    if (reports.has(dataset)) return;
    reports.set(dataset, { dataset, rows, quarantined, skipped, state });
    tell({ kind: 'progress', done: reports.size, total: this.#total, dataset });
    if (reports.size === this.#total) tell({ kind: 'first-pass', reports: [...reports.values()] });
  }
}

/** Feeds whose last run failed: an operator sees them as warnings until they run well again. */
class FailingFeeds {
  /** ISO 8601 UTC since when, and the newest reason in words. */
  readonly #failing = new Map<string, { readonly since: string; readonly why: string }>();

  failed(dataset: string, why: string): void {
    this.#failing.set(dataset, { since: this.#failing.get(dataset)?.since ?? new Date().toISOString(), why });
    this.#warn();
  }

  ranWell(dataset: string): void {
    if (this.#failing.delete(dataset)) this.#warn();
  }

  #warn(): void {
    tell({
      kind: 'warnings',
      warnings: [...this.#failing].map(
        ([dataset, { since, why }]) => `${dataset} has not been read since ${since}: ${why}`,
      ),
    });
  }
}

/** What runs of feeds share. */
interface Parts {
  readonly workspace: Workspace;
  readonly kinds: Awaited<ReturnType<typeof loadSourceKinds>>;
  readonly feeds: readonly Feed[];
  readonly bus: Bus;
  readonly state: State;
  readonly tracing: Tracing | undefined;
  readonly figures: FeedFigures;
}

class FeedsProcess {
  readonly #args: ProcessArguments;
  /** Told to stop. */
  readonly #signal: AbortSignal;
  readonly #failing = new FailingFeeds();

  constructor(args: ProcessArguments, signal: AbortSignal) {
    this.#args = args;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const parts = await this.#open();
    const { figures, tracing } = parts;
    answerForMetrics('feeds', () => [...figures.figures(), ...spanFigures('feeds', tracing)]);
    const scheduler = this.#schedule(parts);
    tell({ kind: 'ready' });
    holdLittle();
    await new Promise<void>((resolve) => {
      if (this.#signal.aborted) resolve();
      else this.#signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await scheduler.stop();
    await tracing?.stop();
    await parts.state.close();
    await parts.bus.close();
  }

  async #open(): Promise<Parts> {
    const { workspace: dir, bus: busSettings, data } = this.#args;
    starting('loads the workspace');
    const workspace = await loadWorkspace(dir);
    const kinds = await loadSourceKinds();
    const declared = [...(await loadFeeds(workspace, kinds)).values()];
    const feeds = declared.filter((feed) => feed.schedule !== 'push');
    starting('opens the bus');
    const bus = await openBus(busSettings, { mayBeAway: true });
    const state = openState(data);
    const traced = readTracing(workspace.settings['tracing'], { file: join(dir, 'yitong.json') }, process.env);
    const tracing = await childTracing(traced, 'feeds', this.#args);
    return { workspace, kinds, feeds, bus, state, tracing, figures: feedFigures(feeds, false) };
  }

  #schedule(parts: Parts): Scheduler {
    const { workspace, kinds, feeds, figures } = parts;
    const firstPass = new FirstPassReports(feeds.length);
    const scheduler: Scheduler = scheduleFeeds({
      feeds,
      baseDir: this.#args.workspace,
      asked: ({ dataset }) => asked(parts.state, dataset),
      reload: async (feed) => (await loadFeed(workspace, feed.dataset, kinds)) ?? feed,
      run: (feed, stop) => {
        figures.began(feed);
        return this.#runFeed(parts, feed, AbortSignal.any([this.#signal, stop]), () => scheduler.trigger(feed));
      },
      onReport: (feed, report) => {
        figures.reported(feed, report);
        this.#failing.ranWell(feed.dataset);
        firstPass.ended(feed.dataset, report.state, report);
        this.#warnOf(feed, report);
      },
      onError: (feed, error, retryIn, lasting) => {
        figures.failed(feed, error);
        const why = inWords(error);
        const again = lasting ? 'when its files change' : `in ${Math.round(retryIn / 1000)} s`;
        tell({ kind: 'alert', message: `${feed.dataset}: ${why}; again ${again}` });
        this.#failing.failed(feed.dataset, why);
        firstPass.ended(feed.dataset, why, { rows: 0, quarantined: 0, skipped: 0 });
      },
    });
    return scheduler;
  }

  /** @param wake the source has something new */
  #runFeed(
    { workspace, kinds, bus, state, tracing }: Parts,
    feed: Feed,
    signal: AbortSignal,
    wake: () => void,
  ): Promise<RunReport> {
    const { workspace: baseDir, data, options } = this.#args;
    return runFeed({
      feed,
      workspace,
      bus,
      state,
      dataDir: data,
      signal,
      baseDir,
      kinds,
      options,
      ...present({ tracer: tracing?.tracer }),
      wake,
    });
  }

  #warnOf({ dataset }: Feed, report: RunReport): void {
    // where nothing was new, those that are held were told by a run before
    const { held, ...others } = report;
    const told = report.state === 'nothing-new' || held === undefined ? others : report;
    for (const message of runWarnings(dataset, told)) tell({ kind: 'alert', message });
  }
}

// last, once all of the file is there
runChild('feeds', (args, signal) => new FeedsProcess(args, signal).run());
