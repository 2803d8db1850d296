/** Lines of fixed columns to rows, positions `<file name>#<row number>`. */
import { Batcher } from '../../reading/batch.js';
import { type Charset, MULTIBYTE, pieceDecoder, WrongCharset } from '../../reading/charset.js';
import { type Fingerprint, fileBytes, fileText, type ReadingFile, type TakenFile } from '../../reading/files.js';
import { RAW } from '../../reading/json-value.js';
import type { BrokenRow, Cell, SourceRow } from '../../reading/port.js';
import { LineSplitter, type TextLine } from './lines.js';

export interface Column {
  readonly name: string;
  /** From 1, in `unit`s. */
  readonly start: number;
  readonly length: number;
}

interface Layout extends ReadingFile {
  readonly charset: Charset;
  readonly bom: boolean;
  readonly unit: 'characters' | 'bytes';
  readonly columns: readonly Column[];
  readonly trim: boolean;
  /** Lines before the first row. */
  readonly skipLines: number;
  /** Columns that a short line lacks are empty, as where a system strips blanks at the end. */
  readonly shortLines: 'refuse' | 'fill';
  /** Text behind the last column. */
  readonly surplus: 'refuse' | 'ignore';
}

/** Bytes or characters of one line. */
export const MAX_LINE = 1_048_576;
const ASCII = /^[\x00-\x7f]*$/;
const TOO_LONG = { code: 'record_too_large', reason: `a line is longer than ${MAX_LINE}` } as const;

type Cut = { readonly cells: Readonly<Record<string, Cell>> } | { readonly reason: string };

/** One line in units. */
interface Line {
  readonly length: number;
  part(from: number, to: number): string;
}

function cut(line: Line, width: number, { columns, trim, shortLines, surplus, unit }: Layout): Cut {
  if (line.length < width && shortLines === 'refuse')
    return { reason: `the line has ${line.length} ${unit}, the columns ${width}` };
  if (line.length > width && surplus === 'refuse' && line.part(width, line.length).trim() !== '')
    return { reason: 'text follows the last column' };
  const cells: Record<string, Cell> = {};
  for (const { name, start, length } of columns) {
    const cell = line.part(Math.min(start - 1, line.length), Math.min(start - 1 + length, line.length));
    cells[name] = trim ? cell.trim() : cell;
  }
  return { cells };
}

/** Characters are code points, so that a rare character does not move the columns after it. */
function ofText(text: string): Line {
  if (!/[\ud800-\udfff]/.test(text)) return { length: text.length, part: (from, to) => text.slice(from, to) };
  const points = [...text];
  return { length: points.length, part: (from, to) => points.slice(from, to).join('') };
}

/** What a line is while it is read: text, bytes, or too long. */
type Raw =
  | { readonly tooLong: true; readonly raw: string }
  | { readonly tooLong: false; readonly line: Line; readonly blank: boolean; readonly raw: () => string };

async function* textLines(file: TakenFile, print: Fingerprint, layout: Layout): AsyncGenerator<Raw[]> {
  const splitter = new LineSplitter(MAX_LINE);
  const make = ({ line, tooLong }: TextLine): Raw =>
    tooLong
      ? { tooLong, raw: line }
      : { tooLong, line: ofText(line), blank: line.trim() === '', raw: () => line.slice(0, RAW) };
  for await (const piece of fileText(file, print, layout)) yield splitter.push(piece).map(make);
  yield splitter.end().map(make);
}

async function* byteLines(file: TakenFile, print: Fingerprint, layout: Layout): AsyncGenerator<Raw[]> {
  const decode = pieceDecoder(layout.charset);
  // only for what a person looks at: the beginning of a line may end within a character
  const lenient = new TextDecoder(layout.charset);
  // latin-1 gives each byte one character and back, so that lines of bytes are split as lines of text are
  const splitter = new LineSplitter(MAX_LINE);
  const make = ({ line, tooLong }: TextLine): Raw => {
    if (tooLong) return { tooLong, raw: lenient.decode(Buffer.from(line, 'latin1')) };
    const bytes = Buffer.from(line, 'latin1');
    const part = (from: number, to: number): string => {
      const piece = line.slice(from, to);
      // most cells are codes and numbers: bytes that are ASCII in each of these charsets
      return ASCII.test(piece) ? piece : decode(bytes.subarray(from, to));
    };
    return {
      tooLong,
      line: { length: bytes.length, part },
      blank: line.trim() === '',
      raw: () => decode(bytes).slice(0, RAW),
    };
  };
  let first = true;
  for await (const piece of fileBytes(file, print, layout)) {
    const marked =
      first && layout.bom && layout.charset === 'utf-8' && piece.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf));
    first = false;
    yield splitter.push(piece.toString('latin1', marked ? 3 : 0)).map(make);
  }
  yield splitter.end().map(make);
}

/** @throws YitongError `bad_row` if the file changes meanwhile */
export async function* fileRows(
  file: TakenFile,
  print: Fingerprint,
  layout: Layout,
): AsyncGenerator<(SourceRow | BrokenRow)[]> {
  const width = Math.max(...layout.columns.map(({ start, length }) => start - 1 + length));
  const lines = layout.unit === 'bytes' && MULTIBYTE.has(layout.charset) ? byteLines : textLines;
  let skip = layout.skipLines;
  let rowNumber = 0;
  const row = (raw: Raw): SourceRow | BrokenRow | undefined => {
    if (skip > 0) {
      skip -= 1;
      return undefined;
    }
    if (!raw.tooLong && raw.blank) return undefined;
    rowNumber += 1;
    const place = { position: `${file.name}#${rowNumber}`, rowNumber };
    if (raw.tooLong) return { ...place, broken: TOO_LONG, raw: raw.raw };
    const bad = (reason: string): BrokenRow => ({ ...place, broken: { code: 'bad_row', reason }, raw: raw.raw() });
    try {
      const made = cut(raw.line, width, layout);
      return 'reason' in made ? bad(made.reason) : { ...place, cells: made.cells };
    } catch (error) {
      if (!(error instanceof WrongCharset)) throw error;
      return bad('a column begins or ends within a character');
    }
  };
  const batcher = new Batcher();
  for await (const some of lines(file, print, layout)) {
    for (const raw of some) {
      const made = row(raw);
      if (made === undefined) continue;
      const batch = batcher.add(made, raw.tooLong ? raw.raw.length : raw.line.length);
      if (batch !== undefined) yield batch;
    }
  }
  const rest = batcher.take();
  if (rest !== undefined) yield rest;
}
