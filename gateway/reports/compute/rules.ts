/** Whether a record may be told on a day: the term of 社会信用条例 Art.35, repair (Art.38), and the days that were asked for. Pure. */
import { civilToDays, daysToDate, dateToDays } from '../../../contracts/logical.js';
import type { RecordLayout, TermRule } from '../../../contracts/reports.js';
import type { Day } from '../model.js';

/** What the rules look at, as the register says it. */
export interface RecordFacts {
  readonly began?: Day;
  /** Undefined: it goes on. */
  readonly ended?: Day;
  readonly repaired?: string;
  readonly displayUntil?: Day;
}

export interface Reckoning {
  /** The day in Asia/Shanghai on which it is asked. */
  readonly today: Day;
  /** Both included. */
  readonly from: Day;
  readonly to: Day;
}

export type Verdict =
  | { readonly told: true; readonly endedOn?: Day; readonly reportableUntil?: Day; readonly displayed: boolean }
  | { readonly told: false; readonly why: 'repaired' | 'expired' | 'outside' };

/**
 * The last day of a term of whole years. The day from which it counts is not counted, and it ends on the day of the same number; where
 * that month has none, on its last (民法典 Art.201, 202): from 29 February to 28 February.
 */
export function lastDayOf(ended: Day, years: number): Day {
  const [year = 0, month = 0, day = 0] = ended.split('-').map(Number);
  const days = civilToDays(year + years, month, day) ?? (civilToDays(year + years, month + 1, 1) ?? Number.NaN) - 1;
  return daysToDate(days) ?? ended;
}

export const reportableUntil = (ended: Day | undefined, { years }: TermRule): Day | undefined => (ended === undefined || years === undefined ? undefined : lastDayOf(ended, years));

export const isDay = (text: string): boolean => dateToDays(text) !== undefined;

/** Days are compared as text: `YYYY-MM-DD` sorts as time does. */
export function judge(facts: RecordFacts, layout: Pick<RecordLayout, 'term' | 'repaired' | 'displayUntil'>, { today, from, to }: Reckoning): Verdict {
  const { began, ended, repaired, displayUntil } = facts;
  if (repaired !== undefined && layout.repaired?.values.includes(repaired) === true) return { told: false, why: 'repaired' };
  const until = reportableUntil(ended, layout.term);
  if (until !== undefined && today > until) return { told: false, why: 'expired' };
  // what lasts is of each day from its beginning to its end; what has no beginning is of the day on which it ended
  const first = began ?? ended;
  if ((first !== undefined && first > to) || (ended !== undefined && ended < from)) return { told: false, why: 'outside' };
  const displayed = layout.displayUntil === undefined ? ended === undefined || ended > today : displayUntil !== undefined && displayUntil >= today;
  return { told: true, ...(ended === undefined ? {} : { endedOn: ended }), ...(until === undefined ? {} : { reportableUntil: until }), displayed };
}
