/**
 * A block of 16,384 consecutive log entries, indexed: for each term the entries that have it, each entry's time, and
 * what they add up to. A block that is full is a file that never changes; of the last one a file holds its beginning,
 * and the rest is built in memory. All are only a copy: bodies and log are the truth.
 *
 * File, big endian: magic 8; count u32; terms u32; first and last time f64; length of the summary u32; zeros up to 64.
 * Then times (u48, ms since 1970), the terms sorted (hash u48, place u32 in u16 units, count u16), the entries of each
 * term (u16, ascending), the summary (JSON).
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type CaseReferences, eachTerm, type LogBody, termHash } from '../entries/body.js';
import { mergeSummaries, type Summary, SummaryBuilder } from './summary.js';

export const BLOCK = 16_384;

/** @param dir `AuditLayout.search` */
export const blockFile = (dir: string, block: number): string => join(dir, `${String(block).padStart(8, '0')}.blk`);

/** The beginning of a block that is not full yet. */
export const partFile = (dir: string, block: number): string => join(dir, `${String(block).padStart(8, '0')}.part`);

const MAGIC = Buffer.from('YTBLK\0\0\x02', 'latin1');
const HEADER = 64;
const TIME = 6;
const TERM = 12;
const PLACE = 2;

/** What can be asked of a block, wherever it lies. */
export interface Block {
  readonly count: number;
  /** ms since 1970 */
  readonly firstTime: number;
  readonly lastTime: number;
  /** Entries of a term, ascending, from 0; empty if none has it. */
  entries(term: number): Uint16Array;
  /** ms since 1970; NaN where the body names none. */
  time(entry: number): number;
  /** Nobody else has it: it may be merged into others. */
  summary(): Summary;
}

const NONE = new Uint16Array(0);

export class BlockBuilder implements Block {
  count = 0;
  firstTime = Infinity;
  lastTime = -Infinity;
  readonly #times: number[] = [];
  /** One entry, or several: most terms of a block come once. */
  readonly #postings = new Map<number, number | number[]>();
  readonly #sums = new SummaryBuilder();

  /** The next entry; undefined where there is no body to read. */
  add(body: LogBody | undefined, references?: CaseReferences): void {
    const entry = this.count++;
    const time = Date.parse(body?.time ?? '');
    this.#times.push(time);
    if (time < this.firstTime) this.firstTime = time;
    if (time > this.lastTime) this.lastTime = time;
    if (body === undefined) return;
    eachTerm(body, references, (kind, value) => {
      const term = termHash(kind, value);
      const known = this.#postings.get(term);
      if (known === undefined) this.#postings.set(term, entry);
      else if (typeof known === 'number') {
        if (known !== entry) this.#postings.set(term, [known, entry]);
      } else if (known[known.length - 1] !== entry) known.push(entry);
    });
    this.#sums.add(body, time);
  }

  entries(term: number): Uint16Array {
    const found = this.#postings.get(term);
    return found === undefined ? NONE : Uint16Array.from(typeof found === 'number' ? [found] : found);
  }
  time(entry: number): number {
    return this.#times[entry] ?? NaN;
  }
  summary(): Summary {
    return this.#sums.copy();
  }

  encode(): Buffer {
    const summary = Buffer.from(JSON.stringify(this.#sums.summary()));
    const terms = Float64Array.from(this.#postings.keys()).sort();
    let places = 0;
    for (const entries of this.#postings.values()) places += typeof entries === 'number' ? 1 : entries.length;
    const bytes = Buffer.alloc(HEADER + this.count * TIME + terms.length * TERM + places * PLACE + summary.length);
    MAGIC.copy(bytes);
    bytes.writeUInt32BE(this.count, 8);
    bytes.writeUInt32BE(terms.length, 12);
    bytes.writeDoubleBE(this.firstTime, 16);
    bytes.writeDoubleBE(this.lastTime, 24);
    bytes.writeUInt32BE(summary.length, 32);
    // 0 stands for a time that the body does not name
    this.#times.forEach((time, i) =>
      bytes.writeUIntBE(Number.isFinite(time) && time > 0 ? time : 0, HEADER + i * TIME, TIME),
    );
    let at = HEADER + this.count * TIME;
    let place = 0;
    const first = at + terms.length * TERM;
    // a view takes a third of the time that a Buffer's own methods take, and the writer makes one of these every few
    // thousand entries
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const put = (entry: number): void => view.setUint16(first + PLACE * place++, entry);
    for (const term of terms) {
      const entries = this.#postings.get(term) ?? [];
      view.setUint16(at, Math.floor(term / 2 ** 32));
      view.setUint32(at + 2, term % 2 ** 32);
      view.setUint32(at + 6, place);
      view.setUint16(at + 10, typeof entries === 'number' ? 1 : entries.length);
      if (typeof entries === 'number') put(entries);
      else for (const entry of entries) put(entry);
      at += TERM;
    }
    summary.copy(bytes, first + places * PLACE);
    return bytes;
  }
}

/** A block, or the beginning of one, from its file. */
export class StoredBlock implements Block {
  readonly #fd: number;
  readonly #dictionary: number;
  readonly count: number;
  readonly #terms: number;
  readonly firstTime: number;
  readonly lastTime: number;
  readonly #summaryBytes: number;

  private constructor(
    fd: number,
    dictionary: number,
    count: number,
    terms: number,
    firstTime: number,
    lastTime: number,
    summaryBytes: number,
  ) {
    this.#fd = fd;
    this.#dictionary = dictionary;
    this.count = count;
    this.#terms = terms;
    this.firstTime = firstTime;
    this.lastTime = lastTime;
    this.#summaryBytes = summaryBytes;
  }

  /** Undefined if there is no such file, or none of this version: it is then made anew. */
  static open(file: string): StoredBlock | undefined {
    let fd: number;
    try {
      fd = openSync(file, 'r');
    } catch {
      return undefined;
    }
    const header = Buffer.alloc(HEADER);
    if (readSync(fd, header, 0, HEADER, 0) !== HEADER || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
      closeSync(fd);
      return undefined;
    }
    const count = header.readUInt32BE(8);
    const terms = header.readUInt32BE(12);
    return new StoredBlock(
      fd,
      HEADER + count * TIME,
      count,
      terms,
      header.readDoubleBE(16),
      header.readDoubleBE(24),
      header.readUInt32BE(32),
    );
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    const got = readSync(this.#fd, bytes, 0, length, at);
    return got === length ? bytes : bytes.subarray(0, got);
  }

  entries(term: number): Uint16Array {
    // hashes are even: where a term should stand is known within a few standard deviations
    const guess = (term / 2 ** 48) * this.#terms;
    const slack = 4 * Math.sqrt(this.#terms) + 4;
    return (
      this.#find(term, Math.max(0, Math.floor(guess - slack)), Math.min(this.#terms, Math.ceil(guess + slack))) ??
      this.#find(term, 0, this.#terms) ??
      NONE
    );
  }

  /** Undefined if the term can stand outside [from, to). */
  #find(term: number, from: number, to: number): Uint16Array | undefined {
    const words = this.#read(this.#dictionary + from * TERM, (to - from) * TERM);
    const at = (i: number): number => words.readUIntBE(i * TERM, 6);
    const length = words.length / TERM;
    if (length === 0) return NONE;
    if ((from > 0 && term < at(0)) || (to < this.#terms && term > at(length - 1))) return undefined;
    let low = 0;
    let high = length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const here = at(middle);
      if (here === term)
        return this.#places(words.readUInt32BE(middle * TERM + 6), words.readUInt16BE(middle * TERM + 10));
      if (here < term) low = middle + 1;
      else high = middle - 1;
    }
    return NONE;
  }

  #places(place: number, count: number): Uint16Array {
    const bytes = this.#read(this.#dictionary + this.#terms * TERM + place * PLACE, count * PLACE);
    const entries = new Uint16Array(count);
    for (let i = 0; i < count; i++) entries[i] = bytes.readUInt16BE(i * PLACE);
    return entries;
  }

  #allTimes: Buffer | undefined;
  time(entry: number): number {
    this.#allTimes ??= this.#read(HEADER, this.count * TIME);
    const time = this.#allTimes.readUIntBE(entry * TIME, TIME);
    return time === 0 ? NaN : time;
  }

  summary(): Summary {
    return JSON.parse(this.#read(this.#summaryAt(), this.#summaryBytes).toString('utf8')) as Summary;
  }

  #summaryAt(): number {
    // behind the last term's entries
    if (this.#terms === 0) return this.#dictionary;
    const term = this.#read(this.#dictionary + (this.#terms - 1) * TERM, TERM);
    return this.#dictionary + this.#terms * TERM + (term.readUInt32BE(6) + term.readUInt16BE(10)) * PLACE;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The beginning of a block from its file, and what came since. */
export class JoinedBlock implements Block {
  readonly #part: StoredBlock;
  readonly #rest: BlockBuilder;

  constructor(part: StoredBlock, rest: BlockBuilder) {
    this.#part = part;
    this.#rest = rest;
  }

  get count(): number {
    return this.#part.count + this.#rest.count;
  }
  get firstTime(): number {
    return Math.min(this.#part.firstTime, this.#rest.firstTime);
  }
  get lastTime(): number {
    return Math.max(this.#part.lastTime, this.#rest.lastTime);
  }
  entries(term: number): Uint16Array {
    const [before, behind] = [this.#part.entries(term), this.#rest.entries(term)];
    const all = new Uint16Array(before.length + behind.length);
    all.set(before);
    for (let i = 0; i < behind.length; i++) all[before.length + i] = this.#part.count + (behind[i] ?? 0);
    return all;
  }
  time(entry: number): number {
    return entry < this.#part.count ? this.#part.time(entry) : this.#rest.time(entry - this.#part.count);
  }
  summary(): Summary {
    return mergeSummaries([this.#part.summary(), this.#rest.summary()], -Infinity, Infinity);
  }
}
