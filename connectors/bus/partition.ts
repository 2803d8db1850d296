/** What both drivers must agree on to the byte: the key of a record and the partition of a subject. */

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/**
 * Murmur2 as Apache Kafka's clients compute it (`org.apache.kafka.common.utils.Utils.murmur2`), as a signed 32-bit
 * integer.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let h = SEED ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    k = Math.imul(k, M);
    h = Math.imul(h, M) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) h ^= at(bytes, whole + 2) << 16;
  if (rest >= 2) h ^= at(bytes, whole + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ at(bytes, whole), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
}

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

/**
 * The partition of a subject, 0-based: what Kafka's default partitioner would choose if the subject's UTF-8 bytes were
 * the whole key. The record id takes no part, so all records of one subject share a partition and keep their order.
 */
export function partitionOf(subject: string, partitions: number): number {
  return (murmur2(Buffer.from(subject, 'utf8')) & 0x7fffffff) % partitions;
}
