/** What the commands over held withdrawals share: the dataset, its state, and who says so. */
import { userInfo } from 'node:os';
import { openBus } from '../../connectors/bus/open.js';
import { loadFeeds } from '../../connectors/feeds.js';
import type { HeldOptions } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { YitongError } from '../../contracts/errors.js';
import { datasetId } from '../../contracts/ids.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { dataOption, folders, text, workspaceOption } from '../ground/files/places.js';
import { openState } from '../http/publishing/state.js';
import { busOf, busOption } from '../operate/bus.js';
import type { Command, Invocation } from './command.js';
import { WrongUsage } from './failure.js';

/** Which records are meant; `--all` or ids, and never neither. @throws YitongError `bad_request` */
function idsOf(call: Invocation, given: readonly string[]): readonly string[] | 'all' {
  const all = call.values['all'] === true;
  if (all === given.length > 0)
    throw new WrongUsage('name the records by the ids that `yitong withdrawals list` shows, or say `--all`');
  return all ? 'all' : given;
}

/**
 * Does the work with what a decision needs, and closes it.
 * @throws YitongError `bad_request`, `bad_feed`, and what the work throws
 */
async function withHeld<T>(call: Invocation, work: (options: Omit<HeldOptions, 'ids'>) => Promise<T>): Promise<T> {
  const [dataset] = call.positionals;
  if (dataset === undefined)
    throw new WrongUsage('name a dataset, as in `yitong withdrawals release samr.company-register --all`');
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

interface Decision {
  readonly verb: 'release' | 'keep';
  readonly summary: string;
  readonly zh: string;
  /** What is then so of the records: `withdrawn`. */
  readonly outcome: string;
  /** The same, as the key of the answer for machines. */
  readonly key: string;
  readonly decide: (options: HeldOptions) => Promise<number>;
}

/** `yitong withdrawals release` and `yitong withdrawals keep`. */
export const decision = ({ verb, summary, zh, outcome, key, decide }: Decision): Command => ({
  summary,
  zh,
  takes: Infinity,
  usage: '<dataset> <id…> | --all [--workspace D] [--data D] [--bus kafka]',
  examples: [
    `yitong withdrawals ${verb} samr.company-register Xv3kQ0aPz1LM`,
    `yitong withdrawals ${verb} samr.company-register --all`,
  ],
  options: {
    all: { type: 'boolean', describe: 'all that are held of the dataset' },
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
  },
  async run(call) {
    const ids = idsOf(call, call.positionals.slice(1));
    const done = await withHeld(call, (options) => decide({ ...options, ids, turn: { signal: call.signal } }));
    call.say(`${done} ${done === 1 ? 'record' : 'records'} ${outcome}`);
    call.json({ [key]: done });
    return 0;
  },
});
