/** Periods that are asked for by their name, in the city's time. Weeks begin on Monday. */
import type { Localised } from '../../../../contracts/localised.js';
import { localMinute } from '../../../ground/language/time.js';

interface Period {
  readonly words: Localised;
  /** As the fields of the form have them; the end is not in it, and is open where the period goes on. */
  readonly since: string;
  readonly until?: string;
}

const DAY = 86_400_000;

/** @param now ms since 1970 */
export function periodsAt(now: number): readonly Period[] {
  const [year = 0, month = 1, day = 1] = localMinute(now).slice(0, 10).split('-').map(Number);
  // days of a calendar without clock changes, counted as if they were UTC
  const today = Date.UTC(year, month - 1, day);
  const at = (instant: number): string => `${new Date(instant).toISOString().slice(0, 10)}T00:00`;
  const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * DAY;
  const first = Date.UTC(year, month - 1, 1);
  // the month, from 0, with which the quarter begins
  const quarter = month - 1 - ((month - 1) % 3);
  return [
    { words: { zh: '今日', en: 'Today' }, since: at(today) },
    { words: { zh: '昨日', en: 'Yesterday' }, since: at(today - DAY), until: at(today) },
    { words: { zh: '本周', en: 'This week' }, since: at(monday) },
    { words: { zh: '上周', en: 'Last week' }, since: at(monday - 7 * DAY), until: at(monday) },
    { words: { zh: '本月', en: 'This month' }, since: at(first) },
    { words: { zh: '上月', en: 'Last month' }, since: at(Date.UTC(year, month - 2, 1)), until: at(first) },
    { words: { zh: '近七天', en: 'Last seven days' }, since: at(today - 6 * DAY) },
    {
      words: { zh: '上季度', en: 'Last quarter' },
      since: at(Date.UTC(year, quarter - 3, 1)),
      until: at(Date.UTC(year, quarter, 1)),
    },
    { words: { zh: '本年', en: 'This year' }, since: at(Date.UTC(year, 0, 1)) },
  ];
}

/** The period that goes from the one to the other now, as forms send one; undefined where it has no name. */
export function periodOf(since: string | undefined, until: string | undefined, now: number): string | undefined {
  const at = periodsAt(now).findIndex((one) => one.since === since && one.until === until);
  return at < 0 ? undefined : String(at);
}

/** Which of them a form means before somebody chooses. */
export const USUAL_PERIOD = '6';

/** As forms send one. */
export const periodNamed = (value: string | undefined, now: number): Period | undefined =>
  value === undefined || value === '' ? undefined : periodsAt(now)[Number(value)];
