/**
 * What every kind of file has in common: files by path, which together are the source, or a drop folder whose files are taken one a
 * run; the time of the data; and that a file which did not change is not read again.
 */
import { createHash } from 'node:crypto';
import { parseDuration } from '../../contracts/duration.js';
import { YitongError } from '../../contracts/errors.js';
import { shape } from '../../contracts/validate.js';
import { filesRoots } from './ceiling.js';
import { droppedFiles, fingerprint, namedFiles, type Fingerprint, type ReadingFile, type TakenFile } from './files.js';
import type { Charset } from './charset.js';
import type { BrokenCode, BrokenRow, SourceContext, SourceRow, SourceRun, Unchanged } from './port.js';

/** The keys of a feed's `source` that every kind of file takes. */
export interface FileSource {
  readonly path?: string | readonly string[];
  readonly folder?: string;
  readonly ending?: string;
  readonly settle?: string;
  readonly sourceTime?: { readonly from: 'name' | 'mtime' | 'now' };
}

const name = { type: 'string', minLength: 1, maxLength: 400 };

/** Their JSON schemas. */
export const FILE_PROPERTIES = {
  path: { anyOf: [name, { type: 'array', items: name, minItems: 1, maxItems: 1000, uniqueItems: true }] },
  folder: name,
  ending: { type: 'string', minLength: 1, maxLength: 40 },
  settle: { type: 'string' },
  sourceTime: { type: 'object', additionalProperties: false, required: ['from'], properties: { from: { enum: ['name', 'mtime', 'now'] } } },
} as const;

export type Batch = readonly (SourceRow | BrokenRow)[];

export interface FileKind {
  /** Of a drop folder's files, where the feed says none. */
  readonly ending: string;
  /** Of the whole file, checked before a row is given; undefined where the kind has its own. */
  readonly charset: Charset | undefined;
  /** The rows of one file, positions `<file name>#<row number>`. */
  rows(file: TakenFile, print: Fingerprint, reading: ReadingFile): AsyncIterable<Batch>;
}

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
function sourceTime(source: FileSource, files: readonly TakenFile[], now: Date): string {
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

/** Changes where the feed, its mapping or its contract does: what was read before is then read again. */
export function feedIdentity({ feed, workspace }: SourceContext): string {
  const version = workspace.contracts.get(feed.dataset)?.latest.version ?? 0;
  return createHash('sha256').update(JSON.stringify([feed.source, feed.mapping, version])).digest('hex');
}

/** True where the run was asked to read what was read before. */
export const readAgain = ({ options }: SourceContext): boolean => options['again'] === 'true' || options['acceptShrink'] === 'true';

/** A file that cannot be read at all: one broken row, and nothing is withdrawn. */
export const unreadable = (file: TakenFile, code: BrokenCode, reason: string): BrokenRow => ({ position: `${file.name}#1`, rowNumber: 1, broken: { code, reason }, raw: '', tail: true });

const same = (a: Fingerprint, b: Fingerprint): boolean => a.name === b.name && a.size === b.size && a.sha256 === b.sha256;
const kept = ({ name, size, sha256 }: Fingerprint): Fingerprint => ({ name, size, sha256 });

/** Milliseconds for which a file of a drop folder must not have changed. @throws YitongError `bad_feed` */
export function checkFiles(source: FileSource, file: string): number {
  const place = { file };
  if ((source.path === undefined) === (source.folder === undefined)) throw new YitongError('bad_feed', '`source` must have one of `path` and `folder`', { place });
  const settle = source.settle === undefined ? 2000 : parseDuration(source.settle);
  if (settle === undefined) throw new YitongError('bad_feed', '`source.settle` must be a duration like `PT5S`', { place });
  return settle;
}

/** @throws YitongError `bad_feed` if the feed names no files, or none that are there */
export async function takeFiles(context: SourceContext, source: FileSource, kind: FileKind): Promise<SourceRun | Unchanged | undefined> {
  const { feed, baseDir, now, memory } = context;
  const place = { file: feed.file };
  const settle = checkFiles(source, feed.file);
  const identity = feedIdentity(context);
  const before = memory.get();
  const remembered = before === undefined ? undefined : checkMemory(before, place);
  const taken = readAgain(context) || remembered?.feed !== identity ? [] : remembered.taken;

  const roots = filesRoots(context);
  const paths = source.path === undefined ? undefined : typeof source.path === 'string' ? [source.path] : source.path;
  const files = paths !== undefined ? await namedFiles(baseDir, paths, roots) : await droppedFiles(baseDir, source.folder ?? '.', source.ending ?? kind.ending, settle, now(), roots);
  const names = new Set(files.map((file) => file.name));
  if (names.size < files.length) throw new YitongError('bad_feed', 'two files of one source have one name, so that positions would not be unique', { place });

  const chosen: { readonly file: TakenFile; readonly print: Awaited<ReturnType<typeof fingerprint>> }[] = [];
  let more = false;
  for (const file of files) {
    const print = await fingerprint(file, kind.charset);
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
  if (chosen.length === 0) return undefined;
  if (paths !== undefined && chosen.every(({ print }) => taken.some((other) => same(other, print)))) {
    // a department that delivers the same file again has said that it still holds
    return { unchanged: true, sourceTime: sourceTime(source, files, now()) };
  }

  let done = 0;
  const reading: ReadingFile = { signal: context.signal, onBytes: (bytes) => (done += bytes) };
  async function* rows(): AsyncGenerator<Batch> {
    for (const { file, print } of chosen) {
      if (print.charsetOk) yield* kind.rows(file, print, reading);
      else yield [unreadable(file, 'wrong_charset', `the file is not in \`${kind.charset}\``)];
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
