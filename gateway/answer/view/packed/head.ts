/**
 * The packed value of one subject: a directory of its datasets, then their current records one behind the other, each
 * dataset's in record-id order. One get answers a query over many datasets. A dataset that outgrows it is spilled: its
 * entry stays, with the count, and its records stand in the `records` map. Little endian:
 *
 *     0 u32 number of datasets;  then 16 bytes a dataset, ascending:
 *       0 u16 dataset number, 2 u16 1 if spilled, 4 u32 records, 8 u32 start, 12 u32 bytes
 */
import { compareId, lengthAt, type RecordView } from './record.js';

/** Up to here a value is copied by lmdb into a buffer that is there already, and costs a subject's update few pages. */
export const PACKED_LIMIT = 16_000;
const ENTRY = 16;
const DIRECTORY = 4;
/** A subject without records. */
export const EMPTY_HEAD = Buffer.alloc(DIRECTORY);

export const isEmpty = (head: Buffer): boolean => head.readUInt32LE(0) === 0;
const directoryEnd = (head: Buffer): number => DIRECTORY + head.readUInt32LE(0) * ENTRY;
export const isSpilled = (head: Buffer, entry: number): boolean => head.readUInt16LE(entry + 2) === 1;
const countOf = (head: Buffer, entry: number): number => head.readUInt32LE(entry + 4);
export const startOf = (head: Buffer, entry: number): number => head.readUInt32LE(entry + 8);
export const bytesOf = (head: Buffer, entry: number): number => head.readUInt32LE(entry + 12);

/** Whether any dataset of it stands record by record. */
export function hasSpilled(head: Buffer): boolean {
  for (let entry = DIRECTORY; entry < directoryEnd(head); entry += ENTRY) if (isSpilled(head, entry)) return true;
  return false;
}

/** Of each dataset its number and how many current records it has. */
export function* countsOf(head: Buffer): Generator<readonly [dataset: number, records: number]> {
  for (let entry = DIRECTORY; entry < directoryEnd(head); entry += ENTRY)
    yield [head.readUInt16LE(entry), countOf(head, entry)];
}

/** Where in the directory a dataset stands, or where it would. */
function place(head: Buffer, dataset: number): number {
  const end = directoryEnd(head);
  let entry = DIRECTORY;
  while (entry < end && head.readUInt16LE(entry) < dataset) entry += ENTRY;
  return entry;
}

/** The offset of a dataset's entry in `head`, or -1. */
export function entryOf(head: Buffer, dataset: number): number {
  const entry = place(head, dataset);
  return entry < directoryEnd(head) && head.readUInt16LE(entry) === dataset ? entry : -1;
}

/**
 * Where a record of that id begins in a dataset that is not spilled; if there is none, the complement (`~`) of where it
 * would.
 * @param length of the head
 */
export function locate(head: Buffer, length: number, dataset: number, record: RecordView): number {
  const entry = place(head, dataset);
  let at = entry < directoryEnd(head) ? startOf(head, entry) : length;
  const end = entryOf(head, dataset) < 0 ? at : at + bytesOf(head, entry);
  while (at < end) {
    const order = compareId(head, at, record.bytes, record.idFrom, record.idTo);
    if (order >= 0) return order === 0 ? at : ~at;
    at += lengthAt(head, at);
  }
  return ~at;
}

/** A change of what one dataset has in a head. */
interface Edit {
  readonly dataset: number;
  /** Inside the dataset's own part, as `locate` gives it. */
  readonly at: number;
  /** Bytes there that give way. */
  readonly removed: number;
  /** What comes in their place: the record that this is a window on. */
  readonly record: RecordView | undefined;
  /** What the dataset counts more. */
  readonly delta: number;
}

/** What a record and an entry in the directory can need. */
export const roomFor = (record: RecordView | undefined): number =>
  ENTRY + (record === undefined ? 0 : record.end - record.from);

/**
 * Changes a head in place. A dataset that comes to none leaves the directory, one that was not there enters it.
 * @param out the head, with `roomFor` the record behind it
 * @param length of the head @returns its length now
 */
export function editIn(out: Buffer, length: number, { dataset, at, removed, record, delta }: Edit): number {
  const entry = place(out, dataset);
  const end = directoryEnd(out);
  const known = entryOf(out, dataset) >= 0;
  const count = (known ? countOf(out, entry) : 0) + delta;
  const start = known ? startOf(out, entry) : at;
  const bytes = known ? bytesOf(out, entry) : 0;
  const spilled = known && isSpilled(out, entry);
  const recordBytes = record === undefined ? 0 : record.end - record.from;
  const grown = recordBytes - removed;
  // what the directory itself grows by
  const slot = count === 0 ? (known ? -ENTRY : 0) : known ? 0 : ENTRY;
  const tail = (): unknown => out.copyWithin(at + slot + recordBytes, at + removed, length);
  // what moves up goes from the back to the front, so that nothing is written over before it has moved
  if (slot + grown > 0) tail();
  if (slot > 0) {
    out.copyWithin(end + slot, end, at);
    out.copyWithin(entry + slot, entry, end);
  } else if (slot < 0) {
    out.copyWithin(entry, entry - slot, end);
    out.copyWithin(end + slot, end, at);
  }
  if (slot + grown <= 0) tail();
  if (record !== undefined) record.bytes.copy(out, at + slot, record.from, record.end);
  out.writeUInt32LE(out.readUInt32LE(0) + slot / ENTRY, 0);
  for (let i = DIRECTORY; i < end + slot; i += ENTRY) {
    if (i === entry && count > 0) {
      out.writeUInt16LE(dataset, i);
      out.writeUInt16LE(spilled ? 1 : 0, i + 2);
      out.writeUInt32LE(count, i + 4);
      out.writeUInt32LE(start + slot, i + 8);
      out.writeUInt32LE(bytes + grown, i + 12);
    } else {
      out.writeUInt32LE(startOf(out, i) + slot + (i < entry ? 0 : grown), i + 8);
    }
  }
  return length + slot + grown;
}

/** A new head that is changed so. */
function edit(head: Buffer, change: Edit): Buffer {
  const out = Buffer.allocUnsafe(head.length + roomFor(change.record));
  head.copy(out);
  return out.subarray(0, editIn(out, head.length, change));
}

/** A head without that dataset; the same one if it has none of it. */
export function without(head: Buffer, dataset: number): Buffer {
  const entry = entryOf(head, dataset);
  if (entry < 0) return head;
  return edit(head, {
    dataset,
    at: startOf(head, entry),
    removed: bytesOf(head, entry),
    record: undefined,
    delta: -countOf(head, entry),
  });
}

/** Marks the dataset with the most bytes as spilled and takes its records out, to be stored one by one. */
export function spillLargest(head: Buffer): {
  readonly head: Buffer;
  readonly dataset: number;
  readonly records: Buffer;
} {
  let largest = DIRECTORY;
  for (let entry = DIRECTORY; entry < directoryEnd(head); entry += ENTRY)
    if (bytesOf(head, entry) > bytesOf(head, largest)) largest = entry;
  const dataset = head.readUInt16LE(largest);
  const start = startOf(head, largest);
  const bytes = bytesOf(head, largest);
  const records = Buffer.from(head.subarray(start, start + bytes));
  const out = edit(head, { dataset, at: start, removed: bytes, record: undefined, delta: 0 });
  out.writeUInt16LE(1, largest + 2);
  return { head: out, dataset, records };
}
