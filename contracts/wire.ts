/** The registry wire format (Confluent): a zero byte, the schema id as four bytes big-endian, the Avro body. */
import { YitongError } from './errors.js';

export const FRAME_BYTES = 5;

/** The body with its header. Copies. */
export function frame(schemaId: number, body: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(FRAME_BYTES + body.length);
  framed[0] = 0;
  framed.writeUInt32BE(schemaId, 1);
  framed.set(body, FRAME_BYTES);
  return framed;
}

/**
 * The schema id; the body is `value.subarray(FRAME_BYTES)`.
 * @throws YitongError `wire_format`
 */
export function readFrame(value: Uint8Array): number {
  if (value.length < FRAME_BYTES || value[0] !== 0) {
    throw new YitongError('wire_format', 'a value must begin with a zero byte and a schema id of four bytes');
  }
  return (value[1] ?? 0) * 0x1000000 + (((value[2] ?? 0) << 16) | ((value[3] ?? 0) << 8) | (value[4] ?? 0));
}
