/**
 * What of changed records a client may see, as lines. It is judged as a query is: rows and fields by the plan, and what
 * is given to nobody by the same rule; the view says which records count. A version that was withdrawn meanwhile is not
 * handed over any more, its withdrawal is.
 */
import { HEADER, type InRecord } from '../../../connectors/bus/port.js';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { type DatasetId, recordSubject, type SubjectKey } from '../../../contracts/ids.js';
import type { Contract } from '../../../contracts/types.js';
import { FRAME_BYTES, readFrame } from '../../../contracts/wire.js';
import { Out } from '../projection/index.js';
import { isoCache } from '../question/build.js';
import type { Plan } from '../question/plan.js';
import type { VersionView, ViewReader, ViewReading } from '../view/port.js';
import type { Stretch } from './feed.js';

export interface ChangeLine {
  readonly dataset: DatasetId;
  readonly subject: SubjectKey;
  readonly recordId: string;
  readonly partition: number;
  readonly offset: number;
  /** Behind its opening brace, without its closing one. */
  readonly members: string;
}

/** How a subscription names things. */
export interface Naming {
  /** Whether of this dataset only is told that something changed. */
  readonly signals: (dataset: string) => boolean;
  /** A name that only this subscription has for it. */
  readonly pseudonym: (kind: 'subject' | 'record' | 'change', text: string) => string;
}

interface LinesParts {
  readonly plan: Plan;
  readonly view: ViewReader;
  readonly schemasById: ReadonlyMap<number, { readonly contract: Contract; readonly version: { version: number } }>;
  /** Undefined: all. */
  readonly subjects: ReadonlySet<string> | undefined;
  readonly naming: Naming;
  /** Whether a record was told of before, where that decides whether its end may be told. */
  readonly told: (records: readonly ChangedRecord[]) => Promise<ReadonlySet<string>>;
}

export interface ChangedRecord {
  readonly dataset: DatasetId;
  readonly subject: SubjectKey;
  readonly recordId: string;
}

type Read = Plan['read'][number];
type Current = { readonly offset: number; readonly closed: boolean };

interface Candidate extends ChangedRecord {
  readonly at: number;
  readonly read: Read;
  readonly record: InRecord;
}

const NOW = { kind: 'now' } as const;
const iso = isoCache();
const scratch = new Out(64 * 1024);

/** By which one record is known in maps. */
export const recordName = ({ dataset, subject, recordId }: ChangedRecord): string =>
  `${dataset}\n${subject}|${recordId}`;

/** Whether nobody may conclude from the end of a record that it ever was. */
const isLimited = (read: Read, rows: string): boolean => read.closed !== undefined || rows === 'area';

/** @throws YitongError `view_unavailable` where the view cannot say what counts */
export async function changeLines(stretch: Stretch, parts: LinesParts): Promise<readonly ChangeLine[]> {
  const { plan, view, subjects } = parts;
  const readAt = new Map(plan.readIds.map((id, at) => [id, at]));
  const candidates = stretch.records.flatMap(({ dataset, record }): Candidate[] => {
    const at = readAt.get(dataset);
    const read = at === undefined ? undefined : plan.read[at];
    const subject = recordSubject(record.key) as SubjectKey;
    if (at === undefined || read === undefined || (subjects !== undefined && !subjects.has(subject))) return [];
    if (!record.key.includes('|')) return [];
    return [{ at, read, record, dataset, subject, recordId: record.key.slice(subject.length + 1) }];
  });
  if (candidates.length === 0) return [];
  const asked = [...new Set(candidates.map(({ subject }) => subject))];
  const reading = view.fetch === undefined ? view : await view.fetch(asked, plan.readIds, NOW);
  const current = currentOf(reading, plan, asked);
  const told = await parts.told(candidates.filter(({ read, dataset }) => isLimited(read, rowsOf(plan, dataset))));
  const seen = new Set<string>();
  const lines: ChangeLine[] = [];
  for (const candidate of candidates) {
    const name = recordName(candidate);
    const members = membersOf(candidate, current.get(name), parts, told.has(name) || seen.has(name));
    if (members === undefined) continue;
    seen.add(name);
    const { dataset, subject, recordId, record } = candidate;
    lines.push({ dataset, subject, recordId, partition: record.partition, offset: record.offset, members });
  }
  return lines;
}

/** The kind of rows that are granted of it. */
const rowsOf = (plan: Plan, dataset: string): string =>
  plan.datasets.find(({ id }) => id === dataset)?.decision.rows.kind ?? 'area';

/** Where each record of these subjects stands now. */
function currentOf(reading: ViewReading, plan: Plan, subjects: readonly SubjectKey[]): ReadonlyMap<string, Current> {
  const current = new Map<string, Current>();
  for (const subject of subjects) {
    const outcomes = reading.read(subject, plan.readIds, NOW, (i, version) => {
      const dataset = plan.readIds[i];
      const read = plan.read[i];
      if (dataset === undefined || read === undefined) return false;
      const { recordId, offset } = version;
      const closed = read.closed?.(subject, version) !== undefined;
      current.set(recordName({ dataset, subject, recordId }), { offset, closed });
      return true;
    });
    if (outcomes.some((outcome) => outcome !== 'ok'))
      throw new YitongError('view_unavailable', 'a part of the view is away or behind: what changed is told later');
  }
  return current;
}

/** Undefined where it is not told. @param told it was told of before */
function membersOf(
  candidate: Candidate,
  current: Current | undefined,
  parts: LinesParts,
  told: boolean,
): string | undefined {
  const { record, read, dataset, subject } = candidate;
  const { offset } = record;
  // what the view passed over: a repetition, or what cannot be read
  if (current !== undefined && current.offset < offset) return undefined;
  const mayTellEnd = told || (!isLimited(read, rowsOf(parts.plan, dataset)) && isListed(parts.plan, dataset, subject));
  if (record.value === null) return mayTellEnd ? withoutRecord(candidate, 'removed', parts) : undefined;
  if (current === undefined) return undefined;
  const version = versionOf(candidate, record.value, parts);
  if (version === undefined) return undefined;
  if (current.closed || !read.rows(subject, version))
    return told ? withoutRecord(candidate, 'removed', parts) : undefined;
  if (parts.naming.signals(dataset)) return withoutRecord(candidate, 'changed', parts);
  return withRecord(candidate, version, parts);
}

function isListed(plan: Plan, dataset: string, subject: string): boolean {
  const rows = plan.datasets.find(({ id }) => id === dataset)?.decision.rows;
  return rows?.kind === 'all' || (rows?.kind === 'subjects' && rows.subjects.includes(subject));
}

function versionOf(
  { record, recordId, read }: Candidate,
  bytes: Buffer,
  { schemasById }: LinesParts,
): VersionView | undefined {
  let schemaId: number;
  try {
    schemaId = readFrame(bytes);
  } catch {
    return undefined;
  }
  const schema = schemasById.get(schemaId);
  if (schema === undefined || schema.contract.id !== read.contract.id) return undefined;
  const { partition, offset, timestamp: publishedAt, headers } = record;
  return {
    recordId,
    schemaId,
    contractVersion: schema.version.version,
    partition,
    offset,
    publishedAt,
    sourceTime: Date.parse(headers[HEADER.sourceTime] ?? '') || publishedAt,
    position: headers[HEADER.position] ?? '',
    bytes,
    start: FRAME_BYTES,
    end: bytes.length,
  };
}

/** What every line begins with. */
function headOf({ dataset, subject, record }: Candidate, kind: 'changed' | 'removed', { naming }: LinesParts): string {
  const text = JSON.stringify;
  const id = naming.pseudonym('change', `${dataset}:${String(record.partition)}:${String(record.offset)}`);
  const whom = naming.signals(dataset) ? naming.pseudonym('subject', subject) : subject;
  // a signal does not tell what became of a record
  const what = naming.signals(dataset) ? 'changed' : kind;
  return `"id":${text(id)},"dataset":${text(dataset)},"subject":${text(whom)},"kind":"${what}"`;
}

/** The end of a record, or a signal. */
function withoutRecord(candidate: Candidate, kind: 'changed' | 'removed', parts: LinesParts): string {
  const { naming } = parts;
  const { dataset, subject, recordId, record } = candidate;
  const key = naming.signals(dataset)
    ? ''
    : `,"key":${JSON.stringify(naming.pseudonym('record', recordName({ dataset, subject, recordId })))}`;
  return `${headOf(candidate, kind, parts)}${key},"publishedAt":"${iso(record.timestamp)}"`;
}

function withRecord(candidate: Candidate, version: VersionView, parts: LinesParts): string | undefined {
  const { dataset, subject, recordId, read } = candidate;
  scratch.pos = 0;
  try {
    read.projection(version.schemaId).write(version.bytes, version.start, version.end, scratch);
  } catch (error) {
    // the view set it aside as well
    if (isYitongError(error) && error.code === 'wire_format') return undefined;
    throw error;
  }
  const key = parts.naming.pseudonym('record', recordName({ dataset, subject, recordId }));
  return (
    `${headOf(candidate, 'changed', parts)},"key":${JSON.stringify(key)},` +
    `"record":${scratch.written().toString('utf8')},` +
    `"provenance":{"version":"${String(version.partition)}:${String(version.offset)}",` +
    `"publishedAt":"${iso(version.publishedAt)}","sourceTime":"${iso(version.sourceTime)}",` +
    `"contractVersion":${String(version.contractVersion)}}`
  );
}
