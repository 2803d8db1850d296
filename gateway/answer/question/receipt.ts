/** Bytes that a receipt takes behind an answer, unless its group is very large. */
export const RECEIPT_ROOM = 1200;

/**
 * An answer's bytes with its receipt as the last member.
 * @param room begins with the bytes of the answer; where the receipt has room behind them it is written there, and the
 * answer's closing brace is gone from it
 */
export function withReceipt(body: Buffer, receipt: string, room?: Buffer): Buffer {
  const tail = `,"receipt":${receipt}}`;
  const at = body.length - 1;
  const length = at + Buffer.byteLength(tail);
  const whole = room !== undefined && length <= room.length ? room.subarray(0, length) : Buffer.allocUnsafe(length);
  if (room === undefined || length > room.length) body.copy(whole, 0, 0, at);
  whole.write(tail, at);
  return whole;
}
