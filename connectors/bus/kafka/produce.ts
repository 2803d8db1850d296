/**
 * Kafka protocol, Produce request and response of version 3 (the lowest that Kafka 4 takes) with one record batch of
 * one partition (message format 2, KIP-98). kafkajs makes half a dozen zero-filled buffers a record, which costs more
 * than all the rest of publishing it.
 */
import { recordKey } from '../../../contracts/ids.js';
import type { OutRecord } from '../port.js';
import { crc32c } from './crc32c.js';

/** In the shape of kafkajs's Encoder, which its connections ask for. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}

export interface Produced {
  /** Kafka's error code: 0 none. */
  readonly error: number;
  readonly baseOffset: number;
  /** kafkajs reads this of every response; from this version a broker throttles by answering late. */
  readonly clientSideThrottleTime: number;
}

/** At most so many bytes does a record take in a batch, lengths and all. */
export function mostBytes(record: OutRecord): number {
  let characters = record.subject.length + 1 + record.recordId.length;
  let headers = 0;
  for (const name in record.headers) {
    characters += name.length + (record.headers[name]?.length ?? 0);
    headers++;
  }
  return characters * 3 + (record.value?.length ?? 0) + headers * 10 + 32;
}

/** Of the request before its records, without the topic's name. */
const HEAD = 2 + 2 + 4 + 4 + 2 + 4 + 4 + 4 + 61;
const SHORT = 64;

/** `bytes`: of all `mostBytes`. `now`: ms since 1970, where a topic does not stamp records itself. */
export function encodeProduce(
  topic: string,
  partition: number,
  records: readonly OutRecord[],
  bytes: number,
  now: number,
  timeoutMs: number,
): Encoded {
  const out = new BatchWriter(Buffer.allocUnsafeSlow(HEAD + topic.length * 3 + bytes));
  out.int16(-1); // no transaction
  out.int16(-1); // acks=all
  out.int32(timeoutMs);
  out.int32(1);
  out.int16(Buffer.byteLength(topic));
  out.ascii(topic);
  out.int32(1);
  out.int32(partition);
  const sizeAt = out.skip(4);
  const batch = out.skip(8 + 4); // base offset, length
  out.int32(-1); // leader epoch
  out.byte(2);
  const crcAt = out.skip(4);
  out.int16(0);
  out.int32(records.length - 1);
  out.int64(now);
  out.int64(now);
  out.int64(-1); // no producer id, epoch, sequence
  out.int16(-1);
  out.int32(-1);
  out.int32(records.length);
  for (let i = 0; i < records.length; i++) out.record(records[i] as OutRecord, i);
  const buffer = out.done();
  buffer.writeInt32BE(buffer.length - batch, sizeAt);
  buffer.fill(0, batch, batch + 8);
  buffer.writeInt32BE(buffer.length - batch - 12, batch + 8);
  buffer.writeUInt32BE(crc32c(buffer, crcAt + 4, buffer.length), crcAt);
  return { buf: buffer, buffer, size: () => buffer.length };
}

export function decodeProduced(payload: Buffer): Produced {
  const topics = payload.readInt32BE(0);
  const at = 4 + 2 + payload.readInt16BE(4);
  if (topics !== 1 || payload.readInt32BE(at) !== 1)
    throw new RangeError('the broker answered for other partitions than were written');
  return {
    error: payload.readInt16BE(at + 8),
    baseOffset: Number(payload.readBigInt64BE(at + 10)),
    clientSideThrottleTime: 0,
  };
}

class BatchWriter {
  private at = 0;
  constructor(private readonly buffer: Buffer) {}

  done(): Buffer {
    return this.buffer.subarray(0, this.at);
  }
  /** Where the skipped bytes begin. */
  skip(bytes: number): number {
    this.at += bytes;
    return this.at - bytes;
  }
  byte(value: number): void {
    this.buffer[this.at++] = value;
  }
  int16(value: number): void {
    this.at = this.buffer.writeInt16BE(value, this.at);
  }
  int32(value: number): void {
    this.at = this.buffer.writeInt32BE(value, this.at);
  }
  int64(value: number): void {
    this.at = this.buffer.writeBigInt64BE(BigInt(value), this.at);
  }
  /** Of the alphabet of topic names. */
  ascii(text: string): void {
    this.at += this.buffer.write(text, this.at, 'utf8');
  }
  record(record: OutRecord, offsetDelta: number): void {
    const start = this.at;
    this.at += 2;
    this.byte(0); // attributes
    this.byte(0); // timestamp delta
    this.varint(offsetDelta);
    this.text(recordKey(record.subject, record.recordId));
    if (record.value === null) this.varint(-1);
    else {
      this.varint(record.value.length);
      this.buffer.set(record.value, this.at);
      this.at += record.value.length;
    }
    const countAt = this.at;
    let count = 0;
    this.at += 1;
    for (const name in record.headers) {
      this.text(name);
      this.text(record.headers[name] ?? '');
      count++;
    }
    this.prefix(countAt, 1, count);
    this.prefix(start, 2, this.at - start - 2);
  }
  /** Puts a length before what was written behind the `reserved` bytes at `start`. */
  private prefix(start: number, reserved: number, length: number): void {
    const groups = groupsOf(length);
    if (groups !== reserved) {
      this.buffer.copyWithin(start + groups, start + reserved, this.at);
      this.at += groups - reserved;
    }
    const end = this.at;
    this.at = start;
    this.varint(length);
    this.at = end;
  }
  private varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.buffer[this.at++] = (rest & 0x7f) | 0x80;
    this.buffer[this.at++] = rest;
  }
  private text(text: string): void {
    const { buffer } = this;
    const { length } = text;
    if (length < SHORT) {
      let at = this.at + 1;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        buffer[at++] = code;
      }
      if (i === length) {
        buffer[this.at] = length * 2;
        this.at = at;
        return;
      }
    }
    this.varint(Buffer.byteLength(text));
    this.at += buffer.write(text, this.at, 'utf8');
  }
}

function groupsOf(length: number): number {
  let groups = 1;
  for (let rest = length * 2; rest > 0x7f; rest = Math.floor(rest / 128)) groups++;
  return groups;
}
