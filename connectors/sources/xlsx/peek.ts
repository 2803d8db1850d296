/** The first rows of each sheet of a workbook, for whoever has to choose a sheet and its header. */
import { open } from 'node:fs/promises';
import { YitongError } from '../../../contracts/errors.js';
import { type SheetRow, sheetReader } from './sheet.js';
import { type Archive, readWorkbook, sheetsOf } from './workbook.js';
import { xmlReader } from './xml.js';
import { entryBytes, readDirectory, Unreadable } from './zip.js';

interface SheetHead {
  readonly name: string;
  /** From 1, in the order of the tabs. */
  readonly number: number;
  /** Empty cells, and those that have no text, are the empty text. */
  readonly rows: readonly { readonly number: number; readonly cells: readonly string[] }[];
}

const ROWS = 50;
const SHEETS = 20;
const MAX_SHEET = 1_073_741_824;

const textsOf = ({ number, cells }: SheetRow): SheetHead['rows'][number] => ({
  number,
  cells: Array.from({ length: Math.max(0, ...cells.keys()) }, (_, i) => {
    const cell = cells.get(i + 1);
    return typeof cell === 'string' ? cell : '';
  }),
});

async function headOf(archive: Archive, name: string): Promise<SheetRow[]> {
  const workbook = await readWorkbook(archive, name);
  const rows: SheetRow[] = [];
  const reader = xmlReader(sheetReader(workbook, (row) => rows.push(row)));
  for await (const chunk of entryBytes(archive.handle, workbook.sheet, MAX_SHEET, archive.signal)) {
    reader.write(chunk);
    if (rows.length >= ROWS) return rows.slice(0, ROWS);
  }
  reader.end();
  return rows;
}

/** Opened anew for each sheet: every stream on a handle leaves a listener on it. */
async function withArchive<T>(path: string, work: (archive: Archive) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r');
  try {
    return await work({
      handle,
      entries: await readDirectory(handle, (await handle.stat()).size),
      signal: new AbortController().signal,
    });
  } finally {
    await handle.close();
  }
}

/** @throws YitongError `bad_feed` if it is no workbook that is read here */
export async function peekSheets(path: string): Promise<readonly SheetHead[]> {
  try {
    const { sheets } = await withArchive(path, sheetsOf);
    const heads: SheetHead[] = [];
    for (const [i, { name }] of sheets.slice(0, SHEETS).entries()) {
      // a sheet that is a chart has no rows; the others still count
      const rows = await withArchive(path, (archive) => headOf(archive, name)).catch((error: unknown) => {
        if (error instanceof Unreadable) return [];
        throw error;
      });
      heads.push({ name, number: i + 1, rows: rows.map(textsOf) });
    }
    return heads;
  } catch (error) {
    if (error instanceof Unreadable) throw new YitongError('bad_feed', error.message, { cause: error });
    throw error;
  }
}
