/** Rows of a worksheet as they come out of its XML (ECMA-376 part 1, 18.3.1). */
import { columnNumber, dateText, numberText, unescapeText } from './values.js';
import type { Workbook } from './workbook.js';
import type { Attributes, XmlHandlers } from './xml.js';
import { Unreadable } from './zip.js';

/** A cell that has no text that one could publish. */
export interface NoText {
  readonly reason: string;
}

export interface SheetRow {
  /** As the program shows it at the left, from 1. */
  readonly number: number;
  /** By column, from 1; empty cells are absent. */
  readonly cells: ReadonlyMap<number, string | NoText>;
  readonly tooLarge: boolean;
  readonly characters: number;
}

/** Characters of one row. */
export const MAX_ROW = 1_048_576;
const MAX_ROWS = 1_048_576;
/** Columns of a sheet, as the program has them. */
export const MAX_COLUMNS = 16_384;

/** Handlers for the sheet's XML; `give` takes each row that has a cell. */
export function sheetReader({ from1904, meanings, strings }: Workbook, give: (row: SheetRow) => void): XmlHandlers {
  let inData = false;
  let rowNumber = 0;
  let column = 0;
  let cells = new Map<number, string | NoText>();
  let characters = 0;
  let tooWide = false;
  let type = 'n';
  let style = 0;
  let value: string | undefined;
  let inline: string | undefined;
  let formula = false;
  let target: 'value' | 'inline' | undefined;
  let spoken = 0;

  const startRow = ({ r }: Attributes): void => {
    const number = r === undefined ? rowNumber + 1 : Number(r);
    if (!Number.isInteger(number) || number <= rowNumber || number > MAX_ROWS)
      throw new Unreadable('the rows of the sheet are not in order');
    rowNumber = number;
    column = 0;
    cells = new Map();
    characters = 0;
    tooWide = false;
  };
  const startCell = ({ r, t, s }: Attributes): void => {
    const found = r === undefined ? column + 1 : columnNumber(r);
    if (found === undefined || found <= column) throw new Unreadable('the cells of the sheet are not in order');
    column = found;
    type = t ?? 'n';
    style = Number(s ?? 0);
    value = undefined;
    inline = undefined;
    formula = false;
  };
  const text = (): string | NoText | undefined => {
    if (type === 'inlineStr') return inline === undefined ? undefined : unescapeText(inline);
    if (value === undefined) return formula ? { reason: 'holds a formula without its result' } : undefined;
    switch (type) {
      case 's':
        return strings[Number(value)] ?? { reason: 'points to a text that the workbook lacks' };
      case 'str':
        return unescapeText(value);
      case 'b':
        return value === '1' ? 'TRUE' : 'FALSE';
      case 'd':
        return value;
      case 'e':
        return { reason: 'holds the error of a formula' };
      default: {
        const meaning = meanings[style] ?? 'number';
        if (meaning === 'number') return numberText(value) ?? { reason: 'is not a number' };
        return dateText(value, meaning, from1904) ?? { reason: 'is not a date' };
      }
    }
  };
  const endCell = (): void => {
    const made = text();
    if (made === undefined || made === '') return;
    if (column > MAX_COLUMNS) {
      tooWide = true;
      return;
    }
    cells.set(column, made);
    if (type === 's' && typeof made === 'string') characters += made.length;
  };
  return {
    open(name, attributes) {
      if (name === 'sheetData') inData = true;
      else if (!inData) return;
      else if (name === 'row') startRow(attributes);
      else if (name === 'c') startCell(attributes);
      else if (name === 'v') {
        target = 'value';
        value = '';
      } else if (name === 'f') formula = true;
      else if (name === 'rPh') spoken += 1;
      else if (name === 't' && spoken === 0) {
        target = 'inline';
        inline ??= '';
      }
    },
    text(piece) {
      if (target === undefined) return;
      characters += piece.length;
      // what a row has beyond the limit is not kept
      if (characters > MAX_ROW) return;
      if (target === 'value') value += piece;
      else inline += piece;
    },
    close(name) {
      if (!inData) return;
      if (name === 'v' || name === 't') target = undefined;
      else if (name === 'rPh') spoken -= 1;
      else if (name === 'c') endCell();
      else if (name === 'row') {
        if (cells.size > 0) give({ number: rowNumber, cells, tooLarge: tooWide || characters > MAX_ROW, characters });
      } else if (name === 'sheetData') inData = false;
    },
  };
}
