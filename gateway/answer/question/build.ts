/**
 * The bytes of one subject's answer. Records are projected straight from Avro into one scratch buffer while the view is
 * read; then the answer is put together around them. Nothing here waits, so the scratch is never shared by two
 * requests.
 */
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { Out } from '../projection/index.js';
import type { Cut, ReadOutcome, ReadPoint, ViewReader } from '../view/port.js';
import type { Cursors } from './cursors.js';
import type { Plan } from './plan.js';
import type { freshness } from './status.js';

export interface Answer {
  /** The whole answer but its receipt: ends with `}`. The digest in the log is over exactly these bytes. */
  readonly body: Buffer;
  /** Records a dataset of the plan, in its order; 0 where denied. */
  readonly counts: readonly number[];
}

/** ISO texts of recent times; publishing times repeat, since a batch shares one. */
function isoCache(): (ms: number) => string {
  let texts = new Map<number, string>();
  return (ms) => {
    let text = texts.get(ms);
    if (text === undefined) {
      if (texts.size > 5000) texts = new Map();
      text = new Date(ms).toISOString();
      texts.set(ms, text);
    }
    return text;
  };
}

interface Part {
  start: number;
  end: number;
  count: number;
  seen: number;
  last: string;
  more: boolean;
}

/** How a request asks for one dataset's records. */
interface Page {
  readonly limit?: number;
  readonly cursor?: string;
}

export function answerBuilder(
  view: ViewReader,
  fresh: ReturnType<typeof freshness>,
  maxRecords: number,
  cursors: Cursors,
): (
  /** The text before `"datasets":[`, from the opening brace on. */
  head: string,
  /** Of the plan's datasets, in its order. */
  pages: readonly Page[],
  plan: Plan,
  subject: SubjectKey,
  at: ReadPoint,
  returnCut: boolean,
  now: number,
  /** @throws YitongError `bad_cursor` before anything is read */
) => Answer {
  const scratch = new Out(64 * 1024);
  const iso = isoCache();

  return (head, pages, plan, subject, at, returnCut, now) => {
    // freshness before records: a watermark may be older than what is read, never younger
    const states = plan.read.map(({ contract }) => fresh(contract, now));
    const asked = plan.datasets.flatMap((dataset, i) => (dataset.allowed === undefined ? [] : [pages[i]]));
    const parts: Part[] = asked.map(() => ({ start: 0, end: 0, count: 0, seen: 0, last: '', more: false }));
    const after = plan.read.map(({ scope }, i) => {
      const cursor = asked[i]?.cursor;
      return cursor === undefined ? undefined : cursors.recordId(scope, subject, cursor, at);
    });
    const open = openNow(view, plan, subject, at);
    scratch.pos = 0;
    const outcomes: readonly ReadOutcome[] = view.read(subject, plan.readIds, at, (i, version) => {
      const part = parts[i];
      const dataset = plan.read[i];
      if (part === undefined || dataset === undefined)
        throw new YitongError('internal', 'the view answered for a dataset that was not asked');
      const from = after[i];
      if (from !== undefined && version.recordId <= from) return true;
      if (!dataset.rows(subject, version) || open?.[i]?.has(version.recordId) === false) return true;
      if (part.count >= (asked[i]?.limit ?? maxRecords)) {
        part.more = true;
        return false;
      }
      if (part.count === 0) part.start = scratch.pos;
      scratch.raw(part.count === 0 ? '{"record":' : ',{"record":');
      dataset.projection(version.schemaId).write(version.bytes, version.start, version.end, scratch);
      scratch.raw(
        `,"provenance":{"version":"${version.partition}:${version.offset}",` +
          `"publishedAt":"${iso(version.publishedAt)}","sourceTime":"${iso(version.sourceTime)}",` +
          `"contractVersion":${version.contractVersion}}}`,
      );
      part.end = scratch.pos;
      part.count++;
      part.last = version.recordId;
      return true;
    });
    const cut: Cut | undefined = returnCut ? view.cut(plan.readIds) : undefined;

    // text is gathered up to the next records: each piece costs a call into the buffer
    const pieces: (string | Part)[] = [];
    let text = `${head}"datasets":[`;
    let i = 0;
    for (const [n, dataset] of plan.datasets.entries()) {
      const comma = n === 0 ? '' : ',';
      const { allowed } = dataset;
      if (allowed === undefined) {
        text += comma + dataset.denied;
        continue;
      }
      const part = parts[i];
      const state = states[i];
      const outcome = outcomes[i];
      i++;
      if (part === undefined || state === undefined || outcome === undefined)
        throw new YitongError('internal', 'the view left out a dataset');
      text += `${comma}${allowed.head}${outcome === 'ok' ? state.status : outcome}"${state.json},"records":[`;
      if (outcome === 'ok' && part.count > 0) {
        pieces.push(text, part);
        text = '';
      }
      text += allowed.tail;
      if (part.more) text += `,"cursor":"${cursors.make(allowed.scope, subject, part.last, at, cut)}"`;
      text += '}';
    }
    pieces.push(`${text}]${cut === undefined ? '' : `,"cut":${JSON.stringify(cut)}`}}`);
    return { body: assemble(pieces, scratch), counts: countsOf(plan, parts, outcomes) };
  };
}

/**
 * Of each dataset read that gives some records to nobody, the records that it gives now, where it is asked how it was
 * before: a record that has since been deleted, repaired or has expired is not given as it was then either. Undefined
 * where nothing of that kind is asked.
 */
function openNow(
  view: ViewReader,
  plan: Plan,
  subject: SubjectKey,
  at: ReadPoint,
): readonly (ReadonlySet<string> | undefined)[] | undefined {
  if (at.kind === 'now' || plan.read.every(({ closed }) => closed === undefined)) return undefined;
  const open = plan.read.map(({ closed }) => (closed === undefined ? undefined : new Set<string>()));
  view.read(subject, plan.readIds, { kind: 'now' }, (i, version) => {
    const dataset = plan.read[i];
    if (dataset?.closed !== undefined && dataset.closed(subject, version) === undefined) open[i]?.add(version.recordId);
    return true;
  });
  return open;
}

function countsOf(plan: Plan, parts: readonly Part[], outcomes: readonly ReadOutcome[]): number[] {
  let i = -1;
  return plan.datasets.map(({ allowed }) => {
    if (allowed === undefined) return 0;
    i++;
    return outcomes[i] === 'ok' ? (parts[i]?.count ?? 0) : 0;
  });
}

function assemble(pieces: readonly (string | Part)[], scratch: Out): Buffer {
  let size = 0;
  for (const piece of pieces) size += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.end - piece.start;
  const body = Buffer.allocUnsafe(size);
  let at = 0;
  for (const piece of pieces) {
    at += typeof piece === 'string' ? body.write(piece, at) : scratch.buf.copy(body, at, piece.start, piece.end);
  }
  return body;
}
