/** Kafka protocol, Metadata request and response of version 12 (KIP-516 topic ids, KIP-482 flexible fields). */

export interface TopicMetadata {
  /** Kafka's error code: 0 none, 3 no such topic. */
  readonly error: number;
  readonly name: string;
  /** UUID as 32 hexadecimal digits; another one after the topic was deleted and made anew. */
  readonly id: string;
  readonly partitions: number;
  /** Copies of the partition that has the fewest. */
  readonly replicas: number;
}

export interface ClusterMetadata {
  readonly clusterId: string;
  readonly topics: readonly TopicMetadata[];
  /** kafkajs reads this of every response. */
  readonly clientSideThrottleTime: number;
}

/** In the shape of kafkajs's Encoder, which its connections ask for. */
export function encodeMetadataRequest(topics: readonly string[]): {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
} {
  const parts: Buffer[] = [Buffer.from([0])]; // tagged fields of the request header, version 2
  parts.push(varint(topics.length + 1));
  for (const topic of topics) {
    const name = Buffer.from(topic);
    // the null id asks by name
    parts.push(Buffer.alloc(16), varint(name.length + 1), name, Buffer.from([0]));
  }
  parts.push(Buffer.from([0, 0, 0])); // no auto-creation, no authorised operations, no tagged fields
  const bytes = Buffer.concat(parts);
  return { buf: bytes, buffer: bytes, size: () => bytes.length };
}

export function decodeMetadata(payload: Buffer): ClusterMetadata {
  const read = new Reader(payload);
  read.tags(); // of the response header, version 1
  const throttle = read.int32();
  read.array(() => {
    read.int32();
    read.string();
    read.int32();
    read.string();
    read.tags();
  });
  const clusterId = read.string() ?? '';
  read.int32();
  const topics = read.array(() => {
    const error = read.int16();
    const name = read.string() ?? '';
    const id = read.bytes(16).toString('hex');
    read.bytes(1);
    const replicas = read.array(() => {
      read.bytes(2 + 4 + 4 + 4); // error, index, leader, leader epoch
      const copies = read.array(() => read.int32()).length;
      for (let list = 0; list < 2; list++) read.array(() => read.int32()); // in sync, offline
      read.tags();
      return copies;
    });
    read.bytes(4);
    read.tags();
    return { error, name, id, partitions: replicas.length, replicas: Math.min(...replicas) };
  });
  return { clusterId, topics, clientSideThrottleTime: throttle };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  bytes.push(value);
  return Buffer.from(bytes);
}

class Reader {
  private at = 0;
  constructor(private readonly buffer: Buffer) {}
  int16(): number {
    this.at += 2;
    return this.buffer.readInt16BE(this.at - 2);
  }
  int32(): number {
    this.at += 4;
    return this.buffer.readInt32BE(this.at - 4);
  }
  bytes(count: number): Buffer {
    this.at += count;
    if (this.at > this.buffer.length) throw new RangeError('the broker sent a metadata response that is too short');
    return this.buffer.subarray(this.at - count, this.at);
  }
  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes(1)[0] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  string(): string | undefined {
    const length = this.varint() - 1;
    return length < 0 ? undefined : this.bytes(length).toString('utf8');
  }
  array<T>(one: () => T): T[] {
    const length = Math.max(0, this.varint() - 1);
    const list: T[] = [];
    for (let i = 0; i < length; i++) list.push(one());
    return list;
  }
  tags(): void {
    for (let left = this.varint(); left > 0; left--) {
      this.varint();
      this.bytes(this.varint());
    }
  }
}
