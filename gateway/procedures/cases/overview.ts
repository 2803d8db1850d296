/** How cases stand, how long they take and how they are rated: for who manages them, and in short for everybody. */
import type { Bundles } from '../../../contracts/bundle/load.js';
import type { State } from '../../ground/state/port.js';
import { type BundleFigures, emptyFigures, monthsUntil, readFigures } from './figures.js';
import type { Grade } from './machine.js';
import type { Standing, WaitingIndex, WaitingLine } from './waiting.js';

interface BundleOverview {
  readonly bundle: string;
  /** Who leads sees all departments, else only their own. */
  readonly leads: boolean;
  readonly figures: BundleFigures;
  /** Where they wait, with how many are past their term. */
  readonly standing: readonly (Standing & { readonly over: number })[];
}

export interface Overview {
  readonly bundles: readonly BundleOverview[];
  /** Low ratings that wait for an answer, what runs out first in front; the first of them. */
  readonly low: readonly WaitingLine[];
}

/** For everybody. */
export interface PublicRatings {
  readonly grades: ReadonlyMap<Grade, number>;
  /** Low ones that were answered. */
  readonly answered: number;
}

const MOST_LOW = 50;
/** Of fewer ratings nothing is told: whose they are could be guessed. */
const FEWEST = 10;

/** @throws YitongError `state_unavailable` */
export async function overviewOf(
  state: Pick<State, 'counters'>,
  waiting: WaitingIndex,
  bundles: Bundles['bundles'],
  authority: string,
  months: number,
  now: number,
): Promise<Overview> {
  const figures = await readFigures(state, monthsUntil(now, months));
  const standing = await waiting.standing();
  const over = await waiting.over(now);
  const { lines } = await waiting.list(authority, { group: 'answer', limit: MOST_LOW }, now);
  const found = [...bundles.values()].flatMap(({ id, authority: lead, items }): BundleOverview[] => {
    const leads = lead === authority;
    if (!leads && ![...items.values()].some((item) => item.authority === authority)) return [];
    const whole = figures.get(id) ?? emptyFigures();
    return [
      {
        bundle: id,
        leads,
        figures: leads ? whole : ofOne(whole, authority),
        standing: standing
          .filter((one) => one.bundle === id && (leads || one.authority === authority))
          .map((one) => ({ ...one, over: over.get(`${one.authority} ${id}`) ?? 0 }))
          .sort((a, b) => b.over - a.over || b.held - a.held),
      },
    ];
  });
  return { bundles: found, low: lines };
}

/** Of a matter that another authority leads: what concerns one's own. */
function ofOne(figures: BundleFigures, authority: string): BundleFigures {
  const own = figures.departments.get(authority);
  return { ...emptyFigures(), departments: new Map(own === undefined ? [] : [[authority, own]]) };
}

/** @throws YitongError `state_unavailable` */
export async function publicRatings(
  state: Pick<State, 'counters'>,
  months: number,
  now: number,
): Promise<ReadonlyMap<string, PublicRatings>> {
  const all = await readFigures(state, monthsUntil(now, months));
  return new Map(
    [...all].flatMap(([bundle, { ratings, answered }]): [string, PublicRatings][] => {
      const sum = [...ratings.values()].reduce((n, one) => n + one, 0);
      return sum < FEWEST ? [] : [[bundle, { grades: ratings, answered: answered.inTime + answered.late }]];
    }),
  );
}
