/** A row as the server wrote it, as cells of the mapping. */

import { RAW } from '../../reading/json-value.js';
import type { BrokenRow, Cell, SourceRow } from '../../reading/port.js';
import type { Table } from './table.js';

/** A value's text, null, or undefined where the log does not tell it. */
export type Tuple = Readonly<Record<string, unknown>>;

/** Characters, for the size of batches. */
export function sizeOf(tuple: Tuple): number {
  let size = 0;
  for (const name in tuple) {
    const value = tuple[name];
    if (typeof value === 'string') size += value.length;
  }
  return size;
}

/** @param more what the row says besides its cells */
export function toRow(
  table: Table,
  tuple: Tuple,
  position: string,
  rowNumber: number,
  more: Pick<SourceRow, 'sourceTime' | 'withdrawn'> = {},
): SourceRow | BrokenRow {
  const cells: Record<string, Cell> = {};
  for (const { name, read } of table.columns.values()) {
    const text = tuple[name];
    if (typeof text !== 'string') {
      cells[name] = null;
      continue;
    }
    const made = read?.(text) ?? { ok: true, value: text };
    if (!made.ok)
      return {
        position,
        rowNumber,
        broken: { code: made.refusal.code, reason: `the column \`${name}\` ${made.refusal.reason}` },
        raw: text.slice(0, RAW),
      };
    cells[name] = made.value;
  }
  return { position, rowNumber, cells, ...more };
}
