/** What 30 or 90 days add up to, each day by itself: from what is counted already, and nothing else. */
import { dayOf } from '../../../../contracts/calendar.js';
import type { DatasetId } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import type { SearchIndex } from '../../../log/search/index.js';
import { HOUR } from '../../../log/search/summary.js';
import { qualityDays } from '../../../procedures/catalogue/days.js';
import type { Matter, Matters } from '../../../procedures/sharing/types.js';

export interface DayFigure {
  /** `YYYY-MM-DD` in Shanghai. */
  readonly day: string;
  readonly value: number;
  readonly part?: number;
}

const DAY = 86_400_000;
/** Matters that are looked at, and how long what came of it is used. */
const MOST = 10_000;
const USED_FOR = 60_000;

/** The last so many days, today the last. */
export const daysUntil = (now: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => dayOf(now - (count - 1 - i) * DAY));

const figuresOf = (days: readonly string[], sums: ReadonlyMap<string, readonly [number, number]>, parted = true) =>
  days.map((day): DayFigure => {
    const [value, part] = sums.get(day) ?? [0, 0];
    return { day, value, ...(parted ? { part } : {}) };
  });

const add = (sums: Map<string, readonly [number, number]>, day: string, value: number, part: number): void => {
  const [a, b] = sums.get(day) ?? [0, 0];
  sums.set(day, [a + value, b + part]);
};

/** Questions, and those of them that were denied something. @param datasets undefined: of all */
export async function questionsByDay(
  search: Pick<SearchIndex, 'overview'>,
  days: readonly string[],
  datasets: readonly DatasetId[] | undefined,
): Promise<readonly DayFigure[]> {
  const start = Date.parse(`${days[0] ?? ''}T00:00:00+08:00`);
  const { hours } = await search.overview(start, start + days.length * DAY);
  const sums = new Map<string, readonly [number, number]>();
  for (const [at, hour] of Object.entries(hours)) {
    const day = dayOf(Number(at) + HOUR / 2);
    if (datasets === undefined) add(sums, day, hour.requests, hour.denied);
    else for (const id of datasets) add(sums, day, ...(hour.datasets[id] ?? ([0, 0] as const)));
  }
  return figuresOf(days, sums);
}

interface QualityFigures {
  /** Rows held back. */
  readonly held: readonly DayFigure[];
  /** Datasets that were measured, and those of them that were late. */
  readonly fresh: readonly DayFigure[];
}

export function qualityByDay(dataDir: string, days: readonly string[], datasets: readonly DatasetId[]): QualityFigures {
  const held = new Map<string, readonly [number, number]>();
  const fresh = new Map<string, readonly [number, number]>();
  for (const id of datasets)
    for (const one of qualityDays(dataDir, id)) {
      if (one.held !== undefined) add(held, one.day, one.held, 0);
      if (one.fresh !== undefined) add(fresh, one.day, 1, one.fresh ? 0 : 1);
    }
  return { held: figuresOf(days, held, false), fresh: figuresOf(days, fresh) };
}

/** Terms of matters that ended by a step, and those of them that had run out before it. */
export class TermFigures {
  #known: { readonly at: number; readonly matters: Promise<readonly Matter[]> } | undefined;

  constructor(
    readonly open: () => Promise<Matters>,
    readonly now: () => number,
  ) {}

  async #all(): Promise<readonly Matter[]> {
    const matters = await this.open();
    const found: Matter[] = [];
    for (const machine of matters.machines.keys())
      for (const over of [false, true]) {
        let after: string | undefined;
        do {
          const page = await matters.all(machine, { over, ...present({ after }) });
          found.push(...page.matters);
          after = page.next;
        } while (after !== undefined && found.length < MOST);
      }
    return found;
  }

  /** @param authority undefined: of all */
  async byDay(days: readonly string[], authority: string | undefined): Promise<readonly DayFigure[]> {
    if (this.#known === undefined || this.now() - this.#known.at > USED_FOR) {
      this.#known = { at: this.now(), matters: this.#all() };
      this.#known.matters.catch(() => (this.#known = undefined));
    }
    const sums = new Map<string, readonly [number, number]>();
    for (const { head, clocks } of await this.#known.matters) {
      const own = Object.values(head.sides).some((sides) => Object.values(sides).includes(authority ?? ''));
      if (authority !== undefined && !own) continue;
      for (const { stoppedAt, over } of Object.values(clocks).flat())
        if (stoppedAt !== undefined) add(sums, dayOf(stoppedAt), 1, over ? 1 : 0);
    }
    return figuresOf(days, sums);
  }
}
