/** One file to rows: header, cells by column, positions `<file name>#<row number>`. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { YitongError } from '../../../contracts/errors.js';
import type { BrokenRow, Cell, SourceRow } from '../port.js';
import { decoder, type Charset } from './charset.js';
import type { Fingerprint, TakenFile } from './files.js';
import { csvItems, type CsvItem, type CsvOptions } from './records.js';

export interface ReadOptions extends CsvOptions {
  readonly charset: Charset;
  readonly bom: boolean;
  /** True: the first row. A list: there is no header row in the file. */
  readonly header: true | readonly string[];
  /** Columns that must be there. */
  readonly columns: ReadonlySet<string>;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

const BATCH = 500;

/** The second `Libelle_commune` is `Libelle_commune#2`; a column without a name is `#<number>`. */
export function headerNames(fields: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return fields.map((field, i) => {
    const name = field.trim() === '' ? `#${i + 1}` : field.trim();
    if (name === '__proto__') throw new YitongError('bad_feed', 'a column has a name that cannot be used');
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  });
}

async function* pieces(file: TakenFile, expected: Fingerprint, options: ReadOptions): AsyncGenerator<string> {
  const decode = decoder(options.charset, options.bom);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file.path, { highWaterMark: 65_536, signal: options.signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    options.onBytes(chunk.length);
    yield decode.write(chunk);
  }
  yield decode.end();
  // a file that was replaced while it was read is neither the old nor the new one
  if (hash.digest('hex') !== expected.sha256) throw new YitongError('bad_row', `the file \`${file.name}\` changed while it was read; the next run takes it again`);
}

/** @throws YitongError `bad_feed` if the header lacks a column that the feed reads; `bad_row` if the file changes meanwhile */
export async function* fileRows(file: TakenFile, expected: Fingerprint, options: ReadOptions): AsyncGenerator<(SourceRow | BrokenRow)[]> {
  let names: readonly string[] | undefined;
  let rowNumber = 0;
  const checked = (found: readonly string[]): readonly string[] => {
    const missing = [...options.columns].find((column) => !found.includes(column));
    if (missing !== undefined) throw new YitongError('bad_feed', `the file \`${file.name}\` lacks the column \`${missing}\` that the mapping reads`);
    return found;
  };
  if (options.header !== true) names = checked(headerNames(options.header));
  const row = (item: CsvItem): SourceRow | BrokenRow | undefined => {
    if (names === undefined) {
      if (item.kind === 'broken') throw new YitongError('bad_feed', `the header of \`${file.name}\` cannot be read: ${item.reason}`);
      names = checked(headerNames(item.fields));
      return undefined;
    }
    rowNumber += 1;
    const position = `${file.name}#${rowNumber}`;
    if (item.kind === 'broken') {
      return { position, rowNumber, broken: { code: 'bad_row', reason: item.reason }, raw: item.raw, ...(item.tail ? { tail: true } : {}) };
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
  let batch: (SourceRow | BrokenRow)[] = [];
  for await (const items of csvItems(pieces(file, expected, options), options)) {
    for (const item of items) {
      const made = row(item);
      if (made === undefined) continue;
      batch.push(made);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  if (names === undefined) throw new YitongError('bad_feed', `the file \`${file.name}\` has no header`);
  if (batch.length > 0) yield batch;
}
