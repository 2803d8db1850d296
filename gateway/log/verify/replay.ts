/**
 * One replay, in a process of its own: it reads a whole period and must not take the time of one that answers. argv[2]:
 * `ReplayArguments`. Tells `FromReplay`; ends with its parent. Low priority: nobody waits for it as an answer waits.
 */
import { constants, setPriority } from 'node:os';
import { isYitongError } from '../../../contracts/errors.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { makeReplay } from '../../../policies/replay.js';
import { defaultLog, openLog } from '../../ground/logging/log.js';
import { openSearch } from '../search/index.js';
import { type LogReplay, replayLog } from './decisions.js';

export interface ReplayArguments {
  readonly workspace: string;
  readonly data: string;
  /** ms since 1970 */
  readonly since?: number;
  readonly until?: number;
  /** How many changes are reported: those that concern the most decisions. */
  readonly most: number;
}

export type FromReplay =
  /** Requests read, and about how many there are. */
  | { readonly kind: 'progress'; readonly read: number; readonly of: number }
  | { readonly kind: 'result'; readonly result: LogReplay }
  | { readonly kind: 'failed'; readonly message: string };

const tell = (message: FromReplay): Promise<void> =>
  new Promise((resolve) =>
    process.connected && process.send !== undefined ? process.send(message, () => resolve()) : resolve(),
  );

// whoever asked is gone
process.on('disconnect', () => process.exit(0));
setPriority(constants.priority.PRIORITY_LOW);
async function run({ workspace: dir, data, most, ...period }: ReplayArguments): Promise<void> {
  try {
    const workspace = await loadWorkspace(dir);
    const set = await loadPolicies(workspace);
    const search = openSearch(data);
    const { hours } = await search.overview(period.since ?? 0, period.until ?? Infinity);
    const of = Object.values(hours).reduce((sum, { requests }) => sum + requests, 0);
    await tell({ kind: 'progress', read: 0, of });
    const result = await replayLog(
      search,
      makeReplay(set, workspace),
      period,
      (read) => void tell({ kind: 'progress', read, of: Math.max(of, read) }),
    );
    await tell({ kind: 'result', result: { ...result, changes: result.changes.slice(0, most) } });
    await search.close();
  } catch (error) {
    // a policy that does not load says where; anything else is for the process log
    if (!isYitongError(error)) openLog('replay', defaultLog())('error', 'the replay failed', { err: error });
    await tell({
      kind: 'failed',
      message: isYitongError(error) ? error.message : 'the replay failed; the process log says why',
    });
  }
  if (process.connected) process.disconnect();
}

run(JSON.parse(process.argv[2] ?? '{}') as ReplayArguments).catch((error: unknown) => {
  openLog('replay', defaultLog())('error', 'the replay ended before it was done', { err: error });
  process.exit(1);
});
