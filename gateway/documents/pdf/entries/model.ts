/**
 * Entries of the log as one document: what was asked, by whom, each entry in words, the checkpoint, and what proves
 * each. It is drawn in memory, so it holds a number of entries that is said; of more there are the table and the lines.
 */
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { parseCheckpoint } from '../../../log/proof/checkpoint.js';
import { cosignersOf } from '../../../log/proof/cosignature.js';
import { parseNote, type Verifier } from '../../../log/proof/note.js';
import type { Evidence, ExportedEntry } from '../../../log/search/export/evidence.js';
import { toNdjson } from '../../../log/search/export/export.js';
import type { FoundEntry } from '../../../log/search/index.js';
import { readCheckpoint } from '../../../log/store/published.js';
import { readVkey } from '../../../log/store/vkey.js';
import { inOneLine, typeWords, whyDenied } from '../../words/entry.js';
import type { Names } from '../../words/names.js';

/** Entries of one document. */
export const MOST_ENTRIES = 2000;
/** Bytes of what proves them. */
const MOST_BYTES = 48 * 1024 * 1024;

/** Entries between two turns of the event loop. */
const TURN = 50;

export const ENTRIES_PDF = { ending: 'pdf', mediaType: 'application/pdf' } as const;

interface EntryRow {
  readonly index: number;
  readonly time: string;
  readonly system: string;
  readonly department: string;
  readonly purpose: string;
  readonly bases: readonly string[];
  readonly datasets: readonly string[];
  /** Lines. */
  readonly outcome: readonly string[];
}

export interface EntriesModel {
  readonly kind: 'search' | 'review';
  readonly city: Localised;
  readonly synthetic: boolean;
  readonly language: Language;
  /** What was asked or drawn, each with its label. */
  readonly asked: readonly (readonly [Localised, string])[];
  /** The name of whoever had it made. */
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly issuedAt: string;
  readonly rows: readonly EntryRow[];
  readonly counts: { readonly proved: number; readonly newer: number; readonly gone: number };
  /** Undefined where nothing is published. */
  readonly checkpoint:
    | {
        readonly origin: string;
        readonly size: number;
        readonly root: string;
        readonly vkey: string;
        readonly witnesses: readonly {
          readonly name: string;
          /** ISO 8601, UTC. */
          readonly at: string;
        }[];
      }
    | undefined;
  /** Lines as the export of that name has them. */
  readonly attached: string;
  /** SHA-256 of it, hex. */
  readonly digest: string;
}

export interface EntriesGround extends Pick<EntriesModel, 'kind' | 'city' | 'synthetic' | 'language' | 'asked' | 'by'> {
  readonly dataDir: string;
  readonly names: Names;
  /** What was found of an entry in a review. */
  readonly verdict?: (index: number) => string | undefined;
  /** Witnesses that the log names. */
  readonly witnesses: readonly Verifier[];
  readonly now: number;
}

/** @throws YitongError `too_many_entries` before more is kept than one document holds */
export async function entriesModel(
  entries: AsyncIterable<ExportedEntry>,
  ground: EntriesGround,
): Promise<EntriesModel> {
  const { kind, city, synthetic, language, asked, by, now } = ground;
  const rows: EntryRow[] = [];
  const lines: string[] = [];
  const counts = { proved: 0, newer: 0, gone: 0 };
  let note: string | undefined;
  let bytes = 0;
  for await (const entry of entries) {
    const line = toNdjson(entry);
    bytes += Buffer.byteLength(line);
    if (rows.length === MOST_ENTRIES || bytes > MOST_BYTES) throw tooMany();
    note ??= entry.evidence.checkpoint;
    counts[stateOf(entry.evidence)]++;
    rows.push(rowOf(entry.found, ground));
    lines.push(line);
    // others are answered meanwhile
    if (rows.length % TURN === 0) await turn();
  }
  const attached = lines.join('');
  return {
    kind,
    city,
    synthetic,
    language,
    asked,
    by,
    issuedAt: new Date(now).toISOString(),
    rows,
    counts,
    checkpoint: checkpointOf(note, ground),
    attached,
    digest: createHash('sha256').update(attached).digest('hex'),
  };
}

const tooMany = (): YitongError =>
  new YitongError(
    'too_many_entries',
    `one PDF holds ${String(MOST_ENTRIES)} entries at most: narrow the question, by its period for one, or take the ` +
      'workbook or CSV, which have no such limit',
    {
      faults: {
        format: {
          zh: `结果超过 ${String(MOST_ENTRIES)} 条，不能列入一份 PDF：请缩小时间范围等条件后分次导出，或者导出 Excel 表格（不限条数）。`,
          en:
            `More than the ${String(MOST_ENTRIES)} entries that one PDF holds: narrow the question, by its period ` +
            'for one, and take it in parts; or take the workbook, which has no limit.',
        },
      },
    },
  );

const stateOf = ({ path, salt }: Evidence): 'proved' | 'newer' | 'gone' =>
  path === undefined ? 'newer' : salt === undefined ? 'gone' : 'proved';

function checkpointOf(given: string | undefined, { dataDir, witnesses }: EntriesGround): EntriesModel['checkpoint'] {
  const text = given ?? readCheckpoint(dataDir)?.note;
  if (text === undefined) return undefined;
  const note = parseNote(Buffer.from(text));
  const { origin, size, root } = parseCheckpoint(note.text);
  return {
    origin,
    size,
    root: root.toString('base64'),
    vkey: readVkey(dataDir),
    witnesses: cosignersOf(note, witnesses).map(({ name, time }) => ({
      name,
      at: new Date(time * 1000).toISOString(),
    })),
  };
}

function rowOf(found: FoundEntry, { names, language, verdict }: EntriesGround): EntryRow {
  const { index, body, erasedBy, expiredBy } = found;
  const zh = language === 'zh';
  const datasets = body.datasets ?? [];
  const judged = verdict?.(index);
  const summary = inOneLine(found, language);
  const type = body.type === 'released' || body.type === undefined ? '' : typeWords(body.type, language);
  const gone =
    expiredBy !== undefined
      ? [zh ? '内容已到期销毁' : 'body expired']
      : erasedBy !== undefined
        ? [zh ? '主体已抹除' : 'subject erased']
        : [];
  return {
    index,
    time: body.time === undefined ? '–' : localSecond(body.time),
    system: names.client(body.client) ?? '–',
    department: names.authority(body.authority) ?? '',
    purpose: names.purpose(body.purpose, body.report) ?? '–',
    bases: [...new Set(datasets.flatMap(({ grant }) => names.basis(grant)))],
    datasets: datasets.map(({ dataset }) => names.dataset(dataset) ?? '–'),
    outcome: [
      ...(expiredBy === undefined ? [[type, summary].filter((one) => one !== '').join(zh ? '：' : ': ')] : []),
      ...new Set(datasets.flatMap(({ effect, reason }) => (effect === 'deny' ? [whyDenied(reason, language)] : []))),
      ...gone,
      ...(judged === undefined ? [] : [judged]),
    ],
  };
}
