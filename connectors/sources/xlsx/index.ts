/** Workbooks: the rows of one sheet below its header. */
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import type { Feed } from '../../feed.js';
import { mappedColumns } from '../../mapping/columns.js';
import { checkReachable } from '../../reading/files.js';
import type { SourceContext, SourceKind } from '../../reading/port.js';
import { checkFiles, FILE_PROPERTIES, type FileSource, takeFiles } from '../../reading/take.js';
import { fileRows } from './rows.js';

interface XlsxSource extends FileSource {
  readonly kind: 'xlsx';
  readonly sheet?: string | number;
  readonly headerRow?: number;
  readonly firstRow?: number;
  readonly maxSheetBytes?: number;
}

const row = { type: 'integer', minimum: 1, maximum: 1_048_576 } as const;
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['kind'],
  properties: {
    kind: { const: 'xlsx' },
    ...FILE_PROPERTIES,
    sheet: {
      anyOf: [
        { type: 'string', minLength: 1, maxLength: 31 },
        { type: 'integer', minimum: 1, maximum: 1000 },
      ],
    },
    headerRow: row,
    firstRow: row,
    maxSheetBytes: { type: 'integer', minimum: 1024, maximum: 4_294_967_294 },
  },
} as const;

const check = shape<XlsxSource>(schema, 'bad_feed');
/** Unpacked; a sheet of a million rows has about 500 MB. */
const MAX_SHEET = 1_073_741_824;

function checked(feed: Feed): XlsxSource & { readonly headerRow: number; readonly firstRow: number } {
  const place = { file: feed.file };
  const source = check(feed.source, place);
  checkFiles(source, feed.file);
  const headerRow = source.headerRow ?? 1;
  const firstRow = source.firstRow ?? headerRow + 1;
  if (firstRow <= headerRow)
    throw new YitongError('bad_feed', '`source.firstRow` must stand below `source.headerRow`', { place });
  return { ...source, headerRow, firstRow };
}

async function open(context: SourceContext): ReturnType<SourceKind['open']> {
  const { feed } = context;
  const source = checked(feed);
  const { headerRow, firstRow } = source;
  const options = {
    sheet: source.sheet ?? 1,
    headerRow,
    firstRow,
    columns: mappedColumns(feed.mapping),
    maxSheetBytes: source.maxSheetBytes ?? MAX_SHEET,
  };
  return takeFiles(context, source, {
    ending: '.xlsx',
    charset: undefined,
    rows: (file, print, reading) => fileRows(file, print, options, reading),
  });
}

const xlsx: SourceKind = {
  kind: 'xlsx',
  title: { zh: 'Excel 工作簿', en: 'workbooks' },
  description: 'workbooks (.xlsx): the rows of one sheet below its header',
  schema,
  check: (feed, workspace) => checkReachable(checked(feed), workspace, feed.file),
  open,
};
export default xlsx;
