/** Periods of figures: a year, a quarter, or from a day to a day, both of them in it. */
import { beginOf, dayOf, isDay } from '../../../../contracts/calendar.js';
import { YitongError } from '../../../../contracts/errors.js';

export interface Period {
  /** `2026-01-01` */
  readonly from: string;
  readonly to: string;
}

interface AskedPeriod {
  /** `2026`, `2026-Q3`, or `2026-09` */
  readonly period?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const DAY = 86_400_000;
const MOST_DAYS = 3700;

/** First ms, and the first ms behind it. */
export const boundsOf = ({ from, to }: Period): { readonly begin: number; readonly end: number } => ({
  begin: beginOf(from),
  end: beginOf(to) + DAY,
});

/** From the first day of one month to the last day of another of the same year, both from 1. */
const months = (year: number, first: number, last: number): Period => ({
  from: new Date(Date.UTC(year, first - 1, 1)).toISOString().slice(0, 10),
  to: new Date(Date.UTC(year, last, 0)).toISOString().slice(0, 10),
});

/** The quarter that a moment is in. */
export function quarterOf(now: number): string {
  const [year = '', month = ''] = dayOf(now).split('-');
  return `${year}-Q${String(Math.ceil(Number(month) / 3))}`;
}

/** @throws YitongError `bad_request` */
export function periodOf({ period, from, to }: AskedPeriod, now: number): Period {
  const refuse = (what: string): never => {
    throw new YitongError('bad_request', what);
  };
  if (from === undefined && to === undefined) {
    const [, year = '', quarter, month] =
      /^(20\d{2})(?:-Q([1-4])|-(0[1-9]|1[0-2]))?$/.exec(period ?? quarterOf(now)) ?? [];
    if (year === '') return refuse('`period` is a year, a quarter `2026-Q3` or a month `2026-09`');
    if (quarter !== undefined) return months(Number(year), Number(quarter) * 3 - 2, Number(quarter) * 3);
    return month === undefined ? months(Number(year), 1, 12) : months(Number(year), Number(month), Number(month));
  }
  if (period !== undefined) return refuse('`period` stands alone, without `from` and `to`');
  if (from === undefined || to === undefined || !isDay(from) || !isDay(to))
    return refuse('`from` and `to` are days, `2026-07-01`, and stand together');
  if (to < from) return refuse('`to` is before `from`');
  if (boundsOf({ from, to }).end - beginOf(from) > MOST_DAYS * DAY) return refuse('a period has ten years at most');
  return { from, to };
}
