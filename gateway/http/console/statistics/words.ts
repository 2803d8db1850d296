/** Where the pages of figures stand, and the periods that they offer. */
import type { Localised } from '../../../../contracts/localised.js';
import type { PaperMachine } from '../../../procedures/sharing/machines/papers.js';
import { quarterOf } from '../../../procedures/sharing/statistics/period.js';

export const STATISTICS = '/console/sharing/statistics';
export const PAPERS = '/console/sharing/papers';

export const paperNames: Readonly<Record<PaperMachine, Localised>> = {
  'supervision-report': { zh: '监督情况报告', en: 'Report to the government' },
  evaluation: { zh: '考核评价', en: 'Evaluation' },
};

export interface OfferedPeriod {
  readonly value: string;
  readonly title: Localised;
}

const QUARTERS = ['一', '二', '三', '四'] as const;
const SHOWN_QUARTERS = 8;
const SHOWN_YEARS = 3;

/** Quarters and years, the newest first. */
export function offeredPeriods(now: number): readonly OfferedPeriod[] {
  const [year = 0, quarter = 1] = quarterOf(now).split('-Q').map(Number);
  const quarters = Array.from({ length: SHOWN_QUARTERS }, (_, back): OfferedPeriod => {
    const at = year * 4 + quarter - 1 - back;
    const [of, q] = [Math.floor(at / 4), at % 4];
    return {
      value: `${String(of)}-Q${String(q + 1)}`,
      title: { zh: `${String(of)} 年第${QUARTERS[q] ?? ''}季度`, en: `Q${String(q + 1)} ${String(of)}` },
    };
  });
  const years = Array.from({ length: SHOWN_YEARS }, (_, back): OfferedPeriod => {
    const of = String(year - back);
    return { value: of, title: { zh: `${of} 年全年`, en: of } };
  });
  return [...quarters, ...years];
}
