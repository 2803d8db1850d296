/** What daily rows say over 30 and 90 days, and of what somebody should know. */
import { present } from '../../../contracts/present.js';
import type { Localised } from '../../../contracts/types.js';
import type { QualityDay } from './days.js';

export const MEASURES = ['completeness', 'validity', 'freshness', 'accepted', 'perThousand'] as const;
export type Measure = (typeof MEASURES)[number];

export const measureNames: Readonly<Record<Measure, Localised>> = {
  completeness: { zh: '完整性', en: 'completeness' },
  validity: { zh: '有效性', en: 'validity' },
  freshness: { zh: '按期更新', en: 'freshness' },
  accepted: { zh: '校验通过率', en: 'rows accepted' },
  perThousand: { zh: '每千条更正', en: 'corrections per thousand' },
};

/** A day's figure; a share, of corrections a number. */
export function figureOf(day: QualityDay, measure: Measure): number | undefined {
  switch (measure) {
    case 'completeness':
      return day.completeness;
    case 'validity':
      return day.validity;
    case 'freshness':
      return day.fresh === undefined ? undefined : day.fresh ? 1 : 0;
    case 'accepted':
      return day.heldShare === undefined ? undefined : 1 - day.heldShare;
    case 'perThousand':
      return day.perThousand;
  }
}

interface Trend {
  /** On the last day that has one. */
  readonly now?: number;
  /** Mean of the days before the last one, within so many days. */
  readonly days30?: number;
  readonly days90?: number;
}

const DAY = 86_400_000;

function meanOf(days: readonly QualityDay[], measure: Measure, last: string, within: number): number | undefined {
  const from = new Date(Date.parse(last) - within * DAY).toISOString().slice(0, 10);
  const figures = days.flatMap((day) => (day.day >= from && day.day < last ? (figureOf(day, measure) ?? []) : []));
  return figures.length === 0 ? undefined : figures.reduce((sum, one) => sum + one, 0) / figures.length;
}

/** @param days ascending */
export function trendOf(days: readonly QualityDay[], measure: Measure): Trend {
  const last = days.at(-1);
  if (last === undefined) return {};
  return present({
    now: figureOf(last, measure),
    days30: meanOf(days, measure, last.day, 30),
    days90: meanOf(days, measure, last.day, 90),
  });
}

/** Below this share a dataset is not well. Completeness has no such mark: which fields are empty is its own matter. */
const LEAST: Readonly<Partial<Record<Measure, number>>> = { validity: 0.98, freshness: 1, accepted: 0.95 };
/** So much under the mean of 30 days is a fall. */
const FALL = 0.05;
/** Corrections per thousand records within 90 days. */
const MOST_CORRECTIONS = 5;

interface Worry {
  readonly measure: Measure;
  readonly kind: 'low' | 'fell' | 'many';
}

/** What the owner should look at; empty where all is well or nothing was measured. */
export function worriesOf(days: readonly QualityDay[]): readonly Worry[] {
  return MEASURES.flatMap((measure): Worry[] => {
    const { now, days30 } = trendOf(days, measure);
    if (now === undefined) return [];
    if (measure === 'perThousand') return now > MOST_CORRECTIONS ? [{ measure, kind: 'many' }] : [];
    const least = LEAST[measure];
    if (least !== undefined && now < least) return [{ measure, kind: 'low' }];
    return days30 !== undefined && measure !== 'freshness' && days30 - now > FALL ? [{ measure, kind: 'fell' }] : [];
  });
}

/** As other programs are told; without a day where nothing was measured. */
export function qualityOf(days: readonly QualityDay[]) {
  const last = days.at(-1);
  const said = MEASURES.map((measure) => [measure, trendOf(days, measure)] as const);
  const each = (of: (trend: Trend) => number | undefined) =>
    present(Object.fromEntries(said.map(([measure, trend]) => [measure, of(trend)])));
  return {
    ...present({ day: last?.day, sampled: last?.sampled }),
    ...each(({ now }) => now),
    mean30: each(({ days30 }) => days30),
    mean90: each(({ days90 }) => days90),
    worries: worriesOf(days),
  };
}
