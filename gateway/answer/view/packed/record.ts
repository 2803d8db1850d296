/**
 * One version as it stands in the maps. Little endian:
 *
 *     0  u32 length of the whole     12 u16 contract version    24 f64 published at    40 u8 kind
 *     4  u16 length of record id     14 u16 partition           32 f64 source time     41 3 bytes, zero
 *     6  u16 length of position      16 f64 offset
 *     8  u32 schema id               44 f64 epoch of the sequence, 0 without one   52 f64 sequence
 *                                    60 record id, position, Avro body (or the reason of a withdrawal)
 */
import type { VersionView } from '../port.js';

const FIXED = 60;
const VALUE = 0;
const WITHDRAWN = 1;

export interface NewVersion {
  readonly recordId: string;
  readonly schemaId: number;
  readonly contractVersion: number;
  readonly partition: number;
  readonly offset: number;
  readonly publishedAt: number;
  readonly sourceTime: number;
  readonly position: string;
  /** Of the publisher; epoch 0 where it gave none. */
  readonly epoch: number;
  readonly sequence: number;
  readonly withdrawn: boolean;
  /** Holds, from `start` on, the Avro body, or the reason in UTF-8. */
  readonly value: Buffer;
  readonly start: number;
}

/** Bytes of it at most: a character has three. */
export const versionBytes = ({ recordId, position, value, start }: NewVersion): number =>
  FIXED + (recordId.length + position.length) * 3 + value.length - start;

/** @returns its length */
export function writeVersion(out: Buffer, at: number, version: NewVersion): number {
  const { value, start } = version;
  const recordId = out.write(version.recordId, at + FIXED);
  const positionAt = at + FIXED + recordId;
  const position = out.write(version.position, positionAt);
  const length = FIXED + recordId + position + value.length - start;
  out.writeUInt32LE(length, at);
  out.writeUInt16LE(recordId, at + 4);
  out.writeUInt16LE(position, at + 6);
  out.writeUInt32LE(version.schemaId, at + 8);
  out.writeUInt16LE(version.contractVersion, at + 12);
  out.writeUInt16LE(version.partition, at + 14);
  out.writeDoubleLE(version.offset, at + 16);
  out.writeDoubleLE(version.publishedAt, at + 24);
  out.writeDoubleLE(version.sourceTime, at + 32);
  out.writeUInt32LE(version.withdrawn ? WITHDRAWN : VALUE, at + 40);
  out.writeDoubleLE(version.epoch, at + 44);
  out.writeDoubleLE(version.sequence, at + 52);
  value.copy(out, positionAt + position, start);
  return length;
}

/** Bytes of the record that begins at `at`. */
export const lengthAt = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at);

/** Order of two record ids, by UTF-8 bytes; negative, zero, positive. @param id holds the second one */
export function compareId(bytes: Buffer, at: number, id: Uint8Array, from = 0, to = id.length): number {
  const length = bytes.readUInt16LE(at + 4);
  const other = to - from;
  const shorter = Math.min(length, other);
  for (let i = 0; i < shorter; i++) {
    const difference = (bytes[at + FIXED + i] ?? 0) - (id[from + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return length - other;
}

/**
 * A window on a stored version. One object is moved from record to record, and its strings are made only when asked
 * for: that is why a visitor must not keep it.
 */
export class RecordView implements VersionView {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #at = 0;
  #position = 0;

  at(bytes: Buffer, at: number): this {
    this.bytes = bytes;
    this.#at = at;
    this.#position = at + FIXED + bytes.readUInt16LE(at + 4);
    this.start = this.#position + bytes.readUInt16LE(at + 6);
    this.end = at + bytes.readUInt32LE(at);
    return this;
  }
  get recordId(): string {
    return this.bytes.toString('utf8', this.#at + FIXED, this.#position);
  }
  get position(): string {
    return this.bytes.toString('utf8', this.#position, this.start);
  }
  get schemaId(): number {
    return this.bytes.readUInt32LE(this.#at + 8);
  }
  get contractVersion(): number {
    return this.bytes.readUInt16LE(this.#at + 12);
  }
  get partition(): number {
    return this.bytes.readUInt16LE(this.#at + 14);
  }
  get offset(): number {
    return this.bytes.readDoubleLE(this.#at + 16);
  }
  get publishedAt(): number {
    return this.bytes.readDoubleLE(this.#at + 24);
  }
  get sourceTime(): number {
    return this.bytes.readDoubleLE(this.#at + 32);
  }
  /** 0 where the publisher gave no sequence. */
  get epoch(): number {
    return this.bytes.readDoubleLE(this.#at + 44);
  }
  get sequence(): number {
    return this.bytes.readDoubleLE(this.#at + 52);
  }
  get withdrawn(): boolean {
    return this.bytes[this.#at + 40] === WITHDRAWN;
  }
  /** A copy of the whole record. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(this.#at, this.end));
  }
  /** Where the whole record begins; `end` is where it ends. */
  get from(): number {
    return this.#at;
  }
  /** Where the record id begins, which ends where the position begins. */
  get idFrom(): number {
    return this.#at + FIXED;
  }
  get idTo(): number {
    return this.#position;
  }
  /** A copy of the record id. */
  idBytes(): Buffer {
    return Buffer.from(this.bytes.subarray(this.#at + FIXED, this.#position));
  }
  /** Whether the body is the other one's. */
  sameContent(other: RecordView): boolean {
    return (
      this.schemaId === other.schemaId &&
      this.end - this.start === other.end - other.start &&
      this.bytes.compare(other.bytes, other.start, other.end, this.start, this.end) === 0
    );
  }
}
