/**
 * A chunk is what one append wrote to one partition, kept as one LMDB value: few large puts instead of many small ones.
 *
 *     0  4 bytes `YC` 0xc3 0x02
 *     4  u32 count of records; 0 of a chunk of which compaction left nothing: it stands for its offsets, so that a
 *     chunk that is missing is missed 8  u32 offset of the last record, relative to the chunk's first; compaction drops
 *     records, not this 12  f64 timestamp of all its records, ms since 1970
 *    20  u32 CRC-32 over its place (topic, partition, first offset) and all of it but these four bytes
 *    24  records: u32 relative offset, u32 key bytes, i32 value bytes (-1: a withdrawal), u16 count of headers,
 *        key, value, then per header u16 name bytes, u32 value bytes, name, value
 *
 * Chunks of format 1 begin with 0x01 and three bytes of zero, and have no checksum: their records begin at 20.
 */
import { recordKey } from '../../../contracts/ids.js';
import { sumOf } from '../../checksum.js';
import type { InRecord, OutRecord } from '../port.js';

const MAGIC = Buffer.from([0x59, 0x43, 0xc3, 0x02]);
const FIRST_FORMAT = Buffer.from([1, 0, 0, 0]);
const SUM_AT = 20;
const HEAD = 24;
const RECORD_HEAD = 14;
/** A chunk is closed once it has this many bytes, so that reading one record does not decode a megabyte. */
const CHUNK_BYTES = 64 * 1024;

export interface Chunk {
  readonly bytes: Buffer;
  readonly count: number;
}

/** Encodes records of one partition, in order; offsets are relative, the timestamp is stamped on appending. */
export function encodeChunks(records: readonly OutRecord[]): Chunk[] {
  const chunks: Chunk[] = [];
  let from = 0;
  while (from < records.length) {
    let size = HEAD;
    let to = from;
    while (to < records.length && (to === from || size < CHUNK_BYTES)) size += sizeOf(records[to++] as OutRecord);
    chunks.push({ bytes: encode(records, from, to, size), count: to - from });
    from = to;
  }
  return chunks;
}

function sizeOf(record: OutRecord): number {
  let size =
    RECORD_HEAD +
    Buffer.byteLength(record.subject) +
    1 +
    Buffer.byteLength(record.recordId) +
    (record.value?.length ?? 0);
  for (const name in record.headers)
    size += 6 + Buffer.byteLength(name) + Buffer.byteLength(record.headers[name] ?? '');
  return size;
}

function encode(records: readonly OutRecord[], from: number, to: number, size: number): Buffer {
  const out = Buffer.allocUnsafe(size);
  MAGIC.copy(out);
  out.writeUInt32LE(to - from, 4);
  out.writeUInt32LE(to - from - 1, 8);
  let pos = HEAD;
  for (let i = from; i < to; i++) {
    const record = records[i] as OutRecord;
    const start = pos;
    out.writeUInt32LE(i - from, pos);
    pos += RECORD_HEAD;
    const keyBytes = out.write(recordKey(record.subject, record.recordId), pos, 'utf8');
    pos += keyBytes;
    out.writeUInt32LE(keyBytes, start + 4);
    out.writeInt32LE(record.value === null ? -1 : record.value.length, start + 8);
    if (record.value !== null) {
      record.value.copy(out, pos);
      pos += record.value.length;
    }
    let headers = 0;
    for (const name in record.headers) {
      const nameBytes = out.write(name, pos + 6, 'utf8');
      const valueBytes = out.write(record.headers[name] ?? '', pos + 6 + nameBytes, 'utf8');
      out.writeUInt16LE(nameBytes, pos);
      out.writeUInt32LE(valueBytes, pos + 2);
      pos += 6 + nameBytes + valueBytes;
      headers++;
    }
    out.writeUInt16LE(headers, start + 12);
  }
  return out;
}

const begins = (chunk: Buffer, magic: Buffer): boolean =>
  chunk.length >= SUM_AT && chunk.compare(magic, 0, 4, 0, 4) === 0;
const recordsAt = (chunk: Buffer): number => (chunk[0] === FIRST_FORMAT[0] ? SUM_AT : HEAD);
const sum = (place: Buffer, chunk: Buffer): number => sumOf(place, chunk.subarray(0, SUM_AT), chunk.subarray(HEAD));

/** The last thing done to a chunk before it is stored at `place`. */
export const seal = (place: Buffer, chunk: Buffer): void => void chunk.writeUInt32LE(sum(place, chunk), SUM_AT);

/**
 * Whether the chunk that stands at `place` is the one that was stored there. Of one of format 1 only its form can be
 * looked at.
 */
export function holds(place: Buffer, chunk: Buffer): boolean {
  if (begins(chunk, MAGIC)) return chunk.length >= HEAD && chunk.readUInt32LE(SUM_AT) === sum(place, chunk);
  if (!begins(chunk, FIRST_FORMAT)) return false;
  try {
    const slots = slotsOf(chunk);
    return (
      slots.every(({ relative }, i) => relative <= lastOf(chunk) && relative > (slots[i - 1]?.relative ?? -1)) &&
      (slots.at(-1)?.to ?? SUM_AT) === chunk.length
    );
  } catch {
    return false;
  }
}

export const stamp = (chunk: Buffer, timestamp: number): void => void chunk.writeDoubleLE(timestamp, 12);
export const timestampOf = (chunk: Buffer): number => chunk.readDoubleLE(12);
/** The last offset that the chunk covers, relative to its first. */
export const lastOf = (chunk: Buffer): number => chunk.readUInt32LE(8);

/** Whether these bytes are that text, which is ASCII then. */
function isText(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[from + i] ?? 0;
    if (byte > 127 || byte !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** The records of a chunk; their values share its memory. */
export function decodeChunk(topic: string, partition: number, first: number, chunk: Buffer): InRecord[] {
  const records: InRecord[] = [];
  const timestamp = timestampOf(chunk);
  const count = chunk.readUInt32LE(4);
  // most records have the headers of the one before
  const names: string[] = [];
  let pos = recordsAt(chunk);
  for (let i = 0; i < count; i++) {
    const offset = first + chunk.readUInt32LE(pos);
    const keyBytes = chunk.readUInt32LE(pos + 4);
    const valueBytes = chunk.readInt32LE(pos + 8);
    const headerCount = chunk.readUInt16LE(pos + 12);
    pos += RECORD_HEAD;
    const key = chunk.toString('utf8', pos, pos + keyBytes);
    pos += keyBytes;
    const value = valueBytes < 0 ? null : chunk.subarray(pos, pos + valueBytes);
    if (valueBytes > 0) pos += valueBytes;
    const headers: Record<string, string> = {};
    for (let h = 0; h < headerCount; h++) {
      const nameEnd = pos + 6 + chunk.readUInt16LE(pos);
      const valueEnd = nameEnd + chunk.readUInt32LE(pos + 2);
      let name = names[h];
      if (name === undefined || !isText(chunk, pos + 6, nameEnd, name))
        names[h] = name = chunk.toString('utf8', pos + 6, nameEnd);
      headers[name] = chunk.toString('utf8', nameEnd, valueEnd);
      pos = valueEnd;
    }
    records.push({ topic, partition, offset, timestamp, key, value, headers });
  }
  return records;
}

/** What compaction needs of a record: where it stands, its key, and whether it is a withdrawal. */
interface Slot {
  readonly relative: number;
  readonly key: string;
  readonly withdrawal: boolean;
  readonly from: number;
  readonly to: number;
}

export function slotsOf(chunk: Buffer): Slot[] {
  const slots: Slot[] = [];
  const count = chunk.readUInt32LE(4);
  let pos = recordsAt(chunk);
  for (let i = 0; i < count; i++) {
    const from = pos;
    const keyBytes = chunk.readUInt32LE(pos + 4);
    const valueBytes = chunk.readInt32LE(pos + 8);
    const headerCount = chunk.readUInt16LE(pos + 12);
    const key = chunk.toString('utf8', pos + RECORD_HEAD, pos + RECORD_HEAD + keyBytes);
    pos += RECORD_HEAD + keyBytes + Math.max(0, valueBytes);
    for (let h = 0; h < headerCount; h++) pos += 6 + chunk.readUInt16LE(pos) + chunk.readUInt32LE(pos + 2);
    slots.push({ relative: chunk.readUInt32LE(from), key, withdrawal: valueBytes < 0, from, to: pos });
  }
  return slots;
}

/** The same chunk with only these slots, which may be none; it still covers the same offsets. */
export function keepSlots(chunk: Buffer, slots: readonly Slot[]): Buffer {
  const head = Buffer.alloc(HEAD);
  chunk.copy(head, 0, 0, SUM_AT);
  MAGIC.copy(head);
  head.writeUInt32LE(slots.length, 4);
  return Buffer.concat([head, ...slots.map((slot) => chunk.subarray(slot.from, slot.to))]);
}

export const isEmpty = (chunk: Buffer): boolean => chunk.readUInt32LE(4) === 0;
/** An empty chunk that covers the offsets up to `last`, relative to its first. */
export function coverUpTo(chunk: Buffer, last: number): Buffer {
  const out = keepSlots(chunk, []);
  out.writeUInt32LE(last, 8);
  return out;
}
