/**
 * What a command orders by an entry of the log is done by the sequencer: that of a running gateway, or where none runs
 * the command's own.
 */
import { isYitongError } from '../../contracts/errors.js';
import { type Sequencer, type SequencerOptions, startSequencer } from '../log/sequencer/sequencer.js';

/**
 * ms without anything new after which it is not waited for any longer: one that hangs behind a long index has the order
 * all the same.
 */
const PATIENCE = 60_000;
const LOOK = 100;

/**
 * @param look tells what was waited for once it is there
 * @param reached changes whenever it has come nearer
 */
export async function sequenced<T>(
  options: SequencerOptions,
  look: () => T | undefined,
  signal: AbortSignal,
  reached: () => number = () => 0,
): Promise<T | undefined> {
  let last = Number.NaN;
  for (let end = 0; ; await new Promise((resolve) => setTimeout(resolve, LOOK))) {
    const found = look();
    if (found !== undefined || signal.aborted) return found;
    const now = reached();
    if (now !== last) end = Date.now() + PATIENCE;
    else if (Date.now() >= end) return undefined;
    last = now;
    let own: Sequencer;
    try {
      own = startSequencer(options);
    } catch (error) {
      if (isYitongError(error) && error.code === 'audit_unavailable') continue;
      throw error;
    }
    try {
      // an expiry takes many runs
      for (
        let before = Number.NaN, at = reached();
        at !== before && !signal.aborted && look() === undefined;
        before = at, at = reached()
      )
        await own.runOnce();
    } finally {
      await own.stop();
    }
  }
}
