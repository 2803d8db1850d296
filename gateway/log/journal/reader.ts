/**
 * Reads a journal while its worker writes it. Only what the marker or a later segment calls durable is given out: a
 * group that is written but not yet synced can still vanish with the power, and its seq would then come again with
 * other content.
 */

import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import {
  chainAfter,
  decodeSegmentHeader,
  GROUP_HEADER,
  type GroupHeader,
  readEntries,
  readGroup,
  SEGMENT_HEADER,
  type SegmentHeader,
  type StoredEntry,
  segmentName,
  segmentNumber,
} from '../proof/journal.js';
import type { Position } from '../proof/journal-position.js';
import { readErased } from './erased.js';
import { markerOf } from './segments.js';

export interface ReadGroup extends GroupHeader {
  readonly entries: readonly StoredEntry[];
}

export type ReadResult =
  | { readonly kind: 'groups'; readonly groups: readonly ReadGroup[]; readonly position: Position }
  /** Nothing new that is durable. */
  | { readonly kind: 'end' }
  /** Seqs `from`–`to` cannot be read (none are known to be missing if `to` < `from`); go on at `resume`, or never. */
  | {
      readonly kind: 'gap';
      readonly from: number;
      readonly to: number;
      readonly why: 'missing' | 'damaged' | 'rolled_back';
      readonly resume: Position | undefined;
    };

/** A group is at most 4 MiB, so one always fits. */
const CHUNK = 8 << 20;

function withFile<T>(file: string, use: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const got = readSync(fd, bytes, done, length - done, position + done);
    if (got === 0) break;
    done += got;
  }
  return bytes.subarray(0, done);
}

function headerOf(dir: string, segment: number): SegmentHeader | undefined {
  return withFile(join(dir, segmentName(segment)), (fd) => decodeSegmentHeader(readAt(fd, 0, SEGMENT_HEADER)));
}

export const segmentsOf = (dir: string): number[] =>
  readdirSync(dir)
    .map(segmentNumber)
    .filter((n) => n !== undefined)
    .sort((a, b) => a - b);

const startOf = (header: SegmentHeader): Position => ({
  segment: header.segment,
  offset: SEGMENT_HEADER,
  lastSeq: header.firstSeq - 1,
  chain: header.chain.toString('base64'),
});

/**
 * Where to go on from when the group that was read last was carried over into `next`; undefined if it is not the same
 * there.
 */
function behindCarried(dir: string, next: SegmentHeader, position: Position): Position | undefined {
  const file = join(dir, segmentName(next.segment));
  const bytes = withFile(file, (fd) => readAt(fd, SEGMENT_HEADER, CHUNK));
  const group = bytes === undefined ? undefined : readGroup(bytes, 0, readErased(file));
  if (
    group === undefined ||
    group.first + group.count - 1 !== position.lastSeq ||
    chainAfter(group).toString('base64') !== position.chain
  )
    return undefined;
  return { ...position, segment: next.segment, offset: SEGMENT_HEADER + group.length };
}

/**
 * Reads groups from `position` on, at least `maxEntries` entries if there are so many. Throws only if the folder cannot
 * be listed.
 */
export function readOn(dir: string, position: Position, maxEntries: number): ReadResult {
  // the marker before the list: what it calls durable then surely stands in a segment of the list
  const marker = markerOf(dir);
  const segments = segmentsOf(dir);
  const view: View = { dir, marker, segments, newest: segments.at(-1) ?? 0, position, maxEntries };
  if (segments.length === 0) {
    const nothingYet = position.segment === 0 ? marker === undefined : position.chain === '';
    return nothingYet ? { kind: 'end' } : skip(view, 'missing');
  }
  if (position.segment === 0) return readFirstSegment(view);
  if (position.segment > view.newest) return awaitSegment(view);
  // no chain: what lies before this segment is on record as a gap whose end nobody knew
  if (position.chain === '') return readBehindGap(view);
  return readInSegment(view);
}

/** A journal's folder at one moment, and what is asked of it. */
interface View {
  readonly dir: string;
  readonly marker: ReturnType<typeof markerOf>;
  readonly segments: readonly number[];
  /** 0 where there is no segment. */
  readonly newest: number;
  readonly position: Position;
  readonly maxEntries: number;
}

/** The gap from the position up to the next segment that can be read; where there is none, up to what is known of. */
function skip({ dir, marker, segments, newest, position }: View, why: 'missing' | 'damaged'): ReadResult {
  const from = position.lastSeq + 1;
  for (const segment of segments.filter((number) => number > position.segment)) {
    const header = headerOf(dir, segment);
    if (header !== undefined) return { kind: 'gap', from, to: header.firstSeq - 1, why, resume: startOf(header) };
  }
  const lastSeq = Math.max(marker?.lastSeq ?? 0, position.lastSeq);
  const segment = Math.max(newest, marker?.segment ?? 0, position.segment) + 1;
  return { kind: 'gap', from, to: lastSeq, why, resume: { segment, offset: SEGMENT_HEADER, lastSeq, chain: '' } };
}

/** Entries that were read here before are there no more, or are others. */
const rolledBack = ({ position }: View): ReadResult => ({
  kind: 'gap',
  from: position.lastSeq + 1,
  to: position.lastSeq,
  why: 'rolled_back',
  resume: undefined,
});

function readFirstSegment(view: View): ReadResult {
  const header = headerOf(view.dir, view.segments[0] ?? 0);
  if (header === undefined) return skip(view, 'damaged');
  if (header.firstSeq !== 1) return skip(view, 'missing');
  return readOn(view.dir, startOf(header), view.maxEntries);
}

/**
 * The position lies in a segment that is not there yet: after a gap of unknown end it is waited for; otherwise the
 * journal was longer than it is now.
 */
function awaitSegment(view: View): ReadResult {
  const { marker, position } = view;
  if (position.chain === '') return { kind: 'end' };
  return (marker?.segment ?? 0) >= position.segment ? skip(view, 'missing') : rolledBack(view);
}

/** The segment behind a gap of unknown end is there: its header says where the gap ends. */
function readBehindGap(view: View): ReadResult {
  const { dir, position, maxEntries } = view;
  const header = headerOf(dir, position.segment);
  if (header === undefined) return skip(view, 'damaged');
  if (header.firstSeq === position.lastSeq + 1) return readOn(dir, startOf(header), maxEntries);
  return {
    kind: 'gap',
    from: position.lastSeq + 1,
    to: header.firstSeq - 1,
    why: 'missing',
    resume: startOf(header),
  };
}

function readInSegment(view: View): ReadResult {
  const { marker, segments, position } = view;
  const following = segments.find((number) => number > position.segment);
  const next = following === position.segment + 1 ? headerOf(view.dir, following) : undefined;
  let end: number;
  if (next !== undefined) end = next.previousEnd;
  // what lies between, or what the marker tells of behind the last one, is missing; read what is whole here first
  else if (following !== undefined || (marker?.segment ?? 0) > position.segment) end = Infinity;
  else end = marker !== undefined && marker.segment === position.segment ? marker.end : 0;

  if (position.offset < end) return readGroups(view, end);
  // also where the marker lags behind what was read before a power cut
  return next === undefined ? { kind: 'end' } : readNext(view, next, end);
}

/** The segment of the position was read to its end, `end`, or beyond: its last group may have been carried over. */
function readNext(view: View, next: SegmentHeader, end: number): ReadResult {
  const { dir, position, maxEntries } = view;
  if (position.offset > end) {
    const behind = behindCarried(dir, next, position);
    return behind === undefined ? rolledBack(view) : readOn(dir, behind, maxEntries);
  }
  if (next.firstSeq !== position.lastSeq + 1 || next.chain.toString('base64') !== position.chain)
    return skip(view, 'damaged');
  return readOn(dir, startOf(next), maxEntries);
}

/** @param end offset up to which the segment is durable; infinite where what follows it is missing */
function readGroups(view: View, end: number): ReadResult {
  const { dir, position, maxEntries } = view;
  const { segment, offset } = position;
  const file = join(dir, segmentName(segment));
  const bytes = withFile(file, (fd) =>
    readAt(fd, offset, Math.max(0, Math.min(CHUNK, end - offset, fstatSync(fd).size - offset))),
  );
  if (bytes === undefined) return skip(view, 'missing');
  const erased = readErased(file);
  const groups: ReadGroup[] = [];
  let at = 0;
  let { lastSeq } = position;
  let chain: Buffer = Buffer.from(position.chain, 'base64');
  for (let entries = 0; entries < maxEntries && bytes.length - at >= GROUP_HEADER; ) {
    const group = readGroup(bytes, at, erased);
    if (group === undefined || group.first !== lastSeq + 1 || !group.previous.equals(chain)) break;
    const read = readEntries(bytes, at, group, erased);
    if (read === undefined) break;
    groups.push({ ...group, entries: read });
    entries += read.length;
    chain = chainAfter(group);
    lastSeq += group.count;
    at += group.length;
  }
  if (groups.length === 0) return skip(view, end === Infinity ? 'missing' : 'damaged');
  return {
    kind: 'groups',
    groups,
    position: { segment, offset: offset + at, lastSeq, chain: chain.toString('base64') },
  };
}
