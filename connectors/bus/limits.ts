import { YitongError } from '../../contracts/errors.js';
import type { OutRecord, TopicSpec } from './port.js';

/**
 * Bytes of a record's key, value and headers. Below `message.max.bytes` (1,048,588) of a Kafka that nobody has tuned.
 */
export const MAX_RECORD_BYTES = 1_000_000;
/** Records that one call of `onBatch` gets at most, unless the consumer says otherwise. */
export const DEFAULT_MAX_BATCH = 1000;

/** Bytes of a record's key, value and headers as UTF-8. */
export function recordBytes(record: OutRecord): number {
  let bytes = Buffer.byteLength(record.subject) + 1 + Buffer.byteLength(record.recordId) + (record.value?.length ?? 0);
  for (const name in record.headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(record.headers[name] ?? '');
  return bytes;
}

/** @throws YitongError `record_too_large` */
export function refuseTooLarge(topic: string, record: OutRecord): void {
  const bytes = recordBytes(record);
  if (bytes > MAX_RECORD_BYTES) {
    throw new YitongError(
      'record_too_large',
      `a record for topic \`${topic}\` has ${bytes} bytes; the bus takes ${MAX_RECORD_BYTES}`,
    );
  }
}

/** Kafka's own rule for topic names, and at least one partition. @throws YitongError `topic_mismatch` */
export function checkSpec(spec: TopicSpec): void {
  if (!/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/.test(spec.topic)) {
    throw new YitongError(
      'topic_mismatch',
      `topic \`${spec.topic.slice(0, 249)}\` must be 1–249 letters, digits, dots, hyphens or underscores`,
    );
  }
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1 || spec.partitions > 10_000) {
    throw new YitongError(
      'topic_mismatch',
      `topic \`${spec.topic}\` must have 1 to 10000 partitions, not ${spec.partitions}`,
    );
  }
}

/** The error of a topic that exists with another partition count. */
export const partitionMismatch = (topic: string, found: number, wanted: number): YitongError =>
  new YitongError(
    'topic_mismatch',
    `topic \`${topic}\` has ${found} partitions and its contract says ${wanted}; the count decides which ` +
      'subject goes where, so it is never changed: make a new topic or correct the contract',
  );

export const unknownTopic = (topic: string): YitongError =>
  new YitongError(
    'topic_mismatch',
    `topic \`${topic}\` does not exist on this bus; it is created from its contract first`,
  );
