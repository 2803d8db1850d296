/**
 * A value read without copying it. The package `lmdb` gives one buffer for all values again and again, under a `length`
 * that is only the value's, and bytes of the map itself for large ones. Methods of a buffer go by that `length` in
 * Node.js 20 and by the whole of the buffer from Node.js 22 on, so what is given here is a buffer of the value alone.
 */
import type { Database, Key } from './env.js';

let given: Uint8Array | undefined;
let whole: Buffer = Buffer.alloc(0);

/** Valid until the next reading of any store of the process; undefined where there is none. */
export function readInPlace<K extends Key>(table: Database<Buffer, K>, key: K): Buffer | undefined {
  const found: Uint8Array | undefined = table.getBinaryFast(key);
  if (found === undefined) return undefined;
  if (found !== given) {
    given = found;
    whole = Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  }
  return whole.subarray(0, found.length);
}
