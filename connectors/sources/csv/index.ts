/**
 * CSV files: one or several by path (together they are the source), or a drop folder whose files are taken one a run.
 */
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import type { Feed } from '../../feed.js';
import { mappedColumns } from '../../mapping/columns.js';
import { CHARSETS, type Charset } from '../../reading/charset.js';
import { headerNames, missingColumn } from '../../reading/columns.js';
import { checkReachable } from '../../reading/files.js';
import type { SourceContext, SourceKind } from '../../reading/port.js';
import { checkFiles, FILE_PROPERTIES, type FileSource, takeFiles } from '../../reading/take.js';
import { fileRows } from './rows.js';

interface CsvSource extends FileSource {
  readonly kind: 'csv';
  readonly charset?: Charset;
  readonly separator?: string;
  readonly quote?: string;
  readonly bom?: boolean;
  readonly header?: true | readonly string[];
}

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['kind'],
  properties: {
    kind: { const: 'csv' },
    ...FILE_PROPERTIES,
    charset: { enum: [...CHARSETS] },
    separator: { type: 'string', minLength: 1, maxLength: 4 },
    quote: { type: 'string', maxLength: 1 },
    bom: { type: 'boolean' },
    header: { anyOf: [{ const: true }, { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2000 }] },
  },
} as const;

const check = shape<CsvSource>(schema, 'bad_feed');

function checked(feed: Feed): CsvSource {
  const source = check(feed.source, { file: feed.file });
  checkFiles(source, feed.file);
  if (source.header === undefined || source.header === true) return source;
  const names = headerNames(source.header);
  const missing = missingColumn(names, mappedColumns(feed.mapping));
  if (missing !== undefined)
    throw new YitongError('bad_feed', `\`source.header\` lacks the column \`${missing}\` that the mapping reads`, {
      place: { file: feed.file },
    });
  return source;
}

async function open(context: SourceContext): ReturnType<SourceKind['open']> {
  const { feed } = context;
  const source = checked(feed);
  const charset = source.charset ?? 'utf-8';
  const options = {
    charset,
    bom: source.bom ?? true,
    separator: source.separator ?? ',',
    quote: source.quote ?? '"',
    header: source.header ?? true,
    columns: mappedColumns(feed.mapping),
  } as const;
  return takeFiles(context, source, {
    ending: '.csv',
    charset,
    rows: (file, print, reading) => fileRows(file, print, { ...options, ...reading }),
  });
}

const csv: SourceKind = {
  kind: 'csv',
  title: { zh: 'CSV 文件', en: 'CSV files' },
  description: 'CSV files by path, or a folder into which files are dropped',
  schema,
  check: (feed, workspace) => checkReachable(checked(feed), workspace, feed.file),
  open,
};
export default csv;
