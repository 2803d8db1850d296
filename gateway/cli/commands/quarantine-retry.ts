import { YitongError } from '../../../contracts/errors.js';
import { datasetId } from '../../../contracts/ids.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { openBus } from '../../../connectors/bus/open.js';
import { loadFeeds } from '../../../connectors/feeds.js';
import { State } from '../../../connectors/publish/index.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { Spool, spoolExists } from '../../../connectors/spool/index.js';
import { retryQuarantine } from '../../../connectors/retry.js';
import { busOf, busOption } from '../bus.js';
import type { Command } from '../command.js';
import { dataOption, folders, text, workspaceOption } from '../places.js';

/** Once a mapping or a code list was corrected: the rows that it held back. */
const command: Command = {
  summary: 'publish quarantined rows that fit by now',
  usage: '<dataset> [id…] [--workspace D] [--data D] [--bus kafka]',
  examples: ['yitong quarantine retry samr.company-register', 'yitong quarantine retry samr.company-register 1f0c9a77be02d513'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
  },
  async run(call) {
    const [dataset, ...ids] = call.positionals;
    if (dataset === undefined) throw new YitongError('bad_request', 'name a dataset, as in `yitong quarantine retry samr.company-register`');
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
      if (waits) throw new YitongError('bus_unavailable', `records of \`${feed.dataset}\` that were pushed before wait for the bus; try again when the gateway has forwarded them`);
    }
    const bus = await openBus(await busOf(text(call.values['bus']), dir, dataDir));
    const state = State.open(dataDir);
    const quarantine = Quarantine.open(dataDir, feed.dataset, now);
    try {
      const report = await retryQuarantine({ workspace, feed, bus, state, quarantine, now, ...(ids.length === 0 ? {} : { ids }) });
      call.say(`${report.tried} tried: ${report.published} published, ${report.unchanged} unchanged, ${report.outdated} outdated, ${report.skipped} skipped, ${report.stillBad} still bad, ${report.unreadable} unreadable`);
      call.json(report);
      return report.stillBad + report.unreadable === 0 ? 0 : 1;
    } finally {
      await quarantine.close();
      await state.close();
      await bus.close();
    }
  },
};
export default command;
