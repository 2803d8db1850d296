/**
 * Records of one partition as they are to be applied: read, looked at and encoded once, before there is a transaction,
 * in one piece of memory. A view that is far behind gathers many of them: as objects each would outlive the collections
 * of a young heap, and finding that out cost more than applying them.
 */
import { HEADER, type InRecord, type TopicName } from '../../../../connectors/bus/port.js';
import { YitongError } from '../../../../contracts/errors.js';
import { FRAME_BYTES } from '../../../../contracts/wire.js';
import type { CheckBody } from '../body-check.js';
import type { PoisonReason, PreparedBatch, ViewWorkspace } from '../port.js';
import { MAX_RECORD_ID, MAX_SUBJECT } from './keys.js';
import { type NewVersion, RecordView, versionBytes, writeVersion } from './record.js';
import { type FollowedContract, type Sources, sourceOf } from './state.js';

/** Characters; its length in bytes has to fit in 16 bits. */
const MAX_POSITION = 1024;

/**
 * Where the subject stands in a record of `PreparedBatch.bytes`, each of which is
 *
 *     0 u16 length of the subject;  2 the subject, UTF-8;  then the version (`record.ts`)
 */
const SUBJECT_AT = 2;
const NO_BYTES = Buffer.alloc(0);
const FIRST_SCRATCH = 2 ** 20;
let scratch = Buffer.allocUnsafe(0);

function room(used: number, more: number): Buffer {
  if (used + more <= scratch.length) return scratch;
  const larger = Buffer.allocUnsafe(Math.max(FIRST_SCRATCH, (used + more) * 2));
  scratch.copy(larger, 0, 0, used);
  return (scratch = larger);
}

/**
 * Reads a batch and looks at it, outside of any transaction.
 * @throws YitongError `topic_mismatch` where it is not of one partition, in order, or of none of these topics
 */
export function prepareBatch(
  batch: readonly InRecord[],
  {
    sources,
    workspace,
    check,
  }: { readonly sources: Sources; readonly workspace: ViewWorkspace; readonly check: CheckBody },
): PreparedBatch {
  const [first] = batch;
  const last = batch.at(-1);
  if (first === undefined || last === undefined)
    return { topic: '', partition: 0, count: 0, last: { offset: -1, timestamp: 0 }, bytes: NO_BYTES, aside: [] };
  const { topic, partition } = first;
  const source = sourceOf(sources, topic);
  let expected = first.offset;
  for (const record of batch) {
    if (record.topic !== topic || record.partition !== partition || record.offset < expected) {
      throw new YitongError('topic_mismatch', `a batch of topic \`${topic}\` must hold one partition, in order`);
    }
    expected = record.offset + 1;
  }
  return {
    topic,
    partition,
    count: batch.length,
    last: { offset: last.offset, timestamp: last.timestamp },
    ...(source.kind === 'control'
      ? { bytes: NO_BYTES, aside: [], control: batch }
      : prepareData(batch, source.contract, workspace, check)),
  };
}

/** @param batch of one partition of that contract's topic */
function prepareData(
  batch: readonly InRecord[],
  contract: FollowedContract,
  workspace: ViewWorkspace,
  check: CheckBody,
): Pick<PreparedBatch, 'bytes' | 'aside'> {
  const aside: { record: InRecord; reason: PoisonReason }[] = [];
  let used = 0;
  for (const record of batch) {
    const read = readRecord(record, contract, workspace, check);
    if (typeof read === 'string') {
      aside.push({ record, reason: read });
      continue;
    }
    // a character has three bytes at most
    const out = room(used, SUBJECT_AT + read.subject.length * 3 + versionBytes(read));
    const length = out.write(read.subject, used + SUBJECT_AT);
    out.writeUInt16LE(length, used);
    used += SUBJECT_AT + length;
    used += writeVersion(out, used, read);
  }
  return { bytes: Buffer.from(scratch.subarray(0, used)), aside };
}

/**
 * @param visit called with each record in order; one object is moved from record to record
 * @param bytes as `PreparedBatch` has them
 */
export function visitPrepared(bytes: Buffer, visit: (subject: string, version: RecordView) => void): void {
  const view = new RecordView();
  for (let at = 0; at < bytes.length; ) {
    const versionAt = at + SUBJECT_AT + bytes.readUInt16LE(at);
    visit(bytes.toString('utf8', at + SUBJECT_AT, versionAt), view.at(bytes, versionAt));
    at = view.end;
  }
}

/** Whether a text has so many bytes at most; a character has three at most. */
const isWithin = (text: string, bytes: number): boolean => text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes;

/** `<scheme>:<subject>|<recordId>`; the record id may be empty. */
function parseKey(
  key: string,
  contract: FollowedContract,
): { readonly subject: string; readonly recordId: string } | undefined {
  const bar = key.indexOf('|');
  const scheme = contract.subject.scheme;
  if (bar <= scheme.length + 1 || !key.startsWith(scheme) || key.charCodeAt(scheme.length) !== 58 || key.includes('\0'))
    return undefined;
  const subject = key.slice(0, bar);
  const recordId = key.slice(bar + 1);
  return isWithin(subject, MAX_SUBJECT) && isWithin(recordId, MAX_RECORD_ID) ? { subject, recordId } : undefined;
}

interface NewRecord extends NewVersion {
  readonly subject: string;
}

function readRecord(
  record: InRecord,
  contract: FollowedContract,
  workspace: ViewWorkspace,
  check: CheckBody,
): NewRecord | PoisonReason {
  const key = parseKey(record.key, contract);
  if (key === undefined) return 'key';
  const { value, headers } = record;
  const sourceTime = parseTime(headers[HEADER.sourceTime] ?? '');
  const position = headers[HEADER.position] ?? '';
  if (Number.isNaN(sourceTime) || position.length > MAX_POSITION) return 'headers';
  const sequence = parseSequence(headers[HEADER.sequence]);
  if (sequence === undefined) return 'headers';
  let [schemaId, contractVersion] = [0, 0];
  if (value !== null) {
    if (value.length < FRAME_BYTES || value[0] !== 0) return 'frame';
    schemaId = value.readUInt32BE(1);
    const schema = workspace.schemasById.get(schemaId);
    if (schema === undefined || schema.contract.id !== contract.id) return 'schema';
    if (!check(schemaId, value, FRAME_BYTES)) return 'body';
    contractVersion = schema.version.version;
  }
  // written out, of one shape: a copy by `...` costs more than all that is looked at above
  return {
    subject: key.subject,
    recordId: key.recordId,
    schemaId,
    contractVersion,
    partition: record.partition,
    offset: record.offset,
    publishedAt: record.timestamp,
    sourceTime,
    position,
    epoch: sequence.epoch,
    sequence: sequence.sequence,
    withdrawn: value === null,
    value: value ?? Buffer.from(headers[HEADER.reason] ?? ''),
    start: value === null ? 0 : FRAME_BYTES,
  };
}

const NO_SEQUENCE = { epoch: 0, sequence: 0 };
/** `<epoch, at most 13 hexadecimal digits>.<number>`; undefined where it is there and is no sequence. */
const SEQUENCE = /^([0-9a-f]{1,13})\.([1-9]\d{0,14})$/;

function parseSequence(text: string | undefined): { readonly epoch: number; readonly sequence: number } | undefined {
  if (text === undefined) return NO_SEQUENCE;
  const found = SEQUENCE.exec(text);
  const epoch = Number.parseInt(found?.[1] ?? '', 16);
  // 13 digits may be beyond 2^53
  return found === null || epoch === 0 || !Number.isSafeInteger(epoch)
    ? undefined
    : { epoch, sequence: Number(found[2]) };
}

let lastText = '';
let lastTime = NaN;
/** A run gives all its records one time, most often. */
function parseTime(text: string): number {
  if (text !== lastText) {
    lastText = text;
    lastTime = Date.parse(text);
  }
  return lastTime;
}

/** The record that a version was prepared from, with the headers that the view goes by. */
export function rawOf(topic: TopicName, subject: string, version: RecordView): InRecord {
  const { partition, offset, publishedAt, sourceTime, position, epoch, sequence, withdrawn, bytes, start, end } =
    version;
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt32BE(version.schemaId, 1);
  return {
    topic,
    partition,
    offset,
    timestamp: publishedAt,
    key: `${subject}|${version.recordId}`,
    value: withdrawn ? null : Buffer.concat([frame, bytes.subarray(start, end)]),
    headers: {
      [HEADER.sourceTime]: new Date(sourceTime).toISOString(),
      [HEADER.position]: position,
      ...(epoch === 0 ? {} : { [HEADER.sequence]: `${epoch.toString(16)}.${String(sequence)}` }),
      ...(withdrawn
        ? { [HEADER.reason]: bytes.toString('utf8', start, end) }
        : { [HEADER.contractVersion]: String(version.contractVersion) }),
    },
  };
}
