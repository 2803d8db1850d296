/** JSON files: an array of items somewhere in a document, or newline-delimited JSON. */
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import type { Feed } from '../../feed.js';
import { mappedColumns } from '../../mapping/columns.js';
import { Batcher } from '../../reading/batch.js';
import { CHARSETS, type Charset } from '../../reading/charset.js';
import { checkReachable, type Fingerprint, fileText, type ReadingFile, type TakenFile } from '../../reading/files.js';
import {
  exceeds,
  MAX_DEPTH,
  MAX_ITEM_BYTES,
  POINTER_PATTERN,
  parseJson,
  pointerParts,
  RAW,
  type Refusal,
  toCells,
  tooLarge,
} from '../../reading/json-value.js';
import type { BrokenRow, SourceContext, SourceKind, SourceRow } from '../../reading/port.js';
import { checkFiles, FILE_PROPERTIES, type FileSource, takeFiles } from '../../reading/take.js';
import { ArrayReader } from './array.js';
import { type ItemLimits, type ItemReader, type JsonItem, LineReader } from './items.js';

interface JsonSource extends FileSource {
  readonly kind: 'json';
  readonly format?: 'document' | 'lines';
  readonly items?: string;
  readonly charset?: Charset;
  readonly bom?: boolean;
  readonly maxItemBytes?: number;
  readonly maxDepth?: number;
}

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['kind'],
  properties: {
    kind: { const: 'json' },
    ...FILE_PROPERTIES,
    format: { enum: ['document', 'lines'] },
    items: { type: 'string', maxLength: 400, pattern: POINTER_PATTERN },
    charset: { enum: [...CHARSETS] },
    bom: { type: 'boolean' },
    maxItemBytes: { type: 'integer', minimum: 64, maximum: 16_777_216 },
    maxDepth: { type: 'integer', minimum: 1, maximum: 100 },
  },
} as const;

const check = shape<JsonSource>(schema, 'bad_feed');

interface Reading extends ReadingFile {
  readonly charset: Charset;
  readonly bom: boolean;
  readonly limits: ItemLimits;
  readonly columns: ReadonlySet<string>;
  readonly reader: () => ItemReader;
}

/** @throws YitongError `bad_row` if the file changes meanwhile */
async function* fileRows(
  file: TakenFile,
  print: Fingerprint,
  reading: Reading,
): AsyncGenerator<(SourceRow | BrokenRow)[]> {
  const { limits, columns } = reading;
  const reader = reading.reader();
  let rowNumber = 0;
  const row = (item: JsonItem): SourceRow | BrokenRow => {
    rowNumber += 1;
    const place = { position: `${file.name}#${rowNumber}`, rowNumber };
    const broken = (refusal: Refusal, raw: string): BrokenRow => ({
      ...place,
      broken: refusal,
      raw: raw.slice(0, RAW),
    });
    if (item.kind === 'broken') return { ...broken(item.refusal, item.raw), ...(item.tail ? { tail: true } : {}) };
    if (exceeds(item.text, limits.bytes)) return broken(tooLarge(limits.bytes), item.text);
    const parsed = parseJson(item.text, limits.depth);
    if (!parsed.ok) return broken(parsed.refusal, item.text);
    const made = toCells(parsed.value, columns);
    return 'reason' in made
      ? broken({ code: 'bad_row', reason: made.reason }, item.text)
      : { ...place, cells: made.cells };
  };
  const batcher = new Batcher();
  const items: JsonItem[] = [];
  const drain = function* (): Generator<(SourceRow | BrokenRow)[]> {
    for (const item of items.splice(0)) {
      const batch = batcher.add(row(item), item.kind === 'text' ? item.text.length : item.raw.length);
      if (batch !== undefined) yield batch;
    }
  };
  for await (const piece of fileText(file, print, reading)) {
    reader.push(piece, items);
    yield* drain();
    if (reader.over) break;
  }
  reader.end(items);
  yield* drain();
  const rest = batcher.take();
  if (rest !== undefined) yield rest;
}

function checked(feed: Feed): JsonSource {
  const place = { file: feed.file };
  const source = check(feed.source, place);
  checkFiles(source, feed.file);
  if (source.format === 'lines' && source.items !== undefined)
    throw new YitongError(
      'bad_feed',
      '`source.items` is a place in a document; with the format `lines` each line is an item',
      { place },
    );
  return source;
}

async function open(context: SourceContext): ReturnType<SourceKind['open']> {
  const { feed } = context;
  const source = checked(feed);
  const charset = source.charset ?? 'utf-8';
  const limits: ItemLimits = { bytes: source.maxItemBytes ?? MAX_ITEM_BYTES, depth: source.maxDepth ?? MAX_DEPTH };
  const lines = source.format === 'lines';
  const pointer = pointerParts(source.items ?? '');
  const options = {
    charset,
    bom: source.bom ?? true,
    limits,
    columns: mappedColumns(feed.mapping),
    reader: () => (lines ? new LineReader(limits) : new ArrayReader(pointer, limits)),
  } as const;
  return takeFiles(context, source, {
    ending: lines ? '.ndjson' : '.json',
    charset,
    rows: (file, print, reading) => fileRows(file, print, { ...options, ...reading }),
  });
}

const json: SourceKind = {
  kind: 'json',
  title: { zh: 'JSON 文件', en: 'JSON files' },
  description: 'JSON files: the array of items at a place of a document, or newline-delimited JSON',
  schema,
  check: (feed, workspace) => checkReachable(checked(feed), workspace, feed.file),
  open,
};
export default json;
