/** Terms of whole months and years, as days `YYYY-MM-DD`. Pure. */
import { civilToDays, daysToDate } from './logical.js';

/**
 * The last day of a term of whole months. The day from which it counts is not counted, and it ends on the day of the
 * same number; where that month has none, on its last (民法典 Art.201, 202): from 30 November to 28 February.
 */
export function lastDayOfMonths(from: string, months: number): string {
  const [year = 0, month = 1, day = 0] = from.split('-').map(Number);
  const at = year * 12 + month - 1 + months;
  const [y, m] = [Math.floor(at / 12), (at % 12) + 1];
  const days = civilToDays(y, m, day) ?? (civilToDays(m === 12 ? y + 1 : y, m === 12 ? 1 : m + 1, 1) ?? Number.NaN) - 1;
  return daysToDate(days) ?? from;
}

/** The last day of a term of whole years: from 29 February to 28 February. */
export const lastDayOf = (ended: string, years: number): string => lastDayOfMonths(ended, years * 12);
