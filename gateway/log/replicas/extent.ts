/** How far this replica's own journals are durable: what it gives to others, and no byte more. */

import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { auditLayout } from '../entries/layout.js';
import { erasedText, parseErased, readErased } from '../journal/erased.js';
import { segmentsOf } from '../journal/reader.js';
import { markerOf } from '../journal/segments.js';
import {
  decodeSegmentHeader,
  type ErasedEntries,
  GROUP_HEADER,
  type Marker,
  readGroup,
  SEGMENT_HEADER,
  segmentName,
} from '../proof/journal.js';
import { isJournalId } from '../proof/journal-id.js';

/** A group is at most 4 MiB, so one always fits. */
export const PIECE = 8 << 20;

interface SegmentExtent {
  readonly segment: number;
  /** Bytes from the beginning that are durable; null where the segment behind it is missing, so that nobody knows. */
  readonly end: number | null;
}

export interface JournalExtent {
  /** From the one asked for on. */
  readonly segments: readonly SegmentExtent[];
  readonly marker: Marker | null;
}

function read(file: string, from: number, length: number): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, fstatSync(fd).size - from)));
    let done = 0;
    while (done < bytes.length) {
      const got = readSync(fd, bytes, done, bytes.length - done, from + done);
      if (got === 0) break;
      done += got;
    }
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

/**
 * End of the group that a segment carries over from the one before it, which was durable before the segment had its
 * name; otherwise of its header. Neither the marker nor the segment behind it need know of that group.
 */
function beginningOf(dir: string, segment: number): number {
  const [here, before] = [segment, segment - 1].map((number) => join(dir, segmentName(number)));
  if (here === undefined || before === undefined) return SEGMENT_HEADER;
  const header = decodeSegmentHeader(read(here, 0, SEGMENT_HEADER) ?? Buffer.alloc(0));
  const old = header === undefined ? undefined : read(before, header.previousEnd, GROUP_HEADER);
  if (old?.length !== GROUP_HEADER) return SEGMENT_HEADER;
  const bytes = read(here, SEGMENT_HEADER, PIECE) ?? Buffer.alloc(0);
  const group = bytes.subarray(0, GROUP_HEADER).equals(old) ? readGroup(bytes, 0, readErased(here)) : undefined;
  return SEGMENT_HEADER + (group?.length ?? 0);
}

function endOf(dir: string, segment: number, following: number | undefined, marker: Marker | undefined): number | null {
  const end = markedEnd(dir, segment, following, marker);
  return end === null || end > SEGMENT_HEADER ? end : beginningOf(dir, segment);
}

function markedEnd(
  dir: string,
  segment: number,
  following: number | undefined,
  marker: Marker | undefined,
): number | null {
  if (following === segment + 1) {
    const header = decodeSegmentHeader(read(join(dir, segmentName(following)), 0, SEGMENT_HEADER) ?? Buffer.alloc(0));
    return header?.previousEnd ?? null;
  }
  if (following !== undefined || (marker?.segment ?? 0) > segment) return null;
  return marker?.segment === segment ? marker.end : SEGMENT_HEADER;
}

export function journalIds(dataDir: string): string[] {
  try {
    return readdirSync(auditLayout(dataDir).journals).filter(isJournalId).sort();
  } catch {
    return [];
  }
}

/** Undefined if there is no such journal here. */
export function journalExtent(dataDir: string, id: string, from: number): JournalExtent | undefined {
  if (!isJournalId(id)) return undefined;
  const dir = join(auditLayout(dataDir).journals, id);
  // the marker before the list: what it calls durable then surely stands in a segment of the list
  const marker = markerOf(dir);
  let all: number[];
  try {
    all = segmentsOf(dir);
  } catch {
    return undefined;
  }
  const segments = all.flatMap((segment, i) =>
    segment < from ? [] : [{ segment, end: endOf(dir, segment, all[i + 1], marker) }],
  );
  return { segments, marker: marker ?? null };
}

export interface Piece {
  readonly bytes: Buffer;
  readonly erased: ErasedEntries;
}

/** Durable bytes of a segment from `from` on, `PIECE` at most; undefined if it is not here. */
export function readPiece(dataDir: string, id: string, segment: number, from: number): Piece | undefined {
  const extent = journalExtent(dataDir, id, segment)?.segments.find((one) => one.segment === segment);
  if (extent === undefined) return undefined;
  const file = join(auditLayout(dataDir).journals, id, segmentName(segment));
  const bytes = read(file, from, Math.min(PIECE, extent.end === null ? PIECE : Math.max(0, extent.end - from)));
  // behind the bytes: what is erased is on the list before it changes
  return bytes === undefined ? undefined : { bytes, erased: readErased(file) };
}

/** A piece on its way: length of the list in four bytes, the list (as beside the segment), the bytes. */
export function encodePiece({ bytes, erased }: Piece): Buffer {
  const list = Buffer.from(erasedText(erased));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(list.length);
  return Buffer.concat([head, list, bytes]);
}

/** Undefined if it is not one. */
export function decodePiece(whole: Buffer): Piece | undefined {
  if (whole.length < 4 || whole.length < 4 + whole.readUInt32BE(0)) return undefined;
  const length = whole.readUInt32BE(0);
  const erased = parseErased(whole.toString('latin1', 4, 4 + length));
  if (erased === undefined) return undefined;
  return { bytes: whole.subarray(4 + length), erased };
}
