/**
 * What the log only commits to: bodies and salts by log index, for those with access. Two files for 65,536 entries:
 * `.dat` holds records one behind the other, `.idx` 16 bytes an entry (offset, length, gone by: 0, or one more than the
 * log index of the entry that says so, with the highest bit set where its term was over). Beside them, one file a
 * journal says at which log index each seq stands. All writes are by position, so that a run that died is written over
 * by the next.
 */
import { closeSync, constants, fdatasyncSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { syncDir } from '../../ground/files/durable.js';
import { emptied, withoutSubject } from '../entries/seal.js';

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
  // descriptors stay open, a few at a time, for readers come in runs
  const open = new Map<string, number>();
  const changed = new Set<number>();
  /** Where what was written here ends, by file: one that is shorter than that was cut by somebody else. */
  const ends = new Map<string, number>();

  function descriptor(file: string, write: boolean): number | undefined {
    const known = open.get(file);
    if (known !== undefined) return known;
    if (open.size > 64) closeAll();
    let fd: number;
    try {
      fd = openSync(file, constants.O_RDWR);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES' && !write) fd = openSync(file, constants.O_RDONLY);
      else if (!write) return undefined;
      else {
        mkdirSync(bodiesDir, { recursive: true, mode: 0o700 });
        mkdirSync(indexDir, { recursive: true, mode: 0o700 });
        fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
        syncDir(bodiesDir);
        syncDir(indexDir);
      }
    }
    open.set(file, fd);
    return fd;
  }
  function closeAll(): void {
    flush();
    for (const fd of open.values()) closeSync(fd);
    open.clear();
  }
  function flush(): void {
    for (const fd of changed) fdatasyncSync(fd);
    changed.clear();
  }
  function put(file: string, bytes: Buffer, at: number): void {
    const fd = descriptor(file, true);
    if (fd === undefined) throw new YitongError('internal', 'the body store cannot be written', { place: { file } });
    const { nlink, size } = fstatSync(fd);
    if (nlink === 0 || size < (ends.get(file) ?? 0)) {
      closeSync(fd);
      open.delete(file);
      changed.delete(fd);
      ends.delete(file);
      throw new YitongError(
        'log_invalid',
        `the file was ${nlink === 0 ? 'removed' : 'cut short'} while the log was written`,
        { place: { file } },
      );
    }
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    ends.set(file, Math.max(size, at + bytes.length));
    changed.add(fd);
  }
  function get(file: string, at: number, length: number): Buffer | undefined {
    const fd = descriptor(file, false);
    if (fd === undefined) return undefined;
    const bytes = Buffer.alloc(length);
    return readSync(fd, bytes, 0, length, at) === length ? bytes : undefined;
  }

  const file = (chunk: number, ending: string): string => join(bodiesDir, `${String(chunk).padStart(8, '0')}${ending}`);
  const journalFile = (journal: string): string => {
    if (!/^[a-z0-9-]{1,60}$/.test(journal))
      throw new YitongError('log_invalid', 'a journal id has lower-case letters, digits and hyphens');
    return join(indexDir, journal);
  };
  type Gone = { readonly kind: 'erased' | 'expired'; readonly by: number };
  const goneOf = (mark: number): Gone | undefined =>
    mark === 0
      ? undefined
      : mark >= EXPIRED
        ? { kind: 'expired', by: mark - EXPIRED - 1 }
        : { kind: 'erased', by: mark - 1 };
  const slot = (index: number): { offset: number; length: number; gone: Gone | undefined } | undefined => {
    const bytes = get(file(Math.floor(index / CHUNK), '.idx'), (index % CHUNK) * IDX, IDX);
    if (bytes === undefined || bytes.readUInt32BE(6) === 0) return undefined;
    return { offset: bytes.readUIntBE(0, 6), length: bytes.readUInt32BE(6), gone: goneOf(bytes.readUIntBE(10, 6)) };
  };

  function destroy(kind: 'erased' | 'expired', indices: readonly number[], by: number): void {
    const places = indices.flatMap((index) => {
      const found = slot(index);
      const bytes =
        found === undefined
          ? undefined
          : get(file(Math.floor(index / CHUNK), '.dat'), found.offset, Math.min(found.length, 16 << 20));
      const record = bytes === undefined ? undefined : unpackRecord(bytes);
      if (found === undefined || record === undefined)
        throw new YitongError('log_invalid', `entry ${index} has no stored body`);
      // of what went whole there is no part left
      if (kind === 'erased' && found.gone?.kind === 'expired') return [];
      const blank = kind === 'expired' ? emptied(record.body) : withoutSubject(record.body);
      return [
        { index, saltAt: found.offset + 7 + record.journal.length, blank: Buffer.concat([Buffer.alloc(32), blank]) },
      ];
    });
    // the marks first: a salt that is gone without a reason would be a fault
    const mark = Buffer.alloc(6);
    mark.writeUIntBE((kind === 'expired' ? EXPIRED : 0) + by + 1, 0, 6);
    for (const { index } of places) put(file(Math.floor(index / CHUNK), '.idx'), mark, (index % CHUNK) * IDX + 10);
    flush();
    for (const { index, saltAt, blank } of places) put(file(Math.floor(index / CHUNK), '.dat'), blank, saltAt);
    flush();
  }

  const storedAs = (record: BodyRecord, gone: Gone | undefined): StoredBody => {
    if (gone === undefined) return { kind: 'present', ...record };
    const { salt: _, ...rest } = record;
    return { ...gone, ...rest };
  };
  function read(index: number): StoredBody | undefined {
    const found = slot(index);
    if (found === undefined) return undefined;
    const bytes = get(file(Math.floor(index / CHUNK), '.dat'), found.offset, Math.min(found.length, 16 << 20));
    const record = bytes === undefined ? undefined : unpackRecord(bytes);
    if (record === undefined) throw new YitongError('log_invalid', `the stored body of entry ${index} is damaged`);
    return storedAs(record, found.gone);
  }

  return {
    write(first, records, { bytes, lengths } = packRecords(records)) {
      let taken = 0;
      for (let done = 0; done < records.length; ) {
        const start = first + done;
        const chunk = Math.floor(start / CHUNK);
        const part = lengths.slice(done, done + CHUNK - (start % CHUNK));
        const before = start % CHUNK === 0 ? undefined : slot(start - 1);
        if (start % CHUNK !== 0 && before === undefined)
          throw new YitongError('log_invalid', `the body of entry ${start - 1} is missing`);
        const begin = before === undefined ? 0 : before.offset + before.length;
        // behind a hole nothing is written: what was there is not to be taken for zeros
        const dat = file(chunk, '.dat');
        if (begin > 0 && (descriptor(dat, false) === undefined || fstatSync(descriptor(dat, true) ?? 0).size < begin))
          throw new YitongError('log_invalid', `stored entries up to ${start - 1} are cut off or gone`, {
            place: { file: dat },
          });
        const idx = Buffer.alloc(part.length * IDX);
        let offset = begin;
        part.forEach((length, i) => {
          idx.writeUIntBE(offset, i * IDX, 6);
          idx.writeUInt32BE(length, i * IDX + 6);
          offset += length;
        });
        put(file(chunk, '.dat'), bytes.subarray(taken, (taken += offset - begin)), begin);
        put(file(chunk, '.idx'), idx, (start % CHUNK) * IDX);
        done += part.length;
      }
      // runs of consecutive seqs of one journal are one write
      for (let at = 0; at < records.length; ) {
        const { journal, seq } = records[at] ?? { journal: '', seq: 0 };
        let next = at + 1;
        while (records[next]?.journal === journal && records[next]?.seq === seq + next - at) next++;
        const run = Buffer.alloc((next - at) * SEQ);
        for (let i = at; i < next; i++) run.writeUIntBE(first + i + 1, (i - at) * SEQ, SEQ);
        put(journalFile(journal), run, (seq - 1) * SEQ);
        at = next;
      }
      flush();
    },
    read,
    run(first, count) {
      const found: (StoredBody | undefined)[] = [];
      while (found.length < count) {
        const index = first + found.length;
        const chunk = Math.floor(index / CHUNK);
        const slots = get(
          file(chunk, '.idx'),
          (index % CHUNK) * IDX,
          Math.min(count - found.length, CHUNK - (index % CHUNK)) * IDX,
        );
        const begin = slots?.readUIntBE(0, 6) ?? 0;
        let end = begin;
        let whole = 0;
        // as many as stand one behind the other
        for (; slots !== undefined && whole * IDX < slots.length; whole++) {
          const length = slots.readUInt32BE(whole * IDX + 6);
          if (length === 0 || slots.readUIntBE(whole * IDX, 6) !== end || end + length - begin > RUN) break;
          end += length;
        }
        const bytes = whole === 0 ? undefined : get(file(chunk, '.dat'), begin, end - begin);
        if (slots === undefined || bytes === undefined) {
          found.push(read(index));
          continue;
        }
        for (let i = 0, at = 0; i < whole; i++) {
          const length = slots.readUInt32BE(i * IDX + 6);
          const record = unpackRecord(bytes, at, length);
          if (record === undefined)
            throw new YitongError('log_invalid', `the stored body of entry ${index + i} is damaged`);
          found.push(storedAs(record, goneOf(slots.readUIntBE(i * IDX + 10, 6))));
          at += length;
        }
      }
      return found;
    },
    indexOf(journal, seq) {
      if (!(Number.isSafeInteger(seq) && seq >= 1)) return undefined;
      const value = get(journalFile(journal), (seq - 1) * SEQ, SEQ)?.readUIntBE(0, SEQ) ?? 0;
      return value === 0 ? undefined : value - 1;
    },
    reindex(journal, places, lastSeq) {
      const at = (seq: number): number => (seq - 1) * SEQ;
      const slotOf = (index: number): Buffer => {
        const bytes = Buffer.alloc(SEQ);
        bytes.writeUIntBE(index + 1, 0, SEQ);
        return bytes;
      };
      // seqs that no entry has say nothing: zeros
      if (lastSeq > 0 && get(journalFile(journal), at(lastSeq), SEQ) === undefined)
        put(journalFile(journal), Buffer.alloc(SEQ), at(lastSeq));
      for (const { seq, index } of places) put(journalFile(journal), slotOf(index), at(seq));
      flush();
    },
    erase: (indices, by) => destroy('erased', indices, by),
    expire: (indices, by) => destroy('expired', indices, by),
    close: closeAll,
  };
}
