/** An answer's bytes with its receipt as the last member. */
export function withReceipt(body: Buffer, receipt: string): Buffer {
  const tail = `,"receipt":${receipt}}`;
  const whole = Buffer.allocUnsafe(body.length - 1 + Buffer.byteLength(tail));
  body.copy(whole, 0, 0, body.length - 1);
  whole.write(tail, body.length - 1);
  return whole;
}
