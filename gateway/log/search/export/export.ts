/**
 * Entries for other systems and for people: NDJSON, OCSF (Open Cybersecurity Schema Framework 1.6), CSV and a workbook
 * (the document for people that is one PDF is drawn of the same entries: `documents/pdf/entries`).
 * Each carries the body's exact text, its salt, and the hashes from its leaf to the root of one checkpoint, which
 * stands on the first line: whoever holds the log's vkey can check each line without asking us (`checkExport`).
 */
import { join } from 'node:path';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { readIfThere } from '../../../ground/files/read-if-there.js';
import { auditLayout } from '../../entries/layout.js';
import { parseCheckpoint } from '../../proof/checkpoint.js';
import { commitmentOf } from '../../proof/journal.js';
import { inclusionProof, type NodeReader } from '../../proof/merkle.js';
import { parseNote, type Verifier } from '../../proof/note.js';
import { formatProof, verifyProof } from '../../proof/proof.js';
import { tileNodes } from '../../proof/tiles.js';
import type { FoundEntry, PageOptions, SearchIndex, SearchQuery } from '../index.js';
import { csvHead, toCsv } from './csv.js';
import type { Evidence, ExportedEntry } from './evidence.js';
import { toOcsf } from './ocsf.js';
import { type ExportWords, WITHOUT_NAMES } from './table.js';
import { workbookOf } from './workbook.js';

export const EXPORT_FORMATS = ['ndjson', 'csv', 'xlsx', 'ocsf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** File ending and media type of each. */
export const EXPORT_TYPES: Readonly<Record<ExportFormat, { readonly ending: string; readonly mediaType: string }>> = {
  ndjson: { ending: 'ndjson', mediaType: 'application/x-ndjson' },
  csv: { ending: 'csv', mediaType: 'text/csv; charset=utf-8' },
  xlsx: { ending: 'xlsx', mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' },
  ocsf: { ending: 'ocsf.ndjson', mediaType: 'application/x-ndjson' },
};

type Writer = (entry: ExportedEntry, first: boolean, words: ExportWords) => string;

const beforeBody = (index: number, receipt: string): string =>
  `{"index":${index},"receipt":${JSON.stringify(receipt)},"body":`;
const behindBody = (more: object): string => `,${JSON.stringify(more).slice(1)}`;

/** One entry and what proves it, as a line. */
export function toNdjson({ found, evidence }: ExportedEntry): string {
  const { text, index: _, ...proof } = evidence;
  const { index, receipt, erasedBy, expiredBy, opened } = found;
  const more = {
    ...present({ opened, erasedBy, expiredBy }),
    ...proof,
  };
  // the text goes in as it is, so that its bytes are those that were committed to
  return `${beforeBody(index, receipt)}${text}${behindBody(more)}\n`;
}

/** A line of `toNdjson` read back, its text byte for byte. @throws YitongError `log_invalid` */
export function evidenceIn(line: string): Evidence {
  const wrong = (): YitongError => new YitongError('log_invalid', 'the file has a line that is no exported entry');
  let value: Evidence & { readonly receipt: string; readonly body: unknown };
  try {
    value = JSON.parse(line) as typeof value;
  } catch {
    throw wrong();
  }
  const { index, receipt, body: _, ...more } = value;
  const [before, behind] = [beforeBody(index, receipt), behindBody(more)];
  if (!line.startsWith(before) || !line.endsWith(behind)) throw wrong();
  const { salt, path, checkpoint } = value;
  return {
    index,
    text: line.slice(before.length, line.length - behind.length),
    ...present({ salt, path, checkpoint }),
  };
}

const WRITERS: Readonly<Record<Exclude<ExportFormat, 'xlsx'>, Writer>> = { ndjson: toNdjson, csv: toCsv, ocsf: toOcsf };

/** What proves entries against the newest checkpoint; the checkpoint itself goes with those where it is wanted. */
export function evidenceOf(
  dataDir: string,
  search: SearchIndex,
): (index: number, withCheckpoint: boolean) => Evidence | undefined {
  const { log } = auditLayout(dataDir);
  const note = readIfThere(join(log, 'checkpoint'))?.toString('utf8');
  const size = note === undefined ? 0 : parseCheckpoint(parseNote(Buffer.from(note)).text).size;
  const node = remembered(tileNodes(size, (path) => readIfThere(join(log, path))));
  return (index, withCheckpoint) => {
    const stored = search.stored(index);
    if (stored === undefined) return undefined;
    return {
      index,
      text: stored.body.toString('utf8'),
      ...(stored.kind === 'present' ? { salt: stored.salt.toString('base64') } : {}),
      ...(index < size ? { path: inclusionProof(index, size, node).map((hash) => hash.toString('base64')) } : {}),
      ...(withCheckpoint && note !== undefined ? { checkpoint: note } : {}),
    };
  };
}

interface ExportOptions extends Omit<PageOptions, 'limit' | 'after'> {
  readonly limit?: number;
  /** What ids are called in tables; default: ids alone. */
  readonly words?: ExportWords;
}

/** What leaves: all that a question finds, or entries that are named, in that order. */
export type ExportSource = SearchQuery | { readonly entries: readonly number[] };

/** The export, piece by piece, oldest entry first unless asked otherwise: text in UTF-8, or a workbook's bytes. */
export async function* exportEntries(
  dataDir: string,
  search: SearchIndex,
  format: ExportFormat,
  source: ExportSource,
  { words = WITHOUT_NAMES, ...options }: ExportOptions = {},
): AsyncGenerator<string | Buffer, void, undefined> {
  const entries = provedEntries(dataDir, search, source, options);
  if (format === 'xlsx') {
    yield* workbookOf(entries, words);
    return;
  }
  let first = true;
  for await (const entry of entries) {
    yield WRITERS[format](entry, first, words);
    first = false;
  }
  // a table of nothing has its head all the same
  if (first && format === 'csv') yield csvHead(words);
}

function* named(search: SearchIndex, entries: readonly number[], open?: boolean): Generator<FoundEntry> {
  for (const index of entries) {
    const found = search.entry(index, open);
    if (found !== undefined) yield found;
  }
}

/** Entries with what proves each; the first brings the checkpoint. */
export async function* provedEntries(
  dataDir: string,
  search: SearchIndex,
  source: ExportSource,
  options: Omit<ExportOptions, 'words'> = {},
): AsyncGenerator<ExportedEntry, void, undefined> {
  const { limit = Infinity, ...rest } = options;
  const prove = evidenceOf(dataDir, search);
  let count = 0;
  const entries =
    'entries' in source
      ? named(search, source.entries, rest.open)
      : search.entries(source, { oldestFirst: true, ...rest });
  for await (const found of entries) {
    if (count === limit) return;
    const evidence = prove(found.index, count === 0);
    if (evidence === undefined) continue;
    yield { found, evidence };
    count++;
  }
}

/** Paths of neighbours share their upper nodes. */
function remembered(node: NodeReader): NodeReader {
  const known = new Map<string, Buffer>();
  return (height, index) => {
    if (height === 0) return node(height, index);
    const name = `${height}/${index}`;
    let hash = known.get(name);
    if (hash === undefined) {
      if (known.size > 10_000) known.clear();
      known.set(name, (hash = node(height, index)));
    }
    return hash;
  };
}

interface ExportCheck {
  /** Lines whose body the checkpoint covers. */
  readonly proved: number;
  /** Lines whose salt was destroyed. */
  readonly erased: number;
  /** Lines that were newer than the checkpoint. */
  readonly unproved: number;
}

/**
 * Checks each line of an export against the log's key alone.
 * @throws YitongError `log_invalid` at the first line that does not hold
 */
export function checkExport(lines: Iterable<Evidence>, origin: string, known: readonly Verifier[]): ExportCheck {
  let checkpoint: string | undefined;
  let [proved, erased, unproved] = [0, 0, 0];
  for (const line of lines) {
    checkpoint ??= line.checkpoint;
    if (line.path === undefined) unproved++;
    else if (line.salt === undefined) erased++;
    else {
      if (checkpoint === undefined) throw new YitongError('log_invalid', 'the first line carries no checkpoint');
      const path = line.path.map((hash) => Buffer.from(hash, 'base64'));
      const found = verifyProof(
        formatProof({ index: line.index, path, checkpoint }),
        commitmentOf(Buffer.from(line.salt, 'base64'), Buffer.from(line.text)),
        origin,
        known,
      );
      if (found.index !== line.index)
        throw new YitongError('log_invalid', `the proof of entry ${line.index} is of another entry`);
      proved++;
    }
  }
  return { proved, erased, unproved };
}
