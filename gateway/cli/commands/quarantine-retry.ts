import { openBus } from '../../../connectors/bus/open.js';
import type { Bus } from '../../../connectors/bus/port.js';
import type { Feed } from '../../../connectors/feed.js';
import { loadFeeds } from '../../../connectors/feeds.js';
import { progressReporter } from '../../../connectors/progress.js';
import type { State } from '../../../connectors/publish/index.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { type RetryReport, retryQuarantine } from '../../../connectors/retry.js';
import { type RunReport, runFeed } from '../../../connectors/run.js';
import { Spool, spoolExists } from '../../../connectors/spool/index.js';
import { YitongError } from '../../../contracts/errors.js';
import { type DatasetId, datasetId } from '../../../contracts/ids.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import { openState } from '../../http/publishing/state.js';
import { busOf, busOption } from '../../operate/bus.js';
import { runSummary } from '../../operate/feed-reports.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { lineFree } from '../progress.js';

/** ms after which it is said that somebody else has the dataset. */
const LONG = 2000;

/** One at a time publishes to a dataset: what is waited for is said. @param work calls `begun` once it goes on */
async function waiting<T>({ dataset }: Pick<Feed, 'dataset'>, work: (begun: () => void) => Promise<T>): Promise<T> {
  const timer = setTimeout(
    () => void process.stderr.write(`${dataset}: waiting for its source, or for a run that publishes to it just now\n`),
    LONG,
  );
  const begun = (): void => clearTimeout(timer);
  try {
    return await work(begun);
  } finally {
    begun();
  }
}

/**
 * Once a mapping or a code list was corrected: the rows that it held back. What is still bad then may be good in the
 * source by now, so that the source is read again, where a run of it sees all of it.
 */
const command: Command = {
  summary: 'publish quarantined rows that fit by now; those that do not are read from their source again',
  zh: '重新校验：发布已符合要求的数据，其余从数据源重新读取',
  usage: '<dataset> [id…] [--stored] [--workspace D] [--data D] [--bus kafka] [--json]',
  takes: Infinity,
  wanting: 'where rows stay in quarantine',
  examples: [
    'yitong quarantine retry samr.company-register',
    'yitong quarantine retry samr.company-register 1f0c9a77be02d513',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
    stored: { type: 'boolean', describe: 'only what is stored: the source is not read again' },
  },
  async run(call) {
    const [dataset, ...ids] = call.positionals;
    if (dataset === undefined)
      throw new WrongUsage('name a dataset, as in `yitong quarantine retry samr.company-register`');
    const { workspace: dir, data: dataDir } = folders(call.values);
    const workspace = await loadWorkspace(dir);
    const feed = (await loadFeeds(workspace)).get(datasetId(dataset));
    if (feed === undefined) throw new YitongError('bad_feed', `\`${dataset}\` has no feed`);
    await refuseSpooled(dataDir, feed.dataset);
    const bus = await openBus(await busOf(text(call.values['bus']), dir, dataDir));
    const state = openState(dataDir);
    try {
      const parts: Parts = { call, workspace, feed, bus, state, baseDir: dir, dataDir };
      const { report, left } = await retryStored(parts, ids);
      const wanted = left > 0 && call.values['stored'] !== true;
      const otherwise = wanted ? mendedOtherwise(feed, ids) : undefined;
      if (wanted && otherwise === undefined) return await readAgain(parts, report, left);
      if (otherwise !== undefined) call.say(`${left} rows are in quarantine; ${otherwise}`);
      call.json(report);
      return report.stillBad + report.unreadable === 0 ? 0 : 1;
    } finally {
      await state.close();
      await bus.close();
    }
  },
};
export default command;

interface Parts {
  readonly call: Invocation;
  readonly workspace: Workspace;
  readonly feed: Feed;
  readonly bus: Bus;
  readonly state: State;
  readonly baseDir: string;
  readonly dataDir: string;
}

/**
 * What waits for the bus was pushed before, and must arrive before.
 * @throws YitongError `bus_unavailable` if something of the dataset waits
 */
async function refuseSpooled(dataDir: string, dataset: DatasetId): Promise<void> {
  if (!spoolExists(dataDir)) return;
  const spool = Spool.open({ dataDir, maxBytes: 0, now: Date.now });
  const waits = spool.waiting(dataset);
  await spool.close();
  if (waits)
    throw new YitongError(
      'bus_unavailable',
      `records of \`${dataset}\` that were pushed before wait for the bus; try again when the gateway has forwarded ` +
        'them',
    );
}

/** @param ids none: all. @returns what became of them, and how many rows are in quarantine afterwards */
async function retryStored(
  { call, workspace, feed, bus, state, dataDir }: Parts,
  ids: readonly string[],
): Promise<{ readonly report: RetryReport; readonly left: number }> {
  const now = (): Date => new Date();
  const quarantine = Quarantine.open(dataDir, feed.dataset, now);
  // closed before a run, which opens it itself
  try {
    const report = await waiting(feed, () =>
      retryQuarantine({
        workspace,
        feed,
        bus,
        state,
        quarantine,
        now,
        turn: { signal: call.signal },
        ...(ids.length === 0 ? {} : { ids }),
      }),
    );
    call.say(
      `${report.tried} tried: ${report.published} published, ${report.unchanged} unchanged, ` +
        `${report.outdated} outdated, ${report.skipped} skipped, ${report.stillBad} still bad, ` +
        `${report.unreadable} unreadable`,
    );
    await quarantine.refresh();
    return { report, left: quarantine.count() };
  } finally {
    await quarantine.close();
  }
}

/** How rows that were mended in the source come in, in words; undefined where the source is read again now. */
function mendedOtherwise({ dataset, snapshot, schedule }: Feed, ids: readonly string[]): string | undefined {
  if (ids.length > 0) return 'without ids, the source is read again for those that were mended there';
  if (schedule === 'push') return 'what was mended there must be pushed again';
  return snapshot ? undefined : `what was mended in the source is read by \`yitong connector ${dataset} --again\``;
}

/** @param retried the report on what was stored. @param left rows in quarantine after it */
async function readAgain(
  { call, workspace, feed, bus, state, baseDir, dataDir }: Parts,
  retried: RetryReport,
  left: number,
): Promise<0 | 1> {
  call.say(`${left} rows are in quarantine as they were read; the source is read again, for what was mended there`);
  lineFree();
  const progress = progressReporter({
    label: feed.dataset,
    output: process.stderr,
    quiet: call.asJson,
    now: () => performance.now(),
  });
  let again: RunReport;
  try {
    again = await waiting(feed, (begun) =>
      runFeed({
        feed,
        workspace,
        bus,
        state,
        dataDir,
        signal: call.signal,
        baseDir,
        options: { again: 'true' },
        onProgress(done) {
          begun();
          progress.update(done);
        },
      }),
    );
  } finally {
    progress.end();
  }
  call.say(runSummary(feed.dataset, again));
  call.json({ ...retried, again });
  return again.state !== 'refused' && again.inQuarantine === 0 ? 0 : 1;
}
