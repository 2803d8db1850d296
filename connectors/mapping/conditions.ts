/** Conditions as closures over raw cells, trimmed. A typed cell is compared by its JSON text. */
import type { Condition } from '../feed.js';
import type { Cell } from '../reading/port.js';

export type Cells = Readonly<Record<string, Cell | undefined>>;
type Holds = (cells: Cells) => boolean;

const textOf = (cell: Cell | undefined): string =>
  cell === undefined || cell === null
    ? ''
    : typeof cell === 'string'
      ? cell.trim()
      : typeof cell === 'object'
        ? JSON.stringify(cell)
        : String(cell);

/** `empty` also holds for the feed's `nulls`. */
export function compileCondition(condition: Condition, nulls: ReadonlySet<string>): Holds {
  if ('all' in condition) {
    const parts = condition.all.map((part) => compileCondition(part, nulls));
    return (cells) => parts.every((part) => part(cells));
  }
  if ('any' in condition) {
    const parts = condition.any.map((part) => compileCondition(part, nulls));
    return (cells) => parts.some((part) => part(cells));
  }
  if ('not' in condition) {
    const part = compileCondition(condition.not, nulls);
    return (cells) => !part(cells);
  }
  const { column } = condition;
  if ('equals' in condition) return (cells) => textOf(cells[column]) === condition.equals;
  if ('in' in condition) {
    const words = new Set(condition.in);
    return (cells) => words.has(textOf(cells[column]));
  }
  if ('startsWith' in condition) return (cells) => textOf(cells[column]).startsWith(condition.startsWith);
  if ('endsWith' in condition) return (cells) => textOf(cells[column]).endsWith(condition.endsWith);
  if ('contains' in condition) return (cells) => textOf(cells[column]).includes(condition.contains);
  return (cells) => {
    const text = textOf(cells[column]);
    return (text === '' || nulls.has(text)) === condition.empty;
  };
}
