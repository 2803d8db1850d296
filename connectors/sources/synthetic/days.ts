/**
 * Calendar days as whole numbers (0 is 1970-01-01) and as ISO dates. Text of a day is made once and kept: about 50,000
 * strings at most.
 */

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MS = 86_400_000;
const FIRST = -25_567; // 1900-01-01
const LAST = 47_846; // 2100-12-31
const kept: (string | undefined)[] = [];

export const isDate = (text: string): boolean => DATE.test(text);

/** `2019-01-02` → 17898. The caller knows that it is a date. */
export function dayOf(date: string): number {
  const digit = (at: number): number => date.charCodeAt(at) - 48;
  let year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
  const month = digit(5) * 10 + digit(6);
  const day = digit(8) * 10 + digit(9);
  // days from civil, Howard Hinnant
  if (month <= 2) year--;
  const era = Math.floor(year / 400);
  const ofEra = year - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

/** 17898 → `2019-01-02`; days outside 1900–2100 become the nearest of these. */
export function dateOf(day: number): string {
  const at = Math.min(LAST, Math.max(FIRST, Math.floor(day))) - FIRST;
  return (kept[at] ??= new Date((at + FIRST) * MS).toISOString().slice(0, 10));
}

/** The calendar day in China (UTC+8, no daylight saving) at an instant. */
export const dayAt = (instant: Date): number => Math.floor((instant.getTime() + 8 * 3_600_000) / MS);

/** The same day of the month some months later; where that month has none, its last. */
export function monthsLater(date: string, months: number): string {
  if (months === 0) return date;
  const at = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1 + months;
  const first = (month: number): number =>
    dayOf(`${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}-01`);
  return dateOf(Math.min(first(at) + Number(date.slice(8)) - 1, first(at + 1) - 1));
}

/** The same day of the month some years later; 29 February becomes the 28th. */
export function yearsLater(date: string, years: number): string {
  const year = String(Number(date.slice(0, 4)) + years).padStart(4, '0');
  const rest = date.slice(4);
  return rest === '-02-29' ? `${year}-02-28` : `${year}${rest}`;
}
