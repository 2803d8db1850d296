/** Whether what a source was seen at is recent. One rule for answers, documents, metrics and pushes. */

/** Ms that a source's clock may be ahead of ours. */
export const MAX_AHEAD = 5 * 60_000;

/**
 * Whether a source time lies further ahead than clocks differ: then nobody knows when the source was seen. Also for a
 * time that is no number.
 */
export const isAhead = (sourceTime: number, now: number): boolean => !(sourceTime - now <= MAX_AHEAD);

/** @param frequency in ms, as the contract declares it */
export const isFresh = (sourceTime: number, frequency: number, now: number): boolean =>
  now - sourceTime <= frequency && !isAhead(sourceTime, now);
