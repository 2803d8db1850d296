import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { openBus } from '../../../connectors/bus/open.js';
import type { Bus } from '../../../connectors/bus/port.js';
import type { Feed } from '../../../connectors/feed.js';
import { loadFeed, loadFeeds } from '../../../connectors/feeds.js';
import { progressReporter } from '../../../connectors/progress.js';
import type { State } from '../../../connectors/publish/index.js';
import { asked } from '../../../connectors/run/asked.js';
import { type RunReport, runFeed } from '../../../connectors/run.js';
import { type Scheduler, scheduleFeeds } from '../../../connectors/schedule.js';
import { loadSourceKinds } from '../../../connectors/sources/load.js';
import { YitongError } from '../../../contracts/errors.js';
import { datasetId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { contentPrint } from '../../answer/inforce/content.js';
import { loadStill } from '../../answer/inforce/loading.js';
import { readSettings } from '../../ground/config/index.js';
import { readTracing } from '../../ground/config/tracing.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import { type Log, logSettings, openLog, warningsTo } from '../../ground/logging/log.js';
import { inWords, wordsOf } from '../../ground/logging/words.js';
import { startTracing } from '../../ground/tracing/index.js';
import type { Tracing } from '../../ground/tracing/port.js';
import { openState } from '../../http/publishing/state.js';
import { busOf, busOption } from '../../operate/bus.js';
import { holdLittle } from '../../operate/children/frugal.js';
import { runSummary, runWarnings } from '../../operate/feed-reports.js';
import { type FeedFigures, feedFigures } from '../../operate/metrics/feeds.js';
import { buildInfo, processFigures } from '../../operate/metrics/process.js';
import { diskFigures, readyFigures } from '../../operate/metrics/replica.js';
import { spanFigures } from '../../operate/metrics/spans.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { healthOptions, healthServer } from '../health-options.js';
import { didYouMean } from '../near.js';
import { lineFree } from '../progress.js';

/** What a connector that was not told to run once goes on for. */
function keepsRunning({ dataset, schedule }: Feed): string {
  const what =
    schedule === 'push'
      ? 'its rows are pushed to the gateway, so that there is nothing to run'
      : schedule === 'watch'
        ? 'it runs when a file comes into its folder'
        : `it runs by its schedule \`${schedule}\``;
  return `${dataset}: goes on until it is stopped; ${what}. \`--once\` runs it once and ends`;
}

const command: Command = {
  summary: 'one feed: reads its source and publishes what changed',
  zh: '运行一个数据源：读取并发布变化',
  usage:
    '<authority.dataset> [--once | --again | --drop-slot] [--workspace D] [--data D] [--bus kafka] ' +
    '[--health-port N] [--json]',
  takes: 1,
  wanting: 'with --once or --again: where rows were quarantined, withdrawals held or the snapshot refused',
  examples: [
    'yitong connector samr.company-register --health-port 9464',
    'yitong connector office.shops --once --workspace my-city',
    'yitong connector office.shops --drop-slot',
  ],
  options: {
    once: {
      type: 'boolean',
      describe:
        'one run, then exit: 0 if all went well, 1 if rows were quarantined, withdrawals held or the snapshot refused',
    },
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
    ...healthOptions,
    companies: { type: 'string', describe: 'of a synthetic source' },
    seed: { type: 'string', describe: 'of a synthetic source' },
    day: { type: 'string', describe: 'of a synthetic source' },
    again: {
      type: 'boolean',
      describe: 'one run that reads what was read before, and of a database makes the copy anew, then exit',
    },
    'drop-slot': {
      type: 'boolean',
      describe: 'of `postgres-logical`, before its feed is removed: the database keeps nothing for it any more',
    },
    'accept-shrink': {
      type: 'boolean',
      describe: 'withdraw whatever left the snapshot, however much; for one run, after somebody looked',
    },
  },
  async run(call) {
    const given = call.positionals[0];
    if (given === undefined) throw new WrongUsage('name the dataset whose feed to run');
    const { workspace: dir, data } = folders(call.values);
    const declared = await DeclaredFeed.load(dir, given);
    const { options, once, dropping } = await wished(call, declared.feed);
    // a run is one steady stream of short-lived rows: a young generation that V8 lets grow to 48 MB would hold garbage
    // only, 30 MB of it
    setFlagsFromString('--semi-space-growth-factor=1');
    holdLittle();
    const connector = await Connector.open(call, { dir, data, declared, options, once });
    try {
      if (!once) return await connector.goOn();
      const report = await connector.runNow();
      return dropping || (report.state === 'complete' && report.quarantined === 0 && report.held === undefined) ? 0 : 1;
    } finally {
      await connector.close();
    }
  },
};
export default command;

/** What the options of the command ask of a run. @throws YitongError `bad_feed` where the source cannot do it */
async function wished(
  { values }: Invocation,
  { dataset, source }: Feed,
): Promise<{ readonly options: Record<string, string>; readonly once: boolean; readonly dropping: boolean }> {
  const options: Record<string, string> = {};
  for (const name of ['companies', 'seed', 'day']) {
    const value = text(values[name]);
    if (value !== undefined) options[name] = value;
  }
  if (values['accept-shrink'] === true) options['acceptShrink'] = 'true';
  if (values['again'] === true) options['again'] = 'true';
  const dropping = values['drop-slot'] === true;
  if (dropping) options['dropSlot'] = 'true';
  if (dropping && (await loadSourceKinds()).get(source.kind)?.slot !== true)
    throw new YitongError('bad_feed', `the source \`${source.kind}\` of \`${dataset}\` has no replication slot`);
  return { options, once: values['once'] === true || values['again'] === true || dropping, dropping };
}

/** A feed with its workspace, as they were loaded last. */
class DeclaredFeed {
  readonly #dir: string;
  #workspace: Workspace;
  #feed: Feed;
  #print: string;

  private constructor(dir: string, workspace: Workspace, feed: Feed, print: string) {
    this.#dir = dir;
    this.#workspace = workspace;
    this.#feed = feed;
    this.#print = print;
  }

  /** @throws YitongError `bad_feed` if there is none of that name */
  static async load(dir: string, name: string): Promise<DeclaredFeed> {
    const workspace = await loadWorkspace(dir);
    const print = await contentPrint(workspace.layers);
    const feeds = await loadFeeds(workspace);
    const feed = feeds.get(datasetId(name));
    if (feed === undefined)
      throw new YitongError(
        'bad_feed',
        `there is no feed \`${name}\`${didYouMean(name, feeds.keys()) || ';'} there are ` +
          `${[...feeds.keys()].join(', ')}`,
      );
    return new DeclaredFeed(dir, workspace, feed, print);
  }

  get workspace(): Workspace {
    return this.#workspace;
  }

  get feed(): Feed {
    return this.#feed;
  }

  /** What changed on disk is taken, if it loads; else all goes on as it was. Never rejects. */
  async renew(log: Log): Promise<Feed> {
    try {
      const print = await contentPrint(this.#workspace.layers);
      if (print === this.#print) return this.#feed;
      this.#print = print;
      const { workspace } = await loadStill(this.#dir);
      const feed = await loadFeed(workspace, this.#feed.dataset);
      if (feed === undefined) throw new YitongError('bad_feed', 'the feed is gone');
      [this.#workspace, this.#feed] = [workspace, feed];
    } catch (error) {
      const why = wordsOf(error, this.#dir);
      log('warn', `what is on disk is not taken, so contract and feed go on as they were: ${why}`, {
        feed: this.#feed.dataset,
      });
    }
    return this.#feed;
  }
}

interface ConnectorParts {
  /** Folder of the workspace. */
  readonly dir: string;
  readonly data: string;
  readonly declared: DeclaredFeed;
  /** Of each run. */
  readonly options: Record<string, string>;
  /** One run is for whoever started it; a connector that goes on writes a log. */
  readonly once: boolean;
}

class Connector {
  readonly #call: Invocation;
  readonly #parts: ConnectorParts;
  readonly #log: Log;
  /** Whether what people would read goes into the log, as JSON. */
  readonly #inLog: boolean;
  readonly #bus: Bus;
  readonly #tracing: Tracing | undefined;
  readonly #state: State;

  private constructor(
    call: Invocation,
    parts: ConnectorParts,
    log: Log,
    inLog: boolean,
    bus: Bus,
    tracing: Tracing | undefined,
  ) {
    this.#call = call;
    this.#parts = parts;
    this.#log = log;
    this.#inLog = inLog;
    this.#bus = bus;
    this.#tracing = tracing;
    this.#state = openState(parts.data);
  }

  static async open(call: Invocation, parts: ConnectorParts): Promise<Connector> {
    const { dir, data, declared, once } = parts;
    const { settings: sections } = declared.workspace;
    const place = { file: join(dir, 'yitong.json') };
    const settings = logSettings(readSettings(sections, place, process.env).gateway);
    const log = openLog('connector', once ? { format: 'text', level: 'info' } : settings);
    if (!once) warningsTo(log);
    const warn = (message: string): void => log('warn', message);
    const bus = await openBus(await busOf(text(call.values['bus']), dir, data), {
      // one run says at once that there is no bus; a connector that goes on waits for it
      mayBeAway: !once,
      onWarning: warn,
    });
    const tracing = await startTracing(readTracing(sections['tracing'], place, process.env), {
      process: 'connector',
      baseDir: dir,
      bus: bus.driver,
      onState: warn,
    });
    return new Connector(call, parts, log, !once && settings.format === 'json', bus, tracing);
  }

  /** One run, now; its report is shown. */
  async runNow(): Promise<RunReport> {
    const report = await this.#run(this.#call.signal);
    this.#show(report);
    return report;
  }

  /** Runs by the feed's schedule until it is told to stop. */
  async goOn(): Promise<0> {
    const { feed } = this.#parts.declared;
    const figures = feedFigures([feed], true);
    const health = await this.#serveHealth(figures);
    if (!this.#call.asJson) this.#note(keepsRunning(feed));
    const scheduler: Scheduler = scheduleFeeds({
      feeds: [feed],
      before: () => this.#parts.declared.renew(this.#log),
      asked: ({ dataset }) => asked(this.#state, dataset),
      baseDir: this.#parts.dir,
      run: (of, signal) => {
        figures.began(of);
        return this.#run(signal, () => scheduler.trigger(of));
      },
      onReport: (of, report) => {
        figures.reported(of, report);
        this.#show(report);
      },
      onError: (of, error, retryIn) => {
        figures.failed(of, error);
        this.#log('error', `${inWords(error)}; again in ${Math.round(retryIn / 1000)} s`, { feed: of.dataset });
      },
    });
    const { signal } = this.#call;
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await scheduler.stop();
    await health?.close();
    return 0;
  }

  async close(): Promise<void> {
    await this.#tracing?.stop();
    await this.#state.close();
    await this.#bus.close();
  }

  /** Where the options name a port for it. */
  async #serveHealth(figures: FeedFigures): ReturnType<typeof healthServer> {
    const ofProcess = processFigures('connector');
    const health = await healthServer(this.#call.values, {
      reasons: figures.reasons,
      metrics: async () => [
        buildInfo('connector'),
        ...readyFigures('connector', figures.reasons(), []),
        ...ofProcess(),
        ...(await diskFigures(this.#parts.data)),
        ...figures.figures(),
        ...spanFigures('connector', this.#tracing),
      ],
    });
    if (health === undefined) return undefined;
    if (this.#inLog) this.#log('info', 'health', { url: health.url });
    else this.#call.say(`health: ${health.url}/health/ready`);
    this.#call.json({ health: health.url });
    return health;
  }

  /** @param wake the source has something new */
  async #run(signal: AbortSignal, wake?: () => void): Promise<RunReport> {
    const { dir, data, declared, options } = this.#parts;
    const { feed, workspace } = declared;
    lineFree();
    const progress = progressReporter({
      label: feed.dataset,
      output: process.stderr,
      quiet: this.#call.asJson || this.#inLog,
      now: () => performance.now(),
    });
    try {
      const report = await runFeed({
        feed,
        workspace,
        bus: this.#bus,
        state: this.#state,
        dataDir: data,
        signal,
        baseDir: dir,
        options,
        onProgress: progress.update,
        ...present({ wake, tracer: this.#tracing?.tracer }),
      });
      // said for one run
      delete options['acceptShrink'];
      return report;
    } finally {
      progress.end();
    }
  }

  #show(report: RunReport): void {
    const { dataset } = this.#parts.declared.feed;
    this.#call.json(report);
    const { rows, published, unchanged, merged, quarantined, skipped, withdrawn, state } = report;
    const counts = { rows, published, unchanged, merged, quarantined, skipped, withdrawn, state };
    if (this.#inLog) this.#log('info', 'run', { feed: dataset, ...counts, ms: Math.round(report.ms) });
    else this.#call.say(runSummary(dataset, report));
    for (const warning of runWarnings(dataset, report)) this.#log('warn', warning);
  }

  #note(message: string): void {
    if (this.#inLog) this.#log('info', message, { feed: this.#parts.declared.feed.dataset });
    else this.#call.say(message);
  }
}
