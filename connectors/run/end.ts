/** The end of a run: what has left the source is withdrawn, and everybody may rely on what was seen. */
import type { Contract } from '../../contracts/types.js';
import type { Watermark } from '../bus/port.js';
import type { Feed } from '../feed.js';
import { sendWatermark, type Publisher, type State } from '../publish/index.js';
import type { Quarantine } from '../quarantine.js';
import type { Tally } from '../report.js';
import type { Outcome, SourceRun } from '../sources/port.js';
import type { RunOptions } from './options.js';

export interface EndParts extends Pick<RunOptions, 'feed' | 'workspace' | 'bus' | 'state' | 'options'> {
  readonly contract: Contract;
  readonly quarantine: Quarantine;
  readonly publisher: Publisher;
  readonly tally: Tally;
  /** Name of the run. */
  readonly run: string;
}

/** What the run saw of its source. */
export interface Seen {
  /** All of it: what it did not see has left. */
  readonly whole: boolean;
  /** Nothing after some row could be read. */
  readonly tail: boolean;
  /** Rows of which nobody can say which record they are. */
  readonly nameless: number;
}

/** What this program wrote under that name; nobody else does. */
export const lastWatermark = (state: State, feed: Feed): Watermark | undefined => state.read('watermark', feed.dataset) as Watermark | undefined;

/** Withdraws what the source no longer has, of a run that saw the whole of it. */
export async function withdraw({ feed, state, options = {}, publisher, tally }: EndParts, { whole, tail, nameless }: Seen, sourceTime: string): Promise<Outcome> {
  if (!whole) return { refused: false };
  if (tail) {
    tally.note('unreadable_tail');
    return { refused: true };
  }
  const { gone, all } = await publisher.unseen();
  const accept = options['acceptShrink'] === 'true';
  if (!accept && gone.length > feed.maxWithdrawShare * all) {
    tally.note('snapshot_shrunk', gone.length);
    return { refused: true };
  }
  // a row that cannot be read may be one of the missing records: nothing is withdrawn while there are more of them than there were
  const before = Number(state.read('nameless', feed.dataset) ?? 0);
  if (!accept && gone.length > 0 && nameless > before) {
    tally.note('withdrawals_held', gone.length);
    return { refused: false, held: true };
  }
  for (let at = 0; at < gone.length; at += 1000) {
    const piece = gone.slice(at, at + 1000);
    await publisher.publish(
      piece.map(({ subject, recordId }) => ({ position: `left_snapshot@${sourceTime}`, rowNumber: 0, sourceTime, withdraw: { subject, recordId, reason: 'left_snapshot' } })),
    );
    tally.add('withdrawn', piece.length);
  }
  state.write('nameless', feed.dataset, nameless);
  return { refused: false };
}

/** The run is done: its watermark, then the source's cursor. @param memory what the source leaves for its next run */
export async function complete(
  { feed, workspace, bus, state, contract, quarantine, tally, run }: EndParts,
  { whole, tail }: Seen,
  source: SourceRun,
  outcome: Outcome,
  memory: () => { readonly value: unknown } | undefined,
): Promise<void> {
  const { refused } = outcome;
  if (whole && !tail) await quarantine.keepOnly(run);
  // the order is the promise: quarantined rows are on disk before the watermark says that the run saw everything
  await quarantine.flushed();
  const watermark: Watermark = { dataset: feed.dataset, sourceTime: source.sourceTime, snapshot: whole, rows: tally.counts.rows, state: refused ? 'refused' : 'complete' };
  await sendWatermark(bus, workspace, contract, watermark);
  await source.complete?.(outcome);
  // asked last: the source may set it as it completes
  const left = memory();
  if (left !== undefined) state.write('memory', feed.dataset, left.value);
  if (!refused) state.write('watermark', feed.dataset, watermark);
  state.write('refused', feed.dataset, refused);
  await state.flushed();
}
