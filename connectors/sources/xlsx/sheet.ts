/** Rows of a worksheet as they come out of its XML (ECMA-376 part 1, 18.3.1). */
import { columnNumber, dateText, numberText, unescapeText } from './values.js';
import type { Workbook } from './workbook.js';
import type { Attributes, XmlHandlers } from './xml.js';
import { Unreadable } from './zip.js';

/** A cell that has no text that one could publish. */
interface NoText {
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
export function sheetReader(workbook: Workbook, give: (row: SheetRow) => void): XmlHandlers {
  const reader = new SheetReader(workbook, give);
  return {
    open: (name, attributes) => reader.open(name, attributes),
    text: (piece) => reader.text(piece),
    close: (name) => reader.close(name),
  };
}

/** What is known of a cell while its elements come. */
interface OpenCell {
  readonly column: number;
  readonly type: string;
  readonly style: number;
  value: string | undefined;
  inline: string | undefined;
  formula: boolean;
}

const newCell = (column: number, type: string, style: number): OpenCell => ({
  column,
  type,
  style,
  value: undefined,
  inline: undefined,
  formula: false,
});

class SheetReader {
  readonly #workbook: Workbook;
  readonly #give: (row: SheetRow) => void;
  /** Within `sheetData`. */
  #inData = false;
  /** Of the row that is read, or was last. */
  #rowNumber = 0;
  #cells = new Map<number, string | NoText>();
  #characters = 0;
  #tooWide = false;
  /** The cell that is read, or was last. */
  #cell = newCell(0, 'n', 0);
  /** Where text belongs now. */
  #target: 'value' | 'inline' | undefined;
  /** Phonetic runs that are open: their text is how a name is spoken, and no part of it. */
  #phonetic = 0;

  constructor(workbook: Workbook, give: (row: SheetRow) => void) {
    this.#workbook = workbook;
    this.#give = give;
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'sheetData') this.#inData = true;
    else if (!this.#inData) return;
    else if (name === 'row') this.#startRow(attributes);
    else if (name === 'c') this.#startCell(attributes);
    else if (name === 'v') {
      this.#target = 'value';
      this.#cell.value = '';
    } else if (name === 'f') this.#cell.formula = true;
    else if (name === 'rPh') this.#phonetic += 1;
    else if (name === 't' && this.#phonetic === 0) {
      this.#target = 'inline';
      this.#cell.inline ??= '';
    }
  }

  text(piece: string): void {
    if (this.#target === undefined) return;
    this.#characters += piece.length;
    // what a row has beyond the limit is not kept
    if (this.#characters > MAX_ROW) return;
    if (this.#target === 'value') this.#cell.value += piece;
    else this.#cell.inline += piece;
  }

  close(name: string): void {
    if (!this.#inData) return;
    if (name === 'v' || name === 't') this.#target = undefined;
    else if (name === 'rPh') this.#phonetic -= 1;
    else if (name === 'c') this.#endCell();
    else if (name === 'row') this.#endRow();
    else if (name === 'sheetData') this.#inData = false;
  }

  #startRow({ r }: Attributes): void {
    const number = r === undefined ? this.#rowNumber + 1 : Number(r);
    if (!Number.isInteger(number) || number <= this.#rowNumber || number > MAX_ROWS)
      throw new Unreadable('the rows of the sheet are not in order');
    this.#rowNumber = number;
    this.#cell = newCell(0, 'n', 0);
    this.#cells = new Map();
    this.#characters = 0;
    this.#tooWide = false;
  }

  #startCell({ r, t, s }: Attributes): void {
    const before = this.#cell.column;
    const column = r === undefined ? before + 1 : columnNumber(r);
    if (column === undefined || column <= before) throw new Unreadable('the cells of the sheet are not in order');
    this.#cell = newCell(column, t ?? 'n', Number(s ?? 0));
  }

  #endCell(): void {
    const { column, type } = this.#cell;
    const text = this.#textOfCell();
    if (text === undefined || text === '') return;
    if (column > MAX_COLUMNS) {
      this.#tooWide = true;
      return;
    }
    this.#cells.set(column, text);
    if (type === 's' && typeof text === 'string') this.#characters += text.length;
  }

  #endRow(): void {
    if (this.#cells.size === 0) return;
    const characters = this.#characters;
    const tooLarge = this.#tooWide || characters > MAX_ROW;
    this.#give({ number: this.#rowNumber, cells: this.#cells, tooLarge, characters });
  }

  /** By the type of the cell (ECMA-376 part 1, 18.18.11); undefined where it is empty. */
  #textOfCell(): string | NoText | undefined {
    const { type, style, value, inline, formula } = this.#cell;
    const { from1904, meanings, strings } = this.#workbook;
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
  }
}
