/**
 * What every kind of file has in common: files by path, which together are the source, or a drop folder; the time of
 * the data; and that a file which did not change is not read again.
 *
 * Of a drop folder whose files are whole registers the newest counts, by name, and never one that is older than what
 * was read: what the register was before is not published once more. Files that are additions are all read, one a run,
 * in the order of their names.
 */

import { createHash } from 'node:crypto';
import { parseDuration } from '../../contracts/duration.js';
import { isYitongError, YitongError } from '../../contracts/errors.js';
import { present } from '../../contracts/present.js';
import { shape } from '../../contracts/validate.js';
import { filesRoots } from './ceiling.js';
import type { Charset } from './charset.js';
import { droppedFiles, type Fingerprint, fingerprint, namedFiles, type ReadingFile, type TakenFile } from './files.js';
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
  sourceTime: {
    type: 'object',
    additionalProperties: false,
    required: ['from'],
    properties: { from: { enum: ['name', 'mtime', 'now'] } },
  },
} as const;

type Batch = readonly (SourceRow | BrokenRow)[];

interface FileKind {
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
  /** Files that were read, and, of whole registers, those that were passed over because a newer one was there. */
  readonly taken: readonly Fingerprint[];
  /** Of additions: files that were read by an earlier mapping and are to be read once more. */
  readonly again?: readonly Fingerprint[];
  /** Of whole registers: the last file that was read, even where it is not in the folder any more. */
  readonly newest?: Fingerprint;
}

const fingerprints = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'size', 'sha256'],
    properties: { name: { type: 'string' }, size: { type: 'number' }, sha256: { type: 'string' } },
  },
};
const memorySchema = {
  type: 'object',
  required: ['feed', 'taken'],
  properties: { feed: { type: 'string' }, taken: fingerprints, again: fingerprints, newest: fingerprints.items },
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
  return createHash('sha256')
    .update(JSON.stringify([feed.source, feed.mapping, version]))
    .digest('hex');
}

/** True where the run was asked to read what was read before. */
export const readAgain = ({ options }: SourceContext): boolean =>
  options['again'] === 'true' || options['acceptShrink'] === 'true';

/** A file that cannot be read at all: one broken row, and nothing is withdrawn. */
export const unreadable = (file: TakenFile, code: BrokenCode, reason: string): BrokenRow => ({
  position: `${file.name}#1`,
  rowNumber: 1,
  broken: { code, reason },
  raw: '',
  tail: true,
});

const same = (a: Fingerprint, b: Fingerprint): boolean =>
  a.name === b.name && a.size === b.size && a.sha256 === b.sha256;
const kept = ({ name, size, sha256 }: Fingerprint): Fingerprint => ({ name, size, sha256 });

/** Milliseconds for which a file of a drop folder must not have changed. @throws YitongError `bad_feed` */
export function checkFiles(source: FileSource, file: string): number {
  const place = { file };
  if ((source.path === undefined) === (source.folder === undefined))
    throw new YitongError('bad_feed', '`source` must have one of `path` and `folder`', { place });
  const settle = source.settle === undefined ? 2000 : parseDuration(source.settle);
  if (settle === undefined)
    throw new YitongError('bad_feed', '`source.settle` must be a duration like `PT5S`', { place });
  return settle;
}

/** Order of names in which numbers count as numbers: `day-9` before `day-10`. */
function byName(a: string, b: string): number {
  const [left, right] = [a.match(PARTS) ?? [], b.match(PARTS) ?? []];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x = '', y = ''] = [left[i], right[i]];
    const numbers = DIGITS.test(x) && DIGITS.test(y);
    const [p, q] = numbers ? [x.replace(ZEROS, ''), y.replace(ZEROS, '')] : [x, y];
    if (numbers && p.length !== q.length) return p.length - q.length;
    if (p !== q) return p < q ? -1 : 1;
  }
  if (left.length !== right.length) return left.length - right.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
const PARTS = /\d+|\D+/g;
const DIGITS = /^\d/;
const ZEROS = /^0+(?=\d)/;

type Print = Awaited<ReturnType<typeof fingerprint>>;

/** What a run reads, and what is remembered of the folder once it has. */
interface Choice {
  readonly chosen: readonly { readonly file: TakenFile; readonly print: Print }[];
  readonly memory: Memory;
  /** The rows were taken before, by an earlier mapping or by the same one. */
  readonly again?: true;
  readonly more?: true;
  readonly notes?: Readonly<Record<string, number>>;
}

interface Looking {
  readonly kind: FileKind;
  readonly identity: string;
  readonly remembered: Memory | undefined;
  /** What was read before counts as not read: the mapping is another one, or somebody asked for it. */
  readonly again: boolean;
}

/** Of a folder of whole registers: the newest file, if it is newer than what was read or to be read again. */
async function chooseNewest(
  files: readonly TakenFile[],
  { kind, identity, remembered, again }: Looking,
): Promise<Choice | undefined> {
  const newest =
    remembered === undefined
      ? undefined
      : (remembered.newest ?? [...remembered.taken].sort((a, b) => byName(a.name, b.name)).at(-1));
  const file = files.at(-1);
  if (file === undefined) return undefined;
  const order = newest === undefined ? 1 : byName(file.name, newest.name);
  const seen = new Map((remembered?.taken ?? []).map((one) => [one.name, one]));
  const late = files.filter(
    ({ name, size }) => newest !== undefined && byName(name, newest.name) < 0 && seen.get(name)?.size !== size,
  ).length;
  if (order < 0)
    return late === 0
      ? undefined
      : { chosen: [], memory: remember(files, seen, { feed: identity, newest }), notes: { older_files_left: late } };
  const print = await fingerprint(file, kind.charset);
  if (order === 0 && newest !== undefined && same(newest, print) && !again)
    return late === 0
      ? undefined
      : { chosen: [], memory: remember(files, seen, { feed: identity, newest }), notes: { older_files_left: late } };
  const passed = files.slice(0, -1).filter(({ name }) => !seen.has(name)).length;
  seen.set(file.name, kept(print));
  return {
    chosen: [{ file, print }],
    memory: remember(files, seen, { feed: identity, newest: kept(print) }),
    ...(passed === 0 ? {} : { notes: { older_files_left: passed } }),
  };
}

/** Files that are in the folder still, so that this stays as small as the folder. */
function remember(
  files: readonly TakenFile[],
  seen: ReadonlyMap<string, Fingerprint>,
  { feed, newest }: { readonly feed: string; readonly newest: Fingerprint | undefined },
): Memory {
  const taken = files.map(({ name, size }) => {
    const known = seen.get(name);
    return known?.size === size ? known : { name, size, sha256: '' };
  });
  return { feed, taken, ...present({ newest }) };
}

/** Of a folder of additions: the first file that was not read, or not by this mapping. */
async function chooseNext(
  files: readonly TakenFile[],
  { kind, identity, remembered, again }: Looking,
): Promise<Choice | undefined> {
  const names = new Set(files.map(({ name }) => name));
  // names that left the folder are forgotten
  const there = (list: readonly Fingerprint[]): Fingerprint[] => list.filter(({ name }) => names.has(name));
  const taken = again ? [] : there(remembered?.taken ?? []);
  const before = there(
    again ? [...(remembered?.taken ?? []), ...(remembered?.again ?? [])] : (remembered?.again ?? []),
  );
  for (const [i, file] of files.entries()) {
    const print = await fingerprint(file, kind.charset);
    if (taken.some((other) => same(other, print))) continue;
    const known = before.some((other) => same(other, print));
    const rest = before.filter(({ name }) => name !== file.name);
    return {
      chosen: [{ file, print }],
      memory: {
        feed: identity,
        taken: [...taken.filter(({ name }) => name !== file.name), kept(print)],
        ...(rest.length === 0 ? {} : { again: rest }),
      },
      ...(known ? { again: true } : {}),
      ...(i < files.length - 1 ? { more: true } : {}),
    };
  }
  return undefined;
}

/** Of files by path: all of them, if one of them changed. */
async function chooseAll(
  files: readonly TakenFile[],
  { kind, identity, remembered, again }: Looking,
): Promise<Choice | undefined> {
  const chosen: { readonly file: TakenFile; readonly print: Print }[] = [];
  for (const file of files) chosen.push({ file, print: await fingerprint(file, kind.charset) });
  const known = again ? [] : (remembered?.taken ?? []);
  if (chosen.every(({ print }) => known.some((other) => same(other, print)))) return undefined;
  return { chosen, memory: { feed: identity, taken: chosen.map(({ print }) => kept(print)) } };
}

/** @throws YitongError `bad_feed` if the feed names no files, or none that are there */
export async function takeFiles(
  context: SourceContext,
  source: FileSource,
  kind: FileKind,
): Promise<SourceRun | Unchanged | undefined> {
  const { feed, baseDir, now, memory } = context;
  const place = { file: feed.file };
  const settle = checkFiles(source, feed.file);
  const identity = feedIdentity(context);
  const before = memory.get();
  const remembered = before === undefined ? undefined : checkMemory(before, place);
  const looking: Looking = {
    kind,
    identity,
    remembered,
    again: readAgain(context) || remembered?.feed !== identity || (feed.snapshot && context.cutOff === true),
  };

  const roots = filesRoots(context);
  const paths = source.path === undefined ? undefined : typeof source.path === 'string' ? [source.path] : source.path;
  const files =
    paths !== undefined
      ? await namedFiles(baseDir, paths, roots)
      : await droppedFiles(baseDir, source.folder ?? '.', source.ending ?? kind.ending, settle, now(), roots);
  if (paths === undefined) files.sort((a, b) => byName(a.name, b.name));
  if (new Set(files.map((file) => file.name)).size < files.length)
    throw new YitongError('bad_feed', 'two files of one source have one name, so that positions would not be unique', {
      place,
    });

  const choice = await (paths !== undefined ? chooseAll : feed.snapshot ? chooseNewest : chooseNext)(files, looking);
  // a department that delivers the same file again has said that it still holds
  if (choice === undefined)
    return paths === undefined ? undefined : { unchanged: true, sourceTime: sourceTime(source, files, now()) };
  const { chosen, again } = choice;
  if (chosen.length === 0) {
    await memory.keep?.(choice.memory);
    return { unchanged: true, ...present({ notes: choice.notes }) };
  }

  let done = 0;
  let misfits = 0;
  const reading: ReadingFile = { signal: context.signal, onBytes: (bytes) => (done += bytes) };
  async function* rowsOf(file: TakenFile, print: Print): AsyncGenerator<Batch> {
    if (!print.charsetOk) {
      yield [unreadable(file, 'wrong_charset', `the file is not in \`${kind.charset}\``)];
      return;
    }
    let begun = false;
    try {
      for await (const batch of kind.rows(file, print, reading)) {
        begun = true;
        yield batch;
      }
    } catch (error) {
      // additions that were read by an earlier mapping and do not fit the new one stay as they were published
      if (again !== true || begun || !isYitongError(error) || error.code !== 'bad_feed') throw error;
      misfits += 1;
    }
  }
  async function* rows(): AsyncGenerator<Batch> {
    for (const { file, print } of chosen) yield* rowsOf(file, print);
  }
  return {
    sourceTime: sourceTime(
      source,
      chosen.map(({ file }) => file),
      now(),
    ),
    total: chosen.reduce((sum, { file }) => sum + file.size, 0),
    rows: rows(),
    progress: () => done,
    more: choice.more === true,
    ...present({ again }),
    notes: () => ({ ...choice.notes, ...(misfits === 0 ? {} : { files_of_another_form: misfits }) }),
    complete: async () => memory.set(choice.memory),
  };
}
