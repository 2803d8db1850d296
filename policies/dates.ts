/** The days of a grant. */
const DAY = 86_400_000;

/** First millisecond of an ISO date in Asia/Shanghai, which has had one offset since 1991; NaN if it is no date. */
export const startOfDay = (date: string): number => Date.parse(`${date}T00:00:00+08:00`);
/** First millisecond after the date. */
export const endOfDay = (date: string): number => startOfDay(date) + DAY;
/** Which day of Asia/Shanghai an instant is in, counted from 1970-01-01. */
export const dayOf = (instant: number): number => Math.floor((instant + 8 * 3_600_000) / DAY);
