import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { openBus } from '../../../connectors/bus/open.js';
import type { Feed } from '../../../connectors/feed.js';
import { loadFeed, loadFeeds } from '../../../connectors/feeds.js';
import { progressReporter } from '../../../connectors/progress.js';
import { type RunReport, runFeed } from '../../../connectors/run.js';
import { scheduleFeeds } from '../../../connectors/schedule.js';
import { YitongError } from '../../../contracts/errors.js';
import { datasetId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { contentPrint } from '../../answer/inforce/content.js';
import { loadStill } from '../../answer/inforce/loading.js';
import { readSettings } from '../../ground/config/index.js';
import { readTracing } from '../../ground/config/tracing.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import { type Log, logSettings, openLog, warningsTo } from '../../ground/logging/log.js';
import { inWords, wordsOf } from '../../ground/logging/words.js';
import { startTracing } from '../../ground/tracing/index.js';
import { openState } from '../../http/publishing/state.js';
import { busOf, busOption } from '../../operate/bus.js';
import { feedFigures } from '../../operate/metrics/feeds.js';
import { buildInfo, processFigures } from '../../operate/metrics/process.js';
import { diskFigures, readyFigures } from '../../operate/metrics/replica.js';
import { spanFigures } from '../../operate/metrics/spans.js';
import type { Command } from '../command.js';
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
    let workspace = await loadWorkspace(dir);
    let print = await contentPrint(workspace.layers);
    const feeds = await loadFeeds(workspace);
    const declared = feeds.get(datasetId(given));
    if (declared === undefined)
      throw new YitongError(
        'bad_feed',
        `there is no feed \`${given}\`${didYouMean(given, feeds.keys()) || ';'} there are ` +
          `${[...feeds.keys()].join(', ')}`,
      );
    let feed = declared;
    /** What changed on disk since the last run is taken, if it loads. */
    const renewed = async (): Promise<Feed> => {
      try {
        const now = await contentPrint(workspace.layers);
        if (now === print) return feed;
        print = now;
        const { workspace: next } = await loadStill(dir);
        const found = await loadFeed(next, feed.dataset);
        if (found === undefined) throw new YitongError('bad_feed', 'the feed is gone');
        [workspace, feed] = [next, found];
      } catch (error) {
        log('warn', `what is on disk is not taken, so contract and feed go on as they were: ${wordsOf(error, dir)}`, {
          feed: feed.dataset,
        });
      }
      return feed;
    };
    const options: Record<string, string> = {};
    for (const name of ['companies', 'seed', 'day']) {
      const value = text(call.values[name]);
      if (value !== undefined) options[name] = value;
    }
    if (call.values['accept-shrink'] === true) options['acceptShrink'] = 'true';
    if (call.values['again'] === true) options['again'] = 'true';
    const dropping = call.values['drop-slot'] === true;
    if (dropping) options['dropSlot'] = 'true';
    if (dropping && feed.source.kind !== 'postgres-logical')
      throw new YitongError(
        'bad_feed',
        `the source \`${feed.source.kind}\` of \`${feed.dataset}\` has no replication slot`,
      );
    const once = call.values['once'] === true || call.values['again'] === true || dropping;
    // a run is one steady stream of short-lived rows: a young generation that V8 lets grow to 48 MB would hold garbage
    // only, 30 MB of it
    setFlagsFromString('--semi-space-growth-factor=1');
    // one run says at once that there is no bus; a connector that goes on waits for it
    // one run is for whoever started it; a connector that goes on writes a log
    const settings = logSettings(
      readSettings(workspace.settings, { file: join(dir, 'yitong.json') }, process.env).gateway,
    );
    const inLog = !once && settings.format === 'json';
    const log: Log = openLog('connector', once ? { format: 'text', level: 'info' } : settings);
    if (!once) warningsTo(log);
    const bus = await openBus(await busOf(text(call.values['bus']), dir, data), {
      mayBeAway: !once,
      onWarning: (message) => log('warn', message),
    });
    const tracing = await startTracing(
      readTracing(workspace.settings['tracing'], { file: join(dir, 'yitong.json') }, process.env),
      { process: 'connector', baseDir: dir, bus: bus.driver, onState: (message) => log('warn', message) },
    );
    const traced = tracing === undefined ? {} : { tracer: tracing.tracer };
    const state = openState(data);
    const told = (report: RunReport): void => {
      call.json(report);
      const { rows, published, unchanged, merged, quarantined, skipped, withdrawn, state, ms } = report;
      if (inLog)
        log('info', 'run', {
          feed: feed.dataset,
          rows,
          published,
          unchanged,
          merged,
          quarantined,
          skipped,
          withdrawn,
          state,
          ms: Math.round(ms),
        });
      else
        call.say(
          `${feed.dataset}: ${rows} rows = ${published} published + ${unchanged} unchanged + ${merged} merged ` +
            `+ ${quarantined} quarantined + ${skipped} skipped; ${withdrawn} withdrawn; ${state}`,
        );
      if (report.cutOff !== undefined)
        log(
          'warn',
          `${feed.dataset}: the run that began at ${report.cutOff.began} was cut off after some ` +
            `${report.cutOff.rows} rows; this one has started over`,
        );
      if (report.held !== undefined)
        log(
          'warn',
          `${feed.dataset}: ${report.held} records that left are still on record, since rows that cannot be ` +
            `read may be theirs; see \`yitong withdrawals list ${feed.dataset}\``,
        );
      if (report.notes['older_files_left'] !== undefined)
        log(
          'warn',
          `${feed.dataset}: ${report.notes['older_files_left']} files of the folder are older than the newest ` +
            'by their names and were passed over',
        );
      if (report.notes['backlog_high'] !== undefined)
        log(
          'warn',
          `${feed.dataset}: the database must keep ${Math.round((report.backlogBytes ?? 0) / 1_048_576)} MiB ` +
            'of its log for this feed',
        );
    };
    const note = (message: string): void => {
      if (inLog) log('info', message, { feed: feed.dataset });
      else call.say(message);
    };
    const run = async (signal: AbortSignal, wake?: () => void): Promise<RunReport> => {
      lineFree();
      const progress = progressReporter({
        label: feed.dataset,
        output: process.stderr,
        quiet: call.asJson || inLog,
        now: () => performance.now(),
      });
      try {
        const report = await runFeed({
          feed,
          workspace,
          bus,
          state,
          dataDir: data,
          signal,
          baseDir: dir,
          options,
          onProgress: progress.update,
          ...traced,
          ...present({ wake }),
        });
        // said for one run
        delete options['acceptShrink'];
        return report;
      } finally {
        progress.end();
      }
    };
    try {
      if (once) {
        const report = await run(call.signal);
        told(report);
        if (dropping) return 0;
        return report.state === 'complete' && report.quarantined === 0 && report.held === undefined ? 0 : 1;
      }
      const figures = feedFigures([feed], true);
      const ofProcess = processFigures('connector');
      const health = await healthServer(call.values, {
        reasons: figures.reasons,
        metrics: async () => [
          buildInfo('connector'),
          ...readyFigures('connector', figures.reasons(), []),
          ...ofProcess(),
          ...(await diskFigures(data)),
          ...figures.figures(),
          ...spanFigures('connector', tracing),
        ],
      });
      if (health !== undefined) {
        if (inLog) log('info', 'health', { url: health.url });
        else call.say(`health: ${health.url}/health/ready`);
        call.json({ health: health.url });
      }
      if (!call.asJson) note(keepsRunning(feed));
      const scheduler = scheduleFeeds({
        feeds: [feed],
        before: renewed,
        baseDir: dir,
        run: (of, signal) => {
          figures.began(of);
          return run(signal, () => scheduler.trigger(of));
        },
        onReport: (of, report) => {
          figures.reported(of, report);
          told(report);
        },
        onError: (of, error, retryIn) => {
          figures.failed(of, error);
          log('error', `${inWords(error)}; again in ${Math.round(retryIn / 1000)} s`, { feed: of.dataset });
        },
      });
      if (!call.signal.aborted)
        await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve(), { once: true }));
      await scheduler.stop();
      await health?.close();
      return 0;
    } finally {
      await tracing?.stop();
      await state.close();
      await bus.close();
    }
  },
};
export default command;
