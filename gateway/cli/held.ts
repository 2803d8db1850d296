/** What the commands over held withdrawals share: the dataset, its state, and who says so. */
import { userInfo } from 'node:os';
import { openBus } from '../../connectors/bus/open.js';
import { loadFeeds } from '../../connectors/feeds.js';
import { type HeldOptions } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { YitongError } from '../../contracts/errors.js';
import { datasetId } from '../../contracts/ids.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { busOf } from './bus.js';
import type { Invocation } from './command.js';
import { folders, text } from './places.js';
import { openState } from '../publishing/state.js';

/** Of `release` and `keep`: which records are meant; `--all` or ids, and never neither. @throws YitongError `bad_request` */
export function idsOf(call: Invocation, given: readonly string[]): readonly string[] | 'all' {
  const all = call.values['all'] === true;
  if (all === given.length > 0) throw new YitongError('bad_request', 'name the records by the ids that `yitong withdrawals list` shows, or say `--all`');
  return all ? 'all' : given;
}

/** Does the work with what a decision needs, and closes it. @throws YitongError `bad_request`, `bad_feed`, and what the work throws */
export async function withHeld<T>(call: Invocation, work: (options: Omit<HeldOptions, 'ids'>) => Promise<T>): Promise<T> {
  const [dataset] = call.positionals;
  if (dataset === undefined) throw new YitongError('bad_request', 'name a dataset, as in `yitong withdrawals release samr.company-register --all`');
  const { workspace: dir, data } = folders(call.values);
  const workspace = await loadWorkspace(dir);
  const feed = (await loadFeeds(workspace)).get(datasetId(dataset));
  const contract = feed === undefined ? undefined : workspace.contracts.get(feed.dataset);
  if (feed === undefined || contract === undefined) throw new YitongError('bad_feed', `\`${dataset}\` has no feed`);
  const now = (): Date => new Date();
  const bus = await openBus(await busOf(text(call.values['bus']), dir, data));
  const state = openState(data);
  const quarantine = Quarantine.open(data, contract.id, now);
  try {
    return await work({ workspace, feed, contract, bus, state, quarantine, now, by: `cli:${userInfo().username}` });
  } finally {
    await quarantine.close();
    await state.close();
    await bus.close();
  }
}
