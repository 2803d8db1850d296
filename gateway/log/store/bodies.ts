/**
 * What the log only commits to: bodies and salts by log index, for those with access. Two files for 65,536 entries:
 * `.dat` holds records one behind the other, `.idx` 16 bytes an entry (offset, length, gone by: 0, or one more than the
 * log index of the entry that says so, with the highest bit set where its term was over). Beside them, one file a
 * journal says at which log index each seq stands. All writes are by position, so that a run that died is written over
 * by the next.
 */
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { emptied, withoutSubject } from '../entries/seal.js';
import { PositionedFiles } from './positioned-files.js';

/** Entries of a pair of files. */
export const CHUNK = 65_536;
/** Bytes of an entry in `.idx`. */
export const IDX = 16;
/** Set in the mark of a body whose term was over. */
const EXPIRED = 2 ** 47;
/** Bytes of a seq in the file of its journal. */
export const SEQ = 6;
const RECORD_HEADER = 1 + 6 + 32;
/** Bytes of bodies that are read at once. */
const RUN = 1 << 20;
/** Bytes of a record that are read at most, whatever a damaged index says. */
const MOST_BYTES = 16 << 20;

export interface BodyRecord {
  readonly journal: string;
  readonly seq: number;
  readonly salt: Buffer;
  readonly body: Buffer;
}

export type StoredBody =
  | ({ readonly kind: 'present' } & BodyRecord)
  /**
   * Salt and subject part destroyed, or where its term was over (`expired`) salt and body, as the entry at `by` says.
   */
  | ({ readonly kind: 'erased' | 'expired'; readonly by: number } & Omit<BodyRecord, 'salt'>);

/** By which entry the rest of a body is gone, as answers and exports say it. */
export const goneBy = (stored: StoredBody): { readonly erasedBy?: number; readonly expiredBy?: number } =>
  stored.kind === 'present' ? {} : stored.kind === 'erased' ? { erasedBy: stored.by } : { expiredBy: stored.by };

/** Records as they stand in a `.dat` file, one behind the other. */
export interface PackedRecords {
  readonly bytes: Buffer;
  readonly lengths: readonly number[];
}

export function packRecords(records: readonly BodyRecord[]): PackedRecords {
  const lengths = records.map(({ journal, salt, body }) => 7 + journal.length + salt.length + body.length);
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const { journal, seq, salt, body } of records) {
    bytes.writeUInt8(journal.length, at);
    at += 1 + bytes.write(journal, at + 1, 'latin1');
    at = bytes.writeUIntBE(seq, at, 6);
    at += salt.copy(bytes, at);
    at += body.copy(bytes, at);
  }
  return { bytes, lengths };
}

/** The record at `at`; `length` bytes of it. Undefined if they are too few. */
export function unpackRecord(bytes: Buffer, at = 0, length = bytes.length - at): BodyRecord | undefined {
  const name = bytes[at] ?? 0;
  if (length < RECORD_HEADER + name) return undefined;
  const from = at + 1 + name;
  return {
    journal: bytes.toString('latin1', at + 1, from),
    seq: bytes.readUIntBE(from, 6),
    salt: bytes.subarray(from + 6, from + 38),
    body: bytes.subarray(from + 38, at + length),
  };
}

export interface BodyStore {
  /**
   * Writes records at log indices from `first` on, over whatever a dead run left there. Durable when it returns.
   * @param packed the same records, where they are packed already
   */
  write(first: number, records: readonly BodyRecord[], packed?: PackedRecords): void;
  /** Undefined if there is no such record. @throws YitongError `log_invalid` if it is damaged */
  read(index: number): StoredBody | undefined;
  /** `count` of them from `first` on, in few reads. @throws YitongError `log_invalid` if one is damaged */
  run(first: number, count: number): readonly (StoredBody | undefined)[];
  /** The log index of an entry; may point to an index that no checkpoint has yet. */
  indexOf(journal: string, seq: number): number | undefined;
  /**
   * Says again at which log index entries of a journal stand; its index then reaches `lastSeq`. Durable when it
   * returns.
   */
  reindex(journal: string, places: readonly { readonly seq: number; readonly index: number }[], lastSeq: number): void;
  /**
   * Destroys salt and subject part. `by`: log index of the entry that says so. Durable when it returns; doing it again
   * finishes what a crash left.
   */
  erase(indices: readonly number[], by: number): void;
  /** Destroys salt and body, otherwise like `erase`; what was erased before is expired from then on. */
  expire(indices: readonly number[], by: number): void;
  close(): void;
}

export function openBodies(bodiesDir: string, indexDir: string): BodyStore {
  return new FolderBodies(bodiesDir, indexDir);
}

/** Why salt and body, or a part of it, are gone. */
interface Gone {
  readonly kind: 'erased' | 'expired';
  /** Log index of the entry that says so. */
  readonly by: number;
}

/** Where the record of an entry stands in its `.dat` file. */
interface Slot {
  readonly offset: number;
  readonly length: number;
  readonly gone: Gone | undefined;
}

function goneOf(mark: number): Gone | undefined {
  if (mark === 0) return undefined;
  return mark >= EXPIRED ? { kind: 'expired', by: mark - EXPIRED - 1 } : { kind: 'erased', by: mark - 1 };
}

/** The slot of the `i`th entry in bytes of an `.idx` file; undefined where none was written. */
function slotIn(bytes: Buffer, i: number): Slot | undefined {
  const at = i * IDX;
  const length = bytes.readUInt32BE(at + 6);
  if (length === 0) return undefined;
  return { offset: bytes.readUIntBE(at, 6), length, gone: goneOf(bytes.readUIntBE(at + 10, 6)) };
}

function storedAs(record: BodyRecord, gone: Gone | undefined): StoredBody {
  if (gone === undefined) return { kind: 'present', ...record };
  const { salt: _, ...rest } = record;
  return { ...gone, ...rest };
}

const damaged = (index: number): YitongError =>
  new YitongError('log_invalid', `the stored body of entry ${index} is damaged`);

class FolderBodies implements BodyStore {
  readonly #bodiesDir: string;
  readonly #indexDir: string;
  readonly #files: PositionedFiles;

  constructor(bodiesDir: string, indexDir: string) {
    this.#bodiesDir = bodiesDir;
    this.#indexDir = indexDir;
    this.#files = new PositionedFiles(bodiesDir, indexDir);
  }

  write(first: number, records: readonly BodyRecord[], { bytes, lengths } = packRecords(records)): void {
    let taken = 0;
    for (let done = 0; done < lengths.length; ) {
      const start = first + done;
      const part = lengths.slice(done, done + CHUNK - (start % CHUNK));
      const end = taken + part.reduce((sum, length) => sum + length, 0);
      this.#writeRecords(start, part, bytes.subarray(taken, end));
      taken = end;
      done += part.length;
    }
    this.#writePlaces(first, records);
    this.#files.flush();
  }

  read(index: number): StoredBody | undefined {
    const slot = this.#slot(index);
    if (slot === undefined) return undefined;
    const record = this.#record(index, slot);
    if (record === undefined) throw damaged(index);
    return storedAs(record, slot.gone);
  }

  run(first: number, count: number): readonly (StoredBody | undefined)[] {
    const found: (StoredBody | undefined)[] = [];
    while (found.length < count) {
      const index = first + found.length;
      const together = this.#readTogether(index, count - found.length);
      if (together === undefined) found.push(this.read(index));
      else found.push(...together);
    }
    return found;
  }

  indexOf(journal: string, seq: number): number | undefined {
    if (!(Number.isSafeInteger(seq) && seq >= 1)) return undefined;
    const value = this.#files.read(this.#journalFile(journal), placeAt(seq), SEQ)?.readUIntBE(0, SEQ) ?? 0;
    return value === 0 ? undefined : value - 1;
  }

  reindex(journal: string, places: readonly { readonly seq: number; readonly index: number }[], lastSeq: number): void {
    const file = this.#journalFile(journal);
    // seqs that no entry has say nothing: zeros
    if (lastSeq > 0 && this.#files.read(file, placeAt(lastSeq), SEQ) === undefined)
      this.#files.write(file, Buffer.alloc(SEQ), placeAt(lastSeq));
    for (const { seq, index } of places) this.#files.write(file, packPlaces(index, 1), placeAt(seq));
    this.#files.flush();
  }

  erase(indices: readonly number[], by: number): void {
    this.#destroy('erased', indices, by);
  }

  expire(indices: readonly number[], by: number): void {
    this.#destroy('expired', indices, by);
  }

  close(): void {
    this.#files.close();
  }

  /**
   * Records of one pair of files, behind those before them.
   * @param start log index of the first
   */
  #writeRecords(start: number, lengths: readonly number[], bytes: Buffer): void {
    const dat = this.#datFile(start);
    let offset = this.#endBefore(start);
    // behind a hole nothing is written: what was there is not to be taken for zeros
    if (offset > 0 && (this.#files.size(dat) ?? 0) < offset)
      throw new YitongError('log_invalid', `stored entries up to ${start - 1} are cut off or gone`, {
        place: { file: dat },
      });
    this.#files.write(dat, bytes, offset);
    const idx = Buffer.alloc(lengths.length * IDX);
    lengths.forEach((length, i) => {
      idx.writeUIntBE(offset, i * IDX, 6);
      idx.writeUInt32BE(length, i * IDX + 6);
      offset += length;
    });
    this.#files.write(this.#idxFile(start), idx, (start % CHUNK) * IDX);
  }

  /** Where the record before `start` ends in its `.dat` file; 0 where `start` is the first of another one. */
  #endBefore(start: number): number {
    if (start % CHUNK === 0) return 0;
    const before = this.#slot(start - 1);
    if (before === undefined) throw new YitongError('log_invalid', `the body of entry ${start - 1} is missing`);
    return before.offset + before.length;
  }

  /** At which log index each seq stands; runs of consecutive seqs of one journal are one write. */
  #writePlaces(first: number, records: readonly BodyRecord[]): void {
    for (let at = 0; at < records.length; ) {
      const { journal, seq } = records[at] ?? { journal: '', seq: 0 };
      let next = at + 1;
      while (records[next]?.journal === journal && records[next]?.seq === seq + next - at) next++;
      this.#files.write(this.#journalFile(journal), packPlaces(first + at, next - at), placeAt(seq));
      at = next;
    }
  }

  /**
   * As many entries from `index` on, at most `count`, as stand one behind the other in one pair of files: in two reads.
   * Undefined where the first of them must be read by itself.
   */
  #readTogether(index: number, count: number): StoredBody[] | undefined {
    const inFile = Math.min(count, CHUNK - (index % CHUNK));
    const idx = this.#files.read(this.#idxFile(index), (index % CHUNK) * IDX, inFile * IDX);
    if (idx === undefined) return undefined;
    const begin = idx.readUIntBE(0, 6);
    let end = begin;
    const slots: Slot[] = [];
    while (slots.length < inFile) {
      const slot = slotIn(idx, slots.length);
      if (slot === undefined || slot.offset !== end || end + slot.length - begin > RUN) break;
      slots.push(slot);
      end += slot.length;
    }
    const bytes = slots.length === 0 ? undefined : this.#files.read(this.#datFile(index), begin, end - begin);
    if (bytes === undefined) return undefined;
    return slots.map(({ offset, length, gone }, i) => {
      const record = unpackRecord(bytes, offset - begin, length);
      if (record === undefined) throw damaged(index + i);
      return storedAs(record, gone);
    });
  }

  #destroy(kind: Gone['kind'], indices: readonly number[], by: number): void {
    const places = indices.flatMap((index) => {
      const slot = this.#slot(index);
      const record = slot === undefined ? undefined : this.#record(index, slot);
      if (slot === undefined || record === undefined)
        throw new YitongError('log_invalid', `entry ${index} has no stored body`);
      // of what went whole there is no part left
      if (kind === 'erased' && slot.gone?.kind === 'expired') return [];
      const blank = kind === 'expired' ? emptied(record.body) : withoutSubject(record.body);
      return [
        { index, saltAt: slot.offset + 7 + record.journal.length, blank: Buffer.concat([Buffer.alloc(32), blank]) },
      ];
    });
    // the marks first: a salt that is gone without a reason would be a fault
    const mark = Buffer.alloc(6);
    mark.writeUIntBE((kind === 'expired' ? EXPIRED : 0) + by + 1, 0, 6);
    for (const { index } of places) this.#files.write(this.#idxFile(index), mark, (index % CHUNK) * IDX + 10);
    this.#files.flush();
    for (const { index, saltAt, blank } of places) this.#files.write(this.#datFile(index), blank, saltAt);
    this.#files.flush();
  }

  #slot(index: number): Slot | undefined {
    const bytes = this.#files.read(this.#idxFile(index), (index % CHUNK) * IDX, IDX);
    return bytes === undefined ? undefined : slotIn(bytes, 0);
  }

  /** Undefined where there are too few bytes for it. */
  #record(index: number, { offset, length }: Slot): BodyRecord | undefined {
    const bytes = this.#files.read(this.#datFile(index), offset, Math.min(length, MOST_BYTES));
    return bytes === undefined ? undefined : unpackRecord(bytes);
  }

  #datFile(index: number): string {
    return this.#chunkFile(index, '.dat');
  }

  #idxFile(index: number): string {
    return this.#chunkFile(index, '.idx');
  }

  #chunkFile(index: number, ending: string): string {
    return join(this.#bodiesDir, `${String(Math.floor(index / CHUNK)).padStart(8, '0')}${ending}`);
  }

  #journalFile(journal: string): string {
    if (!/^[a-z0-9-]{1,60}$/.test(journal))
      throw new YitongError('log_invalid', 'a journal id has lower-case letters, digits and hyphens');
    return join(this.#indexDir, journal);
  }
}

/** Where a seq stands in the file of its journal. */
const placeAt = (seq: number): number => (seq - 1) * SEQ;

/** Log indices from `first` on, as they stand in the file of a journal: one more than each. */
function packPlaces(first: number, count: number): Buffer {
  const bytes = Buffer.alloc(count * SEQ);
  for (let i = 0; i < count; i++) bytes.writeUIntBE(first + i + 1, i * SEQ, SEQ);
  return bytes;
}
