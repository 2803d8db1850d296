/**
 * The copy of another replica's journal: the same segments, byte for byte, as far as they are durable there. A group is
 * written only when it has passed what an own one passes (checksum, chain, Merkle root) and the replica's signature
 * over it verifies. So whoever reads journals reads this one too, and finds in it the gaps that the journal has: a
 * segment that could not be had is not there, and one that is damaged ends before the damage while the next, or the
 * marker, says that it should not.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { syncDir } from '../../ground/files/durable.js';
import { readErased, writeErased } from '../journal/erased.js';
import { segmentsOf } from '../journal/reader.js';
import { markerOf } from '../journal/segments.js';
import {
  CHAIN_START,
  chainAfter,
  decodeSegmentHeader,
  type ErasedEntries,
  groupText,
  MARKER_BYTES,
  MARKER_FILE,
  type Marker,
  readEntries,
  readGroup,
  SEGMENT_HEADER,
  segmentName,
  writeMarker,
} from '../proof/journal.js';
import type { Verifier } from '../proof/note.js';

export interface MirrorTail {
  /** 0 before the first. */
  readonly segment: number;
  /** Bytes of the segment up to here are verified and durable here. */
  readonly end: number;
  readonly lastSeq: number;
  readonly chain: Buffer;
}

export interface Mirror {
  readonly tail: MirrorTail;
  /**
   * Begins segment `segment`; the one before is left as it is, complete or not.
   * @param bytes of the segment from its beginning: the header, and groups, of which the whole ones are taken. A
   * segment that ends the one before it earlier than what is here of it carries over its last group, which must be
   * among them
   * @returns false if this is not the header of this segment of this journal
   */
  begin(segment: number, bytes: Buffer, erased: ErasedEntries): boolean;
  /**
   * Takes the whole groups at the beginning of `bytes`, which stand behind the tail. Durable when it returns.
   * @param erased entries of the segment whose salts the replica has destroyed
   * @returns bytes taken: 0 where the first group is damaged, not chained to the one before, or not signed by a key of
   * the replica
   */
  append(bytes: Buffer, erased: ErasedEntries): number;
  /** The replica's own marker, where its bytes cannot be had up to there: readers then find the gap. */
  giveUp(marker: Marker): void;
}

function write(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

/**
 * Opens the copy in `dir`, made if there is none.
 * @param keys vkeys of the replica, asked for with each piece
 * @throws YitongError `log_invalid` if the copy itself is damaged
 */
export function openMirror(dir: string, journal: string, keys: () => readonly Verifier[]): Mirror {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const fileOf = (segment: number): string => join(dir, segmentName(segment));
  let tail = recover();

  /**
   * The whole groups from `at` on, chained to `from`. `known`: who may have signed them; undefined where that was asked
   * before.
   */
  function walk(
    bytes: Buffer,
    at: number,
    from: Pick<MirrorTail, 'lastSeq' | 'chain'>,
    erased: ErasedEntries,
    known?: readonly Verifier[],
  ): { readonly end: number; readonly lastSeq: number; readonly chain: Buffer } {
    let { lastSeq, chain } = from;
    let end = at;
    for (;;) {
      const group = readGroup(bytes, end, erased);
      if (
        group === undefined ||
        group.first !== lastSeq + 1 ||
        !group.previous.equals(chain) ||
        readEntries(bytes, end, group, erased) === undefined
      )
        break;
      const text = Buffer.from(groupText(journal, group));
      if (
        known !== undefined &&
        !known.some(({ keyId, verify }) => keyId === group.keyId && verify(text, group.signature))
      )
        break;
      chain = chainAfter(group);
      lastSeq = group.first + group.count - 1;
      end += group.length;
    }
    return { end, lastSeq, chain };
  }

  function recover(): MirrorTail {
    const newest = segmentsOf(dir).at(-1);
    if (newest === undefined) return { segment: 0, end: 0, lastSeq: 0, chain: CHAIN_START };
    const marker = markerOf(dir);
    const file = fileOf(newest);
    const bytes = readFileSync(file);
    const header = decodeSegmentHeader(bytes);
    if (header === undefined || header.journal !== journal || header.segment !== newest)
      throw new YitongError('log_invalid', 'the copied segment is damaged, or belongs to another journal or place', {
        place: { file },
      });
    const { end, lastSeq, chain } = walk(
      bytes,
      SEGMENT_HEADER,
      { lastSeq: header.firstSeq - 1, chain: header.chain },
      readErased(file),
    );
    const durable = marker?.segment === newest ? Math.min(marker.end, end) : SEGMENT_HEADER;
    if (bytes.length > durable) {
      // what is behind may stand in the page cache only: it is written anew, for a second fdatasync would lie
      const fd = openSync(file, constants.O_RDWR);
      try {
        write(fd, bytes.subarray(durable, end), durable);
        ftruncateSync(fd, end);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }
    const found = { segment: newest, end, lastSeq, chain };
    if (marker === undefined || marker.segment < newest || (marker.segment === newest && marker.end < end)) mark(found);
    return found;
  }

  /**
   * Never synced: it can lag, never lead what is durable here, unless the replica's own says that something is missing.
   */
  function mark(marker: Marker): void {
    const bytes = Buffer.alloc(MARKER_BYTES);
    writeMarker(bytes, marker);
    const fd = openSync(join(dir, MARKER_FILE), constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      write(fd, bytes, 0);
    } finally {
      closeSync(fd);
    }
  }

  const among = (erased: ErasedEntries, after: number, upTo: number): ErasedEntries =>
    new Map([...erased].filter(([seq]) => seq > after && seq <= upTo));

  return {
    get tail() {
      return tail;
    },
    begin(segment, bytes, erased) {
      const header = decodeSegmentHeader(bytes);
      if (header === undefined || header.journal !== journal || header.segment !== segment || segment <= tail.segment)
        return false;
      const from = { lastSeq: header.firstSeq - 1, chain: header.chain };
      const { end, lastSeq, chain } = walk(bytes, SEGMENT_HEADER, from, erased, keys());
      const gone = among(erased, from.lastSeq, lastSeq);
      if (gone.size > 0) writeErased(fileOf(segment), gone);
      const made = join(dir, 'next.tmp');
      const fd = openSync(made, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600);
      try {
        write(fd, bytes.subarray(0, end), 0);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(made, fileOf(segment));
      syncDir(dir);
      tail = { segment, end, lastSeq, chain };
      mark(tail);
      return true;
    },
    append(bytes, erased) {
      const { end: taken, lastSeq, chain } = walk(bytes, 0, tail, erased, keys());
      if (taken === 0) return 0;
      const file = fileOf(tail.segment);
      const gone = among(erased, tail.lastSeq, lastSeq);
      if (gone.size > 0) writeErased(file, new Map([...readErased(file), ...gone]));
      const fd = openSync(file, constants.O_RDWR);
      try {
        write(fd, bytes.subarray(0, taken), tail.end);
        fdatasyncSync(fd);
      } catch (error) {
        // these bytes are fetched and written anew, never only synced again
        ftruncateSync(fd, tail.end);
        throw error;
      } finally {
        closeSync(fd);
      }
      tail = { segment: tail.segment, end: tail.end + taken, lastSeq, chain };
      mark(tail);
      return taken;
    },
    giveUp: mark,
  };
}
