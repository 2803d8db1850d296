/**
 * Which credentials are revoked: places in lists that are published (draft-ietf-oauth-status-list). A place says
 * nothing about whose it is.
 */
import { randomInt } from 'node:crypto';

export interface StatusPlace {
  /** Number of the list, from 0. */
  readonly list: number;
  readonly index: number;
}

export interface StatusStore {
  /** A place that nobody has, at random: neighbours in a list are not neighbours in time. Durable when it resolves. */
  allocate(): Promise<StatusPlace>;
  /** For good. Durable when it resolves. False where no credential has that place. */
  revoke(place: StatusPlace): Promise<boolean>;
  /**
   * One bit a place, the first in the lowest bit of the first byte; 1 is revoked. Undefined where there is no such
   * list.
   */
  read(list: number): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

/** Places of one list: 16 KiB, some 40 bytes when nothing is revoked. */
export const LIST_SIZE = 1 << 17;

const bitOf = (index: number): number => 1 << (index & 7);
export const bit = (bits: Uint8Array, index: number): boolean => ((bits[index >> 3] ?? 0) & bitOf(index)) !== 0;
export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | bitOf(index);
}

function taken(bits: Uint8Array): number {
  let count = 0;
  for (const byte of bits) for (let left = byte; left !== 0; left &= left - 1) count++;
  return count;
}

/**
 * A free place, marked as taken in `used`. Undefined once three quarters are taken: in a fuller list a place would no
 * longer be much of a chance.
 */
export function takePlace(used: Uint8Array): number | undefined {
  const size = used.length * 8;
  if (taken(used) * 4 >= size * 3) return undefined;
  for (;;) {
    const index = randomInt(size);
    if (bit(used, index)) continue;
    setBit(used, index);
    return index;
  }
}
