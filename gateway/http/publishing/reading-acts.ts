/**
 * A source is to be read again now, the same from a page, over HTTP and on the command line: checked, put on record,
 * asked for, in this order. One that waits is enough, two never run at once, and none is asked for again before the
 * pause that the operator has set, whoever asks.
 */
import type { Reading } from '../../../connectors/run/asked.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Contract } from '../../../contracts/types.js';
import type { QuarantineDesk } from './quarantine.js';

/** Who asks, and how that goes on record. */
export interface ReadingActor {
  /** @throws YitongError `audit_unavailable`; then nothing happens */
  did(action: 'feed_asked', contract: Contract, detail: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** Seconds, for whoever is told when to come back. */
export const secondsOf = (ms: number): number => Math.ceil(ms / 1000);

const tooSoon = (wait: number): YitongError =>
  new YitongError(
    'asked_just_now',
    `somebody had this source read a moment ago; ask again in ${String(secondsOf(wait))} s`,
  );

/**
 * @returns how it is read then
 * @throws YitongError `not_read_here`, `asked_just_now`, `bad_feed`, `state_unavailable`
 */
export async function askToRead(
  quarantines: Pick<QuarantineDesk, 'reading' | 'press'>,
  contract: Contract,
  by: ReadingActor,
): Promise<Reading> {
  const { wait } = await quarantines.reading(contract);
  if (wait > 0) throw tooSoon(wait);
  await by.did('feed_asked', contract, {});
  // somebody else may have been faster
  const pressed = await quarantines.press(contract);
  if ('wait' in pressed) throw tooSoon(pressed.wait);
  // also where it has begun meanwhile
  return { ...(await quarantines.reading(contract)), ...pressed };
}
