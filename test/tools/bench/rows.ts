/** What `yitong bench` reports: one row a figure, each beside its reference of the same run. */
export interface BenchRow {
  readonly id: string;
  readonly what: string;
  /** Median over the runs. */
  readonly value: number;
  readonly unit: string;
  /** The reference's median, in the same unit; null where the figure stands alone. */
  readonly reference: number | null;
  /** Median of the rounds' ratios; null where there is no reference. */
  readonly ratio: number | null;
  readonly floor: string;
  readonly aim: string;
  /** Whether the floor holds. */
  readonly holds: boolean;
  readonly runs: number;
  /** Smallest and largest of the runs, of the ratio where there is one. */
  readonly spread: readonly [number, number];
  readonly note?: string;
  /** What it is the largest of, in its unit, the largest first. */
  readonly parts?: readonly BenchPart[];
}

interface BenchPart {
  readonly name: string;
  /** Median of its runs, and the largest of them. */
  readonly value: number;
  readonly worst: number;
  readonly bytes: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};
export const spread = (values: readonly number[]): readonly [number, number] => [
  Math.min(...values),
  Math.max(...values),
];
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
};
export const round = (value: number, digits = 3): number => Number(value.toPrecision(digits));

/** A row of a ratio to a reference. */
export function ratioRow(
  row: Pick<BenchRow, 'id' | 'what' | 'unit' | 'floor' | 'aim' | 'note'>,
  rounds: readonly { readonly value: number; readonly reference: number }[],
  holds: (ratio: number) => boolean,
): BenchRow {
  const ratios = rounds.map(({ value, reference }) => value / reference);
  return {
    ...row,
    value: round(median(rounds.map(({ value }) => value)), 4),
    reference: round(median(rounds.map(({ reference }) => reference)), 4),
    ratio: round(median(ratios)),
    holds: holds(median(ratios)),
    runs: rounds.length,
    spread: [round(spread(ratios)[0]), round(spread(ratios)[1])],
  };
}
