/**
 * HMAC-SHA-256 (RFC 2104) of short messages under one key. What the platform offers makes an object for each, which
 * costs more than the hashing where thousands are made at once; two hashes in one call each say the same.
 */
import { hash, type KeyObject } from 'node:crypto';

const BLOCK = 64;
const INNER = 0x36;
const OUTER = 0x5c;
const HASH = 32;

/** @param secret at most 64 bytes */
export function hmacUnder(secret: KeyObject): (...parts: readonly (string | Uint8Array)[]) => Buffer {
  const key = secret.export();
  if (key.length > BLOCK) throw new RangeError('the key is longer than a block');
  let inner = Buffer.alloc(BLOCK * 4, INNER);
  const outer = Buffer.alloc(BLOCK + HASH, OUTER);
  key.forEach((byte, i) => {
    inner[i] = byte ^ INNER;
    outer[i] = byte ^ OUTER;
  });
  key.fill(0);
  return (...parts) => {
    let end = BLOCK;
    for (const part of parts) {
      const most = typeof part === 'string' ? part.length * 3 : part.length;
      if (end + most > inner.length) inner = Buffer.concat([inner], (end + most) * 2);
      if (typeof part === 'string') end += inner.write(part, end, 'utf8');
      else {
        inner.set(part, end);
        end += part.length;
      }
    }
    outer.set(hash('sha256', inner.subarray(0, end), 'buffer'), BLOCK);
    // what was summed may have been a key
    inner.fill(0, BLOCK, end);
    return hash('sha256', outer, 'buffer');
  };
}
