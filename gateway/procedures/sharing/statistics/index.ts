/**
 * Statistics of sharing over a period: of a whole level for its sharing authority, of its own matters for a department.
 * Computed from the steps of matters each time, so that there is no second account that could differ.
 */
import { authorityOf } from '../../../../contracts/ids.js';
import type { Lifecycles } from '../../../../contracts/lifecycle/load.js';
import { present } from '../../../../contracts/present.js';
import type { SharingPlaces } from '../../../../contracts/sharing-places.js';
import type { Workspace } from '../../../../contracts/types.js';
import type { Grant, PolicySet } from '../../../../policies/types.js';
import type { State } from '../../../ground/state/port.js';
import type { SearchIndex } from '../../../log/search/index.js';
import { type QualityDay, qualityDays } from '../../catalogue/days.js';
import { figureOf, type Measure, worriesOf } from '../../catalogue/trend.js';
import { countsFor, type FiguresOf } from '../shown.js';
import { standingConsents } from '../standing.js';
import { hasUseRecord } from '../use-records.js';
import { type Figures, figuresOf } from './figures.js';
import type { PartHistory } from './history.js';
import { boundsOf, type Period } from './period.js';
import { readHistories } from './reading.js';

interface StatisticsNeeds {
  readonly workspace: Workspace;
  readonly places: SharingPlaces;
  readonly declared: Pick<Lifecycles, 'matters' | 'calendars'>;
  readonly policies: () => Pick<PolicySet, 'grants' | 'clients'>;
  readonly state: State;
  readonly search: Pick<SearchIndex, 'overview'>;
  readonly dataDir: string;
  readonly now: () => number;
}

interface DatasetFigures {
  readonly dataset: string;
  /** Days of the period on which it was measured, and on how many of them it came as often as declared. */
  readonly measured: number;
  readonly fresh: number;
  /** As measured last within the period. */
  readonly completeness?: number;
  readonly validity?: number;
  readonly accepted?: number;
  readonly perThousand?: number;
  /** What is not well of it. */
  readonly worries: readonly Measure[];
}

/** Of grants by which a department is given data. */
interface UseFigures {
  /** That could be used on some day of the period. */
  readonly grants: number;
  /** Of which there is a record of use (政务数据共享条例 Art.29(2)). */
  readonly recorded: number;
  readonly calls: number;
  readonly denied: number;
}

export interface DepartmentFigures {
  readonly authority: string;
  readonly provides: Figures;
  readonly requests: Figures;
  readonly datasets: readonly DatasetFigures[];
  readonly use: UseFigures;
}

export interface SharingStatistics extends Period, FiguresOf {
  /** Until when steps were counted, ISO 8601 UTC: the end of the period, or the moment of asking. */
  readonly until: string;
  readonly total: Figures;
  readonly departments: readonly DepartmentFigures[];
  /** Datasets that whoever applies is given at once, now; the answers are the act `agree-standing`. */
  readonly standing: number;
}

function datasetFigures(days: readonly QualityDay[], dataset: string, { from, to }: Period): DatasetFigures {
  const upTo = days.filter(({ day }) => day <= to);
  const within = upTo.filter(({ day }) => day >= from);
  const last = within.at(-1);
  const of = (measure: Measure): number | undefined => (last === undefined ? undefined : figureOf(last, measure));
  return {
    dataset,
    measured: within.length,
    fresh: within.filter(({ fresh }) => fresh === true).length,
    ...present({
      completeness: of('completeness'),
      validity: of('validity'),
      accepted: of('accepted'),
      perThousand: of('perThousand'),
    }),
    worries: last === undefined ? [] : worriesOf(upTo).map(({ measure }) => measure),
  };
}

async function useOf(
  grants: readonly Grant[],
  { state }: Pick<StatisticsNeeds, 'state'>,
  until: number,
): Promise<Pick<UseFigures, 'grants' | 'recorded'>> {
  const kept = await Promise.all(grants.map(({ id }) => hasUseRecord(state, id, until)));
  return { grants: grants.length, recorded: kept.filter(Boolean).length };
}

/** Calls of each authority's systems within the period, from the log. */
async function callsOf({ search, policies }: StatisticsNeeds, begin: number, end: number) {
  const { hours } = await search.overview(begin, end);
  const { clients } = policies();
  const calls = new Map<string, { calls: number; denied: number }>();
  for (const hour of Object.values(hours))
    for (const [client, [requests, denied]] of Object.entries(hour.clients)) {
      const authority = clients.get(client as never)?.authority;
      if (authority === undefined) continue;
      const known = calls.get(authority) ?? { calls: 0, denied: 0 };
      calls.set(authority, { calls: known.calls + requests, denied: known.denied + denied });
    }
  return calls;
}

/** Departments of the level, and who else is a side of what is counted. */
function departmentsOf(
  { workspace, places }: StatisticsNeeds,
  { authority, level }: FiguresOf,
  parts: readonly PartHistory[],
): readonly string[] {
  if (!level) return [authority];
  const own = [...workspace.authorities.values()]
    .filter(({ area }) => area !== undefined && places.areas[area]?.authority === authority)
    .map(({ id }): string => id);
  const met = parts.flatMap(({ sides }) => [sides.provider ?? [], sides.requester ?? []].flat());
  return [...new Set([...own, ...met])].sort();
}

export async function statisticsOf(
  needs: StatisticsNeeds,
  whose: FiguresOf,
  period: Period,
): Promise<SharingStatistics> {
  const { state, declared, policies, workspace, dataDir } = needs;
  const { begin, end } = boundsOf(period);
  const until = Math.min(end, needs.now());
  const parts = await readHistories({ state, declared, begin, until, counts: (sides) => countsFor(whose, sides) });
  const bounds = { begin, end: until };
  const calls = await callsOf(needs, begin, until);
  const { grants, clients } = policies();
  const alive = [...grants.values()].filter((grant) => grant.from <= period.to && grant.until >= period.from);
  const departments = await Promise.all(
    departmentsOf(needs, whose, parts).map(async (authority): Promise<DepartmentFigures> => {
      const of = (side: 'provider' | 'requester'): Figures =>
        figuresOf(
          parts.filter(({ sides }) => sides[side] === authority),
          bounds,
          declared.matters,
        );
      const own = alive.filter(({ client }) => clients.get(client)?.authority === authority);
      return {
        authority,
        provides: of('provider'),
        requests: of('requester'),
        datasets: [...workspace.contracts.values()]
          .filter(({ id }) => authorityOf(id) === authority)
          .map(({ id }) => datasetFigures(qualityDays(dataDir, id), id, period)),
        use: { ...(await useOf(own, needs, until)), ...(calls.get(authority) ?? { calls: 0, denied: 0 }) },
      };
    }),
  );
  const told = departments.filter(
    ({ provides, requests, datasets, use }) =>
      Object.keys(provides.machines).length + Object.keys(requests.machines).length + datasets.length + use.grants > 0,
  );
  const shared = new Set(told.flatMap(({ datasets }) => datasets.map(({ dataset }) => dataset)));
  return {
    ...period,
    ...whose,
    until: new Date(until).toISOString(),
    total: figuresOf(parts, bounds, declared.matters),
    departments: told,
    standing: (await standingConsents(state)).filter(({ dataset }) => shared.has(dataset)).length,
  };
}
