/** One sheet of a workbook to rows, positions `<file name>#<row number as the program shows it>`. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { YitongError } from '../../../contracts/errors.js';
import { headerNames, requireColumns } from '../../reading/columns.js';
import { changed, type Fingerprint, openTaken, type ReadingFile, type TakenFile } from '../../reading/files.js';
import { RAW } from '../../reading/json-value.js';
import type { BrokenRow, Cell, SourceRow } from '../../reading/port.js';
import { unreadable } from '../../reading/take.js';
import { MAX_COLUMNS, MAX_ROW, type SheetRow, sheetReader } from './sheet.js';
import { type Archive, readWorkbook } from './workbook.js';
import { xmlReader } from './xml.js';
import { entryBytes, readDirectory, Unreadable } from './zip.js';

interface SheetOptions {
  readonly sheet: string | number;
  readonly headerRow: number;
  readonly firstRow: number;
  /** Columns that must be there. */
  readonly columns: ReadonlySet<string>;
  readonly maxSheetBytes: number;
}

const BATCH = 500;
const BATCH_TEXT = 1_048_576;

async function sameFile(handle: FileHandle, file: TakenFile, print: Fingerprint): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of handle.createReadStream({
    start: 0,
    autoClose: false,
    highWaterMark: 262_144,
  }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  if (hash.digest('hex') !== print.sha256) throw changed(file);
}

/** Rows below the header, out of rows as they come. */
class Table {
  private names: readonly string[] | undefined;
  constructor(
    private readonly file: TakenFile,
    private readonly options: SheetOptions,
  ) {}

  row({ number, cells, tooLarge }: SheetRow): SourceRow | BrokenRow | undefined {
    const { headerRow, firstRow, columns } = this.options;
    if (number < headerRow || (number > headerRow && number < firstRow)) return undefined;
    if (number === headerRow) {
      const last = Math.max(...cells.keys());
      const fields = Array.from({ length: last }, (_, i) => cells.get(i + 1));
      this.names = requireColumns(
        this.file.name,
        headerNames(fields.map((field) => (typeof field === 'string' ? field : ''))),
        columns,
      );
      return undefined;
    }
    const names = this.header();
    const place = { position: `${this.file.name}#${number}`, rowNumber: number };
    const broken = (code: 'bad_row' | 'record_too_large', reason: string): BrokenRow => {
      const raw = [...cells.values()].map((cell) => (typeof cell === 'string' ? cell.slice(0, RAW) : '')).join('\t');
      return { ...place, broken: { code, reason }, raw: raw.slice(0, RAW) };
    };
    if (tooLarge)
      return broken('record_too_large', `the row has more than ${MAX_ROW} characters or ${MAX_COLUMNS} columns`);
    const made: Record<string, Cell> = {};
    for (const name of names) made[name] = null;
    for (const [column, cell] of cells) {
      const name = names[column - 1] ?? `#${column}`;
      if (typeof cell === 'string') made[name] = cell;
      else if (columns.has(name)) return broken('bad_row', `the column \`${name}\` ${cell.reason}`);
    }
    return { ...place, cells: made };
  }

  header(): readonly string[] {
    if (this.names === undefined)
      throw new YitongError(
        'bad_feed',
        `the file \`${this.file.name}\` has no header in row ${this.options.headerRow}`,
      );
    return this.names;
  }
}

async function* sheetRows(
  archive: Archive,
  file: TakenFile,
  options: SheetOptions,
  reading: ReadingFile,
): AsyncGenerator<(SourceRow | BrokenRow)[]> {
  const workbook = await readWorkbook(archive, options.sheet);
  const table = new Table(file, options);
  let batch: (SourceRow | BrokenRow)[] = [];
  let characters = 0;
  const reader = xmlReader(
    sheetReader(workbook, (row) => {
      const made = table.row(row);
      if (made === undefined) return;
      batch.push(made);
      characters += row.characters;
    }),
  );
  let given = 0;
  try {
    for await (const chunk of entryBytes(archive.handle, workbook.sheet, options.maxSheetBytes, reading.signal)) {
      reader.write(chunk);
      const before = given;
      given += chunk.length;
      // how far, in bytes of the file: the sheet stands for all of it
      reading.onBytes(
        Math.floor((file.size * given) / workbook.sheet.size) - Math.floor((file.size * before) / workbook.sheet.size),
      );
      if (batch.length < BATCH && characters < BATCH_TEXT) continue;
      yield batch;
      batch = [];
      characters = 0;
    }
    reader.end();
    table.header();
  } catch (error) {
    // rows in front of what cannot be read are rows
    if (error instanceof Unreadable && batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}

/**
 * @throws YitongError `bad_feed` if the header lacks a column that the feed reads; `bad_row` if the file changes
 * meanwhile
 */
export async function* fileRows(
  file: TakenFile,
  print: Fingerprint,
  options: SheetOptions,
  reading: ReadingFile,
): AsyncGenerator<(SourceRow | BrokenRow)[]> {
  const handle = await openTaken(file);
  let last = 0;
  try {
    const archive: Archive = { handle, entries: await readDirectory(handle, print.size), signal: reading.signal };
    for await (const batch of sheetRows(archive, file, options, reading)) {
      last = batch.at(-1)?.rowNumber ?? last;
      yield batch;
    }
    await sameFile(handle, file, print);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    await sameFile(handle, file, print);
    const row = unreadable(file, error.code, error.message);
    yield [last === 0 ? row : { ...row, position: `${file.name}#${last + 1}`, rowNumber: last + 1 }];
  } finally {
    await handle.close();
  }
}
