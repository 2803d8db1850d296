import { openBus } from '../../../connectors/bus/open.js';
import type { Feed } from '../../../connectors/feed.js';
import { loadFeeds } from '../../../connectors/feeds.js';
import { progressReporter } from '../../../connectors/progress.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { retryQuarantine } from '../../../connectors/retry.js';
import { runFeed } from '../../../connectors/run.js';
import { Spool, spoolExists } from '../../../connectors/spool/index.js';
import { YitongError } from '../../../contracts/errors.js';
import { datasetId } from '../../../contracts/ids.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import { openState } from '../../http/publishing/state.js';
import { busOf, busOption } from '../../operate/bus.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { lineFree } from '../progress.js';

/**
 * Once a mapping or a code list was corrected: the rows that it held back. What is still bad then may be good in the
 * source by now, so that the source is read again, where a run of it sees all of it.
 */
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
    const now = (): Date => new Date();
    // what waits for the bus was pushed before, and must arrive before
    if (spoolExists(dataDir)) {
      const spool = Spool.open({ dataDir, maxBytes: 0, now: Date.now });
      const waits = spool.waiting(feed.dataset);
      await spool.close();
      if (waits)
        throw new YitongError(
          'bus_unavailable',
          `records of \`${feed.dataset}\` that were pushed before wait for the bus; try again when the gateway ` +
            'has forwarded them',
        );
    }
    const bus = await openBus(await busOf(text(call.values['bus']), dir, dataDir));
    const state = openState(dataDir);
    const quarantine = Quarantine.open(dataDir, feed.dataset, now);
    let closed = false;
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
      const left = quarantine.count();
      // a run opens it itself
      await quarantine.close();
      closed = true;
      const how =
        left === 0 || call.values['stored'] === true
          ? 'not'
          : ids.length > 0
            ? 'all'
            : !feed.snapshot || feed.schedule === 'push'
              ? 'self'
              : 'again';
      if (how === 'not' || how === 'all' || how === 'self') {
        if (how === 'all')
          call.say(
            `${left} rows are in quarantine; without ids, the source is read again for those that were mended there`,
          );
        if (how === 'self')
          call.say(
            `${left} rows are in quarantine; ${feed.schedule === 'push' ? 'what was mended there must be pushed again' : `what was mended in the source is read by \`yitong connector ${feed.dataset} --again\``}`,
          );
        call.json(report);
        return report.stillBad + report.unreadable === 0 ? 0 : 1;
      }
      call.say(`${left} rows are in quarantine as they were read; the source is read again, for what was mended there`);
      lineFree();
      const progress = progressReporter({
        label: feed.dataset,
        output: process.stderr,
        quiet: call.asJson,
        now: () => performance.now(),
      });
      try {
        const again = await waiting(feed, (begun) =>
          runFeed({
            feed,
            workspace,
            bus,
            state,
            dataDir,
            signal: call.signal,
            baseDir: dir,
            options: { again: 'true' },
            onProgress(done) {
              begun();
              progress.update(done);
            },
          }),
        );
        const { rows, published, unchanged, merged, quarantined, skipped, withdrawn, state: outcome } = again;
        progress.end();
        call.say(
          `${feed.dataset}: ${rows} rows = ${published} published + ${unchanged} unchanged + ${merged} merged ` +
            `+ ${quarantined} quarantined + ${skipped} skipped; ${withdrawn} withdrawn; ${outcome}`,
        );
        call.json({ ...report, again });
        return outcome !== 'refused' && again.inQuarantine === 0 ? 0 : 1;
      } finally {
        progress.end();
      }
    } finally {
      if (!closed) await quarantine.close();
      await state.close();
      await bus.close();
    }
  },
};
export default command;
