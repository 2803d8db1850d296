/** The days of a grant. */
const DAY = 86_400_000;

/** First millisecond of an ISO date in Asia/Shanghai, which has had one offset since 1991; NaN if it is no date. */
export const startOfDay = (date: string): number => Date.parse(`${date}T00:00:00+08:00`);
/** First millisecond after the date. */
export const endOfDay = (date: string): number => startOfDay(date) + DAY;
/** Which day of Asia/Shanghai an instant is in, counted from 1970-01-01. */
export const dayOf = (instant: number): number => Math.floor((instant + 8 * 3_600_000) / DAY);
/** The ISO date of the day of Asia/Shanghai which an instant is in. */
export const dateOf = (instant: number): string => new Date(dayOf(instant) * DAY).toISOString().slice(0, 10);

/**
 * First and last day of a term of whole years that begins on the day which an instant is in: 2026-11-29 → 2028-11-28.
 */
export function termOf(now: number, years: number): { readonly from: string; readonly until: string } {
  const from = dateOf(now);
  // of 29 February, 1 March: then, too, the day before is the last
  const after = new Date(`${from}T00:00:00Z`);
  after.setUTCFullYear(after.getUTCFullYear() + years);
  return { from, until: new Date(after.getTime() - DAY).toISOString().slice(0, 10) };
}
