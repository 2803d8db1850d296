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
  type SegmentHeader,
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

/**
 * Opens the copy in `dir`, made if there is none.
 * @param keys vkeys of the replica, asked for with each piece
 * @throws YitongError `log_invalid` if the copy itself is damaged
 */
export function openMirror(dir: string, journal: string, keys: () => readonly Verifier[]): Mirror {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return new JournalMirror(dir, journal, keys);
}

class JournalMirror implements Mirror {
  readonly #dir: string;
  readonly #journal: string;
  readonly #keys: () => readonly Verifier[];
  #tail: MirrorTail;

  constructor(dir: string, journal: string, keys: () => readonly Verifier[]) {
    this.#dir = dir;
    this.#journal = journal;
    this.#keys = keys;
    this.#tail = this.#recover();
  }

  get tail(): MirrorTail {
    return this.#tail;
  }

  begin(segment: number, bytes: Buffer, erased: ErasedEntries): boolean {
    const header = this.#headerOf(segment, bytes);
    if (header === undefined || segment <= this.#tail.segment) return false;
    const from = { lastSeq: header.firstSeq - 1, chain: header.chain };
    const { end, lastSeq, chain } = wholeGroups(this.#journal, bytes, SEGMENT_HEADER, from, erased, this.#keys());
    const gone = erasedWithin(erased, from.lastSeq, lastSeq);
    if (gone.size > 0) writeErased(this.#fileOf(segment), gone);
    const made = join(this.#dir, 'next.tmp');
    withFile(made, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, (fd) => {
      write(fd, bytes.subarray(0, end), 0);
      fsyncSync(fd);
    });
    renameSync(made, this.#fileOf(segment));
    syncDir(this.#dir);
    this.#moveTo({ segment, end, lastSeq, chain });
    return true;
  }

  append(bytes: Buffer, erased: ErasedEntries): number {
    const tail = this.#tail;
    const { end: taken, lastSeq, chain } = wholeGroups(this.#journal, bytes, 0, tail, erased, this.#keys());
    if (taken === 0) return 0;
    const file = this.#fileOf(tail.segment);
    const gone = erasedWithin(erased, tail.lastSeq, lastSeq);
    if (gone.size > 0) writeErased(file, new Map([...readErased(file), ...gone]));
    withFile(file, constants.O_RDWR, (fd) => {
      try {
        write(fd, bytes.subarray(0, taken), tail.end);
        fdatasyncSync(fd);
      } catch (error) {
        // these bytes are fetched and written anew, never only synced again
        ftruncateSync(fd, tail.end);
        throw error;
      }
    });
    this.#moveTo({ segment: tail.segment, end: tail.end + taken, lastSeq, chain });
    return taken;
  }

  giveUp(marker: Marker): void {
    this.#mark(marker);
  }

  /** What is there of the newest segment, made durable. */
  #recover(): MirrorTail {
    const newest = segmentsOf(this.#dir).at(-1);
    if (newest === undefined) return { segment: 0, end: 0, lastSeq: 0, chain: CHAIN_START };
    const marker = markerOf(this.#dir);
    const file = this.#fileOf(newest);
    const bytes = readFileSync(file);
    const header = this.#headerOf(newest, bytes);
    if (header === undefined)
      throw new YitongError('log_invalid', 'the copied segment is damaged, or belongs to another journal or place', {
        place: { file },
      });
    const from = { lastSeq: header.firstSeq - 1, chain: header.chain };
    const { end, lastSeq, chain } = wholeGroups(this.#journal, bytes, SEGMENT_HEADER, from, readErased(file));
    const durable = marker?.segment === newest ? Math.min(marker.end, end) : SEGMENT_HEADER;
    if (bytes.length > durable) {
      // what is behind may stand in the page cache only: it is written anew, for a second fdatasync would lie
      withFile(file, constants.O_RDWR, (fd) => {
        write(fd, bytes.subarray(durable, end), durable);
        ftruncateSync(fd, end);
        fsyncSync(fd);
      });
    }
    const tail = { segment: newest, end, lastSeq, chain };
    if (marker === undefined || marker.segment < newest || (marker.segment === newest && marker.end < end))
      this.#mark(tail);
    return tail;
  }

  /** Undefined where these bytes do not begin as this segment of this journal. */
  #headerOf(segment: number, bytes: Buffer): SegmentHeader | undefined {
    const header = decodeSegmentHeader(bytes);
    return header?.journal === this.#journal && header.segment === segment ? header : undefined;
  }

  #moveTo(tail: MirrorTail): void {
    this.#tail = tail;
    this.#mark(tail);
  }

  /**
   * Never synced: it can lag, never lead what is durable here, unless the replica's own says that something is missing.
   */
  #mark(marker: Marker): void {
    const bytes = Buffer.alloc(MARKER_BYTES);
    writeMarker(bytes, marker);
    withFile(join(this.#dir, MARKER_FILE), constants.O_RDWR | constants.O_CREAT, (fd) => write(fd, bytes, 0));
  }

  #fileOf(segment: number): string {
    return join(this.#dir, segmentName(segment));
  }
}

/**
 * The whole groups of a journal in `bytes` from `at` on, chained to `from`: where they end, and in what.
 * @param known who may have signed them; undefined where that was asked before
 */
function wholeGroups(
  journal: string,
  bytes: Buffer,
  at: number,
  from: Pick<MirrorTail, 'lastSeq' | 'chain'>,
  erased: ErasedEntries,
  known?: readonly Verifier[],
): Pick<MirrorTail, 'end' | 'lastSeq' | 'chain'> {
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

/** Those with after < seq ≤ upTo. */
const erasedWithin = (erased: ErasedEntries, after: number, upTo: number): ErasedEntries =>
  new Map([...erased].filter(([seq]) => seq > after && seq <= upTo));

/** Opens a file for `work` and closes it again; one that is made is readable by its owner alone. */
function withFile(file: string, flags: number, work: (fd: number) => void): void {
  const fd = openSync(file, flags, 0o600);
  try {
    work(fd);
  } finally {
    closeSync(fd);
  }
}

function write(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}
