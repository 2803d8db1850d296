/**
 * A map whose values end with a checksum over key and value, looked at with each reading. A key that is not found is
 * not found between two neighbours that hold: damage to a key, or to the way that leads to it, shows there, since a
 * search goes wrong only beside what is damaged.
 */

import { SUM_BYTES, sumOf } from '../../../../connectors/checksum.js';
import type { Database } from '../../../../connectors/lmdb/env.js';
import { readInPlace } from '../../../../connectors/lmdb/in-place.js';
import { YitongError } from '../../../../contracts/errors.js';

/** The view does not hold what was written to it. It can be had from the bus again. */
export class ViewDamaged extends YitongError {
  constructor() {
    super('view_unavailable', 'the view is damaged and is built anew from the bus');
  }
}

type Range = Parameters<Database<Buffer, Buffer>['getRange']>[0];

export class CheckedMap {
  constructor(readonly db: Database<Buffer, Buffer>) {}

  /**
   * A copy.
   * @param isFresh all that is in it was written by this process a moment ago, from empty on: then nothing has lain
   * there that could have been damaged, and what is not found is not looked for beside its place
   * @throws ViewDamaged
   */
  get(key: Buffer, isFresh = false): Buffer | undefined {
    const found = this.#find(key);
    if (found === undefined && !isFresh) this.#missing(key, key);
    return found === undefined ? undefined : Buffer.from(found);
  }

  /** Valid until the next reading of any store of the process: lmdb has one buffer for all. @throws ViewDamaged */
  read(key: Buffer): Buffer | undefined {
    const found = this.#find(key);
    if (found === undefined) this.#missing(key, key);
    return found;
  }

  #find(key: Buffer): Buffer | undefined {
    const found = readInPlace(this.db, key);
    return found === undefined ? undefined : checked(key, found);
  }

  /**
   * Values are the caller's own. Where both ends are given and no limit, what is left out beside them is looked at too.
   * @throws ViewDamaged
   */
  *getRange(range: NonNullable<Range> = {}): Generator<{ readonly key: Buffer; readonly value: Buffer }> {
    const { start, end, reverse, limit } = range;
    for (const { key, value } of this.db.getRange(range)) yield { key, value: checked(key, value) };
    if (Buffer.isBuffer(start) && Buffer.isBuffer(end) && reverse !== true && limit === undefined)
      this.#missing(start, end);
  }

  /** In a transaction only, as the two that follow. */
  put(key: Buffer, value: Buffer): void {
    this.db.putSync(key, withSum(key, value));
  }

  remove(key: Buffer): void {
    this.db.removeSync(key);
  }

  clear(): void {
    this.db.clearSync();
  }

  /** Whether what stands before `start`, and at or behind `end`, is where it belongs. */
  #missing(start: Buffer, end: Buffer): void {
    for (const { key, value } of this.db.getRange({ start: end, limit: 1 })) {
      if (Buffer.compare(key, end) < 0) throw new ViewDamaged();
      checked(key, value);
    }
    for (const { key, value } of this.db.getRange({ start, reverse: true, limit: 2 })) {
      const order = Buffer.compare(key, start);
      if (order > 0) throw new ViewDamaged();
      checked(key, value);
      if (order < 0) break;
    }
  }
}

function withSum(key: Buffer, value: Buffer): Buffer {
  const out = Buffer.allocUnsafe(value.length + SUM_BYTES);
  value.copy(out);
  out.writeUInt32LE(sumOf(key, value), value.length);
  return out;
}

function checked(key: Buffer, stored: Buffer): Buffer {
  const end = stored.length - SUM_BYTES;
  if (end < 0) throw new ViewDamaged();
  const value = stored.subarray(0, end);
  if (stored.readUInt32LE(end) !== sumOf(key, value)) throw new ViewDamaged();
  return value;
}
