/** The end of a run: everybody may rely on what was seen. */
import type { Watermark } from '../bus/port.js';
import type { Feed } from '../feed.js';
import type { Session, Settled, State } from '../publish/index.js';
import type { Quarantine } from '../quarantine.js';
import type { Outcome, SourceRun } from '../reading/port.js';
import type { Tally } from '../report.js';
import type { RunOptions } from './options.js';

interface EndParts extends Pick<RunOptions, 'feed' | 'state'> {
  readonly quarantine: Quarantine;
  readonly session: Session;
  readonly tally: Tally;
  /** Name of the run. */
  readonly run: string;
}

/** What the run saw of its source. */
interface Seen {
  /** All of it: what it did not see has left. */
  readonly whole: boolean;
  /** Nothing after some row could be read. */
  readonly tail: boolean;
}

/** What this program wrote under that name; nobody else does. */
export const lastWatermark = (state: State, feed: Feed): Watermark | undefined =>
  state.read('watermark', feed.dataset) as Watermark | undefined;

/** Of a run that saw the whole of its source: withdraws or holds what the source no longer has. */
export async function settle(
  { session, tally }: EndParts,
  { whole, tail }: Seen,
  sourceTime: string,
): Promise<Outcome> {
  if (!whole) return { refused: false };
  const settled: Settled = await session.settle({ tail }, sourceTime);
  tally.add('withdrawn', settled.withdrawn);
  if (settled.refused?.why === 'tail') tally.note('unreadable_tail');
  else if (settled.refused !== undefined) tally.note('snapshot_shrunk', settled.refused.gone);
  if (settled.held > 0) tally.note('withdrawals_held', settled.held);
  return { refused: settled.refused !== undefined, held: settled.newlyHeld > 0 };
}

/** The run is done: its watermark, then the source's cursor. @param memory what the source leaves for its next run */
export async function complete(
  { feed, state, session, quarantine, tally, run }: EndParts,
  { whole, tail }: Seen,
  source: SourceRun,
  outcome: Outcome,
  memory: () => { readonly value: unknown } | undefined,
): Promise<void> {
  const { refused } = outcome;
  if (whole && !tail) await quarantine.keepOnly(run);
  // the order is the promise: quarantined rows are on disk before the watermark says that the run saw everything
  await quarantine.flushed();
  const watermark: Watermark = {
    dataset: feed.dataset,
    sourceTime: source.sourceTime,
    snapshot: whole,
    rows: tally.counts.rows,
    state: refused ? 'refused' : 'complete',
  };
  await session.watermark(watermark);
  await source.complete?.(outcome);
  // asked last: the source may set it as it completes
  const left = memory();
  if (left !== undefined) state.write('memory', feed.dataset, left.value);
  if (!refused) state.write('watermark', feed.dataset, watermark);
  state.write('refused', feed.dataset, refused);
  await state.flushed();
}
