/** What bounds the cost of one row. A mapping beyond them is refused when it is read; a cell, when it is met. */
export const LIMITS = {
  /** Characters of one cell and of every intermediate text. */
  cell: 65_536,
  /** Steps of one expression, those inside `each` included. */
  steps: 64,
  /** Parts of one split. */
  parts: 1_000,
  /** Expressions, conditions and splits inside one another. */
  nesting: 8,
  /** Targets of one mapping. */
  fields: 500,
  /** Words of one list or table inside a step. */
  words: 20_000,
} as const;

export const DEFAULT_ZONE = 'Asia/Shanghai';
