/** Sending a batch whose trace is recorded: it has a span, and its records carry where they came from. */
import { isYitongError } from '../../contracts/errors.js';
import type { Span } from '../../contracts/tracing.js';
import { MAX_RECORD_BYTES, recordBytes } from '../bus/limits.js';
import { HEADER, type OutRecord } from '../bus/port.js';
import type { Sender } from './sender.js';

const HEADER_BYTES = HEADER.traceparent.length + 55;

/** As `Sender.send`, which it calls before it returns. The order of sends is that of calls. */
export async function traced(
  parent: Span,
  sender: Sender,
  records: readonly OutRecord[],
  acked: () => void,
): Promise<void> {
  const span = parent.send(sender.topic, records.length);
  const traceparent = (span ?? parent).traceparent;
  // a record that the header would make too large for the bus goes without
  const withHeader = records.map((record) =>
    recordBytes(record) + HEADER_BYTES > MAX_RECORD_BYTES
      ? record
      : { ...record, headers: { ...record.headers, [HEADER.traceparent]: traceparent } },
  );
  try {
    await sender.send(withHeader, acked);
  } catch (error) {
    span?.fail(isYitongError(error) ? error.code : 'internal');
    throw error;
  } finally {
    span?.end();
  }
}
