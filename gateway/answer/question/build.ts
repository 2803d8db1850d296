/**
 * The bytes of one subject's answer. Records are projected straight from Avro into one scratch buffer while the view is
 * read; then the answer is written around them into another. Nothing here waits, so no two requests share them.
 */
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { Out } from '../projection/index.js';
import type { Cut, ReadOutcome, ReadPoint, VersionView, ViewReading } from '../view/port.js';
import type { Cursors } from './cursors.js';
import type { Plan } from './plan.js';
import type { freshness } from './status.js';

export interface Answer {
  /** The whole answer but its receipt: ends with `}`. The digest in the log is over exactly these bytes. */
  readonly body: Buffer;
  /** Begins with `body`; behind it is the space that was asked for. */
  readonly room: Buffer;
  /** Records a dataset of the plan, in its order; 0 where denied. */
  readonly counts: readonly number[];
}

/** ISO texts of recent times; they repeat, since the records of a batch share one. */
export function isoCache(): (ms: number) => string {
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

/** Whether a correction of a record is under way. */
export type Marked = (dataset: string, subject: string, recordId: string) => boolean;
const nothingMarked: Marked = () => false;

/** Writes what is said of one version, but its opening brace: `"record":{…},"provenance":{…}}`. */
export function versionWriter(
  marked: Marked = nothingMarked,
): (out: Out, dataset: Plan['read'][number], subject: string, version: VersionView) => void {
  const iso = isoCache();
  return (out, dataset, subject, version) => {
    out.ascii('"record":');
    dataset.projection(version.schemaId).write(version.bytes, version.start, version.end, out);
    out.ascii(',"provenance":{"version":"');
    out.ascii(String(version.partition));
    out.ascii(':');
    out.ascii(String(version.offset));
    out.ascii('","publishedAt":"');
    out.ascii(iso(version.publishedAt));
    out.ascii('","sourceTime":"');
    out.ascii(iso(version.sourceTime));
    out.ascii('","contractVersion":');
    out.ascii(String(version.contractVersion));
    out.ascii('}');
    if (marked(dataset.contract.id, subject, version.recordId)) out.ascii(',"marks":["correction"]');
    out.ascii('}');
  };
}

export function answerBuilder(
  fresh: ReturnType<typeof freshness>,
  maxRecords: number,
  cursors: Cursors,
  marked?: Marked,
): (
  /** In place, or what was fetched for the subject at that point. */
  view: ViewReading,
  /** The text before `"datasets":[`, from the opening brace on. */
  head: string,
  /** Of the plan's datasets, in its order. */
  pages: readonly Page[],
  plan: Plan,
  subject: SubjectKey,
  at: ReadPoint,
  returnCut: boolean,
  now: number,
  /** Bytes to leave behind the answer; default none. */
  space?: number,
  /** @throws YitongError `bad_cursor` before anything is read */
) => Answer {
  const scratch = new Out(64 * 1024);
  // what stands around records comes on top of the most that they may be
  const whole = new Out(64 * 1024, 128 * 2 ** 20);
  const write = versionWriter(marked);

  return (view, head, pages, plan, subject, at, returnCut, now, space = 0) => {
    // freshness before records: a watermark may be older than what is read, never younger
    const states = plan.read.map(({ contract }) => fresh(contract, now, view, subject));
    const asked = plan.readAt.map((i) => pages[i]);
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
      scratch.ascii(part.count === 0 ? '{' : ',{');
      write(scratch, dataset, subject, version);
      part.end = scratch.pos;
      part.count++;
      part.last = version.recordId;
      return true;
    });
    const cut = returnCut ? cutOf(view, plan, subject) : undefined;

    whole.pos = 0;
    whole.raw(head);
    whole.ascii('"datasets":[');
    let i = 0;
    for (const [n, dataset] of plan.datasets.entries()) {
      if (n > 0) whole.ascii(',');
      const { allowed } = dataset;
      if (allowed === undefined) {
        whole.raw(dataset.denied);
        continue;
      }
      const part = parts[i];
      const state = states[i];
      const outcome = outcomes[i];
      i++;
      if (part === undefined || state === undefined || outcome === undefined)
        throw new YitongError('internal', 'the view left out a dataset');
      whole.bytes(allowed.head);
      whole.ascii(outcome === 'ok' ? state.status : outcome);
      whole.ascii('"');
      whole.bytes(state.bytes);
      whole.ascii(',"records":[');
      if (outcome === 'ok' && part.count > 0) whole.from(scratch, part.start, part.end);
      whole.bytes(allowed.tail);
      if (part.more) whole.raw(`,"cursor":"${cursors.make(allowed.scope, subject, part.last, at, cut)}"`);
      whole.ascii('}');
    }
    whole.ascii(']');
    if (cut !== undefined) whole.raw(`,"cut":${JSON.stringify(cut)}`);
    whole.ascii('}');
    const room = Buffer.allocUnsafe(whole.pos + space);
    const length = whole.buf.copy(room, 0, 0, whole.pos);
    return { body: room.subarray(0, length), room, counts: countsOf(plan, parts, outcomes) };
  };
}

/** Where the view stands; undefined of a subject whose part of it is away. */
function cutOf(view: ViewReading, plan: Plan, subject: SubjectKey): Cut | undefined {
  const cut = view.cut(plan.readIds, subject);
  return Object.keys(cut).length === 0 ? undefined : cut;
}

/**
 * Of each dataset read that gives some records to nobody, the records that it gives now, where it is asked how it was
 * before: a record that has since been deleted, repaired or has expired is not given as it was then either. Undefined
 * where nothing of that kind is asked.
 */
function openNow(
  view: ViewReading,
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
