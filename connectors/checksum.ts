/**
 * CRC-32 over what is stored and over the key under which it stands: LMDB has no checksums, so a value that holds is
 * right, and is where it belongs.
 */
import { crc32 } from 'node:zlib';

export const SUM_BYTES = 4;

/** Over all parts, one behind the other. */
export function sumOf(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) sum = crc32(part, sum);
  return sum;
}
