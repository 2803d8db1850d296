/**
 * Batches of data topics, applied inside the caller's transaction, subject by subject: what they have of one is written
 * once. Pure of clocks: the same records give the same view, whether they come for the first time, twice, or in a
 * rebuild.
 */
import type { PoisonReason } from '../port.js';
import {
  EMPTY_HEAD,
  editIn,
  entryOf,
  isEmpty,
  isSpilled,
  locate,
  PACKED_LIMIT,
  roomFor,
  spillLargest,
  startOf,
} from './head.js';
import { datasetPrefix, historyKey, recordKey } from './keys.js';
import type { ViewMaps } from './maps.js';
import { visitPrepared } from './prepared.js';
import { RecordView } from './record.js';
import type { FollowedContract } from './state.js';

/** Versions of one record that are looked through for a repetition. */
export const REPEATS = 16;
const HASH = /^(?:sha-?256[:=-])?(?:[0-9a-f]{32,64}|[A-Za-z0-9_-]{43})$/i;

export interface Tally {
  applied: number;
  ignored: number;
  poisoned: number;
  /** Change in the number of current records, and of kept versions. */
  records: number;
  versions: number;
}
export const newTally = (): Tally => ({ applied: 0, ignored: 0, poisoned: 0, records: 0, versions: 0 });

/** What all batches of one dataset share within a transaction. */
export interface DatasetWork {
  /** Of the dataset. */
  readonly number: number;
  readonly contract: FollowedContract;
  /**
   * False while the dataset has no version but current ones, as in a first load: then there is no past to look through.
   */
  past: boolean;
}

/** What of one batch is to be applied. */
export interface BatchWork {
  readonly dataset: DatasetWork;
  /** As `PreparedBatch` has both. */
  readonly bytes: Buffer;
  readonly count: number;
  /** Whether a record is new and belongs here. */
  readonly takes: (subject: string, version: RecordView) => boolean;
  readonly setAside: (subject: string, version: RecordView, reason: PoisonReason) => void;
  readonly tally: Tally;
}

/** Records by subject: where each stands, and of one subject the next one, in the order in which they came. */
class BySubject {
  /** By subject the place of it in `#first` and `#last`. */
  readonly #places = new Map<string, number>();
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  /** By record. */
  readonly #next: Int32Array;
  readonly #batch: Uint32Array;
  readonly #at: Uint32Array;
  #records = 0;

  /** @param most records */
  constructor(most: number) {
    this.#next = new Int32Array(most).fill(NONE);
    this.#batch = new Uint32Array(most);
    this.#at = new Uint32Array(most);
  }

  add(subject: string, batch: number, at: number): void {
    const index = this.#records++;
    this.#batch[index] = batch;
    this.#at[index] = at;
    const place = this.#places.get(subject);
    if (place === undefined) {
      this.#places.set(subject, this.#first.length);
      this.#first.push(index);
      this.#last.push(index);
      return;
    }
    this.#next[this.#last[place] ?? 0] = index;
    this.#last[place] = index;
  }

  /** In the order of the subjects, so that neighbours in the map are read and written together. */
  subjects(): readonly string[] {
    return [...this.#places.keys()].sort();
  }

  each(subject: string, visit: (batch: number, at: number) => void): void {
    let index = this.#first[this.#places.get(subject) ?? NONE] ?? NONE;
    for (; index !== NONE; index = this.#next[index] ?? NONE) visit(this.#batch[index] ?? 0, this.#at[index] ?? 0);
  }
}

const NONE = -1;

/** One head that is changed in place. */
class WorkingHead {
  #bytes = Buffer.allocUnsafe(4 * PACKED_LIMIT);
  #length = 0;
  dirty = false;

  /** The head, with room behind it. Valid until the next change. */
  get bytes(): Buffer {
    return this.#bytes;
  }
  get length(): number {
    return this.#length;
  }
  get head(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  load(head: Buffer): void {
    this.#length = 0;
    this.#grow(head.length);
    this.#length = head.copy(this.#bytes);
    this.dirty = false;
  }

  edit(change: Parameters<typeof editIn>[2]): void {
    this.#grow(roomFor(change.record));
    this.#length = editIn(this.#bytes, this.#length, change);
    this.dirty = true;
  }

  #grow(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#length + more) * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

export class DataApplier {
  readonly #old = new RecordView();
  readonly #earlier = new RecordView();
  readonly #read = new RecordView();
  readonly #working = new WorkingHead();
  constructor(readonly maps: ViewMaps) {}

  /** @param isFresh as `ViewMap.get` takes it */
  apply(batches: readonly BatchWork[], isFresh: boolean): void {
    const bySubject = new BySubject(batches.reduce((all, { count }) => all + count, 0));
    for (const [i, { bytes, takes }] of batches.entries())
      visitPrepared(bytes, (subject, version) => {
        if (takes(subject, version)) bySubject.add(subject, i, version.from);
      });
    for (const subject of bySubject.subjects()) {
      const key = Buffer.from(subject);
      this.#working.load(this.maps.heads.get(key, isFresh) ?? EMPTY_HEAD);
      bySubject.each(subject, (i, at) => {
        const batch = batches[i];
        if (batch !== undefined) this.#one(subject, batch, this.#read.at(batch.bytes, at));
      });
      if (!this.#working.dirty) continue;
      const { head } = this.#working;
      if (isEmpty(head)) this.maps.heads.remove(key);
      else this.maps.heads.put(key, Buffer.from(head));
    }
  }

  #one(subject: string, { dataset, setAside, tally }: BatchWork, read: RecordView): void {
    const { number, contract } = dataset;
    const { bytes: head, length } = this.#working;
    // made where it is needed: most records have a place in the head
    const prefix = (): Buffer => datasetPrefix(subject, number);
    const entry = entryOf(head, number);
    const spilled = entry >= 0 && isSpilled(head, entry);
    const where = spilled ? 0 : locate(head, length, number, read);
    let old: RecordView | undefined;
    if (spilled) {
      const stored = this.maps.records.get(recordKey(prefix(), read.idBytes()));
      if (stored !== undefined) old = this.#old.at(stored, 0);
    } else if (where >= 0) old = this.#old.at(head, where);

    if (old === undefined) {
      // a withdrawal of what is not there, most often the second delivery of one
      if (read.withdrawn) return void tally.ignored++;
    } else {
      if (old.partition !== read.partition) {
        tally.poisoned++;
        return setAside(subject, read, 'partition');
      }
      if (overtakes(old, read)) return void tally.ignored++;
      if (!read.withdrawn && old.sameContent(read)) return void tally.ignored++;
    }
    const removed = old === undefined ? 0 : old.end - old.from;
    const delta = (read.withdrawn ? 0 : 1) - (old === undefined ? 0 : 1);
    if (contract.history === 'full') {
      if (dataset.past && this.#repeated(prefix(), read)) return void tally.ignored++;
      if (old !== undefined || read.withdrawn) dataset.past = true;
      if (old !== undefined) this.maps.history.put(historyKey(prefix(), read.idBytes(), old.offset), old.copy());
      if (read.withdrawn) this.maps.history.put(historyKey(prefix(), read.idBytes(), read.offset), read.copy());
      tally.versions++;
    } else {
      tally.versions += delta;
    }
    tally.records += delta;
    tally.applied++;

    const record = read.withdrawn ? undefined : read;
    if (spilled) {
      if (record === undefined) this.maps.records.remove(recordKey(prefix(), read.idBytes()));
      else this.maps.records.put(recordKey(prefix(), read.idBytes()), record.copy());
      if (delta !== 0)
        this.#working.edit({ dataset: number, at: startOf(head, entry), removed: 0, record: undefined, delta });
    } else {
      this.#working.edit({ dataset: number, at: where < 0 ? ~where : where, removed, record, delta });
      while (this.#working.length > PACKED_LIMIT && this.#spill(subject));
    }
  }

  /** Moves the largest dataset of the subject out of the packed value; false if there is nothing to move. */
  #spill(subject: string): boolean {
    const { head, dataset, records } = spillLargest(this.#working.head);
    const prefix = datasetPrefix(subject, dataset);
    for (let at = 0; at < records.length; ) {
      const record = this.#old.at(records, at);
      this.maps.records.put(recordKey(prefix, record.idBytes()), record.copy());
      at = record.end;
    }
    this.#working.load(head);
    this.#working.dirty = true;
    return records.length > 0;
  }

  /**
   * Publishing is at least once, so a run A, B of one record may come as A, B, A, B. The second A is the first one if
   * its publisher gave it the same sequence; what comes back has a new one. In a topic without sequences it is the
   * first one if the source gave it the same place and time as well, and the record was not withdrawn since. A content
   * hash is no place: A, B, A with hashes are three versions.
   */
  #repeated(prefix: Buffer, read: RecordView): boolean {
    if (read.epoch === 0 && (read.withdrawn || read.position === '' || HASH.test(read.position))) return false;
    const newest = historyKey(prefix, read.idBytes(), 2 ** 48 - 1);
    for (const { value } of this.maps.history.getRange({
      start: newest,
      end: newest.subarray(0, -6),
      reverse: true,
      limit: REPEATS,
    })) {
      const earlier = this.#earlier.at(value, 0);
      if (read.epoch !== 0) {
        if (overtakes(earlier, read)) return true;
        continue;
      }
      if (earlier.withdrawn) return false;
      if (earlier.sourceTime === read.sourceTime && earlier.position === read.position && earlier.sameContent(read)) {
        return true;
      }
    }
    return false;
  }
}

/** Whether the same publisher has sent a later version of the record, or this one, before. */
const overtakes = (earlier: RecordView, read: RecordView): boolean =>
  read.epoch !== 0 && earlier.epoch === read.epoch && earlier.sequence >= read.sequence;
