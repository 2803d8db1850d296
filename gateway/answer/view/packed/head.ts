/**
 * The packed value of one subject: a directory of its datasets, then their current records one behind the other, each
 * dataset's in record-id order. One get answers a query over many datasets. A dataset that outgrows it is spilled: its
 * entry stays, with the count, and its records stand in the `records` map. Little endian:
 *
 *     0 u32 number of datasets;  then 16 bytes a dataset, ascending:
 *       0 u16 dataset number, 2 u16 1 if spilled, 4 u32 records, 8 u32 start, 12 u32 bytes
 */
import { compareId, lengthAt } from './record.js';

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

/** Where a record of a dataset that is not spilled begins; if there is none, the complement (`~`) of where it would. */
export function locate(head: Buffer, dataset: number, recordId: Uint8Array): number {
  const entry = place(head, dataset);
  let at = entry < directoryEnd(head) ? startOf(head, entry) : head.length;
  const end = entryOf(head, dataset) < 0 ? at : at + bytesOf(head, entry);
  while (at < end) {
    const order = compareId(head, at, recordId);
    if (order >= 0) return order === 0 ? at : ~at;
    at += lengthAt(head, at);
  }
  return ~at;
}

/**
 * A new head in which `removed` bytes at `at` have given way to `record`, and the dataset counts `delta` records more.
 * A dataset that comes to none leaves the directory, one that was not there enters it.
 * @param at inside the dataset's own part, as `locate` gives it
 */
export function edit(
  head: Buffer,
  dataset: number,
  at: number,
  removed: number,
  record: Buffer | undefined,
  delta: number,
): Buffer {
  const entry = place(head, dataset);
  const end = directoryEnd(head);
  const known = entryOf(head, dataset) >= 0;
  const count = (known ? countOf(head, entry) : 0) + delta;
  const grown = (record?.length ?? 0) - removed;
  // what the directory itself grows by
  const slot = count === 0 ? (known ? -ENTRY : 0) : known ? 0 : ENTRY;
  const out = Buffer.allocUnsafe(head.length + slot + grown);
  head.copy(out, 0, 0, entry);
  head.copy(out, entry + Math.max(slot, 0), entry - Math.min(slot, 0), end);
  head.copy(out, end + slot, end, at);
  if (record !== undefined) out.set(record, at + slot);
  head.copy(out, at + slot + (record?.length ?? 0), at + removed);
  out.writeUInt32LE(head.readUInt32LE(0) + slot / ENTRY, 0);
  for (let i = DIRECTORY; i < end + slot; i += ENTRY) {
    if (i === entry && count > 0) {
      out.writeUInt16LE(dataset, i);
      out.writeUInt16LE(known && isSpilled(head, entry) ? 1 : 0, i + 2);
      out.writeUInt32LE(count, i + 4);
      out.writeUInt32LE((known ? startOf(head, entry) : at) + slot, i + 8);
      out.writeUInt32LE((known ? bytesOf(head, entry) : 0) + grown, i + 12);
    } else {
      out.writeUInt32LE(startOf(out, i) + slot + (i < entry ? 0 : grown), i + 8);
    }
  }
  return out;
}

/** A head without that dataset; the same one if it has none of it. */
export function without(head: Buffer, dataset: number): Buffer {
  const entry = entryOf(head, dataset);
  if (entry < 0) return head;
  return edit(head, dataset, startOf(head, entry), bytesOf(head, entry), undefined, -countOf(head, entry));
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
  const out = edit(head, dataset, start, bytes, undefined, 0);
  out.writeUInt16LE(1, largest + 2);
  return { head: out, dataset, records };
}
