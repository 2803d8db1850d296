/** Files whose columns stand at fixed places of a line, as older systems write them. */
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import type { Feed } from '../../feed.js';
import { mappedColumns } from '../../mapping/columns.js';
import { CHARSETS, type Charset } from '../../reading/charset.js';
import { checkReachable } from '../../reading/files.js';
import type { SourceContext, SourceKind } from '../../reading/port.js';
import { checkFiles, FILE_PROPERTIES, type FileSource, takeFiles } from '../../reading/take.js';
import { type Column, fileRows, MAX_LINE } from './rows.js';

interface FixedWidthSource extends FileSource {
  readonly kind: 'fixed-width';
  readonly columns: readonly Column[];
  readonly unit: 'characters' | 'bytes';
  readonly charset?: Charset;
  readonly bom?: boolean;
  readonly trim?: boolean;
  readonly skipLines?: number;
  readonly shortLines?: 'refuse' | 'fill';
  readonly surplus?: 'refuse' | 'ignore';
}

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'columns', 'unit'],
  properties: {
    kind: { const: 'fixed-width' },
    ...FILE_PROPERTIES,
    columns: {
      type: 'array',
      minItems: 1,
      maxItems: 2000,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'start', 'length'],
        properties: {
          name: { type: 'string', minLength: 1, maxLength: 200, not: { const: '__proto__' } },
          start: { type: 'integer', minimum: 1, maximum: MAX_LINE },
          length: { type: 'integer', minimum: 1, maximum: MAX_LINE },
        },
      },
    },
    unit: { enum: ['characters', 'bytes'] },
    charset: { enum: [...CHARSETS] },
    bom: { type: 'boolean' },
    trim: { type: 'boolean' },
    skipLines: { type: 'integer', minimum: 0, maximum: 1000 },
    shortLines: { enum: ['refuse', 'fill'] },
    surplus: { enum: ['refuse', 'ignore'] },
  },
} as const;

const check = shape<FixedWidthSource>(schema, 'bad_feed');

function checked(feed: Feed): FixedWidthSource {
  const place = { file: feed.file };
  const source = check(feed.source, place);
  checkFiles(source, feed.file);
  const { columns, unit } = source;
  if (unit === 'bytes' && source.charset === 'utf-16le')
    throw new YitongError('bad_feed', '`source.unit` cannot be `bytes` where the charset is `utf-16le`', { place });
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name))
      throw new YitongError('bad_feed', `two of \`source.columns\` have the name \`${name}\``, { place });
    names.add(name);
  }
  const missing = [...mappedColumns(feed.mapping)].find((column) => !names.has(column));
  if (missing !== undefined)
    throw new YitongError('bad_feed', `\`source.columns\` lacks the column \`${missing}\` that the mapping reads`, {
      place,
    });
  return source;
}

async function open(context: SourceContext): ReturnType<SourceKind['open']> {
  const source = checked(context.feed);
  const { columns, unit, charset = 'utf-8' } = source;
  const layout = {
    charset,
    unit,
    columns,
    bom: source.bom ?? true,
    trim: source.trim ?? true,
    skipLines: source.skipLines ?? 0,
    shortLines: source.shortLines ?? 'refuse',
    surplus: source.surplus ?? 'refuse',
  } as const;
  return takeFiles(context, source, {
    ending: '.txt',
    charset,
    rows: (file, print, reading) => fileRows(file, print, { ...layout, ...reading }),
  });
}

const fixedWidth: SourceKind = {
  kind: 'fixed-width',
  title: { zh: '定长文本文件', en: 'fixed-width text files' },
  description: 'text files whose columns stand at fixed places of a line, counted in characters or bytes',
  schema,
  check: (feed, workspace) => checkReachable(checked(feed), workspace, feed.file),
  open,
};
export default fixedWidth;
