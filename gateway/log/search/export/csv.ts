/**
 * The table of entries as CSV (RFC 4180) that a spreadsheet opens: UTF-8 with its mark, for without it Chinese is taken
 * for something else.
 */
import { localSecond } from '../../../ground/language/time.js';
import type { ExportedEntry } from './evidence.js';
import { type Cell, type ExportWords, rowsOf, titlesOf } from './table.js';

const MARK = '\uFEFF';
/** What a spreadsheet would run as a formula, also where it is written in full width. */
const FORMULA = /^[\s\u0000]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/**
 * A cell that a spreadsheet would run as a formula gets an apostrophe before it. Numbers and times are made here and
 * need none.
 */
export function cell(value: Cell): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = value instanceof Date ? localSecond(value.getTime()) : FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows of another table, with their titles as the first. */
export const csvOf = (rows: readonly (readonly Cell[])[]): string => MARK + rows.map(line).join('');

const line = (cells: readonly Cell[]): string => `${cells.map(cell).join(',')}\r\n`;

export const csvHead = (words: ExportWords): string => MARK + line(titlesOf(words));
export const toCsv = (entry: ExportedEntry, first: boolean, words: ExportWords): string =>
  `${first ? csvHead(words) : ''}${rowsOf(entry, words).map(line).join('')}`;
