/**
 * Whether a record may be told on a day: the term of 上海市社会信用条例 Art.35, repair (Art.38), what is not collected (Art.9)
 * and not displayed (上海市优化营商环境条例 Art.67), and the days that were asked for. Pure.
 */

import { dateToDays } from '../../../contracts/logical.js';
import { present } from '../../../contracts/present.js';
import type { RecordLayout, TermRule } from '../../../contracts/reports.js';
import { lastDayOf, lastDayOfMonths } from '../../../contracts/terms.js';
import type { Day } from '../model/model.js';

/** What the rules look at, as the register says it. */
export interface RecordFacts {
  readonly began?: Day;
  /** Undefined: it goes on. */
  readonly ended?: Day;
  readonly repaired?: string;
  readonly displayUntil?: Day;
  /** Code of its tier of display, and the day from which that counts. */
  readonly tier?: string;
  readonly displayFrom?: Day;
  /** Values by the field that an exclusion looks at. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

export interface Reckoning {
  /** The day in Asia/Shanghai on which it is asked. */
  readonly today: Day;
  /** Both included. */
  readonly from: Day;
  readonly to: Day;
}

type Verdict =
  | { readonly told: true; readonly endedOn?: Day; readonly reportableUntil?: Day; readonly displayed: boolean }
  | { readonly told: false; readonly why: 'excluded' | 'repaired' | 'expired' | 'outside' };

export { lastDayOf, lastDayOfMonths };

const reportableUntil = (ended: Day | undefined, { years }: TermRule): Day | undefined =>
  ended === undefined || years === undefined ? undefined : lastDayOf(ended, years);

export const isDay = (text: string): boolean => dateToDays(text) !== undefined;

/**
 * The last day of display: as its register says, and never after the longest term of its tier. Undefined: neither is
 * known, or it is never displayed.
 */
function displayedUntil(
  { displayUntil, tier, displayFrom }: RecordFacts,
  { display }: Pick<RecordLayout, 'display'>,
): Day | undefined {
  const term = tier === undefined ? undefined : display?.terms.get(tier);
  if (term?.longest === 0) return undefined;
  if (term === undefined || displayFrom === undefined) return displayUntil;
  const longest = lastDayOfMonths(displayFrom, term.longest);
  return displayUntil === undefined || longest < displayUntil ? longest : displayUntil;
}

const excluded = ({ values = {} }: RecordFacts, rules: RecordLayout['excludes']): boolean =>
  rules.some((rule) => {
    const found = values[rule.field] ?? [];
    return found.length > 0 && found.every((value) => rule.values.includes(value));
  });

/** Days are compared as text: `YYYY-MM-DD` sorts as time does. */
export function judge(
  facts: RecordFacts,
  layout: Pick<RecordLayout, 'term' | 'repaired' | 'excludes' | 'displayUntil' | 'display' | 'displayed'>,
  { today, from, to }: Reckoning,
): Verdict {
  const { began, ended, repaired } = facts;
  const uncollected = facts.tier !== undefined && layout.display?.terms.get(facts.tier)?.collected === false;
  if (uncollected || excluded(facts, layout.excludes)) return { told: false, why: 'excluded' };
  if (repaired !== undefined && layout.repaired?.values.includes(repaired) === true)
    return { told: false, why: 'repaired' };
  const until = reportableUntil(ended, layout.term);
  if (until !== undefined && today > until) return { told: false, why: 'expired' };
  // what lasts is of each day from its beginning to its end; what has no beginning is of the day on which it ended
  const first = began ?? ended;
  if ((first !== undefined && first > to) || (ended !== undefined && ended < from))
    return { told: false, why: 'outside' };
  const displayUntil = displayedUntil(facts, layout);
  const whileItGoesOn = layout.displayUntil === undefined && layout.display === undefined;
  const displayed =
    layout.displayed !== false &&
    (whileItGoesOn ? ended === undefined || ended > today : displayUntil !== undefined && displayUntil >= today);
  return {
    told: true,
    ...present({ endedOn: ended, reportableUntil: until }),
    displayed,
  };
}
