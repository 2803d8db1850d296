/** Rows for people and for spreadsheets. */
import { cell } from '../log/search/export/csv.js';

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
  /** No cell is shortened: what stands in it is what was asked for. */
  readonly whole?: boolean;
}

/** Cells of a terminal that one sign takes. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
const NONE = /\p{Mark}|\p{Cf}/u;
export const widthOf = (text: string): number =>
  [...text].reduce((sum, sign) => sum + (NONE.test(sign) ? 0 : WIDE.test(sign) ? 2 : 1), 0);

/** What a source wrote may not move the cursor, nor break a row. */
const plain = (value: string | number | undefined): string =>
  (value === undefined ? '' : String(value)).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

/** Never narrower than this, so that a table with many columns can still be read. */
const NARROWEST = 8;

/** Shortened at its end to so many cells, of which the last one is the mark `…`. */
function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const sign of text) {
    const next = widthOf(sign);
    if (used + next > width - 1) break;
    kept += sign;
    used += next;
  }
  return `${kept}…`;
}

/** @param columns of the terminal; undefined where nothing has to be cut */
export function tableLines({ columns, rows, whole = false }: Table, terminal?: number): readonly string[] {
  const cells = [columns, ...rows].map((row) => columns.map((_, i) => plain(row[i])));
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => widthOf(row[i] ?? ''))));
  const room = terminal === undefined || whole ? Infinity : terminal - 2 * (columns.length - 1);
  // the widest gives way first
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => {
        const shown = cut(text, widths[i] ?? 0);
        return `${shown}${' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(shown)))}`;
      })
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = cells;
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)];
}

/** RFC 4180, with a byte order mark so that a spreadsheet takes it for UTF-8; no cell is run as a formula. */
export const csvText = ({ columns, rows }: Table): string =>
  `\ufeff${[columns, ...rows].map((row) => `${columns.map((_, i) => cell(row[i])).join(',')}\r\n`).join('')}`;

/** One column over rows of a kind. */
export interface Column<T> {
  readonly zh: string;
  readonly en: string;
  /** What stands there is an id or a word of a program: a Chinese reader is shown names instead. */
  readonly id?: true;
  cell(row: T): string | number | undefined;
}

/** In Chinese on a terminal without ids, else with all columns: a spreadsheet and an English reader find both. */
export function tabled<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { form, language }: { readonly form: string; readonly language: 'zh' | 'en' },
): Table {
  const shown = columns.filter(({ id }) => id === undefined || language === 'en' || form === 'csv');
  return {
    columns: shown.map((column) => column[language]),
    rows: rows.map((row) => shown.map(({ cell: of }) => of(row))),
  };
}
