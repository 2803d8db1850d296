/**
 * The maps of a view as whoever changes it within a transaction sees them, whatever they stand in.
 *
 * - `heads`: subject → one packed value with its current records of every dataset (`head.ts`);
 * - `records`: (subject, dataset, record) → one current record, for datasets of a subject that outgrew the packed
 *   value;
 * - `history`: (subject, dataset, record, offset) → a version that is no longer current, or a withdrawal;
 * - `poison`: (topic, partition, offset) → a raw record that was set aside;
 * - `state`: offsets, dataset numbers and counters, watermarks, identity, as JSON.
 *
 * Keys are made in `keys.ts`.
 */

export interface MapRange {
  /** Included; from the first one without it. */
  readonly start?: Buffer;
  /** Left out; to the last one without it. */
  readonly end?: Buffer;
  /**
   * From the last one to the first: then `start` is the higher end, and both say where it begins and what is left out.
   */
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface ViewMap {
  /**
   * A copy.
   * @param isFresh all that is in it was written by this process a moment ago, from empty on
   */
  get(key: Buffer, isFresh?: boolean): Buffer | undefined;
  /** Valid until the next reading of any map. */
  read(key: Buffer): Buffer | undefined;
  getRange(range?: MapRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }>;
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
}

export interface ViewMaps {
  readonly heads: ViewMap;
  readonly records: ViewMap;
  readonly history: ViewMap;
  readonly poison: ViewMap;
  readonly state: ViewMap;
}
