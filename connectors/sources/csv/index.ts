/** CSV files: one or several by path (together they are the source), or a drop folder whose files are taken one a run. */
import { createHash } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { parseDuration } from '../../../contracts/duration.js';
import { shape } from '../../../contracts/validate.js';
import { mappedColumns } from '../../mapping/columns.js';
import type { BrokenRow, SourceContext, SourceKind, SourceRow, SourceRun } from '../port.js';
import { CHARSETS, type Charset } from './charset.js';
import { droppedFiles, fingerprint, namedFiles, type Fingerprint, type TakenFile } from './files.js';
import { fileRows, type ReadOptions } from './rows.js';

interface CsvSource {
  readonly kind: 'csv';
  readonly path?: string | readonly string[];
  readonly folder?: string;
  readonly ending?: string;
  readonly settle?: string;
  readonly charset?: Charset;
  readonly separator?: string;
  readonly quote?: string;
  readonly bom?: boolean;
  readonly header?: true | readonly string[];
  readonly sourceTime?: { readonly from: 'name' | 'mtime' | 'now' };
}

const name = { type: 'string', minLength: 1, maxLength: 400 };
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['kind'],
  properties: {
    kind: { const: 'csv' },
    path: { anyOf: [name, { type: 'array', items: name, minItems: 1, maxItems: 1000, uniqueItems: true }] },
    folder: name,
    ending: { type: 'string', minLength: 1, maxLength: 40 },
    settle: { type: 'string' },
    charset: { enum: [...CHARSETS] },
    separator: { type: 'string', minLength: 1, maxLength: 4 },
    quote: { type: 'string', maxLength: 1 },
    bom: { type: 'boolean' },
    header: { anyOf: [{ const: true }, { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2000 }] },
    sourceTime: { type: 'object', additionalProperties: false, required: ['from'], properties: { from: { enum: ['name', 'mtime', 'now'] } } },
  },
} as const;

const check = shape<CsvSource>(schema, 'bad_feed');

interface Memory {
  /** Of the feed: when the mapping changes, files are read again. */
  readonly feed: string;
  readonly taken: readonly Fingerprint[];
}

const memorySchema = {
  type: 'object',
  required: ['feed', 'taken'],
  properties: {
    feed: { type: 'string' },
    taken: {
      type: 'array',
      items: { type: 'object', required: ['name', 'size', 'sha256'], properties: { name: { type: 'string' }, size: { type: 'number' }, sha256: { type: 'string' } } },
    },
  },
};
const checkMemory = shape<Memory>(memorySchema, 'internal');

const DATE_IN_NAME = /(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])/;

/** @throws YitongError `bad_feed` if the time is to be read from a name without a date */
function sourceTime(source: CsvSource, files: readonly TakenFile[], now: Date): string {
  switch (source.sourceTime?.from ?? 'mtime') {
    case 'now':
      return now.toISOString();
    case 'mtime':
      return new Date(Math.max(...files.map((file) => file.mtime.getTime()))).toISOString();
    case 'name': {
      const dates = files.map((file) => {
        const digits = DATE_IN_NAME.exec(file.name)?.[0].replaceAll('-', '');
        if (digits === undefined) throw new YitongError('bad_feed', `the file name \`${file.name}\` holds no date`);
        return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}T00:00:00.000Z`;
      });
      return dates.sort().at(-1) ?? now.toISOString();
    }
  }
}

const same = (a: Fingerprint, b: Fingerprint): boolean => a.name === b.name && a.size === b.size && a.sha256 === b.sha256;
const kept = ({ name, size, sha256 }: Fingerprint): Fingerprint => ({ name, size, sha256 });

async function open(context: SourceContext): Promise<SourceRun | undefined> {
  const { feed, workspace, baseDir, now, memory } = context;
  const source = check(feed.source, { file: feed.file });
  if ((source.path === undefined) === (source.folder === undefined)) throw new YitongError('bad_feed', '`source` must have one of `path` and `folder`', { place: { file: feed.file } });
  const settle = source.settle === undefined ? 2000 : parseDuration(source.settle);
  if (settle === undefined) throw new YitongError('bad_feed', '`source.settle` must be a duration like `PT5S`', { place: { file: feed.file } });
  const version = workspace.contracts.get(feed.dataset)?.latest.version ?? 0;
  const identity = createHash('sha256').update(JSON.stringify([feed.source, feed.mapping, version])).digest('hex');
  const before = memory.get();
  const remembered = before === undefined ? undefined : checkMemory(before, { file: feed.file });
  const again = context.options['again'] === 'true' || context.options['acceptShrink'] === 'true';
  const taken = again || remembered?.feed !== identity ? [] : remembered.taken;

  const charset = source.charset ?? 'utf-8';
  const paths = source.path === undefined ? undefined : typeof source.path === 'string' ? [source.path] : source.path;
  const files =
    paths !== undefined
      ? await namedFiles(baseDir, paths)
      : await droppedFiles(baseDir, source.folder ?? '.', source.ending ?? '.csv', settle, now());
  const names = new Set(files.map((file) => file.name));
  if (names.size < files.length) throw new YitongError('bad_feed', 'two files of one source have one name, so that positions would not be unique', { place: { file: feed.file } });

  const chosen: { readonly file: TakenFile; readonly print: Awaited<ReturnType<typeof fingerprint>> }[] = [];
  let more = false;
  for (const file of files) {
    const print = await fingerprint(file, charset);
    const known = taken.some((other) => same(other, print));
    if (paths !== undefined) chosen.push({ file, print });
    else if (!known) {
      if (chosen.length === 1) {
        more = true;
        break;
      }
      chosen.push({ file, print });
    }
  }
  if (chosen.length === 0 || (paths !== undefined && chosen.every(({ print }) => taken.some((other) => same(other, print))))) return undefined;

  let done = 0;
  const options: ReadOptions = {
    charset,
    bom: source.bom ?? true,
    separator: source.separator ?? ',',
    quote: source.quote ?? '"',
    header: source.header ?? true,
    columns: mappedColumns(feed.mapping),
    signal: context.signal,
    onBytes: (bytes) => (done += bytes),
  };
  async function* rows(): AsyncGenerator<(SourceRow | BrokenRow)[]> {
    for (const { file, print } of chosen) {
      if (print.charsetOk) yield* fileRows(file, print, options);
      else yield [{ position: `${file.name}#1`, rowNumber: 1, broken: { code: 'bad_row', reason: `wrong_charset: the file is not in \`${charset}\`` }, raw: '', tail: true }];
    }
  }
  return {
    sourceTime: sourceTime(source, chosen.map(({ file }) => file), now()),
    total: chosen.reduce((sum, { file }) => sum + file.size, 0),
    rows: rows(),
    progress: () => done,
    more,
    complete: async () => {
      // names that left the folder are forgotten, so that this stays as small as the folder
      const old = paths !== undefined ? [] : taken.filter((other) => names.has(other.name) && !chosen.some(({ print }) => print.name === other.name));
      memory.set({ feed: identity, taken: [...old, ...chosen.map(({ print }) => kept(print))] } satisfies Memory);
    },
  };
}

const csv: SourceKind = {
  kind: 'csv',
  description: 'CSV files by path, or a folder into which files are dropped',
  schema,
  open,
};
export default csv;
