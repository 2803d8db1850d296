/**
 * What cases come to, counted as it happens and in the same commit: days used, what was decided, what was late,
 * ratings. Counters by month, bundle and authority, so that a median over a hundred thousand cases is a few numbers
 * added up; no counter names a case or anybody.
 */
import { type Calendar, dayOf } from '../../../contracts/calendar.js';
import type { Change, State } from '../../ground/state/port.js';
import type { CaseState, Grade, ItemState } from './machine.js';
import type { PlannedItem } from './plan.js';
import { answerTermOf, termOf, workingDaysPassed } from './terms.js';

const PREFIX = 'case-figures/';
/** ms for which a month is kept. */
const KEPT = 1096 * 86_400_000;
/** Days beyond which all count alike. */
const MOST_DAYS = 999;

const monthOf = (at: number): string => dayOf(at).slice(0, 7);

/**
 * Working days in which its authority had an item: the day on which it came does not count, nor what it stood still.
 */
function daysUsed(calendar: Calendar, { term }: PlannedItem, item: ItemState): number {
  const { heldAt, askedAt, givenAt, decidedAt } = item;
  if (heldAt === undefined || decidedAt === undefined) return 0;
  const all = workingDaysPassed(calendar, heldAt, decidedAt);
  const still =
    term.stops === true && askedAt !== undefined ? workingDaysPassed(calendar, askedAt, givenAt ?? decidedAt) : 0;
  return Math.min(MOST_DAYS, Math.max(0, all - still));
}

/** Items that their authority decided with this event. */
const decidedWith = (before: CaseState | undefined, after: CaseState): readonly (readonly [string, ItemState])[] =>
  Object.entries(after.items).filter(
    ([id, { decidedAt }]) => decidedAt !== undefined && before?.items[id]?.decidedAt === undefined,
  );

/** What an event adds. */
function* namesOf(calendar: Calendar, before: CaseState | undefined, after: CaseState): Generator<string> {
  const { plan, bundle, at, rating } = after;
  if (plan === undefined) return;
  if (before?.plan === undefined) yield `submitted/${bundle}`;
  for (const [id, item] of decidedWith(before, after)) {
    const planned = plan.items[id];
    // what is done in another region is counted there
    if (planned === undefined || planned.told || planned.region !== undefined) continue;
    const { authority, term } = planned;
    const refused = item.status === 'refused' ? 'refused' : 'granted';
    yield `item/${bundle}/${authority}/${refused}/${String(daysUsed(calendar, planned, item))}`;
    if (termOf(calendar, term, item, at)?.over === true) yield `late/${bundle}/${authority}`;
  }
  if (after.phase !== before?.phase && after.phase === 'withdrawn') yield `withdrawn/${bundle}`;
  if (after.decidedAt !== undefined && before?.decidedAt === undefined) {
    const days = workingDaysPassed(calendar, after.submittedAt ?? at, after.decidedAt);
    yield `whole/${bundle}/${String(Math.min(MOST_DAYS, days))}`;
  }
  if (rating !== undefined && before?.rating === undefined) yield `rated/${bundle}/${String(rating.grade)}`;
  if (rating?.answeredAt !== undefined && before?.rating?.answeredAt === undefined)
    yield `answered/${bundle}/${answerTermOf(calendar, rating, at).over ? 'late' : 'in-time'}`;
}

/** What changes in the figures with a case. */
export function figureChanges(calendar: Calendar, before: CaseState | undefined, after: CaseState): readonly Change[] {
  const counts = new Map<string, number>();
  for (const name of namesOf(calendar, before, after)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, by]) => ({
    do: 'count',
    counter: `${PREFIX}${monthOf(after.at)}/${name}`,
    by,
    until: after.at + KEPT,
  }));
}

/** Days and how many took so many. */
export class Histogram {
  readonly #counts = new Map<number, number>();
  all = 0;

  add(days: number, n: number): void {
    this.#counts.set(days, (this.#counts.get(days) ?? 0) + n);
    this.all += n;
  }

  /** The fewest days within which such a share was done; undefined where there is nothing. */
  within(share: number): number | undefined {
    let seen = 0;
    for (const [days, n] of [...this.#counts].sort(([a], [b]) => a - b)) {
      seen += n;
      if (seen >= this.all * share) return days;
    }
    return undefined;
  }
}

interface DepartmentFigures {
  granted: number;
  refused: number;
  late: number;
  readonly days: Histogram;
}

export interface BundleFigures {
  submitted: number;
  withdrawn: number;
  /** From submitting to the last decision. */
  readonly days: Histogram;
  readonly departments: Map<string, DepartmentFigures>;
  readonly ratings: Map<Grade, number>;
  readonly answered: { inTime: number; late: number };
}

export const emptyFigures = (): BundleFigures => ({
  submitted: 0,
  withdrawn: 0,
  days: new Histogram(),
  departments: new Map(),
  ratings: new Map(),
  answered: { inTime: 0, late: 0 },
});

function departmentIn({ departments }: BundleFigures, authority: string): DepartmentFigures {
  let found = departments.get(authority);
  if (found === undefined)
    departments.set(authority, (found = { granted: 0, refused: 0, late: 0, days: new Histogram() }));
  return found;
}

function add(figures: BundleFigures, kind: string, rest: readonly string[], n: number): void {
  const [first = '', second, third] = rest;
  switch (kind) {
    case 'submitted':
      figures.submitted += n;
      break;
    case 'withdrawn':
      figures.withdrawn += n;
      break;
    case 'whole':
      figures.days.add(Number(first), n);
      break;
    case 'item': {
      const department = departmentIn(figures, first);
      department[second === 'refused' ? 'refused' : 'granted'] += n;
      department.days.add(Number(third), n);
      break;
    }
    case 'late':
      departmentIn(figures, first).late += n;
      break;
    case 'rated':
      figures.ratings.set(Number(first) as Grade, (figures.ratings.get(Number(first) as Grade) ?? 0) + n);
      break;
    case 'answered':
      figures.answered[first === 'late' ? 'late' : 'inTime'] += n;
      break;
  }
}

/** The month of `now` and those before it, the newest first: `2026-11`. */
export function monthsUntil(now: number, months: number): readonly string[] {
  const [year = 0, month = 1] = monthOf(now).split('-').map(Number);
  return Array.from({ length: months }, (_, back) => {
    const at = year * 12 + (month - 1) - back;
    return `${String(Math.floor(at / 12))}-${String((at % 12) + 1).padStart(2, '0')}`;
  });
}

/** By bundle, of these months together. @throws YitongError `state_unavailable` */
export async function readFigures(
  state: Pick<State, 'counters'>,
  months: readonly string[],
): Promise<ReadonlyMap<string, BundleFigures>> {
  const found = new Map<string, BundleFigures>();
  for (const month of months)
    for (const [name, n] of await state.counters(`${PREFIX}${month}/`)) {
      const [kind = '', bundle = '', ...rest] = name.slice(PREFIX.length + month.length + 1).split('/');
      const figures = found.get(bundle) ?? emptyFigures();
      found.set(bundle, figures);
      add(figures, kind, rest, n);
    }
  return found;
}
