/**
 * How long a group that is small waits for more entries. Signature, sync and messages cost the same for one entry as
 * for twenty, so where entries come quickly a moment is worth it; where they do not, nobody waits for what does not
 * come. Expected is what came within the last milliseconds.
 */

/** Entries with which a group waits no longer. */
const ENOUGH = 24;
/** ms */
const LONGEST = 0.5;
/**
 * A wait is worth it where it is likely to bring so many entries. One or two clients that ask one question after the
 * other bring fewer.
 */
const LEAST_GAIN = 2;
/** ms after which what came counts for a third. */
const MEMORY = 5;

export class GroupPause {
  /** Entries a ms, as it was when the last group was closed. */
  #rate = 0;
  #closedAt = Number.NEGATIVE_INFINITY;

  /** @param now ms, of any clock that only goes on */
  groupClosed(count: number, now: number): void {
    const since = now - this.#closedAt;
    this.#closedAt = now;
    if (since > 0) this.#rate += (count / since - this.#rate) * (1 - Math.exp(-since / MEMORY));
  }

  /** Ms that a group of so many entries is to wait for more; 0 where it is not to. */
  pause(count: number, now: number): number {
    const rate = this.#rate * Math.exp(-(now - this.#closedAt) / MEMORY);
    return count >= ENOUGH || rate * LONGEST < LEAST_GAIN ? 0 : Math.min(LONGEST, (ENOUGH - count) / rate);
  }
}
