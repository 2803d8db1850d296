/**
 * One batch of one data topic, applied inside the caller's transaction. Pure of clocks: the same records give the same
 * view, whether they come for the first time, twice, or in a rebuild.
 */
import { HEADER, type InRecord } from '../../../../connectors/bus/port.js';
import type { Contract } from '../../../../contracts/types.js';
import { FRAME_BYTES } from '../../../../contracts/wire.js';
import type { CheckBody } from '../body-check.js';
import type { ViewWorkspace } from '../port.js';
import { EMPTY_HEAD, edit, entryOf, isEmpty, isSpilled, locate, PACKED_LIMIT, spillLargest, startOf } from './head.js';
import { datasetPrefix, historyKey, MAX_RECORD_ID, MAX_SUBJECT, recordKey } from './keys.js';
import type { ViewMaps } from './maps.js';
import { encodeVersion, lengthAt, type NewVersion, RecordView } from './record.js';
import type { DataSource } from './state.js';

/** Characters; its length in bytes has to fit in 16 bits. */
const MAX_POSITION = 1024;
/** Versions of one record that are looked through for a repetition. */
export const REPEATS = 16;
const HASH = /^(?:sha-?256[:=-])?(?:[0-9a-f]{32,64}|[A-Za-z0-9_-]{43})$/i;

export type PoisonReason = 'key' | 'frame' | 'schema' | 'body' | 'headers' | 'partition' | 'watermark';

export interface Tally {
  applied: number;
  ignored: number;
  poisoned: number;
  /** Change in the number of current records, and of kept versions. */
  records: number;
  versions: number;
}
export const newTally = (): Tally => ({ applied: 0, ignored: 0, poisoned: 0, records: 0, versions: 0 });

interface Work {
  readonly subject: string;
  /** Never changed in place. */
  head: Buffer;
  dirty: boolean;
}
/** What a transaction has read and not stored yet: batches of several datasets hold the same subjects. */
export class Touched {
  /** Whether all of the view was written a moment ago, as `ViewMap.get` takes it. */
  readonly isFresh: boolean;
  readonly works = new Map<string, Work>();
  /** Of their heads, about. */
  bytes = 0;

  constructor(isFresh = false) {
    this.isFresh = isFresh;
  }
}
/** Bytes of heads that are held at most, about, before they are stored. */
const HELD = 64 * 2 ** 20;

export class DataApplier {
  readonly #view = new RecordView();
  /**
   * False while the dataset has no version but current ones, as in a first load: then there is no past to look through.
   */
  #past = false;
  constructor(
    readonly maps: ViewMaps,
    readonly workspace: ViewWorkspace,
    readonly check: CheckBody,
  ) {}

  /**
   * What it touches is stored by `store`, in the same transaction.
   * @param past whether the dataset may have versions that are no longer current
   */
  apply(
    source: DataSource,
    records: readonly InRecord[],
    { past, touched }: { readonly past: boolean; readonly touched: Touched },
    setAside: (record: InRecord, reason: PoisonReason) => void,
  ): Tally {
    const tally = newTally();
    this.#past = past;
    for (const record of records) {
      const reason = this.#one(source, record, touched, tally);
      if (reason === undefined) continue;
      setAside(record, reason);
      tally.poisoned++;
    }
    if (touched.bytes > HELD) this.store(touched);
    return tally;
  }

  store(touched: Touched): void {
    // in key order, so that neighbours in the map are written together
    const dirty = [...touched.works.values()].filter((work) => work.dirty);
    dirty.sort((a, b) => (a.subject < b.subject ? -1 : 1));
    for (const work of dirty) this.#store(work);
    touched.works.clear();
    touched.bytes = 0;
  }

  #one(source: DataSource, record: InRecord, touched: Touched, tally: Tally): PoisonReason | undefined {
    const key = parseKey(record.key, source.contract);
    if (key === undefined) return 'key';
    const read = readVersion(record, key.recordId, source.contract, this.workspace, this.check);
    if (typeof read === 'string') return read;
    let work = touched.works.get(key.subject);
    if (work === undefined) {
      touched.works.set(key.subject, (work = this.#load(key.subject, touched.isFresh)));
      touched.bytes += work.head.length;
    }
    // made where it is needed: most records have a place in the head
    const prefix = (): Buffer => datasetPrefix(key.subject, source.number);
    const entry = entryOf(work.head, source.number);
    const spilled = entry >= 0 && isSpilled(work.head, entry);
    const where = spilled ? 0 : locate(work.head, source.number, read.recordId);
    let old: Buffer | undefined;
    if (spilled) old = this.maps.records.get(recordKey(prefix(), read.recordId));
    else if (where >= 0) old = work.head.subarray(where, where + lengthAt(work.head, where));

    if (old === undefined) {
      // a withdrawal of what is not there, most often the second delivery of one
      if (read.withdrawn) return ignore(tally);
    } else {
      this.#view.at(old, 0);
      if (this.#view.partition !== read.partition) return 'partition';
      if (overtakes(this.#view, read)) return ignore(tally);
      if (!read.withdrawn && this.#view.sameContent(read.schemaId, read.value, read.start)) return ignore(tally);
    }
    if (source.contract.history === 'full') {
      if (this.#past && this.#repeated(prefix(), read)) return ignore(tally);
      if (old !== undefined || read.withdrawn) this.#past = true;
      if (old !== undefined)
        void this.maps.history.put(historyKey(prefix(), read.recordId, this.#view.at(old, 0).offset), Buffer.from(old));
      if (read.withdrawn)
        void this.maps.history.put(historyKey(prefix(), read.recordId, read.offset), encodeVersion(read));
      tally.versions++;
    } else {
      tally.versions += (read.withdrawn ? 0 : 1) - (old === undefined ? 0 : 1);
    }
    const delta = (read.withdrawn ? 0 : 1) - (old === undefined ? 0 : 1);
    tally.records += delta;
    tally.applied++;

    const encoded = read.withdrawn ? undefined : encodeVersion(read);
    work.dirty = true;
    touched.bytes += encoded?.length ?? 0;
    if (spilled) {
      if (encoded === undefined) void this.maps.records.remove(recordKey(prefix(), read.recordId));
      else void this.maps.records.put(recordKey(prefix(), read.recordId), encoded);
      if (delta !== 0) work.head = edit(work.head, source.number, startOf(work.head, entry), 0, undefined, delta);
    } else {
      work.head = edit(work.head, source.number, where < 0 ? ~where : where, old?.length ?? 0, encoded, delta);
      while (work.head.length > PACKED_LIMIT && this.#spill(work));
    }
    return undefined;
  }

  #load(subject: string, isFresh: boolean): Work {
    return { subject, head: this.maps.heads.get(Buffer.from(subject), isFresh) ?? EMPTY_HEAD, dirty: false };
  }

  #store({ subject, head }: Work): void {
    const key = Buffer.from(subject);
    if (isEmpty(head)) this.maps.heads.remove(key);
    else this.maps.heads.put(key, head);
  }

  /** Moves the largest dataset of the subject out of the packed value; false if there is nothing to move. */
  #spill(work: Work): boolean {
    const { head, dataset, records } = spillLargest(work.head);
    const prefix = datasetPrefix(work.subject, dataset);
    for (let at = 0; at < records.length; ) {
      const end = at + lengthAt(records, at);
      void this.maps.records.put(
        recordKey(prefix, this.#view.at(records, at).idBytes()),
        Buffer.from(records.subarray(at, end)),
      );
      at = end;
    }
    work.head = head;
    return records.length > 0;
  }

  /**
   * Publishing is at least once, so a run A, B of one record may come as A, B, A, B. The second A is the first one if
   * its publisher gave it the same sequence; what comes back has a new one. In a topic without sequences it is the
   * first one if the source gave it the same place and time as well, and the record was not withdrawn since. A content
   * hash is no place: A, B, A with hashes are three versions.
   */
  #repeated(prefix: Buffer, read: NewVersion): boolean {
    if (read.epoch === 0 && (read.withdrawn || read.position === '' || HASH.test(read.position))) return false;
    const newest = historyKey(prefix, read.recordId, 2 ** 48 - 1);
    for (const { value } of this.maps.history.getRange({
      start: newest,
      end: newest.subarray(0, -6),
      reverse: true,
      limit: REPEATS,
    })) {
      const earlier = this.#view.at(value, 0);
      if (read.epoch !== 0) {
        if (overtakes(earlier, read)) return true;
        continue;
      }
      if (earlier.withdrawn) return false;
      if (
        earlier.sourceTime === read.sourceTime &&
        earlier.position === read.position &&
        earlier.sameContent(read.schemaId, read.value, read.start)
      ) {
        return true;
      }
    }
    return false;
  }
}

/** Whether the same publisher has sent a later version of the record, or this one, before. */
const overtakes = (earlier: RecordView, read: NewVersion): boolean =>
  read.epoch !== 0 && earlier.epoch === read.epoch && earlier.sequence >= read.sequence;

function ignore(tally: Tally): undefined {
  tally.ignored++;
  return undefined;
}

/** `<scheme>:<subject>|<recordId>`; the record id may be empty. */
export function parseKey(
  key: string,
  contract: Contract,
): { readonly subject: string; readonly recordId: Buffer } | undefined {
  const bar = key.indexOf('|');
  const scheme = contract.subject.scheme;
  if (bar <= scheme.length + 1 || !key.startsWith(scheme) || key.charCodeAt(scheme.length) !== 58 || key.includes('\0'))
    return undefined;
  const subject = key.slice(0, bar);
  const recordId = Buffer.from(key.slice(bar + 1));
  if ((subject.length * 3 > MAX_SUBJECT && Buffer.byteLength(subject) > MAX_SUBJECT) || recordId.length > MAX_RECORD_ID)
    return undefined;
  return { subject, recordId };
}

function readVersion(
  record: InRecord,
  recordId: Buffer,
  contract: Contract,
  workspace: ViewWorkspace,
  check: CheckBody,
): NewVersion | PoisonReason {
  const { value, headers } = record;
  const sourceTime = parseTime(headers[HEADER.sourceTime] ?? '');
  const position = headers[HEADER.position] ?? '';
  if (Number.isNaN(sourceTime) || position.length > MAX_POSITION) return 'headers';
  const sequence = parseSequence(headers[HEADER.sequence]);
  if (sequence === undefined) return 'headers';
  let [schemaId, contractVersion] = [0, 0];
  if (value !== null) {
    if (value.length < FRAME_BYTES || value[0] !== 0) return 'frame';
    schemaId = value.readUInt32BE(1);
    const schema = workspace.schemasById.get(schemaId);
    if (schema === undefined || schema.contract.id !== contract.id) return 'schema';
    if (!check(schemaId, value, FRAME_BYTES)) return 'body';
    contractVersion = schema.version.version;
  }
  // written out, of one shape: a copy by `...` costs more than all that is looked at above
  return {
    recordId,
    schemaId,
    contractVersion,
    partition: record.partition,
    offset: record.offset,
    publishedAt: record.timestamp,
    sourceTime,
    position,
    epoch: sequence.epoch,
    sequence: sequence.sequence,
    withdrawn: value === null,
    value: value ?? Buffer.from(headers[HEADER.reason] ?? ''),
    start: value === null ? 0 : FRAME_BYTES,
  };
}

const NO_SEQUENCE = { epoch: 0, sequence: 0 };
/** `<epoch, at most 13 hexadecimal digits>.<number>`; undefined where it is there and is no sequence. */
const SEQUENCE = /^([0-9a-f]{1,13})\.([1-9]\d{0,14})$/;

function parseSequence(text: string | undefined): { readonly epoch: number; readonly sequence: number } | undefined {
  if (text === undefined) return NO_SEQUENCE;
  const found = SEQUENCE.exec(text);
  const epoch = Number.parseInt(found?.[1] ?? '', 16);
  // 13 digits may be beyond 2^53
  return found === null || epoch === 0 || !Number.isSafeInteger(epoch)
    ? undefined
    : { epoch, sequence: Number(found[2]) };
}

let lastText = '';
let lastTime = NaN;
/** A run gives all its records one time, most often. */
function parseTime(text: string): number {
  if (text !== lastText) {
    lastText = text;
    lastTime = Date.parse(text);
  }
  return lastTime;
}
