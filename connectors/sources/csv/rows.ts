/** One file to rows: header, cells by column, positions `<file name>#<row number>`. */
import { YitongError } from '../../../contracts/errors.js';
import { Batcher } from '../../reading/batch.js';
import type { Charset } from '../../reading/charset.js';
import { headerNames, requireColumns } from '../../reading/columns.js';
import { type Fingerprint, fileText, type ReadingFile, type TakenFile } from '../../reading/files.js';
import type { BrokenRow, Cell, SourceRow } from '../../reading/port.js';
import { type CsvItem, type CsvOptions, csvItems } from './records.js';

interface ReadOptions extends CsvOptions, ReadingFile {
  readonly charset: Charset;
  readonly bom: boolean;
  /** True: the first row. A list: there is no header row in the file. */
  readonly header: true | readonly string[];
  /** Columns that must be there. */
  readonly columns: ReadonlySet<string>;
}

function lengthOf(item: CsvItem): number {
  if (item.kind === 'broken') return item.raw.length;
  let length = 0;
  for (const field of item.fields) length += field.length;
  return length;
}

/**
 * @throws YitongError `bad_feed` if the header lacks a column that the feed reads; `bad_row` if the file changes
 * meanwhile
 */
export async function* fileRows(
  file: TakenFile,
  expected: Fingerprint,
  options: ReadOptions,
): AsyncGenerator<(SourceRow | BrokenRow)[]> {
  let names: readonly string[] | undefined;
  let rowNumber = 0;
  const checked = (found: readonly string[]): readonly string[] => requireColumns(file.name, found, options.columns);
  if (options.header !== true) names = checked(headerNames(options.header));
  const row = (item: CsvItem): SourceRow | BrokenRow | undefined => {
    if (names === undefined) {
      if (item.kind === 'broken')
        throw new YitongError('bad_feed', `the header of \`${file.name}\` cannot be read: ${item.reason}`);
      names = checked(headerNames(item.fields));
      return undefined;
    }
    rowNumber += 1;
    const position = `${file.name}#${rowNumber}`;
    if (item.kind === 'broken') {
      return {
        position,
        rowNumber,
        broken: { code: item.code, reason: item.reason },
        raw: item.raw,
        ...(item.tail ? { tail: true } : {}),
      };
    }
    const { fields } = item;
    if (fields.length !== names.length) {
      const reason = `the row has ${fields.length} cells, the header ${names.length}`;
      return { position, rowNumber, broken: { code: 'bad_row', reason }, raw: fields.join(options.separator) };
    }
    const cells: Record<string, Cell> = {};
    for (let i = 0; i < names.length; i++) cells[names[i] ?? ''] = fields[i] ?? '';
    return { position, rowNumber, cells };
  };
  const batcher = new Batcher();
  for await (const items of csvItems(fileText(file, expected, options), options)) {
    for (const item of items) {
      const made = row(item);
      if (made === undefined) continue;
      const batch = batcher.add(made, lengthOf(item));
      if (batch !== undefined) yield batch;
    }
  }
  if (names === undefined) throw new YitongError('bad_feed', `the file \`${file.name}\` has no header`);
  const rest = batcher.take();
  if (rest !== undefined) yield rest;
}
